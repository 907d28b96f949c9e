/* The probe's first process: has everything open, and keeps a reader running. */
#ifndef PROBE_HOLDER_H
#define PROBE_HOLDER_H

#include "conf/options.h"
#include "kernel.h"

/* Watches the kernel until a signal ends it or nobody reads any more. SIGHUP reads the plan of `plan_path` again; NULL: it ends, too.
 * Returns the exit status. */
int holder_run(const struct options *o, const struct kernel_config *c, const char *plan_path);

#endif
