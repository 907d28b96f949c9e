/* Bodies: one allocation each, indexed once, values decoded in place when they are asked for. */
#include "state_body.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const enum fact borrowed[BORROWS] = { FACT_ARGV, FACT_ENV };

/* Returns how many bytes the facts take, or -1. */
static ptrdiff_t index_facts(struct reader *r, uint32_t at[FACT_COUNT])
{
	const uint8_t *start = r->c.p;

	for (int i = 0; i < FACT_COUNT && r->c.p < r->c.end; i++) {
		*r->at = (size_t)(r->c.p - r->f->body);
		if (*r->c.p != 0xc0)            /* nil */
			at[i] = (uint32_t)(r->c.p - start) + 1;
		if (value_skip(&r->c) != 1)
			return -1;
	}
	return r->c.p - start;
}

struct body *body_new(struct reader *r)
{
	const uint8_t *start = r->c.p;
	uint32_t at[FACT_COUNT] = {0};
	ptrdiff_t len = index_facts(r, at);

	if (len < 0)
		return NULL;
	size_t size = sizeof(struct body) + (size_t)len;
	struct body *b = state_alloc(size);
	b->refs = 1;
	b->size = (uint32_t)size;
	memcpy(b->at, at, sizeof at);
	if (len)
		memcpy(b->data, start, (size_t)len);
	for (int i = 0; i < BORROWS; i++) {
		struct value v;
		if (body_value(b, borrowed[i], &v))
			value_u64(&v, &b->lender[i]);
	}
	return b;
}

void body_borrow(struct body *b, int which, struct body *lender)
{
	struct body *owner = lender->lender[which] ? lender->from[which] : lender;

	if (!owner || owner == b)
		return;
	owner->refs++;
	b->from[which] = owner;
}

/* A list in place of recursion: a stream may chain any number of bodies. */
void body_unref(struct body *b)
{
	struct body *list = NULL;

	if (b && --b->refs == 0)
		list = b;
	while (list) {
		b = list;
		list = b->next;
		for (int i = 0; i < BORROWS; i++) {
			struct body *from = b->from[i];
			if (from && --from->refs == 0) {
				from->next = list;
				list = from;
			}
		}
		free(b);
	}
}

bool body_value(const struct body *b, enum fact n, struct value *v)
{
	if (!b->at[n])
		return false;
	struct cursor c = { b->data + b->at[n] - 1, b->data + b->size - sizeof *b };
	return value_next(&c, v) == 1;
}
