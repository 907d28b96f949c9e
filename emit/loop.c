/* The loop on libuv. The input is one descriptor whatever its endpoints; sinks that are full are watched for writing. While the
 * queue of one is over its bound a recorded stream is not read; a live one waits for no output. */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <uv.h>

#include "own_stat.h"
#include "wire/log.h"
#include "wire/stat_record.h"

enum {
	INTERRUPTS = 2,                          /* SIGINTs that end emit at once; the first is left to the head of the line */
	BATCH = 256 << 10,                       /* bytes of alerts that are spooled together */
	END_MS = 5000,                           /* what outputs of a live stream get at its end */
	BUFFERED_MAX = 4096,                     /* bytes that gather with buffered_outputs */
	STATUS_DROPS = 1                         /* of the drop action `exit` */
};

struct loop {
	uv_loop_t uv;
	uv_poll_t readable, *writable[SINKS];    /* NULL: nothing to wait for */
	uv_signal_t sigint, sigterm, sighup, sigusr1;
	uv_timer_t last, tick;                   /* tick: once a live stream has counted something */
	uint64_t ticked;                         /* when, by the loop's clock */
	bool beat;                               /* a live STAT has come since */
	struct input *in;
	struct spool *spool;
	struct setup *setup;
	struct sink *sinks;
	int status;
	unsigned interrupts;
	bool live;                               /* a live stream has come */
	bool ended;                              /* the input has */
	struct frame_ref safe;                   /* frames that are when the spool is committed: from this on */
	uint64_t nsafe;
	bool more;                               /* frames were left because a queue is over its bound */
	struct pack line;
	struct internal *internal;
	struct source source;
	struct source_buf source_buf;
	bool tally;
	struct own_stat account;
	uint64_t beats;                          /* statistics read when the sinks were last written to */
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

/* Into the spool, and to every output. */
static void hand_out(struct loop *l, const struct frame *f, const struct alert *a)
{
	uint64_t number = spool_add(l->spool, f);

	l->line.len = 0;
	format_alert(&l->setup->format, a, &l->line);
	for (int i = 0; i < SINKS; i++)
		if (!l->sinks[i].off)
			queue(l, &l->sinks[i], number);
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
	internal_counted(l->internal, &a.v[ALERT_RULE]);
	if (l->tally)
		tally_add(&l->totals->tally, &a);
	hand_out(l, f, &a);
	return 0;
}

static void on_internal(void *arg, const struct frame *f)
{
	struct alert a;
	char err[256];
	size_t at;

	if (alert_decode(f, &a, &at, err, sizeof err) == 0)
		hand_out(arg, f, &a);
}

static void on_tick(uv_timer_t *timer);

static int take_stat(struct loop *l, const struct frame *f)
{
	struct stat_record s;
	size_t at;

	l->totals->stats++;
	if (stat_record_read(f, &s, &at) != 0)
		return bad_body(f, at, "malformed stat");
	if (input_recorded(l->in, f->stream)) {
		internal_recorded(l->internal, &s);
		return 0;
	}
	internal_stat(l->internal, &s);
	l->beat = true;
	if (uv_is_active((uv_handle_t *)&l->tick))
		return 0;
	l->ticked = uv_now(&l->uv);
	uv_timer_start(&l->tick, on_tick, STAT_EVERY_MS, 0);
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
	format_alert(&l->setup->format, &a, &l->line);
	for (int i = 0; i < SINKS; i++)
		if (!l->sinks[i].off && l->sinks[i].mark->next <= number)
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
	case FRAME_STAT: return take_stat(l, f);
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
	for (int i = 0; i < SINKS; i++)
		if (sink_queued_bytes(&l->sinks[i]) > SINK_QUEUE_MAX)
			return true;
	return false;
}

static bool all_gone(const struct loop *l)
{
	for (int i = 0; i < SINKS; i++)
		if (!l->sinks[i].gone && !l->sinks[i].off)
			return false;
	return true;
}

static int sinks_on(const struct loop *l)
{
	int n = 0;

	for (int i = 0; i < SINKS; i++)
		n += !l->sinks[i].off;
	return n;
}

static uint64_t queued(const struct loop *l)
{
	uint64_t n = 0;

	for (int i = 0; i < SINKS; i++)
		n += l->sinks[i].queued;
	return n;
}

static uint64_t dropped(const struct loop *l)
{
	uint64_t n = 0;

	for (int i = 0; i < SINKS; i++)
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
	if (l->ended) {
		internal_ended(l->internal);
		input_settle(l->in);
	}
	if (rc != INPUT_BAD)
		return 0;
	log_warnx("%s", input_error(l->in));
	return EX_DATAERR;
}

static void on_writable(uv_poll_t *handle, int error, int events);
static void on_readable(uv_poll_t *handle, int error, int events);

/* With buffered_outputs lines gather, up to a page of them or the next heartbeat in the stream. */
static bool gathers(const struct loop *l, const struct sink *s)
{
	return conf_bool(s->conf, CONF_EMIT_BUFFERED) && !l->ended && !s->gone && !s->full && sink_queued_bytes(s) < BUFFERED_MAX &&
		l->totals->stats == l->beats;
}

/* Writes, then watches what there is to wait for. */
static void flush(struct loop *l)
{
	for (int i = 0; i < SINKS; i++) {
		if (gathers(l, &l->sinks[i]))
			continue;
		bool was_gone = l->sinks[i].gone;
		if (l->sinks[i].off)
			continue;
		sink_flush(&l->sinks[i]);
		if (l->sinks[i].gone && !was_gone && sinks_on(l) > 1)
			log_warnx("output %s: its reader has gone; its alerts are dropped", l->sinks[i].kind->name);
		if (!l->writable[i])
			continue;
		if (l->sinks[i].full && !l->sinks[i].gone)
			uv_poll_start(l->writable[i], UV_WRITABLE, on_writable);
		else
			uv_poll_stop(l->writable[i]);
	}
	l->beats = l->totals->stats;
	spool_trim(l->spool);
	if (l->ended || over_bound(l))
		uv_poll_stop(&l->readable);
	else if (!uv_is_active((uv_handle_t *)&l->readable))
		uv_poll_start(&l->readable, UV_READABLE, on_readable);
}

/* The outputs have had their time. What is left is there for the next emit, or lost. */
static void on_last(uv_timer_t *timer)
{
	struct loop *l = timer->data;
	bool lasts = spool_lasts(l->spool);

	log_warnx("the stream has ended, but %" PRIu64 " alerts wait for outputs that do not take them: %s", queued(l),
		lasts ? "they stay in the spool" : "they are dropped");
	for (int i = 0; i < SINKS && !lasts; i++)
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
		input_paused(l->in);
	} while (!status && l->more && !over_bound(l));
	if (status)
		leave(l, status);
	else if (internal_exits(l->internal))
		leave(l, STATUS_DROPS);
	else if (all_gone(l))
		leave(l, sinks_on(l) == 1 ? 0 : EX_OSERR);
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
	/* With the heartbeat rather than by the clock: it has woken us in any case. */
	if (l->beat && !l->ended && uv_is_active((uv_handle_t *)&l->tick) && stat_follows(uv_now(&l->uv), l->ticked))
		on_tick(&l->tick);
	l->beat = false;
}

static void on_writable(uv_poll_t *handle, int error, int events)
{
	(void)error, (void)events;
	step(handle->data);
}

static void write_account(struct loop *l)
{
	own_stat_write(&l->account, conf_text(&l->setup->conf, CONF_EMIT_STATE), &l->source, l->totals->alerts, l->sinks);
}

static void on_tick(uv_timer_t *timer)
{
	struct loop *l = timer->data;

	l->beat = false;
	l->ticked = uv_now(&l->uv);
	uv_timer_start(timer, on_tick, STAT_EVERY_MS + STAT_SLACK_MS, 0);
	internal_tick(l->internal, clock_wall(), uv_hrtime(), dropped(l));
	step(l);
	write_account(l);
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

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void unwatch_sinks(struct loop *l)
{
	for (int i = 0; i < SINKS; i++) {
		if (l->writable[i])
			uv_close((uv_handle_t *)l->writable[i], free_handle);
		l->writable[i] = NULL;
	}
}

/* What can not be watched (/dev/null, files) never makes anyone wait. */
static void watch_sinks(struct loop *l)
{
	for (int i = 0; i < SINKS; i++) {
		struct sink *s = &l->sinks[i];
		if (s->off || s->wait_fd < 0)
			continue;
		l->writable[i] = malloc(sizeof *l->writable[i]);
		if (l->writable[i] && watch(l, l->writable[i], s->wait_fd) == 0)
			continue;
		free(l->writable[i]);
		l->writable[i] = NULL;
		s->wait_fd = -1;
	}
}

/* Another configuration, between two alerts; or the old one stays. */
static void on_reload(uv_signal_t *handle, int signal)
{
	struct loop *l = handle->data;

	(void)signal;
	if (!setup_reload(l->setup))
		return;
	unwatch_sinks(l);
	sink_reload(l->sinks, &l->setup->conf);
	internal_set(l->internal, &l->setup->policy);
	watch_sinks(l);
	step(l);
}

static void on_reopen(uv_signal_t *handle, int signal)
{
	struct loop *l = handle->data;

	(void)signal;
	log_info("SIGUSR1 received, reopening outputs...");
	unwatch_sinks(l);
	for (int i = 0; i < SINKS; i++)
		sink_reopen(&l->sinks[i]);
	watch_sinks(l);
}

static int start(struct loop *l)
{
	int fd, rc;

	if ((rc = uv_loop_init(&l->uv)) != 0)
		return rc;
	if (input_fds(l->in, &fd, 1) != 1 || (rc = watch(l, &l->readable, fd)) != 0)
		return rc ? rc : UV_EINVAL;
	watch_sinks(l);
	uv_timer_init(&l->uv, &l->last);
	uv_timer_init(&l->uv, &l->tick);
	l->last.data = l->tick.data = l;
	const struct { uv_signal_t *handle; uv_signal_cb on; int signal; } signals[] = {
		{ &l->sigint, on_signal, SIGINT }, { &l->sigterm, on_signal, SIGTERM }, { &l->sighup, on_reload, SIGHUP },
		{ &l->sigusr1, on_reopen, SIGUSR1 },
	};
	for (size_t i = 0; i < sizeof signals / sizeof *signals && rc == 0; i++) {
		uv_signal_init(&l->uv, signals[i].handle);
		signals[i].handle->data = l;
		rc = uv_signal_start(signals[i].handle, signals[i].on, signals[i].signal);
	}
	return rc;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void stop(struct loop *l)
{
	unwatch_sinks(l);
	uv_walk(&l->uv, close_handle, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	own_stat_close(&l->account);
	internal_free(l->internal);
	pack_free(&l->line);
}

int loop_run(const struct loop_config *c, struct loop_totals *totals)
{
	struct loop l = { .in = c->in, .setup = c->setup, .spool = c->spool, .sinks = c->sinks, .totals = totals,
		.tally = c->tally };
	int rc = start(&l);

	if (rc != 0) {
		log_warnx("event loop: %s", uv_strerror(rc));
		return EX_OSERR;
	}
	l.source = source_here("emit", &l.source_buf);
	l.internal = internal_new(&c->setup->policy, &l.source, on_internal, &l);
	for (int i = 0; i < SINKS; i++)
		if (!(l.sinks[i].mark = spool_output(l.spool, l.sinks[i].kind->name)))
			diex(EX_SOFTWARE, "more than %d outputs", SPOOL_OUTPUTS);
	spool_replay(l.spool, take_spooled, &l);
	step(&l);
	uv_run(&l.uv, UV_RUN_DEFAULT);
	internal_drops(l.internal, &totals->drops_detected, &totals->drops_acted);
	stop(&l);
	return l.status;
}
