/* What of an event a kernel side with this plan would have sent: without data and facts that the plan does not want. */
#ifndef WIRE_PLAN_STRIP_H
#define WIRE_PLAN_STRIP_H

#include <stdbool.h>

#include "plan.h"
#include "wire/frame.h"

/* Is a parameter of the type what a program reads, writes or hands over, which comes where `data` is wanted? How much of it there
 * is stays as it is: no plan makes it more. */
bool plan_is_data(const struct event_type *t, unsigned param);
/* Makes `f` what is left of it, in `out`, which is used again. What is malformed, or nothing has to be taken from, stays as it is. */
void plan_strip(const struct plan *p, struct frame *f, struct pack *out);

#endif
