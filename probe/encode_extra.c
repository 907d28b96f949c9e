/* The facts at the end of an EVENT frame: what every record carries, where its process could not be described, and what is
 * wanted. */
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "encode.h"
#include "kernel_values.h"
#include "wire/fact.h"
#include "wire/fd_tuple.h"

static const char *const extra_names[RAW_EXTRA_SOCKET] = {
	[RAW_EXTRA_FD_COUNT] = "fd_count", [RAW_EXTRA_THREADS] = "threads", [RAW_EXTRA_CHILDREN] = "children",
	[RAW_EXTRA_VM_SIZE] = "vm_size", [RAW_EXTRA_VM_RSS] = "vm_rss", [RAW_EXTRA_VM_SWAP] = "vm_swap",
	[RAW_EXTRA_FAULTS_MAJOR] = "page_faults_major", [RAW_EXTRA_FAULTS_MINOR] = "page_faults_minor",
};

static void put_bool(struct pack *out, const char *name, bool value)
{
	pack_str(out, name);
	pack_bool(out, value);
}

/* Returns how many facts it has put, as the others. */
static uint32_t put_actor(struct pack *out, const struct raw_head *h)
{
	if (!(h->flags & RAW_INCOMPLETE))
		return 0;
	put_bool(out, "incomplete", true);
	pack_str(out, "pid");
	pack_uint(out, h->pid);
	pack_str(out, "ppid");
	pack_uint(out, h->ppid);
	pack_str(out, "uid");
	pack_uint(out, h->uid);
	pack_str(out, "comm");
	pack_bin(out, h->comm, strnlen(h->comm, RAW_COMM));
	return 5;
}

static uint32_t put_kinds(struct pack *out, const struct raw_item *it)
{
	if (!it)
		return 0;
	const struct raw_kind_of *k = item_data(it);
	unsigned all = it->len / sizeof *k, n = 0;

	for (unsigned i = 0; i < all; i++)
		n += k[i].open != 0;
	pack_str(out, "fd_kinds");
	pack_map(out, n);
	for (unsigned i = 0; i < all; i++) {
		if (!k[i].open)
			continue;
		pack_uint(out, i);
		pack_str(out, fd_kinds[value_fd_kind(k[i].mode, k[i].magic, k[i].family, k[i].name,
			(unsigned)strnlen(k[i].name, sizeof k[i].name))].text);
	}
	return 1;
}

/* Those of descriptors 0 to 2 that are open. */
static uint32_t put_standard(struct pack *out, const struct record *r)
{
	uint32_t n = 0;

	if (!r->standard[0] && !r->standard[1] && !r->standard[2])
		return 0;
	for (unsigned i = 0; i < RECORD_STANDARD; i++)
		n += r->standard[i] && r->standard[i]->len;
	pack_str(out, "fds");
	pack_array(out, n);
	for (unsigned i = 0; i < RECORD_STANDARD; i++)
		if (r->standard[i] && r->standard[i]->len)
			encode_fd(out, i, r->standard[i]);
	return 1;
}

static uint32_t put_numbers(struct pack *out, const struct record *r)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < RAW_EXTRA_SOCKET; i++) {
		uint64_t value;
		if (!r->extra[i])
			continue;
		memcpy(&value, item_data(r->extra[i]), sizeof value);
		pack_str(out, extra_names[i]);
		pack_uint(out, value);
		n++;
	}
	return n;
}

/* The socket that the event is about, or NULL. */
static const struct raw_sock *socket_of(const struct record *r)
{
	const struct raw_sock *s;

	if (r->head->kind != RAW_EVENT)
		return NULL;
	for (unsigned i = 0; i < RECORD_PARAMS; i++)
		if (r->value[i] && r->value[i]->form == FORM_FD && (s = item_sock(r->value[i])))
			return s;
	return NULL;
}

/* Is the server's end on this machine? Ours is; the other one where it is the loopback address or the same as ours, which is how
 * the kernel reaches its own addresses. */
static bool is_server(const struct raw_sock *s)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 }, loopback6[16] = { [15] = 1 };
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
	bool v4 = s->family == AF_INET;

	if (!v4 && s->family != AF_INET6)
		return false;
	if (s->role == ROLE_SERVER || s->state == TCP_LISTEN)
		return true;
	if (!s->connected && !s->datagram)
		return false;
	return memcmp(s->local, s->remote, v4 ? 4 : 16) == 0 ||
		(v4 ? memcmp(s->remote, loopback, 4) == 0 : memcmp(s->remote, loopback6, 16) == 0 || memcmp(s->remote, mapped, 16) == 0);
}

static uint32_t put_socket(struct pack *out, const struct record *r)
{
	const struct raw_sock *s = r->extra[RAW_EXTRA_SOCKET] ? socket_of(r) : NULL;

	if (!s)
		return 0;
	put_bool(out, "server", is_server(s));
	if (!s->datagram)
		return 1;
	put_bool(out, "connected", s->connected);
	put_bool(out, "name_changed", s->changed);
	return 3;
}

void encode_extra(struct encoder *e, const struct record *r)
{
	struct pack *facts = &e->facts;

	facts->len = 0;
	uint32_t n = put_actor(facts, r->head);
	n += put_kinds(facts, r->kinds);
	n += put_standard(facts, r);
	n += put_numbers(facts, r);
	n += put_socket(facts, r);
	if (!n)
		return;
	pack_map(&e->out, n);
	pack_raw(&e->out, facts->data, facts->len);
}
