/* Fields of the descriptor that an event works on. */
#include "field_fd.h"

#include <netinet/in.h>
#include <string.h>

#include "field_paths.h"
#include "wire/fact.h"

void fd_read(const struct value *v, struct fd *out)
{
	struct value part;
	const char *s;
	uint32_t n;

	*out = (struct fd){ .kind = -1, .num = -1 };
	if (v->type != VALUE_ARRAY) {
		value_i64(v, &out->num);
		return;
	}
	struct cursor c = v->a.inside;
	if (value_next(&c, &part) == 1)
		value_i64(&part, &out->num);
	if (value_next(&c, &part) != 1 || !field_bytes(&part, &s, &n))
		return;
	out->known = true;
	out->kind = fd_kind(s, n);
	out->has_path = value_next(&c, &part) == 1 && field_bytes(&part, &out->path, &out->path_len);
	value_next_u64(&c, &out->dev);
	value_next_u64(&c, &out->ino);
	value_next_u64(&c, &out->flags);
	value_next_u64(&c, &out->layer);
	if (value_next(&c, &part) == 1)
		out->has_tuple = fd_tuple_read(&part, &out->tuple);
}

static bool fd_connected(const struct fd_tuple *t)
{
	return t->is_unix ? t->local.path_len || t->remote.path_len : t->remote.len && t->remote.port;
}

static void text_end(const struct fd_end *e, bool port, struct text *out)
{
	char addr[64];

	if (!e->len)
		return;
	field_address(e->len, e->addr, addr, sizeof addr);
	text_puts(out, addr);
	if (port)
		text_printf(out, ":%u", e->port);
}

/* As captures have a socket that was bound to an address and no port: of one whose connection failed more is told. */
static bool bound_to_none(const struct fd_tuple *t)
{
	return t->local.len && !t->remote.len && t->role == ROLE_UNKNOWN && !t->protocol;
}

void fd_tuple_text(const struct fd_tuple *t, struct text *out)
{
	const struct fd_end *source = t->role == ROLE_SERVER ? &t->remote : &t->local;
	const struct fd_end *target = t->role == ROLE_SERVER ? &t->local : &t->remote;
	bool ports = fd_has_ports(t);

	if (t->is_unix) {
		const struct fd_end *named = target->path_len ? target : source;
		if (source->socket || target->socket)
			text_printf(out, "%llx->%llx ", (unsigned long long)source->socket, (unsigned long long)target->socket);
		text_add(out, named->path, named->path_len);
	} else if (fd_has_peer(t)) {
		text_end(source, ports, out);
		text_puts(out, "->");
		text_end(target, ports, out);
	} else if (t->local.port || bound_to_none(t)) {
		text_end(&t->local, true, out);
	}
}

bool fd_has_sockets(const struct fd *fd)
{
	return fd->has_tuple && fd->tuple.is_unix && (fd->tuple.local.socket || fd->tuple.remote.socket);
}

void fd_name(const struct fd *fd, struct text *out)
{
	if (fd->has_path && !fd_has_sockets(fd))
		text_add(out, fd->path, fd->path_len);
	else if (fd->has_tuple)
		fd_tuple_text(&fd->tuple, out);
}

static const char *protocol_name(const struct fd_tuple *t)
{
	static const struct { uint8_t protocol; const char *name; } names[] = {
		{ IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" }, { IPPROTO_ICMP, "icmp" }, { IPPROTO_ICMPV6, "icmp" },
		{ IPPROTO_RAW, "raw" },
	};

	for (size_t i = 0; !t->is_unix && i < sizeof names / sizeof names[0]; i++)
		if (names[i].protocol == t->protocol)
			return names[i].name;
	return NULL;
}

void fd_chars(const struct fd *fd, struct text *out)
{
	char ch = fd->kind >= 0 ? fd_kinds[fd->kind].character : 'o';

	text_add(out, &ch, 1);
	const char *protocol = fd->has_tuple && (fd->kind == FD_IPV4 || fd->kind == FD_IPV6) ? protocol_name(&fd->tuple) : NULL;
	/* Before it is connected or serves Falco tells of raw sockets alone what they are. */
	if (protocol && (fd_connected(&fd->tuple) || fd->tuple.role != ROLE_UNKNOWN || fd->tuple.protocol == IPPROTO_RAW))
		text_add(out, protocol, 1);
}

/* Sockets: what the event itself says of the connection stands in where the descriptor says nothing. */
static void take_tuple(struct context *c, struct fd *fd)
{
	const struct value *v = fd->has_tuple || fd->has_path ? NULL : field_param(c, "tuple");

	bool told = fd->known || strcmp(c->type->name, "connect") == 0 || strncmp(c->type->name, "accept", 6) == 0;
	if (!v || !told || (fd->known && fd->kind != FD_IPV4 && fd->kind != FD_IPV6 && fd->kind != FD_UNIX) ||
		!fd_tuple_read(v, &fd->tuple))
		return;
	fd->has_tuple = true;
	if (fd->kind < 0)
		fd->kind = fd->tuple.is_unix ? FD_UNIX : fd->tuple.local.len == 16 || fd->tuple.remote.len == 16 ?
			FD_IPV6 : FD_IPV4;
}

/* Of these the new descriptor is told as a plain number: what it is of follows from the call. */
static void take_kind(const struct context *c, struct fd *fd)
{
	static const struct { uint16_t type; uint8_t kind; } calls[] = {
		{ 375, FD_EVENTPOLL }, { 377, FD_EVENTPOLL }, { 321, FD_USERFAULTFD }, { 339, FD_IO_URING },
	};

	for (size_t i = 0; !fd->known && fd->num >= 0 && i < sizeof calls / sizeof calls[0]; i++)
		if (calls[i].type == c->type->number) {
			fd->known = true;
			fd->kind = calls[i].kind;
		}
}

/* fcntl that copies works on what it makes. */
static void take_copy(const struct context *c, struct fd *fd)
{
	enum { FCNTL = 151, DUP = 1, DUP_CLOSE_ON_EXEC = 26 };
	int64_t command;

	if (c->type->number == FCNTL && c->event.has_result && c->event.result >= 0 && field_param_i64(c, "cmd", &command) &&
		(command == DUP || command == DUP_CLOSE_ON_EXEC))
		fd->num = c->event.result;
}

static void set_name(struct fd *fd, const char *p, size_t n)
{
	fd->name = p ? p : "";
	fd->name_len = n;
}

static void work_out_name(struct context *c, struct fd *fd)
{
	const struct value *path = c->type->flags & EV_CREATES_FD ? field_open_path(c) : NULL;
	struct text t = text_new(&c->arena, 0);
	struct field_value joined;

	if (fd->has_path && !fd_has_sockets(fd)) {
		set_name(fd, fd->path, fd->path_len);
	} else if (path && field_path(c, path, PATH_OBJECT_OR_JOINED, &joined) == 1) {
		set_name(fd, joined.s.p, joined.s.n);
	} else if (fd->has_tuple) {
		fd_tuple_text(&fd->tuple, &t);
		set_name(fd, t.p, t.n);
	} else {
		set_name(fd, "", 0);
	}
	/* What could not be opened would have been a file: rules ask for it so (open_file_failed). */
	if (path && !fd->known) {
		fd->known = fd->num >= 0;
		fd->failed = fd->num < 0;
		fd->kind = FD_FILE;
	}
}

const struct fd *fd_of_event(struct context *c)
{
	if (c->fd)
		return c->fd;
	struct fd *fd = arena_alloc(&c->arena, sizeof *fd);
	int i = c->type ? event_fd(c->type) : -1;
	c->fd = fd;
	*fd = (struct fd){ .kind = -1, .num = -1 };
	if (i < 0 || i >= c->type->nparams)
		return fd;
	fd_read(&c->params[i], fd);
	fd->applies = true;
	take_kind(c, fd);
	take_copy(c, fd);
	take_tuple(c, fd);
	work_out_name(c, fd);
	if (fd->num < 0)
		fd->num = -1;
	return fd;
}

static const struct fd *known_fd(struct context *c)
{
	const struct fd *fd = fd_of_event(c);

	return fd->applies && (fd->known || fd->has_tuple) ? fd : NULL;
}

int get_fd_num(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);

	(void)f;
	out->i = fd->num;
	return fd->applies ? 1 : -1;
}

int get_fd_type(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = known_fd(c);

	(void)f;
	if (!fd)
		return -1;
	bool named = fd->kind >= 0 && fd->kind != FD_OTHER && fd->kind != FD_PACKET;
	return field_puts(out, named ? fd_kinds[fd->kind].text : "<NA>");
}

/* Of captures Falco says that it does not know. Live its rules' macro open_file_failed is to hold. */
static bool is_capture(const struct context *c)
{
	const struct hello *h = c->state ? state_hello(c->state) : NULL;

	return h && h->seen && h->recorded && !(h->links && h->links[0]);
}

int get_fd_typechar(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);

	(void)f;
	if (!fd->applies)
		return -1;
	return field_text(out, fd->kind < 0 || (fd->failed && is_capture(c)) ? "o" : &fd_kinds[fd->kind].character, 1);
}

int get_fd_name(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);

	(void)f;
	return fd->applies ? field_text(out, fd->name, fd->name_len) : -1;
}

int get_fd_nameraw(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);
	const struct value *path = fd->applies && c->type->flags & EV_CREATES_FD ? field_open_path(c) : NULL;

	(void)f;
	if (!fd->applies)
		return -1;
	if (path && field_path(c, path, PATH_AS_PASSED, out) == 1)
		return 1;
	return fd->has_tuple ? field_puts(out, "") : field_text(out, fd->name, fd->name_len);
}

static bool is_file(const struct fd *fd)
{
	return fd->kind < 0 ? !fd->known : fd->kind == FD_FILE || fd->kind == FD_DIRECTORY;
}

static int directory(const struct fd *fd, struct field_value *out)
{
	const char *slash = fd->name_len ? memrchr(fd->name, '/', fd->name_len) : NULL;

	if (!fd->applies || !is_file(fd))
		return -1;
	if (fd->kind == FD_DIRECTORY)
		return field_text(out, fd->name, fd->name_len);
	if (!slash || slash == fd->name)
		return field_puts(out, "/");
	return field_text(out, fd->name, (size_t)(slash - fd->name));
}

int get_fd_directory(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return directory(fd_of_event(c), out);
}

int get_fd_filename(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = known_fd(c);

	(void)f;
	if (!fd || fd->kind != FD_FILE)
		return -1;
	const char *slash = fd->name_len ? memrchr(fd->name, '/', fd->name_len) : NULL;
	const char *start = slash ? slash + 1 : fd->name;
	return field_text(out, start, (size_t)(fd->name + fd->name_len - start));
}

int get_fd_l4proto(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = known_fd(c);
	const char *name = fd && fd->has_tuple ? protocol_name(&fd->tuple) : NULL;

	(void)f;
	return fd ? field_puts(out, name ? name : "<NA>") : -1;
}

int get_fd_sockfamily(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = known_fd(c);

	(void)f;
	if (!fd)
		return -1;
	if (fd->kind == FD_IPV4 || fd->kind == FD_IPV6)
		return field_puts(out, "ip");
	return fd->kind == FD_UNIX ? field_puts(out, "unix") : -1;
}

/* A fact that the event brings on demand; `otherwise` when it does not. */
static int extra_flag(struct context *c, const char *name, bool otherwise, struct field_value *out)
{
	struct value v;

	if (!known_fd(c))
		return -1;
	out->b = context_extra(c, name, &v) && v.type == VALUE_BOOL ? v.boolean : otherwise;
	return 1;
}

int get_fd_connected(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);

	(void)f;
	return extra_flag(c, "connected", fd->has_tuple && !fd->tuple.is_unix && fd_connected(&fd->tuple), out);
}

/* A call that makes a descriptor gives it its name, but for copies; so does one that connects it. */
static bool names(const struct context *c, const struct fd *fd)
{
	enum { BIND = 21, CONNECT = 23, DUP = 367, DUP2 = 363, DUP3 = 365, PIDFD_GETFD = 407 };

	if (!c->event.has_result || (c->event.result < 0 && !(c->type->number == CONNECT && fd->has_tuple)))
		return false;
	switch (c->type->number) {
	case DUP: case DUP2: case DUP3: case PIDFD_GETFD: return false;
	case BIND: case CONNECT: return fd->name_len > 0;
	default: return c->type->flags & EV_CREATES_FD && fd->name_len > 0;
	}
}

/* What the event says itself, else what follows from the call. */
int get_fd_name_changed(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);

	(void)f;
	return extra_flag(c, "name_changed", fd->applies && names(c, fd), out);
}

int get_fd_is_server(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);

	(void)f;
	return extra_flag(c, "server", fd->has_tuple && !fd->tuple.is_unix && fd->tuple.role == ROLE_SERVER, out);
}

/* `what`: 0 the whole, 1 major, 2 minor. */
int get_fd_dev(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = known_fd(c);

	if (!fd)
		return -1;
	out->i = f->def->what == 1 ? (int64_t)(fd->dev >> 20) : (int64_t)(f->def->what == 2 ? fd->dev & 0xfffff : fd->dev);
	return 1;
}

int get_fd_ino(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = known_fd(c);

	(void)f;
	if (!fd)
		return -1;
	out->i = (int64_t)fd->ino;
	return 1;
}

int get_fd_layer(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = known_fd(c);

	if (!fd)
		return -1;
	out->b = fd->layer == f->def->what;
	return 1;
}

static bool seen(const struct field_value *out, int n, const char *p, uint32_t len)
{
	for (int i = 0; i < n; i++)
		if (out[i].s.n == len && memcmp(out[i].s.p, p, len) == 0)
			return true;
	return false;
}

int get_fd_types(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value map, key, v;
	const char *p;
	uint32_t len;
	int n = 0;

	if (!fd_of_event(c)->applies || !context_extra(c, "fd_kinds", &map) || map.type != VALUE_MAP)
		return -1;
	struct cursor in = map.a.inside;
	while (n < FIELD_VALUES && value_next(&in, &key) == 1 && value_next(&in, &v) == 1) {
		bool wanted = !f->has_index || (key.type == VALUE_UINT && (int64_t)key.u == f->index);
		if (wanted && field_bytes(&v, &p, &len) && !seen(out, n, p, len))
			n += field_text(&out[n], p, len);
	}
	return n ? n : -1;
}

int get_fd_uid(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);
	struct text t = text_new(&c->arena, 48);

	(void)f;
	if (!fd->applies)
		return -1;
	text_printf(&t, "%lld%lld", (long long)c->event.tid, (long long)fd->num);
	return text_value(&t, out);
}

/* `what`: 0 the name, 1 the folder. */
int get_fd_container(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd *fd = fd_of_event(c);
	struct field_value tail;
	const char *id = "";
	uint32_t n = 0;

	if (!fd->applies || field_container(c, &id, &n) < 0)
		return -1;
	if (f->def->what == 0)
		field_text(&tail, fd->name, fd->name_len);
	else if (directory(fd, &tail) < 0)
		return -1;
	struct text t = text_new(&c->arena, n + tail.s.n + 1);
	text_add(&t, id, n);
	text_puts(&t, ":");
	text_add(&t, tail.s.p, tail.s.n);
	return text_value(&t, out);
}
