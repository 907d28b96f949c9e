/* What calls do to sockets. The client's end is the source of an address pair, as Falco has it; UDP datagrams of a server come
 * with the ends the other way round. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "scap_state.h"

enum { SOCKET = 19, BIND = 21, CONNECT = 23, SOCKETPAIR = 43, GETSOCKOPT = 47, ACCEPT = 247, ACCEPT4 = 389 };
enum { TYPE_MASK = 0xff, IN_PROGRESS = -115, OPT_ERROR = 4, OPT_SOCKET = 1 };

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static uint16_t u16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint64_t u64_at(const uint8_t *p)
{
	uint64_t u = 0;

	for (int i = 0; i < 8; i++)
		u |= (uint64_t)p[i] << 8 * i;
	return u;
}

bool scap_tuple_read(struct scap_bytes b, struct scap_address *a)
{
	memset(a, 0, sizeof *a);
	if (b.n < 1)
		return false;
	unsigned size = b.p[0] == AF_INET ? 4 : 16;
	if (b.p[0] == AF_UNIX && b.n >= 17) {
		a->source_socket = u64_at(b.p + 1);
		a->target_socket = u64_at(b.p + 9);
	} else if ((b.p[0] == AF_INET || b.p[0] == AF_INET6) && b.n >= 1 + 2 * (size + 2)) {
		memcpy(a->source, b.p + 1, size);
		a->source_port = u16_at(b.p + 1 + size);
		memcpy(a->target, b.p + 3 + size, size);
		a->target_port = u16_at(b.p + 3 + 2 * size);
	} else {
		return false;
	}
	a->family = b.p[0];
	/* Both ends IPv4 in IPv6 clothes: the connection is one of IPv4. */
	if (a->family == AF_INET6 && memcmp(a->source, mapped, 12) == 0 && memcmp(a->target, mapped, 12) == 0) {
		a->family = AF_INET;
		memmove(a->source, a->source + 12, 4);
		memmove(a->target, a->target + 12, 4);
		memset(a->source + 4, 0, 12);
		memset(a->target + 4, 0, 12);
	}
	return true;
}

bool scap_sockaddr_read(struct scap_bytes b, struct scap_address *a)
{
	memset(a, 0, sizeof *a);
	if (b.n < 1)
		return false;
	unsigned size = b.p[0] == AF_INET ? 4 : 16;
	if (b.p[0] == AF_INET || b.p[0] == AF_INET6) {
		if (b.n < 1 + size + 2)
			return false;
		memcpy(a->target, b.p + 1, size);
		a->target_port = u16_at(b.p + 1 + size);
	}
	a->family = b.p[0];
	return true;
}

static struct scap_fds *fds_of(const struct scap_now *now)
{
	return now->thread ? now->thread->process->fds : NULL;
}

static uint8_t protocol_of(unsigned type, unsigned protocol)
{
	type &= TYPE_MASK;
	switch (protocol) {
	case 0: return type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
	case IPPROTO_TCP: case IPPROTO_UDP: case IPPROTO_ICMP: return type == SOCK_RAW ? IPPROTO_RAW : (uint8_t)protocol;
	case IPPROTO_RAW: return IPPROTO_RAW;
	default: return 0;
	}
}

static void new_socket(struct scap_fd *fd, unsigned domain, unsigned type, unsigned protocol)
{
	switch (domain) {
	case AF_UNIX: fd->kind = FD_UNIX; break;
	case AF_INET: fd->kind = FD_IPV4; break;
	case AF_INET6: fd->kind = FD_IPV6; break;
	case AF_NETLINK: fd->kind = FD_NETLINK; break;
	case AF_PACKET: fd->kind = FD_PACKET; break;
	default: fd->kind = FD_OTHER; break;
	}
	if (domain == AF_INET || domain == AF_INET6)
		fd->protocol = protocol_of(type, protocol);
}

static void socket_event(struct scap_now *now)
{
	const struct scap_event *e = now->e;

	if (now->number < 0 || !now->thread)
		return;
	struct scap_fd *fd = scap_fd_add(fds_of(now), now->number);
	new_socket(fd, (unsigned)scap_unsigned(e, 1), (unsigned)scap_unsigned(e, 2), (unsigned)scap_unsigned(e, 3));
	fd->flags = (uint32_t)scap_unsigned(e, 4);
}

static void pair_event(struct scap_now *now)
{
	const struct scap_event *e = now->e;

	if (scap_int(e, 0) < 0 || !now->thread)
		return;
	for (int i = 1; i <= 2; i++) {
		if (scap_int(e, i) < 0)
			continue;
		struct scap_fd *fd = scap_fd_add(fds_of(now), scap_int(e, i));
		fd->kind = FD_UNIX;
		fd->address.source_socket = scap_unsigned(e, 3);
		fd->address.target_socket = scap_unsigned(e, 4);
	}
}

static void bind_event(struct scap_now *now)
{
	struct scap_fd *fd = scap_fd_find(fds_of(now), now->number);
	struct scap_address a;

	if (!fd || scap_int(now->e, 0) < 0 || !scap_has(now->e, 1) || !scap_sockaddr_read(now->e->p[1], &a))
		return;
	if (a.family == AF_UNIX) {
		struct scap_bytes path = { now->e->p[1].p + 1, now->e->p[1].n - 1 };
		scap_blob_set(&fd->name, path.p, path.n ? strnlen((const char *)path.p, path.n) : 0);
	} else if (a.family == AF_INET || a.family == AF_INET6) {
		/* Port 0: any that is free. Such a socket has an address, but serves nobody yet. */
		fd->address = a;
		fd->listening = true;
		if (a.target_port)
			fd->role = SCAP_SERVER;
	}
}

static void set_kind(struct scap_fd *fd, const struct scap_address *a)
{
	fd->kind = a->family == AF_UNIX ? FD_UNIX : a->family == AF_INET ? FD_IPV4 : FD_IPV6;
	fd->address = *a;
	fd->listening = false;
}

/* The path stands behind the two numbers. */
static void unix_name(struct scap_fd *fd, struct scap_bytes tuple)
{
	if (tuple.n > 17)
		scap_blob_set(&fd->name, tuple.p + 17, strnlen((const char *)tuple.p + 17, tuple.n - 17));
}

static void connect_event(struct scap_now *now)
{
	struct scap_fd *fd = scap_fd_find(fds_of(now), now->number);
	int64_t result = scap_int(now->e, 0);
	struct scap_address a;

	if (!fd || (result < 0 && result != IN_PROGRESS))
		return;
	fd->connected = true;
	if (!scap_has(now->e, 1) || !scap_tuple_read(now->e->p[1], &a))
		return;
	set_kind(fd, &a);
	fd->role = SCAP_CLIENT;
	if (a.family == AF_UNIX)
		unix_name(fd, now->e->p[1]);
}

static void accept_event(struct scap_now *now)
{
	struct scap_address a;

	if (now->number < 0 || !now->thread || !scap_has(now->e, 1) || !scap_tuple_read(now->e->p[1], &a))
		return;
	struct scap_fd *fd = scap_fd_add(fds_of(now), now->number);
	set_kind(fd, &a);
	fd->role = SCAP_SERVER;
	fd->connected = true;
	fd->protocol = a.family == AF_UNIX ? 0 : IPPROTO_TCP;
	if (a.family == AF_UNIX)
		unix_name(fd, now->e->p[1]);
}

/* The result of a connect that was under way. */
static void option_event(struct scap_now *now)
{
	struct scap_fd *fd = scap_fd_find(fds_of(now), scap_int(now->e, 1));

	if (!fd || scap_int(now->e, 0) < 0 || scap_unsigned(now->e, 2) != OPT_SOCKET || scap_unsigned(now->e, 3) != OPT_ERROR ||
		!scap_has(now->e, 4) || now->e->p[4].n < 9)
		return;
	fd->connected = u64_at(now->e->p[4].p + 1) == 0;
}

bool scap_same_ends(const struct scap_address *a, const struct scap_address *b)
{
	return a->family == b->family && a->source_port == b->source_port && a->target_port == b->target_port &&
		memcmp(a->source, b->source, 16) == 0 && memcmp(a->target, b->target, 16) == 0;
}

static struct scap_address swapped(const struct scap_address *a)
{
	struct scap_address s = { .family = a->family, .source_port = a->target_port, .target_port = a->source_port };

	memcpy(s.source, a->target, 16);
	memcpy(s.target, a->source, 16);
	return s;
}

static bool listens_on(const struct scap_fds *fds, uint16_t port)
{
	for (size_t i = 0; i < fds->by_number.cap; i++) {
		const struct scap_fd *fd = fds->by_number.slots[i].value;
		if (fd && fd->listening && fd->address.target_port == port)
			return true;
	}
	return false;
}

void scap_snapshot_role(const struct scap_fds *fds, struct scap_fd *fd)
{
	fd->role = listens_on(fds, fd->address.source_port) ? SCAP_SERVER : SCAP_CLIENT;
	if (fd->role == SCAP_SERVER)
		fd->address = swapped(&fd->address);
}

/* Who sends to an address over a descriptor that is not known has a socket there, of UDP in all likelihood. */
static struct scap_fd *inferred(struct scap_now *now, const struct scap_address *a)
{
	enum { SEND = 29, SENDTO = 31, SENDMSG = 49 };
	unsigned code = now->e->code;

	if ((code != SEND && code != SENDTO && code != SENDMSG) || !now->thread || now->number < 0 ||
		(a->family != AF_INET && a->family != AF_INET6))
		return NULL;
	struct scap_fd *fd = scap_fd_add(fds_of(now), now->number);
	fd->kind = a->family == AF_INET ? FD_IPV4 : FD_IPV6;
	fd->protocol = IPPROTO_UDP;
	return fd;
}

/* Datagrams tell the peer anew each time; of a stream the first transfer does when the capture began after its connect. */
static void transfer_event(struct scap_now *now, bool incoming)
{
	struct scap_fd *fd = scap_fd_find(fds_of(now), now->number);
	int tuple = scap_param(now, "tuple");
	int64_t result;
	struct scap_address a;

	if (!scap_has(now->e, tuple) || !scap_tuple_read(now->e->p[tuple], &a))
		return;
	if (!fd)
		fd = inferred(now, &a);
	if (!fd || !scap_result(now, &result) || result < 0)
		return;
	if (a.family == AF_UNIX) {
		if (!fd->name.n && fd->kind == FD_UNIX)
			unix_name(fd, now->e->p[tuple]);
		return;
	}
	if ((fd->kind != FD_IPV4 && fd->kind != FD_IPV6) || (fd->protocol != IPPROTO_UDP && fd->address.family))
		return;
	struct scap_address other = swapped(&a);
	if (scap_same_ends(&a, &fd->address) || scap_same_ends(&other, &fd->address))
		return;
	if (fd->role == SCAP_NO_ROLE)
		fd->role = listens_on(fds_of(now), a.target_port) ? SCAP_SERVER : SCAP_CLIENT;
	set_kind(fd, (incoming && fd->role == SCAP_CLIENT) || (!incoming && fd->role == SCAP_SERVER) ? &other : &a);
}

bool scap_sockets(struct scap_now *now)
{
	switch (now->e->code) {
	case SOCKET: socket_event(now); return true;
	case BIND: bind_event(now); return true;
	case CONNECT: connect_event(now); return true;
	case SOCKETPAIR: pair_event(now); return true;
	case GETSOCKOPT: option_event(now); return true;
	case ACCEPT: case ACCEPT4: accept_event(now); return true;
	case 29: case 31: case 49: case 51: transfer_event(now, false); return true;
	case 33: case 35: case 53: case 55: transfer_event(now, true); return true;
	}
	return false;
}
