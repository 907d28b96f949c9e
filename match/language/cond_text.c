/* Condition texts and their origins. */
#include "cond_text.h"

#include <string.h>

void cond_text_add(struct cond_text *t, const char *s, size_t n, const struct node *from, size_t offset, bool fixed)
{
	t->spans = vec_room(&t->arena, t->spans, t->nspans, &t->cap, sizeof *t->spans);
	t->spans[t->nspans++] = (struct cond_span){ t->text.n, from, offset, fixed };
	strbuf_add(&t->text, s, n);
}

void cond_text_puts(struct cond_text *t, const char *s, const struct node *from)
{
	cond_text_add(t, s, strlen(s), from, 0, true);
}

void cond_text_parts(struct cond_text *t, const struct rule_text *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		if (i)
			cond_text_puts(t, " ", parts->parts[i]);
		cond_text_add(t, parts->parts[i]->text, parts->parts[i]->n, parts->parts[i], 0, false);
	}
}

/* The last span that begins at or before the byte. */
static size_t span_at(const struct cond_text *t, size_t at)
{
	size_t low = 0, high = t->nspans;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (t->spans[middle].begin <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void cond_text_copy(struct cond_text *t, const struct cond_text *other, size_t begin, size_t end)
{
	while (begin < end) {
		size_t i = span_at(other, begin);
		const struct cond_span *s = &other->spans[i];
		size_t stop = i + 1 < other->nspans && other->spans[i + 1].begin < end ? other->spans[i + 1].begin : end;
		cond_text_add(t, other->text.p + begin, stop - begin, s->from, s->offset + (s->fixed ? 0 : begin - s->begin), s->fixed);
		begin = stop;
	}
}

const struct node *cond_text_origin(const struct cond_text *t, size_t at, size_t *offset)
{
	*offset = 0;
	if (!t->nspans)
		return NULL;
	const struct cond_span *s = &t->spans[span_at(t, at)];
	*offset = s->offset + (s->fixed ? 0 : at - s->begin);
	return s->from;
}

struct place cond_text_place(const struct cond_text *t, size_t at)
{
	size_t offset;
	const struct node *from = cond_text_origin(t, at, &offset);

	return from ? node_place(from, offset) : (struct place){0};
}

void cond_text_free(struct cond_text *t)
{
	strbuf_free(&t->text);
	arena_free(&t->arena);
	*t = (struct cond_text){0};
}
