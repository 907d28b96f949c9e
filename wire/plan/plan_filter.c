/* Tests of a plan on events of a stream: yes, no, or not known, which passes whether negated or not. */
#include "plan_filter.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"
#include "plan_event.h"
#include "plan_text.h"

enum { TYPE_OPEN = 3, TYPE_CREAT = 59, TYPE_OPENAT = 307, TYPE_OPENAT2 = 327, TYPE_BY_HANDLE = 337 };
enum { OPEN_READ = 1, OPEN_WRITE = 2, OPEN_CREAT = 4, OPEN_TMPFILE = 8192, OPEN_CREATED = 16384, MODE_X = 0111 };

struct plan_filter {
	const struct plan *plan;
	struct plan_processes processes;
};

static enum plan_answer answer(bool yes)
{
	return yes ? ANSWER_YES : ANSWER_NO;
}

static bool fact(const struct plan_seen *s, enum fact n, struct value *v)
{
	return s->process && plan_process_fact(s->processes, s->process, s->event.task, n, v);
}

/* A number among the parameters; of a descriptor its number. What is of another type than its parameter is not known. */
static bool param(const struct plan_seen *s, const char *name, int64_t *out)
{
	int i = event_param(s->type, name, strlen(name));
	struct value first;

	if (i < 0)
		return false;
	if (s->param[i].type != VALUE_ARRAY)
		return value_i64(&s->param[i], out);
	struct cursor in = s->param[i].a.inside;
	bool fd = s->type->params[i].type == PT_FD || s->type->params[i].type == PT_FD32;
	return fd && value_next(&in, &first) == 1 && value_i64(&first, out);
}

static enum plan_answer test_open(const struct plan_seen *s, unsigned subject)
{
	unsigned type = s->type->number;
	bool open = type == TYPE_OPEN || type == TYPE_OPENAT || type == TYPE_OPENAT2;
	int64_t bits = 0, mode;

	if (subject == PLAN_EXEC) {
		if (!open && type != TYPE_CREAT)
			return ANSWER_NO;
		if (!param(s, "mode", &mode) || (open && !param(s, "flags", &bits)))
			return ANSWER_UNKNOWN;
		return answer(mode & MODE_X && (type == TYPE_CREAT || bits & (OPEN_CREAT | OPEN_TMPFILE)));
	}
	if (!open && type != TYPE_BY_HANDLE)
		return ANSWER_NO;
	if (!param(s, "flags", &bits))
		return ANSWER_UNKNOWN;
	switch (subject) {
	case PLAN_READ: return answer(bits & OPEN_READ);
	case PLAN_WRITE: return answer(bits & OPEN_WRITE);
	default: return answer(bits & OPEN_CREATED || (bits & OPEN_TMPFILE && s->event.has_result && s->event.result >= 0));
	}
}

static enum plan_answer test_tty(const struct plan_seen *s)
{
	struct value v, device;
	uint64_t u = 0;

	if (!s->process)
		return ANSWER_UNKNOWN;
	if (!fact(s, FACT_TTY, &v))
		return ANSWER_NO;
	if (v.type != VALUE_ARRAY)
		return ANSWER_UNKNOWN;
	struct cursor in = v.a.inside;
	return value_next(&in, &device) == 1 && value_u64(&device, &u) ? answer(u != 0) : ANSWER_UNKNOWN;
}

static enum plan_answer test_container(const struct plan_seen *s)
{
	const uint8_t *p;
	struct value v;
	uint32_t n;

	if (!s->process)
		return ANSWER_UNKNOWN;
	if (!fact(s, FACT_CONTAINER, &v))
		return ANSWER_NO;
	return value_bytes(&v, &p, &n) ? ANSWER_YES : ANSWER_UNKNOWN;
}

static enum plan_answer test_flag(const struct plan_seen *s, const struct plan_test *t)
{
	switch (t->subject) {
	case PLAN_OK: return s->result ? answer(s->event.result >= 0) : ANSWER_UNKNOWN;
	case PLAN_TTY: return test_tty(s);
	case PLAN_CONTAINER: return test_container(s);
	case PLAN_DOTS: return plan_text_dots(s);
	default: return test_open(s, t->subject);
	}
}

/* An end of the event's connection. ANSWER_NO: there is none. */
static enum plan_answer end_of(const struct plan_seen *s, unsigned which, const struct fd_end **e)
{
	const struct fd_tuple *k = &s->fd.socket;

	*e = NULL;
	if (!s->fd.applies || (s->fd.has_socket && k->is_unix))
		return ANSWER_NO;
	if (!s->fd.has_socket)
		return s->fd.known && s->fd.kind >= 0 && s->fd.kind != FD_IPV4 && s->fd.kind != FD_IPV6 ? ANSWER_NO : ANSWER_UNKNOWN;
	bool connected = fd_has_peer(k);
	if (which == PLAN_ADDR_LOCAL || which == PLAN_ADDR_REMOTE) {
		*e = connected ? which == PLAN_ADDR_LOCAL ? &k->local : &k->remote : NULL;
	} else if (connected && k->role == ROLE_UNKNOWN) {
		return ANSWER_UNKNOWN;
	} else if (which == PLAN_ADDR_SERVER) {
		*e = k->role == ROLE_CLIENT ? connected ? &k->remote : NULL : k->role == ROLE_SERVER || k->local.port ? &k->local : NULL;
	} else {
		*e = !connected ? NULL : k->role == ROLE_CLIENT ? &k->local : &k->remote;
	}
	return *e && (*e)->len ? ANSWER_YES : ANSWER_NO;
}

static bool in_net(const struct plan_net *n, const struct fd_end *e)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (n->len != e->len || memcmp(n->addr, e->addr, whole) != 0)
		return false;
	return !rest || ((n->addr[whole] ^ e->addr[whole]) & (0xff << (8 - rest) & 0xff)) == 0;
}

static bool in_ranges(const struct plan_test *t, int64_t i)
{
	for (size_t k = 0; k < t->n; k++)
		if (t->range[k].first <= i && i <= t->range[k].last)
			return true;
	return false;
}

static enum plan_answer test_end(const struct plan_seen *s, const struct plan_test *t, unsigned which)
{
	const struct fd_end *e;
	enum plan_answer there = end_of(s, which, &e);
	bool in = false;

	if (there != ANSWER_YES)
		return there;
	if (t->kind == PLAN_NUMBER)
		return answer(in_ranges(t, e->port));
	for (size_t i = 0; i < t->n && !in; i++)
		in = in_net(&t->net[i], e);
	return answer(in);
}

static enum plan_answer either(enum plan_answer a, enum plan_answer b)
{
	return a == ANSWER_YES || b == ANSWER_YES ? ANSWER_YES : a == ANSWER_UNKNOWN || b == ANSWER_UNKNOWN ? ANSWER_UNKNOWN : ANSWER_NO;
}

/* Addresses and ports; `base` is the subject that means both ends, the others follow in one order. */
static enum plan_answer test_ends(const struct plan_seen *s, const struct plan_test *t, unsigned base)
{
	unsigned which = t->subject - base + PLAN_ADDR;

	if (which != PLAN_ADDR)
		return test_end(s, t, which);
	return either(test_end(s, t, PLAN_ADDR_CLIENT), test_end(s, t, PLAN_ADDR_SERVER));
}

static bool id(const struct plan_seen *s, enum fact effective, enum fact real, int64_t *out)
{
	struct value v;

	return (fact(s, effective, &v) || fact(s, real, &v)) && value_i64(&v, out) && *out >= 0;
}

static bool number(const struct plan_seen *s, const struct plan_test *t, int64_t *out)
{
	struct value v;

	switch (t->subject) {
	case PLAN_RESULT: *out = s->event.result; return s->result;
	case PLAN_PID: return fact(s, FACT_PID, &v) && value_i64(&v, out);
	case PLAN_VPID: return fact(s, FACT_VPID, &v) && value_i64(&v, out) && *out != -1;
	case PLAN_UID: return id(s, FACT_EUID, FACT_UID, out);
	case PLAN_GID: return id(s, FACT_EGID, FACT_GID, out);
	case PLAN_LOGINUID:
		if (!s->process)
			return false;
		if (!fact(s, FACT_LOGINUID, &v) || !value_i64(&v, out) || *out == UINT32_MAX)
			*out = -1;
		return true;
	default: return param(s, t->param, out);
	}
}

static enum plan_answer test_number(const struct plan_seen *s, const struct plan_test *t)
{
	int64_t i;

	if (t->subject >= PLAN_PORT && t->subject <= PLAN_PORT_REMOTE)
		return test_ends(s, t, PLAN_PORT);
	return number(s, t, &i) ? answer(in_ranges(t, i)) : ANSWER_UNKNOWN;
}

static enum plan_answer test_kind(const struct plan_seen *s, uint64_t mask)
{
	if (!s->fd.applies || (s->fd.none && !s->fd.has_socket && !(mask & ~PLAN_SOCKET_KINDS)))
		return ANSWER_NO;
	if ((!s->fd.known && !s->fd.has_socket) || s->fd.kind < 0)
		return ANSWER_UNKNOWN;
	return answer(mask >> s->fd.kind & 1);
}

static enum plan_answer test_protocol(const struct plan_seen *s, uint64_t mask)
{
	unsigned protocol = s->fd.socket.protocol;

	if (!s->fd.applies)
		return ANSWER_NO;
	if (!s->fd.has_socket && (!s->fd.known || s->fd.kind < 0 || s->fd.kind == FD_IPV4 || s->fd.kind == FD_IPV6))
		return ANSWER_UNKNOWN;
	bool other = !s->fd.has_socket || s->fd.socket.is_unix || protocol > 63;
	return answer(mask >> (other ? 63 : protocol) & 1);
}

static enum plan_answer test_mask(const struct plan_seen *s, const struct plan_test *t)
{
	static const enum fact facts[PLAN_SUBJECTS] = { [PLAN_EXE_FLAGS] = FACT_EXE_FLAGS, [PLAN_CAP_EFFECTIVE] = FACT_CAP_EFFECTIVE,
		[PLAN_CAP_PERMITTED] = FACT_CAP_PERMITTED, [PLAN_CAP_INHERITABLE] = FACT_CAP_INHERITABLE };
	int64_t i;
	uint64_t u;
	struct value v;

	switch (t->subject) {
	case PLAN_FD_KIND: return test_kind(s, t->mask);
	case PLAN_PROTOCOL: return test_protocol(s, t->mask);
	case PLAN_ARG_BITS: return param(s, t->param, &i) && i >= 0 ? answer((uint64_t)i & t->mask) : ANSWER_UNKNOWN;
	case PLAN_EXE_FLAGS:
		if (!s->process || !plan_process_fact(s->processes, s->process, 0, FACT_EXE_FLAGS, &v))
			return ANSWER_UNKNOWN;
		break;
	default:
		if (!fact(s, facts[t->subject], &v))
			return ANSWER_UNKNOWN;
		break;
	}
	return value_u64(&v, &u) ? answer(u & t->mask) : ANSWER_UNKNOWN;
}

static enum plan_answer test_net(const struct plan_seen *s, const struct plan_test *t)
{
	return test_ends(s, t, PLAN_ADDR);
}

static bool test_passes(const struct plan_seen *s, const struct plan_test *t)
{
	enum plan_answer a = ANSWER_UNKNOWN;

	switch ((enum plan_kind)t->kind) {
	case PLAN_FLAG: a = test_flag(s, t); break;
	case PLAN_NUMBER: a = test_number(s, t); break;
	case PLAN_MASK: a = test_mask(s, t); break;
	case PLAN_TEXT: a = plan_text_test(s, t); break;
	case PLAN_NET: a = test_net(s, t); break;
	}
	return a == ANSWER_UNKNOWN || (a == ANSWER_YES) != t->negated;
}

static bool line_passes(const struct plan_seen *s, const struct plan_line *line)
{
	for (size_t i = 0; i < line->n; i++)
		if (!test_passes(s, &line->test[i]))
			return false;
	return true;
}

struct plan_filter *plan_filter_new(const struct plan *p)
{
	struct plan_filter *f = calloc(1, sizeof *f);

	if (!f)
		diex(EX_OSERR, "out of memory: a filter");
	f->plan = p;
	return f;
}

void plan_filter_free(struct plan_filter *f)
{
	if (f)
		plan_processes_free(&f->processes);
	free(f);
}

struct plan_verdict plan_filter_take(struct plan_filter *f, const struct frame *frame)
{
	struct plan_seen s = {0};
	struct plan_verdict v = { true, -1, -1 };

	if (frame->kind != FRAME_EVENT) {
		plan_processes_take(&f->processes, frame);
		return v;
	}
	/* What is malformed, or of a type that is not known, is for who reads on to complain of. */
	if (!plan_event_read(&s, &f->processes, frame) || !s.type || !plan_kind(s.type))
		return v;
	const struct plan_event *e = &f->plan->event[s.type->number];
	v.type = s.type->number;
	v.passes = e->wanted && s.open;
	for (size_t i = 0; e->wanted && i < e->n && !v.passes; i++)
		if (line_passes(&s, &e->line[i])) {
			v.passes = true;
			v.line = (int)i;
		}
	return v;
}
