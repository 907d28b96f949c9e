/* The facts of one PROC record: what is the process's own, and pieces that it has in common with others. */
#ifndef MATCH_STATE_BODY_H
#define MATCH_STATE_BODY_H

#include "state_parts.h"

enum { BORROW_ARGV, BORROW_ENV, BORROWS };      /* pieces that may be borrowed from another process, and how many */
enum { PIECE_ARGV = BORROW_ARGV, PIECE_ENV = BORROW_ENV, PIECE_PROGRAM, PIECES };
enum { OWN_FACTS = FACT_EXE + FACT_COUNT - FACT_START };

struct body {
	uint32_t size, len;                     /* size: what it would take if nothing were shared */
	uint64_t lender[BORROWS];               /* key of the process that it is borrowed from; 0 when it is own */
	struct piece *from[BORROWS];            /* the lender's piece: it outlives the lender's exec and death; NULL when it is not known */
	struct piece *piece[PIECES];            /* its own; NULL when it has nothing of it */
	uint32_t at[OWN_FACTS];                 /* offset in data + 1; 0 when the fact is nil or not there */
	uint8_t data[];
};

/* Takes the rest of a PROC's values. NULL when one is malformed. */
struct body *body_new(struct pieces *all, struct reader *r);
/* Borrows what `lender` has, or borrows itself, in place of `which`. */
void body_borrow(struct body *b, int which, const struct body *lender);
/* The piece that it has of its own or has borrowed, or NULL. */
struct piece *body_lends(const struct body *b, int which);
void body_free(struct pieces *all, struct body *b);     /* NULL too */
bool body_value(const struct body *b, enum fact n, struct value *v);

#endif
