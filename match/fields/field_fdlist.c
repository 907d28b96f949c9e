/* Fields of several descriptors: those that poll waits for, and the standard ones. */
#include <netinet/in.h>

#include "field_fd.h"
#include "wire/fact.h"

/* Text of one descriptor of the list; false when it has none of that kind. */
static bool describe(const struct fd *fd, enum fdlist_what what, struct text *out)
{
	const struct fd_tuple *t = &fd->tuple;
	const struct fd_end *client = t->role == ROLE_SERVER ? &t->remote : &t->local;
	const struct fd_end *server = t->role == ROLE_SERVER ? &t->local : &t->remote;
	const struct fd_end *e = what == LIST_CLIENT_IPS || what == LIST_CLIENT_PORTS ? client : server;
	char addr[64];

	if (what == LIST_NUMBERS) {
		text_printf(out, "%lld", (long long)fd->num);
		return true;
	}
	if (!fd->known)
		return false;
	if (what == LIST_NAMES) {
		fd_name(fd, out);
		return true;
	}
	if (!fd->has_tuple || t->is_unix || !e->len)
		return false;
	if (what == LIST_CLIENT_PORTS || what == LIST_SERVER_PORTS) {
		text_printf(out, "%u", e->port);
		return true;
	}
	field_address(e->len, e->addr, addr, sizeof addr);
	text_puts(out, addr);
	return true;
}

static const struct value *list_of(const struct context *c)
{
	for (unsigned i = 0; c->type && i < c->type->nparams; i++)
		if (c->type->params[i].type == PT_FDLIST)
			return &c->params[i];
	return NULL;
}

int get_fdlist(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct value *list = list_of(c);
	struct value pair, number;
	struct fd fd;

	if (!list || list->type != VALUE_ARRAY)
		return -1;
	struct text all = text_new(&c->arena, 64);
	struct cursor in = list->a.inside;
	bool any = false;
	while (value_next(&in, &pair) == 1) {
		struct cursor of = pair.a.inside;
		struct text one = text_new(&c->arena, 0);
		if (pair.type != VALUE_ARRAY || value_next(&of, &number) != 1)
			continue;
		fd_read(&number, &fd);
		if (!describe(&fd, f->def->what, &one))
			continue;
		if (any)
			text_puts(&all, ",");
		text_add(&all, one.p, one.n);
		any = true;
	}
	return any ? text_value(&all, out) : -1;
}

/* `what`: which of descriptors 0 to 2. */
int get_standard_name(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value list, v;
	struct fd fd;

	if (!context_extra(c, "fds", &list) || list.type != VALUE_ARRAY)
		return -1;
	struct cursor in = list.a.inside;
	while (value_next(&in, &v) == 1) {
		fd_read(&v, &fd);
		if (fd.num != (int64_t)f->def->what)
			continue;
		struct text t = text_new(&c->arena, 0);
		fd_name(&fd, &t);
		return text_value(&t, out);
	}
	return -1;
}
