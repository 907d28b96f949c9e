/* Paths and names in the plan's trees: up from a file to the root of its task, and down again through what the plan names. */
#ifndef PROBE_BPF_TREE_H
#define PROBE_BPF_TREE_H

#include "plan.h"

static __always_inline void walk_from(struct slot *s, struct path path)
{
	s->walk.dentry = (__u64)path.dentry;
	s->walk.mnt = (__u64)path.mnt;
}

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

/* All steps, behind what is in s->trail; there are few in most paths, and the verifier goes through each round. */
static __always_inline void path_climb(struct slot *s)
{
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

/* The first level of a tree of names, with s->key but for its parent filled in. */
static __always_inline bool name_keep(struct slot *s, const struct raw_plan *p, enum raw_tree tree)
{
	s->key.parent = p->roots[tree].id;
	const struct raw_node *n = node_below(s);
	return lines_keep(s, n ? &n->end : &p->roots[tree].more);
}

/* Tests of the end of a name, of one place. What stands before a short one does not count. */
__noinline int name_end_keep(struct slot *s, __u64 dentry, __u32 which)
{
	if (!s || which >= RAW_PLACES)
		return 1;
	const struct raw_place_tests *place = &plan_of(s)->places[which];
	__u32 len;
	__u64 name = name_of(s, dentry, &len);
	words_at(s, name + len - RAW_TAIL);
	((__u64 *)s->text)[0] = WORD(s, 0);
	((__u64 *)s->text)[1] = WORD(s, 1);
	s->text_len = len;
	return texts_keep(s, place->first_text, place->end_text);
}

/* Tests of the last component of the path in s->trail. */
static __always_inline bool last_keep(struct slot *s, __u32 which)
{
	const struct raw_plan *p = plan_of(s);
	const struct raw_place_tests *place = &p->places[which];
	__u32 tree = RAW_TREE_NAME + which;

	if (s->depth == 0 || !lines_meet(s, &place->names))
		return true;
	if (!(name_key(s, 0, s->trail[0]) ? name_keep(s, p, tree) : lines_keep(s, &p->roots[tree].more)))
		return false;
	return !lines_meet(s, &place->name_ends) || name_end_keep(s, s->trail[0], which);
}

#endif
