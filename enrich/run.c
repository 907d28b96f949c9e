/* The event loop: input and output, the clock, signals. */
#include "run_parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

void run_end(struct run *r, int status, const char *reason)
{
	r->over = true;
	r->status = status;
	if (reason)
		snprintf(r->reason, sizeof r->reason, "%s", reason);
	uv_stop(&r->loop);
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
	passage_release(r, false);
	while ((rc = next(r, &f)) == INPUT_FRAME) {
		r->holding = !passage_take(r, &f);
		if (r->holding)
			r->held = f;
		if (r->holding || (r->over && r->status))
			break;
	}
	return rc;
}

static void finish_input(struct run *r)
{
	run_end(r, input_status(r->in), NULL);
}

static void bad_input(struct run *r)
{
	log_warnx("%s", input_error(r->in));
	run_end(r, EX_DATAERR, input_error(r->in));
}

static void on_readable(uv_poll_t *handle, int status, int events);
static void reload(struct run *r);
static void on_quick(uv_timer_t *timer);
static void on_tick(uv_timer_t *timer);

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

static void beat(struct run *r);

static void pump(struct run *r)
{
	if (r->over)
		return;
	enum input_result rc = forward(r);

	if (r->beat)
		beat(r);
	passage_write(r);
	input_paused(r->in);
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

/* What is done every second. */
static void tick(struct run *r)
{
	bool live = false;

	r->beat = false;
	r->ticked = uv_now(&r->loop);
	uv_timer_start(&r->tick, on_tick, STAT_EVERY_MS + STAT_SLACK_MS, 0);
	passage_gather(r);
	for (int i = 0; i < STREAMS; i++)
		live |= r->streams[i].live;
	if (live) {
		passage_names(r);
		containers_retry(r->containers);
		if (r->hosts)
			hosts_check(r->hosts);
	}
	if (r->told)
		stat_totals(&r->batch.pack, &r->source, "enrich", r->totals);
}

/* With the heartbeat that has gone on; of several inputs', with the first. */
static void beat(struct run *r)
{
	r->beat = false;
	if (stat_follows(uv_now(&r->loop), r->ticked))
		tick(r);
}

static void on_tick(uv_timer_t *timer)
{
	struct run *r = timer->data;

	tick(r);
	reload(r);
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
	run_end(r, 0, "interrupted");
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
	passage_gather(r);
	passage_release(r, true);
	stat_totals(&r->batch.pack, &r->source, "enrich", r->totals);
	if (r->status != EX_TEMPFAIL)
		end_frame(&r->batch.pack, r->reason);
	passage_write(r);
	output_drain(r->out, r->interrupted || r->status == EX_TEMPFAIL ? STAT_EVERY_MS : -1);
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
	r->ticked = uv_now(&r->loop);
	uv_timer_start(&r->tick, on_tick, STAT_EVERY_MS, 0);
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
