/* The actor: random numbers, memory, the line of each call, descriptors, and the choice of deeds. */
#include "actor.h"

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

unsigned actor_random(struct actor *a, unsigned below)
{
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return (unsigned)(a->random >> 32) % below;
}

bool actor_one_in(struct actor *a, unsigned n)
{
	return actor_random(a, n) == 0;
}

void *actor_low(struct actor *a, const void *from, size_t n)
{
	char *p = a->low + a->low_used;

	memcpy(p, from, n);
	a->low_used += (n + 15) & ~(size_t)15;
	return p;
}

char *actor_text(struct actor *a, const char *text)
{
	return actor_low(a, text, strlen(text) + 1);
}

/* The kernel judges the model. */
void actor_state(struct actor *a)
{
	char cwd[PATH_SIZE], kernel[2 * PATH_SIZE] = "";

	world_path(&a->world, a->world.cwd, cwd);
	if (syscall(SYS_getcwd, kernel, sizeof kernel) < 0 || strcmp(kernel, cwd) != 0)
		errx(70, "the model is wrong: the working folder is %s, not %s", kernel, cwd);
	log_state(&a->log, STATE_CWD, "%s%s", cwd, strcmp(cwd, "/") ? "/" : "");
	log_state(&a->log, STATE_UID, "%u", a->euid);
	log_state(&a->log, STATE_GID, "%u", a->egid);
}

void actor_begin(struct actor *a, enum call c)
{
	log_begin(&a->log, a->tid, call_name(c));
}

void actor_end(struct actor *a, long result)
{
	log_want(&a->log, "evt.rawres", "%ld", result);
	log_want(&a->log, "evt.res", "%s", result < 0 ? strerrorname_np((int)-result) : "SUCCESS");
	log_want(&a->log, "evt.failed", "%s", result < 0 ? "true" : "false");
	actor_state(a);
	log_end(&a->log);
	a->low_used = 0;
}

/* The place is free: actor_act sees to it. */
struct desc *actor_add(struct actor *a, int fd, char type, struct place place, int sock)
{
	for (int i = 0; i < ACTOR_FDS; i++)
		if (!a->fds[i].type) {
			a->fds[i] = (struct desc){ .fd = fd, .type = type, .place = place, .sock = sock };
			return &a->fds[i];
		}
	return NULL;
}

struct desc *actor_pick(struct actor *a, const char *types)
{
	for (unsigned i = 0, from = actor_random(a, ACTOR_FDS); i < ACTOR_FDS; i++) {
		struct desc *d = &a->fds[(from + i) % ACTOR_FDS];
		if (d->type && (!types || strchr(types, d->type)))
			return d;
	}
	return NULL;
}

void actor_forget(struct actor *a, int fd)
{
	for (int i = 0; i < ACTOR_FDS; i++)
		if (a->fds[i].type && a->fds[i].fd == fd)
			a->fds[i].type = 0;
}

void actor_want_socket(struct actor *a, const struct sock *s)
{
	bool is_server = s->role == ROLE_SERVER;

	log_want(&a->log, "fd.l4proto", "%s", s->family == AF_UNIX ? "<NA>" : s->type == SOCK_STREAM ? "tcp" : "udp");
	log_want(&a->log, "fd.sockfamily", "%s", s->family == AF_UNIX ? "unix" : "ip");
	if (s->family == AF_UNIX)
		return;
	/* All are on this machine, and so is the server. */
	log_want(&a->log, "fd.is_server", "%s", is_server || s->remote_port ? "true" : "false");
	if (s->remote_port) {
		const char *client = is_server ? s->remote : s->local, *server = is_server ? s->local : s->remote;
		int client_port = is_server ? s->remote_port : s->local_port, server_port = is_server ? s->local_port : s->remote_port;
		log_want(&a->log, "fd.name", "%s:%d->%s:%d", client, client_port, server, server_port);
		log_want(&a->log, "fd.cip", "%s", client);
		log_want(&a->log, "fd.sip", "%s", server);
		log_want(&a->log, "fd.cport", "%d", client_port);
		log_want(&a->log, "fd.sport", "%d", server_port);
		log_want(&a->log, "fd.lip", "%s", s->local);
		log_want(&a->log, "fd.rip", "%s", s->remote);
		log_want(&a->log, "fd.lport", "%d", s->local_port);
		log_want(&a->log, "fd.rport", "%d", s->remote_port);
	} else if (s->local_port) {
		log_want(&a->log, "fd.name", "%s:%d", s->local, s->local_port);
		log_want(&a->log, "fd.sip", "%s", s->local);
		log_want(&a->log, "fd.sport", "%d", s->local_port);
		log_missing(&a->log, "fd.rip");
	} else {
		log_want(&a->log, "fd.name", "%s", "");
		log_missing(&a->log, "fd.sip");
	}
}

static const char *type_name(char type)
{
	static const struct { char type; const char *name; } names[] = {
		{ 'f', "file" }, { 'd', "directory" }, { '4', "ipv4" }, { '6', "ipv6" }, { 'u', "unix" }, { 'p', "pipe" }, { 'e', "event" },
		{ 'm', "memfd" }, { 'l', "eventpoll" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].type == type)
			return names[i].name;
	return "";
}

/* What the event must say of the descriptor that it is about; `d` is NULL when there is none. */
void actor_want_fd(struct actor *a, long fd, const struct desc *d)
{
	char path[PATH_SIZE];

	log_want(&a->log, "fd.num", "%ld", fd < 0 ? -1 : fd);
	if (!d)
		return;
	log_want(&a->log, "fd.type", "%s", type_name(d->type));
	log_want(&a->log, "fd.typechar", "%c", d->type);
	if (strchr("46u", d->type))
		actor_want_socket(a, &a->socks[d->sock]);
	if (strchr("pelm", d->type))
		log_want(&a->log, "fd.name", "%s", d->name);
	if (!strchr("fd", d->type))
		return;
	world_path(&a->world, d->place, path);
	log_want(&a->log, "fd.name", "%s", path);
	if (d->type == 'd') {
		log_want(&a->log, "fd.directory", "%s", path);
		return;
	}
	char *slash = strrchr(path, '/');
	log_want(&a->log, "fd.filename", "%s", slash + 1);
	slash[slash == path] = '\0';
	log_want(&a->log, "fd.directory", "%s", path);
}

static const struct {
	deed *deed;
	unsigned weight;
} deeds[] = {
	{ deed_open, 40 }, { deed_make, 14 }, { deed_unlink, 14 }, { deed_rename, 16 }, { deed_link, 10 }, { deed_mode, 10 },
	{ deed_owner, 8 }, { deed_chdir, 10 }, { deed_dup, 12 }, { deed_close, 6 }, { deed_anonymous, 8 }, { deed_data, 4 },
	{ deed_user, 6 }, { deed_group, 5 }, { deed_signal, 6 }, { deed_name, 3 }, { deed_refused, 3 }, { deed_child, 4 }, { deed_socket, 3 }, { deed_tcp, 3 }, { deed_udp, 3 },
	{ deed_unix, 2 }, { deed_pair, 2 },
};

/* Some need two or three descriptors more. */
static bool is_full(const struct actor *a)
{
	int n = 0;

	for (int i = 0; i < ACTOR_FDS; i++)
		n += a->fds[i].type != 0;
	return n > ACTOR_FDS - 4;
}

void actor_act(struct actor *a)
{
	unsigned total = 0;

	for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
		total += deeds[i].weight;
	for (bool did = false; !did;) {
		unsigned n = actor_random(a, total);
		size_t i = 0;
		for (; n >= deeds[i].weight; i++)
			n -= deeds[i].weight;
		while (is_full(a))
			deed_close(a);
		did = a->euid && actor_one_in(a, 4) ? deed_user(a) : deeds[i].deed(a);
	}
}
