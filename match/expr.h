/* Conditions as a graph: equal expressions are one node, a negation is a bit of the edge that leads to it. */
#ifndef MATCH_EXPR_H
#define MATCH_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"

/* An edge is the number of a node times two, plus one when negated. Node 0 is false. */
enum { EDGE_FALSE = 0, EDGE_TRUE = 1 };

enum expr_kind { EXPR_CONSTANT, EXPR_PREDICATE, EXPR_TYPES, EXPR_AND, EXPR_OR };
struct expr {
	uint8_t kind;
	float cost, chance;             /* of evaluating it, and that it holds: guesses, for the order of and, or */
	uint32_t what;                  /* predicate, or number of a set of event types */
	uint32_t first, n;              /* edges of and, or: in exprs.edges */
};

struct exprs {
	struct arena *arena;
	struct expr *node;
	uint32_t *edges;
	size_t n, nedges, cap, capedges;
	uint32_t *index;                /* hash table of node numbers + 1 */
	size_t ncap;
};

void exprs_init(struct exprs *x, struct arena *a);
uint32_t expr_leaf(struct exprs *x, enum expr_kind kind, uint32_t what, float cost, float chance);
/* and, or of edges, which are put into the order that is likely to end soonest: predicates have no effects, so it can not change a
 * result. */
uint32_t expr_join(struct exprs *x, enum expr_kind kind, uint32_t *edges, size_t n);

/* What is known of an event before looking at it: the value of EXPR_TYPES leaves. 0 false, 1 true, -1 unknown. */
typedef int expr_known(void *arg, uint32_t what);
/* The expression with what is known put in. `memo` has room for 2 * nodes edges and is used for one call, or several with the same
 * knowledge; entries are 0 where not known yet (edge + 1). */
uint32_t expr_reduce(struct exprs *x, uint32_t edge, expr_known *known, void *arg, uint32_t *memo);

#endif
