/* Facts that rules want on demand. For the files plan*.c alone. */
#ifndef MATCH_PLAN_WANT_H
#define MATCH_PLAN_WANT_H

#include "plan.h"

/* Adds what condition and output of the rule want of events of the type. */
void plan_want(const struct program *p, const struct rule *r, const struct event_type *t, struct plan *out);

#endif
