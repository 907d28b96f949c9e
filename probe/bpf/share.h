/* Room in the ring. Each class of events may fill it up to its own mark. While it is more than half full, a cgroup that asks
 * for more than a quarter may fill a fifth of what is left to its neighbours' classes, so that who floods, in whatever class,
 * stays below the lowest mark of the others: it loses its own events and not theirs. */
#ifndef PROBE_BPF_SHARE_H
#define PROBE_BPF_SHARE_H

#include "facts.h"

/* Few requests say nothing about who floods. */
enum { SHARE_LEAST = 64 };

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

/* Whether the cgroup of s->task asks for more than a quarter. Requests are counted, and not what was put in: who is turned away
 * would seem to be modest. */
__noinline int share_large(struct slot *s)
{
	struct share new = {}, *m;
	__u64 cgroup, all;

	if (!s)
		return 0;
	cgroup = task_cgroup(s, s->task);
	m = bpf_map_lookup_elem(&shares, &cgroup);
	if (!m || m->round != share_round) {
		new.round = share_round;
		bpf_map_update_elem(&shares, &cgroup, &new, BPF_ANY);
		m = bpf_map_lookup_elem(&shares, &cgroup);
	}
	if (!m)
		return 0;
	all = __sync_fetch_and_add(&share_asked, 1) + 1;
	__sync_fetch_and_add(&m->asked, 1);
	return all >= SHARE_LEAST && m->asked * 4 > all;
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
	__u64 mark = class == 1 ? 70 : class == 2 ? 90 : 100;
	if (share_large(s))
		mark = 50 + (mark - 50) / 5;
	return filled * 100 < ring_size * mark;
}

#endif
