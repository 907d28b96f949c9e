/* Paths that a call was passed, joined with what they are relative to: of calls that leave no file to ask. Their names are put where
 * those of a file's dentries stand, so that the same tests are made of them. */
#ifndef PROBE_BPF_JOINED_H
#define PROBE_BPF_JOINED_H

#include "tree.h"

/* A component of s->passed, from s->name_at on, ends before `end`. */
static __always_inline void passed_name(struct slot *s, __u32 end)
{
	__u32 at = s->name_at, len = end - at;

	BOUND(at, PASSED_MAX - 1);
	s->name_at = end + 1;
	if (len == 0 || (len == 1 && s->passed[at] == '.'))
		return;
	if ((len == 2 && s->passed[at] == '.' && s->passed[at + 1] == '.') || s->n_names >= TRAIL) {
		s->odd = true;
		return;
	}
	__u32 n = s->n_names;
	BOUND(n, TRAIL - 1);
	__u64 *name = s->names[n];
	name[0] = (__u64)len << 32;
	name[1] = NUMBER(s, s->passed) + at;
	s->n_names++;
}

/* The components that end in one word of s->passed. Not 0 when the path ends there. */
__noinline int passed_word(struct slot *s, __u32 i)
{
	if (!s)
		return 1;
	BOUND(i, PASSED_MAX / 8 - 1);
	__u64 w = ((__u64 *)s->passed)[i], nul = zeros_alone(w), ends = nul | zeros_alone(w ^ 0x2f2f2f2f2f2f2f2full);
	_Pragma("clang loop unroll(disable)")
	for (int n = 0; n < 8 && ends; n++) {
		__u64 lowest = ends & -ends;
		passed_name(s, 8 * i + bytes_below(lowest));
		if (lowest & nul)
			return 1;
		ends ^= lowest;
	}
	return 0;
}

/* Puts the names into s->trail, the last one first. */
static __always_inline void names_trail(struct slot *s)
{
	__u64 names = NUMBER(s, s->names) - bpf_core_field_offset(struct dentry, d_name);
	__u32 i, n = s->n_names;

	ROUNDS(i, TRAIL) {
		if (i >= n)
			break;
		s->trail[(n - 1 - i) & (TRAIL - 1)] = names + i * sizeof(s->names[0]);
	}
	s->depth = n;
}

/* The components of the call's first or second path, up to the root of s->task, into s->trail. 0 when they are not known: of a path that
 * can not be read, is too long, or has `..` in it, which goes where links lead. */
__noinline int joined_climb(struct slot *s, __u32 which)
{
	if (!s)
		return 0;
	const struct raw_plan_type *t = plan_type_of(s, s->call.what.type);
	__u8 base = t->base[which & 1];
	long n = bpf_probe_read_user_str(s->passed, PASSED_MAX, (void *)s->call.args[t->passed[which & 1] & 7]);
	if (n <= 1 || n >= PASSED_MAX)
		return 0;
	s->n_names = s->name_at = 0;
	s->odd = false;
	__u32 i;
	ROUNDS(i, PASSED_MAX / 8)
		if (passed_word(s, i))
			break;
	if (s->odd)
		return 0;
	names_trail(s);
	s->rare = ~0u;
	if (s->passed[0] == '/')
		return 1;
	__s32 fd = base == RAW_NO_ARG ? AT_FDCWD : (__s32)s->call.args[base & 7];
	path_root(s);
	if (fd == AT_FDCWD) {
		__u64 fs = ADDRESS(s, struct task_struct, s->task, fs);
		if (!fs)
			return 0;
		walk_from(s, READ(struct fs_struct, fs, pwd));
	} else {
		__u64 file = file_of(s, fd);
		if (!file)
			return 0;
		walk_from(s, READ(struct file, file, f_path));
	}
	path_climb(s);
	return s->walk.result == PATH_ABSOLUTE && s->depth <= TRAIL;
}

/* The tests of one place, of the path in s->trail. */
__noinline int place_keep(struct slot *s, __u32 which)
{
	if (!s || which >= RAW_PLACES)
		return 1;
	const struct raw_place_tests *place = &plan_of(s)->places[which];
	if (!path_descend(s, RAW_TREE_PATH + which))
		return 0;
	if (lines_meet(s, &place->with_parts) && !parts_keep(s, place))
		return 0;
	return last_keep(s, which);
}

/* Tests of the paths that the call was passed. Where it leaves no file the first one stands for that. */
static __always_inline bool passed_keep(struct slot *s, const struct raw_plan_type *t, __u32 uses)
{
	bool fileless = t->file == RAW_NO_ARG || (t->file == RAW_FILE_NEW && s->call.ret < 0);

	if (uses & RAW_USES_FIRST || (fileless && uses & (RAW_USES_PATH | RAW_USES_NAME))) {
		if (joined_climb(s, 0) && ((fileless && !place_keep(s, RAW_PLACE_FILE)) || !place_keep(s, RAW_PLACE_FIRST)))
			return false;
	}
	return !(uses & RAW_USES_SECOND) || !joined_climb(s, 1) || place_keep(s, RAW_PLACE_SECOND);
}

/* Tests of a text that the call was passed. */
__noinline int text_keep_passed(struct slot *s, __u32 arg)
{
	if (!s)
		return 1;
	const struct raw_plan *p = plan_of(s);
	long n = bpf_probe_read_user_str(s->text, PASSED_MAX, (void *)s->call.args[arg & 7]);
	if (n <= 0 || n >= PASSED_MAX)
		return 1;
	s->text_len = n - 1;
	return texts_keep(s, p->parent_texts, p->arg_texts);
}

#endif
