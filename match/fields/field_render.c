/* One renderer per parameter type, found in a table. */
#include "field_render.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "field_fd.h"
#include "field_names.h"
#include "field_paths.h"
#include "wire/fact.h"

enum { AT_CWD = -100, TYPE_PTRACE = 169 };

typedef void renderer(struct context *c, const struct param *p, const struct value *v, struct rendered *out);

static void put_number(struct text *t, const struct param *p, const struct value *v)
{
	bool negative = v->type == VALUE_INT;
	unsigned long long u = negative ? (unsigned long long)v->i : (unsigned long long)v->u;

	if (p->format == FMT_HEX)
		text_printf(t, "%llX", u);
	else if (p->format == FMT_OCT)
		text_printf(t, "%llo", u);
	else if (negative)
		text_printf(t, "%lld", (long long)v->i);
	else
		text_printf(t, "%llu", u);
}

static void put_printable(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_add(t, isprint((unsigned char)s[i]) ? &s[i] : ".", 1);
}

static void put_bytes(struct text *t, const struct value *v)
{
	const char *s;
	uint32_t n;

	if (field_bytes(v, &s, &n))
		put_printable(t, s, n);
}

static void render_number(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	(void)c;
	put_number(&out->raw, p, v);
}

static void add_name(struct text *t, const char *name)
{
	if (t->n)
		text_puts(t, "|");
	text_puts(t, name);
}

/* In the set's order: an entry whose bits are all left takes them away, so that O_RDWR hides O_RDONLY and O_WRONLY. */
static void put_flags(struct text *t, unsigned set, uint64_t value)
{
	uint64_t left = value;
	const char *zero = "0";

	if (set == SET_NONE)
		return;
	for (const struct flag *f = flag_sets[set]; f->name; f++) {
		if (f->value == 0 && value == 0)
			zero = f->name;
		if (f->value == 0 || (left & f->value) != f->value)
			continue;
		add_name(t, f->name);
		left &= ~(uint64_t)f->value;
	}
	if (value == 0)
		add_name(t, zero);
}

/* Flags are shown as decimal numbers whatever their format is, which is that of evt.rawarg. */
static void render_flags(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	(void)c;
	put_number(&out->raw, &(struct param){ .format = FMT_DEC }, v);
	if (v->type == VALUE_UINT)
		put_flags(&out->resolved, p->set, v->u);
}

static void render_mode(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	(void)c;
	if (v->type != VALUE_UINT)
		return;
	text_printf(&out->raw, "%#llo", (unsigned long long)v->u);
	if (v->u)
		put_flags(&out->resolved, p->set, v->u);
}

static void render_enum(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	render_number(c, p, v, out);
	if (p->set == SET_NONE || v->type != VALUE_UINT)
		return;
	for (const struct flag *f = flag_sets[p->set]; f->name; f++)
		if (f->value == v->u)
			add_name(&out->resolved, f->name);
}

static void render_errno(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	const char *name = v->type == VALUE_INT ? field_errno(-v->i) : NULL;

	render_number(c, p, v, out);
	if (name)
		text_puts(&out->resolved, name);
}

static void render_fd(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	struct fd fd;

	fd_read(v, &fd);
	if (v->type == VALUE_ARRAY)
		text_printf(&out->raw, "%lld", (long long)fd.num);
	else
		render_number(c, p, v, out);
	if (v->type == VALUE_INT && fd.num == AT_CWD)
		text_puts(&out->resolved, "AT_FDCWD");
	else if (v->type == VALUE_INT && fd.num < 0 && field_errno(-fd.num))
		text_puts(&out->resolved, field_errno(-fd.num));
	const struct fd *main = fd_of_event(c);
	/* The event's own descriptor has its name worked out from the other parameters too. */
	if (fd.num >= 0 && main->applies && main->num == fd.num && (main->known || main->has_tuple)) {
		fd = *main;
	} else if (fd.has_path && !fd_has_sockets(&fd)) {
		fd.name = fd.path;
		fd.name_len = fd.path_len;
	} else if (!fd.known) {
		return;
	}
	text_puts(&out->resolved, "<");
	fd_chars(&fd, &out->resolved);
	text_puts(&out->resolved, ">");
	if (fd.name)
		text_add(&out->resolved, fd.name, fd.name_len);
	else if (fd.has_tuple)
		fd_tuple_text(&fd.tuple, &out->resolved);
}

static void render_pid(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	const struct process *found;
	const struct thread *thread;
	struct field_value name;
	int64_t pid;

	render_number(c, p, v, out);
	if (!value_i64(v, &pid) || pid <= 0 || !(found = state_task(c->state, pid, &thread)))
		return;
	field_fact_text(&name, found, thread, FACT_COMM);
	text_add(&out->resolved, name.s.p, name.s.n);
}

static void render_text(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	const char *s;
	uint32_t n;

	(void)c;
	(void)p;
	if (field_bytes(v, &s, &n))
		text_add(&out->raw, s, n);
}

static void render_path(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	struct field_value passed, joined;

	(void)p;
	if (field_path(c, v, PATH_VERBATIM, &passed) != 1)
		return;
	text_add(&out->raw, passed.s.p, passed.s.n);
	if (field_path(c, v, PATH_RESOLVED, &joined) == 1 &&
		(joined.s.n != passed.s.n || memcmp(joined.s.p, passed.s.p, joined.s.n) != 0))
		text_add(&out->resolved, joined.s.p, joined.s.n);
}

static void render_bytes(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	(void)c;
	(void)p;
	put_bytes(&out->raw, v);
	if (!out->raw.n)
		text_puts(&out->raw, "NULL");
}

static void render_list(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	struct cursor in = v->a.inside;
	struct value item;

	(void)c;
	(void)p;
	if (v->type != VALUE_ARRAY)
		return;
	while (value_next(&in, &item) == 1) {
		put_bytes(&out->raw, &item);
		text_puts(&out->raw, ".");
	}
}

static void put_address(struct text *t, const char *s, uint32_t n, uint64_t port)
{
	char addr[64];

	field_address(n, (const uint8_t *)s, addr, sizeof addr);
	text_printf(t, "%s:%llu", addr, (unsigned long long)port);
}

/* [family, address, port] */
static void render_sockaddr(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	struct cursor in = v->a.inside;
	struct value family, addr, port;
	const char *s;
	uint32_t n;

	if (v->type != VALUE_ARRAY || value_next(&in, &family) != 1 || family.type != VALUE_UINT || value_next(&in, &addr) != 1)
		return;
	if (value_next(&in, &port) != 1 || port.type != VALUE_UINT)
		port = (struct value){ .type = VALUE_UINT };
	bool has = field_bytes(&addr, &s, &n);
	if (family.u == AF_UNIX && has) {
		put_printable(&out->raw, s, n);
	} else if (has && (n == 4 || n == 16) && (family.u == AF_INET || family.u == AF_INET6)) {
		put_address(&out->raw, s, n, port.u);
	} else {
		render_enum(c, &(struct param){ p->name, PT_ENUMFLAGS32, FMT_DEC, SET_AF, -1 }, &family, out);
	}
}

static void render_tuple(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	struct fd_tuple tuple;

	(void)c;
	(void)p;
	if (fd_tuple_read(v, &tuple))
		fd_tuple_text(&tuple, &out->raw);
	if (!out->raw.n)
		text_puts(&out->raw, "NULL");
}

/* [[fd, events]…] as fd:character and events. */
static void render_fdlist(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	struct cursor in = v->a.inside;
	struct value pair, number, flags;
	struct fd fd;

	(void)c;
	(void)p;
	while (v->type == VALUE_ARRAY && value_next(&in, &pair) == 1) {
		struct cursor of = pair.a.inside;
		if (pair.type != VALUE_ARRAY || value_next(&of, &number) != 1 || value_next(&of, &flags) != 1)
			continue;
		fd_read(&number, &fd);
		text_printf(&out->raw, "%s%lld:", out->raw.n ? " " : "", (long long)fd.num);
		text_add(&out->raw, !fd.known ? "?" : fd.kind >= 0 ? &fd_kinds[fd.kind].character : "o", 1);
		put_number(&out->raw, &(struct param){ .format = FMT_HEX }, &flags);
	}
}

static void render_signal(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	const char *name = v->type == VALUE_UINT && v->u < 64 ? field_signal((int64_t)v->u) : NULL;

	render_number(c, p, v, out);
	if (name)
		text_puts(&out->resolved, name);
}

static void render_sigset(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	(void)c;
	(void)p;
	for (int i = 1; v->type == VALUE_UINT && i < 32; i++)
		if (v->u >> (i - 1) & 1 && field_signal(i))
			text_printf(&out->raw, "%s%s", out->raw.n ? " " : "", field_signal(i));
}

static void render_reltime(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	if (v->type == VALUE_UINT && v->u == UINT64_MAX) {
		text_puts(&out->raw, "none");
		return;
	}
	render_number(c, p, v, out);
	if (v->type == VALUE_UINT)
		text_printf(&out->resolved, "%gs", (double)v->u / 1e9);
}

static void render_id(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	struct field_value name;
	int64_t id;

	if (!value_i64(v, &id))
		return;
	if (id == UINT32_MAX)
		id = -1;
	text_printf(&out->raw, "%lld", (long long)id);
	if (id < 0) {
		text_puts(&out->resolved, "<NONE>");
		return;
	}
	field_user_name(c, p->type == PT_GID, id, &name);
	text_add(&out->resolved, name.s.p, name.s.n);
}

static void render_syscall(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	render_number(c, p, v, out);
	if (v->type == VALUE_UINT && v->u < SYSCALLS)
		text_puts(&out->resolved, syscalls[v->u].name);
}

static void render_ip(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	char addr[64];

	if (v->type != VALUE_BIN || (v->s.len != 4 && v->s.len != 16)) {
		render_number(c, p, v, out);
		return;
	}
	field_address(v->s.len, v->s.data, addr, sizeof addr);
	text_puts(&out->raw, addr);
}

/* [selector, value]: of socket options 1 is an error number and 4 a time, of ptrace 1 is a signal. */
static void render_dyn(struct context *c, const struct param *p, const struct value *v, struct rendered *out)
{
	struct value selector = { .type = VALUE_UINT }, inner = *v;
	struct cursor in = v->a.inside;

	if (v->type == VALUE_ARRAY && (value_next(&in, &selector) != 1 || value_next(&in, &inner) != 1))
		return;
	uint64_t which = selector.type == VALUE_UINT ? selector.u : 0;
	bool option = strcmp(p->name, "val") == 0;
	if (inner.type == VALUE_BIN || inner.type == VALUE_STR)
		put_bytes(&out->raw, &inner);
	else if (which == 1 && c->type->number == TYPE_PTRACE)
		render_signal(c, &(struct param){ .format = FMT_DEC }, &inner, out);
	else if (which == 1)
		render_errno(c, p, &inner, out);
	else if (which == 4 && option)
		render_reltime(c, p, &inner, out);
	else if (inner.type == VALUE_UINT || inner.type == VALUE_INT)
		put_number(&out->raw, p, &inner);
}

static renderer *const renderers[PT_TYPES] = {
	[PT_FD] = render_fd, [PT_FD32] = render_fd, [PT_PID] = render_pid, [PT_PID32] = render_pid, [PT_ERRNO] = render_errno,
	[PT_UID] = render_id, [PT_GID] = render_id, [PT_CHARBUF] = render_text, [PT_FSPATH] = render_path,
	[PT_FSRELPATH] = render_path, [PT_BYTEBUF] = render_bytes, [PT_CHARBUFARRAY] = render_list, [PT_SOCKADDR] = render_sockaddr,
	[PT_SOCKTUPLE] = render_tuple, [PT_FDLIST] = render_fdlist, [PT_FLAGS8] = render_flags, [PT_FLAGS16] = render_flags,
	[PT_FLAGS32] = render_flags, [PT_ENUMFLAGS8] = render_enum, [PT_ENUMFLAGS16] = render_enum,
	[PT_ENUMFLAGS32] = render_enum, [PT_MODE] = render_mode, [PT_SIGTYPE] = render_signal, [PT_SIGSET] = render_sigset,
	[PT_SYSCALLID] = render_syscall, [PT_RELTIME] = render_reltime, [PT_IPV4ADDR] = render_ip, [PT_IPV6ADDR] = render_ip,
	[PT_DYN] = render_dyn,
};

/* Without a value some types say NULL, the others <NA>. */
struct rendered field_render(struct context *c, int param)
{
	const struct param *p = &c->type->params[param];
	const struct value *v = &c->params[param];
	struct rendered out = { text_new(&c->arena, 0), text_new(&c->arena, 0) };
	bool number = v->type == VALUE_UINT || v->type == VALUE_INT;
	bool null = p->type == PT_BYTEBUF || p->type == PT_SOCKTUPLE || p->type == PT_FDLIST || p->type == PT_DYN;

	if (v->type == VALUE_NIL && null)
		text_puts(&out.raw, "NULL");
	else if (renderers[p->type] && v->type != VALUE_NIL)
		renderers[p->type](c, p, v, &out);
	else if (number)
		put_number(&out.raw, p, v);
	if (v->type == VALUE_NIL && !null)
		text_puts(&out.raw, "<NA>");
	return out;
}
