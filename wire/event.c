/* The tables behind event.h. */
#include "event.h"

#include <string.h>

#define FLAGSET(name, entries) static const struct flag set_##name[] = { entries { NULL, 0 } };
#define F(text, value) { text, value },
#include "flags.def"
#undef FLAGSET
#undef F

const struct flag *const flag_sets[SET_COUNT] = {
#define FLAGSET(name, entries) [SET_##name] = set_##name,
#define F(text, value)
#include "flags.def"
#undef FLAGSET
#undef F
};

#define P(name, type, format, set, dir) { name, PT_##type, FMT_##format, SET_##set, dir },
#define EVENT(number, name, category, kind, flags, class, captured, ...) \
	static const struct param params_##number[] = { __VA_ARGS__ { NULL, 0, 0, 0, -1 } };
#include "events.def"
#undef EVENT
#undef P

enum { NO, YES };
static const struct event_type types[EVENT_TYPES] = {
#define P(name, type, format, set, dir) { NULL, 0, 0, 0, -1 },
#define EVENT(num, text, cat, k, fl, cls, cap, ...) \
	[num] = { num, EVENT_##k, cls, cap, fl, sizeof params_##num / sizeof params_##num[0] - 1, text, cat, params_##num },
#include "events.def"
#undef EVENT
#undef P
};

const struct syscall_entry syscalls[SYSCALLS] = {
#define SYSCALL(number, name, x86, arm, type) [number] = { name, x86, arm, type },
#include "syscalls.def"
#undef SYSCALL
};

const struct event_type *event_type(unsigned number)
{
	return number < EVENT_TYPES && types[number].name ? &types[number] : NULL;
}

const struct event_type *event_type_named(const char *name, size_t len)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = &types[i];
		if (t->name && t->kind != EVENT_ENTER && strncmp(t->name, name, len) == 0 && t->name[len] == '\0')
			return t;
	}
	return NULL;
}

int event_param(const struct event_type *t, const char *name, size_t len)
{
	for (int i = 0; i < t->nparams; i++)
		if (strncmp(t->params[i].name, name, len) == 0 && t->params[i].name[len] == '\0')
			return i;
	return -1;
}

static bool is_fd(const struct event_type *t, int i)
{
	return t->params[i].type == PT_FD || t->params[i].type == PT_FD32;
}

int event_fd(const struct event_type *t)
{
	int first = -1;

	if (!(t->flags & (EV_CREATES_FD | EV_USES_FD | EV_DESTROYS_FD)))
		return -1;
	for (int i = 0; i < t->nparams; i++) {
		if (!is_fd(t, i))
			continue;
		if (t->flags & EV_CREATES_FD)
			return strcmp(t->params[i].name, "fd1") == 0 ? i + 1 : i;
		if (strcmp(t->params[i].name, "fd") == 0)
			return i;
		if (first < 0 && strcmp(t->params[i].name, "res") != 0)
			first = i;
	}
	return t->flags & EV_CREATES_FD && t->nparams ? 0 : first;
}

const char *param_type_name(unsigned type)
{
	static const char *const names[PT_TYPES] = {
		"UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FD", "FD32", "PID", "PID32", "ERRNO",
		"UID", "GID", "CHARBUF", "FSPATH", "FSRELPATH", "BYTEBUF", "CHARBUFARRAY", "SOCKADDR", "SOCKTUPLE", "FDLIST",
		"FLAGS8", "FLAGS16", "FLAGS32", "ENUMFLAGS8", "ENUMFLAGS16", "ENUMFLAGS32", "MODE", "SIGTYPE", "SIGSET",
		"SYSCALLID", "RELTIME", "ABSTIME", "PORT", "IPV4ADDR", "IPV6ADDR", "DYN",
	};
	return type < PT_TYPES ? names[type] : NULL;
}

uint16_t event_frame_type(const struct frame *f)
{
	const uint8_t *b = f->body;

	if (f->len < 39 || b[0] != 0xcf || b[9] != 0xcf || b[18] != 0xcd || b[21] != 0xcf || b[30] != 0xcf)
		return 0;
	return (uint16_t)(b[19] << 8 | b[20]);
}

int event_decode(const struct frame *f, struct event *e, size_t *at)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value v[8];

	*at = 0;
	if (!event_frame_type(f))
		return -1;
	for (int i = 0; i < 8; i++) {
		*at = (size_t)(c.p - f->body);
		if (value_next(&c, &v[i]) != 1)
			return -1;
		if (i < 5 && v[i].type != VALUE_UINT)
			return -1;
	}
	*e = (struct event){ .time = v[0].u, .id = v[1].u, .type = (uint16_t)v[2].u, .process = v[3].u, .task = v[4].u,
		.params = c };
	if (!value_i64(&v[5], &e->tid) || !value_i64(&v[6], &e->cpu))
		return -1;
	e->has_result = value_i64(&v[7], &e->result);
	if (!e->has_result && v[7].type != VALUE_NIL)
		return -1;
	*at = (size_t)(c.p - f->body);
	return 0;
}
