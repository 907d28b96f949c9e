/* Values as output has them. */
#ifndef MATCH_FIELD_OUTPUT_H
#define MATCH_FIELD_OUTPUT_H

#include "field.h"

/* Takes the `n` values at `*v` that a condition sees (-1: missing) and leaves what output prints of them; returns how many. */
int field_output(const struct field_ref *f, struct context *c, const struct field_value **v, int n);

#endif
