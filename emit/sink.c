/* Queues of lines, and the account of each: an alert is written when its last byte is. */
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
	*s = (struct sink){0};
}

static uint64_t lines_in(const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	uint64_t lines = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		lines++;
		p++;
	}
	return lines;
}

/* Empties the queue but for the rest of a line that is half written: without it the next line would join the torn one. */
static void drop_queue(struct sink *s)
{
	size_t keep = 0;

	if (!s->gone && s->sent > 0 && s->sent < s->queue.len && s->queue.data[s->sent - 1] != '\n') {
		const uint8_t *rest = s->queue.data + s->sent;
		keep = (size_t)((const uint8_t *)memchr(rest, '\n', s->queue.len - s->sent) - rest) + 1;
		memmove(s->queue.data, rest, keep);
	}
	s->dropped += s->queued - (keep > 0);
	s->queued = keep > 0;
	s->queue.len = keep;
	s->sent = 0;
}

static void fail(struct sink *s, int error)
{
	s->gone = error == EPIPE;
	if (!s->failing && !s->gone)
		log_warnx("output %s: %s; its alerts are dropped until it works again", s->kind->name, strerror(error));
	s->failing = true;
	drop_queue(s);
}

static void took(struct sink *s, size_t n)
{
	uint64_t lines = lines_in(s->queue.data + s->sent, n);

	s->written += lines;
	s->queued -= lines;
	s->sent += n;
	if (s->failing)
		log_warnx("output %s: works again; %" PRIu64 " alerts were dropped", s->kind->name, s->dropped);
	s->failing = false;
}

void sink_add(struct sink *s, const uint8_t *line, size_t n)
{
	s->in++;
	if (s->gone) {
		s->dropped++;
		return;
	}
	s->queued++;
	pack_raw(&s->queue, line, n);
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
	if (s->sent == s->queue.len)
		s->queue.len = s->sent = 0;
	if (s->kind->rest)
		s->kind->rest(s);
}
