/* frames --status: what the stages count, from their heartbeats: a line or a JSON object for each, with rates between its last two. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "job.h"
#include "wire/log.h"
#include "wire/spec.h"
#include "wire/stat_record.h"

enum { STAGES = 64, NAME_LEN = 64, LISTEN_MS = 2300 };         /* two heartbeats, which come every second, and a little more */
#define NS UINT64_C(1000000000)

/* What goes into a stage, out of it, and neither. */
struct flow {
	uint64_t in, out, dropped;
};
/* Which counters these are, by their names, or the beginnings of them where `.` is last. */
static const struct flow_of {
	const char *stage, *in, *out, *dropped;
} flows[] = {
	{ "probe", "kernel.wanted.", "probe.events.out", "kernel.dropped." },
	{ "enrich", "in", "out", "dropped" },
	{ "match", "in", "alerts.out", "dropped" },
	{ "emit", "alerts.in", "alerts.written.", "alerts.dropped." },
};

struct stage {
	char stage[NAME_LEN], source[NAME_LEN], host[NAME_LEN];
	uint64_t start, time, before;          /* of the last heartbeat, and of the one before it; 0: there was none */
	struct flow now, then;
	json_t *counters;
};

struct status {
	struct stage stages[STAGES];
	unsigned n;
};

static void copy(char to[NAME_LEN], const struct value *v)
{
	snprintf(to, NAME_LEN, "%.*s", (int)v->s.len, (const char *)v->s.data);
}

static struct stage *find(struct status *st, const struct stat_record *s)
{
	struct stage wanted = {0};

	copy(wanted.stage, &s->stage);
	copy(wanted.source, &s->name);
	copy(wanted.host, &s->host);
	for (unsigned i = 0; i < st->n; i++)
		if (strcmp(st->stages[i].stage, wanted.stage) == 0 && strcmp(st->stages[i].source, wanted.source) == 0 &&
			strcmp(st->stages[i].host, wanted.host) == 0)
			return &st->stages[i];
	if (st->n == STAGES)
		return NULL;
	st->stages[st->n] = wanted;
	return &st->stages[st->n++];
}

static uint64_t counted(const char *name, const char *wanted, uint64_t n)
{
	size_t len = strlen(wanted);
	bool all = len && wanted[len - 1] == '.';

	return (all ? strncmp(name, wanted, len) : strcmp(name, wanted)) == 0 ? n : 0;
}

static void count(struct stage *g, struct stat_record *s)
{
	const struct flow_of *f = flows;
	struct value v;
	uint64_t n;
	char name[128];

	while (f < flows + sizeof flows / sizeof *flows && strcmp(f->stage, g->stage) != 0)
		f++;
	json_decref(g->counters);
	g->counters = json_object();
	g->now = (struct flow){0};
	while (stat_record_next(s, &v, &n)) {
		stat_record_is(&v, "", name, sizeof name);
		json_object_set_new(g->counters, name, json_integer((json_int_t)n));
		if (f == flows + sizeof flows / sizeof *flows)
			continue;
		g->now.in += counted(name, f->in, n);
		g->now.out += counted(name, f->out, n);
		g->now.dropped += counted(name, f->dropped, n);
	}
}

static bool take(struct status *st, const struct frame *f)
{
	struct stat_record s;
	struct stage *g;
	size_t at;

	if (f->kind != FRAME_STAT)
		return true;
	if (stat_record_read(f, &s, &at) != 0) {
		log_warnx("byte %llu: malformed stat", (unsigned long long)(f->offset + FRAME_HEADER + at));
		return false;
	}
	if (!(g = find(st, &s)))
		return true;
	g->before = g->start == s.start ? g->time : 0;
	g->then = g->now;
	g->start = s.start;
	g->time = s.time;
	count(g, &s);
	return true;
}

static double rate(const struct stage *g, uint64_t now, uint64_t then)
{
	return g->before && g->time > g->before && now >= then ? (double)(now - then) * (double)NS / (double)(g->time - g->before) : 0;
}

static void since(const struct stage *g, char *text, size_t len)
{
	time_t seconds = (time_t)(g->start / NS);
	struct tm tm;

	strftime(text, len, "%FT%TZ", gmtime_r(&seconds, &tm));
}

static void print_text(const struct status *st)
{
	char start[32];

	printf("%-8s %-20s %14s %12s %14s %12s %10s\n", "STAGE", "SINCE", "IN", "IN/S", "OUT", "OUT/S", "DROPPED");
	for (unsigned i = 0; i < st->n; i++) {
		const struct stage *g = &st->stages[i];
		since(g, start, sizeof start);
		printf("%-8s %-20s %14" PRIu64 " %12.1f %14" PRIu64 " %12.1f %10" PRIu64 "\n", g->stage, start, g->now.in,
			rate(g, g->now.in, g->then.in), g->now.out, rate(g, g->now.out, g->then.out), g->now.dropped);
	}
}

static void print_json(const struct status *st)
{
	json_t *stages = json_array(), *root;
	char start[32];

	for (unsigned i = 0; i < st->n; i++) {
		const struct stage *g = &st->stages[i];
		since(g, start, sizeof start);
		json_array_append_new(stages, json_pack("{s:s, s:s, s:s, s:s, s:I, s:f, s:I, s:f, s:I, s:O}", "stage", g->stage, "source", g->source,
			"host", g->host, "since", start, "in", (json_int_t)g->now.in, "in_rate", rate(g, g->now.in, g->then.in), "out",
			(json_int_t)g->now.out, "out_rate", rate(g, g->now.out, g->then.out), "dropped", (json_int_t)g->now.dropped,
			"counters", g->counters));
	}
	root = json_pack("{s:o}", "stages", stages);
	json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(root);
}

/* Until the end of a recording, or of the time in which each stage of a live stream has counted twice. */
static int gather(struct status *st, struct input *in)
{
	uint64_t end = spec_clock() + LISTEN_MS;
	struct frame f;

	for (;;) {
		uint64_t now = spec_clock();
		switch (input_next(in, &f)) {
		case INPUT_FRAME:
			if (!take(st, &f))
				return EX_DATAERR;
			break;
		case INPUT_EMPTY:
			if (now >= end)
				return 0;
			input_wait(in, (int)(end - now), -1);
			break;
		case INPUT_BAD:
			log_warnx("%s", input_error(in));
			return EX_DATAERR;
		default:
			return input_status(in);
		}
	}
}

int status_run(struct job *j, bool json)
{
	struct status st = {0};
	int status;
	struct input *in = job_input(j, &status);

	if (!in)
		return status;
	status = gather(&st, in);
	input_free(in);
	if (json)
		print_json(&st);
	else
		print_text(&st);
	for (unsigned i = 0; i < st.n; i++)
		json_decref(st.stages[i].counters);
	return status ? status : st.n ? 0 : EX_NOINPUT;
}
