/* What a test of text says of what the kernel side has seen of it. */
#ifndef PROBE_PLAN_VERDICT_H
#define PROBE_PLAN_VERDICT_H

#include "wire/plan/plan.h"

enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_UNKNOWN };
/* A path was followed to a place: it ends there, or goes on with one component or more that no test names. */
enum outcome { OUTCOME_END, OUTCOME_ONE, OUTCOME_MORE };

/* `path` is that of the place, without a slash at its end: empty for the root. */
enum verdict path_verdict(const struct plan_test *t, const char *path, size_t n, enum outcome o);
/* Of a name that is known whole. */
enum verdict name_verdict(const struct plan_test *t, const char *name, size_t n);
/* Of a name that is none of the values. */
enum verdict other_verdict(const struct plan_test *t, size_t longest);
/* Does the test, with its negation, rule out what this is said of? */
bool verdict_rules_out(const struct plan_test *t, enum verdict v);

#endif
