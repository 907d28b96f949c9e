/* One EVENT as what a driver of 2022 would have written: the exit event with the parameters of that day, and before it the
 * enter event with those that have moved since. Both are found by going back the way of scap_rules.def. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "scap_out.h"
#include "wire/scap_codes.h"

enum {
	BLOCK = 0x216, BLOCK_LARGE = 0x221, NEWEST = 361, GENERIC = 1, PROCEXIT = 186, PROCEXIT_PARAMS = 4, HEAD = 26,
	PARAM_MAX = UINT16_MAX,
	ROLE_SERVER = 2, PORT = 2, BPF = 369, OF_EXEC = 15, OF_CLONE = 20
};

/* Which of today's parameters stand where; -1: none. */
struct outline {
	unsigned code, n, nenter;
	int8_t own[EVENT_PARAMS], enter[EVENT_PARAMS];
};

static void place(struct outline *o, const char *source, unsigned param)
{
	unsigned n = (unsigned)strtoul(source + 1, NULL, 10);

	if (n >= EVENT_PARAMS)
		return;
	if (*source == 'o')
		o->own[n] = (int8_t)param;
	if (*source != 'e')
		return;
	o->enter[n] = (int8_t)param;
	if (o->nenter <= n)
		o->nenter = n + 1;
}

/* Returns how many parameters the rule gives. */
static unsigned place_all(struct outline *o, const struct scap_rule *r, unsigned first)
{
	unsigned count = 0;

	for (const char *s = r->sources; *s; s += strcspn(s, " "), s += *s == ' ')
		place(o, s, first + count++);
	return count;
}

/* The least that a rule adds to is what the oldest driver with this code wrote, and every later one reads. */
static unsigned oldest(unsigned code, unsigned nparams)
{
	for (unsigned n = 1; n < nparams; n++) {
		const struct scap_rule *r = scap_rule(code, n);
		if (r && r->action == SCAP_ADD)
			return n;
	}
	return code == PROCEXIT ? PROCEXIT_PARAMS : nparams;
}

/* Calls that had no event of their own then: they were told as the older call that does the same. Numbers of today's parameters
 * in the exit and in the enter event, -1 behind the last. */
static const struct { uint16_t now, then; int8_t own[5], enter[4]; } older[] = {
	{ 363, 125, { 0, -1 }, { 1, -1 } }, { 365, 125, { 0, -1 }, { 1, -1 } },        /* dup2, dup3: dup */
	{ 393, 61, { 0, 1, 2, 3, -1 }, { -1 } }, { 395, 139, { 0, -1 }, { -1 } },       /* pipe2, inotify_init1 */
	{ 397, 63, { 0, -1 }, { 2, -1 } }, { 399, 127, { 0, -1 }, { 2, 3, -1 } },       /* eventfd2, signalfd4 */
	{ 391, 259, { 0, 1, -1 }, { 2, -1 } },                                          /* umount2: umount */
};

static bool as_older(struct outline *o, unsigned now)
{
	for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
		if (older[i].now != now)
			continue;
		o->code = older[i].then;
		for (o->n = 0; older[i].own[o->n] >= 0; o->n++)
			o->own[o->n] = older[i].own[o->n];
		for (o->nenter = 0; older[i].enter[o->nenter] >= 0; o->nenter++)
			o->enter[o->nenter] = older[i].enter[o->nenter];
		return true;
	}
	return false;
}

static struct outline outline_of(const struct event_type *t)
{
	struct outline o = { .code = t->number, .n = t->nparams };
	const struct scap_rule *before = t->number > NEWEST ? scap_rule_to(t->number) : NULL;

	memset(o.own, -1, sizeof o.own);
	memset(o.enter, -1, sizeof o.enter);
	if (as_older(&o, t->number))
		return o;
	if (before) {
		o.code = before->code;
		o.n = before->params;
		place_all(&o, before, 0);
		return o;
	}
	if (t->kind == EVENT_SYSCALL || t->number == PROCEXIT)
		o.n = oldest(t->number, t->nparams);
	for (unsigned i = 0; i < o.n; i++)
		o.own[i] = (int8_t)i;
	/* Of calls that have no event of their own both halves tell which one it is. */
	if (t->number == GENERIC)
		o.enter[0] = 0;
	const struct scap_rule *r;
	for (unsigned n = o.n; n < t->nparams && (r = scap_rule(t->number, n)) && r->action == SCAP_ADD;)
		n += place_all(&o, r, n);
	return o;
}

static void put_number(struct pack *out, const struct value *v, unsigned size)
{
	scap_put(out, v->type == VALUE_INT ? (uint64_t)v->i : v->type == VALUE_UINT ? v->u : v->type == VALUE_BOOL, size);
}

static void put_text(struct pack *out, const struct value *v)
{
	struct span s = scap_span(v);

	pack_raw(out, s.p, s.n);
	scap_put(out, 0, 1);
}

/* As passed, else as the kernel has it. */
static void put_path(struct pack *out, const struct value *v)
{
	struct cursor c = v->a.inside;
	struct value passed, base, object;

	if (v->type != VALUE_ARRAY || scap_span(v).n || value_next(&c, &passed) != 1) {
		put_text(out, v);
		return;
	}
	if (passed.type == VALUE_NIL && value_next(&c, &base) == 1 && value_next(&c, &object) == 1)
		passed = object;
	put_text(out, &passed);
}

static void put_end(struct pack *out, const struct value *address, const struct value *port, unsigned size)
{
	struct span s = scap_span(address);

	if (s.n == size)
		pack_raw(out, s.p, size);
	else
		scap_put(out, 0, size);
	put_number(out, port, PORT);
}

/* Of a connection the source is the client's end. */
static void put_tuple(struct pack *out, const struct value *v)
{
	enum { FAMILY, LOCAL, LOCAL_PORT, REMOTE, REMOTE_PORT, PROTOCOL, ROLE, ELEMENTS };
	struct cursor c = v->a.inside;
	struct value e[ELEMENTS];

	for (int i = 0; i < ELEMENTS; i++)
		if (v->type != VALUE_ARRAY || value_next(&c, &e[i]) != 1)
			return;
	bool turned = e[ROLE].type == VALUE_UINT && e[ROLE].u == ROLE_SERVER;
	int source = turned ? REMOTE : LOCAL, target = turned ? LOCAL : REMOTE;
	uint64_t family = e[FAMILY].type == VALUE_UINT ? e[FAMILY].u : 0;
	if (family == AF_UNIX) {
		scap_put(out, family, 1);
		put_number(out, &e[LOCAL_PORT], 8);
		put_number(out, &e[REMOTE_PORT], 8);
		put_text(out, scap_span(&e[REMOTE]).n ? &e[REMOTE] : &e[LOCAL]);
	} else if (family == AF_INET || family == AF_INET6) {
		unsigned size = family == AF_INET ? 4 : 16;
		scap_put(out, family, 1);
		put_end(out, &e[source], &e[source + 1], size);
		put_end(out, &e[target], &e[target + 1], size);
	}
}

static void put_sockaddr(struct pack *out, const struct value *v)
{
	struct cursor c = v->a.inside;
	struct value family, address, port;

	if (v->type != VALUE_ARRAY || value_next(&c, &family) != 1 || value_next(&c, &address) != 1 || value_next(&c, &port) != 1)
		return;
	put_number(out, &family, 1);
	if (family.type == VALUE_UINT && (family.u == AF_INET || family.u == AF_INET6))
		put_end(out, &address, &port, family.u == AF_INET ? 4 : 16);
	else
		put_text(out, &address);
}

static void put_fd(struct pack *out, const struct value *v, unsigned size)
{
	struct cursor c = v->a.inside;
	struct value number;

	if (v->type == VALUE_ARRAY && value_next(&c, &number) == 1)
		put_number(out, &number, size);
	else
		put_number(out, v, size);
}

static void put_fdlist(struct pack *out, const struct value *v)
{
	struct cursor c = v->a.inside;
	struct value pair, fd, flags;

	if (v->type != VALUE_ARRAY)
		return;
	scap_put(out, v->a.count, 2);
	while (value_next(&c, &pair) == 1) {
		struct cursor in = pair.a.inside;
		if (pair.type != VALUE_ARRAY || value_next(&in, &fd) != 1 || value_next(&in, &flags) != 1)
			fd = flags = (struct value){ .type = VALUE_NIL };
		put_fd(out, &fd, 8);
		put_number(out, &flags, 2);
	}
}

/* [selector, value]: bytes, or a number of eight bytes but for selector 2, which is of four. */
static void put_dyn(struct pack *out, const struct value *v)
{
	struct cursor c = v->a.inside;
	struct value selector = { .type = VALUE_UINT }, inner = *v;

	if (v->type == VALUE_ARRAY && (value_next(&c, &selector) != 1 || value_next(&c, &inner) != 1))
		return;
	put_number(out, &selector, 1);
	struct span s = scap_span(&inner);
	if (s.p)
		pack_raw(out, s.p, s.n);
	else
		put_number(out, &inner, selector.type == VALUE_UINT && selector.u == 2 ? 4 : 8);
}

static void put_texts(struct pack *out, const struct value *v)
{
	struct cursor c = v->a.inside;
	struct value text;

	while (v->type == VALUE_ARRAY && value_next(&c, &text) == 1)
		put_text(out, &text);
}

/* The first parameters of events that begin processes, which the readers of that day take for granted; 0 for others. */
static unsigned granted(unsigned code)
{
	enum { CLONE = 223, FORK = 225, VFORK = 227, EXECVE = 293, EXECVEAT = 331, CLONE3 = 335 };

	switch (code) {
	case CLONE: case FORK: case VFORK: case CLONE3: return OF_CLONE;
	case EXECVE: case EXECVEAT: return OF_EXEC;
	default: return 0;
	}
}

static void put_param(struct pack *out, unsigned type, const struct value *v)
{
	struct span s;

	if (v->type == VALUE_NIL)
		return;
	switch ((enum param_type)type) {
	case PT_CHARBUF: put_text(out, v); break;
	case PT_FSPATH: case PT_FSRELPATH: put_path(out, v); break;
	case PT_FD: case PT_FD32: put_fd(out, v, scap_param_size(type)); break;
	case PT_SOCKTUPLE: put_tuple(out, v); break;
	case PT_SOCKADDR: put_sockaddr(out, v); break;
	case PT_FDLIST: put_fdlist(out, v); break;
	case PT_DYN: put_dyn(out, v); break;
	case PT_CHARBUFARRAY: put_texts(out, v); break;
	case PT_BYTEBUF: case PT_IPV4ADDR: case PT_IPV6ADDR:
		s = scap_span(v);
		pack_raw(out, s.p, s.n);
		break;
	default: put_number(out, v, scap_param_size(type)); break;
	}
}

static void write_one(struct pack *out, const struct event *e, const struct event_type *t, const struct value *values,
	unsigned code, const int8_t *which, unsigned n)
{
	const struct scap_code *c = scap_code(code);
	bool large = c && c->flags & SCAP_LARGE;
	unsigned width = large ? 4 : 2;
	struct pack data = {0}, lengths = {0};

	for (unsigned i = 0; i < n; i++) {
		size_t before = data.len;
		/* The command of bpf was wider then. */
		if (which[i] >= 0)
			put_param(&data, t->number == BPF && which[i] == 1 ? PT_INT64 : t->params[which[i]].type, &values[which[i]]);
		if (data.len == before && i < granted(code) && which[i] >= 0)
			scap_put(&data, 0, scap_param_size(t->params[which[i]].type));
		if (!large && data.len - before > PARAM_MAX)
			data.len = before + PARAM_MAX;
		scap_put(&lengths, data.len - before, width);
	}
	size_t b = scap_block_begin(out, large ? BLOCK_LARGE : BLOCK);
	scap_put(out, (uint64_t)e->cpu, 2);
	scap_put(out, e->time, 8);
	scap_put(out, (uint64_t)e->tid, 8);
	scap_put(out, HEAD + lengths.len + data.len, 4);
	scap_put(out, code, 2);
	scap_put(out, n, 4);
	pack_raw(out, lengths.data, lengths.len);
	pack_raw(out, data.data, data.len);
	scap_block_end(out, b);
	pack_free(&data);
	pack_free(&lengths);
}

int scap_event_out(struct pack *out, const struct frame *f, struct scap_world *w, size_t *at)
{
	struct value values[EVENT_PARAMS];
	struct event e;

	if (event_decode(f, &e, at) < 0)
		return -1;
	if (!w->first)
		w->first = e.time;
	const struct event_type *t = event_type(e.type);
	struct cursor c = e.params;
	for (unsigned i = 0; t && i < t->nparams; i++) {
		*at = (size_t)(c.p - f->body);
		int rc = value_next(&c, &values[i]);
		if (rc < 0)
			return -1;
		if (rc == 0)
			values[i].type = VALUE_NIL;
	}
	if (!t)
		return 0;
	if (map_get(&w->procs, e.process))
		scap_fds_take(&w->fds, &e, t, values);
	struct outline o = outline_of(t);
	/* What is missing at the end was not there. */
	while (o.n && (o.own[o.n - 1] < 0 || values[o.own[o.n - 1]].type == VALUE_NIL) && o.code == t->number &&
		(o.nenter == 0 || (granted(o.code) && o.n > granted(o.code))))
		o.n--;
	/* A child leaves the call that made it without having entered it: an enter event of its own would be that of an unknown thread. */
	bool child = granted(o.code) == OF_CLONE && e.has_result && e.result == 0;
	if (t->kind == EVENT_SYSCALL && !child)
		write_one(out, &e, t, values, o.code - 1, o.enter, o.nenter);
	write_one(out, &e, t, values, o.code, o.own, o.n);
	return 0;
}
