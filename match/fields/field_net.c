/* Fields of the two ends of a connection. The client's end is the source of the tuple, the server's its destination. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "field_fd.h"

void field_address(unsigned len, const uint8_t *addr, char *text, size_t cap)
{
	if (!inet_ntop(len == 4 ? AF_INET : AF_INET6, addr, text, (socklen_t)cap))
		text[0] = '\0';
}

/* An end, or NULL when it is not there or the roles are not known. A listening socket has the server's end alone. */
static const struct fd_end *end_of(const struct fd *fd, enum end which)
{
	const struct fd_tuple *t = &fd->tuple;
	const struct fd_end *e;

	if (!fd->applies || !fd->has_tuple || t->is_unix)
		return NULL;
	bool connected = fd_has_peer(t);
	switch (which) {
	case END_LOCAL: e = connected ? &t->local : NULL; break;
	case END_REMOTE: e = connected ? &t->remote : NULL; break;
	case END_SERVER:
		if (t->role == ROLE_CLIENT)
			e = connected ? &t->remote : NULL;
		else
			e = t->role == ROLE_SERVER || (!connected && t->local.port) ? &t->local : NULL;
		break;
	case END_CLIENT:
		e = !connected || t->role == ROLE_UNKNOWN ? NULL : t->role == ROLE_CLIENT ? &t->local : &t->remote;
		break;
	default: e = NULL; break;
	}
	return e && e->len ? e : NULL;
}

/* Both ends for the fields that mean either; returns how many. */
static int ends(const struct field_ref *f, struct context *c, const struct fd_end *out[2])
{
	const struct fd *fd = fd_of_event(c);
	enum end which = f->def->what;
	int n = 0;

	if (which != END_EITHER) {
		out[0] = end_of(fd, which);
		return out[0] != NULL;
	}
	out[n] = end_of(fd, END_CLIENT);
	n += out[n] != NULL;
	out[n] = end_of(fd, END_SERVER);
	n += out[n] != NULL;
	return n;
}

int get_ip(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd_end *e[2];
	int n = ends(f, c, e);

	for (int i = 0; i < n; i++) {
		out[i].ip.family = e[i]->len == 4 ? 4 : 6;
		memcpy(out[i].ip.addr, e[i]->addr, e[i]->len);
	}
	return n ? n : -1;
}

int get_port(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd_end *e[2];
	int n = ends(f, c, e);

	for (int i = 0; i < n; i++)
		out[i].u = e[i]->port;
	return n ? n : -1;
}

int get_port_text(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd_end *e[2];
	struct text t = text_new(&c->arena, 8);

	if (!ends(f, c, e))
		return -1;
	text_printf(&t, "%u", e[0]->port);
	return text_value(&t, out);
}

/* The names that HOST records give the address; the empty text when none does, which differs from every name. Missing when nobody
 * tells names. */
int get_host_name(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct fd_end *e[2];
	struct value names[FIELD_VALUES];
	const char *p;
	uint32_t len;
	int n = 0;

	if (!ends(f, c, e))
		return -1;
	if (!state_has_hosts(c->state)) {
		c->hosts_missing = true;
		return -1;
	}
	unsigned found = state_host(c->state, e[0]->addr, e[0]->len, c->event.time, names, FIELD_VALUES);
	for (unsigned i = 0; i < found; i++)
		if (field_bytes(&names[i], &p, &len))
			n += field_text(&out[n], p, len);
	return n ? n : field_puts(out, "");
}
