/* EVENT of a capture: parameters in today's types, descriptors with what is known of them, and the facts that are on demand when
 * live. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "scap_write.h"

enum { AT_CWD = -100 };

static void pack_bytes(struct pack *out, struct scap_bytes b)
{
	pack_bin(out, b.n ? b.p : NULL, b.n);
}

/* An end of a connection; of a unix socket its path and its number. */
static void pack_end(struct pack *out, const struct scap_address *a, bool source, const struct scap_blob *path)
{
	const uint8_t *addr = source ? a->source : a->target;

	if (a->family == AF_UNIX) {
		pack_bin(out, path && path->n ? path->p : NULL, path ? path->n : 0);
		pack_uint(out, source ? a->source_socket : a->target_socket);
		return;
	}
	pack_bin(out, addr, a->family == AF_INET ? 4 : 16);
	pack_uint(out, source ? a->source_port : a->target_port);
}

static bool is_loopback(const struct scap_address *a, const uint8_t *addr)
{
	static const uint8_t six[16] = { [15] = 1 };

	return a->family == AF_INET ? addr[0] == 127 : memcmp(addr, six, 16) == 0;
}

static bool is_local(const struct scap_world *w, const struct scap_address *a, const uint8_t *addr)
{
	return is_loopback(a, addr) || scap_is_local(&w->interfaces, addr, a->family == AF_INET ? 4 : 16);
}

/* Ours is the source when its address is one of the machine's, else the target: as Falco decides. */
static bool source_is_local(const struct scap_world *w, const struct scap_address *a)
{
	return is_local(w, a, a->source);
}

static void pack_tuple(struct pack *out, const struct scap_now *now, const struct scap_address *a, uint8_t protocol,
	enum scap_role role, const struct scap_blob *path)
{
	/* A capture that does not name the machine's addresses leaves the role to tell. */
	bool named = now->w->interfaces.n > 0;
	bool local = a->family == AF_UNIX || (named ? source_is_local(now->w, a) : role != SCAP_SERVER);

	pack_array(out, 7);
	pack_uint(out, a->family);
	pack_end(out, a, local, local ? NULL : path);
	pack_end(out, a, !local, local ? path : NULL);
	pack_uint(out, protocol);
	pack_uint(out, role == SCAP_NO_ROLE && local ? SCAP_NO_ROLE : local ? SCAP_CLIENT : SCAP_SERVER);
}

static void pack_listening(struct pack *out, const struct scap_fd *fd)
{
	pack_array(out, 7);
	pack_uint(out, fd->address.family);
	pack_end(out, &fd->address, false, NULL);
	pack_nil(out);
	pack_uint(out, 0);
	pack_uint(out, fd->role == SCAP_SERVER || fd->protocol == IPPROTO_RAW ? fd->protocol : 0);
	pack_uint(out, fd->role);
}

/* A socket that has no address yet; Falco does not tell its protocol before it has, but for raw ones. */
static void pack_unbound(struct pack *out, const struct scap_fd *fd)
{
	pack_array(out, 7);
	pack_uint(out, fd->kind == FD_IPV4 ? AF_INET : AF_INET6);
	pack_nil(out);
	pack_uint(out, 0);
	pack_nil(out);
	pack_uint(out, 0);
	pack_uint(out, fd->protocol == IPPROTO_RAW ? IPPROTO_RAW : 0);
	pack_uint(out, fd->role);
}

static uint64_t wire_device(uint32_t dev)
{
	return (uint64_t)major(dev) << 20 | minor(dev);
}

/* A descriptor with all that is known of it. */
static void scap_write_fd(struct pack *out, const struct scap_now *now, int64_t number)
{
	const struct scap_fd *fd = now->thread ? scap_fd_find(now->thread->process->fds, number) : NULL;

	if (!fd) {
		pack_int(out, number);
		return;
	}
	bool inet = fd->kind == FD_IPV4 || fd->kind == FD_IPV6, tuple = inet || fd->address.family == AF_UNIX;
	pack_array(out, tuple ? 8 : 7);
	pack_int(out, number);
	pack_str(out, fd_kinds[fd->kind].text);
	pack_bin(out, inet ? NULL : fd->name.n ? fd->name.p : "", fd->name.n);
	pack_uint(out, wire_device(fd->dev));
	pack_uint(out, fd->ino);
	pack_uint(out, fd->flags);
	pack_uint(out, fd->layer);
	if (!tuple)
		return;
	if (inet && !fd->address.family)
		pack_unbound(out, fd);
	else if (fd->listening)
		pack_listening(out, fd);
	else
		pack_tuple(out, now, &fd->address, fd->protocol, fd->role, &fd->name);
}

static void pack_tuple_param(struct pack *out, const struct scap_now *now, struct scap_bytes b)
{
	struct scap_address a;
	struct scap_blob path = {0};

	if (!scap_tuple_read(b, &a)) {
		pack_nil(out);
		return;
	}
	if (a.family == AF_UNIX && b.n > 17)
		path = (struct scap_blob){ (char *)b.p + 17, (uint32_t)strnlen((const char *)b.p + 17, b.n - 17) };
	pack_tuple(out, now, &a, now->fd ? now->fd->protocol : 0, now->fd && now->fd->role == SCAP_SERVER ? SCAP_SERVER : SCAP_CLIENT,
		&path);
}

static void pack_sockaddr(struct pack *out, struct scap_bytes b)
{
	struct scap_address a;

	if (!scap_sockaddr_read(b, &a)) {
		pack_nil(out);
		return;
	}
	pack_array(out, 3);
	pack_uint(out, a.family);
	if (a.family == AF_INET || a.family == AF_INET6)
		pack_bin(out, a.target, a.family == AF_INET ? 4 : 16);
	else if (a.family == AF_UNIX)
		pack_bin(out, b.p + 1, strnlen((const char *)b.p + 1, b.n - 1));
	else
		pack_bin(out, b.p + 1, b.n - 1);
	pack_uint(out, a.target_port);
}

static void pack_fdlist(struct pack *out, const struct scap_now *now, struct scap_bytes b)
{
	enum { ENTRY = 10 };
	uint32_t n = b.n >= 2 ? b.p[0] | (uint32_t)b.p[1] << 8 : 0;

	if (n > (b.n - 2) / ENTRY)
		n = (b.n - 2) / ENTRY;
	pack_array(out, n);
	for (uint32_t i = 0; i < n; i++) {
		struct scap_event one = { .n = 2, .p = { { b.p + 2 + i * ENTRY, 8 }, { b.p + 10 + i * ENTRY, 2 } } };
		pack_array(out, 2);
		scap_write_fd(out, now, scap_int(&one, 0));
		pack_uint(out, scap_unsigned(&one, 1));
	}
}

/* The selector says how the rest is to be read: of socket options 0 is bytes and 1 an error, of ptrace 0 is a number. */
static void pack_dyn(struct pack *out, const struct scap_now *now, struct scap_bytes b)
{
	enum { GETSOCKOPT = 47, SETSOCKOPT = 45 };
	bool option = now->e->code == GETSOCKOPT || now->e->code == SETSOCKOPT;
	struct scap_event rest = { .n = 1, .p = { { b.p + 1, b.n - 1 } } };
	uint8_t selector = b.p[0];

	pack_array(out, 2);
	pack_uint(out, selector);
	if (option ? selector == 0 : rest.p[0].n > 8)
		pack_bytes(out, rest.p[0]);
	else if (option && selector == 1)
		pack_int(out, scap_int(&rest, 0));
	else
		pack_uint(out, scap_unsigned(&rest, 0));
}

static void pack_array_of_texts(struct pack *out, struct scap_bytes b)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < b.n; i++)
		count += b.p[i] == '\0' || i + 1 == b.n;
	pack_array(out, count);
	for (uint32_t at = 0; at < b.n;) {
		uint32_t n = (uint32_t)strnlen((const char *)b.p + at, b.n - at);
		pack_bin(out, b.p + at, n);
		at += n + 1;
	}
}

static void pack_path(struct pack *out, const struct scap_now *now, unsigned param)
{
	const struct param *p = &now->type->params[param];
	struct scap_bytes passed = scap_string(now->e, (int)param), base = {0};

	if (p->dir >= 0 && passed.n && passed.p[0] != '/')
		base = scap_base(now, p->dir);
	pack_array(out, 3);
	pack_bin(out, passed.p, passed.n);
	pack_bytes(out, base);
	pack_nil(out);
}

static void pack_id(struct pack *out, const struct scap_now *now, unsigned param)
{
	uint32_t id = (uint32_t)scap_unsigned(now->e, (int)param);

	if (id == UINT32_MAX)
		pack_int(out, -1);
	else
		pack_uint(out, id);
}

/* A parameter in the type of today's schema. */
static void scap_write_param(struct pack *out, const struct scap_now *now, unsigned param)
{
	const struct scap_event *e = now->e;
	struct scap_bytes b = param < e->n ? e->p[param] : (struct scap_bytes){0};

	if (!b.n) {
		pack_nil(out);
		return;
	}
	switch ((enum param_type)now->type->params[param].type) {
	case PT_INT8: case PT_INT16: case PT_INT32: case PT_INT64: case PT_PID: case PT_PID32: case PT_ERRNO:
		pack_int(out, scap_int(e, (int)param));
		break;
	case PT_FD: case PT_FD32: scap_write_fd(out, now, scap_int(e, (int)param)); break;
	case PT_UID: case PT_GID: pack_id(out, now, param); break;
	case PT_CHARBUF: pack_bin(out, b.p, scap_string(e, (int)param).n); break;
	case PT_FSPATH: case PT_FSRELPATH: pack_path(out, now, param); break;
	case PT_BYTEBUF: case PT_IPV4ADDR: case PT_IPV6ADDR: pack_bytes(out, b); break;
	case PT_CHARBUFARRAY: pack_array_of_texts(out, b); break;
	case PT_SOCKADDR: pack_sockaddr(out, b); break;
	case PT_SOCKTUPLE: pack_tuple_param(out, now, b); break;
	case PT_FDLIST: pack_fdlist(out, now, b); break;
	case PT_DYN: pack_dyn(out, now, b); break;
	default: pack_uint(out, scap_unsigned(e, (int)param)); break;
	}
}

static uint32_t standard_fds(const struct scap_fds *fds)
{
	uint32_t n = 0;

	for (int i = 0; i < 3; i++)
		n += scap_fd_find(fds, i) != NULL;
	return n;
}

/* Kinds of all descriptors where the event works on one, else of the first three, whose whole descriptions come too. */
static void pack_fds(struct pack *out, const struct scap_now *now, bool all)
{
	const struct scap_fds *fds = now->thread->process->fds;

	pack_str(out, "fd_kinds");
	pack_map(out, all ? (uint32_t)fds->by_number.n : standard_fds(fds));
	for (size_t i = 0; i < fds->by_number.cap; i++) {
		const struct scap_fd *fd = fds->by_number.slots[i].value;
		if (!fd || (!all && fds->by_number.slots[i].key > 2))
			continue;
		pack_uint(out, fds->by_number.slots[i].key);
		pack_str(out, fd_kinds[fd->kind].text);
	}
	pack_str(out, "fds");
	pack_array(out, standard_fds(fds));
	for (int i = 0; i < 3; i++)
		if (scap_fd_find(fds, i))
			scap_write_fd(out, now, i);
}

static void pack_number(struct pack *out, const char *name, uint64_t u)
{
	pack_str(out, name);
	pack_uint(out, u);
}

/* Listening, or the server's end is an address of this machine. */
static bool is_server(const struct scap_now *now)
{
	const struct scap_fd *fd = now->fd;
	struct scap_address a = fd->address;

	if (fd->kind != FD_IPV4 && fd->kind != FD_IPV6)
		return false;
	a.family = fd->kind == FD_IPV4 ? AF_INET : AF_INET6;
	if (fd->listening && fd->role == SCAP_SERVER)
		return true;
	if (fd->listening)
		memset(a.target, 0, sizeof a.target);          /* an address, but no connection's */
	return is_local(now->w, &a, a.target);
}

static void pack_extra(struct pack *out, const struct scap_now *now)
{
	struct scap_thread *t = now->thread;
	bool invalid = t && t->flags & SCAP_INVALID;
	bool on_fd = now->type->flags & (EV_CREATES_FD | EV_USES_FD | EV_DESTROYS_FD), fewer = now->e->n < now->type->nparams;

	if (!t && !fewer && !now->enters && !now->latency)
		return;
	pack_map(out, (t ? 10 : 0) + (t && now->fd ? 3 : 0) + fewer + now->enters + (now->latency != 0));
	if (now->latency)
		pack_number(out, "latency", now->latency);
	if (now->enters) {
		pack_str(out, "enter");
		pack_bool(out, true);
	}
	if (fewer)
		pack_number(out, "params", now->e->n);
	if (!t)
		return;
	pack_fds(out, now, on_fd);
	pack_number(out, "fd_count", invalid ? 0 : t->process->fds->by_number.n);
	const struct scap_thread *main = scap_thread_speaker(t);
	pack_number(out, "vm_size", main->vm_size);
	pack_number(out, "vm_rss", main->vm_rss);
	pack_number(out, "vm_swap", main->vm_swap);
	pack_number(out, "page_faults_major", t->pf_major);
	pack_number(out, "page_faults_minor", t->pf_minor);
	const struct scap_thread *leader = t->process->leader;
	unsigned alive = invalid ? 0 : t->process->alive;
	pack_number(out, "threads", alive);
	pack_number(out, "children", alive - (alive && leader && !(leader->flags & SCAP_DEAD)));
	if (!now->fd)
		return;
	pack_str(out, "name_changed");
	pack_bool(out, now->changed);
	pack_str(out, "connected");
	pack_bool(out, now->fd->connected);
	pack_str(out, "server");
	pack_bool(out, is_server(now));
}

void scap_write_event(struct scap_writer *o, const struct scap_now *now, uint64_t number)
{
	struct pack *out = &o->out;
	int64_t result;
	size_t f = frame_begin(out, FRAME_EVENT);

	pack_fix64(out, now->e->time);
	pack_fix64(out, number);
	pack_fix16(out, now->e->code);
	pack_fix64(out, now->thread ? now->thread->process->key : now->process);
	pack_fix64(out, now->thread ? now->thread->key : now->process);
	pack_int(out, now->e->tid);
	pack_uint(out, now->e->cpu);
	if (scap_result(now, &result))
		pack_int(out, result);
	else
		pack_nil(out);
	for (unsigned i = 0; i < now->type->nparams; i++)
		scap_write_param(out, now, i);
	pack_extra(out, now);
	if (frame_end(out, f) == 0)
		o->events++;
}
