/* The loop on libuv. The input is one descriptor whatever its endpoints; sinks that are full are watched for writing. While the
 * queue of one is over its bound a recorded stream is not read; a live one waits for no output. */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <uv.h>

#include "wire/log.h"

enum {
	INTERRUPTS = 2,                          /* SIGINTs that end emit at once; the first is left to the head of the line */
	BATCH = 256 << 10,                       /* bytes of alerts that are spooled together */
	END_MS = 5000                            /* what outputs of a live stream get at its end */
};

struct loop {
	uv_loop_t uv;
	uv_poll_t readable, writable[SINKS];
	uv_signal_t sigint, sigterm;
	uv_timer_t last;
	struct input *in;
	struct spool *spool;
	const struct format *format;
	struct sink *sinks;
	int nsinks, status;
	unsigned interrupts;
	bool live;                               /* a live stream has come */
	bool ended;                              /* the input has */
	struct frame_ref safe;                   /* frames that are when the spool is committed: from this on */
	uint64_t nsafe;
	bool more;                               /* frames were left because a queue is over its bound */
	struct pack line;
	struct loop_totals *totals;
};

static void leave(struct loop *l, int status)
{
	l->status = status;
	uv_stop(&l->uv);
}

/* Where in the stream a body's byte stands is what the reader of a malformed stream wants to know. */
static int bad_body(const struct frame *f, size_t at, const char *err)
{
	log_warnx("byte %" PRIu64 ": %s", f->offset + FRAME_HEADER + at, err);
	return EX_DATAERR;
}

static void commit(struct loop *l)
{
	spool_commit(l->spool);
	input_safe(l->in, &l->safe, l->nsafe);
	l->nsafe = 0;
}

/* Queues the line. A queue that is full only because nobody has written from it yet is no reason to drop. */
static void queue(struct loop *l, struct sink *s, uint64_t number)
{
	if (!l->live) {
		sink_add(s, l->line.data, l->line.len, number);
		return;
	}
	if (sink_is_full(s) && !s->full) {
		commit(l);
		sink_flush(s);
	}
	sink_add_live(s, l->line.data, l->line.len, number);
}

static int take_alert(struct loop *l, const struct frame *f)
{
	struct alert a;
	char err[256];
	size_t at;

	if (alert_decode(f, &a, &at, err, sizeof err) != 0)
		return bad_body(f, at, err);
	l->totals->alerts++;
	/* Only what is acknowledged can come twice. */
	if (f->connection && spool_known(l->spool, &a)) {
		l->totals->again++;
		return 0;
	}
	uint64_t number = spool_add(l->spool, f);
	l->line.len = 0;
	format_alert(l->format, &a, &l->line);
	for (int i = 0; i < l->nsinks; i++)
		queue(l, &l->sinks[i], number);
	return 0;
}

/* An alert that an emit before this one has spooled. */
static void take_spooled(void *arg, const struct frame *f, uint64_t number)
{
	struct loop *l = arg;
	struct alert a;
	char err[256];
	size_t at;

	if (alert_decode(f, &a, &at, err, sizeof err) != 0)
		return;
	l->line.len = 0;
	format_alert(l->format, &a, &l->line);
	for (int i = 0; i < l->nsinks; i++)
		if (l->sinks[i].mark->next <= number)
			sink_add(&l->sinks[i], l->line.data, l->line.len, number);
}

static int take_hello(struct loop *l, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value version;

	l->live |= !input_recorded(l->in, f->stream);
	if (value_next(&c, &version) == 1 && version.type == VALUE_UINT && version.u == WIRE_VERSION)
		return 0;
	return bad_body(f, 0, "hello: unknown version of the wire, expected 1");
}

static int take_end(const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value reason;

	if (value_next(&c, &reason) == 1 && reason.type == VALUE_STR && reason.s.len)
		log_warnx("the stream ended: %.*s", (int)reason.s.len, (const char *)reason.s.data);
	return 0;
}

/* Returns 0 or the exit status. */
static int take(struct loop *l, const struct frame *f)
{
	switch (f->kind) {
	case FRAME_ALERT: return take_alert(l, f);
	case FRAME_HELLO: l->totals->others++; return take_hello(l, f);
	case FRAME_END: l->totals->others++; return take_end(f);
	case FRAME_STAT: l->totals->stats++; return 0;
	default:
		if (frame_kind_name(f->kind))
			l->totals->others++;
		else
			l->totals->unknown++;
		return 0;
	}
}

/* What the outputs have not taken of a recorded stream, so that nothing of it is lost, is not read. */
static bool over_bound(const struct loop *l)
{
	if (l->live)
		return false;
	for (int i = 0; i < l->nsinks; i++)
		if (sink_queued_bytes(&l->sinks[i]) > SINK_QUEUE_MAX)
			return true;
	return false;
}

static bool all_gone(const struct loop *l)
{
	for (int i = 0; i < l->nsinks; i++)
		if (!l->sinks[i].gone)
			return false;
	return true;
}

static uint64_t queued(const struct loop *l)
{
	uint64_t n = 0;

	for (int i = 0; i < l->nsinks; i++)
		n += l->sinks[i].queued;
	return n;
}

static uint64_t dropped(const struct loop *l)
{
	uint64_t n = 0;

	for (int i = 0; i < l->nsinks; i++)
		n += sink_dropped(&l->sinks[i]);
	return n;
}

/* At the end of the input: an output that lost alerts must not look like success. */
static int end_status(const struct loop *l)
{
	if (input_status(l->in))
		return input_status(l->in);
	return dropped(l) ? EX_OSERR : 0;
}

/* The frame is safe once the spool is committed. */
static void safe_soon(struct loop *l, const struct frame *f)
{
	bool continues = l->nsafe && l->safe.stream == f->stream && l->safe.connection == f->connection &&
		l->safe.position + l->nsafe == f->position;

	if (!continues) {
		commit(l);
		l->safe = frame_ref(f);
	}
	l->nsafe++;
}

/* Takes frames until there is none, or enough is queued. Returns 0 or the exit status. */
static int drain(struct loop *l)
{
	enum input_result rc = INPUT_FRAME;
	struct frame f;
	int status;

	while (!over_bound(l) && spool_pending(l->spool) < BATCH && (rc = input_next(l->in, &f)) == INPUT_FRAME) {
		if ((status = take(l, &f)) != 0)
			return status;
		safe_soon(l, &f);
	}
	commit(l);
	l->more = rc == INPUT_FRAME;
	l->ended = rc == INPUT_DONE;
	if (l->ended)
		input_settle(l->in);
	if (rc != INPUT_BAD)
		return 0;
	log_warnx("%s", input_error(l->in));
	return EX_DATAERR;
}

static void on_writable(uv_poll_t *handle, int error, int events);
static void on_readable(uv_poll_t *handle, int error, int events);

/* Writes, then watches what there is to wait for. */
static void flush(struct loop *l)
{
	for (int i = 0; i < l->nsinks; i++) {
		bool was_gone = l->sinks[i].gone;
		sink_flush(&l->sinks[i]);
		if (l->sinks[i].gone && !was_gone && l->nsinks > 1)
			log_warnx("output %s: its reader has gone; its alerts are dropped", l->sinks[i].kind->name);
		if (l->sinks[i].wait_fd < 0)
			continue;
		if (l->sinks[i].full && !l->sinks[i].gone)
			uv_poll_start(&l->writable[i], UV_WRITABLE, on_writable);
		else
			uv_poll_stop(&l->writable[i]);
	}
	spool_trim(l->spool);
	if (l->ended || over_bound(l))
		uv_poll_stop(&l->readable);
	else
		uv_poll_start(&l->readable, UV_READABLE, on_readable);
}

/* The outputs have had their time. What is left is there for the next emit, or lost. */
static void on_last(uv_timer_t *timer)
{
	struct loop *l = timer->data;
	bool lasts = spool_lasts(l->spool);

	log_warnx("the stream has ended, but %" PRIu64 " alerts wait for outputs that do not take them: %s", queued(l),
		lasts ? "they stay in the spool" : "they are dropped");
	for (int i = 0; i < l->nsinks && !lasts; i++)
		sink_drop(&l->sinks[i], SINK_END);
	leave(l, end_status(l));
}

static void step(struct loop *l)
{
	int status;

	/* Frames that the input has read already do not wake the loop: go on while the sinks take everything. */
	do {
		status = drain(l);
		flush(l);
	} while (!status && l->more && !over_bound(l));
	if (status)
		leave(l, status);
	else if (all_gone(l))
		leave(l, l->nsinks == 1 ? 0 : EX_OSERR);
	else if (l->ended && queued(l) == 0)
		leave(l, end_status(l));
	else if (l->ended && l->live && !uv_is_active((uv_handle_t *)&l->last))
		uv_timer_start(&l->last, on_last, END_MS, 0);
}

static void on_readable(uv_poll_t *handle, int error, int events)
{
	struct loop *l = handle->data;

	(void)error, (void)events;
	input_read(l->in);
	step(l);
}

static void on_writable(uv_poll_t *handle, int error, int events)
{
	(void)error, (void)events;
	step(handle->data);
}

static void on_signal(uv_signal_t *handle, int signal)
{
	struct loop *l = handle->data;

	if (signal == SIGTERM || ++l->interrupts == INTERRUPTS)
		leave(l, 0);
}

/* uv_poll_init makes a descriptor non-blocking for everyone who shares it, which is none of libuv's business here. */
static int watch(struct loop *l, uv_poll_t *handle, int fd)
{
	int flags = fcntl(fd, F_GETFL), rc = uv_poll_init(&l->uv, handle, fd);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags);
	handle->data = l;
	return rc;
}

static int start(struct loop *l)
{
	int fd, rc;

	if ((rc = uv_loop_init(&l->uv)) != 0)
		return rc;
	if (input_fds(l->in, &fd, 1) != 1 || (rc = watch(l, &l->readable, fd)) != 0)
		return rc ? rc : UV_EINVAL;
	/* What can not be watched (/dev/null, files) never makes anyone wait. */
	for (int i = 0; i < l->nsinks; i++)
		if (l->sinks[i].wait_fd >= 0 && watch(l, &l->writable[i], l->sinks[i].wait_fd) != 0)
			l->sinks[i].wait_fd = -1;
	uv_timer_init(&l->uv, &l->last);
	l->last.data = l;
	uv_signal_init(&l->uv, &l->sigint);
	uv_signal_init(&l->uv, &l->sigterm);
	l->sigint.data = l->sigterm.data = l;
	rc = uv_signal_start(&l->sigint, on_signal, SIGINT);
	return rc ? rc : uv_signal_start(&l->sigterm, on_signal, SIGTERM);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void stop(struct loop *l)
{
	uv_walk(&l->uv, close_handle, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	pack_free(&l->line);
}

int loop_run(struct input *in, const struct format *format, struct spool *spool, struct sink *sinks, int nsinks,
	struct loop_totals *totals)
{
	struct loop l = { .in = in, .format = format, .spool = spool, .sinks = sinks, .nsinks = nsinks, .totals = totals };
	int rc = start(&l);

	if (rc != 0) {
		log_warnx("event loop: %s", uv_strerror(rc));
		return EX_OSERR;
	}
	for (int i = 0; i < nsinks; i++)
		if (!(sinks[i].mark = spool_output(spool, sinks[i].kind->name)))
			diex(EX_SOFTWARE, "more than %d outputs", SPOOL_OUTPUTS);
	spool_replay(spool, take_spooled, &l);
	step(&l);
	uv_run(&l.uv, UV_RUN_DEFAULT);
	stop(&l);
	return l.status;
}
