/* Operators: one function for each pair of type and operator, in a table. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "constant.h"

static bool text_equal(const struct constant *c, const struct field_value *v)
{
	return v->s.n == c->s.n && memcmp(v->s.p, c->s.p, c->s.n) == 0;
}

static int text_order(const struct constant *c, const struct field_value *v)
{
	size_t n = v->s.n < c->s.n ? v->s.n : c->s.n;
	int order = memcmp(v->s.p, c->s.p, n);

	return order ? order : (v->s.n > c->s.n) - (v->s.n < c->s.n);
}

static bool text_less(const struct constant *c, const struct field_value *v) { return text_order(c, v) < 0; }
static bool text_less_equal(const struct constant *c, const struct field_value *v) { return text_order(c, v) <= 0; }
static bool text_greater(const struct constant *c, const struct field_value *v) { return text_order(c, v) > 0; }
static bool text_greater_equal(const struct constant *c, const struct field_value *v) { return text_order(c, v) >= 0; }

static bool text_contains(const struct constant *c, const struct field_value *v)
{
	return memmem(v->s.p, v->s.n, c->s.p, c->s.n) != NULL;
}

static bool text_starts(const struct constant *c, const struct field_value *v)
{
	return v->s.n >= c->s.n && memcmp(v->s.p, c->s.p, c->s.n) == 0;
}

static bool text_ends(const struct constant *c, const struct field_value *v)
{
	return v->s.n >= c->s.n && memcmp(v->s.p + v->s.n - c->s.n, c->s.p, c->s.n) == 0;
}

/* The constant is in lower case already. */
static bool text_icontains(const struct constant *c, const struct field_value *v)
{
	size_t i;

	if (v->s.n < c->s.n)
		return false;
	for (const char *p = v->s.p, *last = p + v->s.n - c->s.n; p <= last; p++) {
		for (i = 0; i < c->s.n && tolower((unsigned char)p[i]) == (unsigned char)c->s.p[i]; i++)
			;
		if (i == c->s.n)
			return true;
	}
	return false;
}

/* fnmatch wants a NUL behind the value; values are not copied before. */
static bool glob(const struct constant *c, const struct field_value *v, int flags)
{
	char text[4096], *p = text;
	bool rc;

	if (v->s.n >= sizeof text && !(p = strndup(v->s.p, v->s.n)))
		return false;
	if (p == text) {
		memcpy(text, v->s.p, v->s.n);
		text[v->s.n] = '\0';
	}
	rc = fnmatch(c->s.p, p, flags) == 0;
	if (p != text)
		free(p);
	return rc;
}

static bool text_glob(const struct constant *c, const struct field_value *v) { return glob(c, v, 0); }
static bool text_iglob(const struct constant *c, const struct field_value *v) { return glob(c, v, FNM_CASEFOLD); }

static bool text_regex(const struct constant *c, const struct field_value *v)
{
	return regex_match(c->regex, v->s.p, v->s.n);
}

static bool bool_equal(const struct constant *c, const struct field_value *v) { return v->b == c->b; }
static bool int_equal(const struct constant *c, const struct field_value *v) { return v->i == c->i; }
static bool int_less(const struct constant *c, const struct field_value *v) { return v->i < c->i; }
static bool int_less_equal(const struct constant *c, const struct field_value *v) { return v->i <= c->i; }
static bool int_greater(const struct constant *c, const struct field_value *v) { return v->i > c->i; }
static bool int_greater_equal(const struct constant *c, const struct field_value *v) { return v->i >= c->i; }
static bool uint_equal(const struct constant *c, const struct field_value *v) { return v->u == c->u; }
static bool uint_less(const struct constant *c, const struct field_value *v) { return v->u < c->u; }
static bool uint_less_equal(const struct constant *c, const struct field_value *v) { return v->u <= c->u; }
static bool uint_greater(const struct constant *c, const struct field_value *v) { return v->u > c->u; }
static bool uint_greater_equal(const struct constant *c, const struct field_value *v) { return v->u >= c->u; }
static bool double_equal(const struct constant *c, const struct field_value *v) { return !(v->d < c->d) && !(v->d > c->d); }
static bool double_less(const struct constant *c, const struct field_value *v) { return v->d < c->d; }
static bool double_less_equal(const struct constant *c, const struct field_value *v) { return v->d <= c->d; }
static bool double_greater(const struct constant *c, const struct field_value *v) { return v->d > c->d; }
static bool double_greater_equal(const struct constant *c, const struct field_value *v) { return v->d >= c->d; }

static bool net_holds(const struct constant *c, const struct field_value *v)
{
	unsigned whole = c->net.bits / 8, rest = c->net.bits % 8;

	if (v->ip.family != c->net.family || memcmp(v->ip.addr, c->net.addr, whole) != 0)
		return false;
	return !rest || ((v->ip.addr[whole] ^ c->net.addr[whole]) & (0xff << (8 - rest) & 0xff)) == 0;
}

#define EQUAL(f) [OP_EQ] = f, [OP_NE] = f, [OP_IN] = f, [OP_INTERSECTS] = f
#define ORDER(f) [OP_LT] = f##_less, [OP_LE] = f##_less_equal, [OP_GT] = f##_greater, [OP_GE] = f##_greater_equal
#define UNSIGNED { EQUAL(uint_equal), ORDER(uint) }

static constant_test *const tests[][OP_COUNT] = {
	[TYPE_STRING] = {
		EQUAL(text_equal), ORDER(text), [OP_PMATCH] = text_equal, [OP_CONTAINS] = text_contains,
		[OP_ICONTAINS] = text_icontains, [OP_STARTSWITH] = text_starts, [OP_ENDSWITH] = text_ends, [OP_GLOB] = text_glob,
		[OP_IGLOB] = text_iglob, [OP_REGEX] = text_regex
	},
	[TYPE_BYTES] = {
		EQUAL(text_equal), [OP_CONTAINS] = text_contains, [OP_STARTSWITH] = text_starts, [OP_ENDSWITH] = text_ends,
		[OP_BCONTAINS] = text_contains, [OP_BSTARTSWITH] = text_starts
	},
	[TYPE_BOOL] = { EQUAL(bool_equal) },
	[TYPE_INT] = { EQUAL(int_equal), ORDER(int) },
	[TYPE_UINT] = UNSIGNED,
	[TYPE_DOUBLE] = { EQUAL(double_equal), ORDER(double) },
	[TYPE_PORT] = UNSIGNED,
	[TYPE_IP] = { EQUAL(net_holds) },
	[TYPE_NET] = { EQUAL(net_holds) },
	[TYPE_RELTIME] = UNSIGNED,
	[TYPE_ABSTIME] = UNSIGNED,
};

constant_test *compare_test(enum field_type type, enum cond_operator op)
{
	return tests[type][op];
}
