/* Taking ring records apart. They come from our own programs; a length that does not fit is a defect, not an attack, but is
 * checked all the same. */
#include "record.h"

#include <linux/magic.h>
#include <string.h>

static size_t fixed_part(const struct raw_head *h)
{
	switch (h->kind) {
	case RAW_EVENT: return sizeof(struct raw_event);
	case RAW_PROC: case RAW_THREAD: case RAW_EXEC: return sizeof(struct raw_proc);
	case RAW_EXIT: return sizeof(struct raw_exit);
	case RAW_CGROUP: return sizeof(struct raw_cgroup);
	default: return 0;
	}
}

static void place(struct record *r, const struct raw_item *it)
{
	if (it->form == FORM_KINDS) {
		r->kinds = it;
		return;
	}
	if (it->form == FORM_STANDARD || it->form == FORM_EXTRA) {
		if (it->form == FORM_STANDARD && it->param < RECORD_STANDARD)
			r->standard[it->param] = it;
		else if (it->form == FORM_EXTRA && it->param < RAW_EXTRAS && it->len >= sizeof(uint64_t))
			r->extra[it->param] = it;
		return;
	}
	if (it->param >= RECORD_PARAMS)
		return;
	if (it->form == FORM_PASSED)
		r->passed[it->param] = it;
	else if (it->form == FORM_BASE)
		r->base[it->param] = it;
	else
		r->value[it->param] = it;
}

int record_open(struct record *r, const void *data, size_t size)
{
	const uint8_t *p = data;

	*r = (struct record){ .head = data };
	if (size < sizeof(struct raw_head) || r->head->len > size)
		return -1;
	r->fixed = fixed_part(r->head);
	if (!r->fixed || r->fixed > r->head->len)
		return -1;
	if (r->head->kind == RAW_CGROUP)
		return 0;
	for (size_t at = r->fixed; at + sizeof(struct raw_item) <= r->head->len;) {
		const struct raw_item *it = (const void *)(p + at);
		at += sizeof *it + ((it->len + 7u) & ~7u);
		if (at > r->head->len)
			return -1;
		place(r, it);
	}
	return 0;
}

size_t record_path(char *out, const char *names, size_t n, enum raw_path how)
{
	uint16_t starts[RAW_DEPTH + 1];
	unsigned count = 0;
	size_t len = 0;

	if (how == PATH_DEEP)
		return 0;
	for (size_t at = 0; at < n && count < RAW_DEPTH;) {
		const char *end = memchr(names + at, '\0', n - at);
		if (!end)
			break;
		starts[count++] = (uint16_t)at;
		at = (size_t)(end - names) + 1;
	}
	if (how == PATH_UNREACHABLE) {
		len = sizeof PATH_OUTSIDE - 1;
		memcpy(out, PATH_OUTSIDE, len);
	}
	for (unsigned i = count; i-- > 0;) {
		const char *name = names + starts[i];
		size_t m = strlen(name);
		if (len + m + 2 > PATH_TEXT)
			return 0;
		if (how != PATH_PSEUDO || i + 1 < count)
			out[len++] = '/';
		memcpy(out + len, name, m);
		len += m;
	}
	if (count == 0 && how != PATH_PSEUDO)
		out[len++] = '/';
	out[len] = '\0';
	return len;
}

const struct raw_file *item_file(const struct raw_item *it, char *out, size_t *len)
{
	const struct raw_file *f = item_data(it);

	*len = 0;
	if (it->len < sizeof *f)
		return NULL;
	/* A namespace has no name but those of the links to it. */
	if (!f->sock && f->magic != NSFS_MAGIC && f->path_len <= it->len - sizeof *f)
		*len = record_path(out, (const char *)(f + 1), f->path_len, f->path);
	return f;
}

const struct raw_sock *item_sock(const struct raw_item *it)
{
	const struct raw_file *f = item_data(it);
	const struct raw_sock *s = (const void *)(f + 1);

	if (it->len < sizeof *f || !f->sock || it->len < sizeof *f + sizeof *s ||
	    it->len < sizeof *f + sizeof *s + s->path_len + s->peer_path_len)
		return NULL;
	return s;
}
