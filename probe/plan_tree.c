/* The trees of names that the BPF programs follow: of paths, executables, file names, names of tasks and of their parents. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "plan_compiler.h"
#include "plan_uses.h"
#include "plan_verdict.h"
#include "wire/log.h"

enum { NAME_MAX_BYTES = 8 * RAW_NAME_WORDS, INDEX = 4 * RAW_NODES, COMM_LONGEST = 15 };

struct place {
	struct raw_node_key key;
	const char *path;                      /* up to and with this component, in a value that leads here */
	size_t n;
	uint32_t tree;
};

struct trees {
	struct compiled *out;
	const struct plan_made *line;
	unsigned lines;
	uint32_t base;                         /* of node ids */
	struct place *place;
	size_t n;
	uint32_t *index;                       /* numbers of places by key, plus one */
};

static bool is_path(int tree)
{
	return tree <= RAW_TREE_CWD;
}

/* A test's tree, and whether it asks for whole paths. */
static int tree_of(const struct plan_test *t)
{
	enum raw_place place = plan_place(t);

	if (t->op == PLAN_CONTAINS)
		return -1;
	if (place != RAW_PLACES)
		return (plan_is_of_name(t) ? (int)RAW_TREE_NAME : (int)RAW_TREE_PATH) + (int)place;
	switch (t->subject) {
	case PLAN_EXE: return RAW_TREE_EXE;
	case PLAN_COMM: return RAW_TREE_COMM;
	case PLAN_PARENT: return RAW_TREE_PARENT;
	case PLAN_ANCESTOR: return RAW_TREE_ANCESTOR;
	case PLAN_CWD: return RAW_TREE_CWD;
	default: return -1;
	}
}

/* The next component of a path behind `*at`; false when there is none that a kernel's path could have there. */
static bool component(const struct plan_text *t, size_t *at, size_t *end)
{
	if (*at >= t->n || t->p[*at] != '/')
		return false;
	const char *slash = memchr(t->p + *at + 1, '/', t->n - *at - 1);
	++*at;
	*end = slash ? (size_t)(slash - t->p) : t->n;
	return *end > *at;
}

static bool path_fits(const struct plan_text *t)
{
	size_t at = 0, end, depth = 0;

	while (component(t, &at, &end)) {
		if (end - at > NAME_MAX_BYTES || ++depth > RAW_NODE_DEPTH)
			return false;
		at = end;
	}
	return true;
}

bool plan_tree_takes(const struct plan_test *t)
{
	int tree = t->kind == PLAN_TEXT ? tree_of(t) : -1;

	if (tree < 0 || (tree == RAW_TREE_EXE && t->op != PLAN_IS && t->op != PLAN_UNDER && t->op != PLAN_PREFIX) ||
		(tree == RAW_TREE_ANCESTOR && t->op != PLAN_IS))
		return false;
	for (size_t i = 0; i < t->n && is_path(tree); i++)
		if (!path_fits(&t->text[i]))
			return false;
	return true;
}

static uint32_t root_id(const struct trees *t, unsigned tree)
{
	return t->base + 1 + tree;
}

static uint32_t place_id(const struct trees *t, size_t place)
{
	return t->base + 1 + RAW_TREES + (uint32_t)place;
}

static uint64_t bloom_bit(const struct raw_node_key *k)
{
	return RAW_BLOOM(k);
}

/* The number of the place below `parent`, made when it is new. SIZE_MAX: there is no room for more. */
static size_t place_below(struct trees *t, uint32_t parent, uint32_t tree, const char *name, size_t len, const char *path, size_t n)
{
	struct raw_node_key key = { .parent = parent, .len = tree >= RAW_TREE_COMM ? RAW_COMM : (uint32_t)len };

	memcpy(key.name, name, len);
	uint64_t bit = bloom_bit(&key);
	for (size_t i = bit * 2654435761u % INDEX;; i = (i + 1) % INDEX) {
		uint32_t at = t->index[i];
		if (at && memcmp(&t->place[at - 1].key, &key, sizeof key) == 0)
			return at - 1;
		if (at)
			continue;
		if (t->n == RAW_NODES)
			return SIZE_MAX;
		t->place[t->n] = (struct place){ key, path, n, tree };
		t->index[i] = (uint32_t)++t->n;
		t->out->raw.bloom[bit / 64] |= 1ull << (bit % 64);
		return t->n - 1;
	}
}

static bool add_path(struct trees *t, uint32_t tree, const struct plan_text *v)
{
	uint32_t parent = root_id(t, tree);
	size_t at = 0, end, place;

	while (component(v, &at, &end)) {
		place = place_below(t, parent, tree, v->p + at, end - at, v->p, end);
		if (place == SIZE_MAX)
			return false;
		parent = place_id(t, place);
		at = end;
	}
	return true;
}

static size_t longest_of(uint32_t tree)
{
	return tree < RAW_TREE_COMM ? NAME_MAX_BYTES : COMM_LONGEST;
}

static bool add_values(struct trees *t, const struct plan_test *test)
{
	int of = tree_of(test);
	uint32_t tree = (uint32_t)of;

	for (size_t i = 0; of >= 0 && i < test->n; i++) {
		const struct plan_text *v = &test->text[i];
		if (is_path((int)tree)) {
			if (!add_path(t, tree, v))
				return false;
		} else if (v->n && v->n <= longest_of(tree) && (test->op == PLAN_IS || test->op == PLAN_NAME_IS)) {
			if (place_below(t, root_id(t, tree), tree, v->p, v->n, v->p, v->n) == SIZE_MAX)
				return false;
		}
	}
	return true;
}

static enum verdict verdict_at(const struct trees *t, const struct plan_test *test, const struct place *p, enum outcome o)
{
	if (is_path((int)p->tree))
		return path_verdict(test, p->path, p->n, o);
	(void)t;
	return o == OUTCOME_END ? name_verdict(test, p->path, p->n) : other_verdict(test, longest_of(p->tree));
}

/* The lines that a place does not rule out. Tests of names alone are asked in their own tree. */
static struct raw_lines lines_at(const struct trees *t, const struct place *p, enum outcome o)
{
	struct raw_lines l;

	memset(&l, 0xff, sizeof l);
	for (unsigned i = 0; i < t->lines; i++)
		for (unsigned k = 0; k < t->line[i].n; k++) {
			const struct plan_test *test = t->line[i].test[k];
			if (test->kind == PLAN_TEXT && tree_of(test) == (int)p->tree &&
			    verdict_rules_out(test, verdict_at(t, test, p, o)))
				l.w[i / 64] &= ~(1ull << (i % 64));
		}
	return l;
}

/* The lines that have a test of ancestors, of that polarity; with `name`, which has the name among its values. */
static struct raw_lines lines_of_ancestors(const struct trees *t, const struct place *name, bool negated)
{
	struct raw_lines l = {0};

	for (unsigned i = 0; i < t->lines; i++)
		for (unsigned k = 0; k < t->line[i].n; k++) {
			const struct plan_test *test = t->line[i].test[k];
			if (test->subject == PLAN_ANCESTOR && test->negated == negated &&
			    (!name || name_verdict(test, name->path, name->n) == VERDICT_YES))
				l.w[i / 64] |= 1ull << (i % 64);
		}
	return l;
}

static struct raw_node node_at(const struct trees *t, const struct place *p, uint32_t id)
{
	if (p->tree == RAW_TREE_ANCESTOR)
		return (struct raw_node){ .id = id, .end = lines_of_ancestors(t, p, false), .one = lines_of_ancestors(t, p, true) };
	return (struct raw_node){ .id = id, .end = lines_at(t, p, OUTCOME_END), .one = lines_at(t, p, OUTCOME_ONE),
		.more = lines_at(t, p, OUTCOME_MORE) };
}

void plan_trees(struct compiled *c, const struct plan_made *line, unsigned n, uint32_t serial)
{
	struct trees t = { .out = c, .line = line, .lines = n, .base = serial << 16 };

	t.place = calloc(RAW_NODES, sizeof *t.place);
	t.index = calloc(INDEX, sizeof *t.index);
	if (!t.place || !t.index)
		diex(EX_OSERR, "out of memory: a plan");
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < line[i].n; k++)
			if (line[i].test[k]->kind == PLAN_TEXT && !add_values(&t, line[i].test[k]))
				t.lines = 0;           /* no room: then no name rules anything out */
	c->nodes = calloc(t.n + 1, sizeof *c->nodes);
	if (!c->nodes)
		diex(EX_OSERR, "out of memory: a plan");
	for (size_t i = 0; i < t.n; i++)
		c->nodes[i] = (struct plan_node){ t.place[i].key, node_at(&t, &t.place[i], place_id(&t, i)) };
	c->nnodes = t.n;
	c->raw.ancestors = lines_of_ancestors(&t, NULL, false);
	for (uint32_t tree = 0; tree < RAW_TREES; tree++) {
		struct place root = { .path = "", .tree = tree };
		c->raw.roots[tree] = node_at(&t, &root, root_id(&t, tree));
	}
	free(t.place);
	free(t.index);
}
