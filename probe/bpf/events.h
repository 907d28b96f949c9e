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

static __always_inline void item_new_fd(struct slot *s, __u8 param, const struct call *c, __u8 role)
{
	if (c->ret >= 0)
		item_fd(s, FORM_FD, param, c->ret, file_of(c->task, c->ret), role);
}

static __always_inline void gather_clone(struct slot *s, const struct call *c, __u64 flags)
{
	struct task_struct *t = c->task;
	const struct pid *pid = t->thread_pid;
	__u32 level = READ(struct pid, pid, level);
	struct upid u = {}, g = {};

	if (t->mm)
		item_bytes(s, 2, t->mm->arg_start, t->mm->arg_end - t->mm->arg_start);
	item_number(s, 7, t->signal->rlim[RLIMIT_NOFILE].rlim_cur);
	item_number(s, 8, t->maj_flt);
	item_number(s, 9, t->min_flt);
	if (t->mm) {
		item_number(s, 10, t->mm->total_vm * 4);
		item_number(s, 11, (rss_part(t->mm, 0) + rss_part(t->mm, 1) + rss_part(t->mm, 3)) * 4);
		item_number(s, 12, rss_part(t->mm, 2) * 4);
	}
	item_number(s, 15, flags);
	item_number(s, 17, t->cred->egid.val);
	if (level > 32)
		level = 32;
	__u64 at = bpf_core_field_offset(struct pid, numbers) + level * sizeof(struct upid);
	bpf_probe_read_kernel(&u, sizeof(u), (void *)((__u64)pid + at));
	bpf_probe_read_kernel(&g, sizeof(g), (void *)((__u64)t->group_leader->thread_pid + at));
	item_number(s, 18, u.nr);
	item_number(s, 19, g.nr);
	__u64 init = (__u64)READ(struct pid_namespace, u.ns, child_reaper);
	item_number(s, 20, init ? READ(struct task_struct, init, start_boottime) : 0);
}

/* The argument vector of a call that failed: texts one after another, each with its NUL. */
static __noinline void gather_argv(struct slot *s, __u64 argv, bool compat)
{
	__u32 n = 0, from = s->off + sizeof(struct raw_item);

	if (!item_begin(s, FORM_BYTES, 2, 0))
		return;
	for (int i = 0; i < 48; i++) {
		__u64 p = 0;
		if (bpf_probe_read_user(&p, compat ? 4 : 8, (void *)(argv + i * (compat ? 4 : 8))) != 0 || !p)
			break;
		__u32 to = from + n;
		if (to > RAW_MAX - RAW_TEXT)
			break;
		long got = bpf_probe_read_user_str(AT(s, to), 1024, (void *)p);
		if (got <= 0)
			break;
		n += got;
		if (n > RAW_TEXT - 1024)
			break;
	}
	item_aux(s, n);
	item_end(s, n);
}

static __always_inline void gather(struct slot *s, const struct call *c, __u32 how)
{
	struct task_struct *t = c->task;
	__u64 flags = 0;

	switch (how) {
	case GATHER_OPEN:
		item_text(s, FORM_PASSED, 1, c->args[0]);
		item_new_fd(s, 0, c, 0);
		break;
	case GATHER_OPENAT2:
		item_bytes(s, 3, c->args[2], 24);
		/* fallthrough */
	case GATHER_OPENAT:
		item_text(s, FORM_PASSED, 2, c->args[1]);
		item_base(s, 2, t, c->args[0]);
		item_new_fd(s, 0, c, 0);
		break;
	case GATHER_CLONE:
		gather_clone(s, c, c->args[0]);
		break;
	case GATHER_CLONE3:
		bpf_probe_read_user(&flags, sizeof(flags), (void *)c->args[0]);
		gather_clone(s, c, flags);
		break;
	case GATHER_CONNECT:
		item_fd(s, FORM_FD, 2, c->args[0], file_of(t, (__s32)c->args[0]), ROLE_CLIENT);
		if (c->args[2] <= 128) {
			void *to = item_begin(s, FORM_ADDR, 3, c->args[2]);
			__u32 n = c->args[2] & 255;
			if (to && n <= 128 && bpf_probe_read_user(to, n, (void *)c->args[1]) == 0)
				item_end(s, n);
		}
		break;
	case GATHER_ACCEPT:
		item_new_fd(s, 0, c, ROLE_SERVER);
		item_fd(s, FORM_BASE, 2, c->args[0], file_of(t, (__s32)c->args[0]), ROLE_SERVER);
		break;
	case GATHER_SOCKET:
		item_new_fd(s, 0, c, 0);
		break;
	case GATHER_DUP:
		item_new_fd(s, 0, c, 0);
		item_kinds(s, t);
		break;
	case GATHER_FORK:
		gather_clone(s, c, 0);
		break;
	case GATHER_EXECAT:
		gather_argv(s, c->args[2], c->compat);
		break;
	case GATHER_EXEC:
		item_text(s, FORM_PASSED, 30, c->args[0]);
		gather_argv(s, c->args[1], c->compat);
		break;
	}
}

#endif
