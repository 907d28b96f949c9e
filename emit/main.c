/* emit: alerts to outputs. See emit(1). */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf/options.h"
#include "loop.h"
#include "setup.h"
#include "wire/log.h"

static const char usage[] =
	"usage: emit [-nv] [-i ENDPOINT]... [--json] [-O KEY=VALUE]... [--notify FD]\n"
	"Reads alerts and writes them to its outputs, standard output unless told otherwise.\n"
	"\n"
	"  -i ENDPOINT    read from - (standard input), unix:PATH or listen:PATH\n"
	"  --json         alerts as JSON lines: the same as -O json_output=true\n"
	"  --samples FILE counts of events and drops now and then, as lines at the end of a file; --samples-interval MS: how often (5000)\n"
	"  --totals       at the end, say what was detected, as Falco does\n"
	"  -c FILE        arguments from a file, each ended by NUL\n"
	"  -O KEY=VALUE   set a key of the configuration; --keys lists them\n"
	"  -n, --check    check the configuration and leave\n"
	"  -v             say at the end what became of the alerts\n"
	"  --notify FD    write a line there when ready\n"
	"  --keys, --version, --help\n";

enum { OPTION_JSON = OPTION_OWN, OPTION_TOTALS, OPTION_SAMPLES, OPTION_INTERVAL };

#define SAMPLES_INTERVAL UINT64_C(5000000000)

struct arguments {
	struct options common;
	bool totals;
	struct samples samples;
};

/* Nanoseconds of a number of milliseconds. */
static uint64_t interval(const char *text)
{
	char *end;
	unsigned long long ms = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || ms == 0 || ms > UINT32_MAX)
		diex(EX_USAGE, "--samples-interval: found '%s', expected a number of milliseconds", text);
	return ms * 1000000;
}

static struct arguments parse(int argc, char **argv)
{
	static const struct option longopts[] = { OPTIONS_LONG, { "json", no_argument, NULL, OPTION_JSON },
		{ "totals", no_argument, NULL, OPTION_TOTALS }, { "samples", required_argument, NULL, OPTION_SAMPLES },
		{ "samples-interval", required_argument, NULL, OPTION_INTERVAL }, { 0 } };
	struct arguments a = { .common = { .program = "emit", .notify = -1 }, .samples.interval = SAMPLES_INTERVAL };
	int opt;

	options_begin(&a.common, &argc, &argv);
	while ((opt = getopt_long(argc, argv, OPTIONS_SHORT, longopts, NULL)) != -1)
		if (opt == OPTION_JSON)
			options_take(&a.common, 'O', "json_output=true", usage);
		else if (opt == OPTION_TOTALS)
			a.totals = true;
		else if (opt == OPTION_SAMPLES)
			a.samples.file = optarg;
		else if (opt == OPTION_INTERVAL)
			a.samples.interval = interval(optarg);
		else
			options_take(&a.common, opt, optarg, usage);
	options_end(&a.common, argc, optind, argv);
	return a;
}

static void report_output(const struct sink *s)
{
	log_info("output %s: alerts in %" PRIu64 " = written %" PRIu64 " + dropped %" PRIu64 " + folded %" PRIu64 " + queued %" PRIu64,
		s->kind->name, s->in, s->written, sink_dropped(s), s->folded, s->queued);
	if (sink_dropped(s))
		log_info("output %s: dropped %" PRIu64 " as its queue was full, %" PRIu64 " as it failed, %" PRIu64 " at the end",
			s->kind->name, s->dropped[SINK_FULL], s->dropped[SINK_FAILED], s->dropped[SINK_END]);
}

static void report(const struct loop_totals *t, const struct sink *sinks)
{
	log_info("alerts in %" PRIu64 ", statistics %" PRIu64 ", other frames %" PRIu64 ", unknown frames %" PRIu64,
		t->alerts, t->stats, t->others, t->unknown);
	if (t->again)
		log_info("alerts that had come before %" PRIu64, t->again);
	for (int i = 0; i < SINKS; i++)
		if (!sinks[i].off)
			report_output(&sinks[i]);
}

static int run(const struct arguments *a, struct setup *setup)
{
	const struct options *o = &a->common;
	struct sink sinks[SINKS] = {0};
	struct loop_totals totals = {0};
	char err[512];
	int status;

	if (sink_open(sinks, &setup->conf, err, sizeof err) != 0)
		diex(EX_OSERR, "%s", err);
	struct spool *spool = spool_open(conf_text(&setup->conf, CONF_EMIT_STATE), err, sizeof err);
	if (!spool)
		diex(EX_OSERR, "%s", err);
	struct input *in = input_open(o->inputs, o->ninputs, err, sizeof err, &status);
	if (!in)
		diex(status, "%s", err);
	input_acknowledge(in);
	options_notify(o, "ready");
	const struct loop_config config = { .in = in, .setup = setup, .spool = spool, .sinks = sinks, .tally = a->totals };
	status = loop_run(&config, &totals);
	if (o->verbose)
		report(&totals, sinks);
	if (a->totals)
		tally_print(&totals.tally, setup->format.old, totals.drops_detected, totals.drops_acted);
	tally_free(&totals.tally);
	input_free(in);
	for (int i = 0; i < SINKS; i++)
		sink_free(&sinks[i]);
	spool_free(spool);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments a = parse(argc, argv);
	struct options *o = &a.common;
	struct setup setup;
	char err[512];
	int status = 0;

	log_open(o->program, o->verbose);
	signal(SIGPIPE, SIG_IGN);
	if (o->output)
		diex(EX_USAGE, "-o: outputs are set with -O, for example -O file_output.enabled=true");
	if (setup_open(&setup, o, err, sizeof err) != 0)
		diex(EX_CONFIG, "%s", err);
	setup.policy.samples = a.samples;
	if (!o->check)
		status = run(&a, &setup);
	setup_free(&setup);
	options_free(o);
	return status;
}
