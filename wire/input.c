/* The reading end of endpoints: several streams behind one epoll descriptor, so that whoever has an event loop
 * watches one descriptor whatever comes and goes. */
#include "endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "acker.h"
#include "log.h"
#include "spec.h"
#include "stream.h"

enum {
	STREAMS = 64,                          /* at a time */
	PIPE_SIZE = 1 << 20,                   /* asked for: fewer switches between reader and writer */
	TAG_LISTENER = 1000, TAG_TIMER = 2000, TAG_ACK = 2001      /* epoll tags; below are stream numbers */
};

struct source_slot {
	struct stream stream;
	struct acker acker;
	const struct spec *spec;               /* NULL: never used */
	bool over;                             /* ended; else, without a descriptor, waiting for the peer to come back */
	bool ack_blocked;                      /* the socket takes no ACK at the moment */
	uint64_t retry_at;
	unsigned backoff;
};

struct input {
	struct source_slot slots[STREAMS];
	unsigned nslots, current;
	struct spec specs[INPUT_MAX];
	int listeners[INPUT_MAX];              /* descriptor by spec, or -1 */
	bool served[INPUT_MAX];                /* has this listener had a producer? */
	unsigned nspecs;
	bool acknowledging, ack_armed;         /* this stage acknowledges; an ACK is due when ack_timer says */
	bool reading;                          /* frames are being taken: what there is to acknowledge is said when they have been */
	uint64_t acked_at;                     /* when something was acknowledged the last time */
	uint32_t connections;                  /* acknowledged ones so far */
	int epoll, timer, ack_timer, always;   /* always: readable for ever, stands for files, which epoll does not take */
	int status;
	char error[400];
};

static int watch(struct input *in, int fd, uint32_t tag)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = tag };

	return epoll_ctl(in->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* Descriptors that epoll refuses (regular files, /dev/null) can always be read. */
static int watch_stream(struct input *in, unsigned n)
{
	if (watch(in, in->slots[n].stream.fd, n) == 0)
		return 0;
	if (errno != EPERM)
		return -1;
	in->always = eventfd(1, EFD_CLOEXEC);
	return in->always >= 0 ? watch(in, in->always, n) : -1;
}

static void unwatch(struct input *in, const struct stream *s)
{
	if (s->fd >= 0 && epoll_ctl(in->epoll, EPOLL_CTL_DEL, s->fd, NULL) != 0 && in->always >= 0) {
		close(in->always);
		in->always = -1;
	}
}

static bool is_socket(const struct stream *s)
{
	return s->type == STREAM_CONNECTED || s->type == STREAM_ACCEPTED;
}

/* While a socket takes no ACK it is watched for writing, too. */
static void send_ack(struct input *in, unsigned n)
{
	struct source_slot *s = &in->slots[n];
	bool blocked = acker_send(&s->acker, s->stream.fd, s->stream.offset) == 0;

	in->acked_at = spec_clock();
	struct epoll_event e = { .events = EPOLLIN | (blocked ? EPOLLOUT : 0), .data.u32 = n };

	if (blocked != s->ack_blocked)
		epoll_ctl(in->epoll, EPOLL_CTL_MOD, s->stream.fd, &e);
	s->ack_blocked = blocked;
}

static void begin_acknowledging(struct input *in, unsigned n)
{
	struct source_slot *s = &in->slots[n];

	if (!in->acknowledging || !is_socket(&s->stream) || s->stream.fd < 0)
		return;
	s->ack_blocked = false;
	acker_begin(&s->acker, ++in->connections, s->stream.fd);
}

void input_acknowledge(struct input *in)
{
	in->acknowledging = true;
	for (unsigned i = 0; i < in->nslots; i++)
		begin_acknowledging(in, i);
}

void input_settle(struct input *in)
{
	for (unsigned i = 0; i < in->nslots; i++)
		if (acker_news(&in->slots[i].acker))
			send_ack(in, i);
}

static void arm_ack(struct input *in, bool armed)
{
	const struct itimerspec at = { .it_value = { 0, armed ? ACK_MS * 1000000 : 0 } };

	if (in->ack_armed != armed)
		timerfd_settime(in->ack_timer, 0, &at, NULL);
	in->ack_armed = armed;
}

static void send_acks(struct input *in)
{
	uint64_t expirations;

	if (read(in->ack_timer, &expirations, sizeof expirations) < 0)
		return;
	in->ack_armed = false;
	input_settle(in);
}

/* What comes now and then is acknowledged at once, which saves a timer's waking this stage again. */
static void ack_in_time(struct input *in)
{
	if (spec_clock() - in->acked_at < ACK_MS) {
		arm_ack(in, true);
		return;
	}
	arm_ack(in, false);
	input_settle(in);
}

static void ack_soon(struct input *in, unsigned n)
{
	const struct source_slot *s = &in->slots[n];

	if (!s->acker.ledger.changed || s->ack_blocked)
		return;
	if (acker_urgent(&s->acker, s->stream.offset))
		send_ack(in, n);
	else if (!in->reading)
		ack_in_time(in);
}

void input_paused(struct input *in)
{
	bool news = false;

	in->reading = false;
	for (unsigned i = 0; i < in->nslots; i++)
		news |= in->slots[i].acker.ledger.changed && !in->slots[i].ack_blocked;
	if (news)
		ack_in_time(in);
}

/* The slot of a frame's connection, or NULL when that is over. */
static struct source_slot *slot_of(struct input *in, const struct frame_ref *r)
{
	struct source_slot *s = &in->slots[r->stream];

	return r->connection && s->acker.connection == r->connection && s->stream.fd >= 0 ? s : NULL;
}

void input_safe(struct input *in, const struct frame_ref *r, uint64_t n)
{
	struct source_slot *s = slot_of(in, r);

	if (!s)
		return;
	ledger_safe(&s->acker.ledger, r->position, n);
	ack_soon(in, r->stream);
}

bool input_hold(struct input *in, const struct frame_ref *r)
{
	struct source_slot *s = slot_of(in, r);
	bool held = s && ledger_hold(&s->acker.ledger, r->position);

	if (held)
		ack_soon(in, r->stream);
	return held;
}

static void arm_timer(struct input *in)
{
	uint64_t first = 0;

	for (unsigned i = 0; i < in->nslots; i++) {
		const struct source_slot *s = &in->slots[i];
		if (s->stream.type == STREAM_CONNECTED && s->stream.fd < 0 && !s->over && (!first || s->retry_at < first))
			first = s->retry_at;
	}
	struct itimerspec at = { .it_value = { (time_t)(first / 1000), (long)(first % 1000) * 1000000 } };
	timerfd_settime(in->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void try_connect(struct input *in, unsigned n)
{
	struct source_slot *s = &in->slots[n];
	int fd = spec_connect(s->spec);

	if (fd >= 0) {
		stream_begin(&s->stream, STREAM_CONNECTED, fd);
		if (watch_stream(in, n) == 0) {
			begin_acknowledging(in, n);
			return;
		}
		stream_close(&s->stream);
	}
	s->retry_at = spec_clock() + s->backoff;
	s->backoff = s->backoff * 2 < SPEC_RETRY_LAST ? s->backoff * 2 : SPEC_RETRY_LAST;
}

static void retry(struct input *in)
{
	uint64_t expirations;

	if (read(in->timer, &expirations, sizeof expirations) < 0)
		return;
	for (unsigned i = 0; i < in->nslots; i++) {
		const struct source_slot *s = &in->slots[i];
		if (s->stream.type == STREAM_CONNECTED && s->stream.fd < 0 && !s->over && s->retry_at <= spec_clock())
			try_connect(in, i);
	}
	arm_timer(in);
}

/* The slot for a new producer: of one that went away without END, else a free one. Returns STREAMS when there is
 * none. */
static unsigned slot_for(struct input *in, const struct spec *spec)
{
	unsigned slot = STREAMS;

	for (unsigned i = 0; i < STREAMS; i++) {
		const struct source_slot *s = &in->slots[i];
		if (s->spec == spec && !s->over && s->stream.fd < 0)
			return i;
		if (slot == STREAMS && (!s->spec || s->over))
			slot = i;
	}
	return slot;
}

static void accept_producer(struct input *in, unsigned listener)
{
	const struct spec *spec = &in->specs[listener];
	int fd = accept4(in->listeners[listener], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	unsigned n = slot_for(in, spec);
	if (n == STREAMS) {
		log_warnx("%s: more than %d streams at a time; one was refused", spec->text, STREAMS);
		close(fd);
		return;
	}
	struct source_slot *s = &in->slots[n];
	if (s->spec)
		stream_close(&s->stream);
	s->spec = spec;
	s->over = false;
	stream_begin(&s->stream, STREAM_ACCEPTED, fd);
	if (n >= in->nslots)
		in->nslots = n + 1;
	if (watch_stream(in, n) == 0) {
		begin_acknowledging(in, n);
		return;
	}
	stream_close(&s->stream);
	s->over = true;
}

static int open_standard(struct input *in, struct source_slot *s, char *err, size_t errlen)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) != 0 || S_ISDIR(st.st_mode)) {
		snprintf(err, errlen, "standard input: %s", S_ISDIR(st.st_mode) ? strerror(EISDIR) : strerror(errno));
		return EX_NOINPUT;
	}
	if (S_ISFIFO(st.st_mode))
		fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_SIZE);
	stream_begin(&s->stream, S_ISREG(st.st_mode) ? STREAM_FILE : STREAM_PIPE, STDIN_FILENO);
	if (watch_stream(in, (unsigned)(s - in->slots)) == 0)
		return 0;
	snprintf(err, errlen, "standard input: %s", errno == EEXIST ? "given twice" : strerror(errno));
	return errno == EEXIST ? EX_USAGE : EX_OSERR;
}

static int open_spec(struct input *in, const char *text, char *err, size_t errlen)
{
	unsigned n = in->nspecs;
	struct spec *spec = &in->specs[n];
	int status = spec_parse(spec, text, err, errlen);

	in->listeners[n] = -1;
	if (status)
		return status;
	in->nspecs++;
	if (spec->kind == SPEC_LISTEN) {
		in->listeners[n] = spec_listen(spec, err, errlen, &status);
		return in->listeners[n] < 0 || watch(in, in->listeners[n], TAG_LISTENER + n) == 0 ? status : EX_OSERR;
	}
	unsigned at = in->nslots++;
	struct source_slot *s = &in->slots[at];
	s->spec = spec;
	if (spec->kind == SPEC_STANDARD)
		return open_standard(in, s, err, errlen);
	stream_begin(&s->stream, STREAM_CONNECTED, -1);
	s->backoff = SPEC_RETRY_FIRST;
	try_connect(in, at);
	arm_timer(in);
	return 0;
}

struct input *input_open(const char *const *specs, unsigned n, char *err, size_t errlen, int *status)
{
	static const char *const standard[] = { "-" };
	struct input *in = calloc(1, sizeof *in);

	*status = EX_OSERR;
	snprintf(err, errlen, "input: out of memory or descriptors");
	if (!in)
		return NULL;
	in->always = -1;
	in->ack_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	in->epoll = epoll_create1(EPOLL_CLOEXEC);
	in->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	*status = in->epoll < 0 || in->timer < 0 || in->ack_timer < 0 || watch(in, in->timer, TAG_TIMER) != 0 ||
		watch(in, in->ack_timer, TAG_ACK) != 0 ? EX_OSERR : 0;
	if (n == 0) {
		specs = standard;
		n = 1;
	}
	for (unsigned i = 0; i < n && *status == 0; i++)
		*status = i < INPUT_MAX ? open_spec(in, specs[i], err, errlen) : EX_USAGE;
	if (*status == 0)
		return in;
	input_free(in);
	return NULL;
}

void input_free(struct input *in)
{
	if (!in)
		return;
	for (unsigned i = 0; i < STREAMS; i++) {
		struct source_slot *s = &in->slots[i];
		if (!s->spec)
			continue;
		acker_send(&s->acker, s->stream.fd, s->stream.offset);
		stream_free(&s->stream);
		acker_free(&s->acker);
	}
	for (unsigned i = 0; i < in->nspecs; i++)
		if (in->listeners[i] >= 0) {
			close(in->listeners[i]);
			unlink(in->specs[i].addr.sun_path);
		}
	int fds[] = { in->epoll, in->timer, in->ack_timer, in->always };
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(in);
}

static const char *name(const struct source_slot *s)
{
	return s->spec->kind == SPEC_STANDARD ? "standard input" : s->spec->text;
}

/* A stream has given all that it had. Sockets that closed without END are waited for. */
static void finish(struct input *in, unsigned n)
{
	struct source_slot *s = &in->slots[n];
	struct stream *st = &s->stream;
	bool socket = is_socket(st), lost = st->any && !st->ended;

	unwatch(in, st);
	/* Behind END the socket stays: what came by it is still to be acknowledged. */
	if (!socket || !st->ended || !s->acker.connection)
		stream_close(st);
	s->over = socket ? st->ended || (st->type == STREAM_ACCEPTED && !st->any) : true;
	if (lost && st->type == STREAM_FILE)
		log_warnx("%s: the recording ends without END", name(s));
	if (lost && st->type == STREAM_PIPE && st->live) {
		log_warnx("%s: the live stream ended without END", name(s));
		in->status = EX_TEMPFAIL;
	}
	if (!s->over && st->type == STREAM_CONNECTED) {
		s->backoff = SPEC_RETRY_FIRST;
		s->retry_at = spec_clock() + s->backoff;
		arm_timer(in);
	}
}

static bool everything_over(const struct input *in)
{
	for (unsigned i = 0; i < in->nslots; i++)
		if (!in->slots[i].over)
			return false;
	for (unsigned i = 0; i < in->nspecs; i++)
		if (in->listeners[i] >= 0 && !in->served[i])
			return false;
	return true;
}

static void mark_served(struct input *in, const struct source_slot *s)
{
	in->served[s->spec - in->specs] = true;
}

enum input_result input_next(struct input *in, struct frame *f)
{
	char err[256];

	if (in->error[0])
		return INPUT_BAD;
	for (unsigned tried = 0; tried < in->nslots; tried++) {
		struct source_slot *s = &in->slots[in->current];
		enum stream_result rc = s->over ? STREAM_EMPTY : stream_next(&s->stream, f, err, sizeof err);
		if (rc == STREAM_FRAME) {
			f->stream = in->current;
			f->connection = s->acker.connection;
			if (f->connection)
				f->position = ledger_take(&s->acker.ledger);
			mark_served(in, s);
			in->reading = true;
			return INPUT_FRAME;
		}
		if (rc == STREAM_BAD) {
			snprintf(in->error, sizeof in->error, "%s: %s", name(s), err);
			return INPUT_BAD;
		}
		if (rc == STREAM_OVER && s->stream.fd >= 0)
			finish(in, in->current);
		in->current = (in->current + 1) % in->nslots;
	}
	if (!everything_over(in))
		return INPUT_EMPTY;
	input_paused(in);
	return INPUT_DONE;
}

static void handle(struct input *in, uint32_t tag, uint32_t events)
{
	if (tag == TAG_TIMER)
		retry(in);
	else if (tag == TAG_ACK)
		send_acks(in);
	else if (tag >= TAG_LISTENER)
		accept_producer(in, tag - TAG_LISTENER);
	else {
		if (events & EPOLLOUT)
			send_ack(in, tag);
		if (events & ~(uint32_t)EPOLLOUT)
			stream_fill(&in->slots[tag].stream);
	}
}

static void wait_and_read(struct input *in, int timeout_ms)
{
	struct epoll_event events[16];
	int n = epoll_wait(in->epoll, events, 16, timeout_ms);

	for (int i = 0; i < n; i++)
		handle(in, events[i].data.u32, events[i].events);
}

bool input_wait(struct input *in, int timeout_ms, int extra_fd)
{
	struct pollfd fds[2] = { { .fd = in->epoll, .events = POLLIN }, { .fd = extra_fd, .events = POLLIN } };

	input_paused(in);
	if (extra_fd < 0) {
		if (timeout_ms >= 0 || !everything_over(in))
			wait_and_read(in, timeout_ms);
		return false;
	}
	if (poll(fds, 2, timeout_ms) <= 0)
		return false;
	if (fds[0].revents)
		wait_and_read(in, 0);
	return fds[1].revents != 0;
}

unsigned input_fds(const struct input *in, int *fds, unsigned max)
{
	if (max == 0)
		return 0;
	fds[0] = in->epoll;
	return 1;
}

void input_read(struct input *in)
{
	wait_and_read(in, 0);
}

bool input_recorded(const struct input *in, unsigned stream)
{
	const struct stream *s = &in->slots[stream].stream;

	return stream < STREAMS && (s->type == STREAM_FILE || s->recorded);
}

int input_status(const struct input *in)
{
	return in->status;
}

const char *input_error(const struct input *in)
{
	return in->error;
}
