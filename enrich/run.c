/* The event loop: input and output, the clock, and what each kind of frame causes. */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <uv.h>

#include "containers.h"
#include "holds.h"
#include "hosts.h"
#include "names.h"
#include "records.h"
#include "rootfile.h"
#include "wire/log.h"
#include "wire/stat.h"

enum { STREAMS = 64, TICK_MS = 1000 };

/* Of each incoming stream: whether it tells of this host as it is now, and which source it is. */
struct stream {
	bool live;
	uint8_t *source;
	size_t source_len;
};

struct run {
	uv_loop_t loop;
	uv_poll_t readable, joining;
	uv_timer_t tick, quick;
	uv_async_t stop, reload;
	struct input *in;
	struct output *out;
	struct batch batch;                    /* what goes out next */
	const uint8_t *span;                   /* and behind it these bytes of the input, */
	size_t span_len;                       /* which are whole frames that go on as they are */
	struct frame_ref span_ref;             /* of the first of them */
	struct holds holds;                    /* frames that wait for what is known of their containers, */
	const struct container *waiting;       /* of this one in the end; */
	struct frame held;
	bool holding;                          /* or `held`, and the whole stream with it, where nothing can be excepted */
	bool forced;                           /* nothing waits any more */
	bool full;                             /* the output takes no more for the time being */
	bool told;                             /* a HELLO has gone on */
	bool interrupted, over, unread;                     /* unread: nobody takes the output any more */
	int status;
	char reason[256];                      /* why the stream ended */
	struct stream streams[STREAMS];
	struct engines engines;
	struct containers *containers;
	struct names names;                    /* the host's */
	const struct options *options;         /* borrowed */
	bool reloading;                        /* a reload waits */
	unsigned reloads;
	struct hosts *hosts;                   /* NULL: no names of hosts are asked for */
	struct source source;
	struct source_buf source_buf;
	uint64_t totals[STAT_COUNT];
};

static void end(struct run *r, int status, const char *reason)
{
	r->over = true;
	r->status = status;
	if (reason)
		snprintf(r->reason, sizeof r->reason, "%s", reason);
	uv_stop(&r->loop);
}

/* Frames behind one another in the input are written as they lie there; others are gathered. */
static void gather(struct run *r)
{
	size_t begin = r->batch.pack.len;

	pack_raw(&r->batch.pack, r->span, r->span_len);
	batch_mark(&r->batch, begin, &r->span_ref, false);
	r->span_len = 0;
}

static void pass(struct run *r, const struct frame *f)
{
	if (r->span_len && r->span + r->span_len != f->start)
		gather(r);
	if (!r->span_len) {
		r->span = f->start;
		r->span_ref = frame_ref(f);
	}
	r->span_len += f->size;
}

static void write_out(struct run *r)
{
	int rc;

	if (r->batch.pack.len) {
		gather(r);
		rc = output_batch(r->out, &r->batch);
	} else {
		rc = output_pass(r->out, r->span, r->span_len, &r->span_ref);
		r->span_len = 0;
	}
	if (rc == 0)
		return;
	if (errno != EPIPE)
		log_warn("output");
	r->unread = true;
	end(r, errno == EPIPE ? 0 : EX_OSERR, NULL);
}

static void malformed(struct run *r, const struct frame *f, size_t at)
{
	snprintf(r->reason, sizeof r->reason, "byte %llu: malformed %s record",
		(unsigned long long)(f->offset + FRAME_HEADER + at), frame_kind_name(f->kind));
	log_warnx("%s", r->reason);
	end(r, EX_DATAERR, NULL);
}

static void check_names(struct run *r)
{
	struct names_look look;
	int root = host_root_open();

	names_begin(&r->names, &look);
	names_read(&look, root, NAMES_HOST_FILE_MAX);
	names_apply(&r->names, &look, NULL, &r->batch.pack);
	if (root >= 0)
		close(root);
}

/* A source that goes on is known to all that follow; a new one knows nothing. */
static void begin_source(struct run *r, struct stream *s, const struct hello *h)
{
	if (s->source && s->source_len == h->source_len && memcmp(s->source, h->source, h->source_len) == 0)
		return;
	free(s->source);
	s->source = malloc(h->source_len);
	if (!s->source)
		diex(EX_OSERR, "out of memory: a source of %zu bytes", h->source_len);
	memcpy(s->source, h->source, h->source_len);
	s->source_len = h->source_len;
	containers_reset(r->containers);
	names_free(&r->names);
	check_names(r);
	if (r->hosts)
		hosts_send(r->hosts, &r->batch.pack);
}

static bool is_this_boot(const struct run *r, const struct hello *h)
{
	size_t len = strlen(r->source.boot);

	return len && h->boot_len == len && memcmp(h->boot, r->source.boot, len) == 0;
}

static bool take_hello(struct run *r, const struct frame *f, struct stream *s)
{
	struct hello h;
	size_t at;

	if (hello_read(f, &h, &at) != 0) {
		malformed(r, f, at);
		return true;
	}
	pass(r, f);
	r->told = true;
	s->live = !input_recorded(r->in, f->stream) && is_this_boot(r, &h);
	if (s->live) {
		gather(r);
		begin_source(r, s, &h);
	}
	return true;
}

static bool take_cgroup(struct run *r, const struct frame *f, struct stream *s)
{
	struct cgroup_record c;
	size_t at;

	(void)s;
	if (cgroup_read(f, &c, &at) != 0) {
		malformed(r, f, at);
		return true;
	}
	pass(r, f);
	gather(r);
	containers_cgroup(r->containers, c.id, c.path, c.len, c.made);
	return true;
}

static struct container *container_of(struct run *r, struct proc *p)
{
	bool known = false;
	struct container *c = NULL;

	if (p->container == PROC_NAMED)
		return containers_by_id(r->containers, (const char *)p->id, p->id_len);
	if (p->container == PROC_UNKNOWN && p->cgroup)
		c = containers_by_cgroup(r->containers, p->cgroup, &known);
	/* A cgroup that nobody has told of stays unknown. */
	if (p->container == PROC_UNKNOWN && !known)
		p->container = PROC_ABSENT;
	return c;
}

static bool take_proc(struct run *r, const struct frame *f, struct stream *s)
{
	struct proc p;
	size_t at;

	(void)s;
	if (proc_read(f, &p, &at) != 0) {
		malformed(r, f, at);
		return true;
	}
	struct container *c = container_of(r, &p);
	if (c) {
		gather(r);
		if (!containers_ready(r->containers, c, p.pid) && !r->over && !r->forced) {
			r->waiting = c;
			return false;
		}
	}
	if (p.container == PROC_UNKNOWN) {
		struct frame_ref ref = frame_ref(f);
		gather(r);
		size_t begin = r->batch.pack.len;
		proc_rewrite(&r->batch.pack, f, &p, c ? container_short_id(c) : NULL);
		batch_mark(&r->batch, begin, &ref, true);
	} else {
		pass(r, f);
	}
	return true;
}

/* Own END goes out when every input has ended. */
static bool take_end(struct run *r, const struct frame *f, struct stream *s)
{
	struct frame_ref ref = frame_ref(f);

	(void)s;
	end_reason(f, r->reason, sizeof r->reason);
	input_safe(r->in, &ref, 1);
	return true;
}

/* What kinds of frames cause more than being counted or passed on. False: the frame is to be held. */
static const struct {
	bool (*take)(struct run *, const struct frame *, struct stream *);
	bool live_only, counted;
} kinds[FRAME_KINDS] = {
	[FRAME_HELLO] = { .take = take_hello },
	[FRAME_PROC] = { .take = take_proc, .live_only = true },
	[FRAME_CGROUP] = { .take = take_cgroup, .live_only = true },
	[FRAME_END] = { .take = take_end },
	[FRAME_EVENT] = { .counted = true },
	[FRAME_JSON] = { .counted = true },
};

static bool take_now(struct run *r, const struct frame *f)
{
	struct stream *s = &r->streams[f->stream % STREAMS];
	int kind = f->kind > 0 && f->kind < FRAME_KINDS ? f->kind : 0;

	if (kinds[kind].take && (s->live || !kinds[kind].live_only))
		return kinds[kind].take(r, f, s);
	r->totals[STAT_IN] += kinds[kind].counted;
	r->totals[STAT_OUT] += kinds[kind].counted;
	pass(r, f);
	return true;
}

static bool counted(const struct frame *f)
{
	return f->kind == FRAME_EVENT || f->kind == FRAME_JSON;
}

/* Sets the frame aside, which an ACK can say of it; else the stream has to wait with it. */
static bool hold(struct run *r, struct hold *at, const struct frame *f)
{
	const struct frame_ref ref = frame_ref(f);

	if (!at)
		return false;
	if (!input_hold(r->in, &ref) || !holds_add(&r->holds, at, f)) {
		if (at->first == at->n)
			holds_pop(&r->holds, at);
		return false;
	}
	r->totals[STAT_IN] += counted(f);
	r->totals[STAT_HELD] += counted(f);
	return true;
}

/* Lets go what a hold has as far as it is known. */
static void release(struct run *r, struct hold *at)
{
	bool over = false;

	while (!over) {
		struct frame f = holds_first(at);
		r->totals[STAT_IN] -= counted(&f);
		r->totals[STAT_HELD] -= counted(&f);
		if (!take_now(r, &f)) {
			r->totals[STAT_IN] += counted(&f);
			r->totals[STAT_HELD] += counted(&f);
			return;
		}
		gather(r);
		over = holds_pop(&r->holds, at);
	}
}

static void release_all(struct run *r, bool forced)
{
	r->forced = forced;
	for (unsigned i = r->holds.n; i-- > 0;)
		release(r, r->holds.v[i]);
	r->forced = false;
}

/* Returns false when the stream has to wait with the frame. */
static bool take(struct run *r, const struct frame *f)
{
	struct hold *at = holds_of(&r->holds, f);

	if (at)
		return hold(r, at, f);
	if (f->kind == FRAME_HELLO && r->holds.n) {
		gather(r);
		release_all(r, true);
	}
	if (take_now(r, f))
		return true;
	const char *id = container_short_id(r->waiting);
	return f->connection && hold(r, holds_for(&r->holds, id, strlen(id)), f);
}

static enum input_result next(struct run *r, struct frame *f)
{
	if (!r->holding)
		return input_next(r->in, f);
	*f = r->held;
	return INPUT_FRAME;
}

/* Everything that has been read, as far as nothing has to be held. */
static enum input_result forward(struct run *r)
{
	struct frame f;
	enum input_result rc;

	r->full = output_full(r->out);
	if (r->full)
		return INPUT_EMPTY;
	release_all(r, false);
	while ((rc = next(r, &f)) == INPUT_FRAME) {
		r->holding = !take(r, &f);
		if (r->holding)
			r->held = f;
		if (r->holding || (r->over && r->status))
			break;
	}
	return rc;
}

static void finish_input(struct run *r)
{
	end(r, input_status(r->in), NULL);
}

static void bad_input(struct run *r)
{
	log_warnx("%s", input_error(r->in));
	end(r, EX_DATAERR, input_error(r->in));
}

static void on_readable(uv_poll_t *handle, int status, int events);
static void reload(struct run *r);
static void on_quick(uv_timer_t *timer);

/* While a frame is held, or the output is full, nothing is read: the bytes stay where they are. */
static void watch(struct run *r)
{
	if (r->holding || r->full)
		uv_poll_stop(&r->readable);
	else if (!uv_is_active((uv_handle_t *)&r->readable))
		uv_poll_start(&r->readable, UV_READABLE, on_readable);
	if ((r->holding || r->holds.n || containers_hurry(r->containers)) && !uv_is_active((uv_handle_t *)&r->quick))
		uv_timer_start(&r->quick, on_quick, CONTAINERS_RETRY_MS, 0);
}

static void pump(struct run *r)
{
	if (r->over)
		return;
	enum input_result rc = forward(r);

	write_out(r);
	if (!r->over && rc == INPUT_DONE && !r->holds.n)
		finish_input(r);
	else if (!r->over && rc == INPUT_BAD)
		bad_input(r);
	if (!r->over)
		watch(r);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
	struct run *r = handle->data;

	(void)status;
	(void)events;
	input_read(r->in);
	pump(r);
}

static void on_quick(uv_timer_t *timer)
{
	struct run *r = timer->data;

	containers_retry(r->containers);
	pump(r);
}

static void on_names(void *arg)
{
	pump(arg);
}

static void on_tick(uv_timer_t *timer)
{
	struct run *r = timer->data;
	bool live = false;

	for (int i = 0; i < STREAMS; i++)
		live |= r->streams[i].live;
	if (live) {
		check_names(r);
		containers_retry(r->containers);
		if (r->hosts)
			hosts_check(r->hosts);
	}
	reload(r);
	if (r->told)
		stat_totals(&r->batch.pack, &r->source, "enrich", r->totals);
	pump(r);
}

static void on_joining(uv_poll_t *handle, int status, int events)
{
	struct run *r = handle->data;

	(void)status;
	(void)events;
	output_accept(r->out);
	if (r->full && !output_full(r->out))
		pump(r);
}

static void on_stop(uv_async_t *async)
{
	struct run *r = async->data;

	if (r->over)
		return;
	r->interrupted = true;
	end(r, 0, "interrupted");
	forward(r);
}

/* The file of names behind -N in a command line, or NULL. */
static const char *names_file(const struct command_line *line)
{
	for (int i = 1; i + 1 < line->argc; i++)
		if (strcmp(line->argv[i], "-N") == 0)
			return line->argv[i + 1];
	return NULL;
}

static void take_configuration(struct run *r, const struct command_line *line, const struct conf *conf)
{
	const char *names = names_file(line);

	engines_close(&r->engines);
	engines_open(&r->engines, conf);
	hosts_free(r->hosts);
	r->hosts = names ? hosts_read(names, conf_number(conf, CONF_ENRICH_NAMES_TTL)) : NULL;
	if (!r->hosts)
		return;
	hosts_begin(r->hosts, &r->loop, &r->batch.pack, on_names, r);
	hosts_send(r->hosts, &r->batch.pack);
}

/* Not while another thread reads what is about to go. */
static void reload(struct run *r)
{
	struct command_line line = {0};
	struct conf conf = {0};
	char err[512], note[600];

	if (!r->reloading || containers_reading(r->containers) || (r->hosts && hosts_busy(r->hosts)))
		return;
	r->reloading = false;
	r->reloads++;
	if (options_reread(r->options, &line, &conf, err, sizeof err) == 0) {
		take_configuration(r, &line, &conf);
		snprintf(note, sizeof note, "reloaded %u", r->reloads);
	} else {
		log_warnx("the configuration stays as it was: %s", err);
		snprintf(note, sizeof note, "refused %u: %s", r->reloads, err);
	}
	options_notify(r->options, note);
	conf_free(&conf);
	command_line_free(&line);
	pump(r);
}

static void on_reload(uv_async_t *async)
{
	struct run *r = async->data;

	r->reloading = true;
	reload(r);
}

/* A live stream that broke off is not over: whoever reads this one is to wait for it, or to say so too. */
static void finish(struct run *r)
{
	if (r->unread)
		return;
	gather(r);
	release_all(r, true);
	stat_totals(&r->batch.pack, &r->source, "enrich", r->totals);
	if (r->status != EX_TEMPFAIL)
		end_frame(&r->batch.pack, r->reason);
	write_out(r);
	output_drain(r->out, r->interrupted || r->status == EX_TEMPFAIL ? TICK_MS : -1);
}

static void init_handles(struct run *r)
{
	int listening = output_listen_fd(r->out), input;

	uv_loop_init(&r->loop);
	input_fds(r->in, &input, 1);
	uv_timer_init(&r->loop, &r->tick);
	uv_timer_init(&r->loop, &r->quick);
	if (uv_async_init(&r->loop, &r->stop, on_stop) != 0 || uv_async_init(&r->loop, &r->reload, on_reload) != 0 || uv_poll_init(&r->loop, &r->readable, input) != 0)
		diex(EX_OSERR, "the event loop can not watch the input");
	r->tick.data = r->quick.data = r->stop.data = r->reload.data = r->readable.data = r->joining.data = r;
	if (listening >= 0 && uv_poll_init(&r->loop, &r->joining, listening) == 0)
		uv_poll_start(&r->joining, UV_READABLE, on_joining);
}

struct run *run_new(struct input *in, struct output *out, const struct options *options, struct hosts *hosts)
{
	struct run *r = calloc(1, sizeof *r);

	if (!r)
		diex(EX_OSERR, "out of memory");
	r->in = in;
	r->out = out;
	r->source = source_here("enrich", &r->source_buf);
	input_acknowledge(in);
	output_rest_on(out, in);
	output_named(out, &r->source);
	init_handles(r);
	r->options = options;
	engines_open(&r->engines, &options->conf);
	r->containers = containers_new(&r->loop, &r->engines, &r->batch.pack, on_names, r);
	r->hosts = hosts;
	if (hosts)
		hosts_begin(hosts, &r->loop, &r->batch.pack, on_names, r);
	return r;
}

void run_engines(const struct run *r, char *text, size_t len)
{
	engines_describe(&r->engines, text, len);
}

int run_loop(struct run *r)
{
	uv_timer_start(&r->tick, on_tick, TICK_MS, TICK_MS);
	pump(r);
	while (!r->over)
		uv_run(&r->loop, UV_RUN_DEFAULT);
	int status = r->status;
	finish(r);
	return r->status ? r->status : status;
}

void run_reload(struct run *r)
{
	uv_async_send(&r->reload);
}

void run_stop(struct run *r)
{
	uv_async_send(&r->stop);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void close_loop(struct run *r)
{
	uv_walk(&r->loop, close_handle, NULL);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	uv_loop_close(&r->loop);
}

bool run_free(struct run *r)
{
	if (containers_reading(r->containers) || (r->hosts && hosts_busy(r->hosts)))
		return false;
	close_loop(r);
	containers_free(r->containers);
	engines_close(&r->engines);
	names_free(&r->names);
	hosts_free(r->hosts);
	holds_free(&r->holds);
	for (int i = 0; i < STREAMS; i++)
		free(r->streams[i].source);
	batch_free(&r->batch);
	output_rest_on(r->out, NULL);
	input_free(r->in);
	output_free(r->out);
	free(r);
	return true;
}
