/* The facts of one PROC record: its bytes, where each fact begins, and the bodies that hold a borrowed argv or environment. */
#ifndef MATCH_STATE_BODY_H
#define MATCH_STATE_BODY_H

#include "state_parts.h"

enum { BORROW_ARGV, BORROW_ENV, BORROWS };

/* Counted: a process holds its body, and so do the bodies of children that still have its argv. So an argv outlives the
 * exec and the death of the process that it was of. */
struct body {
	uint32_t refs, size;                    /* size: of the allocation */
	uint64_t lender[BORROWS];               /* key of the process that it is borrowed from; 0 when it is own */
	struct body *from[BORROWS];             /* the body that has it as its own; NULL when that is not known */
	struct body *next;                      /* while it is being freed */
	uint32_t at[FACT_COUNT];                /* offset in data + 1; 0 when the fact is nil or not there */
	uint8_t data[];
};

/* Takes the rest of a PROC's values. NULL when one is malformed. */
struct body *body_new(struct reader *r);
/* Borrows what `lender` has, or borrows itself, in place of `which`. */
void body_borrow(struct body *b, int which, struct body *lender);
void body_unref(struct body *b);                /* NULL too */
bool body_value(const struct body *b, enum fact n, struct value *v);

#endif
