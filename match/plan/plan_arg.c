/* Checks of evt.arg: the text of a parameter, back into the values that have it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/fields/field_names.h"
#include "plan_leaf.h"

static bool contains(const char *s, const struct constant *c)
{
	return memmem(s, strlen(s), c->s.p, c->s.n) != NULL;
}

/* Could the text be part of a number, or lie across two names? */
static bool may_be_number(const struct constant *c)
{
	return c->s.n == strspn(c->s.p, "-0123456789abcdefABCDEFxX") || memchr(c->s.p, '|', c->s.n);
}

/* An entry of the set that an earlier one with the same bits hides. */
static bool hidden(unsigned set, const struct flag *f)
{
	for (const struct flag *e = flag_sets[set]; e < f; e++)
		if (e->value & f->value)
			return true;
	return false;
}

static struct cover bits(struct derivation *d, const char *param, uint64_t mask, bool negated)
{
	const struct plan_test t = { .kind = PLAN_MASK, .subject = PLAN_ARG_BITS, .param = param, .mask = mask };

	return cover_test(d, &t, negated);
}

static struct cover zero(struct derivation *d, const char *param)
{
	struct plan_range none = { 0, 0 };
	const struct plan_test t = { .kind = PLAN_NUMBER, .subject = PLAN_ARG, .param = param, .range = &none, .n = 1 };

	return cover_test(d, &t, false);
}

/* `contains` of flags: the names that have the text in them. */
static void flags_contain(struct derivation *d, const struct predicate *p, const struct param *param, struct leaf *out)
{
	uint64_t any = 0, sure = 0;
	bool none = false;

	for (size_t i = 0; i < p->n; i++) {
		if (may_be_number(&p->constants[i]))
			return;
		for (const struct flag *f = flag_sets[param->set]; f->name; f++) {
			if (!contains(f->name, &p->constants[i]))
				continue;
			none |= f->value == 0;
			if (d->mutation == MUTATION_ONE_FLAG && any)
				continue;
			any |= f->value;
			if ((f->value & (f->value - 1)) == 0 && !hidden(param->set, f))
				sure |= f->value;
		}
	}
	none &= param->type != PT_MODE;
	struct cover is_zero = zero(d, param->name);
	out->yes = any ? bits(d, param->name, any, false) : cover_false();
	if (none)
		out->yes = cover_or(d, &out->yes, &is_zero);
	if (sure)
		out->no = bits(d, param->name, sure, true);
	out->tested = true;
}

static bool text_holds(enum cond_operator op, const char *s, const struct constant *c)
{
	switch (op) {
	case OP_EQ: case OP_NE: case OP_IN: return strlen(s) == c->s.n && memcmp(s, c->s.p, c->s.n) == 0;
	case OP_CONTAINS: return contains(s, c);
	case OP_STARTSWITH: return strncmp(s, c->s.p, c->s.n) == 0;
	default: return false;
	}
}

/* The name of a value of an enumeration, "A|B" where there are two. */
static void enum_text(unsigned set, uint32_t value, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (const struct flag *f = flag_sets[set]; f->name && n < cap; f++)
		if (f->value == value)
			n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? "|" : "", f->name);
}

static void enumeration(struct derivation *d, const struct predicate *p, const struct param *param, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_NUMBER, .subject = PLAN_ARG, .param = param->name };
	size_t n = 0;
	char text[512];

	if (p->op != OP_EQ && p->op != OP_NE && p->op != OP_IN && p->op != OP_CONTAINS && p->op != OP_STARTSWITH)
		return;
	while (flag_sets[param->set][n].name)
		n++;
	t.range = arena_alloc(&d->arena, (n + 1) * sizeof *t.range);
	for (size_t i = 0; i < p->n; i++)
		if (may_be_number(&p->constants[i]))
			return;
	for (size_t k = 0; k < n; k++) {
		uint32_t value = flag_sets[param->set][k].value;
		bool holds = false;
		enum_text(param->set, value, text, sizeof text);
		for (size_t i = 0; i < p->n; i++)
			holds |= text_holds(p->op, text, &p->constants[i]);
		if (holds)
			t.range[t.n++] = (struct plan_range){ value, value };
	}
	if (!t.n && p->op != OP_NE) {
		leaf_missing(d, out);
		return;
	}
	if (!t.n)
		return;
	leaf_exact(d, out, &t);
	if (p->op == OP_NE) {
		struct cover swap = out->yes;
		out->yes = out->no;
		out->no = swap;
	}
}

/* Plain numbers, and results: decimal constants, names of errors. */
static void number(struct derivation *d, const struct predicate *p, const struct param *param, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_NUMBER, .subject = PLAN_ARG, .param = param->name };
	char text[32];

	if ((p->op != OP_EQ && p->op != OP_IN) || param->format != FMT_DEC || !p->n)
		return;
	t.range = arena_alloc(&d->arena, (p->n + 1) * sizeof *t.range);
	for (size_t i = 0; i < p->n; i++) {
		const char *s = p->constants[i].s.p;
		int64_t value = strtoll(s, NULL, 10);
		snprintf(text, sizeof text, "%lld", (long long)value);
		if (strcmp(s, text) != 0 || value < 0)
			return;
		t.range[t.n++] = (struct plan_range){ value, value };
	}
	leaf_exact(d, out, &t);
}

void leaf_arg(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	int64_t i = f->has_index ? f->index : f->params ? f->params[d->type->number] : -1;

	if (i < 0 || i >= d->type->nparams) {
		leaf_missing(d, out);
		return;
	}
	const struct param *param = &d->type->params[i];
	int first = plan_event_path(d->type, 0), second = plan_event_path(d->type, 1);
	bool flags = param->type == PT_FLAGS8 || param->type == PT_FLAGS16 || param->type == PT_FLAGS32 || param->type == PT_MODE;

	switch (param->type) {
	case PT_FSPATH: case PT_FSRELPATH:
		if (i == first || i == second)
			plan_texts(d, p, &(struct text_form){ .subject = i == first ? PLAN_JOINED : PLAN_JOINED2, .rooted = true }, out);
		break;
	case PT_CHARBUF:
		if (p->op != OP_PMATCH)
			plan_texts(d, p, &(struct text_form){ .subject = PLAN_ARG_TEXT, .param = param->name }, out);
		break;
	case PT_ENUMFLAGS8: case PT_ENUMFLAGS16: case PT_ENUMFLAGS32:
		if (param->set != SET_NONE)
			enumeration(d, p, param, out);
		break;
	case PT_UINT8: case PT_UINT16: case PT_UINT32: case PT_UINT64: case PT_INT8: case PT_INT16: case PT_INT32: case PT_INT64: case PT_ERRNO:
		number(d, p, param, out);
		break;
	default:
		if (flags && param->set != SET_NONE && p->op == OP_CONTAINS)
			flags_contain(d, p, param, out);
		break;
	}
}
