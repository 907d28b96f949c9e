/* Writing JSON text from wire values: what hostile bytes become is decided here, for JSON and for text lines alike. */
#ifndef EMIT_JSONTEXT_H
#define EMIT_JSONTEXT_H

#include <stddef.h>

#include "wire/pack.h"
#include "wire/value.h"

/* Appends the bytes as the inside of a JSON string: control characters (those that a terminal obeys included), quotes and
 * backslashes are escaped, each malformed UTF-8 sequence becomes U+FFFD. */
void jsontext_escape(struct pack *out, const uint8_t *data, size_t n);

void jsontext_raw(struct pack *out, const char *s);                        /* as it is */
void jsontext_string(struct pack *out, const uint8_t *data, size_t n);      /* quoted and escaped */
/* A wire value: str and bin as strings, nil as null. Keys of maps that are not strings are written as strings. */
void jsontext_value(struct pack *out, const struct value *v);

#endif
