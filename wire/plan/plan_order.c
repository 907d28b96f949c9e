/* Order, equality and implication of tests and lines. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* What is at hand first; then flags and numbers of the event, facts of the process, paths. */
static const uint8_t rank[PLAN_SUBJECTS] = {
	[PLAN_OK] = 0, [PLAN_RESULT] = 1, [PLAN_READ] = 2, [PLAN_WRITE] = 3, [PLAN_CREATE] = 4, [PLAN_EXEC] = 5, [PLAN_ARG] = 6,
	[PLAN_ARG_BITS] = 7, [PLAN_CONTAINER] = 10, [PLAN_TTY] = 11, [PLAN_PID] = 13, [PLAN_VPID] = 14,
	[PLAN_UID] = 15, [PLAN_GID] = 16, [PLAN_LOGINUID] = 17, [PLAN_CAP_EFFECTIVE] = 18, [PLAN_CAP_PERMITTED] = 19,
	[PLAN_CAP_INHERITABLE] = 20, [PLAN_EXE_FLAGS] = 21, [PLAN_COMM] = 22, [PLAN_PARENT] = 23, [PLAN_EXE] = 24,
	[PLAN_ANCESTOR] = 25, [PLAN_ARGV0] = 26, [PLAN_ARGS] = 27, [PLAN_CWD] = 28, [PLAN_PARENT_ARGV0] = 29,
	[PLAN_FD_KIND] = 30, [PLAN_PROTOCOL] = 31, [PLAN_PORT] = 32, [PLAN_PORT_CLIENT] = 33, [PLAN_PORT_SERVER] = 34,
	[PLAN_PORT_LOCAL] = 35, [PLAN_PORT_REMOTE] = 36, [PLAN_ADDR] = 37, [PLAN_ADDR_CLIENT] = 38, [PLAN_ADDR_SERVER] = 39,
	[PLAN_ADDR_LOCAL] = 40, [PLAN_ADDR_REMOTE] = 41, [PLAN_PATH] = 50, [PLAN_PATH2] = 51, [PLAN_JOINED] = 52,
	[PLAN_JOINED2] = 53, [PLAN_PASSED] = 54, [PLAN_PASSED2] = 55, [PLAN_ARG_TEXT] = 56, [PLAN_CMDLINE] = 47, [PLAN_ENV] = 48, [PLAN_DOTS] = 49,
};

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int range_order(const void *a, const void *b)
{
	const struct plan_range *x = a, *y = b;

	return x->first != y->first ? (x->first > y->first) - (x->first < y->first) : (x->last > y->last) - (x->last < y->last);
}

static int text_order(const void *a, const void *b)
{
	const struct plan_text *x = a, *y = b;
	int rc = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return rc ? rc : order(x->n, y->n);
}

static int net_order(const void *a, const void *b)
{
	const struct plan_net *x = a, *y = b;
	int rc = x->len != y->len ? order(x->len, y->len) : memcmp(x->addr, y->addr, x->len);

	return rc ? rc : order(x->bits, y->bits);
}

static int value_order(const struct plan_test *t, const struct plan_test *u, size_t i)
{
	switch (t->kind) {
	case PLAN_NUMBER: return range_order(&t->range[i], &u->range[i]);
	case PLAN_TEXT: return text_order(&t->text[i], &u->text[i]);
	case PLAN_NET: return net_order(&t->net[i], &u->net[i]);
	default: return 0;
	}
}

int plan_test_order(const struct plan_test *a, const struct plan_test *b)
{
	int rc = order(rank[a->subject], rank[b->subject]);

	if (rc == 0 && a->param && b->param)
		rc = strcmp(a->param, b->param);
	if (rc == 0)
		rc = order(a->op, b->op);
	if (rc == 0)
		rc = order(a->negated, b->negated);
	if (rc == 0)
		rc = order(a->mask, b->mask);
	for (size_t i = 0; rc == 0 && i < a->n && i < b->n; i++)
		rc = value_order(a, b, i);
	return rc ? rc : order(a->n, b->n);
}

bool plan_test_equal(const struct plan_test *a, const struct plan_test *b)
{
	return plan_test_order(a, b) == 0;
}

static void settle_ranges(struct plan_test *t)
{
	size_t kept = 0;

	for (size_t i = 1; i < t->n; i++) {
		struct plan_range *last = &t->range[kept], *next = &t->range[i];
		if (last->last == INT64_MAX || next->first <= last->last + 1)
			last->last = next->last > last->last ? next->last : last->last;
		else
			t->range[++kept] = *next;
	}
	t->n = kept + 1;
}

void plan_test_settle(struct plan_test *t)
{
	size_t kept = 0;

	if (t->n < 2)
		return;
	switch (t->kind) {
	case PLAN_NUMBER:
		qsort(t->range, t->n, sizeof *t->range, range_order);
		settle_ranges(t);
		return;
	case PLAN_TEXT:
		qsort(t->text, t->n, sizeof *t->text, text_order);
		for (size_t i = 1; i < t->n; i++)
			if (text_order(&t->text[kept], &t->text[i]) != 0)
				t->text[++kept] = t->text[i];
		break;
	case PLAN_NET:
		qsort(t->net, t->n, sizeof *t->net, net_order);
		for (size_t i = 1; i < t->n; i++)
			if (net_order(&t->net[kept], &t->net[i]) != 0)
				t->net[++kept] = t->net[i];
		break;
	default:
		return;
	}
	t->n = kept + 1;
}

static int by_order(const void *a, const void *b)
{
	return plan_test_order(a, b);
}

void plan_line_settle(struct plan_line *line)
{
	size_t kept = 0;

	if (line->n < 2)
		return;
	qsort(line->test, line->n, sizeof *line->test, by_order);
	for (size_t i = 1; i < line->n; i++)
		if (!plan_test_equal(&line->test[kept], &line->test[i]))
			line->test[++kept] = line->test[i];
	line->n = kept + 1;
}

static bool starts(const struct plan_text *s, const struct plan_text *with)
{
	return s->n >= with->n && memcmp(s->p, with->p, with->n) == 0;
}

static bool below(const struct plan_text *s, const struct plan_text *folder)
{
	return starts(s, folder) && (s->n == folder->n || s->p[folder->n] == '/' || (folder->n && folder->p[folder->n - 1] == '/'));
}

/* Does every text that stands to `b` as `inner` says stand to `a` as `outer` says? */
static bool text_covers(uint8_t outer, const struct plan_text *a, uint8_t inner, const struct plan_text *b)
{
	bool same = outer == inner && text_order(a, b) == 0;

	switch (outer) {
	case PLAN_UNDER: return same || ((inner == PLAN_IS || inner == PLAN_UNDER) && below(b, a));
	case PLAN_PREFIX: return inner <= PLAN_PREFIX && starts(b, a);
	default: return same;
	}
}

/* Of long lists only what is in both is looked for: to say no is allowed. */
static bool text_covered(const struct plan_test *a, const struct plan_test *b, size_t j)
{
	enum { SHORT = 64 };

	if (a->op == b->op && bsearch(&b->text[j], a->text, a->n, sizeof *a->text, text_order))
		return true;
	for (size_t i = 0; a->n <= SHORT && i < a->n; i++)
		if (text_covers(a->op, &a->text[i], b->op, &b->text[j]))
			return true;
	return false;
}

/* Is it one of the values, which ascend? */
static bool has_text(const struct plan_test *t, const struct plan_text *value)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;
		int rc = text_order(&t->text[i], value);
		if (rc == 0)
			return true;
		if (rc < 0)
			low = i + 1;
		else
			high = i;
	}
	return false;
}

static bool value_covered(const struct plan_test *a, const struct plan_test *b, size_t j)
{
	/* Lists of names are long. */
	if (a->kind == PLAN_TEXT && a->op != PLAN_UNDER && a->op != PLAN_PREFIX)
		return a->op == b->op && has_text(a, &b->text[j]);
	if (a->kind == PLAN_TEXT)
		return text_covered(a, b, j);
	for (size_t i = 0; i < a->n; i++) {
		bool covered = false;
		switch (a->kind) {
		case PLAN_NUMBER: covered = a->range[i].first <= b->range[j].first && b->range[j].last <= a->range[i].last; break;
		case PLAN_NET: covered = net_order(&a->net[i], &b->net[j]) == 0; break;
		default: break;
		}
		if (covered)
			return true;
	}
	return false;
}

/* Is every value that `b` names one that `a` names? */
static bool values_cover(const struct plan_test *a, const struct plan_test *b)
{
	if (a->mask | b->mask)
		return (a->mask & b->mask) == b->mask;
	for (size_t j = 0; j < b->n; j++)
		if (!value_covered(a, b, j))
			return false;
	return true;
}

/* Does `b` imply `a`? Only tests of one subject are compared: then what is not known of the one is not known of the other. */
static bool test_covers(const struct plan_test *a, const struct plan_test *b)
{
	bool folders = (a->op == PLAN_FOLDER_IS) != (b->op == PLAN_FOLDER_IS);

	if (a->subject != b->subject || a->negated != b->negated || folders || (a->param && strcmp(a->param, b->param) != 0))
		return false;
	return a->negated ? values_cover(b, a) : values_cover(a, b);
}

bool plan_line_covers(const struct plan_line *a, const struct plan_line *b)
{
	for (size_t i = 0; i < a->n; i++) {
		size_t j = 0;
		while (j < b->n && !test_covers(&a->test[i], &b->test[j]))
			j++;
		if (j == b->n)
			return false;
	}
	return true;
}
