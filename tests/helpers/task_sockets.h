/* The part of tasks.c that connects and accepts: both ends of each connection, with the right addresses and roles. */
#ifndef TESTS_TASK_SOCKETS_H
#define TESTS_TASK_SOCKETS_H

#include <arpa/inet.h>

struct ends {
	const char *step, *type, *server, *client;     /* fd.type, addresses as match prints them */
	int family, client_family;
	const char *listen_on, *connect_to;
};

static const struct ends connections[] = {
	{ "tcp4", "ipv4", "127.0.0.1", "127.0.0.1", AF_INET, AF_INET, "127.0.0.1", "127.0.0.1" },
	{ "tcp6", "ipv6", "::1", "::1", AF_INET6, AF_INET6, "::1", "::1" },
	{ "mapped-server", "ipv4", "127.0.0.1", "127.0.0.1", AF_INET6, AF_INET, "::", "127.0.0.1" },
	{ "mapped-client", "ipv4", "127.0.0.1", "127.0.0.1", AF_INET, AF_INET6, "127.0.0.1", "::ffff:127.0.0.1" },
};

static socklen_t address(struct sockaddr_storage *s, int family, const char *text, int port)
{
	struct sockaddr_in *v4 = (void *)s;
	struct sockaddr_in6 *v6 = (void *)s;

	memset(s, 0, sizeof *s);
	s->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		v4->sin_port = htons((uint16_t)port);
		must(inet_pton(family, text, &v4->sin_addr), text);
		return sizeof *v4;
	}
	v6->sin6_port = htons((uint16_t)port);
	must(inet_pton(family, text, &v6->sin6_addr), text);
	return sizeof *v6;
}

static int port_of(int fd)
{
	struct sockaddr_storage s;
	socklen_t n = sizeof s;

	must(getsockname(fd, (void *)&s, &n), "getsockname");
	return ntohs(((struct sockaddr_in *)(void *)&s)->sin_port);      /* at the same place in both */
}

/* What both ends have in common, and the task's facts. */
static void tell_ends(const struct ends *e, int client_port, int server_port, bool is_client)
{
	truth_pair(&truth, "fd.type", "%s", e->type);
	truth_pair(&truth, "fd.cip", "%s", e->client);
	truth_pair(&truth, "fd.sip", "%s", e->server);
	truth_pair(&truth, "fd.cport", "%d", client_port);
	truth_pair(&truth, "fd.sport", "%d", server_port);
	truth_pair(&truth, "fd.lport", "%d", is_client ? client_port : server_port);
	truth_pair(&truth, "fd.rport", "%d", is_client ? server_port : client_port);
	truth_pair(&truth, "fd.name", "%s:%d->%s:%d", e->client, client_port, e->server, server_port);
	truth_pair(&truth, "fd.l4proto", "tcp");
	/* Wherever the task is, the server is on this machine, and reached by the loopback address. */
	truth_pair(&truth, "fd.is_server", "true");
	truth_pair(&truth, "evt.res", "SUCCESS");
	truth_task(&truth);
}

static void connection(const struct ends *e, int number)
{
	struct sockaddr_storage s;
	int listener = socket(e->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(listener, "socket");
	must(bind(listener, (void *)&s, address(&s, e->family, e->listen_on, 0)), "bind");
	must(listen(listener, 5), "listen");
	int port = port_of(listener), client = socket(e->client_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(client, "socket");
	socklen_t n = address(&s, e->client_family, e->connect_to, port);
	must(syscall(SYS_connect, client, &s, n), "connect");
	truth_begin(&truth, e->step, "connect");
	truth_pair(&truth, "fd.sport", "%d", port);
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.num", "%d", client);
	tell_ends(e, port_of(client), port, true);
	truth_end(&truth);
	int server = (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
	must(server, "accept4");
	truth_begin(&truth, e->step, "accept4");
	truth_pair(&truth, "fd.sport", "%d", port);
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.num", "%d", server);
	tell_ends(e, port_of(client), port, false);
	truth_end(&truth);
	/* What the call told of the roles is remembered. */
	for (int side = 0; side < 2; side++, number++) {
		must(syscall(SYS_dup2, side ? server : client, number), "dup2");
		truth_begin(&truth, e->step, "dup2");
		truth_pair(&truth, "evt.rawres", "%d", number);
		truth_tid(&truth);
		truth_wants(&truth);
		tell_ends(e, port_of(client), port, !side);
		truth_end(&truth);
		close(number);
	}
	close(server);
	close(client);
	close(listener);
}

static void unix_connection(const char *step, const char *path, size_t len)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(a.sun_path, path, len);
	/* An abstract name is told without the NUL before it. */
	const char *name = *path ? path : path + 1;
	must(bind(listener, (void *)&a, n), path);
	must(listen(listener, 5), "listen");
	must(prctl(PR_SET_NAME, step), "prctl");
	must(syscall(SYS_connect, client, &a, n), path);
	truth_begin(&truth, step, "connect");
	truth_pair(&truth, "proc.name", "%s", step);
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.type", "unix");
	truth_pair(&truth, "fd.name", "%s", name);
	truth_pair(&truth, "fd.num", "%d", client);
	truth_pair(&truth, "evt.arg.addr", "%s", name);
	truth_task(&truth);
	truth_end(&truth);
	int server = (int)syscall(SYS_accept4, listener, NULL, NULL, 0);
	must(server, "accept4");
	truth_begin(&truth, step, "accept4");
	truth_pair(&truth, "proc.name", "%s", step);
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.type", "unix");
	truth_pair(&truth, "fd.num", "%d", server);
	truth_pair(&truth, "fd.name", "%s", name);
	truth_task(&truth);
	truth_end(&truth);
	close(listener);
	close(client);
	close(server);
}

/* A port where nobody listens, told without anybody at the other end. */
static void refused_connection(void)
{
	struct sockaddr_storage s;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t n = address(&s, AF_INET, "127.0.0.1", 1);

	must(prctl(PR_SET_NAME, "tk-refused"), "prctl");
	if (connect(fd, (void *)&s, n) == 0)
		errx(70, "connected to port 1");
	truth_begin(&truth, "refused", "connect");
	truth_pair(&truth, "proc.name", "tk-refused");
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.sip", "127.0.0.1");
	truth_pair(&truth, "fd.sport", "1");
	truth_pair(&truth, "evt.res", "ECONNREFUSED");
	truth_task(&truth);
	truth_end(&truth);
	close(fd);
}

static void sockets(void)
{
	char name[32] = "";

	for (size_t i = 0; i < sizeof connections / sizeof connections[0]; i++)
		connection(&connections[i], 600 + 2 * (int)i);
	unix_connection("tk-unix", in_folder("socket"), strlen(in_folder("socket")) + 1);
	int n = snprintf(name + 1, sizeof name - 1, "tk-%d", getpid());
	unix_connection("tk-abstract", name, (size_t)n + 1);
	refused_connection();
}

#endif
