/* Bump allocation in blocks, and growing texts. */
#include "arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"

enum { BLOCK = 16384, ALIGN = 16 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(ALIGN) char data[];
};

static struct arena_block *block_new(size_t n)
{
	size_t size = n > BLOCK ? n : BLOCK;
	struct arena_block *b = malloc(sizeof *b + size);

	if (!b)
		diex(EX_OSERR, "out of memory: %zu bytes", size);
	*b = (struct arena_block){ .size = size };
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!a->now)
		a->first = a->now = block_new(n);
	while (a->now->size - a->now->used < n) {
		if (!a->now->next || a->now->next->size < n) {
			struct arena_block *b = block_new(n);
			b->next = a->now->next;
			a->now->next = b;
		}
		a->now = a->now->next;
		a->now->used = 0;
	}
	void *p = a->now->data + a->now->used;
	a->now->used += n;
	return memset(p, 0, n);
}

char *arena_strn(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

void *vec_room(struct arena *a, void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 8;
	void *bigger = arena_alloc(a, *cap * size);
	if (n)
		memcpy(bigger, p, n * size);
	return bigger;
}

void arena_reset(struct arena *a)
{
	a->now = a->first;
	if (a->now)
		a->now->used = 0;
}

void arena_free(struct arena *a)
{
	for (struct arena_block *b = a->first, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){0};
}

static void room(struct strbuf *b, size_t n)
{
	if (b->cap - b->n > n)
		return;
	size_t cap = b->cap ? b->cap : 256;
	while (cap - b->n <= n)
		cap *= 2;
	char *p = realloc(b->p, cap);
	if (!p)
		diex(EX_OSERR, "out of memory: a text of %zu bytes", cap);
	b->p = p;
	b->cap = cap;
}

void strbuf_add(struct strbuf *b, const char *s, size_t n)
{
	room(b, n);
	if (n)
		memcpy(b->p + b->n, s, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	room(b, (size_t)n + 1);
	vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	b->n += (size_t)n;
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(b, fmt, ap);
	va_end(ap);
}

char *strbuf_chomp(struct strbuf *b)
{
	while (b->n && b->p[b->n - 1] == '\n')
		b->p[--b->n] = '\0';
	return b->p;
}

void strbuf_reset(struct strbuf *b)
{
	b->n = 0;
	if (b->p)
		b->p[0] = '\0';
}

void strbuf_free(struct strbuf *b)
{
	free(b->p);
	*b = (struct strbuf){0};
}
