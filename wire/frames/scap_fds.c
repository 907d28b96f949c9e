/* Descriptors that were open before the first event, as events tell of them: the first one that works on a descriptor that no event
 * has made says what it is. They become the lists of descriptors of a capture. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "scap_out.h"
#include "wire/log.h"

enum { LIST = 0x218, TEXT_MAX = 1024, UNSUPPORTED = 10, FILE_KIND = 16, ADDRESS_MAX = 16 };

static const struct {
	const char *text;
	uint8_t kind;
} kinds[] = {
	{ "file", FILE_KIND }, { "directory", 2 }, { "pipe", 7 }, { "event", 9 }, { "signalfd", 11 }, { "eventpoll", 12 }, { "inotify", 13 },
	{ "timerfd", 14 }, { "netlink", 15 }, { "unix", 8 }, { "ipv4", 3 }, { "ipv6", 4 },
};

/* What is known of one process's descriptors. */
struct list {
	struct map seen;                       /* by number plus one */
	struct pack entries;
};

struct fd {
	struct value number, kind, path, dev, ino, flags, layer, tuple;
};

static bool read_fd(const struct value *v, struct fd *fd)
{
	struct value *parts[] = { &fd->number, &fd->kind, &fd->path, &fd->dev, &fd->ino, &fd->flags, &fd->layer, &fd->tuple };
	struct cursor c = v->a.inside;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (v->type != VALUE_ARRAY || value_next(&c, parts[i]) != 1)
			*parts[i] = (struct value){ .type = VALUE_NIL };
	return fd->number.type == VALUE_UINT && scap_span(&fd->kind).n;
}

static uint64_t number(const struct value *v)
{
	return v->type == VALUE_UINT ? v->u : 0;
}

static void put_address(struct pack *out, const struct value *v, unsigned size)
{
	static const uint8_t none[ADDRESS_MAX];
	struct span s = scap_span(v);

	pack_raw(out, s.n == size ? s.p : none, size);
}

static unsigned protocol(uint64_t number)
{
	switch (number) {
	case IPPROTO_TCP: return 2;
	case IPPROTO_UDP: return 3;
	case IPPROTO_ICMP: case IPPROTO_ICMPV6: return 4;
	case IPPROTO_RAW: return 5;
	default: return 1;
	}
}

/* A connection with our end as the source, or, without a peer, a socket that listens. */
static void put_socket(struct pack *out, const struct value *tuple, bool six)
{
	enum { FAMILY, LOCAL, LOCAL_PORT, REMOTE, REMOTE_PORT, PROTOCOL, ELEMENTS };
	struct cursor c = tuple->a.inside;
	struct value e[ELEMENTS];
	unsigned size = six ? 16 : 4;

	for (int i = 0; i < ELEMENTS; i++)
		if (tuple->type != VALUE_ARRAY || value_next(&c, &e[i]) != 1)
			e[i] = (struct value){ .type = VALUE_NIL };
	bool listening = !number(&e[REMOTE_PORT]) && number(&e[LOCAL_PORT]);
	scap_put(out, (six ? 4u : 3u) + (listening ? 2 : 0), 1);
	put_address(out, &e[LOCAL], size);
	if (!listening)
		put_address(out, &e[REMOTE], size);
	scap_put(out, number(&e[LOCAL_PORT]), 2);
	if (!listening)
		scap_put(out, number(&e[REMOTE_PORT]), 2);
	scap_put(out, protocol(number(&e[PROTOCOL])), 1);
}

static void put_path(struct pack *out, const struct value *v)
{
	struct span s = scap_span(v);

	scap_put_text(out, s.p, s.n, TEXT_MAX);
}

static void put_entry(struct pack *out, const struct fd *fd)
{
	struct span kind = scap_span(&fd->kind);
	size_t begin = out->len;
	unsigned as = UNSUPPORTED;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strlen(kinds[i].text) == kind.n && memcmp(kinds[i].text, kind.p, kind.n) == 0)
			as = kinds[i].kind;
	scap_put(out, 0, 4);
	scap_put(out, fd->number.u, 8);
	scap_put(out, number(&fd->ino), 8);
	if (as == 3 || as == 4) {
		put_socket(out, &fd->tuple, as == 4);
	} else {
		scap_put(out, as, 1);
		if (as == 8)
			scap_put(out, 0, 16);
		if (as == FILE_KIND)
			scap_put(out, number(&fd->flags), 4);
		put_path(out, &fd->path);
		if (as == FILE_KIND)
			scap_put(out, number(&fd->dev), 4);
	}
	for (int i = 0; i < 4; i++)
		out->data[begin + (size_t)i] = (uint8_t)((out->len - begin) >> 8 * i);
}

static struct list *list_of(struct map *lists, uint64_t process)
{
	struct list *l = map_get(lists, process);

	if (l)
		return l;
	l = calloc(1, sizeof *l);
	if (!l)
		diex(EX_OSERR, "out of memory: descriptors of a process");
	map_put(lists, process, l);
	return l;
}

void scap_fds_take(struct map *lists, const struct event *e, const struct event_type *t, const struct value *values)
{
	struct list *l = list_of(lists, e->process);
	bool makes = t->flags & EV_CREATES_FD;
	struct fd fd;

	if (makes && e->has_result && e->result >= 0)
		map_put(&l->seen, (uint64_t)e->result + 1, l);
	for (unsigned i = 0; i < t->nparams; i++) {
		bool made = makes && (strcmp(t->params[i].name, "fd1") == 0 || strcmp(t->params[i].name, "fd2") == 0);
		if ((t->params[i].type != PT_FD && t->params[i].type != PT_FD32) || !read_fd(&values[i], &fd) ||
			map_get(&l->seen, fd.number.u + 1))
			continue;
		map_put(&l->seen, fd.number.u + 1, l);
		if (!made)
			put_entry(&l->entries, &fd);
	}
}

void scap_fds_write(const struct map *lists, uint64_t process, uint64_t tid, struct pack *out)
{
	const struct list *l = map_get(lists, process);

	if (!l || !l->entries.len)
		return;
	size_t b = scap_block_begin(out, LIST);
	scap_put(out, tid, 8);
	pack_raw(out, l->entries.data, l->entries.len);
	scap_block_end(out, b);
}

void scap_fds_free(struct map *lists)
{
	for (size_t i = 0; i < lists->cap; i++) {
		struct list *l = lists->slots[i].value;
		if (!l)
			continue;
		map_free(&l->seen);
		pack_free(&l->entries);
		free(l);
	}
	map_free(lists);
}
