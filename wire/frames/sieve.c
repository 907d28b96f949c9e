/* Events through a plan, counted. */
#include "sieve.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "wire/log.h"
#include "wire/plan/plan_strip.h"

void sieve_open(struct sieve *s, const char *path)
{
	char err[512];

	if (!(s->plan = plan_read(path, err, sizeof err)))
		diex(EX_CONFIG, "%s", err);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (!(s->line[i] = calloc(s->plan->event[i].n + 1, sizeof **s->line)))
			diex(EX_OSERR, "out of memory: counts");
}

bool sieve_passes(struct sieve *s, struct frame *f)
{
	if (!s->plan)
		return true;
	if (!s->filter[f->stream])
		s->filter[f->stream] = plan_filter_new(s->plan);
	struct plan_verdict v = plan_filter_take(s->filter[f->stream], f);
	if (v.type >= 0) {
		s->passed[v.type] += v.passes;
		s->rejected[v.type] += !v.passes;
		if (v.line >= 0)
			s->line[v.type][v.line]++;
	}
	if (v.passes)
		plan_strip(s->plan, f, &s->left);
	return v.passes;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void report_type(const struct sieve *s, unsigned type)
{
	const struct plan_event *e = &s->plan->event[type];
	uint64_t all = s->passed[type] + s->rejected[type];

	if (!all)
		return;
	fprintf(stderr, "%-20s %10llu events, %10llu rejected (%5.1f %%)%s\n", event_type(type)->name, (unsigned long long)all,
		(unsigned long long)s->rejected[type], share(s->rejected[type], all), e->wanted ? "" : ", not wanted");
	for (size_t i = 0; i < e->n; i++)
		if (s->line[type][i])
			fprintf(stderr, "  %10llu passed for %s\n", (unsigned long long)s->line[type][i], e->line[i].note);
}

void sieve_report(const struct sieve *s, int verbose)
{
	uint64_t passed = 0, rejected = 0, wanted = 0, kept = 0;

	if (!s->plan)
		return;
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		passed += s->passed[i];
		rejected += s->rejected[i];
		if (s->plan->event[i].wanted) {
			kept += s->passed[i];
			wanted += s->passed[i] + s->rejected[i];
		}
		if (verbose)
			report_type(s, i);
	}
	log_info("plan: %llu events, %llu rejected; of %llu of wanted types %.1f %% were rejected",
		(unsigned long long)(passed + rejected), (unsigned long long)rejected, (unsigned long long)wanted, share(wanted - kept, wanted));
}

void sieve_free(struct sieve *s)
{
	for (unsigned i = 0; i < INPUT_MAX; i++)
		plan_filter_free(s->filter[i]);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		free(s->line[i]);
	plan_free(s->plan);
	pack_free(&s->left);
	*s = (struct sieve){0};
}
