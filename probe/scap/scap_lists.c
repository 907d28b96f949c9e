/* Section, machine, interfaces, users and groups. */
#include "scap_lists.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "wire/log.h"

enum { SECTION_MAGIC = 0x1A2B3C4D, MAJOR = 1, HOST_MAX = 128 };

int scap_read_section(struct scap_file *f, const struct scap_block *b)
{
	struct scap_cursor c = scap_cursor(f, b);
	uint64_t magic = scap_uint(&c, 4, "the section's magic"), major = scap_uint(&c, 2, "the format's version");

	if (c.bad)
		return -1;
	if (magic == __builtin_bswap32(SECTION_MAGIC))
		return scap_bad(f, b->offset, "found a capture of a machine with the other byte order, expected little-endian");
	if (magic != SECTION_MAGIC)
		return scap_bad(f, b->offset, "found 0x%08llX, expected 0x%08X", (unsigned long long)magic, SECTION_MAGIC);
	if (major != MAJOR)
		return scap_bad(f, b->offset + 4, "found version %llu of the format, expected %d", (unsigned long long)major, MAJOR);
	return 0;
}

int scap_read_machine(struct scap_file *f, const struct scap_block *b, struct scap_machine *m)
{
	struct scap_cursor c = scap_cursor(f, b);

	scap_uint(&c, 4, "the number of CPUs");
	scap_uint(&c, 8, "the size of memory");
	scap_uint(&c, 8, "the highest pid");
	struct scap_bytes host = scap_take(&c, HOST_MAX, "the host's name");
	m->boot = scap_uint(&c, 8, "the time of boot");
	if (c.bad)
		return -1;
	memcpy(m->host, host.p, host.n);
	m->host[HOST_MAX] = '\0';
	return 0;
}

static void add_interface(struct scap_interfaces *all, struct scap_bytes addr)
{
	void *list = reallocarray(all->list, all->n + 1, sizeof *all->list);

	if (!list)
		diex(EX_OSERR, "out of memory: interfaces");
	all->list = list;
	all->list[all->n].len = (uint8_t)addr.n;
	memcpy(all->list[all->n].addr, addr.p, addr.n);
	all->n++;
}

bool scap_is_local(const struct scap_interfaces *all, const uint8_t *addr, unsigned len)
{
	enum { NETWORK = 8 };
	unsigned n = len == 16 ? NETWORK : len;

	for (unsigned i = 0; i < all->n; i++)
		if (all->list[i].len == len && memcmp(all->list[i].addr, addr, n) == 0)
			return true;
	return false;
}

void scap_interfaces_free(struct scap_interfaces *all)
{
	free(all->list);
	*all = (struct scap_interfaces){0};
}

/* Types 1 and 2 are IPv4 and IPv6 with the speed of the link, 3 and 4 the same without. */
int scap_read_interfaces(struct scap_file *f, const struct scap_block *b, struct scap_interfaces *all)
{
	struct scap_cursor c = scap_cursor(f, b);

	while (!scap_at_end(&c)) {
		uint64_t len = b->version > 1 ? scap_uint(&c, 4, "an interface's length") : scap_left(&c);
		struct scap_cursor in = scap_part(&c, len, "an interface");
		uint64_t offset = in.offset, type = scap_uint(&in, 2, "an interface's type");
		uint64_t name = scap_uint(&in, 2, "the length of an interface's name");
		if (!in.bad && (type < 1 || type > 4))
			return scap_bad(f, offset, "found an interface of type %llu, expected 1 to 4", (unsigned long long)type);
		unsigned size = type % 2 ? 4 : 16;
		struct scap_bytes addr = scap_take(&in, size, "an interface's address");
		scap_take(&in, 2 * size + (type <= 2 ? 8 : 0), "an interface's network");
		scap_take(&in, name, "an interface's name");
		if (in.bad)
			return -1;
		add_interface(all, addr);
		if (b->version == 1)
			c = in;
	}
	return c.bad ? -1 : 0;
}

int scap_read_users(struct scap_file *f, const struct scap_block *b, scap_name_fn *fn, void *arg)
{
	struct scap_cursor c = scap_cursor(f, b);

	while (!scap_at_end(&c)) {
		struct scap_name n = {0};
		uint64_t len = b->version > 1 ? scap_uint(&c, 4, "a user's length") : 0;
		if (b->version > 1 && len < 4 && !c.bad)
			return scap_bad(f, c.offset - 4, "found a user of %llu bytes, expected at least 4", (unsigned long long)len);
		struct scap_cursor in = b->version > 1 ? scap_part(&c, len - 4, "a user or group") : c;
		uint64_t offset = in.offset, kind = scap_uint(&in, 1, "the kind of a user or group");
		if (!in.bad && kind > 1)
			return scap_bad(f, offset, "found kind %llu, expected 0 (a user) or 1 (a group)", (unsigned long long)kind);
		n.group = kind == 1;
		n.number = (uint32_t)scap_uint(&in, 4, "a user's or group's number");
		if (!n.group)
			scap_uint(&in, 4, "a user's group");
		n.name = scap_text(&in, "a user's or group's name");
		if (!n.group) {
			n.home = scap_text(&in, "a user's home");
			n.shell = scap_text(&in, "a user's shell");
		}
		if (in.bad)
			return -1;
		fn(arg, &n);
		if (b->version == 1)
			c = in;
	}
	return c.bad ? -1 : 0;
}
