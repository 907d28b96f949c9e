/* Tests of what kind of descriptor a file is, and of a socket's protocol and ends. */
#ifndef PROBE_BPF_ENDS_H
#define PROBE_BPF_ENDS_H

#include "plan.h"

/* The file that the call is about, or 0. Of a call that failed nothing new is there. */
static __always_inline __u64 file_asked(struct slot *s, __u32 file_at)
{
	if (file_at == RAW_NO_ARG || (file_at == RAW_FILE_NEW && s->call.ret < 0))
		return 0;
	return s->told ? s->file : file_of(s, file_at == RAW_FILE_NEW ? s->call.ret : (__s32)s->call.args[file_at & 7]);
}

/* Does the number of the descriptor that the call was given say that there is none? */
static __always_inline bool no_descriptor(struct slot *s, __u32 file_at)
{
	return file_at < RAW_FILE_NEW && !s->told && (__s32)s->call.args[file_at & 7] < 0;
}

/* An IPv4 address in IPv6 clothes. */
static __always_inline bool is_mapped(const __u64 *a)
{
	return a[0] == 0 && (__u32)a[1] == 0xffff0000;
}

/* The unspecified address goes with either. */
static __always_inline bool looks_mapped(const __u64 *one, const __u64 *other)
{
	return is_mapped(one) && (is_mapped(other) || !(other[0] | other[1]));
}

/* What is at the ends of an IP socket, in s->data. Returns enum raw_fd_kind. IPv4 over IPv6 is told as IPv4; where the call may say another
 * end than the socket has, either can be. */
static __always_inline __u32 ip_kind(struct slot *s, __u64 sk, __u32 family)
{
	struct raw_sock *r = (struct raw_sock *)s->data;

	__builtin_memset(r, 0, sizeof(*r));
	r->type = READ(struct sock, sk, sk_type);
	r->protocol = READ(struct sock, sk, sk_protocol);
	sock_addresses(r, sk, family);
	s->ends[0][0] = ((__u64 *)r->local)[0];
	s->ends[0][1] = ((__u64 *)r->local)[1];
	s->ends[1][0] = ((__u64 *)r->remote)[0];
	s->ends[1][1] = ((__u64 *)r->remote)[1];
	s->address_len = 4;
	if (family == AF_INET)
		return RAW_FD_IPV4;
	bool mapped = looks_mapped(s->ends[0], s->ends[1]) || looks_mapped(s->ends[1], s->ends[0]);
	for (int i = 0; mapped && i < 2; i++) {
		s->ends[i][0] = s->ends[i][1] >> 32;
		s->ends[i][1] = 0;
	}
	s->address_len = mapped ? 4 : 16;
	if (s->call.what.tells && (!r->connected || r->type != SOCK_STREAM))
		return RAW_FD_IP;
	return mapped ? RAW_FD_IPV4 : RAW_FD_IPV6;
}

static __always_inline __u32 sock_kind(struct slot *s, __u64 file)
{
	__u64 sk = (__u64)READ(struct socket, READ(struct file, file, private_data), sk);

	if (!sk)
		return RAW_FD_NONE;
	__u32 family = READ(struct sock, sk, __sk_common.skc_family);
	if (family == AF_INET || family == AF_INET6)
		return ip_kind(s, sk, family);
	return family == AF_UNIX ? RAW_FD_UNIX : RAW_FD_SOCKET;
}

/* Tests of the kind of a file that is not a plain one. */
static __always_inline bool kind_keep(struct slot *s, __u32 kind)
{
	return kind >= RAW_FD_NONE || lines_keep(s, &plan_of(s)->kind[kind]);
}

/* The kind of what is not a socket. */
static __always_inline __u32 plain_kind(__u32 type)
{
	return type == S_IFDIR ? RAW_FD_DIRECTORY : type == S_IFIFO ? RAW_FD_PIPE : RAW_FD_FILE;
}

/* The kind of the descriptor's file, which is none that is known when there is no file. */
__noinline int kind_of(struct slot *s, __u64 file, __u32 file_at)
{
	if (!s)
		return RAW_FD_NONE;
	if (!file)
		return no_descriptor(s, file_at) ? RAW_FD_ABSENT : RAW_FD_NONE;
	__u32 type = file_type(file);
	return type == S_IFSOCK ? sock_kind(s, file) : plain_kind(type);
}

/* Tests of the kind of a descriptor that is not the file that the path tests are about. */
__noinline int base_keep(struct slot *s, __u32 file_at)
{
	return !s || kind_keep(s, kind_of(s, file_asked(s, file_at), file_at));
}

/* Tests of the descriptor's kind and of its ends, where it is a socket. */
__noinline int socket_keep(struct slot *s)
{
	const struct raw_plan *p = plan_of(s);

	if (!s)
		return 1;
	__u32 file_at = plan_type_of(s, s->call.what.type)->fd, kind = kind_of(s, file_asked(s, file_at), file_at);
	if (!kind_keep(s, kind) || kind >= RAW_FD_ABSENT)
		return lines_left(s);
	struct raw_sock *r = (struct raw_sock *)s->data;
	bool ip = kind == RAW_FD_IPV4 || kind == RAW_FD_IPV6 || kind == RAW_FD_IP;
	s->caps[RAW_M_PROTOCOL] = 1ull << (ip && r->protocol < 63 ? r->protocol : 63);
	masks_keep(s, p->task_masks, p->socket_masks);
	/* Of one that is not connected the other end is what was asked for. */
	if (!ip || !r->connected)
		return lines_left(s);
	s->numbers[RAW_N_LOCAL] = s->numbers[RAW_N_EITHER] = r->local_port;
	s->numbers[RAW_N_REMOTE] = r->remote_port;
	if (lines_meet(s, &p->ports) && !ranges_keep(s, p->task_ranges, p->socket_ranges))
		return 0;
	return lines_meet(s, &p->addresses) ? nets_keep(s) : lines_left(s);
}

#endif
