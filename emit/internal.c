/* What the STATs of all stages say of each other, and the ALERT frames that are made of it. */
#include "internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "wire/log.h"

enum { STAGES = 64, KEY_MAX = 512, TIMEOUT_MS = 30, TIMEOUT_LEAST_S = 3, PRIORITY_CRITICAL = 2, PRIORITY_WARNING = 4, PRIORITY_INFO = 6,
	PRIORITY_DEBUG = 7 };
#define NS UINT64_C(1000000000)

/* One stage of one source name on one host, whatever instance of it. */
struct stage {
	char key[KEY_MAX];
	uint64_t start, time;                  /* of the instance that counted last, and when it did */
	uint64_t refused;                      /* reloads that it had refused by then */
};

struct internal {
	struct internal_policy policy;
	const struct source *self;
	internal_raise *raise;
	void *arg;
	struct drops drops;
	struct metrics *metrics;
	struct samples samples;
	struct drops_count counted;            /* by the probe, at its last heartbeat */
	struct stage stages[STAGES];
	unsigned nstages;
	uint64_t first_event;                  /* time of the first heartbeat, ns since the epoch; 0: none yet */
	uint64_t beat;                         /* steady time of the last heartbeat; 0: none is waited for */
	bool beaten, exits;                    /* beaten: a heartbeat came since the last tick */
	uint64_t number;
	struct pack pack;
	size_t frame;
};

struct internal *internal_new(const struct internal_policy *p, const struct source *self, internal_raise *raise, void *arg)
{
	struct internal *in = calloc(1, sizeof *in);

	if (!in)
		diex(EX_OSERR, "out of memory");
	in->policy = *p;
	in->self = self;
	in->raise = raise;
	in->arg = arg;
	drops_init(&in->drops, &p->drops);
	in->samples = p->samples;
	if (p->metrics.enabled)
		in->metrics = metrics_new(&p->metrics, self->host, self->start);
	return in;
}

void internal_set(struct internal *in, const struct internal_policy *p)
{
	in->policy = *p;
	in->drops.policy = p->drops;
	if (!in->metrics && p->metrics.enabled)
		in->metrics = metrics_new(&p->metrics, in->self->host, in->self->start);
	if (in->metrics)
		metrics_set(in->metrics, &p->metrics, clock_wall());
}

void internal_free(struct internal *in)
{
	if (!in)
		return;
	metrics_free(in->metrics);
	pack_free(&in->pack);
	free(in);
}

/* An alert up to its fields. */
static void begin(struct internal *in, const char *rule, int priority, const char *text)
{
	struct pack *p = &in->pack;

	p->len = 0;
	in->frame = frame_begin(p, FRAME_ALERT);
	pack_uint(p, clock_wall());
	pack_array(p, 2);
	source_pack(p, in->self);
	pack_uint(p, ++in->number);
	pack_str(p, rule);
	pack_uint(p, (uint64_t)priority);
	pack_str(p, "internal");
	pack_array(p, 0);
	pack_bin(p, text, strlen(text));
}

static void field(struct pack *p, const char *name, const char *value)
{
	pack_array(p, 2);
	pack_str(p, name);
	pack_str(p, value);
}

static void number_field(struct pack *p, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	field(p, name, text);
}

static void end(struct internal *in)
{
	struct frame f;
	size_t need;
	char err[128];

	if (frame_end(&in->pack, in->frame) != 0 || frame_parse(in->pack.data, in->pack.len, 0, &f, &need, err, sizeof err) != 1)
		log_warnx("an internal alert is too long for a frame and was dropped");
	else
		in->raise(in->arg, &f);
}

static void alert_drops(struct internal *in, const char *text, const struct drops_count *lost)
{
	struct pack *p = &in->pack;
	uint64_t full = 0;
	char name[64];

	for (int g = 0; g < DROPS_GROUPS; g++)
		full += lost->full[g];
	begin(in, "Falco internal: syscall event drop", PRIORITY_DEBUG, text);
	pack_array(p, in->policy.old ? 6 : 7 + DROPS_GROUPS);
	field(p, "ebpf_enabled", "1");
	number_field(p, "n_drops", lost->drops);
	number_field(p, "n_drops_bug", lost->missed);
	number_field(p, in->policy.old ? "n_drops_buffer" : "n_drops_buffer_total", full);
	for (int g = 0; g < DROPS_GROUPS && !in->policy.old; g++) {
		snprintf(name, sizeof name, "n_drops_buffer_%s_exit", drops_group_name((enum drops_group)g));
		number_field(p, name, lost->full[g]);
	}
	number_field(p, in->policy.old ? "n_drops_pf" : "n_drops_page_faults", 0);
	if (!in->policy.old)
		number_field(p, "n_drops_scratch_map", lost->scratch);
	number_field(p, "n_evts", lost->events);
	end(in);
}

static void check_drops(struct internal *in, struct stat_record *s)
{
	struct drops_count now, lost;
	char text[128];

	if (in->exits)
		return;
	drops_read(s, &now);
	in->counted = now;
	if (in->metrics)
		metrics_kernel(in->metrics, &now);
	unsigned actions = drops_check(&in->drops, &now, s->time, &lost);
	snprintf(text, sizeof text, "Falco internal: syscall event drop. %" PRIu64 " system calls dropped in last second.", lost.drops);
	if (actions & DROPS_LOG)
		log_warnx("%s", text);
	if (actions & DROPS_ALERT)
		alert_drops(in, text, &lost);
	if (actions & DROPS_EXIT) {
		log_text(LEVEL_CRITICAL, text);
		log_text(LEVEL_CRITICAL, "Exiting.");
		in->exits = true;
	}
}

static struct stage *stage_of(struct internal *in, const struct stat_record *s)
{
	char key[KEY_MAX];

	snprintf(key, sizeof key, "%.*s\t%.*s\t%.*s\t%.*s", (int)s->host.s.len, (const char *)s->host.s.data, (int)s->boot.s.len,
		(const char *)s->boot.s.data, (int)s->name.s.len, (const char *)s->name.s.data, (int)s->stage.s.len,
		(const char *)s->stage.s.data);
	for (unsigned i = 0; i < in->nstages; i++)
		if (strcmp(in->stages[i].key, key) == 0)
			return &in->stages[i];
	struct stage *new = in->nstages < STAGES ? &in->stages[in->nstages++] : &in->stages[in->number % STAGES];
	*new = (struct stage){0};
	memcpy(new->key, key, sizeof key);
	return new;
}

static void alert_restart(struct internal *in, const struct stat_record *s, const struct stage *before)
{
	static const char rule[] = "saker internal: stage restarted";
	double gap = s->start > before->time ? (double)(s->start - before->time) / (double)NS : 0;
	char text[256], seconds[32];

	snprintf(seconds, sizeof seconds, "%.3f", gap);
	snprintf(text, sizeof text, "%s. %.*s was started again %s s after its last sign of life.", rule, (int)s->stage.s.len,
		(const char *)s->stage.s.data, seconds);
	begin(in, rule, PRIORITY_WARNING, text);
	pack_array(&in->pack, 2);
	field(&in->pack, "gap_seconds", seconds);
	pack_array(&in->pack, 2);
	pack_str(&in->pack, "stage");
	pack_strn(&in->pack, (const char *)s->stage.s.data, s->stage.s.len);
	end(in);
}

static void alert_refused(struct internal *in, const struct stat_record *s)
{
	static const char rule[] = "Falco internal: hot restart failure";
	char text[2048];

	snprintf(text, sizeof text, "%s: %.*s", rule, s->why.type == VALUE_NIL ? 0 : (int)s->why.s.len,
		s->why.type == VALUE_NIL ? "" : (const char *)s->why.s.data);
	begin(in, rule, PRIORITY_CRITICAL, text);
	pack_array(&in->pack, 0);
	end(in);
}

static uint64_t counter(struct stat_record s, const char *name)
{
	struct value v;
	uint64_t n;

	while (stat_record_next(&s, &v, &n))
		if (stat_record_is(&v, name, NULL, 0) && v.s.len == strlen(name))
			return n;
	return 0;
}

static bool is_probe(const struct stat_record *s)
{
	return s->stage.s.len == 5 && memcmp(s->stage.s.data, "probe", 5) == 0;
}

void internal_stat(struct internal *in, const struct stat_record *s)
{
	struct stage *stage = stage_of(in, s);
	struct stat_record rest = *s;
	uint64_t refused = counter(*s, "reloads.refused");

	if (stage->start && s->start > stage->start) {
		alert_restart(in, s, stage);
		stage->refused = 0;
		if (is_probe(s))
			drops_restart(&in->drops);
	}
	if (refused > stage->refused)
		alert_refused(in, s);
	if (s->start < stage->start)
		return;                        /* of an instance that has gone, read late */
	stage->start = s->start;
	stage->time = s->time;
	stage->refused = refused;
	if (!is_probe(s))
		return;
	in->beaten = true;
	if (!in->first_event)
		in->first_event = s->time;
	check_drops(in, &rest);
}

void internal_recorded(struct internal *in, const struct stat_record *s)
{
	struct stat_record rest = *s;

	if (in->policy.drops.simulate && is_probe(s) && (!in->drops.checked || s->time > in->drops.checked + NS))
		check_drops(in, &rest);
}

static void alert_timeout(struct internal *in)
{
	static const char rule[] = "Falco internal: timeouts notification";
	time_t seconds = (time_t)(in->first_event / NS);
	char text[160], clock[16], last[48];
	struct tm tm;

	strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&seconds, &tm));
	snprintf(last, sizeof last, "%s.%09" PRIu64, clock, in->first_event % NS);
	snprintf(text, sizeof text, "%s. %u consecutive timeouts without event.", rule, in->policy.timeouts);
	begin(in, rule, PRIORITY_DEBUG, text);
	pack_array(&in->pack, 1);
	field(&in->pack, "last_event_time", in->first_event ? last : "none");
	end(in);
}

static void alert_metrics(struct internal *in, uint64_t wall)
{
	begin(in, "Falco internal: metrics snapshot", PRIORITY_INFO, "Falco metrics snapshot");
	metrics_fields(in->metrics, wall, &in->pack);
	if (in->policy.metrics.rule)
		end(in);
}

void internal_tick(struct internal *in, uint64_t wall, uint64_t steady, uint64_t dropped)
{
	uint64_t patience = (uint64_t)in->policy.timeouts * TIMEOUT_MS * (NS / 1000);

	if (patience < TIMEOUT_LEAST_S * NS)
		patience = TIMEOUT_LEAST_S * NS;
	if (in->beaten || !in->beat)
		in->beat = in->first_event ? steady : 0;
	in->beaten = false;
	if (in->beat && steady - in->beat > patience) {
		in->beat = steady;
		alert_timeout(in);
	}
	if (in->metrics && metrics_due(in->metrics, wall)) {
		metrics_dropped(in->metrics, dropped);
		alert_metrics(in, wall);
	}
	if (in->first_event)
		samples_tick(&in->samples, &in->counted, steady);
}

void internal_counted(struct internal *in, const struct value *rule)
{
	if (in->metrics)
		metrics_alert(in->metrics, rule);
}

void internal_ended(struct internal *in)
{
	in->first_event = in->beat = 0;
}

bool internal_exits(const struct internal *in)
{
	return in->exits;
}

void internal_drops(const struct internal *in, uint64_t *detected, uint64_t *acted)
{
	*detected = in->drops.detected;
	*acted = in->drops.acted;
}
