/* EVENT frames: each parameter from where the type's row of types.c says that it comes. */
#include "encode.h"

#include <string.h>
#include <sys/socket.h>

#include "cgroups.h"
#include "kernel_values.h"
#include "types.h"
#include "wire/event.h"

void encode_event_head(struct encoder *e, const struct raw_head *h, bool has_result, int64_t result)
{
	struct pack *out = &e->out;

	pack_fix64(out, h->time + (uint64_t)e->clock_offset);
	pack_fix64(out, h->id);
	pack_fix16(out, h->type);
	pack_fix64(out, h->process);
	pack_fix64(out, h->task);
	pack_uint(out, h->tid);
	pack_uint(out, h->cpu);
	if (has_result)
		pack_int(out, result);
	else
		pack_nil(out);
}

static void pack_kinds(struct pack *out, const struct raw_item *it)
{
	const struct raw_kind_of *k = item_data(it);
	uint32_t n = 0;

	for (int i = 0; i < 3; i++)
		n += k[i].open != 0;
	pack_map(out, n);
	for (unsigned i = 0; i < 3; i++)
		if (k[i].open) {
			pack_uint(out, i);
			pack_str(out, fd_kinds[value_fd_kind(k[i].mode, k[i].magic, k[i].family, k[i].name,
				(unsigned)strnlen(k[i].name, sizeof k[i].name))].text);
		}
}

void encode_extra(struct encoder *e, const struct record *r)
{
	const struct raw_head *h = r->head;
	bool lacking = h->flags & RAW_INCOMPLETE, kinds = r->kinds && r->kinds->len >= 3 * sizeof(struct raw_kind_of);
	struct pack *out = &e->out;

	if (!lacking && !kinds)
		return;
	pack_map(out, (lacking ? 5 : 0) + kinds);
	if (lacking) {
		pack_str(out, "incomplete");
		pack_bool(out, true);
		pack_str(out, "pid");
		pack_uint(out, h->pid);
		pack_str(out, "ppid");
		pack_uint(out, h->ppid);
		pack_str(out, "uid");
		pack_uint(out, h->uid);
		pack_str(out, "comm");
		pack_bin(out, h->comm, strnlen(h->comm, RAW_COMM));
	}
	if (kinds) {
		pack_str(out, "fd_kinds");
		pack_kinds(out, r->kinds);
	}
}

static uint32_t socket_flags(uint64_t type)
{
	return (type & SOCK_NONBLOCK ? 64 : 0) | (type & SOCK_CLOEXEC ? 4096 : 0);
}

/* A number that the kernel side put into an item; false when it did not. */
static bool number_item(const struct raw_item *it, unsigned word, uint64_t *n)
{
	if (!it || it->len < (word + 1) * sizeof *n)
		return false;
	memcpy(n, (const char *)item_data(it) + word * sizeof *n, sizeof *n);
	return true;
}

static void pack_file_number(struct pack *out, const struct raw_item *it, enum from from)
{
	const struct raw_file *f = it && it->len >= sizeof *f ? item_data(it) : NULL;

	if (!f)
		pack_nil(out);
	else if (from == FROM_DEVICE)
		pack_uint(out, value_device(f->device));
	else if (from == FROM_INODE)
		pack_uint(out, f->inode);
	else
		pack_uint(out, f->layer);
}

static void pack_queue(struct pack *out, const struct raw_item *it, unsigned which)
{
	const struct raw_sock *s = it ? item_sock(it) : NULL;
	const uint64_t values[3] = { s && s->backlog_max ? (uint64_t)s->backlog * 100 / s->backlog_max : 0, s ? s->backlog : 0,
		s ? s->backlog_max : 0 };

	pack_uint(out, values[which]);
}

/* What Falco adds to the flags of a call that opens: whether it made the file, and the overlay's layer. */
static uint32_t opened_flags(const struct raw_item *it)
{
	static const uint32_t layers[] = { 0, 32768, 65536 };
	const struct raw_file *f = it && it->len >= sizeof *f ? item_data(it) : NULL;

	return f ? (f->created ? 16384 : 0) | (f->layer < 3 ? layers[f->layer] : 0) : 0;
}

static void pack_how(struct pack *out, const struct raw_item *how, unsigned word, uint32_t opened)
{
	uint64_t n, flags;

	if (!number_item(how, word, &n) || !number_item(how, 0, &flags))
		pack_nil(out);
	else
		pack_uint(out, word == 0 ? value_open_flags(n) | opened : word == 1 ? value_open_mode(flags, n) : value_resolve_flags(n));
}

static void pack_number(struct pack *out, const struct encoder *e, const struct raw_item *it, enum from from)
{
	uint64_t n;

	if (!number_item(it, 0, &n))
		pack_nil(out);
	else if (from == FROM_CLONE_NUMBER)
		pack_uint(out, value_clone_flags(n));
	else if (from == FROM_BOOT_TIME)
		pack_uint(out, n ? n + (uint64_t)e->clock_offset : 0);
	else
		pack_uint(out, n);
}


/* The item that holds the directory of a path: the base of the path that follows its descriptor. */
static const struct raw_item *dir_item(const struct record *r, unsigned param)
{
	return r->value[param] ? r->value[param] : param + 1 < RECORD_PARAMS ? r->base[param + 1] : NULL;
}

static void pack_param(struct encoder *e, const struct record *r, unsigned n, struct source_of from)
{
	const struct raw_event *ev = (const void *)r->head;
	const struct raw_item *at = from.index < RECORD_PARAMS ? r->value[from.index] : NULL;
	struct pack *out = &e->out;
	uint64_t arg = from.index < 6 ? ev->args[from.index] : 0;

	switch ((enum from)from.from) {
	case FROM_NIL: pack_nil(out); break;
	case FROM_RET: pack_int(out, ev->ret); break;
	case FROM_ARG: pack_uint(out, arg); break;
	case FROM_INT: pack_int(out, (int32_t)arg); break;
	case FROM_OPEN_FLAGS: pack_uint(out, value_open_flags(arg) | opened_flags(r->value[0])); break;
	case FROM_OPEN_MODE: pack_uint(out, value_open_mode(ev->args[from.index - 1], arg)); break;
	case FROM_RESOLVE: pack_uint(out, value_resolve_flags(arg)); break;
	case FROM_CLONE_FLAGS: pack_uint(out, value_clone_flags(arg)); break;
	case FROM_PTRACE: pack_uint(out, value_ptrace_request(arg)); break;
	case FROM_SOCKET_TYPE: pack_uint(out, arg & ~(uint64_t)(SOCK_NONBLOCK | SOCK_CLOEXEC)); break;
	case FROM_SOCKET_FLAGS: pack_uint(out, socket_flags(arg)); break;
	case FROM_FD_RET: encode_fd(out, ev->ret, r->value[n]); break;
	case FROM_FD_ARG: encode_fd(out, (int32_t)arg, dir_item(r, n)); break;
	case FROM_PATH: encode_path(out, r->passed[n], r->base[n], at); break;
	case FROM_DEVICE: case FROM_INODE: case FROM_LAYER: pack_file_number(out, at, from.from); break;
	case FROM_TUPLE:
		if (at && item_sock(at))
			encode_tuple(out, item_sock(at));
		else
			pack_nil(out);
		break;
	case FROM_ADDR: encode_sockaddr(out, r->value[n]); break;
	case FROM_NUMBER: case FROM_CLONE_NUMBER: case FROM_BOOT_TIME: pack_number(out, e, r->value[n], from.from); break;
	case FROM_BYTES: encode_bytes(out, r->value[n]); break;
	case FROM_FIRST: encode_first_text(out, at); break;
	case FROM_OTHERS: encode_other_texts(out, at); break;
	case FROM_HOW: pack_how(out, r->value[3], from.index, opened_flags(r->value[0])); break;
	case FROM_QUEUE: pack_queue(out, r->base[2], from.index); break;
	case FROM_TID: pack_uint(out, r->head->tid); break;
	case FROM_PID: pack_uint(out, r->head->pid); break;
	case FROM_PPID: pack_uint(out, r->head->ppid); break;
	case FROM_UID: pack_uint(out, r->head->uid); break;
	case FROM_COMM: pack_bin(out, r->head->comm, strnlen(r->head->comm, RAW_COMM)); break;
	}
}

void encode_event(struct encoder *e, const struct record *r)
{
	const struct event_type *t = event_type(r->head->type);
	const struct captured *c = captured_type(r->head->type);

	if (!t || !c) {
		e->bad++;
		return;
	}
	size_t f = frame_begin(&e->out, FRAME_EVENT);
	encode_event_head(e, r->head, true, ((const struct raw_event *)r->head)->ret);
	for (unsigned n = 0; n < t->nparams; n++)
		pack_param(e, r, n, c->params[n]);
	encode_extra(e, r);
	frame_end(&e->out, f);
	e->events++;
}

static void encode_cgroup(struct encoder *e, const struct raw_cgroup *c)
{
	const char *path = (const char *)(c + 1);

	if (c->path_len > c->h.len - sizeof *c) {
		e->bad++;
		return;
	}
	if (c->made) {
		cgroups_made(e->cgroups, c->id, path, c->path_len);
		cgroups_announce(e->cgroups, c->id, &e->out);
		return;
	}
	cgroups_gone(e->cgroups, c->id);
	cgroup_frame(&e->out, c->id, path, c->path_len, false);
}

void encode_record(struct encoder *e, const void *data, size_t size)
{
	struct record r;

	if (record_open(&r, data, size) != 0) {
		e->bad++;
		return;
	}
	switch (r.head->kind) {
	case RAW_EVENT: encode_event(e, &r); break;
	case RAW_PROC: encode_proc(e, &r); break;
	case RAW_THREAD: encode_thread(e, &r); break;
	case RAW_EXEC:
		encode_exec(e, &r);
		break;
	case RAW_EXIT: encode_exit(e, &r); break;
	case RAW_CGROUP: encode_cgroup(e, data); break;
	}
}
