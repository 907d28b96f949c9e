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
		item_fd(s, FORM_FD, param, c->ret, file_of(s, c->ret), role);
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

static __always_inline void gather(struct slot *s, const struct call *c, __u32 how)
{
	__u64 flags = 0;

	switch (how) {
	case GATHER_OPEN:
		item_text(s, 1, c->args[0]);
		item_new_fd(s, 0, c, 0);
		break;
	case GATHER_OPENAT2:
		item_bytes(s, 3, c->args[2], 24);
		/* fallthrough */
	case GATHER_OPENAT:
		item_text(s, 2, c->args[1]);
		item_base(s, 2, c->args[0]);
		item_new_fd(s, 0, c, 0);
		break;
	case GATHER_CLONE:
		gather_clone(s, c->args[0]);
		break;
	case GATHER_CLONE3:
		bpf_probe_read_user(&flags, sizeof(flags), (void *)c->args[0]);
		gather_clone(s, flags);
		break;
	case GATHER_CONNECT:
		s->peer[0] = 0;
		if (c->args[2] >= 16)
			bpf_probe_read_user(s->peer, c->args[2] < sizeof(s->peer) ? 16 : sizeof(s->peer), (void *)c->args[1]);
		item_fd(s, FORM_FD, 2, c->args[0], file_of(s, (__s32)c->args[0]), ROLE_CLIENT);
		if (c->args[2] <= 128) {
			void *to = item_begin(s, FORM_ADDR, 3, c->args[2]);
			__u32 n = c->args[2] & 255;
			if (to && n <= 128 && bpf_probe_read_user(to, n, (void *)c->args[1]) == 0)
				item_end(s, n);
		}
		break;
	case GATHER_ACCEPT:
		item_new_fd(s, 0, c, ROLE_SERVER);
		item_fd(s, FORM_BASE, 2, c->args[0], file_of(s, (__s32)c->args[0]), ROLE_SERVER);
		break;
	case GATHER_SOCKET:
		item_new_fd(s, 0, c, 0);
		break;
	case GATHER_DUP:
		item_new_fd(s, 0, c, 0);
		item_kinds(s);
		break;
	case GATHER_FORK:
		gather_clone(s, 0);
		break;
	case GATHER_EXECAT:
		gather_argv(s, c->args[2], c->compat);
		break;
	case GATHER_EXEC:
		item_text(s, 30, c->args[0]);
		gather_argv(s, c->args[1], c->compat);
		break;
	}
}

#endif
