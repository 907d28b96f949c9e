/* Comparison of the fields of audit events and other JSON records as in 0.28: of sets of values, typed by their text. */
#ifndef MATCH_AUDIT_OLD_H
#define MATCH_AUDIT_OLD_H

#include "match/predicate.h"

/* Is it a field that is compared that way? */
bool audit_old_field(const struct field_def *f);
/* Whether the operator exists for it; the message is in `err` otherwise. */
bool audit_old_operator(const struct field_def *f, enum cond_operator op, char *err, size_t errlen);
/* Whether the predicate holds for the values, -1 of them meaning that there are none. */
bool audit_old_holds(const struct predicate *p, const struct field_value *v, int n);

#endif
