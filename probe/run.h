/* The probe's loop. */
#ifndef PROBE_RUN_H
#define PROBE_RUN_H

#include "conf/options.h"
#include "kernel.h"

/* Reads the kernel until a signal ends it or nobody reads any more. Returns the exit status. */
int probe_run(const struct options *o, const struct kernel_config *c);

#endif
