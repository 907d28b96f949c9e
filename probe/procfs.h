/* The snapshot where the kernel has no task iterator that can read other processes' memory. */
#ifndef PROBE_PROCFS_H
#define PROBE_PROCFS_H

struct encoder;

/* Appends PROC for every process that /proc shows. */
void procfs_snapshot(struct encoder *e);

#endif
