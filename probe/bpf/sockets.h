/* Sockets: who is at their ends, as the kernel has it, as the call says, and as earlier calls told. */
#ifndef PROBE_BPF_SOCKETS_H
#define PROBE_BPF_SOCKETS_H

#include "path.h"

enum { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };

static __always_inline __u32 unix_path(struct slot *s, __u32 off, __u64 sock)
{
	__u64 addr = (__u64)READ(struct unix_sock, sock, addr);
	__u32 len;

	if (!addr)
		return 0;
	len = READ(struct unix_address, addr, len) - 2;       /* without the family */
	if (len == 0 || len > 108 || off > RAW_MAX - 128)
		return 0;
	if (bpf_probe_read_kernel(AT(s, off), len, (void *)(addr + bpf_core_field_offset(struct unix_address, name) + 2)))
		return 0;
	return len;
}

/* Raw sockets and pings keep other things where the others have ports. */
static __always_inline bool has_ports(const struct raw_sock *r)
{
	return r->type != SOCK_RAW && r->protocol != IPPROTO_ICMP && r->protocol != IPPROTO_ICMPV6;
}

static __always_inline void sock_addresses(struct raw_sock *r, __u64 sk, __u32 family)
{
	if (has_ports(r)) {
		__u16 port = READ(struct sock, sk, __sk_common.skc_dport);
		r->remote_port = __builtin_bswap16(port);
		r->local_port = READ(struct sock, sk, __sk_common.skc_num);
	}
	r->state = READ(struct sock, sk, __sk_common.skc_state);
	if (family == AF_INET) {
		__u32 local = READ(struct sock, sk, __sk_common.skc_rcv_saddr);
		__u32 remote = READ(struct sock, sk, __sk_common.skc_daddr);
		__builtin_memcpy(r->local, &local, 4);
		__builtin_memcpy(r->remote, &remote, 4);
		r->connected = has_ports(r) ? r->remote_port != 0 : remote != 0;
	} else {
		bpf_core_read(r->local, 16, &((struct sock *)sk)->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(r->remote, 16, &((struct sock *)sk)->__sk_common.skc_v6_daddr);
		r->connected = has_ports(r) ? r->remote_port != 0 : (*(__u64 *)r->remote | *(__u64 *)(r->remote + 8)) != 0;
	}
}

/* Writes raw_sock at `off`; returns its length with the unix addresses behind it. */
__noinline int sock_at(struct slot *s, __u32 off, __u64 file)
{
	if (!s)
		return 0;
	__u64 socket = (__u64)READ(struct file, file, private_data);
	__u64 sk = (__u64)READ(struct socket, socket, sk);

	if (!sk || off > RAW_MAX - 1024)
		return 0;
	struct raw_sock *r = AT(s, off);
	__builtin_memset(r, 0, sizeof(*r));
	__u32 family = READ(struct sock, sk, __sk_common.skc_family);
	r->family = family;
	r->type = READ(struct sock, sk, sk_type);
	r->protocol = READ(struct sock, sk, sk_protocol);
	r->backlog = READ(struct sock, sk, sk_ack_backlog);
	r->backlog_max = READ(struct sock, sk, sk_max_ack_backlog);
	__u32 n = sizeof(*r);
	if (family == AF_UNIX) {
		r->path_len = unix_path(s, off + n, sk);
		n += r->path_len & 127;
		__u64 peer = (__u64)READ(struct unix_sock, sk, peer);
		r->connected = peer != 0;
		if (peer) {
			r->peer_path_len = unix_path(s, off + n, peer);
			n += r->peer_path_len & 127;
		}
	} else if (family == AF_INET || family == AF_INET6) {
		sock_addresses(r, sk, family);
	}
	return n;
}

/* What calls told of a socket. (Socket storage would need a socket that the verifier trusts, which a walk from the task's
 * descriptors does not give.) */
struct socket_memory {
	__u32 peer;                    /* print of the last datagram's other end; 0: none yet */
	__u8 role, pad[3];             /* told, or guessed from which way its first datagram went */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);            /* inode */
	__type(value, struct socket_memory);
	__uint(max_entries, 16384);
} sockets SEC(".maps");

/* A bit for each inode, by its end, of which something has been told: of most sockets nothing is, and to look them up costs more. A bit
 * stays when what was told is forgotten. */
enum { TOLD_BITS = 1 << 16 };
__u64 sockets_told[TOLD_BITS / 64];

static __always_inline struct socket_memory *socket_memory(__u64 inode)
{
	if (!(sockets_told[inode / 64 % (TOLD_BITS / 64)] >> inode % 64 & 1))
		return NULL;
	return bpf_map_lookup_elem(&sockets, &inode);
}

static __always_inline void socket_remember(__u64 inode, const struct socket_memory *m)
{
	__sync_fetch_and_or(&sockets_told[inode / 64 % (TOLD_BITS / 64)], 1ull << inode % 64);
	bpf_map_update_elem(&sockets, &inode, m, BPF_ANY);
}

/* The other end is the one that the call was given. */
static __always_inline void peer_take(struct raw_sock *r, const struct peer *p)
{
	__u16 port = p->v4.port;

	r->remote_port = has_ports(r) ? __builtin_bswap16(port) : 0;
	if (r->family == AF_INET) {
		__builtin_memcpy(r->remote, &p->v4.address, 4);
	} else if (p->family == AF_INET6) {
		__builtin_memcpy(r->remote, p->v6.address, 16);
	} else {
		/* An IPv4 address given to an IPv6 socket. */
		__builtin_memset(r->remote, 0, 10);
		__builtin_memset(r->remote + 10, 0xff, 2);
		__builtin_memcpy(r->remote + 12, &p->v4.address, 4);
	}
}

static __always_inline bool peer_fits(const struct raw_sock *r, const struct peer *p)
{
	return p->len >= 8 && (p->family == r->family || (r->family == AF_INET6 && p->family == AF_INET)) &&
		(p->family == AF_INET || p->len >= 24);
}

static __always_inline __u32 peer_print(const struct raw_sock *r)
{
	__u64 h = *(__u64 *)r->remote * 0x9e3779b97f4a7c15ull ^ *(__u64 *)(r->remote + 8);

	h = (h ^ r->remote_port) * 0x9e3779b97f4a7c15ull;
	return h >> 32 | 1;
}

/* Takes the other end that the call was given, where it is the one of the socket at `at` of the record. Returns whether it is. A connect
 * that failed leaves no peer in the socket: it is then the one that was asked for. */
__noinline int peer_told(struct slot *s, __u32 at)
{
	if (!s || !s->ask.tells || !s->peer.len)
		return 0;
	struct raw_sock *r = AT(s, at);
	bool sends = s->ask.tells == TELLS_SENT || s->ask.tells == TELLS_RECEIVED;
	if (!peer_fits(r, &s->peer) || (sends ? r->type == SOCK_STREAM : r->connected))
		return 0;
	peer_take(r, &s->peer);
	return 1;
}

/* A datagram's other end, and whether it is another one than before. What was not sent changes nothing. */
static __always_inline void datagram_told(struct raw_sock *r, struct socket_memory *m, bool given, bool stands)
{
	__u32 print;

	if (r->type == SOCK_STREAM || (!given && !r->connected))
		return;
	print = peer_print(r);
	r->datagram = 1;
	r->changed = print != m->peer;
	if (stands)
		m->peer = print;
}

/* Who binds to a port of his choice serves there; who only takes an address of his own may do anything. */
static __always_inline void role_told(struct socket_memory *m, const struct peer *p, __u8 tells)
{
	if (tells == TELLS_BOUND)
		m->role = p->v4.port ? ROLE_SERVER : m->role;
	else if (tells == TELLS_CLIENT || tells == TELLS_SERVER)
		m->role = tells;
	else if (m->role == ROLE_UNKNOWN)
		m->role = tells == TELLS_SENT ? ROLE_CLIENT : ROLE_SERVER;
}

/* Appends the path that a unix socket sends to. Returns its length. */
static __always_inline __u32 peer_path(struct slot *s, struct raw_sock *r, __u32 off)
{
	__u32 len = s->peer.len - 2;

	if (s->peer.family != AF_UNIX || len == 0 || len > 108 || off > RAW_MAX - 128)
		return 0;
	if (bpf_probe_read_kernel(AT(s, off), len, s->peer.local.path))
		return 0;
	r->peer_path_len = len;
	return len;
}

/* Which end of a connection a TCP socket is, which the kernel tells: who was accepted has the backlog of who listened. One that
 * listens with a backlog of 0 makes them alike: of these the calls tell. */
static __always_inline bool tcp_role_is(__u16 type, __u16 protocol, __u32 backlog_max, __u8 role)
{
	return type == SOCK_STREAM && protocol == IPPROTO_TCP && role == (backlog_max ? ROLE_SERVER : ROLE_CLIENT);
}

/* What the call tells of the socket at `at` of the record goes into what is remembered of it, and its role into the record. */
__noinline int memory_told(struct slot *s, __u32 at, struct socket_memory *m, __u32 given)
{
	if (!s || !m)
		return 0;
	struct raw_sock *r = AT(s, at);
	__u8 tells = s->ask.tells;
	/* A connection may yet come about. */
	bool stands = s->call.ret >= 0 || tells == TELLS_CLIENT;
	if (tells == TELLS_SENT || tells == TELLS_RECEIVED)
		datagram_told(r, m, given, stands);
	if (tells && stands)
		role_told(m, &s->peer, tells);
	r->role = m->role;
	return 0;
}

/* The role of a TCP socket of which no call has told: the kernel's, unless this call tells another one. */
static __always_inline __u8 tcp_role(const struct raw_sock *r, __u8 tells)
{
	__u8 role = tells == TELLS_CLIENT || tells == TELLS_SERVER ? tells : !r->connected ? ROLE_UNKNOWN :
		r->backlog_max ? ROLE_SERVER : ROLE_CLIENT;

	return tcp_role_is(r->type, r->protocol, r->backlog_max, role) ? role : ROLE_UNKNOWN;
}

/* Adds to what the kernel has of the socket at `at` of the record what this call and earlier ones tell. Returns how many bytes it
 * appended at `off`. In pieces, whose ways the verifier does not multiply. */
__noinline int sock_told(struct slot *s, __u32 at, __u64 inode, __u32 off)
{
	struct socket_memory new = {}, *m;

	if (!s)
		return 0;
	struct raw_sock *r = AT(s, at);
	__u8 tells = s->ask.tells;
	if (r->family == AF_UNIX)
		return tells && s->peer.len && !r->connected ? peer_path(s, r, off) : 0;
	if (r->family != AF_INET && r->family != AF_INET6)
		return 0;
	m = socket_memory(inode);
	if (!m)
		r->role = tcp_role(r, tells);
	bool given = peer_told(s, at);
	if (r->role || (!m && !tells))
		return 0;
	memory_told(s, at, m ? m : &new, given);
	if (!m)
		socket_remember(inode, &new);
	return 0;
}

#endif
