/* The snapshot where the kernel has no task iterator that can read other processes' memory: from /proc, as the same records. */
#ifndef PROBE_PROCFS_H
#define PROBE_PROCFS_H

#include "encode.h"

/* Appends PROC for every process that /proc shows; those that end meanwhile are left out. */
void procfs_snapshot(struct encoder *e);
/* The same for process 1 alone, which the iterator leaves out on some virtual machines; every other process descends from it. */
void procfs_init(struct encoder *e);

#endif
