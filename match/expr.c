/* Interning of expressions. */
#include "expr.h"

#include <stdlib.h>
#include <string.h>

#include "vec.h"

static uint64_t hash(const struct exprs *x, const struct expr *e)
{
	uint64_t seed[2] = { e->kind, e->what };

	if (e->n == 0)
		return hash_bytes(seed, sizeof seed);
	return hash_bytes(x->edges + e->first, e->n * sizeof *x->edges) ^ e->kind;
}

static bool same(const struct exprs *x, const struct expr *a, const struct expr *b)
{
	return a->kind == b->kind && a->what == b->what && a->n == b->n &&
		(a->n == 0 || memcmp(x->edges + a->first, x->edges + b->first, a->n * sizeof *x->edges) == 0);
}

static uint32_t *find(const struct exprs *x, const struct expr *e)
{
	size_t i = hash(x, e) & (x->ncap - 1);

	while (x->index[i] && !same(x, &x->node[x->index[i] - 1], e))
		i = (i + 1) & (x->ncap - 1);
	return &x->index[i];
}

static void grow(struct exprs *x)
{
	if (x->n * 2 < x->ncap)
		return;
	x->ncap = x->ncap ? x->ncap * 2 : 512;
	x->index = arena_alloc(x->arena, x->ncap * sizeof *x->index);
	for (size_t i = 0; i < x->n; i++)
		*find(x, &x->node[i]) = (uint32_t)i + 1;
}

/* The number of a node; its edges, when it has some, are the last of x->edges and are taken back when the node is known. */
static uint32_t intern(struct exprs *x, const struct expr *e)
{
	grow(x);
	uint32_t *at = find(x, e);
	if (*at) {
		x->nedges -= e->n;
		return *at - 1;
	}
	x->node = vec_room(x->arena, x->node, x->n, &x->cap, sizeof *x->node);
	x->node[x->n++] = *e;
	*at = (uint32_t)x->n;
	return (uint32_t)x->n - 1;
}

void exprs_init(struct exprs *x, struct arena *a)
{
	*x = (struct exprs){ .arena = a };
	intern(x, &(struct expr){ .kind = EXPR_CONSTANT });
}

uint32_t expr_leaf(struct exprs *x, enum expr_kind kind, uint32_t what, float cost, float chance)
{
	return intern(x, &(struct expr){ .kind = (uint8_t)kind, .what = what, .cost = cost, .chance = chance }) * 2;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Drops constants that change nothing and repeats. Returns how many are left, or -1 when one decides the whole. */
static long simplify(uint32_t *edges, size_t n, uint32_t neutral)
{
	size_t left = 0;

	qsort(edges, n, sizeof *edges, by_number);
	for (size_t i = 0; i < n; i++) {
		if (edges[i] == (neutral ^ 1))
			return -1;
		if (left && edges[i] == (edges[left - 1] ^ 1) && edges[i] > EDGE_TRUE)
			return -1;
		if (edges[i] != neutral && (!left || edges[left - 1] != edges[i]))
			edges[left++] = edges[i];
	}
	return (long)left;
}

/* The chance that an edge lets a chain go on: that it is true in an `and`, false in an `or`. */
static float passes(const struct exprs *x, enum expr_kind kind, uint32_t edge)
{
	float chance = x->node[edge / 2].chance;

	return (edge & 1) == (kind == EXPR_AND) ? 1 - chance : chance;
}

/* What it costs for each chain that it ends. */
static float rank(const struct exprs *x, enum expr_kind kind, uint32_t edge)
{
	float ends = 1 - passes(x, kind, edge);

	return x->node[edge / 2].cost / (ends > 0.001f ? ends : 0.001f);
}

static void sort_by_rank(const struct exprs *x, enum expr_kind kind, uint32_t *edges, size_t n)
{
	/* Insertion keeps equals in order; chains are short, and a long one is a list in disguise whose members rank alike. */
	for (size_t i = 1; i < n; i++) {
		uint32_t e = edges[i];
		float r = rank(x, kind, e);
		size_t j = i;
		for (; j && rank(x, kind, edges[j - 1]) > r; j--)
			edges[j] = edges[j - 1];
		edges[j] = e;
	}
}

uint32_t expr_join(struct exprs *x, enum expr_kind kind, uint32_t *edges, size_t n)
{
	uint32_t neutral = kind == EXPR_AND ? EDGE_TRUE : EDGE_FALSE;
	struct expr e = { .kind = (uint8_t)kind, .first = (uint32_t)x->nedges };
	long left = simplify(edges, n, neutral);

	if (left < 0)
		return neutral ^ 1;
	if (left == 0)
		return neutral;
	if (left == 1)
		return edges[0];
	sort_by_rank(x, kind, edges, (size_t)left);
	e.n = (uint32_t)left;
	float reach = 1;
	for (uint32_t i = 0; i < e.n; i++) {
		x->edges = vec_room(x->arena, x->edges, x->nedges, &x->capedges, sizeof *x->edges);
		x->edges[x->nedges++] = edges[i];
		e.cost += reach * x->node[edges[i] / 2].cost;
		reach *= passes(x, kind, edges[i]);
	}
	e.chance = kind == EXPR_AND ? reach : 1 - reach;
	return intern(x, &e) * 2;
}

static uint32_t reduce_chain(struct exprs *x, uint32_t node, expr_known *known, void *arg, uint32_t *memo)
{
	struct expr e = x->node[node];
	uint32_t *kids = malloc(e.n * sizeof *kids), result;

	if (!kids)
		return node * 2;
	for (uint32_t i = 0; i < e.n; i++)
		kids[i] = expr_reduce(x, x->edges[e.first + i], known, arg, memo);
	result = expr_join(x, (enum expr_kind)e.kind, kids, e.n);
	free(kids);
	return result;
}

uint32_t expr_reduce(struct exprs *x, uint32_t edge, expr_known *known, void *arg, uint32_t *memo)
{
	uint32_t node = edge / 2, result = node * 2;
	const struct expr *e = &x->node[node];

	if (memo[node])
		return (memo[node] - 1) ^ (edge & 1);
	if (e->kind == EXPR_TYPES) {
		int value = known(arg, e->what);
		result = value < 0 ? result : value ? EDGE_TRUE : EDGE_FALSE;
	} else if (e->kind == EXPR_AND || e->kind == EXPR_OR) {
		result = reduce_chain(x, node, known, arg, memo);
	}
	memo[node] = result + 1;
	return result ^ (edge & 1);
}
