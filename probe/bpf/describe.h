/* Describing processes and threads before the events that refer to them. */
#ifndef PROBE_BPF_DESCRIBE_H
#define PROBE_BPF_DESCRIBE_H

#include "share.h"

/* What is remembered of each task. */
struct memory {
	__u64 print;                   /* of its facts when they were last sent; 0: they are not known to user space */
	__u64 leader_print;            /* of its process at that time, of a thread */
	__u64 argv_of, fork_parent;    /* keys; argv_of 0: its own */
	__u64 exec;                    /* boot clock; 0: not since it was seen */
	__u64 thread_key;              /* key under which a THREAD was sent, or 0 */
	__u32 self;                    /* it runs one of our own programs */
	__u32 looked;                  /* whether that was found out */
	__u64 parent, name[2];         /* key and comm, as they were last sent */
	__u64 tail[RAW_TAIL / 8];      /* the end of argv[0], as it was last sent, with NULs before it */
	__u32 argv0_size, pad;         /* of the whole, with its NUL; 0: it is not known */
	__u64 argv_serial;             /* of the plan that `argv` is of; 0: it is not known */
	struct raw_lines argv;         /* that the argv does not rule out that was last sent */
	__u64 lines_print;             /* of what `lines` rests on; 0: nothing yet */
	struct raw_lines lines;        /* of the plan, that the task does not rule out */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct memory);
} tasks SEC(".maps");

static __always_inline struct memory *memory_of(struct task_struct *t, bool create)
{
	return bpf_task_storage_get(&tasks, t, NULL, create ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
}

/* Which bytes of a word are 0, and maybe some above them. */
static __always_inline __u64 zeros(__u64 w)
{
	return (w - 0x0101010101010101ull) & ~w & 0x8080808080808080ull;
}

/* Which bytes of a word are 0, and no others: 0x80 in each. */
static __always_inline __u64 zeros_alone(__u64 w)
{
	const __u64 low = 0x7f7f7f7f7f7f7f7full;

	return ~(((w & low) + low) | w | low);
}

/* How many bytes stand below the one that has the only bit of `bit`, which is its highest. */
static __always_inline __u32 bytes_below(__u64 bit)
{
	const __u64 ones = 0x0101010101010101ull;

	return ((((bit - 1) & ones) * ones) >> 56) - 1;
}

/* What stands behind the NUL is not part of a task's name. */
static __always_inline void name_clean(__u64 name[2])
{
	__u64 a = name[0], b = name[1], end = zeros(a);

	if (end) {
		a &= (end & -end) - 1;
		b = 0;
	} else {
		end = zeros(b);
		b &= end ? (end & -end) - 1 : ~0ull;
	}
	name[0] = a;
	name[1] = b;
}

/* Remembers of a process what its record tells user space. */
static __always_inline void remember(struct memory *m, const struct raw_proc *p)
{
	m->parent = p->parent;
	m->name[0] = ((const __u64 *)p->h.comm)[0];
	m->name[1] = ((const __u64 *)p->h.comm)[1];
	name_clean(m->name);
}

/* The same of argv[0], from the item of argv at `off`. */
__noinline int remember_argv0(struct slot *s, struct memory *m, __u32 off)
{
	if (!s || !m)
		return 0;
	m->argv0_size = 0;
	const struct raw_item *it = AT(s, off);
	if (off >= s->off || off > RECORD_LAST || it->param != RAW_FACT_ARGV || it->len == 0)
		return 0;
	((__u64 *)s->text)[0] = ((__u64 *)s->text)[1] = 0;
	long n = bpf_probe_read_kernel_str(s->text + RAW_TAIL, PASSED_MAX - RAW_TAIL, it + 1);
	if (n <= 0 || n >= PASSED_MAX - RAW_TAIL || n > it->len)
		return 0;
	__u64 size = n, end = size - 1;
	BOUND(end, PASSED_MAX - 1);
	m->tail[0] = *(__u64 *)(s->text + end);
	m->tail[1] = *(__u64 *)(s->text + end + 8);
	m->argv0_size = size;
	return 0;
}

static __always_inline __u64 print_of(struct slot *s, __u64 task)
{
	s->task = task;
	facts_print(s);
	return s->print;
}

/* Begins a record of a task with what is remembered of its process. */
static __always_inline struct raw_proc *record_begin(struct slot *s, __u64 task, const struct memory *m)
{
	struct raw_proc *p = (struct raw_proc *)s->data;

	s->task = task;
	proc_fill(s);
	p->fork_parent = m->fork_parent;
	p->argv_of = m->argv_of;
	p->exec = m->exec;
	return p;
}

static __always_inline bool definition_count(bool sent)
{
	__sync_fetch_and_add(sent ? &definitions : &definitions_lost, 1);
	return sent;
}

static __always_inline bool definition_send(struct slot *s)
{
	return definition_count(record_send_later(s) == 0);
}

/* Sends what user space does not know, or not any more, of a process. `here`: it is the calling task's; else
 * it has just been forked. */
static __always_inline bool process_describe(struct slot *s, __u64 task, struct memory *m, __u64 print, bool here)
{
	struct raw_proc *p = record_begin(s, task, m);

	p->born = !here && !m->print;
	remember(m, p);
	if (!m->argv_of) {
		__u32 off = s->off;
		if (here)
			argv_fill(s);
		remember_argv0(s, m, off);
		m->argv_serial = 0;
	}
	m->print = definition_send(s) ? print : 0;
	return m->print != 0;
}

static __always_inline bool thread_describe(struct slot *s, struct task_struct *t, struct memory *tm, const struct memory *pm,
	__u64 print, __u64 own)
{
	s->task = (__u64)t;
	thread_compare(s);
	__u32 differs = s->differs;

	tm->leader_print = print;
	tm->print = own;
	if (!differs && !tm->thread_key && READ(struct pid, READ(struct task_struct, t, thread_pid), level) == 0)
		return true;
	struct raw_proc *p = record_begin(s, (__u64)t, pm);
	p->h.kind = RAW_THREAD;
	p->differs = differs;
	tm->thread_key = p->h.task;
	if (!definition_send(s))
		tm->print = 0;
	return tm->print != 0;
}

/* Makes sure that the process of `t`, and the thread where it differs, are described as they are. Returns whether they are;
 * s->actor is the key for the event: the thread's where it has a record of its own. Where the leader has ended before its
 * threads, the caller's facts stand for the process. */
static __always_inline bool task_describe(struct slot *s, struct task_struct *t)
{
	struct memory *pm = memory_of(t->group_leader, true);

	if (!pm)
		return false;
	__u64 leader = ADDRESS(s, struct task_struct, t, group_leader);
	bool alive = ADDRESS(s, struct task_struct, leader, fs) != 0, known = true;
	__u64 print = print_of(s, alive ? leader : (__u64)t);

	s->actor = task_key(leader);
	if (pm->print != print && (alive || !pm->print))
		known = process_describe(s, alive ? leader : (__u64)t, pm, print, true);
	if (t->pid == t->tgid)
		return known;
	struct memory *tm = memory_of(t, true);
	if (!tm)
		return false;
	__u64 own = print_of(s, (__u64)t);
	if (tm->print != own || tm->leader_print != print)
		known &= thread_describe(s, t, tm, pm, print, own);
	if (tm->thread_key)
		s->actor = tm->thread_key;
	s->task = (__u64)t;
	return known;
}

/* Of the calling task. */
__noinline int actor_describe(struct slot *s)
{
	return s ? task_describe(s, bpf_get_current_task_btf()) : 0;
}

#endif
