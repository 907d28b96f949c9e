/* Texts that getters compose, in the event's arena. */
#ifndef MATCH_FIELD_TEXT_H
#define MATCH_FIELD_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"
#include "field.h"

struct text {
	struct arena *arena;
	char *p;                       /* not NUL-terminated */
	size_t n, cap;
};

/* Room for `cap` bytes at once saves growing. */
struct text text_new(struct arena *a, size_t cap);
void text_add(struct text *t, const void *p, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Each sets the value and returns 1, as a getter does. */
int text_value(const struct text *t, struct field_value *out);
int field_text(struct field_value *out, const void *p, size_t n);
int field_puts(struct field_value *out, const char *s);

#endif
