/* The facts of processes and threads: noticing that they have changed, and writing them down. The global functions work on
 * addresses (slot.task) and not on pointers that the verifier knows, so that it looks at each of them once. */
#ifndef PROBE_BPF_FACTS_H
#define PROBE_BPF_FACTS_H

#include "files.h"

static __always_inline __u64 task_key(__u64 t)
{
	return (READ(struct task_struct, t, start_boottime) / 10000000) << 22 | (__u32)READ(struct task_struct, t, pid);
}

static __always_inline __u64 process_key(__u64 t)
{
	return task_key((__u64)READ(struct task_struct, t, group_leader));
}

#define MIX(h, x) ((h) = ((h) ^ (__u64)(x)) * 0x9e3779b97f4a7c15ull, (h) ^= (h) >> 29)

static __always_inline __u64 task_pid_of(struct slot *s, __u64 signal, int type)
{
	words_at(s, signal + bpf_core_field_offset(struct signal_struct, pids) + type * sizeof(void *));
	return WORD(s, 0);
}

static __always_inline __u64 print_words(struct slot *s, __u64 h, __u64 address)
{
	words_at(s, address);
	MIX(h, WORD(s, 0));
	MIX(h, WORD(s, 1));
	return h;
}

/* Ids and capability sets each stand in a row, in this order, on every kernel. */
static __always_inline __u64 print_credentials(struct slot *s, __u64 h, __u64 c)
{
	__u64 ids = c + bpf_core_field_offset(struct cred, uid), caps = c + bpf_core_field_offset(struct cred, cap_inheritable);

	h = print_words(s, h, ids);
	h = print_words(s, h, ids + 16);
	h = print_words(s, h, caps);
	h = print_words(s, h, caps + 16);
	MIX(h, ADDRESS(s, struct cred, c, group_info));
	MIX(h, ADDRESS(s, struct cred, c, user_ns));
	return h;
}

/* One number for all facts of s->task that may change in silence, in s->print. */
__noinline int facts_print(struct slot *s)
{
	__u64 h = 1;

	if (!s)
		return 0;
	__u64 t = s->task, fs = ADDRESS(s, struct task_struct, t, fs), signal = ADDRESS(s, struct task_struct, t, signal);
	h = print_credentials(s, h, ADDRESS(s, struct task_struct, t, cred));
	h = print_words(s, h, t + bpf_core_field_offset(struct task_struct, comm));
	if (fs) {
		h = print_words(s, h, fs + bpf_core_field_offset(struct fs_struct, root));
		words_at(s, fs + bpf_core_field_offset(struct fs_struct, pwd));
		MIX(h, path_print(WORD(s, 1), WORD(s, 0)));
	}
	MIX(h, (__u64)READ(struct pid, task_pid_of(s, signal, PIDTYPE_SID), numbers[0].nr) << 32 |
		(__u32)READ(struct pid, task_pid_of(s, signal, PIDTYPE_PGID), numbers[0].nr));
	MIX(h, ADDRESS(s, struct signal_struct, signal, tty));
	MIX(h, READ(struct signal_struct, signal, rlim[RLIMIT_NOFILE].rlim_cur));
	MIX(h, ADDRESS(s, struct task_struct, t, cgroups));
	MIX(h, ADDRESS(s, struct task_struct, t, nsproxy));
	MIX(h, READ(struct task_struct, READ(struct task_struct, t, real_parent), tgid));
	MIX(h, (__u64)READ(struct task_struct, t, ptrace) << 32 | (READ(struct task_struct, t, atomic_flags) & 1) << 8 |
		READ(struct task_struct, t, seccomp.mode));
	if (bpf_core_field_exists(((struct task_struct *)0)->loginuid))
		MIX(h, (__u64)READ(struct task_struct, t, loginuid).val << 32 | READ(struct task_struct, t, sessionid));
	s->print = h | 1;
	return 0;
}

static __always_inline void head_fill(struct slot *s, struct raw_head *h, __u8 kind, __u16 type, __u64 t)
{
	h->kind = kind;
	h->flags = 0;
	h->type = type;
	h->time = bpf_ktime_get_boot_ns();
	h->id = 0;
	__u64 leader = (__u64)READ(struct task_struct, t, group_leader);
	h->process = task_key(leader);
	h->task = leader == t ? h->process : task_key(t);
	h->pid = READ(struct task_struct, t, tgid);
	h->tid = READ(struct task_struct, t, pid);
	h->ppid = READ(struct task_struct, READ(struct task_struct, t, real_parent), tgid);
	h->uid = READ(struct cred, READ(struct task_struct, t, cred), euid).val;
	h->cpu = bpf_get_smp_processor_id();
	h->pad = 0;
	words_at(s, t + bpf_core_field_offset(struct task_struct, comm));
	((__u64 *)h->comm)[0] = WORD(s, 0);
	((__u64 *)h->comm)[1] = WORD(s, 1);
}

/* The number that a pid has at a level, and the namespace of that level. */
static __always_inline struct upid upid_at(__u64 pid, __u32 level)
{
	struct upid u = {};

	if (pid && level <= 32 && READ(struct pid, pid, level) >= level) {
		__u64 there = pid + level * sizeof(struct upid);
		u.nr = READ(struct pid, there, numbers[0].nr);
		u.ns = READ(struct pid, there, numbers[0].ns);
	}
	return u;
}

/* The number that a pid has in the innermost namespace of the task, 0 when it has none there. */
static __always_inline __u32 pid_inside(__u64 pid, __u32 level, __u64 ns)
{
	struct upid u = upid_at(pid, level);

	return (__u64)u.ns == ns ? u.nr : 0;
}

static __always_inline void proc_pids(struct slot *s, struct raw_proc *p, __u64 t)
{
	__u64 own = ADDRESS(s, struct task_struct, t, thread_pid), signal = ADDRESS(s, struct task_struct, t, signal);
	__u64 leader = ADDRESS(s, struct task_struct, t, group_leader);
	__u64 session = task_pid_of(s, signal, PIDTYPE_SID), group = task_pid_of(s, signal, PIDTYPE_PGID);
	__u32 level = READ(struct pid, own, level);
	struct upid u = upid_at(own, level);
	__u64 ns = (__u64)u.ns;

	p->vtid = u.nr;
	p->vpid = leader == t ? p->vtid : pid_inside(ADDRESS(s, struct task_struct, leader, thread_pid), level, ns);
	p->sid = READ(struct pid, session, numbers[0].nr);
	p->vsid = level ? pid_inside(session, level, ns) : p->sid;
	p->pgid = READ(struct pid, group, numbers[0].nr);
	p->vpgid = level ? pid_inside(group, level, ns) : p->pgid;
	p->ns[1] = READ(struct pid_namespace, ns, ns.inum);
	__u64 init = ADDRESS(s, struct pid_namespace, ns, child_reaper);
	p->pidns_start = init ? READ(struct task_struct, init, start_boottime) : 0;
}

static __always_inline void proc_namespaces(struct slot *s, struct raw_proc *p, __u64 t)
{
	__u64 n = ADDRESS(s, struct task_struct, t, nsproxy);

	p->ns[3] = READ(struct user_namespace, READ(struct cred, READ(struct task_struct, t, cred), user_ns), ns.inum);
	p->ns[0] = p->ns[2] = p->ns[4] = p->ns[5] = p->ns[6] = p->ns[7] = 0;
	if (!n)
		return;
	p->ns[0] = READ(struct mnt_namespace, READ(struct nsproxy, n, mnt_ns), ns.inum);
	p->ns[2] = READ(struct net, READ(struct nsproxy, n, net_ns), ns.inum);
	p->ns[4] = READ(struct uts_namespace, READ(struct nsproxy, n, uts_ns), ns.inum);
	p->ns[5] = READ(struct ipc_namespace, READ(struct nsproxy, n, ipc_ns), ns.inum);
	p->ns[6] = READ(struct cgroup_namespace, READ(struct nsproxy, n, cgroup_ns), ns.inum);
	p->ns[7] = READ(struct time_namespace, READ(struct nsproxy, n, time_ns), ns.inum);
}

static __always_inline void proc_credentials(struct slot *s, struct raw_proc *p, __u64 t)
{
	__u64 c = ADDRESS(s, struct task_struct, t, cred);
	__u64 ids = c + bpf_core_field_offset(struct cred, uid), caps = c + bpf_core_field_offset(struct cred, cap_inheritable);

	words_at(s, ids);                                              /* uid gid suid sgid euid egid fsuid fsgid */
	p->ids[0] = WORD(s, 0);
	p->ids[4] = WORD(s, 0) >> 32;
	p->ids[2] = WORD(s, 1);
	p->ids[6] = WORD(s, 1) >> 32;
	words_at(s, ids + 16);
	p->ids[1] = WORD(s, 0);
	p->ids[5] = WORD(s, 0) >> 32;
	p->ids[3] = WORD(s, 1);
	p->ids[7] = WORD(s, 1) >> 32;
	words_at(s, caps);
	p->cap_inheritable = WORD(s, 0);
	p->cap_permitted = WORD(s, 1);
	words_at(s, caps + 16);
	p->cap_effective = WORD(s, 0);
	p->cap_bounding = WORD(s, 1);
	p->loginuid = p->sessionid = -1;
	if (bpf_core_field_exists(((struct task_struct *)0)->loginuid)) {
		p->loginuid = READ(struct task_struct, t, loginuid).val;
		p->sessionid = READ(struct task_struct, t, sessionid);
	}
}

/* As in field 7 of /proc/PID/stat. */
static __always_inline void proc_terminal(struct slot *s, struct raw_proc *p, __u64 t)
{
	__u64 tty = ADDRESS(s, struct signal_struct, READ(struct task_struct, t, signal), tty);

	p->tty = 0;
	p->tty_name[0] = '\0';
	if (!tty)
		return;
	__u64 driver = ADDRESS(s, struct tty_struct, tty, driver);
	__u32 major = READ(struct tty_driver, driver, major);
	__u32 minor = READ(struct tty_driver, driver, minor_start) + READ(struct tty_struct, tty, index);
	p->tty = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
	bpf_core_read(p->tty_name, sizeof(p->tty_name), &((struct tty_struct *)tty)->name);
}

/* The hierarchy stands in the top byte: ids are unique in their hierarchy only. */
static __always_inline __u64 cgroup_id(__u64 cgrp)
{
	__u64 id = READ(struct kernfs_node, READ(struct cgroup, cgrp, kn), id);

	return id | (__u64)READ(struct cgroup_root, READ(struct cgroup, cgrp, root), hierarchy_id) << 56;
}

/* The cgroup that tells containers apart: of the version 1 pids hierarchy where there is one and the task is not at its
 * root, else of version 2. */
static __always_inline __u64 task_cgroup(struct slot *s, __u64 t)
{
	__u64 set = ADDRESS(s, struct task_struct, t, cgroups), css = 0;

	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id)) {
		words_at(s, set + bpf_core_field_offset(struct css_set, subsys) +
			bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id) * sizeof(void *));
		css = WORD(s, 0);
	}
	if (css) {
		__u64 cgrp = ADDRESS(s, struct cgroup_subsys_state, css, cgroup);
		if (READ(struct cgroup_root, READ(struct cgroup, cgrp, root), hierarchy_id) != 0 &&
		    READ(struct cgroup, cgrp, level) > 0)
			return cgroup_id(cgrp);
	}
	return cgroup_id(ADDRESS(s, struct css_set, set, dfl_cgrp));
}

static __always_inline __s64 rss_part(__u64 mm, int i)
{
	struct mm_struct___61 *old = (void *)mm;
	__s64 n = 0;

	if (!can_cast && bpf_core_field_exists(old->rss_stat.count))
		bpf_probe_read_kernel(&n, sizeof(n),
			(void *)(mm + bpf_core_field_offset(struct mm_struct___61, rss_stat) + i * sizeof(n)));
	else
		bpf_probe_read_kernel(&n, sizeof(n), (void *)(mm +
			bpf_core_field_offset(struct mm_struct, rss_stat) + i * bpf_core_type_size(struct percpu_counter) +
			bpf_core_field_offset(struct percpu_counter, count)));
	return n > 0 ? n : 0;
}

static __always_inline __u64 memory_resident(__u64 mm)
{
	return (rss_part(mm, 0) + rss_part(mm, 1) + rss_part(mm, 3)) * 4;
}

/* What only the event of an execve tells. */
static __always_inline void proc_memory(struct slot *s, struct raw_proc *p)
{
	__u64 t = s->task, mm = ADDRESS(s, struct task_struct, t, mm);

	p->page_faults_major = READ(struct task_struct, t, maj_flt);
	p->page_faults_minor = READ(struct task_struct, t, min_flt);
	if (!mm)
		return;
	p->vm_size = READ(struct mm_struct, mm, total_vm) * 4;
	p->vm_rss = memory_resident(mm);
	p->vm_swap = rss_part(mm, 2) * 4;
}

static __always_inline void item_groups(struct slot *s, __u64 t)
{
	__u64 g = ADDRESS(s, struct cred, READ(struct task_struct, t, cred), group_info);
	void *to = item_begin(s, FORM_BYTES, RAW_FACT_GROUPS, 0);
	__u32 n = READ(struct group_info, g, ngroups);

	if (!to || !n)
		return;
	item_aux(s, n * 4);
	__u64 from = g + bpf_core_field_offset(struct group_info, gid);
	if (n <= 4) {
		words_at(s, from);
		((__u64 *)to)[0] = WORD(s, 0);
		((__u64 *)to)[1] = WORD(s, 1);
		item_end(s, n * 4);
		return;
	}
	if (n > RAW_GROUPS)
		n = RAW_GROUPS;
	if (bpf_probe_read_kernel(to, n * 4, (void *)from) == 0)
		item_end(s, n * 4);
}

static __always_inline void item_exe(struct slot *s, __u64 t)
{
	__u64 mm = ADDRESS(s, struct task_struct, t, mm), file = mm ? ADDRESS(s, struct mm_struct, mm, exe_file) : 0;
	struct raw_file *f;
	__s64 ctime, mtime;
	__u32 how;

	if (!file || !(f = item_begin(s, FORM_FD, RAW_FACT_EXE, 0)))
		return;
	file_facts(f, file);
	inode_times(ADDRESS(s, struct file, file, f_inode), &ctime, &mtime);
	f->ctime = ctime;
	f->mtime = mtime;
	struct path path = READ(struct file, file, f_path);
	__u32 n = path_at(s, s->off + sizeof(struct raw_item) + sizeof(*f), (__u64)path.dentry, (__u64)path.mnt, &how);
	f->path_len = n;
	f->path = how;
	item_end(s, sizeof(*f) + n);
}

/* The root directory as seen from the root of its mount namespace: what a chroot hides. */
static __always_inline void item_root(struct slot *s, struct path root)
{
	if (!item_begin(s, FORM_PATH, RAW_FACT_ROOT, PATH_ABSOLUTE))
		return;
	s->walk.dentry = (__u64)root.dentry;
	s->walk.mnt = (__u64)root.mnt;
	s->walk.root_dentry = s->walk.root_mnt = 0;
	s->walk.off = s->off + sizeof(struct raw_item);
	if (path_walk(s) == PATH_UNREACHABLE)
		item_end(s, s->walk.off - s->off - sizeof(struct raw_item));
}

/* Begins a record of s->task: the fixed part, paths and groups; what is remembered of it is the caller's to set, argv and
 * environment the caller's to add. */
__noinline int proc_fill(struct slot *s)
{
	if (!s)
		return 0;
	struct raw_proc *p = (struct raw_proc *)s->data;
	__u64 t = s->task, fs = ADDRESS(s, struct task_struct, t, fs);

	head_fill(s, &p->h, RAW_PROC, 0, t);
	p->parent = process_key(ADDRESS(s, struct task_struct, t, real_parent));
	p->ptracer = READ(struct task_struct, t, ptrace) ? process_key(ADDRESS(s, struct task_struct, t, parent)) : 0;
	p->old_task = 0;
	p->start = READ(struct task_struct, READ(struct task_struct, t, group_leader), start_boottime);
	p->cgroup = task_cgroup(s, t);
	p->fdlimit = READ(struct signal_struct, READ(struct task_struct, t, signal), rlim[RLIMIT_NOFILE].rlim_cur);
	p->no_new_privs = READ(struct task_struct, t, atomic_flags) & 1;
	p->seccomp = READ(struct task_struct, t, seccomp.mode);
	p->differs = p->born = 0;
	proc_pids(s, p, t);
	proc_namespaces(s, p, t);
	proc_credentials(s, p, t);
	proc_terminal(s, p, t);
	p->page_faults_major = p->page_faults_minor = p->vm_size = p->vm_rss = p->vm_swap = 0;
	s->off = sizeof(*p);
	if (fs) {
		struct path root = READ(struct fs_struct, fs, root), pwd = READ(struct fs_struct, fs, pwd);
		s->walk.root_dentry = (__u64)root.dentry;
		s->walk.root_mnt = (__u64)root.mnt;
		item_exe(s, t);
		item_path(s, RAW_FACT_CWD, (__u64)pwd.dentry, (__u64)pwd.mnt);
		item_root(s, root);
	}
	item_groups(s, t);
	return 0;
}

/* Adds argv and environment of s->task, which must be the calling task: from its own memory. */
__noinline int argv_fill(struct slot *s)
{
	__u64 mm, from;

	if (!s || !(mm = ADDRESS(s, struct task_struct, s->task, mm)))
		return 0;
	from = READ(struct mm_struct, mm, arg_start);
	item_bytes(s, RAW_FACT_ARGV, from, READ(struct mm_struct, mm, arg_end) - from);
	from = READ(struct mm_struct, mm, env_start);
	item_bytes(s, RAW_FACT_ENV, from, READ(struct mm_struct, mm, env_end) - from);
	return 0;
}

static __always_inline bool credentials_differ(struct slot *s, __u64 a, __u64 b)
{
	return a != b && print_credentials(s, 1, a) != print_credentials(s, 1, b);
}

/* Whether two directories, of root or working directory, are the same. */
static __always_inline bool path_differs(const struct path *a, const struct path *b)
{
	return a->dentry != b->dentry || a->mnt != b->mnt;
}

/* In which facts the thread s->task is not like its process, in s->differs. */
__noinline int thread_compare(struct slot *s)
{
	__u64 a[2] = {}, b[2] = {};
	__u32 d = 0;

	if (!s)
		return 0;
	__u64 t = s->task, p = ADDRESS(s, struct task_struct, t, group_leader);
	if (credentials_differ(s, ADDRESS(s, struct task_struct, t, cred), ADDRESS(s, struct task_struct, p, cred)))
		d |= DIFFERS_CRED;
	bpf_core_read(a, sizeof(a), &((struct task_struct *)t)->comm);
	bpf_core_read(b, sizeof(b), &((struct task_struct *)p)->comm);
	if (a[0] != b[0] || a[1] != b[1])
		d |= DIFFERS_COMM;
	__u64 tfs = ADDRESS(s, struct task_struct, t, fs), pfs = ADDRESS(s, struct task_struct, p, fs);
	if (tfs && pfs && tfs != pfs) {
		struct path x = READ(struct fs_struct, tfs, pwd), y = READ(struct fs_struct, pfs, pwd);
		if (path_differs(&x, &y))
			d |= DIFFERS_CWD;
		x = READ(struct fs_struct, tfs, root);
		y = READ(struct fs_struct, pfs, root);
		if (path_differs(&x, &y))
			d |= DIFFERS_ROOT;
	}
	if (READ(struct task_struct, t, nsproxy) != READ(struct task_struct, p, nsproxy))
		d |= DIFFERS_NS;
	if (READ(struct task_struct, t, cgroups) != READ(struct task_struct, p, cgroups))
		d |= DIFFERS_CGROUP;
	if (bpf_core_field_exists(((struct task_struct *)0)->loginuid) &&
	    (READ(struct task_struct, t, loginuid).val != READ(struct task_struct, p, loginuid).val ||
	     READ(struct task_struct, t, sessionid) != READ(struct task_struct, p, sessionid)))
		d |= DIFFERS_AUDIT;
	if (READ(struct task_struct, t, seccomp.mode) != READ(struct task_struct, p, seccomp.mode))
		d |= DIFFERS_SECCOMP;
	if ((READ(struct task_struct, t, atomic_flags) ^ READ(struct task_struct, p, atomic_flags)) & 1)
		d |= DIFFERS_NNP;
	if (READ(struct task_struct, t, ptrace) != READ(struct task_struct, p, ptrace))
		d |= DIFFERS_PTRACER;
	s->differs = d;
	return 0;
}

#endif
