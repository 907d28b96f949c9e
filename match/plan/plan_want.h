/* Facts that rules want on demand. For the files plan*.c alone. */
#ifndef MATCH_PLAN_WANT_H
#define MATCH_PLAN_WANT_H

#include "plan.h"

/* Adds what condition and output of the rule want of events of the type. */
void plan_want(const struct program *p, const struct rule *r, const struct event_type *t, struct plan *out);
/* Names the fields that want each fact of events of the type, with commas: adds to those that `fields` has already. */
void plan_want_fields(const struct program *p, const struct rule *r, const struct event_type *t, struct plan *scratch,
	struct strbuf fields[PLAN_WANTS]);

#endif
