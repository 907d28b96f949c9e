/* Arenas: memory that is given back all at once. One lives as long as a rule set, another as long as an event. */
#ifndef WIRE_ARENA_H
#define WIRE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *first, *now;        /* all zero is an empty arena */
};

/* Zeroed, aligned to 16 bytes; never NULL (out of memory ends the program with status 71). */
void *arena_alloc(struct arena *a, size_t n);
char *arena_strn(struct arena *a, const char *s, size_t n);     /* a NUL-terminated copy */
/* Arrays that grow: returns `p`, or a copy of it with more capacity, so that element `n` (of `size` bytes) fits. */
void *vec_room(struct arena *a, void *p, size_t n, size_t *cap, size_t size);
void arena_reset(struct arena *a);              /* forgets what was allocated, keeps the memory */
void arena_free(struct arena *a);

/* A text that grows. */
struct strbuf {
	char *p;                                /* NUL-terminated once anything was added */
	size_t n, cap;
};
void strbuf_add(struct strbuf *b, const char *s, size_t n);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
char *strbuf_chomp(struct strbuf *b);            /* without the ends of line at its end */
void strbuf_reset(struct strbuf *b);
void strbuf_free(struct strbuf *b);

#endif
