/* Constants of conditions, converted to the type of the field that they are compared with. */
#ifndef MATCH_CONSTANT_H
#define MATCH_CONSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"
#include "match/language/cond.h"
#include "match/fields/field.h"
#include "regex.h"

struct constant;
/* Does the value stand to the constant as the operator asks? The operator's negation is not among these. */
typedef bool constant_test(const struct constant *, const struct field_value *);

struct constant {
	constant_test *test;
	union {
		int64_t i;
		uint64_t u;
		double d;
		bool b;
		struct { const char *p; size_t n; } s;          /* NUL-terminated besides */
		struct { uint8_t family, bits; uint8_t addr[16]; } net;         /* an address: all of its bits */
		struct regex *regex;
	};
	const struct constant *also;    /* other spellings of the same: any of them will do */
};

/* Whether the operator exists for fields of that type; the message in `err` says which do. */
bool constant_operator(const struct field_def *f, bool list, enum cond_operator op, bool modifier, char *err, size_t errlen);
/* Converts `v`. Returns 0, or -1 with Falco's message in `err`, behind which may stand ", expected …" as saker adds. A regex
 * must be freed by the caller. */
int constant_parse(const struct field_def *f, enum cond_operator op, const struct cond_value *v, struct arena *a,
	struct constant *out, char *err, size_t errlen);

/* The same from another field's value. */
void constant_of(enum field_type type, enum cond_operator op, const struct field_value *v, struct arena *a, struct constant *out);

/* The test of an operator on fields of a type (compare.c); NULL when there is none. */
constant_test *compare_test(enum field_type type, enum cond_operator op);

static inline bool constant_matches(const struct constant *c, const struct field_value *v)
{
	for (; c; c = c->also)
		if (c->test(c, v))
			return true;
	return false;
}

#endif
