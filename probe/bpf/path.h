/* The walker: a file's path from the kernel's own dentries and mounts, leaf first, up to the root of the task. */
#ifndef PROBE_BPF_PATH_H
#define PROBE_BPF_PATH_H

#include "record.h"

enum { STEPS_HERE = 4, PRINTED_HERE = 6 };     /* that most paths take */

/* Where a dentry's name stands, and how long it is: see struct qstr. */
static __always_inline __u64 name_of(struct slot *s, __u64 dentry, __u32 *len)
{
	words_at(s, dentry + bpf_core_field_offset(struct dentry, d_name));
	*len = WORD(s, 0) >> 32;
	return WORD(s, 1);
}

/* Most names fit into two words. What stands behind them is written over. */
static __always_inline void name_copy(struct slot *s, __u32 off, __u32 len, __u64 name)
{
	if (can_cast && len <= 2 * sizeof(__u64)) {
		words_at(s, name);
		__u64 *to = AT(s, off);
		to[0] = WORD(s, 0);
		to[1] = WORD(s, 1);
	} else {
		bpf_probe_read_kernel(AT(s, off), len, (void *)name);
	}
}

/* One step up from s->walk: a name, or from the root of a mount to where it is mounted. Returns -1 to go on, else enum raw_path. */
static __always_inline int path_step(struct slot *s)
{
	struct walk *w = &s->walk;
	__u64 dentry = w->dentry, mnt = w->mnt;

	if (dentry == w->root_dentry && mnt == w->root_mnt)
		return PATH_ABSOLUTE;
	if (dentry == (__u64)READ(struct vfsmount, mnt, mnt_root)) {
		__u64 m = mnt - bpf_core_field_offset(struct mount, mnt);
		__u64 above = (__u64)READ(struct mount, m, mnt_parent);
		if (dentry == w->root_dentry)
			w->twin = w->off;
		if (above == m || !above)
			return w->twin == w->off ? PATH_ABSOLUTE : PATH_UNREACHABLE;
		w->dentry = (__u64)READ(struct mount, m, mnt_mountpoint);
		w->mnt = above + bpf_core_field_offset(struct mount, mnt);
		return -1;
	}
	__u64 parent = (__u64)READ(struct dentry, dentry, d_parent);
	__u32 len, off = w->off;
	__u64 name = name_of(s, dentry, &len);
	BOUND(len, RAW_NAME - 1);
	if (off - w->begin > RAW_TEXT)
		return PATH_DEEP;
	name_copy(s, off, len, name);
	*(char *)AT(s, off + len) = '\0';
	w->off = off + len + 1;
	if (parent == dentry || !parent)
		return PATH_PSEUDO;
	w->dentry = parent;
	return -1;
}

__noinline int path_step_more(struct slot *s)
{
	return s ? path_step(s) : PATH_DEEP;
}

/* Follows s->walk and appends each name with a NUL to the record at walk.off, which it moves; at most RAW_TEXT bytes. A
 * global function, so that the verifier looks at it once. Returns enum raw_path. */
__noinline int path_walk(struct slot *s)
{
	if (!s)
		return PATH_DEEP;
	s->walk.begin = s->walk.off;
	s->walk.twin = 0;
	s->walk.result = -1;
	for (int i = 0; i < STEPS_HERE && s->walk.result < 0; i++)
		s->walk.result = path_step(s);
	if (s->walk.result >= 0)
		return s->walk.result;
	__u32 i;
	ROUNDS(i, RAW_DEPTH - STEPS_HERE) {
		s->walk.result = path_step_more(s);
		if (s->walk.result >= 0)
			break;
	}
	return s->walk.result < 0 ? PATH_DEEP : s->walk.result;
}

/* The root that the next walks end at: that of s->task. */
static __always_inline void path_root(struct slot *s)
{
	struct fs_struct *fs = READ(struct task_struct, s->task, fs);
	struct path root = READ(struct fs_struct, fs, root);

	s->walk.root_dentry = (__u64)root.dentry;
	s->walk.root_mnt = (__u64)root.mnt;
}

/* Appends the path's components at `off` of the record. Returns how many bytes they take; 0 of a path that is too deep. */
static __always_inline __u32 path_at(struct slot *s, __u32 off, __u64 dentry, __u64 mnt, __u32 *how)
{
	s->walk.dentry = dentry;
	s->walk.mnt = mnt;
	s->walk.off = off;
	*how = path_walk(s);
	if (*how == PATH_DEEP) {
		__sync_fetch_and_add(&deep_paths, 1);
		return 0;
	}
	return s->walk.off - off;
}

/* An item that holds nothing but a path. */
static __always_inline void item_path(struct slot *s, __u8 param, __u64 dentry, __u64 mnt)
{
	__u32 how;

	if (!item_begin(s, FORM_PATH, param, 0))
		return;
	__u32 n = path_at(s, s->off + sizeof(struct raw_item), dentry, mnt, &how);
	item_aux(s, how);
	item_end(s, n);
}

/* One component of path_print. Returns the directory above, 0 when there is none. */
static __always_inline __u64 print_step(__u64 *h, __u64 dentry)
{
	__u64 parent = (__u64)READ(struct dentry, dentry, d_parent);

	*h = *h * 0x9e3779b97f4a7c15ull + READ(struct dentry, dentry, d_name).hash_len;
	return parent == dentry ? 0 : parent;
}

/* A number that changes when the path of a directory does: what the path is made of, without building it. */
static __always_inline __u64 path_print(__u64 dentry, __u64 mnt)
{
	__u64 h = mnt;
	__u32 i;

	for (i = 0; i < PRINTED_HERE && dentry; i++)
		dentry = print_step(&h, dentry);
	if (!dentry)
		return h;
	ROUNDS(i, 24 - PRINTED_HERE) {
		dentry = print_step(&h, dentry);
		if (!dentry)
			break;
	}
	return h;
}

#endif
