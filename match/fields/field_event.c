/* Fields of the event itself: what it is, when it was and how it ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "field_fd.h"
#include "field_names.h"
#include "wire/fact.h"

enum { NS = 1000000000 };
enum { TYPE_GENERIC = 1, TYPE_OPEN = 3, TYPE_CREAT = 59, TYPE_OPENAT = 307, TYPE_OPENAT2 = 327, TYPE_OPEN_BY_HANDLE = 337,
	TYPE_ASYNC = 402 };

int get_num(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->u = c->number;
	return 1;
}

int get_time(const struct field_ref *f, struct context *c, struct field_value *out)
{
	static const struct { const char *format; bool ns; const char *zone; } forms[] = {
		[TIME_LOCAL] = { "%H:%M:%S", true, "" }, [TIME_LOCAL_S] = { "%H:%M:%S", false, "" },
		[TIME_ISO] = { "%Y-%m-%dT%H:%M:%S", true, "+0000" }, [TIME_DATE] = { "%Y-%m-%d %H:%M:%S", true, "" },
		[TIME_DATE_S] = { "%Y-%m-%d %H:%M:%S", false, "" },
	};
	unsigned what = f->def->what;
	time_t seconds = (time_t)(c->event.time / NS);
	struct text t = text_new(&c->arena, 48);
	struct tm tm;
	char buf[40];

	if (what == TIME_ISO)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	text_add(&t, buf, strftime(buf, sizeof buf, forms[what].format, &tm));
	if (forms[what].ns)
		text_printf(&t, ".%09u", (unsigned)(c->event.time % NS));
	text_puts(&t, forms[what].zone);
	return text_value(&t, out);
}

static uint64_t part_of(uint64_t ns, enum part part)
{
	return part == PART_SECONDS ? ns / NS : part == PART_NS ? ns % NS : ns;
}

int get_rawtime(const struct field_ref *f, struct context *c, struct field_value *out)
{
	out->u = part_of(c->event.time, f->def->what);
	return 1;
}

int get_reltime(const struct field_ref *f, struct context *c, struct field_value *out)
{
	out->u = part_of(c->event.time > c->first_time ? c->event.time - c->first_time : 0, f->def->what);
	return 1;
}

/* Since the event for which this very reference was worked out before. */
int get_deltatime(const struct field_ref *f, struct context *c, struct field_value *out)
{
	uint64_t before = *f->memory;

	*f->memory = c->event.time;
	out->u = part_of(before && c->event.time > before ? c->event.time - before : 0, f->def->what);
	return 1;
}

/* Only captures tell it, and only 0.28 made something of it. */
int get_latency(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value v;
	uint64_t ns = 0;

	if (c->old && context_extra(c, "latency", &v))
		value_u64(&v, &ns);
	out->u = part_of(ns, f->def->what);
	return 1;
}

int get_count(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)c;
	out->u = ++*f->memory;
	return 1;
}

/* How many ms, begun ones too, from the time in the argument. */
int get_around(const struct field_ref *f, struct context *c, struct field_value *out)
{
	enum { MS = 1000000 };
	uint64_t at = strtoull(f->key, NULL, 10), now = c->event.time, apart = now > at ? now - at : at - now;

	out->u = apart / MS + (apart % MS != 0);
	return 1;
}

int get_source(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return c->source ? field_puts(out, c->source) : -1;
}

static bool is_async(const struct context *c)
{
	return c->type && c->type->kind == EVENT_META;
}

int get_is_async(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->b = is_async(c);
	return 1;
}

int get_hostname(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct hello *h = c->state ? state_hello(c->state) : NULL;
	const char *set = getenv("FALCO_HOSTNAME");

	(void)f;
	if (set)
		return field_puts(out, set);
	return h && h->seen ? field_puts(out, h->host) : -1;
}

/* The end of a call: all that is told of calls, but of captures as 0.28 read them. */
static bool is_exit(const struct context *c)
{
	struct value v;

	return c->type && c->type->kind == EVENT_SYSCALL && !(context_extra(c, "enter", &v) && v.type == VALUE_BOOL && v.boolean);
}

int get_dir(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return c->type ? field_puts(out, is_exit(c) ? "<" : ">") : -1;
}

static const char *generic_name(const struct context *c)
{
	int64_t id;

	if (field_param_i64(c, "ID", &id) && id > 0 && id < SYSCALLS)
		return syscalls[id].name;
	/* A call that was not known when the capture was made: its number on that machine still tells it. */
	if (field_param_i64(c, "nativeID", &id) && id >= 0)
		for (int i = 1; i < SYSCALLS; i++)
			if (syscalls[i].x86_64 == id)
				return syscalls[i].name;
	return "unknown";
}

int get_type(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const char *p;
	uint32_t n;

	(void)f;
	if (!c->type)
		return -1;
	if (c->type->number == TYPE_GENERIC)
		return field_puts(out, generic_name(c));
	if (c->type->number == TYPE_ASYNC && field_bytes(field_param(c, "name"), &p, &n))
		return field_text(out, p, n);
	return field_puts(out, c->type->name);
}

int get_asynctype(const struct field_ref *f, struct context *c, struct field_value *out)
{
	return is_async(c) ? get_type(f, c, out) : -1;
}

int get_type_is(const struct field_ref *f, struct context *c, struct field_value *out)
{
	if (get_type(f, c, out) < 0)
		return -1;
	bool same = strlen(f->key) == out->s.n && memcmp(f->key, out->s.p, out->s.n) == 0;
	out->u = same || (unsigned long)c->type->number == strtoul(f->key, NULL, 10);
	return 1;
}

int get_syscall_type(const struct field_ref *f, struct context *c, struct field_value *out)
{
	return c->type && c->type->kind == EVENT_SYSCALL ? get_type(f, c, out) : -1;
}

/* Falco's words for what an I/O call works on. Of other kinds, a timerfd say, its golden values have "unknown". */
static const char *kind_category(const struct fd *fd)
{
	if (!fd->known && !fd->has_tuple)
		return "unknown";
	switch (fd->kind) {
	case FD_FILE: case FD_DIRECTORY: return "file";
	case FD_IPV4: case FD_IPV6: return "net";
	case FD_UNIX: case FD_PIPE: case FD_EVENT: case FD_SIGNALFD: case FD_INOTIFY: case FD_USERFAULTFD: return "ipc";
	default: return "unknown";
	}
}

static bool is_io(const struct event_type *t)
{
	return strncmp(t->category, "IO_", 3) == 0;
}

static const char *category(struct context *c)
{
	return is_io(c->type) ? kind_category(fd_of_event(c)) : c->type->category;
}

int get_category(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return c->type ? field_puts(out, category(c)) : -1;
}

int get_cpu(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->i = c->event.cpu;
	return c->type ? 1 : -1;
}

int get_res(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	if (!c->type || !c->event.has_result)
		return -1;
	if (c->event.result >= 0)
		return field_puts(out, "SUCCESS");
	const char *name = field_errno(-c->event.result);
	if (name)
		return field_puts(out, name);
	struct text t = text_new(&c->arena, 24);
	text_printf(&t, "%lld", (long long)c->event.result);
	return text_value(&t, out);
}

int get_rawres(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->i = c->event.result;
	return c->type && c->event.has_result ? 1 : -1;
}

int get_failed(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->b = c->event.result < 0;
	return c->type && c->event.has_result ? 1 : -1;
}

int get_event_flag(const struct field_ref *f, struct context *c, struct field_value *out)
{
	static const uint8_t masks[] = {
		[IS_IO] = EV_READS | EV_WRITES, [IS_READ] = EV_READS, [IS_WRITE] = EV_WRITES, [IS_WAIT] = EV_WAITS
	};

	if (!c->type)
		return -1;
	out->b = c->type->flags & masks[f->def->what];
	return 1;
}

int get_io_dir(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	if (!c->type || !(c->type->flags & (EV_READS | EV_WRITES)))
		return -1;
	return field_puts(out, c->type->flags & EV_READS ? "read" : "write");
}

int get_is_syslog(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	if (!c->type)
		return -1;
	const struct fd *fd = c->type->flags & EV_WRITES ? fd_of_event(c) : NULL;
	out->b = fd && fd->name_len >= 8 && memmem(fd->name, fd->name_len, "/dev/log", 8) != NULL;
	return 1;
}

int get_one(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	(void)c;
	out->u = 1;
	return 1;
}

int get_zero(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	(void)c;
	out->u = 0;
	return 1;
}

int get_zero_text(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	(void)c;
	return field_puts(out, "0ns");
}

/* Not the category: a call on a path alone is of the other kind, one on memory may be on a file too. */
static bool is_kind(struct context *c, enum error_kind kind)
{
	const struct fd *fd = fd_of_event(c);

	switch (kind) {
	case ERROR_ANY: return true;
	case ERROR_FILE: return fd->kind == FD_FILE || fd->kind == FD_DIRECTORY;
	case ERROR_NET:
		return fd->kind == FD_IPV4 || fd->kind == FD_IPV6 || fd->kind == FD_UNIX || strcmp(c->type->category, "net") == 0;
	case ERROR_MEMORY: return strcmp(c->type->category, "memory") == 0;
	case ERROR_OTHER: return !is_kind(c, ERROR_FILE) && !is_kind(c, ERROR_NET) && !is_kind(c, ERROR_MEMORY);
	}
	return false;
}

int get_error(const struct field_ref *f, struct context *c, struct field_value *out)
{
	if (!c->type || !c->event.has_result || !is_kind(c, f->def->what))
		return -1;
	out->u = c->event.result < 0;
	return 1;
}

int get_exit_count(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->u = 1;
	return is_exit(c) ? 1 : -1;
}

static bool flag_in(const struct context *c, const char *param, int64_t mask)
{
	int64_t bits;

	return field_param_i64(c, param, &bits) && (bits & mask);
}

/* The numbering of flags is Falco's: reading is bit 1, writing 2. */
int get_open(const struct field_ref *f, struct context *c, struct field_value *out)
{
	enum { READ = 1, WRITE = 2, CREAT = 4, TMPFILE = 8192, CREATED = 16384, ANY_X = 0111 };
	unsigned type = c->type ? c->type->number : 0;
	bool open = type == TYPE_OPEN || type == TYPE_OPENAT || type == TYPE_OPENAT2;
	bool any = open || type == TYPE_OPEN_BY_HANDLE;

	switch ((enum open_flag)f->def->what) {
	case OPEN_READ: out->b = any && flag_in(c, "flags", READ); break;
	case OPEN_WRITE: out->b = any && flag_in(c, "flags", WRITE); break;
	case OPEN_EXEC:
		out->b = ((open && flag_in(c, "flags", CREAT | TMPFILE)) || type == TYPE_CREAT) && flag_in(c, "mode", ANY_X);
		break;
	case OPEN_CREATE:
		out->b = any && (flag_in(c, "flags", CREATED) ||
			(flag_in(c, "flags", TMPFILE) && c->event.has_result && c->event.result >= 0));
		break;
	}
	return c->type ? 1 : -1;
}

int get_buffer(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct value *v = field_param(c, "data");
	const char *p;
	uint32_t n;

	(void)f;
	if (!v || !(c->type->flags & (EV_READS | EV_WRITES)))
		return -1;
	return field_bytes(v, &p, &n) ? field_text(out, p, n) : field_puts(out, "");
}

/* `what`: directions and kinds that it is restricted to. */
int get_buffer_length(const struct field_ref *f, struct context *c, struct field_value *out)
{
	unsigned what = f->def->what;

	if (!c->type || !is_io(c->type) || !c->event.has_result || c->event.result < 0)
		return -1;
	const char *kind = category(c);
	out->u = (uint64_t)c->event.result;
	const struct fd *fd = fd_of_event(c);
	if ((!fd->known && !fd->has_tuple) || (what & LENGTH_IN && !(c->type->flags & EV_READS)) ||
		(what & LENGTH_OUT && !(c->type->flags & EV_WRITES)) || (what & LENGTH_FILE && strcmp(kind, "file") != 0) ||
		(what & LENGTH_NET && strcmp(kind, "net") != 0))
		return -1;
	return 1;
}
