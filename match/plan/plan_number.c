/* Checks of numbers: the ranges that they allow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/fields/field_names.h"
#include "plan_leaf.h"

enum { ERRORS = 4096 };

static void add(struct plan_test *t, int64_t first, int64_t last)
{
	if (first <= last)
		t->range[t->n++] = (struct plan_range){ first, last };
}

static struct plan_test ranges(struct derivation *d, unsigned subject, size_t n)
{
	return (struct plan_test){ .kind = PLAN_NUMBER, .subject = (uint8_t)subject, .range = arena_alloc(&d->arena, (n + 1) * sizeof(struct plan_range)) };
}

/* What the operator says of one constant, within the least and the greatest value. */
static bool allow(struct plan_test *t, enum cond_operator op, int64_t c, int64_t least)
{
	switch (op) {
	case OP_EQ: case OP_IN: case OP_INTERSECTS: add(t, c, c); return true;
	case OP_NE:
		if (c > least)
			add(t, least, c - 1);
		if (c < INT64_MAX)
			add(t, c + 1, INT64_MAX);
		return true;
	case OP_LT: if (c > least) add(t, least, c - 1); return true;
	case OP_LE: add(t, least, c); return true;
	case OP_GT: if (c < INT64_MAX) add(t, c + 1, INT64_MAX); return true;
	case OP_GE: add(t, c, INT64_MAX); return true;
	default: return false;
	}
}

/* Ranges of which the value is in one when the check holds; false when that can not be said. */
static bool plan_ranges(struct derivation *d, const struct predicate *p, const struct field_def *f, struct plan_test *t)
{
	bool is_signed = f->type == TYPE_INT;
	size_t n = d->mutation == MUTATION_CHOICE && p->n > 1 ? 1 : p->n;

	if (!is_signed && f->type != TYPE_UINT && f->type != TYPE_PORT)
		return false;
	t->range = arena_alloc(&d->arena, (2 * p->n + 1) * sizeof *t->range);
	t->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct constant *c = &p->constants[i];
		if ((!is_signed && c->u > INT64_MAX) || !allow(t, p->op, is_signed ? c->i : (int64_t)c->u, is_signed ? INT64_MIN : 0))
			return false;
	}
	plan_test_settle(t);
	return true;
}

/* With no range the check never holds; with all numbers in one it says only that there is a number. */
static void by_ranges(struct derivation *d, struct leaf *out, const struct plan_test *t)
{
	bool any = t->n && t->range[0].first == INT64_MIN && t->range[0].last == INT64_MAX;

	if (t->n && !any)
		leaf_exact(d, out, t);
	else if (!any)
		leaf_missing(d, out);
}

void leaf_result(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_NUMBER, .subject = PLAN_RESULT };

	if (!plan_ranges(d, p, f->def, &t))
		return;
	/* The plainer words where they say the same. */
	if (t.n == 1 && t.range[0].first == 0 && t.range[0].last == INT64_MAX) {
		leaf_exact(d, out, &(struct plan_test){ .kind = PLAN_FLAG, .subject = PLAN_OK });
	} else if (t.n == 1 && t.range[0].first == INT64_MIN && t.range[0].last == -1) {
		leaf_exact(d, out, &(struct plan_test){ .kind = PLAN_FLAG, .subject = PLAN_OK });
		struct cover swap = out->yes;
		out->yes = out->no;
		out->no = swap;
	} else {
		by_ranges(d, out, &t);
	}
}

void leaf_number(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	static const struct { const char *field; enum plan_subject subject; } subjects[] = {
		{ "proc.pid", PLAN_PID }, { "proc.vpid", PLAN_VPID }, { "user.uid", PLAN_UID }, { "group.gid", PLAN_GID },
		{ "user.loginuid", PLAN_LOGINUID },
	};
	struct plan_test t = { .kind = PLAN_NUMBER };

	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (strcmp(subjects[i].field, f->def->name) == 0)
			t.subject = subjects[i].subject;
	if (plan_ranges(d, p, f->def, &t))
		by_ranges(d, out, &t);
}

void leaf_tty(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	static const struct plan_test tty = { .kind = PLAN_FLAG, .subject = PLAN_TTY };
	struct plan_test t = { .kind = PLAN_NUMBER };
	bool zero = false, others = false, all = false;

	if (!plan_ranges(d, p, f->def, &t))
		return;
	for (size_t i = 0; i < t.n; i++) {
		zero |= t.range[i].first <= 0 && t.range[i].last >= 0;
		others |= t.range[i].last > 0;
		all |= t.range[i].first <= 1 && t.range[i].last == INT64_MAX;
	}
	if (zero != others)
		out->yes = cover_test(d, &tty, zero);
	if (!zero && !others)
		out->yes = cover_false();
	/* When the check fails the device is none of them. */
	if (zero)
		out->no = cover_test(d, &tty, false);
	else if (all)
		out->no = cover_test(d, &tty, true);
	out->tested = true;
}

/* The number of a new descriptor is the result. */
void leaf_fd_number(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_NUMBER }, moved;
	int fd = event_fd(d->type);

	if (fd < 0 || !plan_ranges(d, p, f->def, &t))
		return;
	/* Whatever is negative counts as -1. */
	moved = ranges(d, PLAN_ARG, 2 * t.n);
	moved.param = d->type->params[fd].name;
	for (size_t i = 0; i < t.n; i++) {
		if (t.range[i].first <= -1 && t.range[i].last >= -1)
			add(&moved, INT64_MIN, -1);
		add(&moved, t.range[i].first > 0 ? t.range[i].first : 0, t.range[i].last);
	}
	plan_test_settle(&moved);
	bool result = d->type->flags & EV_CREATES_FD && fd == 0;
	if (result) {
		moved.subject = PLAN_RESULT;
		moved.param = NULL;
	}
	if (result && moved.n == 1 && moved.range[0].first == 0 && moved.range[0].last == INT64_MAX)
		leaf_exact(d, out, &(struct plan_test){ .kind = PLAN_FLAG, .subject = PLAN_OK });
	else
		by_ranges(d, out, &moved);
}

static bool number_text(const char *s, int64_t *out)
{
	char text[32], *end;

	*out = strtoll(s, &end, 10);
	snprintf(text, sizeof text, "%lld", (long long)*out);
	return *end == '\0' && strcmp(text, s) == 0;
}

/* SUCCESS, or names of errors. */
void leaf_errno(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct plan_test t = ranges(d, PLAN_RESULT, p->n + 1);
	int64_t n;

	(void)f;
	if (p->op != OP_EQ && p->op != OP_IN && p->op != OP_NE)
		return;
	for (size_t i = 0; i < p->n; i++) {
		const char *s = p->constants[i].s.p;
		if (strcmp(s, "SUCCESS") == 0)
			add(&t, 0, INT64_MAX);
		else if (number_text(s, &n))
			return;
		for (int e = 1; e < ERRORS; e++)
			if (field_errno(e) && strcmp(field_errno(e), s) == 0)
				add(&t, -e, -e);
	}
	if (!t.n)
		return;
	plan_test_settle(&t);
	if (t.n == 1 && t.range[0].first == 0)
		leaf_exact(d, out, &(struct plan_test){ .kind = PLAN_FLAG, .subject = PLAN_OK });
	else
		leaf_exact(d, out, &t);
	if (p->op == OP_NE) {
		struct cover swap = out->yes;
		out->yes = out->no;
		out->no = swap;
	}
}

static unsigned end_of(const char *field, unsigned base)
{
	switch (field[3]) {
	case 'c': return base + 1;
	case 's': return base + 2;
	case 'l': return base + 3;
	case 'r': return base + 4;
	default: return base;
	}
}

void leaf_port(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_NUMBER, .subject = (uint8_t)end_of(f->def->name, PLAN_PORT) };

	if (!plan_ranges(d, p, f->def, &t))
		return;
	by_ranges(d, out, &t);
	/* Of either end != holds when it holds of both: that one of them is the port is no test of the negation. */
	if (t.subject == PLAN_PORT && p->op == OP_NE)
		out->no = cover_true(d);
}

void leaf_port_text(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct plan_test t = ranges(d, end_of(f->def->name, PLAN_PORT), p->n);
	int64_t n;

	if (p->op != OP_EQ && p->op != OP_IN)
		return;
	for (size_t i = 0; i < p->n; i++) {
		if (!number_text(p->constants[i].s.p, &n))
			return;
		add(&t, n, n);
	}
	plan_test_settle(&t);
	by_ranges(d, out, &t);
}

/* A parameter's own value. */
void leaf_raw(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	int64_t i = f->has_index ? f->index : f->params ? f->params[d->type->number] : -1;
	struct plan_test t = { .kind = PLAN_NUMBER, .subject = PLAN_ARG };

	if (i < 0 || i >= d->type->nparams) {
		leaf_missing(d, out);
		return;
	}
	if ((f->def->type != TYPE_INT && f->def->type != TYPE_UINT) || !plan_ranges(d, p, f->def, &t))
		return;
	t.param = d->type->params[i].name;
	/* A negative number is compared as a very great one. */
	struct plan_test more = ranges(d, PLAN_ARG, t.n + 1);
	more.param = t.param;
	bool great = false;
	for (size_t k = 0; k < t.n; k++) {
		add(&more, t.range[k].first, t.range[k].last);
		great |= t.range[k].last == INT64_MAX;
	}
	if (f->def->type == TYPE_UINT && great)
		add(&more, INT64_MIN, -1);
	plan_test_settle(&more);
	by_ranges(d, out, &more);
}
