/* What calls read and write: buffers, vectors, messages, and the addresses that go with them. */
#ifndef PROBE_BPF_DATA_H
#define PROBE_BPF_DATA_H

#include "filter.h"

/* How many bytes a call may have moved at most: what it returned, or of a write that failed all that was asked for. */
static __always_inline __u64 moved(const struct slot *s, __u8 extra)
{
	if (s->call.ret > 0)
		return s->call.ret;
	return s->call.ret == 0 || extra & RAW_READ ? 0 : ~0ull;
}

/* How many bytes of it are wanted. */
static __always_inline __u32 data_wanted(const struct slot *s)
{
	return plan_type_of(s, s->call.what.type)->data;
}

static __always_inline void gather_data(struct slot *s, struct raw_step step, __u64 user)
{
	__u64 size = s->call.args[(step.arg + 1) & 7], most = moved(s, step.extra);
	__u32 wanted = data_wanted(s);

	if (wanted)
		item_memory(s, step.param, user, size < most ? size : most, wanted);
}

/* A word of the caller, of 4 or 8 bytes. */
static __always_inline __u64 user_word(const struct slot *s, __u64 at)
{
	__u64 word = 0;

	if (s->call.compat)
		bpf_probe_read_user(&word, 4, (void *)at);
	else
		bpf_probe_read_user(&word, 8, (void *)at);
	return word;
}

/* One piece of s->vector: its size counts, and what is wanted of it is copied. All state is kept in the slot's memory and the
 * function is a global one, so that the verifier looks at it once and not once for each piece. */
__noinline int vector_piece(struct slot *s)
{
	if (!s)
		return 0;
	struct vector *v = &s->vector;
	__u32 word = s->call.compat ? 4 : 8, n = v->n;
	__u64 base = user_word(s, v->at), len = user_word(s, v->at + word);
	__u32 take = v->keep > n ? v->keep - n : 0;

	v->at += 2 * word;
	v->size += len;
	if (len < take)
		take = len;
	BOUND(take, 2 * RAW_TEXT - 1);
	if (take && bpf_probe_read_user(AT(s, v->from + n), take, (void *)base) == 0)
		v->n = n + take;
	return 0;
}

/* The first bytes of what a vector holds, of `most` bytes, and the size of all of it. */
__noinline int gather_vector(struct slot *s, __u32 param, __u64 at, __u64 pieces, __u64 most)
{
	if (!s || !item_begin(s, FORM_BYTES, param, 0))
		return 0;
	__u32 wanted = data_wanted(s);
	struct vector *v = &s->vector;
	v->at = at;
	v->size = 0;
	v->n = 0;
	v->keep = most < wanted ? most : wanted;
	v->from = s->off + sizeof(struct raw_item);
	__u32 i;
	ROUNDS(i, RAW_VECTOR) {
		if (i >= pieces)
			break;
		vector_piece(s);
	}
	if (wanted) {
		item_aux(s, v->size < most ? v->size : most);
		item_end(s, v->n);
	}
	item_number(s, RAW_PARAM_SIZE, v->size);
	return 0;
}

/* An address of the caller: for a parameter, for sock_told, or for both. */
__noinline int gather_peer(struct slot *s, __u32 param, __u64 user, __u64 len, __u32 how)
{
	if (!s)
		return 0;
	s->peer.len = 0;
	if (!user || len < 2)
		return 0;
	__u32 n = len < 127 ? len : 127;       /* more than any address that is told has */
	BOUND(n, 127);
	if (bpf_probe_read_user(&s->peer.family, n, (void *)user) != 0)
		return 0;
	void *to = how & PEER_SILENT ? NULL : item_begin(s, FORM_ADDR, param, len);
	BOUND(n, 127);
	if (to && bpf_probe_read_kernel(to, n, &s->peer.family) == 0)
		item_end(s, n);
	if (how & PEER_REMOTE)
		s->peer.len = n;
	return 0;
}

static __always_inline void gather_address(struct slot *s, struct raw_step step, __u64 user)
{
	__u64 len = s->call.args[(step.arg + 1) & 7];
	__u32 at = 0;

	if (step.extra & PEER_LENGTH_AT) {
		bpf_probe_read_user(&at, sizeof(at), (void *)len);
		len = s->call.ret >= 0 ? at : 0;
	}
	gather_peer(s, step.param, user, (__u32)len, step.extra);
}

/* A struct msghdr, of one message or of the one of many that s->call.message says. */
__noinline int gather_message(struct slot *s, __u32 param, __u64 at, __u32 extra)
{
	if (!s)
		return 0;
	__u32 w = s->call.compat ? 4 : 8, moved_len = 0;
	__u64 most = moved(s, extra);
	if (extra & RAW_MANY) {
		at += (__u64)s->call.message * 8 * w;
		bpf_probe_read_user(&moved_len, sizeof(moved_len), (void *)(at + 7 * w));
		if (s->call.ret > 0)
			most = moved_len;
	}
	__u32 name_len = user_word(s, at + w);
	if (extra & RAW_READ && s->call.ret < 0)
		name_len = 0;
	gather_peer(s, param, user_word(s, at), name_len, PEER_REMOTE | PEER_SILENT);
	gather_vector(s, param, user_word(s, at + 2 * w), user_word(s, at + 3 * w), most);
	__u32 wanted = data_wanted(s);
	if (wanted && extra & RAW_READ && s->call.ret >= 0)
		item_memory(s, RAW_PARAM_CONTROL, user_word(s, at + 4 * w), user_word(s, at + 5 * w), wanted);
	return 0;
}

/* The descriptors that pipe and socketpair make. */
static __always_inline void gather_pair(struct slot *s, struct raw_step step, __u64 user)
{
	__s32 fds[2];

	if (s->call.ret != 0 || bpf_probe_read_user(fds, sizeof(fds), (void *)user) != 0)
		return;
	item_fd(s, FORM_FD, step.param, fds[0], step.extra);
	item_fd(s, FORM_FD, step.param + 1, fds[1], step.extra);
}

#endif
