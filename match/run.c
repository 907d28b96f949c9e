/* The loop: frames in, alerts and counters out. */
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "alert.h"
#include "eval.h"
#include "firing.h"
#include "match/state/state.h"
#include "wire/log.h"
#include "wire/stat.h"

enum { STREAMS = 256, FLUSH_BYTES = 65536, CLOCK_EVERY = 256, DOCUMENTS_NAMED = 10 };

struct run {
	struct input *in;
	struct output *out;
	struct program *program;
	const struct setup *setup;              /* what it was made from */
	struct setup *own;                      /* the same after a reload, else NULL */
	struct eval eval;
	struct run_options options;
	struct batch batch;                     /* what goes out next */
	struct strbuf text;
	struct context context;
	struct state *states[STREAMS];          /* by stream number */
	struct source source;
	struct source_buf source_buf;
	uint64_t totals[STAT_COUNT], errors_before;     /* errors of programs that a reload replaced */
	uint64_t bad_documents, next_stat, number;
	unsigned since_clock;
	int reloads, reloads_seen;
	bool beat;                              /* a STAT has come since the last of ours */
	bool hello, failed, hosts_named;        /* failed: the output is gone; hosts_named: the warning was given */
	int status;
};

struct run *run_new(struct input *in, struct output *out, struct program *p, const struct run_options *o)
{
	struct run *r = calloc(1, sizeof *r);

	if (!r)
		diex(EX_OSERR, "out of memory");
	r->in = in;
	r->out = out;
	r->program = p;
	r->options = *o;
	r->setup = o->setup;
	r->context.old = o->setup->load.old;
	r->source = source_here("match", &r->source_buf);
	input_acknowledge(in);
	output_rest_on(out, in);
	output_named(out, &r->source);
	eval_init(&r->eval, p);
	return r;
}

static void setup_drop(struct setup *s)
{
	if (s)
		setup_free(s);
	free(s);
}

void run_free(struct run *r)
{
	for (int i = 0; i < STREAMS; i++)
		if (r->states[i])
			state_free(r->states[i]);
	eval_free(&r->eval);
	program_free(r->program);
	setup_drop(r->own);
	arena_free(&r->context.arena);
	strbuf_free(&r->text);
	batch_free(&r->batch);
	output_rest_on(r->out, NULL);
	input_free(r->in);
	output_free(r->out);
	free(r);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void flush(struct run *r)
{
	if (!r->batch.pack.len || r->failed)
		return;
	if (output_batch(r->out, &r->batch) == 0)
		return;
	r->failed = true;
	if (errno == EPIPE)
		return;
	log_warn("output");
	r->status = EX_IOERR;
}

static void write_hello(struct run *r, bool recorded)
{
	const struct hello *h = NULL;

	if (r->hello)
		return;
	for (int i = 0; i < STREAMS && !h; i++)
		if (r->states[i] && state_hello(r->states[i])->seen)
			h = state_hello(r->states[i]);
	size_t f = frame_begin(&r->batch.pack, FRAME_HELLO);
	pack_uint(&r->batch.pack, WIRE_VERSION);
	pack_str(&r->batch.pack, "match");
	pack_str(&r->batch.pack, SAKER_VERSION);
	source_pack(&r->batch.pack, &r->source);
	pack_str(&r->batch.pack, recorded ? "recorded" : "live");
	pack_str(&r->batch.pack, h && h->kernel ? h->kernel : "");
	pack_str(&r->batch.pack, "");
	pack_int(&r->batch.pack, clock_offset());
	pack_array(&r->batch.pack, 0);
	pack_array(&r->batch.pack, 0);
	pack_nil(&r->batch.pack);
	pack_array(&r->batch.pack, 0);
	frame_end(&r->batch.pack, f);
	r->hello = true;
}

static void write_stat(struct run *r)
{
	uint64_t *t = r->totals;

	t[STAT_PROCESSES] = t[STAT_FORGOTTEN] = 0;
	for (int i = 0; i < STREAMS; i++) {
		if (!r->states[i])
			continue;
		t[STAT_PROCESSES] += state_processes(r->states[i]);
		t[STAT_FORGOTTEN] += state_forgotten(r->states[i]);
	}
	t[STAT_RULE_ERRORS] = r->errors_before + r->bad_documents + eval_errors(&r->eval);
	stat_totals(&r->batch.pack, &r->source, "match", t);
}

/* The heartbeat, also while there is more input than can be handled. */
static void tick(struct run *r)
{
	uint64_t now = now_ms();

	r->since_clock = 0;
	if (!r->hello || now + (r->beat ? 2 * STAT_SLACK_MS : 0) < r->next_stat)
		return;
	r->next_stat = now + STAT_EVERY_MS + STAT_SLACK_MS;
	r->beat = false;
	write_stat(r);
	flush(r);
}

static void malformed(struct run *r, const struct frame *f, size_t at)
{
	const char *name = frame_kind_name(f->kind);

	log_warnx("byte %llu: found what is not the body of a record of kind %s", (unsigned long long)(f->offset + FRAME_HEADER + at),
		name ? name : "that is not known");
	r->status = EX_DATAERR;
}

static struct state *stream_state(struct run *r, unsigned stream)
{
	if (stream >= STREAMS)
		diex(EX_SOFTWARE, "stream %u: expected less than %d", stream, STREAMS);
	if (!r->states[stream])
		r->states[stream] = state_new();
	return r->states[stream];
}

static void take_hello(struct run *r, const struct frame *f)
{
	const struct hello *h = state_hello(r->states[f->stream]);
	bool live = !h->recorded || (h->links && h->links[0]);

	program_links(r->program, h->links, live);
	write_hello(r, input_recorded(r->in, f->stream));
	if (firing_warn(r->program, h->types) && r->options.strict)
		r->status = EX_CONFIG;
}

static void take_definition(struct run *r, const struct frame *f)
{
	size_t at = 0;

	if (state_frame(stream_state(r, f->stream), f, &at) != 0)
		malformed(r, f, at);
	else if (f->kind == FRAME_HELLO)
		take_hello(r, f);
}

static void raise_alerts(struct run *r)
{
	const struct rule *rule;

	while ((rule = eval_next(&r->eval))) {
		bool written;
		r->totals[STAT_RAISED]++;
		if (!alert_frame(&r->batch.pack, &r->eval, rule, &r->text, &written))
			r->totals[STAT_ALERTS_INCOMPLETE]++;
		r->totals[STAT_ALERTS_OUT] += written;
		if (!written)
			log_warnx("rule '%s': an alert is too long for a frame and was dropped", rule->name);
		if (!r->setup->all)
			break;
	}
}

static void warn_of_hosts(struct run *r)
{
	if (!r->hosts_named)
		log_warnx("rules ask for names of hosts, but the stream has none: they are missing; enrich -N tells those that match --names lists");
	r->hosts_named = true;
}

static void evaluate(struct run *r, const struct state *s)
{
	struct context *c = &r->context;

	r->number++;
	c->number = state_hello(s)->recorded ? c->event.id : r->number;
	eval_begin(&r->eval, c);
	raise_alerts(r);
	if (c->hosts_missing)
		warn_of_hosts(r);
	r->totals[document_bad(&c->document) ? STAT_DROPPED : STAT_EVALUATED]++;
}

static void take_event(struct run *r, const struct frame *f)
{
	struct state *s = stream_state(r, f->stream);
	size_t at = 0;

	r->totals[STAT_IN]++;
	arena_reset(&r->context.arena);
	if (context_event(&r->context, s, f, &at) != 0)
		malformed(r, f, at);
	else if (r->context.type)
		evaluate(r, s);
	else
		r->totals[STAT_DROPPED]++;
}

/* A source whose every record is broken would fill the log. */
static void warn_of_document(struct run *r)
{
	const struct context *c = &r->context;

	if (r->bad_documents++ < DOCUMENTS_NAMED)
		log_warnx("source %s, record %llu: the document can not be read and was dropped: %s", c->source,
			(unsigned long long)c->event.id, c->document.error);
}

static void take_json(struct run *r, const struct frame *f)
{
	struct state *s = stream_state(r, f->stream);
	size_t at = 0;

	r->totals[STAT_IN]++;
	arena_reset(&r->context.arena);
	if (context_json(&r->context, s, f, &at) != 0) {
		malformed(r, f, at);
		return;
	}
	evaluate(r, s);
	if (document_bad(&r->context.document))
		warn_of_document(r);
	document_clear(&r->context.document);
}

static void take_kind(struct run *r, const struct frame *f)
{
	switch (f->kind) {
	case FRAME_EVENT: take_event(r, f); break;
	case FRAME_JSON: take_json(r, f); break;
	case FRAME_STAT:
		write_hello(r, input_recorded(r->in, f->stream));
		frame_copy(&r->batch.pack, f);
		r->beat = true;
		break;
	case FRAME_END: case FRAME_ACK: case FRAME_ALERT: case FRAME_EVIDENCE: case FRAME_PLAN: break;
	default:
		if (f->kind > 0 && f->kind < FRAME_KINDS)
			take_definition(r, f);
		else
			r->totals[STAT_UNKNOWN]++;
		break;
	}
}

/* Between two events. */
static void take_program(struct run *r, struct program *p, struct setup *s)
{
	r->errors_before += eval_errors(&r->eval);
	eval_free(&r->eval);
	program_free(r->program);
	setup_drop(r->own);
	r->program = p;
	r->setup = r->own = s;
	r->context.old = s->load.old;
	eval_init(&r->eval, p);
	for (int i = 0; i < STREAMS; i++) {
		const struct hello *h = r->states[i] ? state_hello(r->states[i]) : NULL;
		if (h && h->seen)
			program_links(p, h->links, !h->recorded || (h->links && h->links[0]));
	}
}

/* A frame is safe when the alerts that it raised are; most raise none. */
static void take_frame(struct run *r, const struct frame *f)
{
	uint64_t alerts = r->totals[STAT_ALERTS_OUT];
	struct frame_ref ref = frame_ref(f);
	size_t begin;

	if (f->kind == FRAME_EVENT || f->kind == FRAME_JSON)
		write_hello(r, input_recorded(r->in, f->stream));
	begin = r->batch.pack.len;
	take_kind(r, f);
	if (r->totals[STAT_ALERTS_OUT] != alerts)
		batch_mark(&r->batch, begin, &ref, true);
	else
		input_safe(r->in, &ref, 1);
}

/* The new program takes the place of the old one, or what is wrong is said and the old one stays. */
static void reload(struct run *r)
{
	struct diag d = {0};
	struct strbuf line = {0}, why = {0};
	struct ruleset rs = {0};
	struct setup *s = calloc(1, sizeof *s);
	char note[256];

	if (!s)
		diex(EX_OSERR, "out of memory");
	r->reloads++;
	struct program *p = setup_reread(s, r->options.common, &d) == 0 ? load_program(&s->load, &rs, &d, &line) : NULL;
	if (p) {
		take_program(r, p, s);
		log_info("reloaded: %s", line.p);
		snprintf(note, sizeof note, "reloaded %d", r->reloads);
	} else {
		diag_print(&d, true, false, &why);
		log_warnx("the rules stay as they were: %s", why.p);
		snprintf(note, sizeof note, "refused %d: %.*s", r->reloads, (int)strcspn(why.p, "\n"), why.p);
		setup_drop(s);
	}
	options_notify(r->options.common, note);
	strbuf_free(&line);
	strbuf_free(&why);
	diag_free(&d);
	ruleset_free(&rs);
}

static void wait_for_input(struct run *r)
{
	uint64_t now = now_ms();
	int timeout = !r->hello ? STAT_EVERY_MS : r->next_stat > now ? (int)(r->next_stat - now) : 0;

	if (input_wait(r->in, timeout, output_listen_fd(r->out)))
		output_accept(r->out);
}

static bool handle_signals(struct run *r)
{
	if (*r->options.stop)
		return false;
	if (*r->options.reload != r->reloads_seen) {
		r->reloads_seen = *r->options.reload;
		reload(r);
	}
	return true;
}

/* Takes what is there. Returns whether to go on. */
static bool step(struct run *r)
{
	struct frame f;

	if (output_full(r->out)) {
		r->since_clock = 0;
		output_wait(r->out, STAT_EVERY_MS);
		return true;
	}
	switch (input_next(r->in, &f)) {
	case INPUT_FRAME:
		take_frame(r, &f);
		if (r->batch.pack.len >= FLUSH_BYTES)
			flush(r);
		if (++r->since_clock >= CLOCK_EVERY)
			tick(r);
		return true;
	case INPUT_EMPTY:
		tick(r);
		flush(r);
		wait_for_input(r);
		return true;
	case INPUT_BAD:
		log_warnx("%s", input_error(r->in));
		r->status = EX_DATAERR;
		return false;
	default:
		r->status = input_status(r->in);
		return false;
	}
}

int run_loop(struct run *r)
{
	while (handle_signals(r) && !r->status && !r->failed && step(r))
		;
	if (r->failed)
		return r->status;
	write_hello(r, false);
	write_stat(r);
	end_frame(&r->batch.pack, r->status == EX_DATAERR ? "malformed stream" : *r->options.stop ? "signal" : NULL);
	flush(r);
	output_drain(r->out, *r->options.stop ? STAT_EVERY_MS : -1);
	return r->status;
}
