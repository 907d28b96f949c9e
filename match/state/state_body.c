/* Bodies: indexed once, cut into what is own and what is shared, values decoded in place when they are asked for. */
#include "state_body.h"

#include <stdlib.h>
#include <string.h>

static const enum fact borrowed[BORROWS] = { FACT_ARGV, FACT_ENV };

/* Which facts a piece has; those before the first and behind the last are a process's own. */
static const struct { enum fact first, end; } pieces[PIECES] = {
	[PIECE_ARGV] = { FACT_EXE, FACT_ENV },
	[PIECE_ENV] = { FACT_ENV, FACT_EXEPATH },
	[PIECE_PROGRAM] = { FACT_EXEPATH, FACT_START },
};

/* Where each fact begins in the record; the last is the end. */
struct facts {
	const uint8_t *data;
	uint32_t begin[FACT_COUNT + 1];
	bool there[FACT_COUNT];                 /* and is not nil */
};

static bool index_facts(struct reader *r, struct facts *f)
{
	int i = 0;

	f->data = r->c.p;
	memset(f->there, 0, sizeof f->there);
	for (; i < FACT_COUNT && r->c.p < r->c.end; i++) {
		*r->at = (size_t)(r->c.p - r->f->body);
		f->begin[i] = (uint32_t)(r->c.p - f->data);
		f->there[i] = *r->c.p != 0xc0;  /* nil */
		if (value_skip(&r->c) != 1)
			return false;
	}
	for (; i <= FACT_COUNT; i++)
		f->begin[i] = (uint32_t)(r->c.p - f->data);
	return true;
}

static void offsets(const struct facts *f, enum fact first, enum fact end, uint32_t base, uint32_t *at)
{
	for (unsigned i = first; i < end; i++)
		at[i - first] = f->there[i] ? f->begin[i] - f->begin[first] + base + 1 : 0;
}

static uint64_t lender_of(const struct facts *f, enum fact n)
{
	struct cursor c = { f->data + f->begin[n], f->data + f->begin[n + 1] };
	uint64_t key;

	return f->there[n] && value_next_u64(&c, &key) ? key : 0;
}

static struct piece *cut(struct pieces *all, const struct facts *f, int which)
{
	enum fact first = pieces[which].first, end = pieces[which].end;
	uint32_t at[FACT_COUNT];

	offsets(f, first, end, 0, at);
	return piece_take(all, first, end - first, at, f->data + f->begin[first], f->begin[end] - f->begin[first]);
}

static struct body *take_own(const struct facts *f)
{
	uint32_t before = f->begin[FACT_EXE], behind = f->begin[FACT_COUNT] - f->begin[FACT_START];
	struct body *b = state_alloc(sizeof *b + before + behind);

	b->size = (uint32_t)sizeof *b + f->begin[FACT_COUNT];
	b->len = before + behind;
	memcpy(b->data, f->data, before);
	memcpy(b->data + before, f->data + f->begin[FACT_START], behind);
	offsets(f, 0, FACT_EXE, 0, b->at);
	offsets(f, FACT_START, FACT_COUNT, before, b->at + FACT_EXE);
	return b;
}

struct body *body_new(struct pieces *all, struct reader *r)
{
	struct facts f;

	if (!index_facts(r, &f))
		return NULL;
	struct body *b = take_own(&f);
	for (int i = 0; i < BORROWS; i++)
		b->lender[i] = lender_of(&f, borrowed[i]);
	for (int i = 0; i < PIECES; i++)
		if (i >= BORROWS || !b->lender[i] || (i == PIECE_ARGV && f.there[FACT_EXE]))
			b->piece[i] = cut(all, &f, i);
	return b;
}

struct piece *body_lends(const struct body *b, int which)
{
	return b->lender[which] ? b->from[which] : b->piece[which];
}

void body_borrow(struct body *b, int which, const struct body *lender)
{
	struct piece *p = body_lends(lender, which);

	if (p)
		b->from[which] = piece_share(p);
}

void body_free(struct pieces *all, struct body *b)
{
	if (!b)
		return;
	for (int i = 0; i < PIECES; i++)
		piece_drop(all, b->piece[i]);
	for (int i = 0; i < BORROWS; i++)
		piece_drop(all, b->from[i]);
	free(b);
}

bool body_value(const struct body *b, enum fact n, struct value *v)
{
	if (n >= FACT_EXE && n < FACT_START) {
		const struct piece *p = b->piece[n < FACT_ENV ? PIECE_ARGV : n < FACT_EXEPATH ? PIECE_ENV : PIECE_PROGRAM];
		return p && piece_value(p, n, v);
	}
	uint32_t at = b->at[n < FACT_EXE ? n : n - FACT_START + FACT_EXE];
	if (!at)
		return false;
	struct cursor c = { b->data + at - 1, b->data + b->len };
	return value_next(&c, v) == 1;
}
