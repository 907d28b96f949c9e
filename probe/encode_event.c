/* EVENT frames: each parameter from where the type's row of types.c says that it comes. */
#include "encode.h"

#include <linux/prctl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

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

/* A number that the kernel side put into an item, of 8 bytes or of 4; false when it did not. */
static bool number_item(const struct raw_item *it, unsigned word, uint64_t *n)
{
	if (it && word == 0 && it->len == sizeof(uint32_t)) {
		uint32_t half;
		memcpy(&half, item_data(it), sizeof half);
		*n = half;
		return true;
	}
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

/* Word `index` of the structure that the kernel side copied for parameter 1. */
static void pack_word(struct pack *out, const struct raw_item *it, unsigned index, enum from from)
{
	uint32_t word;

	if (!it || it->len < (index + 1) * sizeof word) {
		pack_nil(out);
		return;
	}
	memcpy(&word, (const char *)item_data(it) + index * sizeof word, sizeof word);
	pack_uint(out, from == FROM_RING_FLAGS ? value_ring_flags(word) : word);
}

static void pack_prctl(struct pack *out, const struct raw_event *ev, const struct raw_item *it, enum from from)
{
	int32_t n = 0;

	if (from == FROM_PRCTL_TEXT && ev->args[0] == PR_SET_NAME) {
		encode_bytes(out, it);
	} else if (from == FROM_PRCTL_TEXT) {
		pack_bin(out, "", 0);
	} else if (ev->args[0] == PR_GET_CHILD_SUBREAPER && it && it->len >= sizeof n) {
		memcpy(&n, item_data(it), sizeof n);
		pack_int(out, n);
	} else {
		pack_int(out, ev->args[0] == PR_SET_NAME ? 0 : (int64_t)ev->args[1]);
	}
}

/* Flags of a call's argument. */
static uint32_t argument_flags(const struct record *r, enum from from, unsigned index, uint64_t arg)
{
	const struct raw_event *ev = (const void *)r->head;

	if (from == FROM_OPEN_MODE)
		return value_open_mode(ev->args[index - 1], arg);
	return value_argument(from, arg) | (from == FROM_OPEN_FLAGS ? opened_flags(r->value[0]) : 0);
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
	case FROM_U32: pack_uint(out, (uint32_t)arg); break;
	case FROM_INT: pack_int(out, (int32_t)arg); break;
	case FROM_POSITION:
		pack_uint(out, r->head->flags & RAW_COMPAT ? (uint32_t)arg | ev->args[from.index + 1] << 32 : arg);
		break;
	case FROM_OPEN_FLAGS: case FROM_OPEN_MODE: case FROM_RESOLVE: case FROM_CLONE_FLAGS: case FROM_PTRACE: case FROM_MODE:
	case FROM_NODE_MODE: case FROM_PROT: case FROM_MAP_FLAGS: case FROM_MOUNT_FLAGS: case FROM_CHOWN_FLAGS:
	case FROM_MEMFD_FLAGS: case FROM_MODULE_FLAGS: case FROM_SOCKET_TYPE: case FROM_FD_FLAGS:
		pack_uint(out, argument_flags(r, from.from, from.index, arg));
		break;
	case FROM_FD_RET: encode_fd(out, ev->ret, r->value[n]); break;
	case FROM_FD_ARG: encode_fd(out, (int32_t)arg, dir_item(r, n)); break;
	case FROM_PAIR:
		if (r->value[n])
			encode_fd(out, (int32_t)r->value[n]->aux, r->value[n]);
		else
			pack_nil(out);
		break;
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
	case FROM_SIZE: pack_number(out, e, r->value[RAW_PARAM_SIZE], FROM_NUMBER); break;
	case FROM_OFFSET:
		if (r->value[n])
			pack_number(out, e, r->value[n], FROM_NUMBER);
		else
			pack_uint(out, 0);
		break;
	case FROM_WORD: case FROM_RING_FLAGS: pack_word(out, r->value[1], from.index, from.from); break;
	case FROM_BYTES: encode_bytes(out, r->value[n]); break;
	case FROM_CONTROL: encode_bytes(out, r->value[RAW_PARAM_CONTROL]); break;
	case FROM_PRCTL_TEXT: case FROM_PRCTL_NUMBER: pack_prctl(out, ev, r->value[n], from.from); break;
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
