/* Conditions as plain as can be, for tests: a tree that is printed as text for match/ and evaluated here value by value, without
 * anything shared with match/ but the getters of fields. */
#ifndef TESTS_UNIT_MATCH_NAIVE_H
#define TESTS_UNIT_MATCH_NAIVE_H

#include <ctype.h>
#include <fnmatch.h>
#include <regex.h>

#include "match_fixture.h"

enum { TERM_KIDS = 3, TERM_VALUES = 5 };
enum term_kind { TERM_AND, TERM_OR, TERM_NOT, TERM_CHECK, TERM_MACRO };
struct operand {
	const char *function;           /* a transformer around the field, or NULL */
	const char *field;
};
struct term {
	enum term_kind kind;
	struct term *kid[TERM_KIDS];    /* a macro's one kid is what it stands for */
	int nkids, macro;
	struct operand left, right;     /* right.field NULL: values */
	const char *op, *modifier;      /* "": no modifier */
	const char *value[TERM_VALUES];
	int nvalues, list;              /* list: the number of the list that holds the values, -1 when they stand here */
};

struct found {
	struct field_ref ref;
	int n;
	struct field_value v[FIELD_VALUES];
	int type;
	bool list;                      /* declared as one: taken as a whole */
};

static inline void naive_case(struct found *f, struct arena *a, int (*change)(int))
{
	for (int k = 0; k < f->n; k++) {
		char *p = arena_strn(a, f->v[k].s.p, f->v[k].s.n);
		for (uint32_t i = 0; i < f->v[k].s.n; i++)
			p[i] = (char)change((unsigned char)p[i]);
		f->v[k].s.p = p;
	}
}

static inline void naive_transform(const char *function, struct found *f, struct arena *a)
{
	if (f->n != 1 && !f->list)
		return;
	struct field_value *v = f->v;
	if (strcmp(function, "toupper") == 0) {
		naive_case(f, a, toupper);
	} else if (strcmp(function, "tolower") == 0) {
		naive_case(f, a, tolower);
	} else if (strcmp(function, "basename") == 0) {
		while (memchr(v->s.p, '/', v->s.n)) {
			v->s.p++;
			v->s.n--;
		}
	} else if (strcmp(function, "len") == 0) {
		v->u = v->s.n;
		f->type = TYPE_UINT;
	}
}

static inline void naive_get(const struct operand *o, struct context *c, struct found *f)
{
	char err[256];
	size_t used;

	assert_int_equal(field_parse(NULL, o->field, strlen(o->field), true, &c->arena, &f->ref, &used, err, sizeof err), 1);
	f->type = f->ref.def->type;
	f->list = f->ref.def->flags & FIELD_LIST;
	f->n = f->ref.def->get ? f->ref.def->get(&f->ref, c, f->v) : -1;
	if (o->function)
		naive_transform(o->function, f, &c->arena);
}

/* Component by component. */
static inline bool naive_below(const char *path, const char *value)
{
	for (;;) {
		char one[256], other[256];
		path += strspn(path, "/");
		value += strspn(value, "/");
		if (!*path)
			return true;
		if (!*value)
			return false;
		snprintf(one, sizeof one, "%.*s", (int)strcspn(path, "/"), path);
		snprintf(other, sizeof other, "%.*s", (int)strcspn(value, "/"), value);
		if (strpbrk(one, "?*[") ? fnmatch(one, other, 0) != 0 : strcmp(one, other) != 0)
			return false;
		path += strcspn(path, "/");
		value += strcspn(value, "/");
	}
}

static inline bool naive_regex(const char *pattern, const char *value)
{
	char whole[300];
	regex_t r;

	snprintf(whole, sizeof whole, "^(%s)$", pattern);
	assert_int_equal(regcomp(&r, whole, REG_EXTENDED | REG_NOSUB), 0);
	bool match = regexec(&r, value, 0, NULL, 0) == 0;
	regfree(&r);
	return match;
}

static inline bool is(const char *op, const char *name)
{
	return strcmp(op, name) == 0;
}

static inline bool naive_text(const char *op, const char *v, const char *k)
{
	size_t n = strlen(v), m = strlen(k);

	if (is(op, "=") || is(op, "==") || is(op, "in") || is(op, "intersects"))
		return strcmp(v, k) == 0;
	if (is(op, "!="))
		return strcmp(v, k) != 0;
	if (is(op, "<") || is(op, "<=") || is(op, ">") || is(op, ">="))
		return op[0] == '<' ? strcmp(v, k) < (op[1] == '=') : strcmp(v, k) > -(op[1] == '=');
	if (is(op, "contains"))
		return strstr(v, k) != NULL;
	if (is(op, "icontains"))
		return strcasestr(v, k) != NULL;
	if (is(op, "startswith"))
		return strncmp(v, k, m) == 0;
	if (is(op, "endswith"))
		return n >= m && strcmp(v + n - m, k) == 0;
	if (is(op, "glob") || is(op, "iglob"))
		return fnmatch(k, v, op[0] == 'i' ? FNM_CASEFOLD : 0) == 0;
	if (is(op, "regex"))
		return naive_regex(k, v);
	return naive_below(k, v);
}

static inline bool naive_bytes(const char *op, const char *v, size_t n, const char *k)
{
	char decoded[64];
	size_t m = strlen(k);

	if (is(op, "bcontains") || is(op, "bstartswith")) {
		m /= 2;
		for (size_t i = 0; i < m; i++)
			decoded[i] = (char)strtol((const char[]){ k[2 * i], k[2 * i + 1], 0 }, NULL, 16);
		k = decoded;
	}
	for (size_t at = 0; at + m <= n; at++) {
		bool here = memcmp(v + at, k, m) == 0, whole = n == m;
		if (here && (is(op, "contains") || is(op, "bcontains") || (at == 0 && (is(op, "startswith") || is(op, "bstartswith"))) ||
			(at + m == n && is(op, "endswith"))))
			return true;
		if (whole && !is(op, "contains") && !is(op, "bcontains"))
			return here != is(op, "!=");
	}
	return is(op, "!=");
}

static inline bool naive_number(const char *op, long long v, long long k)
{
	switch (op[0]) {
	case '<': return op[1] ? v <= k : v < k;
	case '>': return op[1] ? v >= k : v > k;
	case '!': return v != k;
	default: return v == k;
	}
}

/* A negative number is a large one where there are none. */
static inline bool naive_unsigned(const char *op, unsigned long long v, unsigned long long k)
{
	switch (op[0]) {
	case '<': return op[1] ? v <= k : v < k;
	case '>': return op[1] ? v >= k : v > k;
	case '!': return v != k;
	default: return v == k;
	}
}

/* Is the address in the network, or the address itself? */
static inline bool naive_within(const struct field_value *v, const char *k)
{
	char text[64];
	uint8_t addr[16] = {0};
	const char *slash = strchr(k, '/');
	int family = strchr(k, '.') ? 4 : 6, bits = slash ? atoi(slash + 1) : family == 4 ? 32 : 128;

	snprintf(text, sizeof text, "%.*s", (int)strcspn(k, "/"), k);
	inet_pton(family == 4 ? AF_INET : AF_INET6, text, addr);
	if (v->ip.family != family)
		return false;
	for (int i = 0; i < bits; i++)
		if ((v->ip.addr[i / 8] ^ addr[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static inline bool naive_one(const struct found *f, int i, const char *op, const char *k)
{
	const struct field_value *v = &f->v[i];
	char text[4096];

	switch (f->type) {
	case TYPE_STRING:
		snprintf(text, sizeof text, "%.*s", (int)v->s.n, v->s.p);
		return naive_text(op, text, k);
	case TYPE_BYTES: return naive_bytes(op, v->s.p, v->s.n, k);
	case TYPE_BOOL: return (v->b == (strcmp(k, "true") == 0)) != is(op, "!=");
	case TYPE_IP: case TYPE_NET: return naive_within(v, k) != is(op, "!=");
	case TYPE_INT: return naive_number(op, (long long)v->i, strtoll(k, NULL, 10));
	case TYPE_PORT: return naive_unsigned(op, v->u, (uint16_t)strtoull(k, NULL, 10));
	default: return naive_unsigned(op, v->u, strtoull(k, NULL, 10));
	}
}

/* The right side's value as a text. */
static inline bool naive_right(const struct found *f, int i, const char *op, const struct found *right)
{
	char k[4096];

	if (right->type == TYPE_STRING)
		snprintf(k, sizeof k, "%.*s", (int)right->v[0].s.n, right->v[0].s.p);
	else if (right->type == TYPE_BOOL)
		snprintf(k, sizeof k, "%s", right->v[0].b ? "true" : "false");
	else
		snprintf(k, sizeof k, "%lld", (long long)right->v[0].i);
	return naive_one(f, i, op, k);
}

static inline bool naive_value(const struct term *t, const struct found *f, int i, const struct found *right)
{
	int holds = 0;

	if (t->right.field)
		return right->n == 1 && naive_right(f, i, t->op, right);
	for (int k = 0; k < t->nvalues; k++)
		holds += naive_one(f, i, t->op, t->value[k]);
	if (is(t->modifier, "oneof"))
		return holds == 1;
	if (is(t->modifier, "allof"))
		return holds == t->nvalues && holds > 0;
	return holds > 0;
}

static inline bool naive_check(const struct term *t, struct context *c)
{
	struct found left, right = { .n = 0 };
	int holds = 0;

	naive_get(&t->left, c, &left);
	if (left.n < 0)
		return false;
	if (is(t->op, "exists"))
		return true;
	if (t->right.field)
		naive_get(&t->right, c, &right);
	for (int i = 0; i < left.n; i++)
		holds += naive_value(t, &left, i, &right);
	if (left.list)
		return is(t->op, "in") ? holds == left.n : holds > 0;
	/* Both addresses of a connection must differ for `!=`. */
	return left.ref.def->flags & FIELD_EITHER && is(t->op, "!=") ? holds == left.n : holds > 0;
}

static inline bool naive_holds(const struct term *t, struct context *c)
{
	bool any = false, all = true;

	switch (t->kind) {
	case TERM_CHECK: return naive_check(t, c);
	case TERM_NOT: return !naive_holds(t->kid[0], c);
	case TERM_MACRO: return naive_holds(t->kid[0], c);
	default:
		for (int i = 0; i < t->nkids; i++) {
			bool holds = naive_holds(t->kid[i], c);
			any |= holds;
			all &= holds;
		}
		return t->kind == TERM_AND ? all : any;
	}
}

#endif
