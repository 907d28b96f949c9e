// SPDX-License-Identifier: GPL-2.0
/* saker's eyes: system calls at their exit, the life of processes and cgroups, and the snapshot. What they put into the ring
 * is in ../raw.h. */
#include "events.h"
#include "exec.h"

char licence[] SEC("license") = "GPL";

/* Which calls are captured, by number; row 1 is of 32-bit calls. Written by the loader. */
__u64 wanted[2][RAW_CALLS / 64];
struct raw_call call_types[2][RAW_CALLS];
/* The same for the calls behind 32-bit socketcall. */
struct raw_call socket_calls[RAW_SOCKET_CALLS];
bool capture_exec, capture_exit;       /* execve and procexit events, beside the definitions */
bool iterate_unsent;                   /* the iterator sends only what user space does not have */

#if defined(__TARGET_ARCH_x86)
static __always_inline __u64 call_number(const struct pt_regs *regs)
{
	return regs->orig_ax;
}

static __always_inline bool call_compat(const struct task_struct *task)
{
	return (task->thread_info.status & TS_COMPAT) != 0;
}

static __always_inline void call_args(struct call *c, const struct pt_regs *regs)
{
	if (c->compat) {
		c->args[0] = (__u32)regs->bx;
		c->args[1] = (__u32)regs->cx;
		c->args[2] = (__u32)regs->dx;
		c->args[3] = (__u32)regs->si;
		c->args[4] = (__u32)regs->di;
		c->args[5] = (__u32)regs->bp;
	} else {
		c->args[0] = regs->di;
		c->args[1] = regs->si;
		c->args[2] = regs->dx;
		c->args[3] = regs->r10;
		c->args[4] = regs->r8;
		c->args[5] = regs->r9;
	}
}

static __always_inline __s32 first_arg(const struct pt_regs *regs, bool compat)
{
	return compat ? regs->bx : regs->di;
}
#elif defined(__TARGET_ARCH_arm64)
static __always_inline __u64 call_number(const struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline bool call_compat(const struct task_struct *task __attribute__((unused)))
{
	return false;
}

static __always_inline void call_args(struct call *c, const struct pt_regs *regs)
{
	for (int i = 0; i < 6; i++)
		c->args[i] = regs->regs[i];
}

static __always_inline __s32 first_arg(const struct pt_regs *regs, bool compat __attribute__((unused)))
{
	return regs->regs[0];
}
#endif

/* 32-bit programs may make all socket calls through one: its first argument says which, its second where the arguments are. */
static __always_inline const struct raw_call *socket_call(const struct pt_regs *regs, __u32 args[6])
{
	struct call c = { .compat = 1 };

	call_args(&c, regs);
	__u32 which = c.args[0];
	if (which >= RAW_SOCKET_CALLS || bpf_probe_read_user(args, 6 * sizeof(__u32), (void *)c.args[1]) != 0)
		return NULL;
	return &socket_calls[which & (RAW_SOCKET_CALLS - 1)];
}

static __always_inline bool is_wanted(__u64 nr, int row)
{
	return nr < RAW_CALLS && wanted[row][(nr / 64) & 7] >> (nr % 64) & 1;
}

struct exe_id {
	__u64 device, inode;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct exe_id);
	__type(value, __u32);
	__uint(max_entries, 64);
} self_exes SEC(".maps");

/* Finds out whether the program that a process runs is one of ours. What is behind a pointer that the verifier trusts makes it search
 * all types of the kernel by name, so its executable is read as that of any address. */
static __always_inline void self_look(const struct task_struct *t, struct memory *m)
{
	struct exe_id id = {};
	const struct mm_struct *mm = READ(struct task_struct, t, mm);
	const struct file *file = mm ? READ(struct mm_struct, mm, exe_file) : NULL;

	m->looked = 1;
	m->self = 0;
	if (!file)
		return;
	const struct inode *inode = READ(struct file, file, f_inode);
	id.device = READ(struct super_block, READ(struct inode, inode, i_sb), s_dev);
	id.inode = READ(struct inode, inode, i_ino);
	m->self = bpf_map_lookup_elem(&self_exes, &id) != NULL;
}

#include "uring.h"

/* Attached only where a call is captured that has to be seen before it is made. */
SEC("tp_btf/sys_enter")
int BPF_PROG_sys_enter(__u64 *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	__u64 nr = ctx[1];
	struct call c = {};

	if (!is_wanted(nr, 0) && !is_wanted(nr, 1))
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	c.compat = call_compat(t);
	call_args(&c, regs);
	if (!is_wanted(nr, c.compat) || call_types[c.compat & 1][nr & (RAW_CALLS - 1)].type != TYPE_CLOSE)
		return 0;
	struct memory *pm = memory_of(t->group_leader, false);
	struct slot *s = pm && pm->self ? NULL : slot_take();
	if (!s)
		return 0;
	s->task = (__u64)t;
	kept_store(s, 1, c.args[0]);
	slot_give(s);
	return 0;
}

enum { MESSAGES_AT_ONCE = 32 };        /* two short loops: the verifier of kernels before 6.4 goes through each round */

/* How many events a call becomes: one, or one for each message that it moved. */
static __always_inline __u32 messages_of(const struct call *c)
{
	bool many = c->what.steps[0].kind == STEP_MESSAGE && c->what.steps[0].extra & RAW_MANY;

	return many && c->ret > 1 ? c->ret : 1;
}

/* The next messages of s->call, until there is none: then not 0. */
__noinline int messages_deliver(struct slot *s)
{
	__u32 i;

	ROUNDS(i, MESSAGES_AT_ONCE) {
		if (!s || s->call.message + 1 >= messages_of(&s->call))
			return 1;
		s->call.message++;
		count(s->call.what.type, COUNT_WANTED);
		event_write(s, s->flags);
	}
	return 0;
}

/* Tells s->call of the calling task s->task, unless one of our own made it or there is no room. */
__noinline int call_deliver(struct slot *s)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;
	struct memory *pm = memory_of(leader, true);

	if (!s)
		return 0;
	__u32 type = s->call.what.type, flags = s->call.compat ? RAW_COMPAT : 0;
	if (pm && !pm->looked)
		self_look(leader, pm);
	if (pm && pm->self && type != TYPE_EXECVE && type != TYPE_EXECVEAT && type != TYPE_PTRACE) {
		count(type, COUNT_SELF);
		return 0;
	}
	if (!pm || !ring_room(s, plan_type_of(s, type)->class)) {
		count_lost(type, COUNT_FULL);
		return 0;
	}
	if (!actor_describe(s))
		flags |= RAW_INCOMPLETE;
	s->call.message = 0;
	s->flags = flags;
	event_write(s, flags);
	if (messages_of(&s->call) == 1)
		return 0;
	__u32 i;
	ROUNDS(i, RAW_MESSAGES / MESSAGES_AT_ONCE)
		if (messages_deliver(s))
			break;
	return 0;
}

/* Counters of the calling CPU; programs of one type do not interrupt each other. */
static __always_inline void count_plain(struct raw_counts *c, enum raw_count what)
{
	if (c)
		c->n[what & 7]++;
}

SEC("tp_btf/sys_exit")
int BPF_PROG_sys_exit(__u64 *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	__u64 nr = call_number(regs);
	__s64 ret = ctx[1];

	if (!is_wanted(nr, 0) && !is_wanted(nr, 1))
		return 0;
	struct task_struct *t = bpf_get_current_task_btf();
	bool compat = call_compat(t), many = compat && nr == RAW_SOCKETCALL;
	if (!is_wanted(nr, compat))
		return 0;
	const struct raw_call *call = &call_types[compat & 1][nr & (RAW_CALLS - 1)];
	__u32 args[6] = {};
	if (many)
		call = socket_call(regs, args);
	if (!call || !call->type)
		return 0;
	__u32 type = call->type;
	const struct raw_plan_type *plan = plan_type(type);
	if (!plan->wanted && !call->tells)
		return 0;
	if ((type == TYPE_EXECVE || type == TYPE_EXECVEAT) && ret >= 0)
		return 0;                      /* told at sched_process_exec */
	struct raw_counts *n = plan->wanted ? bpf_map_lookup_elem(&counts, &type) : NULL;
	count_plain(n, COUNT_WANTED);
	if (!call->tells && (!result_can_pass(plan, ret) || !gate_can_pass(plan, many ? (__s32)args[0] : first_arg(regs, compat), ret))) {
		count_plain(n, COUNT_REJECTED);
		return 0;
	}
	struct slot *s = slot_take();
	if (!s) {
		if (n)
			count_lost(type, COUNT_SCRATCH);
		return 0;
	}
	s->task = (__u64)t;
	s->call.what = *call;
	s->call.ret = ret;
	s->call.compat = compat;
	s->call.message = 0;
	call_args(&s->call, regs);
	for (int i = 0; many && i < 6; i++)
		s->call.args[i] = args[i];
	if (plan->wanted && filter_pass(s)) {
		call_deliver(s);
	} else {
		count_plain(n, COUNT_REJECTED);
		if (call->tells)
			call_tell(s);
	}
	slot_give(s);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG_fork(__u64 *ctx)
{
	struct task_struct *parent = (struct task_struct *)ctx[0], *child = (struct task_struct *)ctx[1];

	if (child->pid != child->tgid)
		return 0;
	struct memory *m = memory_of(child, true);
	if (!m)
		return 0;
	struct memory *pm = memory_of(parent->group_leader, false);
	m->fork_parent = process_key((__u64)parent);
	m->argv_of = pm && pm->argv_of ? pm->argv_of : m->fork_parent;
	m->exec = pm ? pm->exec : 0;
	m->argv_serial = m->argv0_size = 0;
	if (pm) {
		m->argv = pm->argv;
		m->argv_serial = pm->argv_serial;
		m->tail[0] = pm->tail[0];
		m->tail[1] = pm->tail[1];
		m->argv0_size = pm->argv0_size;
	}
	struct slot *s = slot_take();
	if (!s) {
		__sync_fetch_and_add(&definitions_lost, 1);
		return 0;
	}
	process_describe(s, (__u64)child, m, print_of(s, (__u64)child), false);
	slot_give(s);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG_exec(__u64 *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx[0];
	struct linux_binprm *bprm = (struct linux_binprm *)ctx[2];
	struct memory *m = memory_of(t, true);

	if (!m)
		return 0;
	m->argv_of = 0;
	m->exec = bpf_ktime_get_boot_ns();
	m->lines_print = 0;
	self_look(t, m);
	if (capture_exec)
		count(TYPE_EXECVE, COUNT_WANTED);
	struct slot *s = slot_take();
	if (!s) {
		m->print = 0;
		__sync_fetch_and_add(&definitions_lost, 1);
		if (capture_exec)
			count_lost(TYPE_EXECVE, COUNT_SCRATCH);
		return 0;
	}
	s->task = (__u64)t;
	plan_begin(s);
	argv_remember(s, m);
	bool passes = capture_exec && life_pass(s, TYPE_EXECVE) && exec_pass(s) && cmdline_keep(s) && env_keep(s);
	if (capture_exec && !passes)
		count(TYPE_EXECVE, COUNT_REJECTED);
	__u64 print = print_of(s, (__u64)t);
	struct raw_proc *p = record_begin(s, (__u64)t, m);
	remember(m, p);
	p->h.kind = RAW_EXEC;
	p->h.type = TYPE_EXECVE;
	p->h.flags |= passes ? 0 : RAW_UNWANTED;
	p->old_task = m->thread_key;
	m->thread_key = 0;
	if (passes) {
		p->h.id = __sync_fetch_and_add(&next_id, 1);
		proc_memory(s, p);
	}
	__u32 off = s->off;
	argv_fill(s);
	remember_argv0(s, m, off);
	void *to = item_begin(s, FORM_PASSED, RAW_FACT_FILENAME, 0);
	if (to) {
		long n = bpf_probe_read_kernel_str(to, RAW_TEXT, bprm->filename);
		if (n > 0) {
			item_aux(s, n - 1);
			item_end(s, (n - 1) & (RAW_TEXT - 1));
		}
	}
	if (passes)
		wants_gather(s, TYPE_EXECVE);
	bool sent = passes ? definition_count(record_send(s) == 0) : definition_send(s);
	m->print = sent ? print : 0;
	m->leader_print = 0;
	if (passes)
		count_sent(TYPE_EXECVE, sent);
	slot_give(s);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG_exit(__u64 *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx[0];
	struct memory *m = memory_of(t, false), *pm = t->pid == t->tgid ? m : memory_of(t->group_leader, false);
	bool self = pm && pm->self, wants = capture_exit && !self;

	if (capture_exit)
		count(TYPE_PROCEXIT, COUNT_WANTED);
	if (capture_exit && self)
		count(TYPE_PROCEXIT, COUNT_SELF);
	struct slot *s = slot_take();
	if (!s) {
		if (wants)
			count_lost(TYPE_PROCEXIT, COUNT_SCRATCH);
		return 0;
	}
	__u64 task = process_key((__u64)t);
	bool known = true;
	s->task = (__u64)t;
	if (wants && !life_pass(s, TYPE_PROCEXIT)) {
		count(TYPE_PROCEXIT, COUNT_REJECTED);
		wants = false;
	}
	if (wants && pm) {
		known = actor_describe(s);
		task = s->actor;
	}
	struct raw_exit *e = (struct raw_exit *)s->data;
	head_fill(s, &e->h, RAW_EXIT, TYPE_PROCEXIT, (__u64)t);
	e->h.task = task;
	e->h.flags = (wants ? 0 : RAW_UNWANTED) | (known && pm ? 0 : RAW_INCOMPLETE);
	e->code = t->exit_code;
	const struct signal_struct *signal = READ(struct task_struct, t, signal);
	e->last = READ(struct signal_struct, signal, live.counter) == 0;
	e->alone = READ(struct signal_struct, signal, nr_threads) == 1;
	e->thread_key = m ? m->thread_key : 0;
	if (wants)
		e->h.id = __sync_fetch_and_add(&next_id, 1);
	s->off = sizeof(*e);
	if (wants) {
		path_root(s);
		wants_gather(s, TYPE_PROCEXIT);
	}
	bool sent = (wants ? record_send(s) : record_send_later(s)) == 0;
	if (wants)
		count_sent(TYPE_PROCEXIT, sent);
	slot_give(s);
	return 0;
}

static __always_inline int cgroup_told(struct cgroup *cgrp, const char *path, bool made)
{
	struct slot *s = slot_take();

	if (!s)
		return 0;
	struct raw_cgroup *r = (struct raw_cgroup *)s->data;
	__builtin_memset(r, 0, sizeof(*r));
	r->h.kind = RAW_CGROUP;
	r->h.time = bpf_ktime_get_boot_ns();
	r->id = cgroup_id((__u64)cgrp);
	r->made = made;
	long n = bpf_probe_read_kernel_str(s->data + sizeof(*r), RAW_TEXT, path);
	if (n > 0) {
		r->path_len = n - 1;
		s->off = sizeof(*r) + (n & (2 * RAW_TEXT - 1));
		definition_count(record_send(s) == 0);
	}
	slot_give(s);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG_cgroup_mkdir(__u64 *ctx)
{
	return cgroup_told((struct cgroup *)ctx[0], (const char *)ctx[1], true);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG_cgroup_rmdir(__u64 *ctx)
{
	return cgroup_told((struct cgroup *)ctx[0], (const char *)ctx[1], false);
}

/* Copies a piece of another task's memory into an item. */
static __always_inline void item_foreign(struct slot *s, __u8 param, struct task_struct *t, __u64 user, __u64 whole)
{
	void *to = item_begin(s, FORM_BYTES, param, whole);
	__u32 n = whole < RAW_TEXT ? whole : RAW_TEXT;

	if (to && user && n > 0 && n <= RAW_TEXT && bpf_copy_from_user_task(to, n, (void *)user, t, 0) == 0)
		item_end(s, n);
}

/* The snapshot at start, and what did not get through later. */
SEC("iter.s/task")
int snapshot(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;

	if (!t || t->pid != t->tgid)
		return 0;
	struct memory *m = memory_of(t, true);
	if (!m || (iterate_unsent && m->print))
		return 0;
	self_look(t, m);
	struct slot *s = slot_take();
	if (!s)
		return 0;
	__u64 print = print_of(s, (__u64)t);
	remember(m, record_begin(s, (__u64)t, m));
	__u32 off = s->off;
	if (!m->argv_of && t->mm) {
		item_foreign(s, RAW_FACT_ARGV, t, t->mm->arg_start, t->mm->arg_end - t->mm->arg_start);
		item_foreign(s, RAW_FACT_ENV, t, t->mm->env_start, t->mm->env_end - t->mm->env_start);
	}
	if (!m->argv_of)
		remember_argv0(s, m, off);
	m->print = definition_send(s) ? print : 0;
	slot_give(s);
	return 0;
}
