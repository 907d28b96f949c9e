/* Values of a plan's tests as text. For the files plan*.c alone. */
#ifndef WIRE_PLAN_VALUE_H
#define WIRE_PLAN_VALUE_H

#include "plan.h"

bool plan_range_parse(unsigned subject, const char *s, size_t n, struct plan_range *out);
bool plan_net_parse(const char *s, size_t n, struct plan_net *out);
/* Adds the bit of that name, or the bits of that number in hexadecimal. */
bool plan_bits_parse(unsigned subject, const char *s, size_t n, uint64_t *mask);
void plan_net_text(const struct plan_net *n, char *out, size_t cap);

#endif
