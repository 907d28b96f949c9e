/* Queues of lines, and the account of each: an alert is written when its last byte is. */
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

const struct sink_kind *const sink_kinds[SINKS] = { &sink_file, &sink_stdout };

int sink_check(const struct conf *conf, char *err, size_t errlen)
{
	unsigned enabled = 0;

	for (int i = 0; i < SINKS; i++) {
		const struct sink_kind *k = sink_kinds[i];
		if (!conf_bool(conf, k->enabled))
			continue;
		enabled++;
		if (k->needed < CONF_KEYS && !*conf_text(conf, k->needed)) {
			snprintf(err, errlen, "%s is true, but %s is empty", conf_defs[k->enabled].name, conf_defs[k->needed].name);
			return -1;
		}
	}
	if (enabled)
		return 0;
	snprintf(err, errlen, "no output is enabled");
	return -1;
}

int sink_open(struct sink sinks[SINKS], const struct conf *conf, char *err, size_t errlen)
{
	int n = 0;

	for (int i = 0; i < SINKS; i++) {
		if (!conf_bool(conf, sink_kinds[i]->enabled))
			continue;
		struct sink *s = &sinks[n++];
		*s = (struct sink){ .kind = sink_kinds[i], .conf = conf, .fd = -1, .wait_fd = -1 };
		if (s->kind->open(s) != 0) {
			snprintf(err, errlen, "output %s: %s", s->kind->name, strerror(errno));
			return -1;
		}
	}
	return n;
}

void sink_free(struct sink *s)
{
	if (s->kind && s->kind->close)
		s->kind->close(s);
	pack_free(&s->queue);
	free(s->entries);
	*s = (struct sink){0};
}

static struct sink_entry *entry(struct sink *s, size_t i)
{
	return &s->entries[s->first + i];
}

/* How far the output is, for the emit that comes after this one. */
static void note(struct sink *s)
{
	size_t begin = 0;

	if (!s->mark)
		return;
	if (s->queued && s->first)
		begin = s->entries[s->first - 1].end;
	s->mark->partial = s->queued && s->sent > begin ? s->sent - begin : 0;
	s->mark->next = s->queued ? entry(s, 0)->number : s->last;
}

/* Moves what is left to the front. */
static void compact(struct sink *s, size_t from)
{
	memmove(s->queue.data, s->queue.data + from, s->queue.len - from);
	memmove(s->entries, s->entries + s->first, s->queued * sizeof *s->entries);
	s->first = 0;
	for (size_t i = 0; i < s->queued; i++)
		s->entries[i].end -= from;
	s->queue.len -= from;
	s->sent -= from;
}

/* Where the line that is being written begins. */
static size_t line_begin(const struct sink *s)
{
	return s->queued && s->first ? s->entries[s->first - 1].end : 0;
}

/* Empties the queue but for the rest of a line that is half written: without it the next line would join the torn one. */
void sink_drop(struct sink *s, enum sink_reason why)
{
	bool torn = !s->gone && s->queued && s->sent > line_begin(s);

	s->dropped[why] += s->queued - torn;
	s->queued = torn;
	s->queue.len = torn ? entry(s, 0)->end : 0;
	if (!torn)
		s->sent = s->first = 0;
	note(s);
}

static void fail(struct sink *s, int error)
{
	s->gone = error == EPIPE;
	if (!s->failing && !s->gone)
		log_warnx("output %s: %s; its alerts are dropped until it works again", s->kind->name, strerror(error));
	s->failing = true;
	sink_drop(s, SINK_FAILED);
}

static void took(struct sink *s, size_t n)
{
	s->sent += n;
	while (s->queued && entry(s, 0)->end <= s->sent) {
		s->first++;
		s->queued--;
		s->written++;
	}
	note(s);
	if (s->failing)
		log_warnx("output %s: works again; %" PRIu64 " alerts were dropped", s->kind->name, s->dropped[SINK_FAILED]);
	s->failing = false;
}

static void make_room(struct sink *s)
{
	if (line_begin(s) > SINK_QUEUE_MAX && line_begin(s) > s->queue.len / 2)
		compact(s, line_begin(s));
	if (s->first + s->queued < s->cap)
		return;
	s->cap = s->cap ? s->cap * 2 : 64;
	s->entries = realloc(s->entries, s->cap * sizeof *s->entries);
	if (!s->entries)
		diex(EX_OSERR, "out of memory: %zu alerts of an output", s->cap);
}

void sink_add(struct sink *s, const uint8_t *line, size_t n, uint64_t number)
{
	s->in++;
	s->last = number + 1;
	if (s->gone) {
		s->dropped[SINK_FAILED]++;
		note(s);
		return;
	}
	make_room(s);
	pack_raw(&s->queue, line, n);
	s->entries[s->first + s->queued++] = (struct sink_entry){ number, s->queue.len };
	/* Half of it was written by the emit before this one. */
	if (s->queued == 1 && s->mark && s->mark->next == number && s->mark->partial < n && s->sent == s->queue.len - n)
		s->sent += s->mark->partial;
	note(s);
}

bool sink_is_full(const struct sink *s)
{
	uint64_t capacity = conf_number(s->conf, CONF_EMIT_QUEUE);

	return (capacity && s->queued >= capacity) || sink_queued_bytes(s) >= SINK_LIVE_MAX;
}

void sink_add_live(struct sink *s, const uint8_t *line, size_t n, uint64_t number)
{
	if (s->gone || !sink_is_full(s)) {
		sink_add(s, line, n, number);
		return;
	}
	if (!s->overflowing)
		log_warnx("output %s: its queue is full; alerts are dropped until it takes some", s->kind->name);
	s->overflowing = true;
	s->in++;
	s->dropped[SINK_FULL]++;
	s->last = number + 1;
}

void sink_flush(struct sink *s)
{
	s->full = false;
	while (s->sent < s->queue.len) {
		ssize_t n = s->kind->write(s, s->queue.data + s->sent, s->queue.len - s->sent);
		if (n > 0) {
			took(s, (size_t)n);
		} else if (errno == EAGAIN) {
			s->full = true;
			return;
		} else if (errno != EINTR) {
			fail(s, errno);
			break;
		}
	}
	if (s->sent == s->queue.len) {
		s->queue.len = s->sent = s->first = 0;
		if (s->overflowing)
			log_warnx("output %s: its queue is empty again; %" PRIu64 " alerts were dropped", s->kind->name, s->dropped[SINK_FULL]);
		s->overflowing = false;
	}
	if (s->kind->rest)
		s->kind->rest(s);
}

uint64_t sink_dropped(const struct sink *s)
{
	uint64_t n = 0;

	for (int i = 0; i < SINK_REASONS; i++)
		n += s->dropped[i];
	return n;
}

size_t sink_queued_bytes(const struct sink *s)
{
	return s->queue.len - s->sent;
}
