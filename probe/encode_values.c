/* Values that ring items become: descriptors, paths, addresses, texts. */
#include "encode.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel_values.h"

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
static const uint8_t zero[16];

/* An IPv4 address in IPv6 clothes; the unspecified address goes with either. */
static bool is_mapped(const uint8_t *a)
{
	return memcmp(a, mapped_prefix, sizeof mapped_prefix) == 0;
}

static bool tuple_is_mapped(const struct raw_sock *s)
{
	return s->family == AF_INET6 && ((is_mapped(s->local) && (is_mapped(s->remote) || !memcmp(s->remote, zero, 16))) ||
		(is_mapped(s->remote) && !memcmp(s->local, zero, 16)));
}

static enum fd_kind file_kind(const struct raw_file *f, const struct raw_sock *s, const char *path, size_t len)
{
	return value_fd_kind(f->mode, f->magic, !s ? 0 : tuple_is_mapped(s) ? AF_INET : s->family, path, (unsigned)len);
}

static void pack_address(struct pack *p, const uint8_t *a, unsigned family, bool mapped)
{
	if (family == AF_INET)
		pack_bin(p, a, 4);
	else if (mapped)
		pack_bin(p, memcmp(a, zero, 16) ? a + 12 : a, 4);
	else
		pack_bin(p, a, 16);
}

/* A bound path has a NUL behind it, which is not of it. An abstract name has one before it; Falco and captures leave it out. */
static void pack_unix_path(struct pack *p, const char *path, size_t n)
{
	size_t abstract = n && !*path;

	pack_bin(p, path + abstract, strnlen(path + abstract, n - abstract));
}

void encode_tuple(struct pack *p, const struct raw_sock *s)
{
	const char *paths = (const char *)(s + 1);

	if (s->family != AF_INET && s->family != AF_INET6 && s->family != AF_UNIX) {
		pack_nil(p);
		return;
	}
	bool mapped = tuple_is_mapped(s);
	pack_array(p, 7);
	pack_uint(p, mapped ? AF_INET : s->family);
	if (s->family == AF_UNIX) {
		pack_unix_path(p, paths, s->path_len);
		pack_uint(p, 0);
		pack_unix_path(p, paths + s->path_len, s->peer_path_len);
		pack_uint(p, 0);
	} else {
		pack_address(p, s->local, s->family, mapped);
		pack_uint(p, s->local_port);
		if (s->remote_port || memcmp(s->remote, zero, sizeof zero))
			pack_address(p, s->remote, s->family, mapped);
		else
			pack_nil(p);
		pack_uint(p, s->remote_port);
	}
	pack_uint(p, s->protocol);
	pack_uint(p, s->role);
}

/* The name that the call gave, which is all that Falco knows: of a memfd its own, of eventfds and their like none. */
static void pack_fd_name(struct pack *p, enum fd_kind kind, const char *path, size_t len)
{
	static const char memfd[] = "memfd:";

	switch (kind) {
	case FD_MEMFD:
		pack_bin(p, path + sizeof memfd - 1, len - (sizeof memfd - 1));
		break;
	case FD_EVENT: case FD_SIGNALFD: case FD_EVENTPOLL: case FD_INOTIFY: case FD_TIMERFD: case FD_BPF: case FD_USERFAULTFD:
	case FD_IO_URING:
		pack_nil(p);
		break;
	default:
		pack_bin(p, len ? path : NULL, len);
	}
}

void encode_fd(struct pack *p, int64_t number, const struct raw_item *it)
{
	char path[PATH_TEXT];
	size_t len;
	const struct raw_file *f = it ? item_file(it, path, &len) : NULL;

	if (!f) {
		pack_int(p, number);
		return;
	}
	const struct raw_sock *s = item_sock(it);
	enum fd_kind kind = file_kind(f, s, path, len);
	pack_array(p, s ? 8 : 7);
	pack_int(p, number);
	pack_str(p, fd_kinds[kind].text);
	if (s && s->family == AF_UNIX && s->path_len)
		pack_unix_path(p, (const char *)(s + 1), s->path_len);
	else
		pack_fd_name(p, kind, path, len);
	pack_uint(p, f->device);
	pack_uint(p, f->inode);
	pack_uint(p, value_open_flags(f->flags));
	pack_uint(p, f->layer);
	if (s)
		encode_tuple(p, s);
}

void encode_sockaddr(struct pack *p, const struct raw_item *it)
{
	struct sockaddr_storage a = {0};

	if (!it || it->len < 2 || it->len > sizeof a) {
		pack_nil(p);
		return;
	}
	memcpy(&a, item_data(it), it->len);
	const struct sockaddr_in *v4 = (void *)&a;
	const struct sockaddr_in6 *v6 = (void *)&a;
	pack_array(p, 3);
	pack_uint(p, a.ss_family);
	if (a.ss_family == AF_INET) {
		pack_bin(p, &v4->sin_addr, 4);
		pack_uint(p, ntohs(v4->sin_port));
	} else if (a.ss_family == AF_INET6) {
		pack_bin(p, &v6->sin6_addr, 16);
		pack_uint(p, ntohs(v6->sin6_port));
	} else {
		const char *text = (const char *)&a + 2;
		if (a.ss_family == AF_UNIX)
			pack_unix_path(p, text, it->len - 2u);
		else
			pack_bin(p, text, it->len - 2u);
		pack_uint(p, 0);
	}
}

static void pack_file_path(struct pack *p, const struct raw_item *it)
{
	char path[PATH_TEXT];
	size_t len = 0;

	if (it)
		item_file(it, path, &len);
	pack_bin(p, len ? path : NULL, len);
}

void encode_path(struct pack *p, const struct raw_item *passed, const struct raw_item *base, const struct raw_item *object)
{
	if (!passed && !object) {
		pack_nil(p);
		return;
	}
	bool absolute = passed && passed->len && *(const char *)item_data(passed) == '/';
	pack_array(p, 3);
	encode_bytes(p, passed);
	pack_file_path(p, absolute ? NULL : base);
	pack_file_path(p, object);
}

void encode_bytes(struct pack *p, const struct raw_item *it)
{
	if (it)
		pack_cut(p, item_data(it), it->len, it->aux);
	else
		pack_nil(p);
}

/* Length of the text at `s` without its NUL, and whether there is one. */
static size_t text_len(const char *s, size_t n, bool *ended)
{
	size_t len = strnlen(s, n);

	*ended = len < n;
	return len;
}

void encode_texts(struct pack *p, const struct raw_item *it)
{
	const char *s = item_data(it);
	size_t n = it->len, at = 0;
	uint32_t count = 0;
	bool ended;

	while (at < n) {
		at += text_len(s + at, n - at, &ended) + 1;
		count++;
	}
	pack_array(p, count);
	for (at = 0; at < n;) {
		size_t len = text_len(s + at, n - at, &ended);
		/* The last one holds the place of all that was cut off. */
		if (at + len + 1 >= n && it->aux > n)
			pack_cut(p, s + at, len, it->aux - at);
		else
			pack_bin(p, s + at, len);
		at += len + 1;
	}
}

void encode_first_text(struct pack *p, const struct raw_item *it)
{
	bool ended;

	if (it)
		pack_bin(p, item_data(it), text_len(item_data(it), it->len, &ended));
	else
		pack_nil(p);
}

void encode_other_texts(struct pack *p, const struct raw_item *it)
{
	if (!it) {
		pack_nil(p);
		return;
	}
	bool ended;
	size_t first = text_len(item_data(it), it->len, &ended) + ended;
	pack_cut(p, (const char *)item_data(it) + first, it->len - first, it->aux > first ? it->aux - first : 0);
}
