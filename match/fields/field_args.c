/* Parameter names of the whole event table. */
#include "field_args.h"

#include <string.h>

#include "field_get.h"
#include "wire/event.h"

bool field_is_arg(const struct field_def *d)
{
	return d->get == get_arg || d->get == get_rawarg;
}

/* Parameters that only former versions of events had: rules that name them load. */
static const char *const former[] = { "image", "res_or_fd", "tags" };
enum { FORMER = EVENT_TYPES * EVENT_PARAMS };

static void longer(const char *name, int number, const char *text, size_t len, size_t *best, int *param)
{
	size_t n = strlen(name);

	if (n > *best && n <= len && memcmp(name, text, n) == 0) {
		*best = n;
		*param = number;
	}
}

size_t field_args_find(const char *text, size_t len, int *param)
{
	size_t best = 0;

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		for (int k = 0; t && k < t->nparams; k++)
			longer(t->params[k].name, (int)i * EVENT_PARAMS + k, text, len, &best, param);
	}
	for (size_t i = 0; i < sizeof former / sizeof former[0]; i++)
		longer(former[i], FORMER + (int)i, text, len, &best, param);
	return best;
}

/* The parameter at its first place in the event table, or NULL. */
static const struct param *first_place(int number)
{
	return number < FORMER ? &event_type((unsigned)number / EVENT_PARAMS)->params[number % EVENT_PARAMS] : NULL;
}

const int8_t *field_args_table(int param, struct arena *a)
{
	const struct param *p = first_place(param);
	int8_t *table = arena_alloc(a, EVENT_TYPES);

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = p ? event_type(i) : NULL;
		table[i] = t ? (int8_t)event_param(t, p->name, strlen(p->name)) : -1;
	}
	return table;
}

static enum field_type raw_type(enum param_type t)
{
	switch (t) {
	case PT_INT8: case PT_INT16: case PT_INT32: case PT_INT64:
	case PT_FD: case PT_FD32: case PT_PID: case PT_PID32: case PT_ERRNO:
		return TYPE_INT;
	case PT_CHARBUF: case PT_FSPATH: case PT_FSRELPATH:
		return TYPE_STRING;
	case PT_BYTEBUF: case PT_CHARBUFARRAY: case PT_SOCKADDR: case PT_SOCKTUPLE: case PT_FDLIST: case PT_SIGSET: case PT_DYN:
		return TYPE_BYTES;
	case PT_RELTIME: return TYPE_RELTIME;
	case PT_ABSTIME: return TYPE_ABSTIME;
	case PT_PORT: return TYPE_PORT;
	case PT_IPV4ADDR: case PT_IPV6ADDR: return TYPE_IP;
	default: return TYPE_UINT;
	}
}

const struct field_def *field_args_def(const struct field_def *d, int param)
{
	enum { FLAGS = FIELD_ARG_REQUIRED | FIELD_NO_RHS | FIELD_NO_TRANSFORM };
#define RAW(type, hex) { "evt.rawarg", type, ARG_NAME, FLAGS | hex, get_rawarg, 0, "syscall", "binary value of a parameter", NULL }
	static const struct field_def variants[] = {
		RAW(TYPE_INT, 0), RAW(TYPE_STRING, 0), RAW(TYPE_BYTES, 0), RAW(TYPE_RELTIME, 0), RAW(TYPE_ABSTIME, 0),
		RAW(TYPE_PORT, 0), RAW(TYPE_IP, 0), RAW(TYPE_UINT, 0), RAW(TYPE_INT, FIELD_HEX), RAW(TYPE_UINT, FIELD_HEX),
	};
#undef RAW
	const struct param *p = first_place(param);

	if (d->get != get_rawarg || !p)
		return d;
	enum field_type type = raw_type((enum param_type)p->type);
	bool hex = p->format == FMT_HEX && (type == TYPE_INT || type == TYPE_UINT);
	for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
		if (variants[i].type == type && hex == !!(variants[i].flags & FIELD_HEX))
			return &variants[i];
	return d;
}
