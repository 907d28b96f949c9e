/* Reading plans. Every error names line and column, what was found and what was expected. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan_value.h"

enum { TOKEN_MAX = 8192 };

struct token {
	const char *p;                         /* of the plan's text, or of `copy` when it was quoted */
	size_t n;
	unsigned column;
	bool quoted;
};
struct parser {
	struct plan *plan;
	const char *name, *at, *end;
	const char *line_at;
	unsigned line;
	struct token token;
	bool has;                              /* `token` is the next one of this line */
	const char *note;                      /* behind the line that was read */
	bool types[EVENT_TYPES];               /* of the `event` line in force */
	bool any;
	char *err;
	size_t errlen;
	bool failed;
};

static bool fail_at(struct parser *p, unsigned column, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static bool fail_at(struct parser *p, unsigned column, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	if (p->failed)
		return false;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	snprintf(p->err, p->errlen, "%s:%u:%u: %s", p->name, p->line, column, what);
	p->failed = true;
	return false;
}

static unsigned column(const struct parser *p)
{
	return (unsigned)(p->at - p->line_at) + 1;
}

/* What stands at the next token, for messages. */
static bool expected(struct parser *p, const char *what)
{
	char found[64];
	size_t n = p->token.n < 40 ? p->token.n : 40;

	if (!p->has)
		return fail_at(p, column(p), "found the end of the line, expected %s", what);
	for (size_t i = 0; i < n; i++)
		found[i] = p->token.p[i] >= ' ' && p->token.p[i] <= '~' ? p->token.p[i] : '?';
	found[n] = '\0';
	return fail_at(p, p->token.column, "found '%s', expected %s", found, what);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads behind the opening quote. */
static bool quoted(struct parser *p, char *out, size_t *n)
{
	for (*n = 0; p->at < p->end && *p->at != '"' && *p->at != '\n';) {
		char c = *p->at++;
		if (*n == TOKEN_MAX)
			return fail_at(p, p->token.column, "found a text of more than %d bytes, expected a shorter one", TOKEN_MAX);
		if (c == '\\') {
			char e = p->at < p->end ? *p->at++ : '\0';
			bool coded = e == 'x' && p->end - p->at >= 2 && hex(p->at[0]) >= 0 && hex(p->at[1]) >= 0;
			if (e != '"' && e != '\\' && !coded)
				return fail_at(p, column(p) - 1, "found an unknown escape, expected \\\", \\\\ or \\x and two digits");
			c = coded ? (char)(hex(p->at[0]) << 4 | hex(p->at[1])) : e;
			p->at += coded ? 2 : 0;
		}
		out[(*n)++] = c;
	}
	if (p->at == p->end || *p->at != '"')
		return fail_at(p, column(p), "found the end of the line, expected '\"'");
	p->at++;
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* In notes these are as good as blanks. */
static bool control(char c)
{
	return (unsigned char)c <= ' ';
}

/* Moves to the next token of the line; at its end `has` is false and the note is taken. */
static bool advance(struct parser *p)
{
	char text[TOKEN_MAX + 1];

	while (p->at < p->end && blank(*p->at))
		p->at++;
	p->has = p->at < p->end && *p->at != '\n' && *p->at != '#';
	p->token = (struct token){ .p = p->at, .column = column(p) };
	if (!p->has) {
		const char *end = memchr(p->at, '\n', (size_t)(p->end - p->at)), *s = p->at;
		end = end ? end : p->end;
		while (s < end && (*s == '#' || control(*s)))
			s++;
		const char *stop = end;
		while (stop > s && control(stop[-1]))
			stop--;
		p->note = plan_copy(p->plan, s, (size_t)(stop - s));
		return true;
	}
	if (*p->at == '"') {
		p->at++;
		p->token.quoted = true;
		if (!quoted(p, text, &p->token.n))
			return false;
		p->token.p = plan_copy(p->plan, text, p->token.n);
		if (p->at < p->end && !blank(*p->at) && *p->at != '\n')
			return fail_at(p, column(p), "found more right behind a quoted text, expected a blank");
		return true;
	}
	while (p->at < p->end && !blank(*p->at) && *p->at != '\n') {
		if (*p->at == '"')
			return fail_at(p, column(p), "found '\"' inside a word, expected the whole word in quotes");
		p->at++;
	}
	p->token.n = (size_t)(p->at - p->token.p);
	return p->token.n <= TOKEN_MAX || fail_at(p, p->token.column, "found a word of %zu bytes, expected at most %d", p->token.n, TOKEN_MAX);
}

static bool is(const struct parser *p, const char *word)
{
	return p->has && !p->token.quoted && strlen(word) == p->token.n && memcmp(word, p->token.p, p->token.n) == 0;
}

static bool end_of_line(struct parser *p)
{
	return !p->has || expected(p, "the end of the line");
}

static size_t value_size(unsigned kind)
{
	return kind == PLAN_NUMBER ? sizeof(struct plan_range) : kind == PLAN_TEXT ? sizeof(struct plan_text) : sizeof(struct plan_net);
}

/* The name of a parameter's value must mean the same for all types of the line. */
static bool named_value(struct parser *p, const struct plan_test *t, uint64_t *value)
{
	bool found = false;
	uint64_t other;

	for (unsigned i = 0; t->param && i < EVENT_TYPES; i++) {
		if (!p->types[i] || event_type(i)->kind == EVENT_ENTER || event_param(event_type(i), t->param, strlen(t->param)) < 0)
			continue;
		if (!plan_arg_value(event_type(i), t->param, p->token.p, p->token.n, &other) || (found && other != *value))
			return false;
		*value = other;
		found = true;
	}
	return found;
}

static bool value(struct parser *p, struct plan_test *t, void *out)
{
	const struct token *k = &p->token;
	struct plan_text *text = out;
	uint64_t named;

	if ((t->subject == PLAN_ARG || t->subject == PLAN_ARG_BITS) && named_value(p, t, &named)) {
		if (t->kind == PLAN_MASK)
			t->mask |= named;
		else
			*(struct plan_range *)out = (struct plan_range){ (int64_t)named, (int64_t)named };
		return true;
	}
	switch (t->kind) {
	case PLAN_NUMBER:
		return plan_range_parse(t->subject, k->p, k->n, out) || expected(p, t->subject == PLAN_RESULT ?
			"a number, a range (1..9, 1.., ..9) or the name of an error" : "a number or a range (1..9, 1.., ..9)");
	case PLAN_NET: return plan_net_parse(k->p, k->n, out) || expected(p, "an address or a network (10.0.0.0/8, fe80::/10)");
	case PLAN_MASK: return plan_bits_parse(t->subject, k->p, k->n, &t->mask) || expected(p, "the name of a bit, or bits as 0x…");
	default:
		text->p = plan_copy(p->plan, k->p, k->n);
		text->n = k->n;
		return true;
	}
}

/* A word that is no quoted text and names a test ends the values. */
static bool more_values(const struct parser *p)
{
	return p->has && (p->token.quoted || (!plan_word(p->token.p, p->token.n) && !is(p, "not")));
}

static bool values(struct parser *p, struct plan_test *t)
{
	size_t size = t->kind == PLAN_MASK ? 0 : value_size(t->kind), n = 0, cap = 0;
	uint8_t *all = NULL;
	bool ok = more_values(p) || expected(p, "a value");

	while (ok && more_values(p)) {
		if (n == PLAN_VALUES_MAX) {
			ok = fail_at(p, p->token.column, "found more than %d values, expected fewer", PLAN_VALUES_MAX);
			break;
		}
		if (size && n == cap) {
			uint8_t *more = plan_room(p->plan, (cap = cap ? 2 * cap : 4) * size);
			if (n)
				memcpy(more, all, n * size);
			all = more;
		}
		ok = value(p, t, all ? all + n * size : NULL) && advance(p);
		n++;
	}
	t->range = (struct plan_range *)(void *)all;
	t->n = size ? n : 0;
	plan_test_settle(t);
	return ok;
}

static bool test(struct parser *p, struct plan_test *t)
{
	bool negated = is(p, "not");
	const struct plan_word *w;

	if (negated && !advance(p))
		return false;
	w = p->has && !p->token.quoted ? plan_word(p->token.p, p->token.n) : NULL;
	if (!w)
		return expected(p, "the name of a test, see saker-plan(5)");
	*t = (struct plan_test){ .kind = w->kind, .subject = w->subject, .op = w->op, .negated = w->negated != negated };
	if (!advance(p))
		return false;
	if (t->subject == PLAN_ARG || t->subject == PLAN_ARG_BITS || t->subject == PLAN_ARG_TEXT) {
		if (!p->has || p->token.n > 32)
			return expected(p, "the name of a parameter");
		t->param = plan_copy(p->plan, p->token.p, p->token.n);
		if (!advance(p))
			return false;
	}
	return t->kind == PLAN_FLAG || values(p, t);
}

static bool event_types(struct parser *p, bool *types)
{
	const char *text = p->token.p;
	size_t n = p->token.n;
	bool any = false;

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		if (t && p->has && strlen(t->name) == n && memcmp(t->name, text, n) == 0)
			any = types[i] = true;
	}
	if (!any)
		return expected(p, "the name of an event type");
	return advance(p);
}

static bool options(struct parser *p, uint8_t *class, bool *enter)
{
	while (p->has) {
		if (is(p, "enter")) {
			*enter = true;
		} else {
			if (!is(p, "class"))
				return expected(p, "class, enter or the end of the line");
			if (!advance(p))
				return false;
			if (!p->has || p->token.n != 1 || p->token.p[0] < '0' || p->token.p[0] > '3')
				return expected(p, "a class from 0 to 3");
			*class = (uint8_t)(p->token.p[0] - '0');
		}
		if (!advance(p))
			return false;
	}
	return true;
}

static bool event_line(struct parser *p)
{
	uint8_t class = PLAN_CLASS_DEFAULT;
	bool enter = false;

	memset(p->types, 0, sizeof p->types);
	p->any = true;
	do {
		if (!event_types(p, p->types))
			return false;
	} while (p->has && !is(p, "class") && !is(p, "enter"));
	if (!options(p, &class, &enter))
		return false;
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		struct plan_event *e = &p->plan->event[i];
		if (!p->types[i])
			continue;
		if (e->wanted)
			return fail_at(p, 1, "found '%s' a second time, expected each type once", event_type(i)->name);
		*e = (struct plan_event){ .wanted = true, .enter = enter, .class = class };
	}
	return true;
}

static bool add(struct parser *p, const struct plan_line *line)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		struct plan_event *e = &p->plan->event[i];
		if (!p->types[i])
			continue;
		if (e->n == PLAN_LINES_MAX)
			return fail_at(p, 1, "found more than %d lines for '%s', expected fewer", PLAN_LINES_MAX, event_type(i)->name);
		plan_append_line(p->plan, i, line);
	}
	return true;
}

static bool pass_line(struct parser *p, bool all)
{
	struct plan_test tests[PLAN_TESTS_MAX];
	struct plan_line line = { .test = tests };

	if (!p->any)
		return fail_at(p, 1, "found a line before the first event, expected 'event'");
	if (!all && !p->has)
		return expected(p, "a test");
	while (!all && p->has) {
		if (line.n == PLAN_TESTS_MAX)
			return fail_at(p, p->token.column, "found more than %d tests, expected fewer", PLAN_TESTS_MAX);
		if (!test(p, &tests[line.n++]))
			return false;
	}
	line.note = p->note;
	plan_line_settle(&line);
	return end_of_line(p) && add(p, &line);
}

static bool want_line(struct parser *p)
{
	const char *eq = p->has ? memchr(p->token.p, '=', p->token.n) : NULL;
	size_t n = eq ? (size_t)(eq - p->token.p) : p->token.n;
	struct plan_range bytes = { 0, 0 };
	bool types[EVENT_TYPES] = { false };
	enum plan_want want = p->has ? plan_want_named(p->token.p, n) : PLAN_WANTS;

	if (want == PLAN_WANTS)
		return expected(p, "a fact, see saker-plan(5)");
	if ((want == PLAN_WANT_DATA) != (eq != NULL) || (eq && (!plan_range_parse(PLAN_ARG, eq + 1, p->token.n - n - 1, &bytes) ||
		bytes.first != bytes.last || bytes.first < 1 || bytes.first > 65535)))
		return expected(p, want == PLAN_WANT_DATA ? "data=N, with 1 to 65535 bytes" : "a fact without a number");
	if (!advance(p))
		return false;
	do {
		if (!event_types(p, types))
			return false;
	} while (p->has);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (types[i]) {
			p->plan->wants[i] |= 1u << want;
			p->plan->snaplen[i] = bytes.first > p->plan->snaplen[i] ? (uint32_t)bytes.first : p->plan->snaplen[i];
		}
	p->plan->want_note[want] = p->note;
	return true;
}

static bool line(struct parser *p)
{
	static const char *const words[] = { "event", "pass", "all", "want" };
	int found = -1;

	for (int i = 0; i < 4; i++)
		found = is(p, words[i]) ? i : found;
	if (found < 0)
		return expected(p, "event, pass, all or want");
	if (!advance(p))
		return false;
	switch (found) {
	case 0: return event_line(p);
	case 3: return want_line(p);
	default: return pass_line(p, found == 2);
	}
}

static bool version(struct parser *p)
{
	if (!is(p, "plan"))
		return expected(p, "'plan 1'");
	return advance(p) && (is(p, "1") || expected(p, "version 1")) && advance(p) && end_of_line(p);
}

static bool lines(struct parser *p)
{
	bool versioned = false;

	while (p->at < p->end) {
		p->line++;
		p->line_at = p->at;
		const char *end = memchr(p->at, '\n', (size_t)(p->end - p->at)), *stop = end ? end : p->end;
		const char *nul = memchr(p->at, '\0', (size_t)(stop - p->at));
		if (nul)
			return fail_at(p, (unsigned)(nul - p->at) + 1, "found a NUL byte, expected text");
		if (!advance(p))
			return false;
		bool empty = !p->has;
		if (!empty && !(versioned ? line(p) : version(p)))
			return false;
		versioned |= !empty;
		p->at = end ? end + 1 : p->end;
	}
	return versioned || fail_at(p, 1, "found no line, expected 'plan 1'");
}

struct plan *plan_parse(const char *name, const char *text, size_t n, char *err, size_t errlen)
{
	struct parser p = { .plan = plan_new(), .name = name, .at = text, .end = text + n, .line_at = text, .err = err, .errlen = errlen };

	err[0] = '\0';
	if (n > PLAN_TEXT_MAX)
		fail_at(&p, 1, "found %zu bytes, expected at most %d", n, PLAN_TEXT_MAX);
	else if (lines(&p))
		return p.plan;
	plan_free(p.plan);
	return NULL;
}

struct plan *plan_read(const char *path, char *err, size_t errlen)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct pack text = {0};
	ssize_t n = fd < 0 ? -1 : 1;
	struct plan *p = NULL;

	while (n > 0 && text.len <= PLAN_TEXT_MAX) {
		n = read(fd, pack_room(&text, 65536), 65536);
		text.len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		snprintf(err, errlen, "%s: %s", path, strerror(errno));
	else
		p = plan_parse(path, (const char *)text.data, text.len, err, errlen);
	if (fd >= 0)
		close(fd);
	pack_free(&text);
	return p;
}
