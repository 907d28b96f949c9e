/* A plan on its way to what the BPF programs read: for the files plan_*.c that add the tests of one kind. */
#ifndef PROBE_PLAN_COMPILER_H
#define PROBE_PLAN_COMPILER_H

#include "plan_compile.h"

/* A line: the tests that are made of it. */
struct plan_made {
	const struct plan_test *test[PLAN_TESTS_MAX];
	unsigned n;
	unsigned type;                         /* of which arguments are meant, when tests are about them */
	bool of_type;
};
/* A test that has been placed among the ranges, networks, ..., and the lines that have it: of each of its values. */
struct placed {
	const struct plan_test *test;
	unsigned type;
	struct raw_lines *lines;
	size_t step;                           /* from one value's lines to the next one's */
};

struct compiler {
	struct compiled *out;
	struct plan_made line[RAW_LINES];
	unsigned n;
	struct placed placed[RAW_RANGES + RAW_MASKS + RAW_NETS + RAW_TEXTS + RAW_PARTS];
	unsigned n_placed;
};

static inline void raw_set(struct raw_lines *l, unsigned line)
{
	l->w[line / 64] |= 1ull << (line % 64);
}

/* Whether a line's test has been placed for another one of its type, or finds room: many lines have the same. `first` are the lines of
 * the next free value, of `room`. Returns false when there is nothing to fill in. */
bool plan_place_value(struct compiler *c, unsigned line, const struct plan_test *t, struct raw_lines *first, size_t step, size_t room);
/* Can the test's values stand in a tree? */
bool plan_tree_takes(const struct plan_test *t);
/* Makes the trees of the lines' tests of names and paths. */
void plan_trees(struct compiled *c, const struct plan_made *line, unsigned n, uint32_t serial);
/* The tests of numbers but those of the sign of the result, and what these rule out before anything else. */
void plan_numbers_add(struct compiler *c);
/* The tests of texts that are not in the trees. */
void plan_texts_add(struct compiler *c);

#endif
