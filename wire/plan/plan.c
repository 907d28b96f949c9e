/* Plans in memory: what they are made of, and taking two together. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

enum { CHUNK = 16384 };

struct plan_memory {
	struct plan_memory *next;
	size_t used, size;
	_Alignas(16) uint8_t data[];
};

const char *const plan_want_names[PLAN_WANTS] = {
	[PLAN_WANT_FD_KINDS] = "fd-kinds-0-2", [PLAN_WANT_ALL_KINDS] = "fd-kinds", [PLAN_WANT_FDS] = "fds-0-2",
	[PLAN_WANT_FD_COUNT] = "fd-count",
	[PLAN_WANT_THREADS] = "threads", [PLAN_WANT_MEMORY] = "memory", [PLAN_WANT_FAULTS] = "page-faults",
	[PLAN_WANT_SOCKET] = "socket", [PLAN_WANT_DATA] = "data",
};

enum plan_want plan_want_named(const char *s, size_t n)
{
	unsigned want = 0;

	while (want < PLAN_WANTS && (strlen(plan_want_names[want]) != n || memcmp(plan_want_names[want], s, n) != 0))
		want++;
	return want;
}

bool plan_is_of_name(const struct plan_test *t)
{
	return t->op == PLAN_NAME_IS || t->op == PLAN_NAME_PREFIX || t->op == PLAN_NAME_SUFFIX;
}

bool plan_kind(const struct event_type *t)
{
	return t->kind == EVENT_SYSCALL || t->kind == EVENT_ENTER || t->kind == EVENT_TRACEPOINT;
}

struct plan *plan_new(void)
{
	struct plan *p = calloc(1, sizeof *p);

	if (!p)
		diex(EX_OSERR, "out of memory: a plan");
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		p->event[i].class = PLAN_CLASS_DEFAULT;
	return p;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (struct plan_memory *m = p->memory, *next; m; m = next) {
		next = m->next;
		free(m);
	}
	free(p);
}

void *plan_room(struct plan *p, size_t n)
{
	struct plan_memory *m = p->memory;

	n = (n + 15) & ~(size_t)15;
	if (!m || m->size - m->used < n) {
		size_t size = n > CHUNK ? n : CHUNK;
		if (!(m = calloc(1, sizeof *m + size)))
			diex(EX_OSERR, "out of memory: a plan");
		m->size = size;
		m->next = p->memory;
		p->memory = m;
	}
	void *room = m->data + m->used;
	m->used += n;
	return room;
}

const char *plan_copy(struct plan *p, const char *s, size_t n)
{
	char *copy = plan_room(p, n + 1);

	memcpy(copy, s, n);
	return copy;
}

static size_t value_size(const struct plan_test *t)
{
	switch (t->kind) {
	case PLAN_NUMBER: return sizeof *t->range;
	case PLAN_TEXT: return sizeof *t->text;
	case PLAN_NET: return sizeof *t->net;
	default: return 0;
	}
}

static void copy_test(struct plan *p, struct plan_test *to, const struct plan_test *from)
{
	*to = *from;
	if (from->param)
		to->param = plan_copy(p, from->param, strlen(from->param));
	if (!value_size(from))
		return;
	to->range = plan_room(p, from->n * value_size(from));
	memcpy(to->range, from->range, from->n * value_size(from));
	for (size_t i = 0; from->kind == PLAN_TEXT && i < from->n; i++)
		to->text[i].p = plan_copy(p, from->text[i].p, from->text[i].n);
}

static struct plan_line copy_line(struct plan *p, const struct plan_line *from)
{
	struct plan_line to = { .n = from->n, .note = plan_copy(p, from->note ? from->note : "", from->note ? strlen(from->note) : 0) };

	to.test = plan_room(p, (from->n + 1) * sizeof *to.test);
	for (size_t i = 0; i < from->n; i++)
		copy_test(p, &to.test[i], &from->test[i]);
	return to;
}

static bool named_in(const char *list, const char *name, size_t n)
{
	for (const char *s = list; *s; s += strcspn(s, ",")) {
		s += strspn(s, ", ");
		if (strcspn(s, ",") == n && strncmp(s, name, n) == 0)
			return true;
	}
	return false;
}

/* Both lists of names, without saying one twice. */
static const char *join_notes(struct plan *p, const char *a, const char *b)
{
	size_t n = strlen(a);
	char *both;

	if (!*b || strcmp(a, b) == 0)
		return a;
	both = plan_room(p, n + strlen(b) + 4 + strlen(b));
	memcpy(both, a, n);
	while (*b) {
		size_t len = strcspn(b, ",");
		if (len && !named_in(both, b, len)) {
			if (n)
				n = (size_t)(stpcpy(both + n, ", ") - both);
			memcpy(both + n, b, len);
			n += len;
			both[n] = '\0';
		}
		b += len;
		b += strspn(b, ", ");
	}
	return both;
}

/* Room for a power of two. */
static void append(struct plan *p, struct plan_event *e, const struct plan_line *line)
{
	if ((e->n & (e->n - 1)) == 0) {
		struct plan_line *more = plan_room(p, (e->n ? 2 * e->n : 1) * sizeof *more);
		if (e->n)
			memcpy(more, e->line, e->n * sizeof *more);
		e->line = more;
	}
	e->line[e->n++] = *line;
}

void plan_event_add(struct plan *p, struct plan_event *e, const struct plan_line *line)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n; i++) {
		if (!plan_line_covers(&e->line[i], line))
			continue;
		e->line[i].note = join_notes(p, e->line[i].note, line->note ? line->note : "");
		return;
	}
	struct plan_line new = copy_line(p, line);
	for (size_t i = 0; i < e->n; i++) {
		if (plan_line_covers(line, &e->line[i]))
			new.note = join_notes(p, new.note, e->line[i].note);
		else
			e->line[kept++] = e->line[i];
	}
	e->n = kept;
	append(p, e, &new);
}

void plan_append_line(struct plan *p, unsigned type, const struct plan_line *line)
{
	struct plan_line new = copy_line(p, line);

	append(p, &p->event[type], &new);
}

unsigned plan_class(const struct plan *p, unsigned type)
{
	return p->event[type].class == PLAN_CLASS_DEFAULT ? event_type(type)->class : p->event[type].class;
}

void plan_union(struct plan *p, const struct plan *other)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		struct plan_event *e = &p->event[i];
		const struct plan_event *o = &other->event[i];
		p->wants[i] |= other->wants[i];
		p->snaplen[i] = p->snaplen[i] > other->snaplen[i] ? p->snaplen[i] : other->snaplen[i];
		if (!o->wanted)
			continue;
		/* The less specific of two says nothing: a default that is higher stands. */
		if (!e->wanted)
			e->class = o->class;
		else if (e->class != o->class)
			e->class = (uint8_t)(plan_class(p, i) > plan_class(other, i) ? plan_class(p, i) : plan_class(other, i));
		e->wanted = true;
		e->enter |= o->enter;
		for (size_t j = 0; j < o->n; j++)
			plan_event_add(p, e, &o->line[j]);
	}
	for (unsigned w = 0; w < PLAN_WANTS; w++) {
		const char *mine = p->want_note[w] ? p->want_note[w] : "", *theirs = other->want_note[w] ? other->want_note[w] : "";
		p->want_note[w] = join_notes(p, mine, plan_copy(p, theirs, strlen(theirs)));
	}
}

/* Two lines that differ in this one test alone become one, if the two tests can. Returns whether `a` has taken in `b`. */
static bool merge(struct plan *p, struct plan_line *a, const struct plan_line *b)
{
	size_t at = a->n;

	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (plan_test_equal(&a->test[i], &b->test[i]))
			continue;
		if (at < a->n)
			return false;
		at = i;
	}
	if (at == a->n)
		return true;
	struct plan_test *t = &a->test[at], both = *t;
	const struct plan_test *u = &b->test[at];
	if (t->kind != u->kind || t->subject != u->subject || t->op != u->op || (t->param && strcmp(t->param, u->param) != 0))
		return false;
	if (t->negated != u->negated) {
		both.negated = u->negated;
		if (!plan_test_equal(&both, u))
			return false;
		memmove(t, t + 1, (--a->n - at) * sizeof *t);
		return true;
	}
	if (t->negated || t->n + u->n > PLAN_VALUES_MAX)
		return false;
	if (t->kind == PLAN_MASK) {
		t->mask |= u->mask;
		return true;
	}
	size_t size = value_size(t);
	if (!size)
		return false;
	both.range = plan_room(p, (t->n + u->n) * size);
	memcpy(both.range, t->range, t->n * size);
	memcpy((uint8_t *)both.range + t->n * size, u->range, u->n * size);
	both.n = t->n + u->n;
	plan_test_settle(&both);
	*t = both;
	/* Every number is no condition. */
	if (t->kind == PLAN_NUMBER && t->range[0].first == INT64_MIN && t->range[0].last == INT64_MAX)
		memmove(t, t + 1, (--a->n - at) * sizeof *t);
	return true;
}

void plan_event_simplify(struct plan *p, struct plan_event *e)
{
	bool again;

	do {
		again = false;
		for (size_t i = 0; i < e->n; i++) {
			for (size_t j = 0; j < e->n; j++) {
				if (i == j || (!plan_line_covers(&e->line[i], &e->line[j]) && !merge(p, &e->line[i], &e->line[j])))
					continue;
				plan_line_settle(&e->line[i]);
				e->line[i].note = join_notes(p, e->line[i].note, e->line[j].note);
				e->line[j] = e->line[--e->n];
				if (i == e->n)
					i = j;
				again = true;
				j = (size_t)-1;
			}
		}
	} while (again);
}
