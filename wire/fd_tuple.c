/* The two ends of a socket. */
#include "fd_tuple.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void read_end(struct cursor *c, struct fd_end *e, bool is_unix)
{
	struct value v;
	const uint8_t *p;
	uint32_t n;
	uint64_t port, whole;

	*e = (struct fd_end){0};
	if (value_next(c, &v) == 1 && value_cut(&v, &p, &n, &whole)) {
		if (is_unix) {
			e->path = (const char *)p;
			e->path_len = n;
		} else if (n == 4 || n == 16) {
			e->len = (uint8_t)n;
			memcpy(e->addr, p, n);
		}
	}
	if (!value_next_u64(c, &port))
		return;
	if (is_unix)
		e->socket = port;
	else
		e->port = (uint16_t)port;
}

bool fd_tuple_read(const struct value *v, struct fd_tuple *out)
{
	struct cursor c = v->a.inside;
	uint64_t family, protocol, role;

	*out = (struct fd_tuple){0};
	if (v->type != VALUE_ARRAY || !value_next_u64(&c, &family))
		return false;
	out->is_unix = family == AF_UNIX;
	read_end(&c, &out->local, out->is_unix);
	read_end(&c, &out->remote, out->is_unix);
	if (value_next_u64(&c, &protocol))
		out->protocol = (uint8_t)protocol;
	if (value_next_u64(&c, &role) && role <= ROLE_SERVER)
		out->role = (uint8_t)role;
	return true;
}

bool fd_has_ports(const struct fd_tuple *t)
{
	return t->protocol == IPPROTO_TCP || t->protocol == IPPROTO_UDP || t->local.port || t->remote.port;
}

bool fd_has_peer(const struct fd_tuple *t)
{
	return t->remote.len && (t->remote.port || !fd_has_ports(t));
}
