/* Sets of values. What has no value is the text <NA>. */
#include "audit_old.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, INTEGER, RANGE };
struct typed {
	enum kind kind;
	int64_t low, high;
	const char *p;
	size_t n;
};

bool audit_old_field(const struct field_def *f)
{
	return strncmp(f->name, "ka.", 3) == 0 || strncmp(f->name, "jevt.", 5) == 0;
}

bool audit_old_operator(const struct field_def *f, enum cond_operator op, char *err, size_t errlen)
{
	switch (op) {
	case OP_EXISTS: case OP_EQ: case OP_NE: case OP_LT: case OP_LE: case OP_GT: case OP_GE: case OP_IN: case OP_INTERSECTS:
	case OP_PMATCH: case OP_CONTAINS: case OP_STARTSWITH:
		return true;
	default:
		snprintf(err, errlen, "'%s' operator not supported for field '%s'", cond_op_name(op), f->name);
		return false;
	}
}

static size_t digits(const char *p, size_t n)
{
	size_t i = n && *p == '-';

	while (i < n && p[i] >= '0' && p[i] <= '9')
		i++;
	return i > (size_t)(n && *p == '-') && i < 20 ? i : 0;
}

static int64_t number(const char *p, size_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%.*s", (int)n, p);
	return strtoll(text, NULL, 10);
}

/* 12, 1:65535, or anything else. */
static struct typed typed(const char *p, size_t n)
{
	struct typed t = { TEXT, 0, 0, p, n };
	size_t low = digits(p, n), high = low && low + 1 < n && p[low] == ':' ? digits(p + low + 1, n - low - 1) : 0;

	if (low)
		t.low = t.high = number(p, low);
	if (low && low == n)
		t.kind = INTEGER;
	if (high && low + 1 + high == n) {
		t.kind = RANGE;
		t.high = number(p + low + 1, high);
	}
	return t;
}

static bool equal(const struct typed *a, const struct typed *b)
{
	if (a->kind == INTEGER && b->kind != TEXT)
		return a->low >= b->low && a->low <= b->high;
	if (b->kind == INTEGER && a->kind == RANGE)
		return b->low >= a->low && b->low <= a->high;
	return a->kind == b->kind && a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static struct typed constant(const struct predicate *p, size_t i)
{
	return typed(p->constants[i].s.p, p->constants[i].s.n);
}

/* Is the value one of the constants? */
static bool listed(const struct predicate *p, const struct field_value *v)
{
	struct typed value = typed(v->s.p, v->s.n);

	for (size_t i = 0; i < p->n; i++) {
		struct typed c = constant(p, i);
		if (equal(&value, &c))
			return true;
	}
	return false;
}

static bool all_listed(const struct predicate *p, const struct field_value *v, int n)
{
	for (int i = 0; i < n; i++)
		if (!listed(p, &v[i]))
			return false;
	return true;
}

static bool any_listed(const struct predicate *p, const struct field_value *v, int n)
{
	for (int i = 0; i < n; i++)
		if (listed(p, &v[i]))
			return true;
	return false;
}

/* Are the two sets equal? */
static bool same(const struct predicate *p, const struct field_value *v, int n)
{
	for (size_t i = 0; i < p->n; i++) {
		struct typed c = constant(p, i);
		bool found = false;
		for (int j = 0; j < n && !found; j++) {
			struct typed value = typed(v[j].s.p, v[j].s.n);
			found = equal(&value, &c);
		}
		if (!found)
			return false;
	}
	return all_listed(p, v, n);
}

static bool missing(const struct field_value *v)
{
	return v->s.n == 4 && memcmp(v->s.p, "<NA>", 4) == 0;
}

static bool below(const struct predicate *p, const struct field_value *v, int n)
{
	for (int i = 0; i < n; i++)
		if (!missing(&v[i]) && !path_set_has(&p->paths, v[i].s.p, v[i].s.n))
			return false;
	return true;
}

static bool ordered(const struct predicate *p, const struct field_value *v)
{
	struct typed a = typed(v->s.p, v->s.n), b = constant(p, 0);
	size_t n = a.n < b.n ? a.n : b.n;
	int order = a.kind == INTEGER ? (a.low > b.low) - (a.low < b.low) : memcmp(a.p, b.p, n);

	if (a.kind != b.kind || a.kind == RANGE)
		return false;
	if (a.kind == TEXT && order == 0)
		order = (a.n > b.n) - (a.n < b.n);
	switch (p->op) {
	case OP_LT: return order < 0;
	case OP_LE: return order <= 0;
	case OP_GT: return order > 0;
	default: return order >= 0;
	}
}

bool audit_old_holds(const struct predicate *p, const struct field_value *v, int n)
{
	struct field_value none = { .s = { "<NA>", 4 } };

	if (n < 0) {
		v = &none;
		n = 1;
	}
	switch (p->op) {
	case OP_EXISTS: return n == 1 && !missing(v);
	case OP_EQ: return same(p, v, n);
	case OP_NE: return !same(p, v, n);
	case OP_IN: return all_listed(p, v, n);
	case OP_INTERSECTS: return any_listed(p, v, n);
	case OP_PMATCH: return below(p, v, n);
	case OP_CONTAINS: case OP_STARTSWITH: return n == 1 && p->n == 1 && constant_matches(&p->constants[0], v);
	default: return n == 1 && p->n == 1 && ordered(p, v);
	}
}
