/* The plans, and the pieces that tests of events are made of: each drops from s->lines those that a value rules out. */
#ifndef PROBE_BPF_PLAN_H
#define PROBE_BPF_PLAN_H

#include "describe.h"

/* Two plans: one in force, the other being written. */
struct raw_plan plans[2];
__u32 plan_index;
/* Grows when what is known of cgroups changes. */
__u32 cgroup_epoch;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct raw_node_key);
	__type(value, struct raw_node);
	__uint(max_entries, 2 * RAW_NODES);
} nodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);            /* cgroup */
	__type(value, __u32);          /* RAW_CLASS_HOST or RAW_CLASS_CONTAINER */
	__uint(max_entries, 65536);
} cgroup_classes SEC(".maps");

static __always_inline const struct raw_plan *plan_now(void)
{
	return &plans[plan_index & 1];
}

/* The plan that s->call began with: it is looked at in many places, between which another one can come into force. */
static __always_inline const struct raw_plan *plan_of(const struct slot *s)
{
	return &plans[s ? s->plan & 1 : 0];
}

static __always_inline void plan_begin(struct slot *s)
{
	s->plan = plan_index;
}

/* Drops from s->lines what is not in `l`; returns whether any line is left. */
static __always_inline bool lines_keep(struct slot *s, const struct raw_lines *l)
{
	__u64 any = 0;

	for (int i = 0; i < RAW_LINE_WORDS; i++)
		any |= s->lines.w[i] &= l->w[i];
	return any != 0;
}

static __always_inline void lines_drop(struct slot *s, const struct raw_lines *l)
{
	for (int i = 0; i < RAW_LINE_WORDS; i++)
		s->lines.w[i] &= ~l->w[i];
}

/* Is one of these left? */
static __always_inline bool lines_meet(const struct slot *s, const struct raw_lines *l)
{
	return ((s->lines.w[0] & l->w[0]) | (s->lines.w[1] & l->w[1]) | (s->lines.w[2] & l->w[2]) | (s->lines.w[3] & l->w[3])) != 0;
}

static __always_inline bool lines_left(const struct slot *s)
{
	return (s->lines.w[0] | s->lines.w[1] | s->lines.w[2] | s->lines.w[3]) != 0;
}

/* One range of a test of numbers; what it is about stands in s->numbers and s->call. The pieces of loops are global functions, so that
 * the verifier looks at each of them once and not once for each round; these loops are not ROUNDS, as connections go through them. */
__noinline int range_keep(struct slot *s, __u32 i)
{
	const struct raw_range *r = &plan_of(s)->ranges[i & (RAW_RANGES - 1)];

	if (!s)
		return 0;
	__s64 arg = s->call.args[r->arg & 7], v = s->numbers[r->what & (SLOT_NUMBERS - 1)];
	if (r->what == RAW_N_ARG)
		v = (__s32)arg;
	else if (r->what == RAW_N_ARG_U32)
		v = (__u32)arg;
	else if (r->what == RAW_N_ARG64)
		v = arg;
	if (r->what == RAW_N_EITHER) {
		v = s->numbers[RAW_N_LOCAL];
		s->hit |= s->numbers[RAW_N_REMOTE] >= r->first && s->numbers[RAW_N_REMOTE] <= r->last;
	}
	s->hit |= v >= r->first && v <= r->last;
	if (!r->ends)
		return 0;
	if (s->hit == r->negated)
		lines_drop(s, &r->lines);
	s->hit = false;
	return 0;
}

/* The ranges from `i` to `end` of the plan. */
__noinline int ranges_keep(struct slot *s, __u32 i, __u32 end)
{
	if (!s)
		return 1;
	s->hit = false;
	for (int n = 0; n < RAW_RANGES && i < end; n++, i++)
		range_keep(s, i);
	return lines_left(s);
}

/* One test of bits: of capabilities, of a protocol, of what an executable may be, of an argument. */
__noinline int mask_keep(struct slot *s, __u32 i)
{
	const struct raw_mask *m = &plan_of(s)->masks[i & (RAW_MASKS - 1)];

	if (!s)
		return 0;
	__u64 have = m->what == RAW_M_ARG ? s->call.args[m->arg & 7] : s->caps[m->what & 7];
	if (((have & m->mask) != 0) == m->negated)
		lines_drop(s, &m->lines);
	return 0;
}

/* Those from `i` to `end` of the plan. */
__noinline int masks_keep(struct slot *s, __u32 i, __u32 end)
{
	for (int n = 0; n < RAW_MASKS && i < end; n++, i++)
		mask_keep(s, i);
	return 0;
}

/* Is an address in the network? */
static __always_inline bool in_net(const struct raw_net *n, const __u64 addr[2])
{
	return ((addr[0] & n->bits[0]) ^ n->addr[0]) == 0 && ((addr[1] & n->bits[1]) ^ n->addr[1]) == 0;
}

/* One network of a test of addresses, of s->ends. */
__noinline int net_keep(struct slot *s, __u32 i)
{
	const struct raw_net *n = &plan_of(s)->nets[i & (RAW_NETS - 1)];

	if (!s)
		return 0;
	if (n->len == s->address_len)
		s->hit |= (n->what != RAW_N_REMOTE && in_net(n, s->ends[0])) || (n->what != RAW_N_LOCAL && in_net(n, s->ends[1]));
	if (!n->ends)
		return 0;
	if (s->hit == n->negated)
		lines_drop(s, &n->lines);
	s->hit = false;
	return 0;
}

/* Tests of the addresses in s->ends. */
__noinline int nets_keep(struct slot *s)
{
	if (!s)
		return 1;
	__u32 end = plan_of(s)->n_nets;
	s->hit = false;
	for (__u32 i = 0; i < RAW_NETS && i < end; i++)
		net_keep(s, i);
	return lines_left(s);
}

static __always_inline __u64 differing(const __u64 *text, const struct raw_text *t)
{
	__u64 d = 0;

	for (int i = 0; i < RAW_TEXT_WORDS; i++)
		d |= (text[i] ^ t->text[i]) & t->mask[i];
	return d;
}

/* One value of a test of the text in s->text; as range_keep. */
__noinline int text_keep(struct slot *s, __u32 i)
{
	const struct raw_text *t = &plan_of(s)->texts[i & (RAW_TEXTS - 1)];

	if (!s)
		return 0;
	bool fits = t->whole ? s->text_len == t->len : s->text_len >= t->len;
	s->hit |= fits && !differing((const __u64 *)s->text, t);
	if (!t->ends)
		return 0;
	if (s->hit == t->negated)
		lines_drop(s, &t->lines);
	s->hit = false;
	return 0;
}

__noinline int texts_keep(struct slot *s, __u32 first, __u32 end)
{
	__u32 i;

	if (!s)
		return 1;
	s->hit = false;
	ROUNDS(i, RAW_TEXTS) {
		if (first + i >= end)
			break;
		text_keep(s, first + i);
	}
	return lines_left(s);
}

#endif
