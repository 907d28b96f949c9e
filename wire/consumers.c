/* Who is there to take frames from an output on sockets: coming, being fed, acknowledging, leaving. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "log.h"
#include "output_parts.h"

enum { LITTLE = 4096 };                /* bytes of the backlog: heartbeats. Under load one that is empty in time begins anew, in warm memory */

/* Observers may come and go; this says what one of them missed. Its stage is not the one that writes, whose totals it would
 * otherwise seem to replace. */
static void tell_missed(void *arg, uint64_t missed, struct pack *p)
{
	const struct output *out = arg;
	struct source s = { "", "", "output", 0 };
	struct stat_writer w = {0};
	char stage[64];

	if (out->source)
		s = *out->source;
	snprintf(stage, sizeof stage, "%s.output", s.name);
	s.name = stage;
	stat_add(&w, stat_defs[STAT_MISSED].name, missed);
	stat_frame(p, &s, stage, &w);
	pack_free(&w.body);
}

static struct supply output_supply(struct output *out)
{
	return (struct supply){ &out->backlog, out->definitions, &out->asides, tell_missed, out };
}

static void watch(struct output *out, struct consumer *c, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.u32 = c->number };

	if (events != c->watched)
		epoll_ctl(out->epoll, EPOLL_CTL_MOD, c->stream.fd, &e);
	c->watched = events;
}

/* What the one that leaves still needs: whoever comes back gets it. */
static void remember(struct output *out, struct consumer *c)
{
	uint64_t from = c->acked;

	for (unsigned i = 0; i < c->nexcept; i++)
		if (c->except[i].index >= out->safe && c->except[i].index < from)
			from = c->except[i].index;
	for (size_t i = 0; i < out->asides.n; i++) {
		struct aside *a = &out->asides.v[i];
		a->owed |= a->waiting >> c->number & 1;
		a->waiting &= ~(1ull << c->number);
	}
	bool over = out->ended && from == out->backlog.head_index;
	if (!over && out->nowed < CONSUMERS)
		out->owed[out->nowed++] = from;
}

static int take_ack(struct output *out, struct consumer *c, const struct frame *f, char *err, size_t errlen);

/* Returns 0, or -1 when it has said something that it must not. */
static int listen_to(struct output *out, struct consumer *c)
{
	char err[256] = "";
	struct frame f;
	enum stream_result rc;

	while ((rc = stream_next(&c->stream, &f, err, sizeof err)) == STREAM_FRAME)
		if (take_ack(out, c, &f, err, sizeof err) != 0)
			break;
	c->over = rc == STREAM_OVER;
	if (rc == STREAM_OVER || rc == STREAM_EMPTY)
		return 0;
	log_warnx("%s: a consumer was refused: %s", out->spec.text, err);
	c->over = true;
	return -1;
}

static void consumers_leave(struct output *out, struct consumer *c)
{
	/* What it said last counts. */
	if (!c->over) {
		stream_fill(&c->stream);
		listen_to(out, c);
	}
	epoll_ctl(out->epoll, EPOLL_CTL_DEL, c->stream.fd, NULL);
	/* Else it was an observer: what it took it has. */
	if (c->stance != ACKNOWLEDGING)
		c->stance = OBSERVER;
	release(out, 0);
	if (c->stance == ACKNOWLEDGING)
		remember(out, c);
	consumer_end(c);
	out->npresent--;
	out->changed = true;
	while (out->nslots && !out->consumers[out->nslots - 1].present)
		out->nslots--;
	if (out->spec.kind == SPEC_CONNECT) {
		out->backoff = SPEC_RETRY_FIRST;
		out->retry_at = spec_clock() + out->backoff;
	}
}

/* Whether its ACKs can wait until something is written again, which every stage does each second: to be woken by each of them
 * costs more than what little is kept meanwhile. */
static bool can_wait(const struct output *out, const struct consumer *c)
{
	return c->stance == ACKNOWLEDGING && !c->nexcept && !out->asides.n && !out->nowed && !out->ended && !out->drained &&
		backlog_used(&out->backlog) < LITTLE;
}

static void feed(struct output *out, struct consumer *c)
{
	struct supply s = output_supply(out);
	int rc = consumer_feed(c, &s);

	if (rc < 0)
		consumers_leave(out, c);
	else if (rc == 0)
		watch(out, c, (c->over ? 0 : EPOLLIN) | EPOLLOUT);
	else
		watch(out, c, c->over || can_wait(out, c) ? 0 : EPOLLIN);
}

/* Takes what the consumer has said. Returns whether it stays; it has left otherwise. */
static bool hear(struct output *out, struct consumer *c, bool hung_up)
{
	stream_fill(&c->stream);
	/* An observer may close its half and go on reading. */
	if (listen_to(out, c) == 0 && !(c->over && (c->stance == ACKNOWLEDGING || hung_up)))
		return true;
	consumers_leave(out, c);
	return false;
}

void consumers_feed(struct output *out)
{
	for (unsigned i = 0; i < out->nslots; i++) {
		struct consumer *c = &out->consumers[i];
		if (c->present && !(c->watched & EPOLLOUT) && (c->watched || c->over || hear(out, c, false)))
			feed(out, c);
	}
	release(out, 0);
}

/* What has been acknowledged and not been read yet decides where one begins who joins: he may be one of those who left, come back. */
static void hear_all(struct output *out)
{
	for (unsigned i = 0; i < out->nslots; i++) {
		struct consumer *c = &out->consumers[i];
		if (c->present && !c->over)
			hear(out, c, false);
	}
	release(out, 0);
}

void consumers_join(struct output *out, int fd)
{
	unsigned number = 0;

	hear_all(out);
	while (number < CONSUMERS && out->consumers[number].present)
		number++;
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = number };
	if (number == CONSUMERS || epoll_ctl(out->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
		log_warnx("%s: a consumer was refused: more than %d, or no descriptor left", out->spec.text, CONSUMERS);
		close(fd);
		return;
	}
	struct consumer *c = &out->consumers[number];
	consumer_begin(c, number, fd, &out->backlog, out->safe);
	c->watched = EPOLLIN;
	out->npresent++;
	out->changed = true;
	if (number >= out->nslots)
		out->nslots = number + 1;
	feed(out, c);
}

/* Of those that went away the one that needs most has come back, as far as anybody can tell. */
static void acknowledges(struct output *out, struct consumer *c)
{
	unsigned least = 0;

	c->stance = ACKNOWLEDGING;
	for (size_t i = 0; i < out->asides.n; i++)
		if (out->asides.v[i].owed)
			out->asides.v[i].waiting |= 1ull << c->number;
	if (!out->nowed)
		return;
	for (unsigned i = 1; i < out->nowed; i++)
		if (out->owed[i] < out->owed[least])
			least = i;
	out->owed[least] = out->owed[--out->nowed];
	for (size_t i = 0; i < out->asides.n && !out->nowed; i++)
		out->asides.v[i].owed = false;
}

static void lifted(void *arg, struct consumer *c, uint64_t index)
{
	release_aside(arg, index, c);
}

static int take_ack(struct output *out, struct consumer *c, const struct frame *f, char *err, size_t errlen)
{
	if (f->kind != FRAME_ACK) {
		snprintf(err, errlen, "found a record of kind %d, expected ACK", f->kind);
		return -1;
	}
	if (ack_read(f, &out->ack, err, errlen) != 0)
		return -1;
	if (c->stance != ACKNOWLEDGING && !c->skipped)
		acknowledges(out, c);
	return consumer_ack(c, &out->ack, lifted, out, err, errlen);
}

void consumers_handle(struct output *out, unsigned number, uint32_t events)
{
	struct consumer *c = &out->consumers[number];

	if (!c->present)
		return;
	if (!(events & ~(uint32_t)EPOLLOUT) || hear(out, c, events & EPOLLHUP))
		feed(out, c);
}

uint64_t consumers_decide(struct output *out)
{
	uint64_t next = 0, now = spec_clock();

	for (unsigned i = 0; i < out->nslots; i++) {
		struct consumer *c = &out->consumers[i];
		if (!c->present || c->stance != UNDECIDED)
			continue;
		if (now - c->since >= UNDECIDED_MS)
			c->stance = OBSERVER;
		else if (!next || c->since + UNDECIDED_MS < next)
			next = c->since + UNDECIDED_MS;
	}
	return next;
}
