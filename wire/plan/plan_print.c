/* Plans as text. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"
#include "plan_value.h"

static void put(struct pack *out, const char *s)
{
	pack_raw(out, s, strlen(s));
}

static void put_format(struct pack *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put_format(struct pack *out, const char *fmt, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put(out, text);
}

static bool bare(const char *s, size_t n)
{
	if (n == 0 || s[0] == '#' || plan_word(s, n) || (n == 3 && memcmp(s, "not", 3) == 0))
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\')
			return false;
	return true;
}

static void put_text(struct pack *out, const char *s, size_t n)
{
	put(out, " ");
	if (bare(s, n)) {
		pack_raw(out, s, n);
		return;
	}
	put(out, "\"");
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '"' || s[i] == '\\')
			put_format(out, "\\%c", s[i]);
		else if (s[i] >= ' ' && s[i] <= '~')
			pack_raw(out, &s[i], 1);
		else
			put_format(out, "\\x%02x", (unsigned char)s[i]);
	}
	put(out, "\"");
}

/* A short range of numbers that all have names. */
static bool put_names(struct pack *out, const char *param, const struct plan_range *r, const struct event_type *type)
{
	enum { SHORT = 8 };

	if (r->first < 0 || r->last > UINT32_MAX || r->last - r->first >= SHORT)
		return false;
	for (int64_t i = r->first; i <= r->last; i++)
		if (!plan_arg_name(type, param, false, (uint64_t)i))
			return false;
	for (int64_t i = r->first; i <= r->last; i++)
		put_format(out, " %s", plan_arg_name(type, param, false, (uint64_t)i));
	return true;
}

/* Numbers of parameters have names where `type` is given: that whose line it is. */
static void put_range(struct pack *out, const struct plan_test *t, const struct plan_range *r, const struct event_type *type)
{
	const char *name = t->subject == PLAN_RESULT && r->first == r->last && r->first < 0 && r->first > -4096 ?
		strerrorname_np((int)-r->first) : NULL;

	if (t->subject == PLAN_ARG && type && put_names(out, t->param, r, type))
		return;

	put(out, " ");
	if (name) {
		put(out, name);
	} else if (r->first == r->last) {
		put_format(out, "%" PRId64, r->first);
	} else {
		if (r->first > INT64_MIN)
			put_format(out, "%" PRId64, r->first);
		put(out, "..");
		if (r->last < INT64_MAX)
			put_format(out, "%" PRId64, r->last);
	}
}

static void put_net(struct pack *out, const struct plan_net *n)
{
	char text[64];

	plan_net_text(n, text, sizeof text);
	put_format(out, " %s", text);
}

static void put_mask(struct pack *out, const struct plan_test *t, const struct event_type *type)
{
	uint64_t rest = 0;

	for (unsigned i = 0; i < 64; i++) {
		const char *name = t->mask >> i & 1 ? plan_bit_name(t->subject, i) : NULL;
		if (t->subject == PLAN_ARG_BITS && type && t->mask >> i & 1)
			name = plan_arg_name(type, t->param, true, (uint64_t)1 << i);
		if (name)
			put_format(out, " %s", name);
		else
			rest |= t->mask & (uint64_t)1 << i;
	}
	if (rest || !t->mask)
		put_format(out, " 0x%" PRIx64, rest);
}

static const struct plan_word *word_of(const struct plan_test *t)
{
	const struct plan_word *found = NULL;

	for (const struct plan_word *w = plan_words; w->name; w++)
		if (w->kind == t->kind && w->subject == t->subject && w->op == t->op && (!found || w->negated == t->negated))
			found = w;
	return found;
}

static void put_test(struct pack *out, const struct plan_test *t, const struct event_type *type)
{
	const struct plan_word *w = word_of(t);

	if (w->negated != t->negated)
		put(out, "not ");
	put(out, w->name);
	if (t->param)
		put_text(out, t->param, strlen(t->param));
	if (t->kind == PLAN_MASK)
		put_mask(out, t, type);
	for (size_t i = 0; i < t->n; i++) {
		switch (t->kind) {
		case PLAN_NUMBER: put_range(out, t, &t->range[i], type); break;
		case PLAN_TEXT: put_text(out, t->text[i].p, t->text[i].n); break;
		case PLAN_NET: put_net(out, &t->net[i]); break;
		default: break;
		}
	}
}

/* A note is one line; what would end it becomes a blank. */
static void put_note(struct pack *out, size_t begin, const char *note)
{
	enum { COLUMN = 50 };

	if (!note || !*note)
		return;
	for (size_t n = out->len - begin; n < COLUMN; n++)
		put(out, " ");
	put(out, "  # ");
	for (; *note; note++) {
		char c = *note >= 0 && *note < ' ' ? ' ' : *note;
		pack_raw(out, &c, 1);
	}
}

static void put_line(struct pack *out, const struct plan_line *line, const struct event_type *type, bool notes)
{
	size_t begin = out->len;

	put(out, line->n ? "  pass" : "  all");
	for (size_t i = 0; i < line->n; i++) {
		put(out, " ");
		put_test(out, &line->test[i], type);
	}
	if (notes)
		put_note(out, begin, line->note);
	put(out, "\n");
}

static int by_text(const void *a, const void *b)
{
	const struct pack *x = a, *y = b;
	int rc = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return rc ? rc : (x->len > y->len) - (x->len < y->len);
}

/* The lines of a type in the order of their text, and what stands behind the names. */
static void put_event(struct pack *out, const struct plan_event *e, const struct event_type *type, bool notes)
{
	struct pack *line = calloc(e->n + 1, sizeof *line);

	if (!line)
		diex(EX_OSERR, "out of memory: a plan");
	if (e->class != PLAN_CLASS_DEFAULT)
		put_format(out, " class %u", e->class);
	if (e->enter)
		put(out, " enter");
	put(out, "\n");
	for (size_t i = 0; i < e->n; i++)
		put_line(&line[i], &e->line[i], type, notes);
	qsort(line, e->n, sizeof *line, by_text);
	for (size_t i = 0; i < e->n; i++) {
		pack_raw(out, line[i].data, line[i].len);
		pack_free(&line[i]);
	}
	free(line);
}

/* Has the name been said by a smaller number? */
static bool said(unsigned type)
{
	for (unsigned i = 0; i < type; i++)
		if (event_type(i) && strcmp(event_type(i)->name, event_type(type)->name) == 0)
			return true;
	return false;
}

static bool same(const struct pack *a, const struct pack *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Of those of one name the one whose parameters are those of the whole call. */
static const struct event_type *named_type(unsigned type)
{
	const struct event_type *t = event_type(type);

	return event_type_named(t->name, strlen(t->name)) ? event_type_named(t->name, strlen(t->name)) : t;
}

static void put_events(struct pack *out, const struct plan *p, bool notes)
{
	/* As it is printed; and with numbers, for one name may stand for two. */
	struct pack *body = calloc(EVENT_TYPES, sizeof *body), *plain = calloc(EVENT_TYPES, sizeof *plain);

	if (!body || !plain)
		diex(EX_OSERR, "out of memory: a plan");
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (p->event[i].wanted && event_type(i) && !said(i)) {
			put_event(&body[i], &p->event[i], named_type(i), notes);
			put_event(&plain[i], &p->event[i], NULL, notes);
		}
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		if (!body[i].len)
			continue;
		put_format(out, "event %s", event_type(i)->name);
		for (unsigned j = i + 1; j < EVENT_TYPES; j++)
			if (body[j].len && same(&body[i], &body[j]) && same(&plain[i], &plain[j])) {
				put_format(out, " %s", event_type(j)->name);
				body[j].len = 0;
			}
		pack_raw(out, body[i].data, body[i].len);
	}
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		pack_free(&body[i]);
		pack_free(&plain[i]);
	}
	free(body);
	free(plain);
}

/* The types that want a fact; of data those with one length. */
static void put_want(struct pack *out, const struct plan *p, unsigned want, bool notes)
{
	bool done[EVENT_TYPES] = { false };

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		size_t begin = out->len;
		if (done[i] || !(p->wants[i] >> want & 1) || !event_type(i) || said(i))
			continue;
		put_format(out, "want %s", plan_want_names[want]);
		if (want == PLAN_WANT_DATA)
			put_format(out, "=%" PRIu32, p->snaplen[i]);
		for (unsigned j = i; j < EVENT_TYPES; j++) {
			bool alike = want != PLAN_WANT_DATA || p->snaplen[j] == p->snaplen[i];
			if (!(p->wants[j] >> want & 1) || !alike || !event_type(j) || said(j))
				continue;
			put_format(out, " %s", event_type(j)->name);
			done[j] = true;
		}
		if (notes)
			put_note(out, begin, p->want_note[want]);
		put(out, "\n");
	}
}

static void print(const struct plan *p, struct pack *out, bool notes)
{
	put(out, "plan 1\n");
	put_events(out, p, notes);
	for (unsigned w = 0; w < PLAN_WANTS; w++)
		put_want(out, p, w, notes);
}

void plan_print(const struct plan *p, struct pack *out)
{
	print(p, out, true);
}

void plan_hash(const struct plan *p, char out[17])
{
	struct pack text = {0};
	uint64_t h = 0xcbf29ce484222325;

	print(p, &text, false);
	for (size_t i = 0; i < text.len; i++)
		h = (h ^ text.data[i]) * 0x100000001b3;
	pack_free(&text);
	snprintf(out, 17, "%016" PRIx64, h);
}
