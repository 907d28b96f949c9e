/* Growing texts in an arena; what growing leaves behind goes with the event. */
#include "field_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text text_new(struct arena *a, size_t cap)
{
	return (struct text){ .arena = a, .p = cap ? arena_alloc(a, cap) : NULL, .cap = cap };
}

static void room(struct text *t, size_t n)
{
	if (t->cap - t->n >= n)
		return;
	size_t cap = t->cap ? t->cap * 2 : 64;
	while (cap - t->n < n)
		cap *= 2;
	char *p = arena_alloc(t->arena, cap);
	if (t->n)
		memcpy(p, t->p, t->n);
	t->p = p;
	t->cap = cap;
}

void text_add(struct text *t, const void *p, size_t n)
{
	room(t, n);
	if (n)
		memcpy(t->p + t->n, p, n);
	t->n += n;
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	if (n > 0)
		text_add(t, buf, (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1);
}

int field_text(struct field_value *out, const void *p, size_t n)
{
	out->s.p = p ? p : "";
	out->s.n = (uint32_t)n;
	return 1;
}

int field_puts(struct field_value *out, const char *s)
{
	return field_text(out, s, strlen(s));
}

int text_value(const struct text *t, struct field_value *out)
{
	return field_text(out, t->p, t->n);
}
