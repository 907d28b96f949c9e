/* The plan in the kernel: whether any rule can match an event, asked in the order of what the answers cost. What can not be
 * told passes. */
#ifndef PROBE_BPF_FILTER_H
#define PROBE_BPF_FILTER_H

#include "plan.h"

/* The name of a dentry as a key below `parent`, in s->key. False when it is longer than any that a plan names. */
static __always_inline bool name_key(struct slot *s, __u32 parent, __u64 dentry)
{
	__u32 len;
	__u64 at = name_of(s, dentry, &len), mask;

	s->key.parent = parent;
	s->key.len = len;
	if (len == 0 || len > 8 * RAW_NAME_WORDS)
		return false;
	words_at(s, at);
	s->key.name[0] = WORD(s, 0);
	s->key.name[1] = WORD(s, 1);
	s->key.name[2] = s->key.name[3] = 0;
	if (len > 16) {
		words_at(s, at + 16);
		s->key.name[2] = WORD(s, 0);
		s->key.name[3] = WORD(s, 1);
	} else if (len <= 8) {
		s->key.name[1] = 0;
	}
	if (len & 7) {
		mask = ~0ull >> (64 - 8 * (len & 7));
		s->key.name[(len / 8) & (RAW_NAME_WORDS - 1)] &= mask;
	}
	if (len <= 24)
		s->key.name[3] = 0;
	return true;
}

static __always_inline const struct raw_node *node_below(struct slot *s)
{
	__u32 bit = RAW_BLOOM(&s->key);

	if (!(plan_of(s)->bloom[(bit / 64) & (RAW_BLOOM_BITS / 64 - 1)] >> (bit & 63) & 1))
		return NULL;
	if (can_cast)
		return bpf_map_lookup_elem(&nodes, &s->key);
	/* Kernels up to 6.1 take no key from memory that a global function was given. */
	struct raw_node_key key = s->key;
	return bpf_map_lookup_elem(&nodes, &key);
}

/* Looks up a dentry's name below a node; when it is there copies what is to s->node. */
static __always_inline bool node_step(struct slot *s, __u32 parent, __u64 dentry)
{
	const struct raw_node *n = name_key(s, parent, dentry) ? node_below(s) : NULL;

	if (!n)
		return false;
	s->node = *n;
	return true;
}

/* Has a name one of the bytes without which no part of the plan is in it? One that is too long to say has. */
static __always_inline bool name_rare(struct slot *s, const struct raw_plan *p, __u64 dentry)
{
	__u32 len;
	__u64 at = name_of(s, dentry, &len), rare;

	words_at(s, at);
	rare = rare_in(WORD(s, 0), p) | rare_in(WORD(s, 1), p);
	if (len <= 16)
		return rare != 0;
	words_at(s, at + 16);
	return (rare | rare_in(WORD(s, 0), p) | rare_in(WORD(s, 1), p)) != 0 || len > RAW_PART_NAME;
}

/* Goes from s->walk some steps up to the root of s->task and appends the components' dentries to s->trail, leaf first. Returns whether it
 * is to be gone on with; else s->walk.result is PATH_ABSOLUTE when it got there. Steps as those of path_step, in registers: this is the
 * way of every file that is opened. With `parts` s->rare says which of the components are name_rare. */
static __always_inline bool path_climb_some(struct slot *s, bool parts)
{
	__u64 dentry = s->walk.dentry, mnt = s->walk.mnt;
	__u64 top = can_cast ? (__u64)READ(struct vfsmount, mnt, mnt_root) : 0;        /* else there is no room on the stack to keep it */
	const __u64 root_dentry = s->walk.root_dentry, root_mnt = s->walk.root_mnt;

	for (int i = 0; i < TRAIL / CLIMBS; i++) {
		if (dentry == root_dentry && mnt == root_mnt) {
			s->walk.result = PATH_ABSOLUTE;
			return false;
		}
		if (dentry == (can_cast ? top : (__u64)READ(struct vfsmount, mnt, mnt_root))) {
			__u64 m = mnt - bpf_core_field_offset(struct mount, mnt), above = ADDRESS(s, struct mount, m, mnt_parent);
			if (above == m || !above)
				return false;
			dentry = ADDRESS(s, struct mount, m, mnt_mountpoint);
			mnt = above + bpf_core_field_offset(struct mount, mnt);
			if (can_cast)
				top = (__u64)READ(struct vfsmount, mnt, mnt_root);
			continue;
		}
		__u64 parent = ADDRESS(s, struct dentry, dentry, d_parent);
		if (parent == dentry || !parent)
			return false;
		/* In memory, where the verifier does not follow it: it would go through every number in every round. */
		s->trail[s->depth & (TRAIL - 1)] = dentry;
		if (parts && name_rare(s, plan_of(s), dentry))
			s->rare |= 1u << (s->depth & (TRAIL - 1));
		s->depth++;
		dentry = parent;
	}
	s->walk.dentry = dentry;
	s->walk.mnt = mnt;
	return true;
}

__noinline int path_climb_more(struct slot *s)
{
	return s && path_climb_some(s, false);
}

/* All steps; there are few in most paths, and the verifier goes through each round. */
static __always_inline void path_climb(struct slot *s)
{
	s->depth = 0;
	s->walk.result = -1;
	for (int i = 0; i < CLIMBS && path_climb_more(s); i++)
		;
}

/* The same for the file of a call, which nearly all have that are looked at so far: the first steps without calling a function. Each that
 * is called costs what it takes to return from it, some ten nanoseconds where the CPU is kept from guessing where to. Without the cast
 * there is no room on the stack to look for parts on the way. */
static __always_inline void path_climb_here(struct slot *s, bool parts)
{
	s->depth = 0;
	s->walk.result = -1;
	s->rare = can_cast && plan_of(s)->rare_known ? 0 : ~0u;
	if (!path_climb_some(s, can_cast && parts))
		return;
	s->rare |= ~0u << (TRAIL / CLIMBS);
	for (int i = 1; i < CLIMBS && path_climb_more(s); i++)
		;
}

__noinline int node_step_more(struct slot *s, __u32 parent, __u64 dentry)
{
	return s && node_step(s, parent, dentry);
}

/* Goes down again through a tree of the plan, to the first component that leads nowhere. Returns whether lines are left. */
static __always_inline bool descend(struct slot *s, const struct raw_node *root)
{
	__u32 parent = root->id, whole = s->depth, left = whole;

	for (int i = 0; i < RAW_NODE_DEPTH && left; i++) {
		__u64 dentry = s->trail[(left - 1) & (TRAIL - 1)];
		if (!(i < NODES_HERE ? node_step(s, parent, dentry) : node_step_more(s, parent, dentry)))
			break;
		parent = s->node.id;
		left--;
	}
	if (left == whole)
		return lines_keep(s, left == 0 ? &root->end : left == 1 ? &root->one : &root->more);
	return lines_keep(s, left == 0 ? &s->node.end : left == 1 ? &s->node.one : &s->node.more);
}

__noinline int path_descend(struct slot *s, __u32 tree)
{
	return !s || tree >= RAW_TREES || descend(s, &plan_of(s)->roots[tree]);
}

/* The same of the file of a call. */
HOT int path_keep(struct slot *s)
{
	return !s || descend(s, &plan_of(s)->roots[RAW_TREE_PATH]);
}

/* The first level of a tree of names, with s->key but for its parent filled in. */
static __always_inline bool name_keep(struct slot *s, const struct raw_plan *p, enum raw_tree tree)
{
	s->key.parent = p->roots[tree].id;
	const struct raw_node *n = node_below(s);
	return lines_keep(s, n ? &n->end : &p->roots[tree].more);
}

/* Tests of the end of a file's name. What stands before a short one does not count. */
__noinline int name_end_keep(struct slot *s, __u64 dentry)
{
	const struct raw_plan *p = plan_of(s);

	if (!s)
		return 1;
	__u32 len;
	__u64 name = name_of(s, dentry, &len);
	words_at(s, name + len - RAW_TAIL);
	((__u64 *)s->text)[0] = WORD(s, 0);
	((__u64 *)s->text)[1] = WORD(s, 1);
	s->text_len = len;
	return texts_keep(s, p->parent_texts, p->name_texts);
}

static __always_inline void walk_from(struct slot *s, __u64 file)
{
	struct path path = READ(struct file, file, f_path);

	s->walk.dentry = (__u64)path.dentry;
	s->walk.mnt = (__u64)path.mnt;
}

/* The file behind a descriptor of the call. */
static __always_inline __u64 file_asked(struct slot *s, __s32 fd)
{
	return s->told ? s->file : file_of(s, fd);
}

/* Tests of the file that the call is about. A call that has none is about a name, which is not looked at here. */
HOT int file_keep(struct slot *s, __u32 file_at, __u32 uses)
{
	const struct raw_plan *p = plan_of(s);

	if (!s || file_at == RAW_FILE_NONE || (file_at == RAW_FILE_NEW && s->call.ret < 0))
		return 1;
	__u64 file = file_asked(s, file_at == RAW_FILE_NEW ? s->call.ret : (__s32)s->call.args[file_at & 7]);
	if (!file)
		return 1;
	__u16 mode = READ(struct inode, READ(struct file, file, f_inode), i_mode) & S_IFMT;
	if (mode == S_IFSOCK || mode == S_IFIFO)
		return 1;
	path_root(s);
	walk_from(s, file);
	bool parts = lines_meet(s, &p->with_parts);
	path_climb_here(s, parts);
	if (s->walk.result != PATH_ABSOLUTE)
		return 1;
	if (uses & RAW_USES_PATH && !path_keep(s))
		return 0;
	if (parts && !(s->rare ? parts_keep(s) : lines_keep(s, &p->partless)))
		return 0;
	if (!(uses & RAW_USES_NAME) || s->depth == 0 || !lines_meet(s, &p->names))
		return 1;
	if (!(name_key(s, 0, s->trail[0]) ? name_keep(s, p, RAW_TREE_NAME) : lines_keep(s, &p->roots[RAW_TREE_NAME].more)))
		return 0;
	return !lines_meet(s, &p->name_ends) || name_end_keep(s, s->trail[0]);
}

/* Looks for two dots side by side in a word of a text and the one behind it: 1 there are, 0 it ends without, -1 it goes on. */
static __always_inline int find_dots(__u64 a, __u64 next)
{
	__u64 b = a >> 8 | next << 56, end = zeros(a);
	__u64 dots = zeros(a ^ 0x2e2e2e2e2e2e2e2eull) & zeros(b ^ 0x2e2e2e2e2e2e2e2eull);

	if (end)
		return (dots & ((end & -end) - 1)) != 0;
	return dots ? 1 : -1;
}

/* Has a path as passed two dots side by side, or can that not be told? A short one is read without looking for its end, which
 * costs half, and onto the stack, as the kernel looks longer at whether a copy to other memory is right. */
__noinline int passed_dots(struct slot *s, __u64 user)
{
	__u64 word[PASSED_SHORT / 8];
	int found = -1;

	if (!s)
		return 1;
	if (bpf_probe_read_user(word, sizeof(word), (void *)user) == 0)
		for (int i = 0; i < PASSED_SHORT / 8 && found < 0; i++)
			found = find_dots(word[i], i + 1 < PASSED_SHORT / 8 ? word[i + 1] : ~0ull);
	if (found >= 0)
		return found;
	long n = bpf_probe_read_user_str(s->text, PASSED_MAX, (void *)user);
	if (n <= 0 || n >= PASSED_MAX)
		return 1;
	__u32 i;
	ROUNDS(i, PASSED_MAX / 8) {
		const __u64 *at = (__u64 *)s->text + (i & (PASSED_MAX / 8 - 1));
		found = find_dots(at[0], at[1]);
		if (found >= 0)
			break;
	}
	return found != 0;
}

static __always_inline bool comm_keep(struct slot *s, const struct raw_plan *p, enum raw_tree tree, __u64 task)
{
	words_at(s, task + bpf_core_field_offset(struct task_struct, comm));
	s->key.len = RAW_COMM;
	s->key.name[0] = WORD(s, 0);
	s->key.name[1] = WORD(s, 1);
	s->key.name[2] = s->key.name[3] = 0;
	name_clean(s->key.name);
	return name_keep(s, p, tree);
}

/* Tests of the socket that a call connects. */
__noinline int socket_keep(struct slot *s)
{
	const struct raw_plan *p = plan_of(s);

	if (!s)
		return 1;
	__u64 file = file_asked(s, (__s32)s->call.args[0]);
	if (!file || (READ(struct inode, READ(struct file, file, f_inode), i_mode) & S_IFMT) != S_IFSOCK)
		return 1;
	__u64 sk = (__u64)READ(struct socket, READ(struct file, file, private_data), sk);
	if (!sk)
		return 1;
	__u32 family = READ(struct sock, sk, __sk_common.skc_family);
	if (!lines_keep(s, &p->family[family == AF_INET ? 1 : family == AF_INET6 ? 2 : family == AF_UNIX ? 3 : 0]))
		return 0;
	if (family != AF_INET && family != AF_INET6)
		return 1;
	struct raw_sock *r = (struct raw_sock *)s->data;
	__builtin_memset(r, 0, sizeof(*r));
	r->type = READ(struct sock, sk, sk_type);
	r->protocol = READ(struct sock, sk, sk_protocol);
	sock_addresses(r, sk, family);
	s->caps[RAW_M_PROTOCOL] = 1ull << (r->protocol < 63 ? r->protocol : 63);
	masks_keep(s, p->task_masks, p->socket_masks);
	/* Of one that is not connected the other end is what was asked for. */
	if (!r->connected)
		return lines_left(s);
	s->numbers[RAW_N_LOCAL] = s->numbers[RAW_N_EITHER] = r->local_port;
	s->numbers[RAW_N_REMOTE] = r->remote_port;
	if (lines_meet(s, &p->ports) && !ranges_keep(s, p->task_ranges, p->socket_ranges))
		return 0;
	if (!lines_meet(s, &p->addresses))
		return lines_left(s);
	s->address_len = family == AF_INET ? 4 : 16;
	s->ends[0][0] = *(__u64 *)r->local;
	s->ends[0][1] = *(__u64 *)(r->local + 8);
	s->ends[1][0] = *(__u64 *)r->remote;
	s->ends[1][1] = *(__u64 *)(r->remote + 8);
	return nets_keep(s);
}

static __always_inline void caps_keep(struct slot *s, const struct raw_plan *p)
{
	__u64 cred = ADDRESS(s, struct task_struct, s->task, cred);

	bpf_core_read(s->caps, 3 * sizeof(__u64), &((struct cred *)cred)->cap_inheritable);
	masks_keep(s, 0, p->task_masks);
}

static __always_inline __u64 parent_of(struct slot *s, __u64 task)
{
	__u64 parent = ADDRESS(s, struct task_struct, task, real_parent);

	return ADDRESS(s, struct task_struct, parent, group_leader);
}

static __always_inline __u32 container_class(struct slot *s, __u64 task)
{
	__u64 cgroup = task_cgroup(s, task);
	__u32 *class = bpf_map_lookup_elem(&cgroup_classes, &cgroup);

	return class ? *class & 3 : RAW_CLASS_NONE;
}

/* The lines that s->task does not rule out, in s->lines. */
__noinline int task_lines(struct slot *s)
{
	const struct raw_plan *p = plan_of(s);

	if (!s)
		return 0;
	__u64 t = s->task, cred = ADDRESS(s, struct task_struct, t, cred), signal = ADDRESS(s, struct task_struct, t, signal);
	__u64 pid = ADDRESS(s, struct task_struct, t, thread_pid);
	s->numbers[RAW_N_UID] = READ(struct cred, cred, euid).val;
	s->numbers[RAW_N_GID] = READ(struct cred, cred, egid).val;
	s->numbers[RAW_N_LOGINUID] = -1;
	if (bpf_core_field_exists(((struct task_struct *)0)->loginuid))
		s->numbers[RAW_N_LOGINUID] = (__s32)READ(struct task_struct, t, loginuid).val;
	s->numbers[RAW_N_PID] = READ(struct task_struct, t, tgid);
	s->numbers[RAW_N_VPID] = upid_at(ADDRESS(s, struct task_struct, READ(struct task_struct, t, group_leader), thread_pid),
		READ(struct pid, pid, level)).nr;
	lines_keep(s, &p->tty[READ(struct signal_struct, signal, tty) != 0]);
	lines_keep(s, &p->container[container_class(s, t) & 3]);
	ranges_keep(s, p->event_ranges, p->task_ranges);
	caps_keep(s, p);
	comm_keep(s, p, RAW_TREE_COMM, t);
	comm_keep(s, p, RAW_TREE_PARENT, parent_of(s, t));
	__u64 mm = ADDRESS(s, struct task_struct, t, mm), exe = mm ? ADDRESS(s, struct mm_struct, mm, exe_file) : 0;
	if (!p->wants_exe || !exe)
		return 0;
	path_root(s);
	walk_from(s, exe);
	path_climb(s);
	if (s->walk.result == PATH_ABSOLUTE)
		path_descend(s, RAW_TREE_EXE);
	return 0;
}

/* One number for all that task_lines asks, cheaper to get. */
__noinline int task_print(struct slot *s)
{
	__u64 h = plan_of(s)->serial;

	if (!s)
		return 0;
	__u64 t = s->task, signal = ADDRESS(s, struct task_struct, t, signal), cred = ADDRESS(s, struct task_struct, t, cred);
	MIX(h, cred);
	h = print_words(s, h, cred + bpf_core_field_offset(struct cred, euid));
	h = print_words(s, h, cred + bpf_core_field_offset(struct cred, cap_inheritable));
	h = print_words(s, h, cred + bpf_core_field_offset(struct cred, cap_effective));
	h = print_words(s, h, t + bpf_core_field_offset(struct task_struct, comm));
	h = print_words(s, h, parent_of(s, t) + bpf_core_field_offset(struct task_struct, comm));
	MIX(h, ADDRESS(s, struct signal_struct, signal, tty));
	MIX(h, ADDRESS(s, struct task_struct, t, cgroups));
	MIX(h, cgroup_epoch);
	MIX(h, ADDRESS(s, struct task_struct, t, mm));
	__u64 fs = ADDRESS(s, struct task_struct, t, fs);
	if (fs)
		h = print_words(s, h, fs + bpf_core_field_offset(struct fs_struct, root));
	if (bpf_core_field_exists(((struct task_struct *)0)->loginuid))
		MIX(h, READ(struct task_struct, t, loginuid).val);
	s->print = h | 1;
	return 0;
}

/* Tests of the acting task, which are remembered until it changes. */
static __always_inline bool task_keep(struct slot *s)
{
	struct memory *m = memory_of(bpf_get_current_task_btf(), true);

	task_print(s);
	if (!m)
		return true;
	if (m->lines_print != s->print) {
		__u64 print = s->print;
		struct raw_lines kept = s->lines;
		__builtin_memset(&s->lines, 0xff, sizeof(s->lines));
		task_lines(s);
		m->lines = s->lines;
		m->lines_print = print;
		s->lines = kept;
	}
	return lines_keep(s, &m->lines);
}

static __always_inline const struct raw_plan_type *plan_type(__u32 type)
{
	return &plan_now()->types[type & (RAW_TYPES - 1)];
}

static __always_inline const struct raw_plan_type *plan_type_of(const struct slot *s, __u32 type)
{
	return &plan_of(s)->types[type & (RAW_TYPES - 1)];
}

/* False when the result alone rules out all lines of a type. */
static __always_inline bool result_can_pass(const struct raw_plan_type *t, __s64 ret)
{
	const struct raw_lines *l = &plan_now()->result[ret >= 0];

	return t->all || ((t->lines.w[0] & l->w[0]) | (t->lines.w[1] & l->w[1]) | (t->lines.w[2] & l->w[2]) |
		(t->lines.w[3] & l->w[3]));
}

/* Begins with the lines of a type that its result does not rule out; returns whether there are any. */
static __always_inline bool lines_begin(struct slot *s, const struct raw_plan_type *t)
{
	s->lines = t->lines;
	return lines_keep(s, &plan_of(s)->result[s->call.ret >= 0]);
}

/* Whether the plan lets an event of the calling task's life s->task through, that no call tells: of these the result and the task
 * are all there is. */
__noinline int life_pass(struct slot *s, __u32 type)
{
	if (!s)
		return 1;
	plan_begin(s);
	const struct raw_plan_type *t = plan_type_of(s, type);
	if (t->all)
		return 1;
	s->call.ret = 0;
	return lines_begin(s, t) && (!(t->uses & RAW_USES_TASK) || task_keep(s));
}

/* The tests of what is asked for and of what came of it: whether a line of s->lines is left. */
HOT int call_keep(struct slot *s)
{
	const struct raw_plan *p = plan_of(s);

	if (!s)
		return 1;
	const struct raw_plan_type *t = plan_type_of(s, s->call.what.type);
	__u32 uses = t->uses;
	if (t->all)
		return 1;
	if (!lines_keep(s, &p->result[s->call.ret >= 0]))
		return 0;
	if (uses & RAW_USES_ACCESS && !lines_keep(s, &p->access[s->call.args[t->open_flags & 7] & 3]))
		return 0;
	if (uses & RAW_USES_ARGS) {
		s->numbers[RAW_N_RESULT] = s->call.ret;
		if (t->first_range < t->end_range && !ranges_keep(s, t->first_range, t->end_range))
			return 0;
		if (lines_meet(s, &p->bits)) {
			masks_keep(s, p->exe_masks, p->arg_masks);
			if (!lines_left(s))
				return 0;
		}
	}
	/* Reading the caller's memory costs more than going through the few components that rule most files out. */
	if (uses & (RAW_USES_PATH | RAW_USES_NAME) && !file_keep(s, t->file, uses))
		return 0;
	if (uses & RAW_USES_PASSED && lines_meet(s, &p->dots) && !passed_dots(s, s->call.args[t->passed & 7]) && !lines_keep(s, &p->plain))
		return 0;
	return !(uses & RAW_USES_SOCKET) || socket_keep(s);
}

/* The tests of s->task; s->lines begins anew. */
static __always_inline bool actor_keep(struct slot *s)
{
	plan_begin(s);
	const struct raw_plan_type *t = plan_type_of(s, s->call.what.type);
	s->lines = t->lines;
	return t->all || !(t->uses & RAW_USES_TASK) || task_keep(s);
}

/* exec.h: the tests that only an execve is asked. */
int exec_pass(struct slot *s);

/* Whether the plan lets the event of s->call, made by the calling task s->task, through. */
__noinline int filter_pass(struct slot *s)
{
	if (!s)
		return 1;
	plan_begin(s);
	const struct raw_plan_type *t = plan_type_of(s, s->call.what.type);
	if (t->all)
		return 1;
	s->lines = t->lines;
	s->told = false;
	return call_keep(s) && (!(t->uses & RAW_USES_TASK) || task_keep(s)) && (!(t->uses & RAW_USES_EXEC) || exec_pass(s));
}

#endif
