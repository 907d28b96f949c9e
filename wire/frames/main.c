/* frames: any stream to JSON lines and back, choosing by kind; and any JSON log to a stream. See frames(1). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf/options.h"
#include "job.h"
#include "wire/log.h"
#include "wire/moment.h"

static const char usage[] =
	"usage: frames [-b] [-i ENDPOINT]... [-o ENDPOINT] [-k KINDS] [-n COUNT] [--plan FILE] <STREAM\n"
	"       frames -e [-o ENDPOINT] [-k KINDS] [-n COUNT] <JSON-LINES\n"
	"       frames --to-scap [-i ENDPOINT]... [-n COUNT] <STREAM >FILE.scap\n"
	"       frames --status[=json] [-i ENDPOINT]...\n"
	"       frames --json-source NAME [--time POINTER] [-o ENDPOINT] [-n COUNT] <JSON-LINES\n"
	"\n"
	"  -e                   JSON lines to frames; without it frames to JSON lines\n"
	"  -b                   write the chosen frames as frames\n"
	"  -k KIND[,KIND]...    only these kinds, by name or number\n"
	"  -n COUNT             leave after so many\n"
	"  -i ENDPOINT          where frames come from: - (default), unix:PATH, listen:PATH\n"
	"  -o ENDPOINT          where frames go to, the same\n"
	"  --plan FILE          as a kernel side with this plan would send it: without other events, facts and data; -v counts by type\n"
	"  --to-scap            write a capture that sysdig and Falco read; COUNT is of events\n"
	"  --status[=json]      what each stage has counted, and how much a second, as a table or as JSON\n"
	"  --json-source NAME   each line is a JSON document of source NAME\n"
	"  --time POINTER       its time is where this JSON pointer leads\n"
	"  --version, --help\n";

enum { OPTION_SOURCE = OPTION_OWN, OPTION_TIME, OPTION_SCAP, OPTION_STATUS, OPTION_PLAN };

struct arguments {
	struct options common;
	struct job job;
	const char *plan;
	bool encode, scap, status, json;
};

static _Noreturn void wrong(const char *what, const char *found)
{
	fprintf(stderr, "frames: found '%s', expected %s\nTry 'frames --help'.\n", found, what);
	exit(EX_USAGE);
}

static void take_kinds(struct job *j, char *list)
{
	char *save, *word;

	j->select = true;
	for (word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		char *end;
		long number = strtol(word, &end, 10);
		bool numeric = end != word && *end == '\0' && number >= -128 && number <= 127;
		int kind = numeric ? (int)number : frame_kind_number(word);
		if (!numeric && kind < 0)
			wrong("a record kind, or a number from -128 to 127", word);
		j->kinds[kind + 128] = true;
	}
}

static void take_count(struct job *j, const char *text)
{
	char *end;

	errno = 0;
	j->count = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || j->count == 0)
		wrong("a count of frames, 1 or more", text);
}

static void take_option(struct arguments *a, int opt, char *value)
{
	switch (opt) {
	case 'e': a->encode = true; break;
	case 'b': a->job.binary = true; break;
	case 'k': take_kinds(&a->job, value); break;
	case 'n': take_count(&a->job, value); break;
	case OPTION_SCAP: a->scap = true; break;
	case OPTION_STATUS:
		a->status = true;
		a->json = value && strcmp(value, "json") == 0;
		if (value && !a->json)
			wrong("--status or --status=json", value);
		break;
	case OPTION_PLAN: a->plan = value; break;
	case OPTION_SOURCE:
		a->job.source = value;
		break;
	case OPTION_TIME:
		if (!moment_is_pointer(value))
			wrong("a JSON pointer (RFC 6901), such as /published", value);
		a->job.time = value;
		break;
	default:
		options_take(&a->common, opt, value, usage);
		break;
	}
}

/* Options that have no meaning beside one another. */
static void check_together(const struct arguments *a)
{
	bool decode = !a->encode && !a->job.source;

	if (a->scap && (!decode || a->job.binary || a->job.select || a->common.output))
		wrong("--to-scap only with -i and -n", "another way to write");
	if (a->status && (!decode || a->scap || a->job.binary || a->job.select || a->job.count || a->common.output))
		wrong("--status only with -i", "another way to write");
	if (a->plan && (!decode || a->scap))
		wrong("--plan only where frames are read", a->scap ? "--to-scap" : "-e or --json-source");
	if (a->encode && a->job.source)
		wrong("one of -e and --json-source", "both");
	if (!decode && (a->common.ninputs || a->job.binary))
		wrong("-i and -b only where frames are read", "-e or --json-source");
	if (a->job.time && !a->job.source)
		wrong("--time only with --json-source", "--time");
	if (a->job.source && a->job.select)
		wrong("-k only where frames are chosen", "--json-source");
	if (decode && !a->job.binary && a->common.output && strcmp(a->common.output, "-") != 0)
		wrong("-o only where frames are written (-b, -e, --json-source)", a->common.output);
}

static void parse(struct arguments *a, int argc, char **argv)
{
	static const struct option longs[] = { OPTIONS_LONG, { "json-source", required_argument, NULL, OPTION_SOURCE },
		{ "time", required_argument, NULL, OPTION_TIME },
		{ "status", optional_argument, NULL, OPTION_STATUS }, { "plan", required_argument, NULL, OPTION_PLAN },
		{ "to-scap", no_argument, NULL, OPTION_SCAP }, { NULL, 0, NULL, 0 } };
	int opt;

	a->common.program = "frames";
	a->common.notify = -1;
	options_begin(&a->common, &argc, &argv);
	while ((opt = getopt_long(argc, argv, "bei:k:n:o:v", longs, NULL)) != -1)
		take_option(a, opt, optarg);
	options_end(&a->common, argc, optind, argv);
	check_together(a);
	a->job.inputs = a->common.inputs;
	a->job.ninputs = a->common.ninputs;
}

static void on_first_interrupt(int sig)
{
	(void)sig;
}

/* The first interrupt is for the head of the line: its END ends us. The second one ends us at once. */
static void set_signals(void)
{
	struct sigaction first = { .sa_handler = on_first_interrupt, .sa_flags = (int)(SA_RESETHAND | SA_RESTART) };

	sigaction(SIGINT, &first, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int run(struct arguments *a)
{
	struct job *j = &a->job;
	int status;

	if (a->status)
		return status_run(j, a->json);
	if (a->scap)
		return to_scap_run(j);
	if (a->encode)
		return encode_run(j);
	if (j->source)
		return source_run(j);
	status = decode_run(j);
	sieve_report(&j->sieve, a->common.verbose);
	sieve_free(&j->sieve);
	return status;
}

int main(int argc, char **argv)
{
	static struct arguments a;
	char err[400];
	int status;

	parse(&a, argc, argv);
	log_open("frames", a.common.verbose);
	set_signals();
	if (a.plan)
		sieve_open(&a.job.sieve, a.plan);
	vocabulary_open(&a.job.vocabulary);
	if (!(a.job.output = output_open(a.common.output, err, sizeof err, &status)))
		diex(status, "%s", err);
	options_notify(&a.common, "ready");
	status = run(&a);
	output_free(a.job.output);
	vocabulary_free(&a.job.vocabulary);
	pack_free(&a.job.out);
	options_free(&a.common);
	return status;
}
