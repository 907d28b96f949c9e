/* Values of a plan's tests as text. For the files plan*.c alone. */
#ifndef WIRE_PLAN_VALUE_H
#define WIRE_PLAN_VALUE_H

#include "plan.h"

bool plan_range_parse(unsigned subject, const char *s, size_t n, struct plan_range *out);
/* The name of a parameter's value, or of one bit of it, in the set that the type has for it; NULL for none. */
const char *plan_arg_name(const struct event_type *t, const char *param, bool bit, uint64_t value);
bool plan_arg_value(const struct event_type *t, const char *param, const char *name, size_t n, uint64_t *value);
bool plan_net_parse(const char *s, size_t n, struct plan_net *out);
/* Adds the bit of that name, or the bits of that number in hexadecimal. */
bool plan_bits_parse(unsigned subject, const char *s, size_t n, uint64_t *mask);
void plan_net_text(const struct plan_net *n, char *out, size_t cap);

#endif
