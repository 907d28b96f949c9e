/* Taking events apart for the tests of a plan. */
#include "plan_event.h"

#include <string.h>

int plan_event_path(const struct event_type *t, int n)
{
	for (int i = 0; i < t->nparams; i++)
		if ((t->params[i].type == PT_FSPATH || t->params[i].type == PT_FSRELPATH) && n-- == 0)
			return i;
	return -1;
}

/* [number, kind, path, device, inode, flags, layer, tuple] */
static void fd_read(const struct value *v, struct plan_fd *out)
{
	struct value part;
	const uint8_t *p;
	uint32_t n;
	uint64_t whole;

	if (v->type != VALUE_ARRAY)
		return;
	struct cursor c = v->a.inside;
	if (value_skip(&c) != 1 || value_next(&c, &part) != 1 || !value_cut(&part, &p, &n, &whole))
		return;
	out->known = true;
	out->kind = fd_kind((const char *)p, n);
	out->has_path = value_next(&c, &out->path) == 1 && value_cut(&out->path, &p, &n, &whole);
	for (int i = 0; i < 4; i++)
		value_skip(&c);
	if (value_next(&c, &part) == 1)
		out->has_socket = fd_tuple_read(&part, &out->socket);
}

/* What the event itself says of the connection, where the descriptor says nothing. */
static void take_tuple(struct plan_seen *s)
{
	int i = event_param(s->type, "tuple", 5);
	struct plan_fd *fd = &s->fd;
	bool may = !fd->known || fd->kind == FD_IPV4 || fd->kind == FD_IPV6 || fd->kind == FD_UNIX;
	bool told = fd->known || strcmp(s->type->name, "connect") == 0 || strncmp(s->type->name, "accept", 6) == 0;

	if (i < 0 || fd->has_socket || fd->has_path || !may || !told)
		return;
	fd->has_socket = fd_tuple_read(&s->param[i], &fd->socket);
	if (fd->has_socket && fd->kind < 0)
		fd->kind = fd->socket.is_unix ? FD_UNIX : fd->socket.local.len == 16 || fd->socket.remote.len == 16 ? FD_IPV6 : FD_IPV4;
}

static bool named(const struct value *v, const char *name)
{
	const uint8_t *p;
	uint32_t n;

	return value_bytes(v, &p, &n) && n == strlen(name) && memcmp(p, name, n) == 0;
}

static bool is_open(struct cursor c)
{
	struct value map, key, v;

	if (value_next(&c, &map) != 1 || map.type != VALUE_MAP)
		return false;
	struct cursor in = map.a.inside;
	while (value_next(&in, &key) == 1 && value_next(&in, &v) == 1)
		if (named(&key, "incomplete") || named(&key, "enter") || named(&key, "params"))
			return true;
	return false;
}

static bool is_result(const struct value *v, int64_t result)
{
	struct value first = *v;
	struct cursor in = v->a.inside;
	int64_t n;

	if (v->type == VALUE_ARRAY && value_next(&in, &first) != 1)
		return false;
	return value_i64(&first, &n) && (n == result || (n < 0 && result < 0));
}

bool plan_event_read(struct plan_seen *s, const struct plan_processes *all, const struct frame *f)
{
	int64_t number;
	size_t at;

	if (event_decode(f, &s->event, &at) < 0)
		return false;
	s->type = event_type(s->event.type);
	s->processes = all;
	s->process = plan_process(all, s->event.process);
	s->fd = (struct plan_fd){ .kind = -1 };
	if (!s->type)
		return true;
	struct cursor c = s->event.params;
	for (unsigned i = 0; i < s->type->nparams; i++) {
		int rc = value_next(&c, &s->param[i]);
		if (rc < 0)
			return false;
		if (rc == 0)
			s->param[i].type = VALUE_NIL;
	}
	s->open = is_open(c);
	int fd = event_fd(s->type);
	s->result = s->event.has_result && (fd != 0 || !(s->type->flags & EV_CREATES_FD) || is_result(&s->param[0], s->event.result));
	s->fd.applies = fd >= 0 && fd < s->type->nparams;
	if (s->fd.applies) {
		fd_read(&s->param[fd], &s->fd);
		s->fd.none = !(s->type->flags & EV_CREATES_FD) && value_i64(&s->param[fd], &number) && number < 0;
		take_tuple(s);
	}
	return true;
}
