/* Deeds on sockets: both ends belong to the same task, so that it knows both addresses. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "actor.h"

static const struct place nowhere = { 0, NULL };

static int new_sock(struct actor *a, int family, int type)
{
	int i = a->sock_count++ % ACTOR_SOCKS;

	a->socks[i] = (struct sock){ .family = family, .type = type };
	return i;
}

static char type_of(int family)
{
	return family == AF_INET ? '4' : family == AF_INET6 ? '6' : 'u';
}

/* A socket, as a call of its own. */
static struct desc *make(struct actor *a, int family, int type)
{
	long flags = actor_one_in(a, 2) ? SOCK_CLOEXEC : 0;

	actor_begin(a, CALL_SOCKET);
	log_want(&a->log, "evt.rawarg.domain", "%d", family);
	log_want(&a->log, "evt.rawarg.type", "%d", type);
	log_want(&a->log, "evt.rawarg.proto", "0");
	log_want(&a->log, "evt.rawarg.flags", "%X", flags ? 4096 : 0);
	long fd = actor_call(a, CALL_SOCKET, (long)family, type | flags, 0L);
	struct desc *d = fd < 0 ? NULL : actor_add(a, (int)fd, type_of(family), nowhere, new_sock(a, family, type));
	actor_want_fd(a, fd, d);
	actor_end(a, fd);
	return d;
}

static void close_quietly(struct actor *a, struct desc *d)
{
	if (!d)
		return;
	actor_begin(a, CALL_CLOSE);
	log_want(&a->log, "evt.rawarg.fd", "%d", d->fd);
	log_want(&a->log, "fd.num", "%d", d->fd);
	long result = actor_call(a, CALL_CLOSE, actor_wide(a, d->fd));
	d->type = 0;
	actor_end(a, result);
}

static socklen_t loopback(struct sockaddr_storage *s, int family, int port)
{
	struct sockaddr_in *v4 = (void *)s;
	struct sockaddr_in6 *v6 = (void *)s;

	memset(s, 0, sizeof *s);
	s->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		v4->sin_port = htons((uint16_t)port);
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof *v4;
	}
	v6->sin6_port = htons((uint16_t)port);
	v6->sin6_addr = in6addr_loopback;
	return sizeof *v6;
}

static const char *loopback_text(int family)
{
	return family == AF_INET ? "127.0.0.1" : "::1";
}

/* The port that the kernel chose. */
static int own_port(int fd)
{
	struct sockaddr_storage s;
	socklen_t n = sizeof s;

	if (getsockname(fd, (void *)&s, &n) != 0)
		return 0;
	return ntohs(((struct sockaddr_in *)(void *)&s)->sin_port);      /* at the same place in both */
}

static bool bind_any(struct actor *a, struct desc *d)
{
	struct sock *s = &a->socks[d->sock];
	struct sockaddr_storage to;
	/* Not everybody may have a port below 1024; and who asks for one of his own serves there. */
	int port = a->euid && actor_one_in(a, 2) ? 80 : actor_one_in(a, 2) ? 20000 + (int)actor_random(a, 30000) : 0;
	socklen_t n = loopback(&to, s->family, port);

	actor_begin(a, CALL_BIND);
	log_want(&a->log, "evt.arg.addr", "%s:%d", loopback_text(s->family), port);
	long result = actor_call(a, CALL_BIND, actor_wide(a, d->fd), actor_low(a, &to, n), (long)n);
	if (result == 0) {
		s->local_port = own_port(d->fd);
		strcpy(s->local, loopback_text(s->family));
		s->role = port ? ROLE_SERVER : s->role;
	}
	actor_want_fd(a, d->fd, d);
	actor_end(a, result);
	return result == 0;
}

static bool begin_listening(struct actor *a, struct desc *d)
{
	a->socks[d->sock].role = ROLE_SERVER;
	actor_begin(a, CALL_LISTEN);
	log_want(&a->log, "evt.rawarg.backlog", "5");
	actor_want_fd(a, d->fd, d);
	long result = actor_call(a, CALL_LISTEN, actor_wide(a, d->fd), 5L);
	actor_end(a, result);
	return result == 0;
}

static bool connect_to(struct actor *a, struct desc *d, int port)
{
	struct sock *s = &a->socks[d->sock];
	struct sockaddr_storage to;
	socklen_t n = loopback(&to, s->family, port);

	actor_begin(a, CALL_CONNECT);
	log_want(&a->log, "evt.arg.addr", "%s:%d", loopback_text(s->family), port);
	long result = actor_call(a, CALL_CONNECT, actor_wide(a, d->fd), actor_low(a, &to, n), (long)n);
	if (result == 0) {
		s->role = ROLE_CLIENT;
		s->local_port = own_port(d->fd);
		s->remote_port = port;
		strcpy(s->local, loopback_text(s->family));
		strcpy(s->remote, loopback_text(s->family));
		actor_want_fd(a, d->fd, d);
		log_want(&a->log, "evt.arg.tuple", "%s:%d->%s:%d", s->local, s->local_port, s->remote, port);
	} else {
		log_want(&a->log, "fd.num", "%d", d->fd);
		log_want(&a->log, "fd.sip", "%s", loopback_text(s->family));
		log_want(&a->log, "fd.sport", "%d", port);
	}
	actor_end(a, result);
	return result == 0;
}

static struct desc *accept_one(struct actor *a, struct desc *listener, const struct desc *client)
{
	enum call c = actor_one_in(a, 2) ? CALL_ACCEPT : CALL_ACCEPT4;
	const struct sock *l = &a->socks[listener->sock], *from = &a->socks[client->sock];
	struct desc *d = NULL;

	actor_begin(a, c);
	if (c == CALL_ACCEPT4)
		log_want(&a->log, "evt.rawarg.flags", "1000");
	long fd = actor_call(a, c, actor_wide(a, listener->fd), 0L, 0L, (long)SOCK_CLOEXEC);
	if (fd >= 0) {
		int i = new_sock(a, l->family, l->type);
		struct sock *s = &a->socks[i];
		strcpy(s->local, l->local);
		strcpy(s->remote, from->local);
		s->local_port = l->local_port;
		s->remote_port = from->local_port;
		s->role = ROLE_SERVER;
		d = actor_add(a, (int)fd, type_of(l->family), nowhere, i);
	}
	actor_want_fd(a, fd, d);
	actor_end(a, fd);
	return d;
}

bool deed_socket(struct actor *a)
{
	static const int families[] = { AF_INET, AF_INET6, AF_UNIX };
	struct desc *d = make(a, families[actor_random(a, 3)], actor_one_in(a, 2) ? SOCK_STREAM : SOCK_DGRAM);

	if (d && d->type != 'u' && actor_one_in(a, 2))
		bind_any(a, d);
	return true;
}

bool deed_tcp(struct actor *a)
{
	int family = actor_one_in(a, 3) ? AF_INET6 : AF_INET;
	struct desc *listener = make(a, family, SOCK_STREAM), *client = make(a, family, SOCK_STREAM), *server;

	if (!listener || !client)
		return true;
	if (actor_one_in(a, 8)) {
		connect_to(a, client, 1);
	} else if (bind_any(a, listener) && begin_listening(a, listener) &&
		connect_to(a, client, a->socks[listener->sock].local_port)) {
		server = accept_one(a, listener, client);
		if (server && actor_one_in(a, 2))
			close_quietly(a, server);
	}
	close_quietly(a, listener);
	if (actor_one_in(a, 2))
		close_quietly(a, client);
	return true;
}

/* What a datagram tells of the socket on which it goes or comes: where the other end is, and, if nothing is known yet, who is
 * the client. */
static void want_datagram(struct actor *a, struct desc *d, const char *remote, int port, enum role guess)
{
	struct sock *s = &a->socks[d->sock];
	char text[256];

	s->role = s->role == ROLE_UNKNOWN ? guess : s->role;
	bool is_server = s->role == ROLE_SERVER;
	if (is_server)
		snprintf(text, sizeof text, "%s:%d->%s:%d", remote, port, s->local, s->local_port);
	else
		snprintf(text, sizeof text, "%s:%d->%s:%d", s->local, s->local_port, remote, port);
	log_want(&a->log, "evt.arg.tuple", "%s", text);
	log_want(&a->log, "fd.name", "%s", text);
	log_want(&a->log, "fd.num", "%d", d->fd);
	log_want(&a->log, "fd.l4proto", "udp");
	log_want(&a->log, "fd.is_server", "true");
	log_want(&a->log, "fd.sport", "%d", is_server ? s->local_port : port);
	log_want(&a->log, "fd.cport", "%d", is_server ? port : s->local_port);
	log_want(&a->log, "fd.rip", "%s", remote);
	log_want(&a->log, "fd.lport", "%d", s->local_port);
	log_want(&a->log, "fd.connected", "false");
	log_want(&a->log, "fd.name_changed", "%s", s->last_port != port ? "true" : "false");
	s->last_port = port;
}

static void want_data(struct actor *a, char byte, long n)
{
	char data[64];

	memset(data, byte, sizeof data);
	log_want(&a->log, "evt.arg.data", "%.*s", (int)n, data);
}

static struct msghdr *message(struct actor *a, char *data, size_t size, void *addr, socklen_t n)
{
	struct iovec pieces[2] = { { data, size / 2 }, { data + size / 2, size - size / 2 } };
	struct msghdr m = { .msg_name = addr, .msg_namelen = n, .msg_iov = actor_low(a, pieces, sizeof pieces), .msg_iovlen = 2 };

	return actor_low(a, &m, sizeof m);
}

/* One that was not bound has a port as soon as it sends. */
static bool send_one(struct actor *a, struct desc *from, const struct desc *to, bool as_message)
{
	struct sock *s = &a->socks[from->sock];
	struct sockaddr_storage addr;
	int port = a->socks[to->sock].local_port;
	socklen_t n = loopback(&addr, s->family, port);
	char buf[64];
	long size = 2 + actor_random(a, 40), result;

	memset(buf, 'd', sizeof buf);
	char *data = actor_low(a, buf, sizeof buf), *address = actor_low(a, &addr, n);
	actor_begin(a, as_message ? CALL_SENDMSG : CALL_SENDTO);
	log_want(&a->log, "evt.rawarg.size", "%ld", size);
	want_data(a, 'd', size);
	if (as_message)
		result = actor_call(a, CALL_SENDMSG, actor_wide(a, from->fd), message(a, data, (size_t)size, address, n), 0L);
	else
		result = actor_call(a, CALL_SENDTO, actor_wide(a, from->fd), data, size, 0L, address, (long)n);
	if (!s->local_port) {
		s->local_port = own_port(from->fd);
		strcpy(s->local, s->family == AF_INET ? "0.0.0.0" : "::");
	}
	want_datagram(a, from, loopback_text(s->family), port, ROLE_CLIENT);
	actor_end(a, result);
	return result == size;
}

static void receive_one(struct actor *a, struct desc *to, const struct desc *from, bool as_message)
{
	struct sockaddr_storage addr = {0};
	socklen_t n = sizeof addr;
	char buf[64] = "";
	long result;

	char *data = actor_low(a, buf, sizeof buf), *address = actor_low(a, &addr, n);
	actor_begin(a, as_message ? CALL_RECVMSG : CALL_RECVFROM);
	log_want(&a->log, "evt.rawarg.size", "%zu", sizeof buf);
	if (as_message)
		result = actor_call(a, CALL_RECVMSG, actor_wide(a, to->fd), message(a, data, sizeof buf, address, n), 0L);
	else
		result = actor_call(a, CALL_RECVFROM, actor_wide(a, to->fd), data, sizeof buf, 0L, address, actor_low(a, &n, sizeof n));
	want_data(a, 'd', result);
	want_datagram(a, to, loopback_text(a->socks[to->sock].family), a->socks[from->sock].local_port, ROLE_SERVER);
	actor_end(a, result);
}

bool deed_udp(struct actor *a)
{
	int family = actor_one_in(a, 3) ? AF_INET6 : AF_INET;
	struct desc *one = make(a, family, SOCK_DGRAM), *two = make(a, family, SOCK_DGRAM);

	if (!one || !two)
		return true;
	if ((actor_one_in(a, 2) || bind_any(a, one)) && bind_any(a, two))
		for (int i = (int)actor_random(a, 4); i >= 0; i--) {
			if (send_one(a, one, two, actor_one_in(a, 3)))
				receive_one(a, two, one, actor_one_in(a, 3));
			if (actor_one_in(a, 2) && send_one(a, two, one, actor_one_in(a, 3)))
				receive_one(a, one, two, actor_one_in(a, 3));
		}
	close_quietly(a, one);
	close_quietly(a, two);
	return true;
}

static void want_named(struct actor *a, const struct desc *d, const char *name)
{
	log_want(&a->log, "fd.num", "%d", d->fd);
	log_want(&a->log, "fd.type", "unix");
	if (name)
		log_want(&a->log, "fd.name", "%s", name);
}

/* Abstract names are told without the NUL before them. */
bool deed_unix(struct actor *a)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct desc *listener = make(a, AF_UNIX, SOCK_STREAM), *client = make(a, AF_UNIX, SOCK_STREAM);
	bool is_abstract = actor_one_in(a, 2);
	int len = snprintf(un.sun_path + is_abstract, sizeof un.sun_path - 1, "%s/socket-%d", a->folder, a->name_count++);
	const char *name = un.sun_path + is_abstract;
	socklen_t n = (socklen_t)(sizeof un.sun_family + (size_t)len + 1);

	if (!listener || !client || a->folder[0] != '/')
		return true;
	actor_begin(a, CALL_BIND);
	log_want(&a->log, "evt.arg.addr", "%s", name);
	long result = actor_call(a, CALL_BIND, (long)listener->fd, actor_low(a, &un, n), (long)n);
	if (result == 0)
		want_named(a, listener, name);
	actor_end(a, result);
	if (result == 0) {
		actor_begin(a, CALL_LISTEN);
		want_named(a, listener, name);
		actor_end(a, actor_call(a, CALL_LISTEN, (long)listener->fd, 5L));
		actor_begin(a, CALL_CONNECT);
		want_named(a, client, name);
		result = actor_call(a, CALL_CONNECT, (long)client->fd, actor_low(a, &un, n), (long)n);
		actor_end(a, result);
	}
	if (result == 0) {
		actor_begin(a, CALL_ACCEPT4);
		long fd = actor_call(a, CALL_ACCEPT4, (long)listener->fd, 0L, 0L, 0L);
		struct desc *d = fd < 0 ? NULL : actor_add(a, (int)fd, 'u', nowhere, new_sock(a, AF_UNIX, SOCK_STREAM));
		if (d)
			want_named(a, d, name);
		actor_end(a, fd);
		close_quietly(a, d);
	}
	close_quietly(a, listener);
	close_quietly(a, client);
	return true;
}

bool deed_pair(struct actor *a)
{
	int none[2] = { -1, -1 };
	int type = actor_one_in(a, 2) ? SOCK_STREAM : SOCK_DGRAM;

	actor_begin(a, CALL_SOCKETPAIR);
	log_want(&a->log, "evt.rawarg.domain", "%d", AF_UNIX);
	log_want(&a->log, "evt.rawarg.type", "%d", type);
	int *fds = actor_low(a, none, sizeof none);
	long result = actor_call(a, CALL_SOCKETPAIR, (long)AF_UNIX, (long)type, 0L, fds);
	if (result == 0) {
		log_want(&a->log, "evt.rawarg.fd1", "%d", fds[0]);
		log_want(&a->log, "evt.rawarg.fd2", "%d", fds[1]);
		actor_add(a, fds[0], 'u', nowhere, new_sock(a, AF_UNIX, type));
		actor_want_fd(a, fds[1], actor_add(a, fds[1], 'u', nowhere, new_sock(a, AF_UNIX, type)));
	}
	actor_end(a, result);
	return true;
}
