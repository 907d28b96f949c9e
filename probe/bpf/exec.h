/* Tests of a process that executes a program: what it was called as and with, where it works, whose descendant it is. */
#ifndef PROBE_BPF_EXEC_H
#define PROBE_BPF_EXEC_H

#include "filter.h"

enum {
	ANCESTORS = 16,                /* that are looked at */
	DATA_WORDS = 512, ENV_MAX = 8 * DATA_WORDS,            /* bytes of the environment that are looked at */
	CMDLINE_WORDS = 128, CMDLINE_MAX = 8 * CMDLINE_WORDS - 2 * RAW_COMM    /* the same of arguments */
};

/* Between arguments stands a NUL, in rules a blank. */
static __always_inline __u64 blanks(__u64 word)
{
	return word | zeros_alone(word) >> 2;
}

/* Tests of argv, which stands in the caller's new memory. */
__noinline int argv_keep(struct slot *s)
{
	const struct raw_plan *p = plan_of(s);
	__u64 mm;

	if (!s || !(mm = ADDRESS(s, struct task_struct, s->task, mm)))
		return 1;
	__u64 from = READ(struct mm_struct, mm, arg_start), end = READ(struct mm_struct, mm, arg_end);
	long n = bpf_probe_read_user_str(s->text, PASSED_MAX, (void *)from);
	if (n <= 0 || n >= PASSED_MAX || from + n > end)
		return 1;
	s->text_len = n - 1;
	if (!texts_keep(s, 0, p->argv0_texts))
		return 0;
	from += n;
	__u64 rest = end - from, size = rest < 8 * RAW_TEXT_WORDS ? rest : 8 * RAW_TEXT_WORDS;
	BOUND(size, 16 * RAW_TEXT_WORDS - 1);
	s->text_len = rest == 0 ? 0 : rest > 1u << 30 ? 1u << 30 : rest - 1;
	if (size && bpf_probe_read_user(s->text, size, (void *)from) != 0)
		return 1;
	for (int i = 0; i < RAW_TEXT_WORDS; i++)
		((__u64 *)s->text)[i] = blanks(((__u64 *)s->text)[i]);
	return texts_keep(s, p->argv0_texts, p->args_texts);
}

/* Looks for a part among the first `len` bytes of s->data; as a range. */
__noinline int data_part(struct slot *s, __u32 i, __u32 len)
{
	const struct raw_part *part = &plan_of(s)->parts[i & (RAW_PARTS - 1)];
	__u32 n;

	if (!s)
		return 0;
	__u64 text = NUMBER(s, s->data);
	ROUNDS(n, DATA_WORDS / AT_ONCE) {
		if (8 * AT_ONCE * n >= len || s->hit)
			break;
		for (int k = 0; k < AT_ONCE; k++) {
			__u32 at = (AT_ONCE * n + k) & (DATA_WORDS - 1);
			if (part_begins(((__u64 *)s->data)[at], part))
				part_in(s, i, text, 8 * at, len);
		}
	}
	part_settle(s, part);
	return 0;
}

/* The tests of what is in there; `cut`: there is more of it than that. */
static __always_inline bool data_keep(struct slot *s, const struct raw_place_tests *tests, __u32 len, bool cut)
{
	__u32 first = tests->first_part, last = tests->end_part;

	s->hit = false;
	s->unsure = cut;
	for (__u32 i = 0; i < RAW_PARTS && first + i < last; i++)
		data_part(s, first + i, len);
	return lines_left(s);
}

/* The beginning of the command line to s->text, where the tests of texts look. */
static __always_inline void cmdline_begin(struct slot *s)
{
	for (int i = 0; i < RAW_TEXT_WORDS; i++)
		((__u64 *)s->text)[i] = ((__u64 *)s->data)[i];
}

/* How many bytes have their highest bit. */
static __always_inline __u32 bytes_of(__u64 bits)
{
	return ((bits >> 7) * 0x0101010101010101ull) >> 56;
}

/* Puts the command line of s->task together in s->data: its name, and the arguments from `from` to `end` with a blank before each. Returns how
 * many bytes are there, 0 when they can not be read; s->text_len is how many there would be. */
static __always_inline __u32 cmdline_join(struct slot *s, __u64 from, __u64 end)
{
	__u64 rest = end - from, size = rest < CMDLINE_MAX ? rest : CMDLINE_MAX, *text = (__u64 *)s->data;
	__u32 i, len;

	words_at(s, s->task + bpf_core_field_offset(struct task_struct, comm));
	text[0] = WORD(s, 0);
	text[1] = WORD(s, 1);
	name_clean(text);
	len = RAW_COMM - bytes_of(zeros_alone(text[0])) - bytes_of(zeros_alone(text[1]));
	BOUND(len, RAW_COMM - 1);
	BOUND(size, 8 * CMDLINE_WORDS - 1);
	s->text_len = len;
	if (!rest)
		return len;
	s->data[len] = ' ';
	if (bpf_probe_read_user(s->data + len + 1, size, (void *)from) != 0)
		return 0;
	s->text_len = len + (rest > 1u << 30 ? 1u << 30 : rest);
	len += rest > CMDLINE_MAX ? CMDLINE_MAX : rest;
	ROUNDS(i, CMDLINE_WORDS) {
		if (8 * i >= len)
			break;
		__u64 *word = &text[i & (CMDLINE_WORDS - 1)];
		*word = blanks(*word);
	}
	return len;
}

/* Tests of the command line of a program that has just been executed. Of a long one what is not in its beginning may yet come. */
__noinline int cmdline_keep(struct slot *s)
{
	const struct raw_plan *p = plan_of(s);
	__u64 mm;

	if (!s || p->types[TYPE_EXECVE].all || !lines_meet(s, &p->cmdline.names) || !(mm = ADDRESS(s, struct task_struct, s->task, mm)))
		return 1;
	const struct raw_place_tests *tests = &p->cmdline;
	__u64 from = READ(struct mm_struct, mm, arg_start), end = READ(struct mm_struct, mm, arg_end);
	long n = bpf_probe_read_user_str(s->text, PASSED_MAX, (void *)from);
	if (n <= 0 || n >= PASSED_MAX || from + n > end)
		return 1;
	__u32 len = cmdline_join(s, from + n, end);
	if (!len)
		return 1;
	cmdline_begin(s);
	if (tests->first_text < tests->end_text && !texts_keep(s, tests->first_text, tests->end_text))
		return 0;
	return data_keep(s, tests, len, len < s->text_len);
}

/* Tests of the environment that a program has just been given. */
__noinline int env_keep(struct slot *s)
{
	const struct raw_plan *p = plan_of(s);
	__u64 mm;

	if (!s || p->types[TYPE_EXECVE].all || !lines_meet(s, &p->env.names) || !(mm = ADDRESS(s, struct task_struct, s->task, mm)))
		return 1;
	__u64 from = READ(struct mm_struct, mm, env_start), rest = READ(struct mm_struct, mm, env_end) - from;
	__u64 size = rest < ENV_MAX ? rest : ENV_MAX, *text = (__u64 *)s->data;
	BOUND(size, 2 * ENV_MAX - 1);
	if (size && bpf_probe_read_user(s->data, size, (void *)from) != 0)
		return 1;
	__u32 n;
	ROUNDS(n, DATA_WORDS / AT_ONCE) {
		if (8 * AT_ONCE * n >= size)
			break;
		for (int k = 0; k < AT_ONCE; k++)
			text[(AT_ONCE * n + k) & (DATA_WORDS - 1)] |= RAW_FOLD;
	}
	return data_keep(s, &p->env, size, rest > ENV_MAX);
}

/* Remembers which lines the argv of a program that has just been executed rules out: it can be written over. */
static __always_inline void argv_remember(struct slot *s, struct memory *m)
{
	const struct raw_plan *p = plan_of(s);

	m->argv_serial = 0;
	if (!p->args_texts)
		return;
	__builtin_memset(&s->lines, 0xff, sizeof(s->lines));
	argv_keep(s);
	m->argv = s->lines;
	m->argv_serial = p->serial;
}

/* What the executable may be, as far as that costs little. */
static __always_inline bool exe_keep(struct slot *s, const struct raw_plan *p)
{
	__u64 mm = ADDRESS(s, struct task_struct, s->task, mm), file = mm ? ADDRESS(s, struct mm_struct, mm, exe_file) : 0;

	if (!file)
		return true;
	__u64 inode = ADDRESS(s, struct file, file, f_inode), dentry = (__u64)READ(struct file, file, f_path).dentry;
	__u32 magic = READ(struct super_block, READ(struct inode, inode, i_sb), s_magic);
	__u8 layer = overlay_layer(inode, magic);
	words_at(s, (__u64)READ(struct dentry, dentry, d_name).name);
	bool memfd = (WORD(s, 0) & 0xffffffffffffull) == 0x3a64666d656dull;          /* "memfd:" */
	s->caps[RAW_M_EXE] = RAW_EXE_WRITABLE | RAW_EXE_UNLINKED | (memfd ? RAW_EXE_FROM_MEMFD : 0) |
		(layer == 1 ? RAW_EXE_UPPER_LAYER : layer ? RAW_EXE_LOWER_LAYER : 0);
	masks_keep(s, p->socket_masks, p->exe_masks);
	return lines_left(s);
}

static __always_inline bool cwd_keep(struct slot *s)
{
	__u64 fs = ADDRESS(s, struct task_struct, s->task, fs);

	if (!fs)
		return true;
	path_root(s);
	walk_from(s, READ(struct fs_struct, fs, pwd));
	s->depth = 0;
	path_climb(s);
	return s->walk.result != PATH_ABSOLUTE || path_descend(s, RAW_TREE_CWD);
}

/* Looks for the name in s->key among those of ancestors that lines have. */
static __always_inline void ancestor_look(struct slot *s)
{
	s->key.parent = plan_of(s)->roots[RAW_TREE_ANCESTOR].id;
	s->key.len = RAW_COMM;
	s->key.name[2] = s->key.name[3] = 0;
	const struct raw_node *n = node_below(s);
	if (!n)
		return;
	for (int i = 0; i < RAW_LINE_WORDS; i++)
		s->found.w[i] |= n->end.w[i];
	lines_drop(s, &n->one);
}

/* One ancestor, s->ancestor, by the name that was last told of it; what is remembered of it is `m`. Not 0 to go on. The kernel's
 * iterator leaves out init, which user space has from /proc until it is told of it. Above that is what has no process. */
__noinline int ancestor_step(struct slot *s, const struct memory *m)
{
	if (!s)
		return 0;
	const struct raw_plan *p = plan_of(s);
	__u64 t = s->ancestor, parent = process_key(ADDRESS(s, struct task_struct, t, real_parent)), told = parent;
	__u32 pid = READ(struct task_struct, t, pid);
	if (pid == 0) {
		for (int i = 0; i < RAW_LINE_WORDS; i++)
			s->lines.w[i] &= ~p->ancestors.w[i] | s->found.w[i];
		return 0;
	}
	if (m && m->print) {
		s->key.name[0] = m->name[0];
		s->key.name[1] = m->name[1];
		told = m->parent;
	} else if (pid == 1 && !(m && m->name[0])) {
		words_at(s, t + bpf_core_field_offset(struct task_struct, comm));
		s->key.name[0] = WORD(s, 0);
		s->key.name[1] = WORD(s, 1);
		name_clean(s->key.name);
	} else {
		return 0;
	}
	ancestor_look(s);
	return told == parent;
}

/* The ancestors as user space knows them, and no further than to one whose parent has changed since. What is above that is not known,
 * and then nobody can say that an ancestor is missing. */
static __always_inline bool ancestors_keep(struct slot *s, struct task_struct *t)
{
	__u32 i;

	__builtin_memset(&s->found, 0, sizeof(s->found));
	/* Each step to a task that the verifier is to trust takes it a millisecond. */
	ROUNDS(i, ANCESTORS) {
		t = t->real_parent->group_leader;
		s->ancestor = (__u64)t;
		if (!ancestor_step(s, memory_of(t, false)))
			break;
	}
	return lines_left(s);
}

/* Tests of the end of the parent's argv[0], which is remembered from when it was last sent. */
__noinline int parent_keep(struct slot *s, const struct memory *m)
{
	const struct raw_plan *p = plan_of(s);

	if (!s || !m || !m->print || !m->argv0_size)
		return 1;
	((__u64 *)s->text)[0] = m->tail[0];
	((__u64 *)s->text)[1] = m->tail[1];
	s->text_len = m->argv0_size - 1;
	return texts_keep(s, p->args_texts, p->parent_texts);
}

/* Whether the plan lets the event of an execve of the calling task s->task through, of which the other tests have left s->lines. Of
 * a call that failed the process is what it was. */
__noinline int exec_pass(struct slot *s)
{
	const struct raw_plan *p = plan_of(s);

	if (!s || p->types[TYPE_EXECVE].all || !(p->types[TYPE_EXECVE].uses & RAW_USES_EXEC))
		return 1;
	struct task_struct *t = bpf_get_current_task_btf()->group_leader;
	struct memory *m = memory_of(t, false);
	if (m && m->argv_serial == p->serial && !lines_keep(s, &m->argv))
		return 0;
	if (p->socket_masks < p->exe_masks && !exe_keep(s, p))
		return 0;
	if (lines_meet(s, &p->with_cwd) && !cwd_keep(s))
		return 0;
	if (p->args_texts < p->parent_texts && !parent_keep(s, memory_of(t->real_parent->group_leader, false)))
		return 0;
	return !lines_meet(s, &p->with_ancestors) || ancestors_keep(s, t);
}

#endif
