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

static __always_inline const struct raw_plan_type *plan_type(__u32 type)
{
	return &plan_now()->types[type & (RAW_TYPES - 1)];
}

static __always_inline const struct raw_plan_type *plan_type_of(const struct slot *s, __u32 type)
{
	return &plan_of(s)->types[type & (RAW_TYPES - 1)];
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

/* Tests are gone through some at a time, in a function: so the verifier looks at each loop for few rounds, and few functions are called. */
enum { AT_ONCE = 4 };

/* One comparison, as each one doubles the ways that the verifier goes. */
static __always_inline bool in_range(__s64 v, const struct raw_range *r)
{
	return (__u64)v - (__u64)r->first <= (__u64)r->last - (__u64)r->first;
}

/* One range of a test of numbers; what it is about stands in s->numbers and s->call. */
static __always_inline void range_keep(struct slot *s, __u32 i)
{
	const struct raw_range *r = &plan_of(s)->ranges[i & (RAW_RANGES - 1)];
	__s64 arg = s->call.args[r->arg & 7], v = s->numbers[r->what & (SLOT_NUMBERS - 1)];
	if (r->what == RAW_N_ARG)
		v = (__s32)arg;
	else if (r->what == RAW_N_ARG_U32)
		v = (__u32)arg;
	else if (r->what == RAW_N_ARG64)
		v = arg;
	if (in_range(v, r) || (r->what == RAW_N_EITHER && in_range(s->numbers[RAW_N_REMOTE], r)))
		s->hit = true;
	if (!r->ends)
		return;
	if (s->hit == r->negated)
		lines_drop(s, &r->lines);
	s->hit = false;
}

__noinline int ranges_some(struct slot *s, __u32 i, __u32 end)
{
	for (int n = 0; s && n < AT_ONCE && i < end; n++, i++)
		range_keep(s, i);
	return 0;
}

/* The ranges from `i` to `end` of the plan. */
static __always_inline bool ranges_keep(struct slot *s, __u32 i, __u32 end)
{
	s->hit = false;
	for (int n = 0; n < RAW_RANGES / AT_ONCE && i < end; n++, i += AT_ONCE)
		ranges_some(s, i, end);
	return lines_left(s);
}

/* One test of bits: of capabilities, of a protocol, of what an executable may be, of an argument. */
static __always_inline void mask_keep(struct slot *s, __u32 i)
{
	const struct raw_mask *m = &plan_of(s)->masks[i & (RAW_MASKS - 1)];
	__u64 have = m->what == RAW_M_ARG ? s->call.args[m->arg & 7] : s->caps[m->what & 7];

	if (((have & m->mask) != 0) == m->negated)
		lines_drop(s, &m->lines);
}

__noinline int masks_some(struct slot *s, __u32 i, __u32 end)
{
	for (int n = 0; s && n < AT_ONCE && i < end; n++, i++)
		mask_keep(s, i);
	return 0;
}

/* Those from `i` to `end` of the plan. */
static __always_inline void masks_keep(struct slot *s, __u32 i, __u32 end)
{
	for (int n = 0; n < RAW_MASKS / AT_ONCE && i < end; n++, i += AT_ONCE)
		masks_some(s, i, end);
}

/* Is an address in the network? */
static __always_inline bool in_net(const struct raw_net *n, const __u64 addr[2])
{
	return ((addr[0] & n->bits[0]) ^ n->addr[0]) == 0 && ((addr[1] & n->bits[1]) ^ n->addr[1]) == 0;
}

/* One network of a test of addresses, of s->ends. */
static __always_inline void net_keep(struct slot *s, __u32 i)
{
	const struct raw_net *n = &plan_of(s)->nets[i & (RAW_NETS - 1)];

	if (n->len == s->address_len && ((n->what != RAW_N_REMOTE && in_net(n, s->ends[0])) || (n->what != RAW_N_LOCAL && in_net(n, s->ends[1]))))
		s->hit = true;
	if (!n->ends)
		return;
	if (s->hit == n->negated)
		lines_drop(s, &n->lines);
	s->hit = false;
}

__noinline int nets_some(struct slot *s, __u32 i, __u32 end)
{
	for (int n = 0; s && n < AT_ONCE && i < end; n++, i++)
		net_keep(s, i);
	return 0;
}

/* Tests of the addresses in s->ends. */
static __always_inline bool nets_keep(struct slot *s)
{
	__u32 end = plan_of(s)->n_nets;

	s->hit = false;
	for (__u32 i = 0; i < RAW_NETS && i < end; i += AT_ONCE)
		nets_some(s, i, end);
	return lines_left(s);
}

/* The bytes of a word that are one of those two without which no part is in a name, and maybe some above them. */
static __always_inline __u64 rare_in(__u64 w, const struct raw_plan *p)
{
	return zeros(w ^ p->rare[0]) | zeros(w ^ p->rare[1]);
}

/* Looks for a part where its rarest byte is among the eight that stand `at` bytes behind the beginning of a name of `len` bytes. */
__noinline int part_in(struct slot *s, __u32 i, __u64 name, __u32 at, __u32 len)
{
	const struct raw_part *part = &plan_of(s)->parts[i & (RAW_PARTS - 1)];

	if (!s || at >= len)
		return 0;
	words_at(s, name + at);
	__u64 rare = zeros(WORD(s, 0) ^ part->rare);
	if (len - at < 8)
		rare &= (1ull << 8 * (len - at)) - 1;
	_Pragma("clang loop unroll(disable)")
	for (int n = 0; n < 8 && rare; n++) {
		__u64 lowest = rare & -rare;
		__u32 end = at + bytes_below(lowest) + 1, first = end - 1 - part->rare_at;
		rare ^= lowest;
		if (end <= part->rare_at || first + part->len > len)
			continue;
		words_at(s, name + first);
		if (((WORD(s, 0) ^ part->text) & part->mask) == 0)
			s->hit = true;
	}
	return 0;
}

/* Is a part's rarest byte among these eight, and behind it what is behind it in the part? */
static __always_inline bool part_begins(__u64 w, const struct raw_part *part)
{
	return (zeros(w ^ part->rare) & (zeros(w ^ part->beside) >> 8 | part->unseen)) != 0;
}

/* The same in the name of one of the components in s->trail. */
__noinline int part_look(struct slot *s, __u32 i, __u32 n)
{
	const struct raw_part *part = &plan_of(s)->parts[i & (RAW_PARTS - 1)];
	__u32 len;

	if (!s)
		return 0;
	__u64 name = name_of(s, s->trail[n & (TRAIL - 1)], &len);
	if (len > RAW_PART_NAME) {
		s->unsure = true;
		return 0;
	}
	for (__u32 at = 0; at < RAW_PART_NAME && at < len; at += 8) {
		words_at(s, name + at);
		if (part_begins(WORD(s, 0), part))
			part_in(s, i, name, at, len);
	}
	return 0;
}

/* The last part of a test settles it; one that is not sure rules out nothing by what it has not found. */
static __always_inline void part_settle(struct slot *s, const struct raw_part *part)
{
	if (!part->ends)
		return;
	if (s->hit == part->negated && (s->hit || !s->unsure))
		lines_drop(s, &part->lines);
	s->hit = false;
}

/* One part, in all components; as a range. */
__noinline int part_keep(struct slot *s, __u32 i)
{
	const struct raw_part *part = &plan_of(s)->parts[i & (RAW_PARTS - 1)];

	if (!s)
		return 0;
	__u32 n, depth = s->depth;
	for (n = 0; n < TRAIL && n < depth; n++)
		if (s->rare >> n & 1)
			part_look(s, i, n);
	part_settle(s, part);
	if (part->ends)
		s->unsure = false;
	return 0;
}

/* Tests of what the components in s->trail have in them: those of one place. */
static __always_inline bool parts_keep(struct slot *s, const struct raw_place_tests *place)
{
	__u32 begin = place->first_part, end = place->end_part;

	s->hit = s->unsure = false;
	for (__u32 i = 0; i < RAW_PARTS && begin + i < end; i++)
		part_keep(s, begin + i);
	return lines_left(s);
}

static __always_inline __u64 differing(const __u64 *text, const struct raw_text *t)
{
	__u64 d = 0;

	for (int i = 0; i < RAW_TEXT_WORDS; i++)
		d |= (text[i] ^ t->text[i]) & t->mask[i];
	return d;
}

/* One value of a test of the text in s->text; as a range. */
static __always_inline void text_keep(struct slot *s, __u32 i)
{
	const struct raw_text *t = &plan_of(s)->texts[i & (RAW_TEXTS - 1)];

	if ((t->whole ? s->text_len == t->len : s->text_len >= t->len) && !differing((const __u64 *)s->text, t))
		s->hit = true;
	if (!t->ends)
		return;
	if (s->hit == t->negated)
		lines_drop(s, &t->lines);
	s->hit = false;
}

__noinline int texts_some(struct slot *s, __u32 i, __u32 end)
{
	for (int n = 0; s && n < AT_ONCE && i < end; n++, i++)
		text_keep(s, i);
	return 0;
}

__noinline int texts_keep(struct slot *s, __u32 i, __u32 end)
{
	if (!s)
		return 1;
	s->hit = false;
	for (int n = 0; n < RAW_TEXTS / AT_ONCE && i < end; n++, i += AT_ONCE)
		texts_some(s, i, end);
	return lines_left(s);
}

#endif
