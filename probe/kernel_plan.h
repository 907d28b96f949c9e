/* What the kernel side captures, and which plan it filters by: put there at start, and exchanged while it runs. */
#ifndef PROBE_KERNEL_PLAN_H
#define PROBE_KERNEL_PLAN_H

#include "plan_compile.h"

struct probe_bpf;
struct kernel_plan {
	struct compiled *now;                  /* the plan in force; NULL: none yet */
};

/* The steps of every call that the probe can capture; before load. */
void kernel_plan_calls(struct probe_bpf *b);
/* Exchanges the plan and the captured types. Takes over `c`. A call that either plan lets through is let through all the time;
 * what only the new one wants is captured once its tests are there. Returns 0, or -1 with errno: then the old one stays. */
int kernel_plan_load(struct kernel_plan *k, struct probe_bpf *b, struct compiled *c, const bool types[EVENT_TYPES]);
void kernel_plan_free(struct kernel_plan *k);

#endif
