/* Alternatives of tests: and, or, within bounds. What becomes too large is widened, never narrowed. */
#include <stdlib.h>
#include <string.h>

#include "plan_leaf.h"

/* Lines of one rule for one type; how many may come of alternatives that are multiplied, as exceptions are. */
enum { LINES_MAX = 32, PRODUCT_MAX = 8 };

struct cover cover_false(void)
{
	return (struct cover){0};
}

struct cover cover_true(struct derivation *d)
{
	struct cover c = {0};

	plan_event_add(d->scratch, &c.lines, &(struct plan_line){ .note = "" });
	return c;
}

struct cover cover_test(struct derivation *d, const struct plan_test *t, bool negated)
{
	struct plan_test test = *t;
	struct cover c = {0};

	test.negated = negated;
	plan_test_settle(&test);
	plan_event_add(d->scratch, &c.lines, &(struct plan_line){ .test = &test, .n = 1, .note = "" });
	return c;
}

bool cover_is_true(const struct cover *c)
{
	for (size_t i = 0; i < c->lines.n; i++)
		if (c->lines.line[i].n == 0)
			return true;
	return false;
}

/* Both lines in one. Tests over the limit are left out: the fewer, the more passes. */
static struct plan_line join(struct derivation *d, const struct plan_line *a, const struct plan_line *b)
{
	struct plan_line both = { .test = arena_alloc(&d->arena, (a->n + b->n + 1) * sizeof *both.test), .note = "" };
	const struct plan_line *parts[] = { a, b };

	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < parts[k]->n && both.n < PLAN_TESTS_MAX; i++) {
			/* A test that another of the line implies says nothing. */
			const struct plan_line one = { .test = &parts[k]->test[i], .n = 1 };
			const struct plan_line others = { .test = both.test, .n = both.n };
			size_t kept = 0;
			if (plan_line_covers(&one, &others))
				continue;
			for (size_t j = 0; j < both.n; j++) {
				const struct plan_line old = { .test = &both.test[j], .n = 1 };
				if (!plan_line_covers(&old, &one))
					both.test[kept++] = both.test[j];
			}
			both.n = kept;
			both.test[both.n++] = parts[k]->test[i];
		}
	}
	plan_line_settle(&both);
	return both;
}

struct cover cover_and(struct derivation *d, const struct cover *a, const struct cover *b)
{
	struct cover c = {0};

	if (cover_is_true(a))
		return *b;
	if (cover_is_true(b))
		return *a;
	size_t n = a->lines.n * b->lines.n;
	if (n > LINES_MAX || (a->lines.n > 1 && b->lines.n > 1 && n > PRODUCT_MAX)) {
		if (d->mutation == MUTATION_OVERFLOW)
			return cover_false();
		return *a;
	}
	for (size_t i = 0; i < a->lines.n; i++)
		for (size_t j = 0; j < b->lines.n; j++) {
			struct plan_line both = join(d, &a->lines.line[i], &b->lines.line[j]);
			plan_event_add(d->scratch, &c.lines, &both);
		}
	return c;
}

/* One line of the tests that all lines have. */
static struct cover common(struct derivation *d, const struct cover *c)
{
	const struct plan_line *first = &c->lines.line[0];
	struct plan_line both = { .test = arena_alloc(&d->arena, (first->n + 1) * sizeof *both.test), .note = "" };
	struct cover out = {0};

	for (size_t i = 0; i < first->n; i++) {
		const struct plan_line one = { .test = &first->test[i], .n = 1 };
		bool all = true;
		for (size_t k = 1; k < c->lines.n && all; k++)
			all = plan_line_covers(&one, &c->lines.line[k]);
		if (all)
			both.test[both.n++] = first->test[i];
	}
	plan_event_add(d->scratch, &out.lines, &both);
	return out;
}

struct cover cover_or(struct derivation *d, const struct cover *a, const struct cover *b)
{
	struct cover c = {0};

	if (cover_is_true(a) || !b->lines.n)
		return *a;
	if (cover_is_true(b) || !a->lines.n)
		return *b;
	for (size_t i = 0; i < a->lines.n; i++)
		plan_event_add(d->scratch, &c.lines, &a->lines.line[i]);
	for (size_t i = 0; i < b->lines.n; i++)
		plan_event_add(d->scratch, &c.lines, &b->lines.line[i]);
	plan_event_simplify(d->scratch, &c.lines);
	if (c.lines.n <= LINES_MAX)
		return c;
	if (d->mutation == MUTATION_OVERFLOW)
		return cover_false();
	return common(d, &c);
}
