/* JSON that others wrote. */
#ifndef WIRE_JSONTEXT_H
#define WIRE_JSONTEXT_H

#include <jansson.h>

/* As json_loadb, but numbers that are too large for it come as texts of their digits. */
json_t *jsontext_load(const char *p, size_t n, size_t flags, json_error_t *e);

#endif
