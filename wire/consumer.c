/* A consumer is given frames one by one while it lacks definitions, and the backlog as it lies from then on. */
#include "consumer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "log.h"
#include "spec.h"

enum { SOME = 64 << 10 };              /* bytes of definitions, and of the backlog, in turn */

void consumer_begin(struct consumer *c, unsigned number, int fd, const struct backlog *b, uint64_t live)
{
	*c = (struct consumer){ .present = true, .number = number, .since = spec_clock(), .fresh = true, .joining = true,
		.cursor = b->tail, .given = b->tail_index, .live = live, .acked = live };
	stream_begin(&c->stream, STREAM_ACCEPTED, fd);
}

void consumer_end(struct consumer *c)
{
	stream_free(&c->stream);
	pack_free(&c->left);
	free(c->maps);
	free(c->except);
	*c = (struct consumer){0};
}

static void map(struct consumer *c, uint64_t index, uint64_t n, bool aside)
{
	struct mapped *last = c->nmaps ? &c->maps[c->nmaps - 1] : NULL;

	/* Who observes never asks. */
	if (c->stance == OBSERVER && c->skipped) {
		c->nmaps = 0;
	} else if (last && !last->aside && !aside && last->position + last->n == c->position && last->index + last->n == index) {
		last->n += n;
	} else {
		if (c->nmaps == c->maps_cap) {
			c->maps_cap = c->maps_cap ? c->maps_cap * 2 : 16;
			c->maps = realloc(c->maps, c->maps_cap * sizeof *c->maps);
			if (!c->maps)
				diex(EX_OSERR, "out of memory: %zu positions of a consumer", c->maps_cap);
		}
		c->maps[c->nmaps++] = (struct mapped){ c->position, index, n, aside };
	}
	c->position += n;
}

/* The frames that were appended to `left` behind `from` are definitions. */
static void count_definitions(struct consumer *c, size_t from)
{
	struct frame f;
	char err[128];
	size_t need;

	for (; from < c->left.len && frame_parse(c->left.data + from, c->left.len - from, 0, &f, &need, err, sizeof err) == 1;
			from += f.size)
		c->position++;
}

static void give(struct consumer *c, const struct supply *s, const struct frame *f, uint64_t index, bool aside)
{
	size_t from = c->left.len;

	if (f->kind == FRAME_HELLO)
		while (definitions_more(s->definitions, c->number, &c->left, SOME))
			;
	definitions_before(s->definitions, c->number, f, &c->left);
	count_definitions(c, from);
	frame_copy(&c->left, f);
	map(c, index, 1, aside);
	definitions_had(s->definitions, c->number, f);
}

static void give_first(struct consumer *c, const struct supply *s)
{
	size_t from = c->left.len, need;
	struct frame f;
	char err[128];

	c->fresh = false;
	definitions_begin(s->definitions, c->number, &c->left);
	count_definitions(c, from);
	for (size_t i = 0; i < s->asides->n; i++) {
		const struct aside *a = &s->asides->v[i];
		if (frame_parse(a->frame.data, a->frame.len, 0, &f, &need, err, sizeof err) == 1)
			give(c, s, &f, a->index, true);
	}
}

static bool is_data(int kind)
{
	return kind == FRAME_EVENT || kind == FRAME_JSON || kind == FRAME_ALERT || kind == FRAME_EVIDENCE || kind == FRAME_STAT;
}

/* Some of the backlog, and some definitions. */
static void give_more(struct consumer *c, const struct supply *s)
{
	size_t from;

	if (c->fresh)
		give_first(c, s);
	for (size_t begin = c->left.len; c->cursor < s->backlog->head && c->left.len - begin < SOME;) {
		struct frame f = backlog_frame(s->backlog, c->cursor);
		if (c->given >= c->live || !is_data(f.kind))
			give(c, s, &f, c->given, false);
		c->given++;
		c->cursor += f.size;
	}
	from = c->left.len;
	c->joining = definitions_more(s->definitions, c->number, &c->left, SOME) || c->given < c->live;
	count_definitions(c, from);
}

/* Returns 1, 0 when the socket takes no more now, -1 when the consumer is gone. */
static int send_some(int fd, const uint8_t *data, size_t n, size_t *done)
{
	while (*done < n) {
		ssize_t did = send(fd, data + *done, n - *done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (did > 0)
			*done += (size_t)did;
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR)
			return -1;
	}
	return 1;
}

static int send_left(struct consumer *c)
{
	int rc = send_some(c->stream.fd, c->left.data, c->left.len, &c->left_sent);

	if (rc == 1) {
		if (c->left.cap > 4 * SOME)
			pack_free(&c->left);
		c->left.len = c->left_sent = 0;
	}
	return rc;
}

static int send_backlog(struct consumer *c, const struct backlog *b)
{
	size_t done = 0;

	if (c->given < b->head_index)
		map(c, c->given, b->head_index - c->given, false);
	c->given = b->head_index;
	int rc = send_some(c->stream.fd, backlog_at(b, c->cursor), (size_t)(b->head - c->cursor), &done);
	c->cursor += done;
	return rc;
}

int consumer_feed(struct consumer *c, const struct supply *s)
{
	int rc;

	for (;;) {
		if ((rc = send_left(c)) != 1)
			return rc;
		if (c->tell) {
			s->tell(s->arg, c->missed, &c->left);
			c->position++;
			c->tell = false;
		} else if (c->joining) {
			give_more(c, s);
		} else {
			return c->cursor < s->backlog->head ? send_backlog(c, s->backlog) : 1;
		}
	}
}

bool consumer_fed(const struct consumer *c, const struct backlog *b)
{
	return !c->joining && !c->tell && c->left.len == 0 && c->cursor == b->head;
}

bool consumer_leaves(struct consumer *c, const struct backlog *b, const struct frame *f)
{
	uint64_t end = b->tail + f->size;

	if (c->cursor >= end)
		return true;
	if (c->cursor > b->tail) {
		/* It has half of the frame. */
		pack_raw(&c->left, backlog_at(b, c->cursor), (size_t)(end - c->cursor));
		c->cursor = end;
		return true;
	}
	c->missed += f->kind == FRAME_EVENT || f->kind == FRAME_JSON || f->kind == FRAME_ALERT;
	c->skipped = c->tell = c->joining = true;
	c->fresh |= f->kind == FRAME_HELLO || f->kind == FRAME_PLAN;
	c->cursor = end;
	return false;
}

void consumer_follow(struct consumer *c, const struct backlog *b)
{
	/* An empty backlog begins at its front again. */
	if (c->cursor < b->tail)
		c->cursor = b->tail;
	if (c->given < b->tail_index)
		c->given = b->tail_index;
}

static const struct exception *find_exception(const struct consumer *c, uint64_t position)
{
	unsigned low = 0, high = c->nexcept;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (c->except[middle].position < position)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->nexcept && c->except[low].position == position ? &c->except[low] : NULL;
}

static const struct mapped *find_map(const struct consumer *c, uint64_t position)
{
	size_t low = 0, high = c->nmaps;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (c->maps[middle].position + c->maps[middle].n <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->nmaps && c->maps[low].position <= position ? &c->maps[low] : NULL;
}

/* The exceptions of an ACK, with the frames that they are. Definitions that were sent again need no keeping. */
static struct exception *resolve(const struct consumer *c, const struct ack *a, unsigned *n)
{
	struct exception *v = malloc((a->nexcept ? a->nexcept : 1) * sizeof *v);

	*n = 0;
	if (!v)
		diex(EX_OSERR, "out of memory: %u exceptions of a consumer", a->nexcept);
	for (unsigned i = 0; i < a->nexcept; i++) {
		uint64_t position = a->except[i];
		const struct exception *old = find_exception(c, position);
		const struct mapped *m = old || position < c->count ? NULL : find_map(c, position);
		if (old)
			v[(*n)++] = *old;
		else if (m)
			v[(*n)++] = (struct exception){ position, m->index + (position - m->position) };
	}
	return v;
}

/* Leaves behind the mappings of what the ACK counts. */
static void take_count(struct consumer *c, uint64_t count)
{
	size_t i = 0;

	for (; i < c->nmaps && c->maps[i].position < count; i++) {
		struct mapped *m = &c->maps[i];
		uint64_t n = m->n < count - m->position ? m->n : count - m->position;
		if (!m->aside && m->index + n > c->acked)
			c->acked = m->index + n;
		if (n < m->n) {
			*m = (struct mapped){ m->position + n, m->index + n, m->n - n, m->aside };
			break;
		}
	}
	if (i > 0 && i < c->nmaps)
		memmove(c->maps, c->maps + i, (c->nmaps - i) * sizeof *c->maps);
	c->nmaps -= i;
	c->count = count;
}

int consumer_ack(struct consumer *c, const struct ack *a, void (*lifted)(void *, struct consumer *, uint64_t), void *arg,
	char *err, size_t errlen)
{
	if (c->skipped) {
		snprintf(err, errlen, "its first ACK comes after it has missed something");
		return -1;
	}
	if (a->count < c->count || a->count > c->position) {
		snprintf(err, errlen, "ack: found a count of %" PRIu64 ", expected %" PRIu64 " to %" PRIu64, a->count, c->count, c->position);
		return -1;
	}
	unsigned nold = c->nexcept, n;
	struct exception *old = c->except, *now = resolve(c, a, &n);
	struct mapped *asides = NULL;
	size_t nasides = 0;

	for (size_t i = 0; i < c->nmaps && c->maps[i].position < a->count; i++)
		nasides += c->maps[i].aside;
	if (nasides && !(asides = malloc(nasides * sizeof *asides)))
		diex(EX_OSERR, "out of memory: %zu frames of a consumer", nasides);
	nasides = 0;
	for (size_t i = 0; i < c->nmaps && c->maps[i].position < a->count; i++)
		if (c->maps[i].aside)
			asides[nasides++] = c->maps[i];
	c->except = now;
	c->nexcept = n;
	take_count(c, a->count);
	for (unsigned i = 0; i < nold; i++)
		if (!find_exception(c, old[i].position))
			lifted(arg, c, old[i].index);
	for (size_t i = 0; i < nasides; i++)
		if (!find_exception(c, asides[i].position))
			lifted(arg, c, asides[i].index);
	free(old);
	free(asides);
	return 0;
}

/* Indexes ascend with positions: what was set aside is sent before the backlog. */
bool consumer_excepts(const struct consumer *c, uint64_t index)
{
	unsigned low = 0, high = c->nexcept;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (c->except[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->nexcept && c->except[low].index == index;
}
