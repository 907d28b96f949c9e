/* Room in the ring. Each class of events may fill it up to its own mark. While it is more than half full, a cgroup that asks for
 * much counts one class lower, and one that asks for little may go beyond all marks of the former: so who floods, in whatever
 * class, loses its own events and not those of its neighbours. */
#ifndef PROBE_BPF_SHARE_H
#define PROBE_BPF_SHARE_H

#include "facts.h"

/* Few requests say nothing about who floods. */
enum { SHARE_LEAST = 64 };
enum share_size { SHARE_SMALL, SHARE_FAIR, SHARE_LARGE };

/* How many events a cgroup asked room for since the ring was last half full or less. */
struct share {
	__u64 round, asked;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);            /* cgroup */
	__type(value, struct share);
	__uint(max_entries, 1024);
} shares SEC(".maps");

__u64 share_round = 1, share_asked;    /* the round that goes on, and what all have asked for in it */

/* How much the cgroup of s->task asks for: less than a sixteenth, more than a quarter, or between. Requests are counted, and not
 * what was put in: who is turned away would seem to be modest. */
__noinline int share_of(struct slot *s)
{
	struct share new = {}, *m;
	__u64 cgroup, all;

	if (!s)
		return SHARE_FAIR;
	cgroup = task_cgroup(s, s->task);
	m = bpf_map_lookup_elem(&shares, &cgroup);
	if (!m || m->round != share_round) {
		new.round = share_round;
		bpf_map_update_elem(&shares, &cgroup, &new, BPF_ANY);
		m = bpf_map_lookup_elem(&shares, &cgroup);
	}
	if (!m)
		return SHARE_FAIR;
	all = __sync_fetch_and_add(&share_asked, 1) + 1;
	__sync_fetch_and_add(&m->asked, 1);
	if (all < SHARE_LEAST)
		return SHARE_FAIR;
	return m->asked * 4 > all ? SHARE_LARGE : m->asked * 16 < all ? SHARE_SMALL : SHARE_FAIR;
}

/* Is there room for an event of this class and of s->task? */
static __always_inline bool ring_room(struct slot *s, __u32 class)
{
	__u64 filled = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);

	if (filled * 2 < ring_size) {
		if (share_asked) {
			share_asked = 0;
			__sync_fetch_and_add(&share_round, 1);
		}
		return true;
	}
	if (class == 0)
		return false;
	int share = share_of(s);
	if (share == SHARE_LARGE)
		class--;
	__u64 mark = class == 0 ? 50 : class == 1 ? 70 : class == 2 ? 90 : 100;
	if (share == SHARE_SMALL && mark < 95)
		mark = 95;
	return filled * 100 < ring_size * mark;
}

#endif
