/* What each call's event carries beyond its arguments. Parameter numbers are those of wire/events.def. */
#ifndef PROBE_BPF_EVENTS_H
#define PROBE_BPF_EVENTS_H

#include "data.h"
#include "wants.h"

enum { TYPE_EXECVE = 293, TYPE_EXECVEAT = 331, TYPE_PROCEXIT = 186, TYPE_PTRACE = 169, TYPE_CLOSE = 5, TYPE_PRCTL = 401, PR_SET_NAME = 15 };

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

/* What the caller's memory takes, in KiB. */
__noinline int gather_memory(struct slot *s, __u32 param)
{
	__u64 mm;

	if (!s || !(mm = ADDRESS(s, struct task_struct, s->task, mm)))
		return 0;
	item_number(s, param, READ(struct mm_struct, mm, total_vm) * 4);
	item_number(s, param + 1, memory_resident(mm));
	item_number(s, param + 2, rss_part(mm, 2) * 4);
	return 0;
}

static __always_inline void gather_caps(struct slot *s, __u8 param)
{
	__u64 caps[3] = {}, c = ADDRESS(s, struct task_struct, s->task, cred);

	bpf_core_read(caps, sizeof(caps), &((struct cred *)c)->cap_inheritable);
	for (int i = 0; i < 3; i++)
		item_number(s, param + i, caps[i]);
}

/* One text of an argument vector. Returns 0 to go on. */
__noinline int argv_piece(struct slot *s, __u64 at)
{
	if (!s)
		return 1;
	struct vector *v = &s->vector;
	__u64 p = user_word(s, at);
	if (!p)
		return 1;
	long got = bpf_probe_read_user_str(AT(s, v->from + v->n), 1024, (void *)p);
	if (got <= 0)
		return 1;
	v->n += got;
	return v->n > RAW_TEXT - 1024;
}

/* The argument vector of a call that failed: texts one after another, each with its NUL. */
__noinline int gather_argv(struct slot *s, __u64 argv)
{
	if (!s || !item_begin(s, FORM_BYTES, 2, 0))
		return 0;
	s->vector.from = s->off + sizeof(struct raw_item);
	s->vector.n = 0;
	__u32 i, word = s->call.compat ? 4 : 8;
	ROUNDS(i, 48)
		if (argv_piece(s, argv + i * word))
			break;
	item_aux(s, s->vector.n);
	item_end(s, s->vector.n);
	return 0;
}

static __always_inline void gather_fd(struct slot *s, struct raw_step step, __u64 arg)
{
	__s32 fd = step.kind == STEP_NEW_FD ? s->call.ret : arg;

	if (step.kind == STEP_NEW_FD ? s->call.ret >= 0 : fd != AT_FDCWD || step.kind == STEP_FD)
		item_fd(s, step.kind == STEP_BASE ? FORM_BASE : FORM_FD, step.param, fd, step.extra);
}

/* One step of s->call.what. Global, so that the verifier looks at it once and not once for each step. */
__noinline int gather_step(struct slot *s, __u32 i)
{
	if (!s || i >= RAW_STEPS)
		return 0;
	struct raw_step step = s->call.what.steps[i];
	__u64 arg = s->call.args[step.arg & 7], flags;

	switch (step.kind) {
	case STEP_PATH:
		item_text(s, FORM_PASSED, step.param, arg);
		break;
	case STEP_TEXT:
		item_text(s, FORM_BYTES, step.param, arg);
		break;
	case STEP_BASE: case STEP_FD: case STEP_NEW_FD:
		gather_fd(s, step, arg);
		break;
	case STEP_KEPT:
		item_kept(s);
		break;
	case STEP_PAIR:
		gather_pair(s, step, arg);
		break;
	case STEP_BYTES:
		item_bytes(s, step.param, arg, step.extra);
		break;
	case STEP_DATA:
		gather_data(s, step, arg);
		break;
	case STEP_VECTOR:
		gather_vector(s, step.param, arg, s->call.args[(step.arg + 1) & 7], moved(s, step.extra));
		break;
	case STEP_MESSAGE:
		gather_message(s, step.param, arg, step.extra);
		break;
	case STEP_PEER:
		gather_address(s, step, arg);
		break;
	case STEP_ARGV:
		gather_argv(s, arg);
		break;
	case STEP_MEMORY:
		gather_memory(s, step.param);
		break;
	case STEP_CAPS:
		gather_caps(s, step.param);
		break;
	case STEP_CLONE:
		flags = step.extra == 1 ? arg : 0;
		if (step.extra == 2)
			bpf_probe_read_user(&flags, sizeof(flags), (void *)arg);
		gather_clone(s, flags);
		break;
	}
	return 0;
}

/* The record of s->call without what its steps add; RAW_* flags. */
static __always_inline void event_begin(struct slot *s, __u32 flags, __s64 ret)
{
	struct raw_event *e = (struct raw_event *)s->data;
	head_fill(s, &e->h, RAW_EVENT, s->call.what.type, s->task);
	e->h.task = s->actor;
	e->h.flags = flags;
	e->ret = ret;
	__builtin_memcpy(e->args, s->call.args, sizeof(e->args));
}

static __always_inline void gather_begin(struct slot *s)
{
	s->off = sizeof(struct raw_event);
	s->peer.len = 0;
	path_root(s);
}

static __always_inline void event_gather(struct slot *s)
{
	gather_begin(s);
	for (int i = 0; i < RAW_STEPS && s->call.what.steps[i].kind; i++)
		gather_step(s, i);
}

/* The event of s->call, made by s->task and told under the key s->actor; RAW_* flags. Sent, and counted as delivered or lost. */
__noinline int event_write(struct slot *s, __u32 flags)
{
	if (!s)
		return 0;
	struct raw_event *e = (struct raw_event *)s->data;
	event_begin(s, flags, s->call.ret);
	event_gather(s);
	wants_gather(s, s->call.what.type);
	e->h.id = __sync_fetch_and_add(&next_id, 1);
	count_sent(s->call.what.type, record_send(s) == 0);
	return 0;
}

/* What one step tells of a socket, without telling it to anybody. Returns 1 when that takes the whole event: who a datagram's
 * other end is. */
__noinline int tell_step(struct slot *s, __u32 i)
{
	struct socket_memory new = {}, *m;

	if (!s || i >= RAW_STEPS)
		return 0;
	struct raw_step step = s->call.what.steps[i];
	bool is_new = step.kind == STEP_NEW_FD;
	if (s->call.ret < 0 && step.extra != TELLS_CLIENT)
		return 0;
	__u64 file = file_of(s, is_new ? s->call.ret : (__s32)s->call.args[step.arg & 7]), inode;
	if (!file || file_type(file) != S_IFSOCK)
		return 0;
	__u64 sk = (__u64)READ(struct socket, READ(struct file, file, private_data), sk);
	__u16 family = READ(struct sock, sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	inode = READ(struct inode, READ(struct file, file, f_inode), i_ino);
	m = socket_memory(inode);
	if (step.extra == TELLS_SENT || step.extra == TELLS_RECEIVED)
		return READ(struct sock, sk, sk_type) != SOCK_STREAM || !m || !m->role;
	if (step.extra == TELLS_BOUND)
		bpf_probe_read_user(&s->peer.v4.port, sizeof(__u16), (void *)(s->call.args[1] + 2));
	if (m) {
		role_told(m, &s->peer, step.extra);
		return 0;
	}
	if (tcp_role_is(READ(struct sock, sk, sk_type), READ(struct sock, sk, sk_protocol), READ(struct sock, sk, sk_max_ack_backlog), step.extra))
		return 0;
	role_told(&new, &s->peer, step.extra);
	socket_remember(inode, &new);
	return 0;
}

static __always_inline bool step_tells(const struct raw_step *step)
{
	return step->extra && (step->kind == STEP_FD || step->kind == STEP_BASE || step->kind == STEP_NEW_FD);
}

/* What a call that nobody is told of tells of its sockets; and of a process that takes another name, by which rules may ask for
 * the parent of others. */
__noinline int call_tell(struct slot *s)
{
	int whole = 0;

	if (s && s->call.what.type == TYPE_PRCTL) {
		if (s->call.args[0] == PR_SET_NAME)
			actor_describe(s);
		return 0;
	}
	for (int i = 0; s && i < RAW_STEPS && s->call.what.steps[i].kind; i++)
		if (step_tells(&s->call.what.steps[i]))
			whole |= tell_step(s, i);
	if (s && whole)
		event_gather(s);
	return 0;
}

#endif
