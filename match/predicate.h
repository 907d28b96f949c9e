/* One check of a condition, compiled: a slot, an operator and constants. Equal checks are one predicate. */
#ifndef MATCH_PREDICATE_H
#define MATCH_PREDICATE_H

#include "constant.h"
#include "path_set.h"
#include "slots.h"
#include "spelling.h"
#include "text_set.h"

enum predicate_mode { PREDICATE_EXISTS, PREDICATE_ONE, PREDICATE_ANYOF, PREDICATE_ONEOF, PREDICATE_ALLOF, PREDICATE_SET,
	PREDICATE_PATHS, PREDICATE_RIGHT, PREDICATE_OLD };
enum predicate_values { VALUES_ONE, VALUES_ANY, VALUES_ALL };

struct predicate {
	uint32_t slot;
	int64_t right;                  /* slot of the right side; -1: it is constant */
	uint8_t mode, values;           /* over constants; over the values of a field with several */
	bool differs;                   /* `!=`: holds for a constant when the test does not */
	bool self;                      /* a constant names /proc/self, and that is the own /proc/PID */
	uint8_t cost;                   /* of testing it, guessed */
	float chance;                   /* that it holds, guessed */
	enum cond_operator op;
	struct constant *constants;
	size_t n;
	struct text_set set;
	struct path_set paths;
};

struct predicates {
	bool old;                       /* audit events are compared as in 0.28 */
	struct predicate *p;
	size_t n, cap;
	struct names by_text;
};

/* The predicate of a check whose left side is `slot`, and whose right side is the slot `right` or constant (-1). Returns its
 * number, or -1 with the error, and the index of the bad constant in `*bad` (-1: none of them). */
int64_t predicates_intern(struct predicates *ps, const struct slots *slots, uint32_t slot, int64_t right,
	const struct cond *check, struct arena *a, char *err, size_t errlen, int *bad);
/* Makes sets, and other spellings of constants; again whenever the spellings change. `a` holds them. */
void predicate_spell(struct predicate *p, const struct slots *slots, const struct spellings *s, struct arena *a);
void predicates_free(struct predicates *ps);

/* Whether it holds for one value of the left side and the values of the right. */
bool predicate_holds_right(const struct predicate *p, const struct slots *slots, const struct field_value *v,
	const struct field_value *right, int n, struct arena *a);
/* Whether it holds for one value; `self`, when not NULL, is the same path with /proc/self in it. */
bool predicate_holds(const struct predicate *p, const struct field_value *v, const struct field_value *self);

#endif
