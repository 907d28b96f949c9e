/* The probe's loop. */
#ifndef PROBE_RUN_H
#define PROBE_RUN_H

#include "conf/options.h"
#include "kernel.h"

/* The plan that is in force; NULL: there is none, and types are captured whole. SIGHUP reads `path` again. */
struct run_plan {
	const char *path;                      /* NULL: the shipped one */
	struct plan *now;
};

/* Reads the kernel until a signal ends it or nobody reads any more. Returns the exit status. */
int probe_run(const struct options *o, const struct kernel_config *c, struct run_plan *plan);

#endif
