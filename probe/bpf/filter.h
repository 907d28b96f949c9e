/* The plan in the kernel: whether any rule can match an event, asked in the order of what the answers cost. What can not be
 * told passes. */
#ifndef PROBE_BPF_FILTER_H
#define PROBE_BPF_FILTER_H

#include "ends.h"
#include "joined.h"

/* Has the call made the file that it opened: 0 or 1? One without a name always. */
static __always_inline __u32 is_created(struct slot *s, __u64 file)
{
	__u64 flags = s->call.args[plan_type_of(s, s->call.what.type)->open_flags & 7];

	__u32 is = (READ(struct file, file, f_mode) & FMODE_CREATED) != 0 || (flags & O_TMPFILE_ALONE) != 0;
	BOUND(is, 1);
	return is;
}

/* The tree of the file of a call. */
HOT int path_keep(struct slot *s)
{
	return !s || descend(s, &plan_of(s)->roots[RAW_TREE_PATH]);
}

/* Tests of the file that the call is about. A call that leaves none is about a name: see joined.h. */
HOT int file_keep(struct slot *s, __u32 file_at, __u32 uses)
{
	const struct raw_plan *p = plan_of(s);
	__u64 file;

	if (!s)
		return 1;
	file = file_asked(s, file_at);
	__u32 type = file ? file_type(file) : 0;
	if (uses & RAW_USES_KIND && !kind_keep(s, type == S_IFREG ? RAW_FD_FILE : kind_of(s, file, file_at)))
		return 0;
	if (!file)
		return 1;
	if (uses & RAW_USES_CREATE && !lines_keep(s, &p->create[is_created(s, file)]))
		return 0;
	if (type == S_IFSOCK || type == S_IFIFO || !(uses & (RAW_USES_PATH | RAW_USES_NAME)))
		return 1;
	path_root(s);
	walk_from(s, READ(struct file, file, f_path));
	const struct raw_place_tests *place = &p->places[RAW_PLACE_FILE];
	bool parts = lines_meet(s, &place->with_parts);
	path_climb_here(s, parts);
	if (s->walk.result != PATH_ABSOLUTE)
		return 1;
	if (uses & RAW_USES_PATH && !path_keep(s))
		return 0;
	if (parts && !(s->rare ? parts_keep(s, place) : lines_keep(s, &p->partless)))
		return 0;
	return !(uses & RAW_USES_NAME) || last_keep(s, RAW_PLACE_FILE);
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
	walk_from(s, READ(struct file, exe, f_path));
	s->depth = 0;
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

/* False when the result alone rules out all lines of a type. */
static __always_inline bool result_can_pass(const struct raw_plan_type *t, __s64 ret)
{
	const struct raw_lines *l = &plan_now()->result[ret >= 0];

	return t->all || ((t->lines.w[0] & l->w[0]) | (t->lines.w[1] & l->w[1]) | (t->lines.w[2] & l->w[2]) |
		(t->lines.w[3] & l->w[3]));
}

/* False when the one number that all lines of a type ask for rules them out. */
static __always_inline bool gate_can_pass(const struct raw_plan_type *t, __s32 arg, __s64 ret)
{
	__s64 v = t->gate == RAW_GATE_ARG ? arg : ret;

	return t->gate == RAW_GATE_NONE || (v >= t->gate_first && v <= t->gate_last);
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

/* Does an opening ask for a file that can be executed, where there is none yet: 0 or 1? */
static __always_inline __u32 asks_for_exec(struct slot *s, const struct raw_plan_type *t)
{
	__u32 does = (s->call.args[t->mode & 7] & 0111) != 0 && (s->call.args[t->open_flags & 7] & (O_CREAT | O_TMPFILE_ALONE)) != 0;

	BOUND(does, 1);
	return does;
}

enum { USES_FILE = RAW_USES_PATH | RAW_USES_NAME | RAW_USES_KIND | RAW_USES_CREATE };

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
	if (uses & RAW_USES_CREATE && (!lines_keep(s, &p->exec[asks_for_exec(s, t)]) || (s->call.ret < 0 && !lines_keep(s, &p->create[0]))))
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
	if (uses & RAW_USES_SOCKET && !socket_keep(s))
		return 0;
	if (uses & RAW_USES_BASE && !base_keep(s, t->fd))
		return 0;
	return !(uses & USES_FILE) || file_keep(s, t->file, uses);
}

/* The tests of what the call was passed in its caller's memory. To read that costs more than to go through the few components that rule
 * most files out; and what io_uring is passed is gone when it is done. */
static __always_inline bool memory_keep(struct slot *s, const struct raw_plan_type *t)
{
	const struct raw_plan *p = plan_of(s);
	__u32 uses = t->uses;

	if (uses & RAW_USES_PASSED && lines_meet(s, &p->dots) && !passed_dots(s, s->call.args[t->passed[0] & 7]) && !lines_keep(s, &p->plain))
		return false;
	if (uses & RAW_USES_TEXT && !text_keep_passed(s, t->text))
		return false;
	return passed_keep(s, t, uses);
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
	return call_keep(s) && memory_keep(s, t) && (!(t->uses & RAW_USES_TASK) || task_keep(s)) && (!(t->uses & RAW_USES_EXEC) || exec_pass(s));
}

#endif
