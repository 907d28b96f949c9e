/* What the kernel side captures, and which plan it filters by: put there at start, and exchanged while it runs. */
#ifndef PROBE_KERNEL_PLAN_H
#define PROBE_KERNEL_PLAN_H

#include "plan_compile.h"

struct probe_bpf;

/* The steps of every call that the probe can capture; before load. */
void kernel_plan_calls(struct probe_bpf *b);
/* Are there types that io_uring can make, too? */
bool kernel_plan_rings(const bool types[EVENT_TYPES]);
/* Exchanges the plan and the captured types. A call that either plan lets through is let through all the time; what only the new
 * one wants is captured once its tests are there. Returns 0, or -1 with errno: then the old one stays. */
int plan_exchange(struct probe_bpf *b, struct compiled *c, const bool types[EVENT_TYPES]);
/* The end of such an exchange, whose plan is in force: these are its types. */
void plan_finish(struct probe_bpf *b, const bool types[EVENT_TYPES]);

#endif
