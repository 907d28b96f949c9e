/* What each call's event carries beyond its arguments. Parameter numbers are those of wire/events.def. */
#ifndef PROBE_BPF_EVENTS_H
#define PROBE_BPF_EVENTS_H

#include "describe.h"

enum { TYPE_EXECVE = 293, TYPE_EXECVEAT = 331, TYPE_PROCEXIT = 186, TYPE_PTRACE = 169 };

struct call {
	struct task_struct *task;
	__s64 ret;
	__u64 args[6];
	bool compat;
};

static __always_inline void item_number(struct slot *s, __u8 param, __u64 n)
{
	__u64 *to = item_begin(s, FORM_NUMBER, param, 0);

	if (to) {
		*to = n;
		item_end(s, sizeof(*to));
	}
}

/* What clone and its kin tell of the calling process s->task. */
__noinline int gather_clone(struct slot *s, __u64 flags)
{
	if (!s)
		return 0;
	__u64 t = s->task, mm = ADDRESS(s, struct task_struct, t, mm), pid = ADDRESS(s, struct task_struct, t, thread_pid);
	__u64 leader = ADDRESS(s, struct task_struct, t, group_leader);
	__u32 level = READ(struct pid, pid, level);
	struct upid own = upid_at(pid, level);
	__u64 init = ADDRESS(s, struct pid_namespace, own.ns, child_reaper);

	if (mm) {
		__u64 from = READ(struct mm_struct, mm, arg_start);
		item_bytes(s, 2, from, READ(struct mm_struct, mm, arg_end) - from);
		item_number(s, 10, READ(struct mm_struct, mm, total_vm) * 4);
		item_number(s, 11, memory_resident(mm));
		item_number(s, 12, rss_part(mm, 2) * 4);
	}
	item_number(s, 7, READ(struct signal_struct, READ(struct task_struct, t, signal), rlim[RLIMIT_NOFILE].rlim_cur));
	item_number(s, 8, READ(struct task_struct, t, maj_flt));
	item_number(s, 9, READ(struct task_struct, t, min_flt));
	item_number(s, 15, flags);
	item_number(s, 17, READ(struct cred, READ(struct task_struct, t, cred), egid).val);
	item_number(s, 18, own.nr);
	item_number(s, 19, upid_at(ADDRESS(s, struct task_struct, leader, thread_pid), level).nr);
	item_number(s, 20, init ? READ(struct task_struct, init, start_boottime) : 0);
	return 0;
}

/* The argument vector of a call that failed: texts one after another, each with its NUL. */
__noinline int gather_argv(struct slot *s, __u64 argv, __u32 compat)
{
	__u32 n = 0, word = compat ? 4 : 8;

	if (!s || !item_begin(s, FORM_BYTES, 2, 0))
		return 0;
	__u32 from = s->off + sizeof(struct raw_item);
	for (int i = 0; i < 48 && n <= RAW_TEXT - 1024; i++) {
		__u64 p = 0;
		if (bpf_probe_read_user(&p, word & 15, (void *)(argv + i * word)) != 0 || !p)
			break;
		long got = bpf_probe_read_user_str(AT(s, from + n), 1024, (void *)p);
		if (got <= 0)
			break;
		n += got;
	}
	item_aux(s, n);
	item_end(s, n);
	return 0;
}

/* The address of a call, and the memory of it that sock_peer may need. */
static __always_inline void gather_peer(struct slot *s, __u8 param, __u64 user, __u64 len)
{
	void *to = item_begin(s, FORM_ADDR, param, len);
	__u32 n = len & 255;

	s->peer[0] = 0;
	if (!to || len > 128 || n > 128 || bpf_probe_read_user(to, n, (void *)user) != 0)
		return;
	item_end(s, n);
	if (len >= 16)
		bpf_probe_read_user(s->peer, len < sizeof(s->peer) ? 16 : sizeof(s->peer), (void *)user);
}

static __always_inline void gather_step(struct slot *s, const struct call *c, struct raw_step step)
{
	const struct raw_event *e = (const struct raw_event *)s->data;
	__u64 arg = e->args[step.arg & 7], flags;

	switch (step.kind) {
	case STEP_PATH:
		item_text(s, FORM_PASSED, step.param, arg);
		break;
	case STEP_TEXT:
		item_text(s, FORM_BYTES, step.param, arg);
		break;
	case STEP_BASE:
		if ((__s32)arg != AT_FDCWD)
			item_fd(s, FORM_BASE, step.param, arg, file_of(s, (__s32)arg), step.extra);
		break;
	case STEP_FD:
		item_fd(s, FORM_FD, step.param, arg, file_of(s, (__s32)arg), step.extra);
		break;
	case STEP_NEW_FD:
		if (e->ret >= 0)
			item_fd(s, FORM_FD, step.param, e->ret, file_of(s, e->ret), step.extra);
		break;
	case STEP_BYTES:
		item_bytes(s, step.param, arg, step.extra);
		break;
	case STEP_PEER:
		gather_peer(s, step.param, arg, e->args[(step.arg + 1) & 7]);
		break;
	case STEP_ARGV:
		gather_argv(s, arg, c->compat);
		break;
	case STEP_KINDS:
		item_kinds(s);
		break;
	case STEP_CLONE:
		flags = step.extra == 1 ? arg : 0;
		if (step.extra == 2)
			bpf_probe_read_user(&flags, sizeof(flags), (void *)arg);
		gather_clone(s, flags);
		break;
	}
}

static __always_inline void gather(struct slot *s, const struct call *c, const struct raw_call *call)
{
	for (int i = 0; i < RAW_STEPS && call->steps[i].kind; i++)
		gather_step(s, c, call->steps[i]);
}

#endif
