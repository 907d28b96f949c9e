/* Calls that io_uring makes in a program's stead. Who asked and for what is told when a request is handed in, from the kernel's own
 * copies of paths; what came of it when it is done, perhaps by another thread or much later. In between it is kept, by request. */
#ifndef PROBE_BPF_URING_H
#define PROBE_BPF_URING_H

#include "events.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct filename {
	const char *name;
};
struct io_cqe {
	__s32 res, fd;
};
struct io_rsrc_node {
	unsigned long file_ptr;
};
struct io_rsrc_data {
	struct io_rsrc_node **nodes;
};
struct io_file_table {
	struct io_rsrc_data data;
};
struct io_ring_ctx {
	struct io_file_table file_table;
};
struct io_file_table___old {           /* to 6.12 */
	void *files;                   /* words like file_ptr */
};
struct io_ring_ctx___old {
	struct io_file_table___old file_table;
};
struct io_kiocb {
	struct file *file;             /* while the call is made; a call's own arguments lie from here, too */
	__u8 opcode;
	unsigned int flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
};
struct open_how {
	__u64 flags, mode;
};
struct io_open {
	int dfd;
	__u32 file_slot;
	struct filename *filename;
	struct open_how how;
};
struct io_unlink {
	int dfd, flags;
	struct filename *filename;
};
struct io_rename {
	int old_dfd, new_dfd, flags;
	struct filename *oldpath, *newpath;
};
struct io_link {
	int old_dfd, new_dfd, flags;
	struct filename *oldpath, *newpath;
};
struct io_mkdir {
	int dfd;
	unsigned short mode;
	struct filename *filename;
};
struct io_connect {
	void *addr;
	int addr_len;
};
struct io_socket {
	int domain, type, protocol;
	__u32 file_slot;
};
struct io_uring_cqe {
	__s32 res;
};

#pragma clang attribute pop

enum { PF_IO_WORKER = 0x10 };
enum { RING_FIXED_FILE = 1 << 0, RING_SKIPS = 1 << 6 };       /* io_kiocb.flags, as in the caller's entry */
enum {
	RING_CONNECT = 16, RING_OPENAT = 18, RING_OPENAT2 = 28, RING_RENAMEAT = 35, RING_UNLINKAT = 36, RING_MKDIRAT = 37,
	RING_SYMLINKAT = 38, RING_LINKAT = 39, RING_SOCKET = 45
};

/* The ring adds it to what it was asked for. */
#if defined(__TARGET_ARCH_x86)
#define LARGEFILE 0100000ull
#else
#define LARGEFILE 0400000ull
#endif

/* Which of its calls are captured, by operation. Written by the loader. */
struct raw_call ring_calls[RAW_RING_CALLS];

enum { RING_RECORD = 12288 };          /* two paths of full length and where they begin */

enum { RING_ANY_SLOT = 0xffffffff };

/* A record as far as it is known, and what its last steps need. */
struct ring_request {
	__u8 record[RING_RECORD];
	struct peer peer;
	struct raw_lines lines;        /* of the plan, that who asked does not rule out */
	__u64 plan;                    /* its serial */
	__u32 slot, rejected;               /* of the ring's own table, from 1, for a file that it opens; 0: a descriptor */
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);            /* the request's address */
	__type(value, struct ring_request);
	__uint(max_entries, 1024);
} ring_requests SEC(".maps");

#define NAME_OF(type, req, field) ((__u64)READ(struct filename, READ(type, req, field), name))

/* The arguments that the system call of the same name would have; texts and open_how are at kernel addresses. */
__noinline int ring_args(struct slot *s, __u64 req, __u32 op)
{
	if (!s)
		return 0;
	__u64 *a = s->call.args;
	switch (op) {
	case RING_OPENAT: case RING_OPENAT2:
		a[0] = READ(struct io_open, req, dfd);
		a[1] = NAME_OF(struct io_open, req, filename);
		a[2] = op == RING_OPENAT ? READ(struct io_open, req, how.flags) & ~LARGEFILE : req + bpf_core_field_offset(struct io_open, how);
		a[3] = READ(struct io_open, req, how.mode);
		break;
	case RING_UNLINKAT:
		a[0] = READ(struct io_unlink, req, dfd);
		a[1] = NAME_OF(struct io_unlink, req, filename);
		a[2] = READ(struct io_unlink, req, flags);
		break;
	case RING_RENAMEAT:
		a[0] = READ(struct io_rename, req, old_dfd);
		a[1] = NAME_OF(struct io_rename, req, oldpath);
		a[2] = READ(struct io_rename, req, new_dfd);
		a[3] = NAME_OF(struct io_rename, req, newpath);
		a[4] = READ(struct io_rename, req, flags);
		break;
	case RING_MKDIRAT:
		a[0] = READ(struct io_mkdir, req, dfd);
		a[1] = NAME_OF(struct io_mkdir, req, filename);
		a[2] = READ(struct io_mkdir, req, mode);
		break;
	case RING_LINKAT:
		a[0] = READ(struct io_link, req, old_dfd);
		a[1] = NAME_OF(struct io_link, req, oldpath);
		a[2] = READ(struct io_link, req, new_dfd);
		a[3] = NAME_OF(struct io_link, req, newpath);
		a[4] = READ(struct io_link, req, flags);
		break;
	case RING_SYMLINKAT:
		a[0] = NAME_OF(struct io_link, req, oldpath);
		a[1] = READ(struct io_link, req, new_dfd);
		a[2] = NAME_OF(struct io_link, req, newpath);
		break;
	case RING_CONNECT:
		a[0] = READ(struct io_kiocb, req, flags) & RING_FIXED_FILE ? -1 : READ(struct io_kiocb, req, cqe.fd);
		a[1] = (__u64)READ(struct io_connect, req, addr);
		a[2] = READ(struct io_connect, req, addr_len);
		break;
	case RING_SOCKET:
		a[0] = READ(struct io_socket, req, domain);
		a[1] = READ(struct io_socket, req, type);
		a[2] = READ(struct io_socket, req, protocol);
		break;
	}
	return 0;
}

/* A text in the kernel's memory. */
__noinline int item_kernel_text(struct slot *s, __u32 form, __u32 param, __u64 text)
{
	void *to;

	if (!s || !text || !(to = item_begin(s, form, param, 0)))
		return 0;
	long n = bpf_probe_read_kernel_str(to, RAW_TEXT + 1, (void *)text);
	if (n <= 0)
		return 0;
	item_aux(s, n - 1);
	item_end(s, (n - 1) & (2 * RAW_TEXT - 1));
	return 0;
}

/* As gather_step. */
__noinline int ring_first_step(struct slot *s, __u32 i)
{
	void *to;

	if (!s || i >= RAW_STEPS)
		return 0;
	struct raw_step step = s->call.what.steps[i];
	__u64 arg = s->call.args[step.arg & 7];
	switch (step.kind) {
	case STEP_PATH: case STEP_TEXT:
		item_kernel_text(s, step.kind == STEP_PATH ? FORM_PASSED : FORM_BYTES, step.param, arg);
		break;
	case STEP_BASE:
		gather_fd(s, step, arg);
		break;
	case STEP_BYTES:
		if ((to = item_begin(s, FORM_BYTES, step.param, 24)) && bpf_probe_read_kernel(to, 24, (void *)arg) == 0) {
			*(__u64 *)to &= ~LARGEFILE;
			item_end(s, 24);
		}
		break;
	case STEP_PEER:
		gather_address(s, step, arg);
		break;
	}
	return 0;
}

/* As actor_describe. A thread that the kernel has made in the process to look for requests is not who asked. */
__noinline int ring_describe(struct slot *s)
{
	struct task_struct *t = bpf_get_current_task_btf();

	if (t->flags & PF_IO_WORKER)
		t = t->group_leader;
	if (!s)
		return 0;
	bool known = task_describe(s, t);
	s->task = (__u64)t;
	return known;
}

/* The tests of who asked, s->task. */
__noinline int ring_actor(struct slot *s)
{
	return s ? actor_keep(s) : 1;
}

/* The record of s->call as far as it is known now, in s->data; raw_head.len is its length so far. */
__noinline int ring_begin(struct slot *s, __u32 flags)
{
	if (!s)
		return 0;
	struct raw_event *e = (struct raw_event *)s->data;
	event_begin(s, flags, 0);
	gather_begin(s);
	for (int i = 0; i < RAW_STEPS && s->call.what.steps[i].kind; i++)
		ring_first_step(s, i);
	wants_gather(s, s->call.what.type);
	e->h.len = s->off;
	return 0;
}

/* A file in the ring's own table. */
static __always_inline __u64 ring_file(struct slot *s, __u64 req, __u32 index)
{
	__u64 ring = ADDRESS(s, struct io_kiocb, req, ctx), at;

	if (bpf_core_field_exists(((struct io_ring_ctx *)0)->file_table.data.nodes)) {
		at = ADDRESS(s, struct io_ring_ctx, ring, file_table.data.nodes);
		words_at(s, at + index * sizeof(void *));
		return READ(struct io_rsrc_node, WORD(s, 0), file_ptr) & ~7ull;
	}
	bpf_core_read(&at, sizeof(at), &((struct io_ring_ctx___old *)ring)->file_table.files);
	words_at(s, at + index * sizeof(void *));
	return WORD(s, 0) & ~7ull;
}

static __always_inline void ring_count(__u32 type, bool wanted, enum raw_count what)
{
	if (!wanted)
		return;
	count(type, COUNT_WANTED);
	if (what == COUNT_FULL || what == COUNT_SCRATCH)
		count_lost(type, what);
	else
		count(type, what);
}

/* What is known when the call is made: s->file is the one behind its result, or that it was made on. When it does not pass only
 * sockets are told of it. */
__noinline int ring_end(struct slot *s, __u32 passes)
{
	if (!s)
		return 0;
	__u64 file = s->file;
	bool wanted = plan_type(s->call.what.type)->wanted;
	struct raw_event *e = (struct raw_event *)s->data;
	path_root(s);
	for (int i = 0; i < RAW_STEPS && s->call.what.steps[i].kind; i++) {
		struct raw_step step = s->call.what.steps[i];
		if (!file || (step.kind != STEP_FD && step.kind != STEP_NEW_FD))
			continue;
		s->ask = (struct fd_ask){ .file = file, .form = FORM_FD, .param = step.param, .tells = step.extra,
			.fd = step.kind == STEP_FD ? s->call.args[step.arg & 7] : s->call.ret };
		fd_write(s);
	}
	if (!passes) {
		ring_count(s->call.what.type, wanted, COUNT_REJECTED);
		return 0;
	}
	e->ret = s->call.ret;
	e->h.time = bpf_ktime_get_boot_ns();
	e->h.id = __sync_fetch_and_add(&next_id, 1);
	bool sent = ring_room(s, plan_type(s->call.what.type)->class) && record_send(s) == 0;
	ring_count(s->call.what.type, true, sent ? COUNT_DELIVERED : COUNT_FULL);
	return 0;
}

static __always_inline void ring_keep(struct slot *s, __u64 req, __u32 slot, bool passes)
{
	struct ring_request *k = (struct ring_request *)s->data;

	if (s->off <= RING_RECORD) {
		k->peer = s->peer;
		k->lines = s->lines;
		k->plan = plan_of(s)->serial;
		k->slot = slot;
		k->rejected = !passes;
		if (bpf_map_update_elem(&ring_requests, &req, k, BPF_ANY) == 0)
			return;
	}
	ring_count(s->call.what.type, plan_type(s->call.what.type)->wanted, COUNT_SCRATCH);
}

static __always_inline int ring_submitted(__u64 req)
{
	__u8 op = READ(struct io_kiocb, req, opcode);
	struct raw_call *call = &ring_calls[op & (RAW_RING_CALLS - 1)];

	if (op >= RAW_RING_CALLS || !call->type)
		return 0;
	bool wanted = plan_type(call->type)->wanted;
	if (!wanted && !call->tells)
		return 0;
	struct task_struct *t = bpf_get_current_task_btf(), *leader = t->group_leader;
	struct memory *pm = memory_of(leader, true);
	if (pm && !pm->looked)
		self_look(leader, pm);
	struct slot *s = pm && pm->self ? NULL : slot_take();
	if (!s || !pm) {
		ring_count(call->type, wanted, pm && pm->self ? COUNT_SELF : COUNT_SCRATCH);
		if (s)
			slot_give(s);
		return 0;
	}
	s->task = t->flags & PF_IO_WORKER ? (__u64)leader : (__u64)t;
	__builtin_memset(&s->call, 0, sizeof(s->call));
	s->call.what = *call;
	ring_args(s, NUMBER(s, req), op);
	bool passes = wanted && ring_actor(s);
	if (!passes && !call->tells) {
		ring_count(call->type, wanted, COUNT_REJECTED);
		slot_give(s);
		return 0;
	}
	__u32 flags = !passes || ring_describe(s) ? 0 : RAW_INCOMPLETE;
	ring_begin(s, flags);
	__u32 file_slot = op == RING_OPENAT || op == RING_OPENAT2 ? READ(struct io_open, req, file_slot) :
		op == RING_SOCKET ? READ(struct io_socket, req, file_slot) : 0;
	if (READ(struct io_kiocb, req, flags) & RING_SKIPS) {
		/* Nobody is told when it is done, unless it fails; we neither. */
		s->file = 0;
		ring_end(s, passes);
	} else {
		ring_keep(s, req, file_slot, passes);
	}
	slot_give(s);
	return 0;
}

/* The file that a call which is done was made on, or that it opened; 0: none. */
static __always_inline __u64 ring_result(struct slot *s, __u64 req, __u8 op, const struct ring_request *k)
{
	if (op == RING_CONNECT)
		return ADDRESS(s, struct io_kiocb, req, file);
	if (s->call.ret < 0 || (op != RING_OPENAT && op != RING_OPENAT2 && op != RING_SOCKET))
		return 0;
	return k->slot ? ring_file(s, req, k->slot == RING_ANY_SLOT ? s->call.ret : k->slot - 1) : file_of(s, s->call.ret);
}

/* Whether the plan lets a call which is done through: s->call, of which s->file is known. Whoever was let through by another plan
 * passes where this one wants the type at all. */
__noinline int ring_passes(struct slot *s, const struct ring_request *k)
{
	if (!s || !k)
		return 0;
	plan_begin(s);
	if (!plan_type_of(s, s->call.what.type)->wanted || k->rejected)
		return 0;
	if (k->plan != plan_of(s)->serial)
		return 1;
	s->lines = k->lines;
	s->told = true;
	return call_keep(s);
}

static __always_inline int ring_completed(__u64 req, __s64 result)
{
	__u8 op = req ? READ(struct io_kiocb, req, opcode) : RAW_RING_CALLS;
	struct raw_call *call = &ring_calls[op & (RAW_RING_CALLS - 1)];

	if (op >= RAW_RING_CALLS || !call->type)
		return 0;
	struct ring_request *k = bpf_map_lookup_elem(&ring_requests, &req);
	if (!k)
		return 0;
	struct slot *s = slot_take();
	if (s) {
		__u32 len = ((struct raw_event *)k->record)->h.len;
		BOUND(len, 2 * 8192 - 1);
		s->task = (__u64)bpf_get_current_task_btf();
		__builtin_memset(&s->call, 0, sizeof(s->call));
		s->call.what = *call;
		__builtin_memcpy(s->call.args, ((struct raw_event *)k->record)->args, sizeof(s->call.args));
		s->call.ret = result;
		s->file = ring_result(s, req, op, k);
		/* The tests write where the record goes. */
		bool passes = ring_passes(s, k);
		if (len <= RING_RECORD && bpf_probe_read_kernel(s->data, len, k->record) == 0) {
			s->off = len;
			s->peer = k->peer;
			ring_end(s, passes);
		}
		slot_give(s);
	} else {
		ring_count(call->type, plan_type(call->type)->wanted, COUNT_SCRATCH);
	}
	bpf_map_delete_elem(&ring_requests, &req);
	return 0;
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG_ring_submit(__u64 *ctx)
{
	return ring_submitted(ctx[0]);
}

/* To 6.3 it has another name. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG_ring_submit_old(__u64 *ctx)
{
	return ring_submitted(ctx[0]);
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG_ring_complete(__u64 *ctx)
{
	return ring_completed(ctx[1], READ(struct io_uring_cqe, ctx[2], res));
}

/* To 6.12 the result itself is told. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG_ring_complete_old(__u64 *ctx)
{
	return ring_completed(ctx[1], (__s32)ctx[3]);
}

#endif
