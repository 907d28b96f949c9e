/* Strings of JSON: what may stand in one, escapes, and base64 for what may not. */
#ifndef FRAMES_TEXT_H
#define FRAMES_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/pack.h"

bool text_is_utf8(const uint8_t *s, size_t n);
/* Whether it can be the name of an object's member: UTF-8 without NUL (which jansson does not take in a name). */
bool text_is_name(const uint8_t *s, size_t n);
/* Appends it between quotes, escaped; it must be UTF-8. */
void text_string(struct pack *out, const uint8_t *s, size_t n);
/* Appends a C text as it is. */
void text_raw(struct pack *out, const char *s);
void text_base64(struct pack *out, const uint8_t *s, size_t n);
/* Appends the bytes that base64 stands for; false when it is not canonical base64. */
bool text_unbase64(struct pack *out, const char *s, size_t n);

#endif
