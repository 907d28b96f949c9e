/* The facts of processes and threads: noticing that they have changed, and sending them. */
#ifndef PROBE_BPF_FACTS_H
#define PROBE_BPF_FACTS_H

#include "files.h"

/* What is remembered of each task. */
struct memory {
	__u64 print;                   /* of its facts when they were last sent; 0: they are not known to user space */
	__u64 leader_print;            /* of its process at that time, of a thread */
	__u64 argv_of, fork_parent;    /* keys; argv_of 0: its own */
	__u64 exec;                    /* boot clock; 0: not since it was seen */
	__u64 thread_key;              /* key under which a THREAD was sent, or 0 */
	__u32 self;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct memory);
} tasks SEC(".maps");

struct exe_id {
	__u64 device, inode;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct exe_id);
	__type(value, __u32);
	__uint(max_entries, 64);
} self_exes SEC(".maps");

static __always_inline __u64 task_key(const struct task_struct *t)
{
	return (t->start_boottime / 10000000) << 22 | (__u32)t->pid;
}

static __always_inline __u64 process_key(const struct task_struct *t)
{
	return (t->group_leader->start_boottime / 10000000) << 22 | (__u32)t->tgid;
}

#define MIX(h, x) ((h) = ((h) ^ (__u64)(x)) * 0x9e3779b97f4a7c15ull, (h) ^= (h) >> 29)

static __always_inline int pid_number(const struct task_struct *t, int type)
{
	return (int)READ(struct pid, t->signal->pids[type], numbers[0].nr);
}

/* The address in a field, as a number: the verifier does no arithmetic on what it knows to be a pointer. */
#define ADDRESS(object, field) ({ \
	__u64 address_ = 0; \
	bpf_core_read(&address_, sizeof(address_), &(object)->field); \
	address_; })

/* One number for all facts that may change in silence. Neighbouring fields are read together: ids and capability sets
 * each stand in a row, in this order, on every kernel. */
static __always_inline __u64 facts_print(const struct task_struct *t)
{
	const struct cred *c = t->cred;
	__u64 h = 1, w[4];

	bpf_core_read(w, sizeof(w), &c->uid);
	MIX(h, w[0]);
	MIX(h, w[1]);
	MIX(h, w[2]);
	MIX(h, w[3]);
	bpf_core_read(w, sizeof(w), &c->cap_inheritable);
	MIX(h, w[0] ^ w[1] << 1);
	MIX(h, w[2] ^ w[3] << 1);
	MIX(h, ADDRESS(c, group_info) ^ ADDRESS(c, user_ns));
	bpf_core_read(w, 16, &t->comm);
	MIX(h, w[0]);
	MIX(h, w[1]);
	if (t->fs) {
		struct path path[2];
		bpf_core_read(&path[0], sizeof(path[0]), &t->fs->root);
		bpf_core_read(&path[1], sizeof(path[1]), &t->fs->pwd);
		MIX(h, (__u64)path[0].dentry ^ (__u64)path[0].mnt);
		MIX(h, path_print((__u64)path[1].dentry, (__u64)path[1].mnt));
	}
	MIX(h, (__u64)pid_number(t, PIDTYPE_SID) << 32 | (__u32)pid_number(t, PIDTYPE_PGID));
	MIX(h, ADDRESS(t->signal, tty));
	MIX(h, t->signal->rlim[RLIMIT_NOFILE].rlim_cur);
	MIX(h, ADDRESS(t, cgroups));
	MIX(h, ADDRESS(t, nsproxy));
	MIX(h, t->real_parent->tgid);
	MIX(h, (__u64)t->ptrace << 32 | (t->atomic_flags & 1) << 8 | t->seccomp.mode);
	if (bpf_core_field_exists(t->loginuid))
		MIX(h, (__u64)t->loginuid.val << 32 | t->sessionid);
	return h | 1;
}

static __always_inline void head_fill(struct raw_head *h, __u8 kind, __u16 type, const struct task_struct *t)
{
	h->kind = kind;
	h->flags = 0;
	h->type = type;
	h->time = bpf_ktime_get_boot_ns();
	h->id = 0;
	h->process = process_key(t);
	h->task = task_key(t);
	h->pid = t->tgid;
	h->tid = t->pid;
	h->ppid = t->real_parent->tgid;
	h->uid = t->cred->euid.val;
	h->cpu = bpf_get_smp_processor_id();
	h->pad = 0;
	bpf_core_read(h->comm, sizeof(h->comm), &t->comm);
}

/* The number that a pid has in the innermost namespace of `like`, 0 when it has none there. */
static __always_inline __u32 pid_inside(const struct pid *pid, __u32 level, __u64 ns)
{
	struct upid u = {};

	if (!pid || READ(struct pid, pid, level) < level)
		return 0;
	bpf_probe_read_kernel(&u, sizeof(u),
		(void *)((__u64)pid + bpf_core_field_offset(struct pid, numbers) + level * sizeof(struct upid)));
	return (__u64)u.ns == ns ? u.nr : 0;
}

static __always_inline void proc_pids(struct raw_proc *p, const struct task_struct *t)
{
	const struct pid *own = t->thread_pid;
	__u32 level = READ(struct pid, own, level);
	struct upid u = {};

	if (level > 32)
		level = 32;
	bpf_probe_read_kernel(&u, sizeof(u),
		(void *)((__u64)own + bpf_core_field_offset(struct pid, numbers) + level * sizeof(struct upid)));
	__u64 ns = (__u64)u.ns;
	p->vtid = u.nr;
	p->vpid = pid_inside(t->group_leader->thread_pid, level, ns);
	p->sid = pid_number(t, PIDTYPE_SID);
	p->vsid = pid_inside(t->signal->pids[PIDTYPE_SID], level, ns);
	p->pgid = pid_number(t, PIDTYPE_PGID);
	p->vpgid = pid_inside(t->signal->pids[PIDTYPE_PGID], level, ns);
	p->ns[1] = READ(struct pid_namespace, ns, ns.inum);
	__u64 init = (__u64)READ(struct pid_namespace, ns, child_reaper);
	p->pidns_start = init ? READ(struct task_struct, init, start_boottime) : 0;
}

static __always_inline void proc_namespaces(struct raw_proc *p, const struct task_struct *t)
{
	const struct nsproxy *n = t->nsproxy;

	p->ns[3] = t->cred->user_ns->ns.inum;
	p->ns[0] = p->ns[2] = p->ns[4] = p->ns[5] = p->ns[6] = p->ns[7] = 0;
	if (!n)
		return;
	p->ns[0] = READ(struct mnt_namespace, n->mnt_ns, ns.inum);
	p->ns[2] = n->net_ns->ns.inum;
	p->ns[4] = n->uts_ns->ns.inum;
	p->ns[5] = READ(struct ipc_namespace, n->ipc_ns, ns.inum);
	p->ns[6] = n->cgroup_ns->ns.inum;
	p->ns[7] = READ(struct time_namespace, n->time_ns, ns.inum);
}

static __always_inline void proc_credentials(struct raw_proc *p, const struct task_struct *t)
{
	const struct cred *c = t->cred;
	__u64 caps[4];

	p->ids[0] = c->uid.val;
	p->ids[1] = c->euid.val;
	p->ids[2] = c->suid.val;
	p->ids[3] = c->fsuid.val;
	p->ids[4] = c->gid.val;
	p->ids[5] = c->egid.val;
	p->ids[6] = c->sgid.val;
	p->ids[7] = c->fsgid.val;
	bpf_core_read(caps, sizeof(caps), &c->cap_inheritable);
	p->cap_inheritable = caps[0];
	p->cap_permitted = caps[1];
	p->cap_effective = caps[2];
	p->cap_bounding = caps[3];
	p->loginuid = p->sessionid = -1;
	if (bpf_core_field_exists(t->loginuid)) {
		p->loginuid = t->loginuid.val;
		p->sessionid = t->sessionid;
	}
}

/* As in field 7 of /proc/PID/stat. */
static __always_inline void proc_terminal(struct raw_proc *p, const struct task_struct *t)
{
	__u64 tty = (__u64)t->signal->tty;

	p->tty = 0;
	p->tty_name[0] = '\0';
	if (!tty)
		return;
	__u64 driver = (__u64)READ(struct tty_struct, tty, driver);
	__u32 major = READ(struct tty_driver, driver, major);
	__u32 minor = READ(struct tty_driver, driver, minor_start) + READ(struct tty_struct, tty, index);
	p->tty = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
	bpf_core_read(p->tty_name, sizeof(p->tty_name), &((struct tty_struct *)tty)->name);
}

/* The cgroup that tells containers apart: of the version 1 pids hierarchy where there is one and the task is not at its
 * root, else of version 2. The hierarchy stands in the top byte: ids are unique in their hierarchy only. */
static __always_inline __u64 cgroup_id(__u64 cgrp)
{
	__u64 id = READ(struct kernfs_node, READ(struct cgroup, cgrp, kn), id);

	return id | (__u64)READ(struct cgroup_root, READ(struct cgroup, cgrp, root), hierarchy_id) << 56;
}

static __always_inline __u64 task_cgroup(const struct task_struct *t)
{
	struct css_set *set = t->cgroups;
	__u64 css = 0;

	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		bpf_probe_read_kernel(&css, sizeof(css), (void *)((__u64)set + bpf_core_field_offset(struct css_set, subsys) +
			bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id) * sizeof(void *)));
	if (css) {
		__u64 cgrp = (__u64)READ(struct cgroup_subsys_state, css, cgroup);
		__u64 root = (__u64)READ(struct cgroup, cgrp, root);
		if (READ(struct cgroup_root, root, hierarchy_id) != 0 && READ(struct cgroup, cgrp, level) > 0)
			return cgroup_id(cgrp);
	}
	return cgroup_id((__u64)set->dfl_cgrp);
}

static __always_inline __s64 rss_part(const struct mm_struct *mm, int i)
{
	struct mm_struct___61 *old = (void *)mm;
	__s64 n = 0;

	if (bpf_core_field_exists(old->rss_stat.count))
		bpf_probe_read_kernel(&n, sizeof(n), (void *)((__u64)mm +
			bpf_core_field_offset(struct mm_struct___61, rss_stat) + i * sizeof(n)));
	else
		bpf_probe_read_kernel(&n, sizeof(n), (void *)((__u64)mm +
			bpf_core_field_offset(struct mm_struct, rss_stat) + i * bpf_core_type_size(struct percpu_counter) +
			bpf_core_field_offset(struct percpu_counter, count)));
	return n > 0 ? n : 0;
}

static __always_inline void proc_memory(struct raw_proc *p, const struct task_struct *t)
{
	const struct mm_struct *mm = t->mm;

	p->page_faults_major = t->maj_flt;
	p->page_faults_minor = t->min_flt;
	p->vm_size = p->vm_rss = p->vm_swap = 0;
	if (!mm)
		return;
	p->vm_size = mm->total_vm * 4;
	p->vm_rss = (rss_part(mm, 0) + rss_part(mm, 1) + rss_part(mm, 3)) * 4;
	p->vm_swap = rss_part(mm, 2) * 4;
}

static __always_inline void item_groups(struct slot *s, const struct task_struct *t)
{
	__u64 g = (__u64)t->cred->group_info;
	void *to = item_begin(s, FORM_BYTES, RAW_FACT_GROUPS, 0);
	__u32 n = READ(struct group_info, g, ngroups);

	if (!to || !n)
		return;
	item_aux(s, n * 4);
	if (n > RAW_GROUPS)
		n = RAW_GROUPS;
	if (bpf_probe_read_kernel(to, n * 4, (void *)(g + bpf_core_field_offset(struct group_info, gid))) == 0)
		item_end(s, n * 4);
}

static __always_inline void item_exe(struct slot *s, const struct task_struct *t)
{
	struct raw_file *f;
	__u32 how;
	__u64 file;

	if (!t->mm || !(file = (__u64)t->mm->exe_file))
		return;
	f = item_begin(s, FORM_FD, RAW_FACT_EXE, 0);
	if (!f)
		return;
	file_facts(f, file);
	__s64 ctime, mtime;
	inode_times((__u64)READ(struct file, file, f_inode), &ctime, &mtime);
	f->ctime = ctime;
	f->mtime = mtime;
	struct path path = READ(struct file, file, f_path);
	__u32 n = path_at(s, s->off + sizeof(struct raw_item) + sizeof(*f), (__u64)path.dentry, (__u64)path.mnt, &how);
	f->path_len = n;
	f->path = how;
	item_end(s, sizeof(*f) + n);
}

/* The root directory as seen from the root of its mount namespace: what a chroot hides. */
static __always_inline void item_root(struct slot *s, const struct fs_struct *fs)
{
	if (!item_begin(s, FORM_PATH, RAW_FACT_ROOT, PATH_ABSOLUTE))
		return;
	s->walk.dentry = (__u64)fs->root.dentry;
	s->walk.mnt = (__u64)fs->root.mnt;
	s->walk.root_dentry = s->walk.root_mnt = 0;
	s->walk.off = s->off + sizeof(struct raw_item);
	if (path_walk(s) == PATH_UNREACHABLE)
		item_end(s, s->walk.off - s->off - sizeof(struct raw_item));
}

/* The fixed part of a process record and its paths and groups; argv and environment are the caller's to add. */
static __always_inline void proc_fill(struct slot *s, const struct task_struct *t, const struct memory *m, __u8 kind)
{
	struct raw_proc *p = (struct raw_proc *)s->data;

	head_fill(&p->h, kind, 0, t);
	p->parent = process_key(t->real_parent);
	p->fork_parent = m ? m->fork_parent : 0;
	p->argv_of = m ? m->argv_of : 0;
	p->exec = m ? m->exec : 0;
	p->ptracer = t->ptrace ? process_key(t->parent) : 0;
	p->old_task = 0;
	p->start = t->group_leader->start_boottime;
	p->cgroup = task_cgroup(t);
	p->fdlimit = t->signal->rlim[RLIMIT_NOFILE].rlim_cur;
	p->no_new_privs = t->atomic_flags & 1;
	p->seccomp = t->seccomp.mode;
	p->differs = p->pad = 0;
	proc_pids(p, t);
	proc_namespaces(p, t);
	proc_credentials(p, t);
	proc_terminal(p, t);
	proc_memory(p, t);
	s->off = sizeof(*p);
	if (t->fs) {
		path_root(s, t->fs);
		item_exe(s, t);
		item_path(s, RAW_FACT_CWD, (__u64)t->fs->pwd.dentry, (__u64)t->fs->pwd.mnt);
		item_root(s, t->fs);
	}
	item_groups(s, t);
}

#endif
