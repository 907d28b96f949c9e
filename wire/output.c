/* The writing end of endpoints: standard output, or a backlog for the consumers on unix sockets. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"
#include "output_parts.h"

enum { TAG_LISTENER = CONSUMERS, TAG_CLOCK };  /* epoll tags; below are consumers */
enum { LAST_MS = 1000 };                       /* how long an observer may stand still at the end */

static int watch(struct output *out, int fd, uint32_t tag)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = tag };

	return fd < 0 ? -1 : epoll_ctl(out->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* The next moment at which there is something to do without anybody's having said anything. */
static void set_clock(struct output *out)
{
	uint64_t at = consumers_decide(out);

	if (out->spec.kind == SPEC_CONNECT && !out->npresent && (!at || out->retry_at < at))
		at = out->retry_at ? out->retry_at : 1;
	struct itimerspec spec = { .it_value = { (time_t)(at / 1000), (long)(at % 1000) * 1000000 } };
	timerfd_settime(out->clock, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void try_connect(struct output *out)
{
	if (out->spec.kind != SPEC_CONNECT || out->npresent || spec_clock() < out->retry_at)
		return;
	int fd = spec_connect(&out->spec);
	if (fd >= 0) {
		consumers_join(out, fd);
		return;
	}
	out->retry_at = spec_clock() + out->backoff;
	out->backoff = out->backoff * 2 < SPEC_RETRY_LAST ? out->backoff * 2 : SPEC_RETRY_LAST;
}

static int open_sockets(struct output *out, char *err, size_t errlen, int *status)
{
	out->definitions = definitions_new(DEFINITIONS_MAX);
	out->epoll = epoll_create1(EPOLL_CLOEXEC);
	out->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	out->backoff = SPEC_RETRY_FIRST;
	if (out->spec.kind == SPEC_LISTEN && out->listener < 0 && (out->listener = spec_listen(&out->spec, err, errlen, status)) < 0)
		return -1;
	if (out->epoll >= 0 && watch(out, out->clock, TAG_CLOCK) == 0 &&
			(out->kept || backlog_open(&out->backlog, BACKLOG_SIZE) == 0) &&
			(out->listener < 0 || watch(out, out->listener, TAG_LISTENER) == 0)) {
		try_connect(out);
		set_clock(out);
		return 0;
	}
	*status = EX_OSERR;
	snprintf(err, errlen, "%s: %s", out->spec.text, strerror(errno));
	return -1;
}

struct output *output_new(const char *spec, const struct kept *kept, char *err, size_t errlen, int *status)
{
	struct output *out = calloc(1, sizeof *out);

	*status = EX_OSERR;
	snprintf(err, errlen, "output: out of memory");
	if (!out)
		return NULL;
	out->listener = out->epoll = out->clock = -1;
	out->full = BACKLOG_FULL;
	if (kept) {
		out->kept = true;
		out->listener = kept->listener;
		out->backlog = kept->backlog;
	}
	*status = spec_parse(&out->spec, spec ? spec : "-", err, errlen);
	if (*status == 0 && (out->spec.kind == SPEC_STANDARD || open_sockets(out, err, errlen, status) == 0))
		return out;
	output_free(out);
	return NULL;
}

struct output *output_open(const char *spec, char *err, size_t errlen, int *status)
{
	return output_new(spec, NULL, err, errlen, status);
}

void output_rest_on(struct output *out, struct input *in)
{
	out->upstream = in;
}

void output_named(struct output *out, const struct source *source)
{
	out->source = source;
}

static void accept_consumer(struct output *out)
{
	int fd = accept4(out->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		consumers_join(out, fd);
}

void output_accept(struct output *out)
{
	struct epoll_event events[16];
	uint64_t expirations;
	bool clock = false;
	int n = out->epoll >= 0 ? epoll_wait(out->epoll, events, 16, 0) : 0;

	for (int i = 0; i < n; i++) {
		uint32_t tag = events[i].data.u32;
		clock |= tag >= TAG_LISTENER;
		if (tag == TAG_LISTENER)
			accept_consumer(out);
		else if (tag < CONSUMERS)
			consumers_handle(out, tag, events[i].events);
		else if (read(out->clock, &expirations, sizeof expirations) > 0)
			try_connect(out);
	}
	if (out->epoll >= 0 && (clock || out->changed)) {
		out->changed = false;
		set_clock(out);
	}
	if (n > 0)
		consumers_feed(out);
}

void output_wait(struct output *out, int timeout_ms)
{
	poll(&(struct pollfd){ .fd = out->epoll, .events = POLLIN }, 1, timeout_ms);
	output_accept(out);
}

/* Puts frames into the backlog, waiting only when it has no room at all. `mark` is what they rest on, or NULL. */
static void put(struct output *out, const uint8_t *frames, size_t n, const struct batch_mark *mark)
{
	struct frame_ref at = mark ? mark->ref : (struct frame_ref){0};

	while (n > 0) {
		uint64_t index = out->backlog.head_index;
		size_t used = backlog_used(&out->backlog), did = backlog_add(&out->backlog, frames, n);
		uint64_t count = out->backlog.head_index - index;
		if (at.connection && out->upstream && count) {
			rests_add(&out->rests, index, count, &at, mark->all);
			at.position += mark->all ? 0 : count;
		}
		frames += did;
		n -= did;
		if (n == 0)
			return;
		consumers_feed(out);
		release_room(out);
		if (did == 0 && backlog_used(&out->backlog) == used)
			output_wait(out, -1);
	}
}

static void put_batch(struct output *out, const uint8_t *frames, size_t n, const struct batch_mark *marks, size_t nmarks)
{
	size_t at = 0;

	for (size_t i = 0; i < nmarks; i++) {
		put(out, frames + at, marks[i].begin - at, NULL);
		put(out, frames + marks[i].begin, marks[i].end - marks[i].begin, &marks[i]);
		at = marks[i].end;
	}
	put(out, frames + at, n - at, NULL);
	out->ended = out->backlog.last_kind == FRAME_END;
	consumers_feed(out);
	output_accept(out);
}

static int write_standard(const uint8_t *data, size_t n)
{
	while (n > 0) {
		ssize_t did = write(STDOUT_FILENO, data, n);
		if (did >= 0) {
			data += did;
			n -= (size_t)did;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

/* What a pipe has taken is out of our hands. */
static void safe_in_pipe(struct output *out, const uint8_t *frames, const struct batch_mark *m)
{
	struct frame f;
	char err[128];
	size_t need;
	uint64_t count = 0;

	for (size_t at = m->begin; at < m->end && frame_parse(frames + at, m->end - at, at, &f, &need, err, sizeof err) == 1; at += f.size)
		count++;
	input_safe(out->upstream, &m->ref, m->all ? 1 : count);
}

static int write_marked(struct output *out, const uint8_t *frames, size_t n, const struct batch_mark *marks, size_t nmarks)
{
	if (n == 0)
		return 0;
	if (out->spec.kind != SPEC_STANDARD) {
		put_batch(out, frames, n, marks, nmarks);
		return 0;
	}
	if (write_standard(frames, n) != 0)
		return -1;
	for (size_t i = 0; i < nmarks && out->upstream; i++)
		safe_in_pipe(out, frames, &marks[i]);
	return 0;
}

int output_write(struct output *out, const uint8_t *frames, size_t n)
{
	return write_marked(out, frames, n, NULL, 0);
}

int output_flush(struct output *out, struct pack *p)
{
	int rc = output_write(out, p->data, p->len);

	p->len = 0;
	return rc;
}

int output_batch(struct output *out, struct batch *b)
{
	int rc = write_marked(out, b->pack.data, b->pack.len, b->marks, b->nmarks);

	batch_clear(b);
	return rc;
}

int output_pass(struct output *out, const uint8_t *frames, size_t n, const struct frame_ref *first)
{
	const struct batch_mark mark = { .end = n, .ref = *first };

	return write_marked(out, frames, n, &mark, first->connection ? 1 : 0);
}

bool output_full(struct output *out)
{
	if (backlog_used(&out->backlog) < out->full)
		return false;
	release_room(out);
	return backlog_used(&out->backlog) >= out->full;
}

int output_listen_fd(const struct output *out)
{
	return out->epoll;
}

static bool everybody_has_all(const struct output *out)
{
	for (unsigned i = 0; i < out->nslots; i++)
		if (out->consumers[i].present && !consumer_fed(&out->consumers[i], &out->backlog))
			return false;
	return backlog_used(&out->backlog) == 0 && out->asides.n == 0;
}

/* Whether only observers lack something. */
bool output_only_observers(const struct output *out)
{
	for (unsigned i = 0; i < out->nslots; i++) {
		const struct consumer *c = &out->consumers[i];
		if (c->present && c->stance != OBSERVER && c->acked < out->backlog.head_index)
			return false;
	}
	return out->npresent && !out->nowed && out->asides.n == 0;
}

static uint64_t progress(const struct output *out)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < out->nslots; i++)
		sum += out->consumers[i].cursor + out->consumers[i].left_sent + out->consumers[i].position;
	return sum;
}

bool output_drain(struct output *out, int timeout_ms)
{
	uint64_t begin = spec_clock(), moved = begin, before = 0;

	out->drained = true;
	if (out->epoll < 0)
		return true;
	consumers_feed(out);
	for (;;) {
		output_accept(out);
		release(out, 0);
		if (everybody_has_all(out))
			return true;
		uint64_t now = spec_clock(), at = progress(out);
		if (at != before)
			moved = now;
		before = at;
		bool last = output_only_observers(out);
		if ((timeout_ms >= 0 && now - begin >= (uint64_t)timeout_ms) || (last && now - moved >= LAST_MS))
			return false;
		int wait = timeout_ms < 0 ? -1 : (int)(begin + (uint64_t)timeout_ms - now);
		if (last && (wait < 0 || wait > LAST_MS))
			wait = LAST_MS;
		poll(&(struct pollfd){ .fd = out->epoll, .events = POLLIN }, 1, wait);
	}
}

void output_free(struct output *out)
{
	if (!out)
		return;
	if (out->backlog.base && !out->kept && !out->drained)
		output_drain(out, out->ended ? -1 : LAST_MS);
	for (unsigned i = 0; i < CONSUMERS; i++)
		if (out->consumers[i].present)
			consumer_end(&out->consumers[i]);
	if (out->listener >= 0 && !out->kept) {
		close(out->listener);
		unlink(out->spec.addr.sun_path);
	}
	if (out->epoll >= 0)
		close(out->epoll);
	if (out->clock >= 0)
		close(out->clock);
	definitions_free(out->definitions);
	if (!out->kept)
		backlog_close(&out->backlog);
	asides_free(&out->asides);
	rests_free(&out->rests);
	free(out);
}
