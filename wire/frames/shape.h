/* What JSON calls the values of a record, and which types the contract gives them: decides which JSON form is plain. */
#ifndef FRAMES_SHAPE_H
#define FRAMES_SHAPE_H

#include <stddef.h>

#include "wire/fact.h"
#include "wire/frame.h"

/* The first three say what a value's plain form stands for, also inside of arrays: */
enum shape_kind {
	SHAPE_BIN,                             /* a plain string is bin; also where no table gives the type */
	SHAPE_INT,                             /* a plain string is an integer above 2^53 */
	SHAPE_STR,                             /* a plain string is str */
	SHAPE_TUPLE,                           /* an array whose elements have names: an object */
	SHAPE_LIST,                            /* an array of things of one shape */
	SHAPE_PAIRS,                           /* an array of [name str, value]: an object */
	SHAPE_MAP,                             /* str to value; `members` give the shapes of some, `rest` of the others */
	SHAPE_INTMAP,                          /* integer to value: an object with decimal names */
	SHAPE_FACTS                            /* fact number to value: an object with the facts' names */
};

struct shape;
struct member {
	const char *name;
	const struct shape *shape;
};
struct shape {
	enum shape_kind kind;
	const struct member *members;          /* of TUPLE and MAP; the last has no name */
	const struct shape *rest;              /* of LIST, PAIRS, MAP, INTMAP; NULL is SHAPE_BIN */
};

extern const struct shape shape_bin, shape_int, shape_extra_facts;

/* The shape of an event parameter by its type's name. */
const struct shape *shape_of_param(const char *type, size_t len);
const struct shape *shape_of_fact(unsigned fact);
/* The index of a member by its name, or -1. */
int shape_member(const struct member *members, const char *name, size_t len);

/* The named values of a kind, in order; of PROC with the facts, of EVENT without the parameters. */
enum { RECORD_VALUES = 3 + FACT_COUNT };
struct record {
	struct member values[RECORD_VALUES + 1];
	unsigned n;
	char text[192];                        /* where names lie; so a record is not to be moved */
};
/* Fills `records`, which is indexed by kind. */
void shape_records(struct record records[FRAME_KINDS]);

#endif
