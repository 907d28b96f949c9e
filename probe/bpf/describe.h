/* Describing processes and threads before the events that refer to them. */
#ifndef PROBE_BPF_DESCRIBE_H
#define PROBE_BPF_DESCRIBE_H

#include "facts.h"

static __always_inline struct memory *memory_of(struct task_struct *t, bool create)
{
	return bpf_task_storage_get(&tasks, t, NULL, create ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
}

static __always_inline bool words_differ(const __u64 *a, const __u64 *b)
{
	return a[0] != b[0] || a[1] != b[1] || a[2] != b[2] || a[3] != b[3];
}

static __always_inline bool credentials_differ(const struct cred *a, const struct cred *b)
{
	__u64 x[4], y[4];

	if (a == b)
		return false;
	bpf_core_read(x, sizeof(x), &a->uid);
	bpf_core_read(y, sizeof(y), &b->uid);
	if (words_differ(x, y))
		return true;
	bpf_core_read(x, sizeof(x), &a->cap_inheritable);
	bpf_core_read(y, sizeof(y), &b->cap_inheritable);
	return words_differ(x, y) || a->group_info != b->group_info || a->user_ns != b->user_ns;
}

/* In which facts a thread is not like its process. */
static __always_inline __u32 thread_differs(const struct task_struct *t, const struct task_struct *p)
{
	__u64 a[2], b[2];
	__u32 d = 0;

	if (credentials_differ(t->cred, p->cred))
		d |= DIFFERS_CRED;
	bpf_core_read(a, sizeof(a), &t->comm);
	bpf_core_read(b, sizeof(b), &p->comm);
	if (a[0] != b[0] || a[1] != b[1])
		d |= DIFFERS_COMM;
	if (t->fs && p->fs && t->fs != p->fs) {
		if (t->fs->pwd.dentry != p->fs->pwd.dentry || t->fs->pwd.mnt != p->fs->pwd.mnt)
			d |= DIFFERS_CWD;
		if (t->fs->root.dentry != p->fs->root.dentry || t->fs->root.mnt != p->fs->root.mnt)
			d |= DIFFERS_ROOT;
	}
	if (t->nsproxy != p->nsproxy)
		d |= DIFFERS_NS;
	if (t->cgroups != p->cgroups)
		d |= DIFFERS_CGROUP;
	if (bpf_core_field_exists(t->loginuid) && (t->loginuid.val != p->loginuid.val || t->sessionid != p->sessionid))
		d |= DIFFERS_AUDIT;
	if (t->seccomp.mode != p->seccomp.mode)
		d |= DIFFERS_SECCOMP;
	if ((t->atomic_flags ^ p->atomic_flags) & 1)
		d |= DIFFERS_NNP;
	if (t->ptrace != p->ptrace)
		d |= DIFFERS_PTRACER;
	return d;
}

static __always_inline bool definition_send(struct slot *s)
{
	bool sent = record_send(s) == 0;

	__sync_fetch_and_add(sent ? &definitions : &definitions_lost, 1);
	return sent;
}

/* argv and environment of the calling task, as its own memory has them. */
static __always_inline void items_argv(struct slot *s, const struct mm_struct *mm)
{
	if (!mm)
		return;
	item_bytes(s, RAW_FACT_ARGV, mm->arg_start, mm->arg_end - mm->arg_start);
	item_bytes(s, RAW_FACT_ENV, mm->env_start, mm->env_end - mm->env_start);
}

/* Sends what user space does not know, or not any more, of a process. Of one that leads its group but has ended, its caller speaks.
 * `t` is the calling task or, when `other`, another one, whose memory can not be read here. */
static __noinline bool process_describe(struct slot *s, struct task_struct *t, struct memory *m, __u64 print, bool other)
{
	proc_fill(s, t, m, RAW_PROC);
	if (!m->argv_of && !other)
		items_argv(s, t->mm);
	m->print = definition_send(s) ? print : 0;
	return m->print != 0;
}

/* Makes sure that the acting process, and the thread where it differs, are described as they are. Returns whether they are;
 * `*task` is the key for the event: the thread's where it has a record of its own. */
static __always_inline bool actor_describe(struct slot *s, struct task_struct *t, struct memory *pm, __u64 *task)
{
	struct task_struct *leader = t->group_leader;
	bool alive = leader->fs != NULL, known = true;
	__u64 print;

	print = facts_print(alive ? leader : t);
	*task = process_key(t);
	if (pm->print != print && (alive || !pm->print))
		known = process_describe(s, alive ? leader : t, pm, print, false);
	if (t->pid == t->tgid)
		return known;
	struct memory *tm = memory_of(t, true);
	if (!tm)
		return false;
	__u64 own = facts_print(t);
	if (tm->print == own && tm->leader_print == print) {
		if (tm->thread_key)
			*task = tm->thread_key;
		return known;
	}
	__u32 differs = thread_differs(t, leader);
	if (!differs && !tm->thread_key && READ(struct pid, t->thread_pid, level) == 0) {
		tm->print = own;
		tm->leader_print = print;
		return known;
	}
	proc_fill(s, t, pm, RAW_THREAD);
	((struct raw_proc *)s->data)->differs = differs;
	*task = task_key(t);
	if (!definition_send(s)) {
		tm->print = 0;
		return false;
	}
	tm->print = own;
	tm->leader_print = print;
	tm->thread_key = *task;
	return known;
}

#endif
