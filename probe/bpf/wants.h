/* What an event brings besides its parameters, where the plan wants it: descriptors, threads, memory of the task. */
#ifndef PROBE_BPF_WANTS_H
#define PROBE_BPF_WANTS_H

#include "filter.h"

/* Words of a bit map that are read at once, how often, and how often that: up to a million descriptors. The verifier of older kernels
 * goes through each round of a loop, and so through three short ones sooner than through a long one. */
enum { BITS_ROUND = 8, BITS_ROUNDS = 64, BITS_TIMES = 32 };
enum { PF_EXITING = 4 };

/* An event that is lost: by its type, and by the class that the plan in force gives it. */
static __always_inline void count_lost(__u32 type, enum raw_count what)
{
	count(type, what);
	__sync_fetch_and_add(&lost[plan_type(type)->class & 3], 1);
}

static __always_inline void count_sent(__u32 type, bool sent)
{
	if (sent)
		count(type, COUNT_DELIVERED);
	else
		count_lost(type, COUNT_FULL);
}

/* Counts the bits of the next words of a map of open descriptors, in s->vector: `at`, how many bytes there are still in `keep`,
 * the sum in `size`. Returns whether there are more. */
__noinline int bits_round(struct slot *s)
{
	if (!s)
		return 0;
	struct vector *v = &s->vector;
	__u32 n = v->keep < BITS_ROUND * 8 ? v->keep : BITS_ROUND * 8;
	__u64 *words = (__u64 *)s->text, bits = 0;

	BOUND(n, 2 * PASSED_MAX - 1);
	__builtin_memset(words, 0, BITS_ROUND * 8);
	if (n == 0 || n > PASSED_MAX || bpf_probe_read_kernel(words, n, (void *)v->at) != 0)
		return 0;
	/* All of them, so that there is one way through the loop for the verifier. */
	for (int i = 0; i < BITS_ROUND; i++)
		bits += __builtin_popcountll(words[i]);
	v->size += bits;
	v->at += n;
	v->keep -= n;
	return v->keep != 0;
}

__noinline int bits_rounds(struct slot *s)
{
	__u32 i;

	ROUNDS(i, BITS_ROUNDS)
		if (!s || !bits_round(s))
			return 0;
	return 1;
}

/* How many descriptors of s->task are open. */
__noinline int fds_count(struct slot *s)
{
	if (!s)
		return 0;
	__u64 files = (__u64)READ(struct task_struct, s->task, files);
	if (!files)
		return 0;
	__u64 table = ADDRESS(s, struct files_struct, files, fdt);
	s->vector.at = ADDRESS(s, struct fdtable, table, open_fds);
	s->vector.keep = READ(struct fdtable, table, max_fds) / 8;
	s->vector.size = 0;
	__u32 i;
	ROUNDS(i, BITS_TIMES)
		if (!bits_rounds(s))
			break;
	item_word(s, FORM_EXTRA, RAW_EXTRA_FD_COUNT, s->vector.size);
	return 0;
}

/* How many threads of the process of s->task live, and how many of them are not the first. A thread that is about to end still
 * counts: it is the one that the event is about. */
__noinline int threads_count(struct slot *s)
{
	if (!s)
		return 0;
	__u64 t = s->task, leader = ADDRESS(s, struct task_struct, t, group_leader), signal = ADDRESS(s, struct task_struct, t, signal);
	bool ends = READ(struct task_struct, t, flags) & PF_EXITING;
	bool first = t == leader || !(READ(struct task_struct, leader, flags) & PF_EXITING);
	__u32 n = READ(struct signal_struct, signal, live.counter) + ends;
	item_word(s, FORM_EXTRA, RAW_EXTRA_THREADS, n);
	item_word(s, FORM_EXTRA, RAW_EXTRA_CHILDREN, n - (first && n));
	return 0;
}

/* What the process of s->task takes, in KiB; it has nothing any more when it ends. */
__noinline int memory_count(struct slot *s)
{
	__u64 mm;

	if (!s || !(mm = ADDRESS(s, struct task_struct, s->task, mm)))
		return 0;
	item_word(s, FORM_EXTRA, RAW_EXTRA_VM_SIZE, READ(struct mm_struct, mm, total_vm) * 4);
	item_word(s, FORM_EXTRA, RAW_EXTRA_VM_RSS, memory_resident(mm));
	item_word(s, FORM_EXTRA, RAW_EXTRA_VM_SWAP, rss_part(mm, 2) * 4);
	return 0;
}

/* All that the plan wants besides of an event of the type that s->task makes. */
__noinline int wants_gather(struct slot *s, __u32 type)
{
	__u32 wants;

	if (!s || !(wants = plan_type_of(s, type)->wants))
		return 0;
	if (wants & (RAW_WANT_KINDS | RAW_WANT_ALL_KINDS))
		item_kinds(s, wants & RAW_WANT_ALL_KINDS ? RAW_KINDS : 3);
	for (int i = 0; i < 3 && wants & RAW_WANT_FDS; i++)
		item_fd(s, FORM_STANDARD, i, i, TELLS_NOTHING);
	if (wants & RAW_WANT_FD_COUNT)
		fds_count(s);
	if (wants & RAW_WANT_THREADS)
		threads_count(s);
	if (wants & RAW_WANT_MEMORY)
		memory_count(s);
	if (wants & RAW_WANT_FAULTS) {
		item_word(s, FORM_EXTRA, RAW_EXTRA_FAULTS_MAJOR, READ(struct task_struct, s->task, maj_flt));
		item_word(s, FORM_EXTRA, RAW_EXTRA_FAULTS_MINOR, READ(struct task_struct, s->task, min_flt));
	}
	if (wants & RAW_WANT_SOCKET)
		item_word(s, FORM_EXTRA, RAW_EXTRA_SOCKET, 1);
	return 0;
}

#endif
