/* Transformers: functions of fields' values. Each that a rule set uses has a slot, like a field. */
#ifndef MATCH_TRANSFORM_H
#define MATCH_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"
#include "match/fields/field.h"

enum transform_kind { TO_LOWER, TO_UPPER, FROM_B64, BASENAME, LENGTH, JOIN, CONCAT, GETOPT };

/* A slot, or a text when `slot` is -1. */
struct transform_arg {
	int64_t slot;
	const char *text;
	size_t n;
};

struct transform {
	enum transform_kind kind;
	struct transform_arg *args;     /* of join and len, the members of a list in parentheses are arguments of their own */
	size_t nargs;
	bool tuple;                     /* there was such a list */
	char option;                    /* of getopt(…)[c]; 0: all */
};

/* Texts of the language: NULL ends. In the order of enum transform_kind. */
extern const char *const transform_names[];
/* The number of a name, or -1. */
int transform_find(const char *name, size_t n);

/* The values of one argument, which the caller has looked up. */
struct transform_input {
	const struct field_value *v;
	int n;                          /* -1: missing */
	uint8_t type;
	bool list;
};
/* Fills `out` (room for FIELD_VALUES), from `a`, and returns how many values there are; -1 when there is none. */
int transform_apply(const struct transform *t, const struct transform_input *in, struct arena *a, struct field_value *out);

#endif
