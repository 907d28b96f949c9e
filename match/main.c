/* match: raises alerts from rules. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf/options.h"
#include "match/report/describe.h"
#include "match/report/describe_fields.h"
#include "load.h"
#include "match/plan/plan.h"
#include "privileges.h"
#include "match/language/required.h"
#include "run.h"
#include "setup.h"
#include "match/report/validate.h"
#include "match/report/wanted.h"
#include "wire/log.h"

static const char usage[] =
	"usage: match -r FILE|DIR... [-nv] [-i ENDPOINT]... [-o ENDPOINT] [-c FILE] [-O KEY=VALUE]... [--strict] [--notify FD]\n"
	"       match --validate FILE|DIR...   match --list-rules|--describe [NAME] -r FILE|DIR...   match --list-events\n"
	"       match --plan [--why RULE | --union FILE] -r FILE|DIR...\n"
	"       match --list-fields[=SOURCE] [--fields FILE]... [--format text|json|markdown]\n"
	"Raises an alert for each event that a rule matches.\n"
	"  -r FILE|DIR      rules files, or a folder of them (.yaml, .yml); in this order, later ones change earlier ones\n"
	"  -i, -o ENDPOINT  where frames come from and go to: -, unix:PATH, listen:PATH (default: -); -i several times\n"
	"  -c FILE          arguments from a file, each ended by NUL; SIGHUP reads it and the rules again\n"
	"  -O KEY=VALUE     set a configuration key: priority, rule_matching, rules, append_output, compat, json_output,\n"
	"                   match.confine\n"
	"  -n, --check      check the rules and leave\n"
	"  -v               say more\n"
	"  --fields FILE    a table of fields of one's own, for rules of JSON records\n"
	"  --event-types    list the event types that the rules need, as probe -e takes them, and leave\n"
	"  --plan           print what the kernel side must send for the rules, for probe -p; see saker-plan(5)\n"
	"  --union FILE     with --plan: all that the plan in FILE wants, too; so nothing is missed while rules change\n"
	"  --why RULE       with --plan: what this rule makes the kernel side send, and what would make it less\n"
	"  --names          list the host names that the rules compare with, for enrich -N, and leave\n"
	"  --strict         a rule that can not fire on the stream is an error\n"
	"  --notify FD      write a line to FD when ready, and when rules were reloaded\n"
	"  --validate       check the files and print the result as Falco does, as JSON with -O json_output=true\n"
	"  --list-rules     print the rules and what they are for, or one rule\n"
	"  --describe       print all that is known of the rules, or of one rule, as JSON\n"
	"  --list-events    print the types of events and their parameters\n"
	"  --list-fields    print the fields that rules can use, or those that rules of one source can; with -v internal ones too\n"
	"  --keys           list the configuration keys\n"
	"  --version, --help\n";

enum { OPTION_STRICT = OPTION_OWN, OPTION_EVENT_TYPES, OPTION_VALIDATE, OPTION_LIST_RULES, OPTION_DESCRIBE, OPTION_LIST_EVENTS,
	OPTION_LIST_FIELDS, OPTION_FIELDS, OPTION_FORMAT, OPTION_NAMES, OPTION_PLAN, OPTION_WHY, OPTION_UNION };
enum { STUCK_SECONDS = 2 };
enum mode { RUN, WANTED_TYPES, WANTED_NAMES, VALIDATE, LIST_RULES, DESCRIBE, LIST_EVENTS, LIST_FIELDS, PLAN };

/* Counted in the signal handlers. */
static volatile sig_atomic_t interrupts, stop, reload;

struct arguments {
	struct options common;
	struct setup setup;
	enum mode mode;
	const char *name;               /* of the rule to describe, or of the source of fields to list; NULL: all */
	const char *with;               /* a plan that --plan is to add */
	enum fields_format format;
	bool strict;
};

/* A reader of the output that takes nothing must not keep the process: then the alarm ends it. */
static void on_stop(int sig)
{
	if (sig == SIGINT && interrupts++ == 0)
		return;
	stop = 1;
	alarm(STUCK_SECONDS);
}

static void on_reload(int sig)
{
	(void)sig;
	reload++;
}

static void handle_signals(void)
{
	struct sigaction on = { .sa_handler = on_stop, .sa_flags = SA_RESTART }, hup = { .sa_handler = on_reload, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &on, NULL);
	sigaction(SIGTERM, &on, NULL);
	sigaction(SIGHUP, &hup, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static _Noreturn void version(void)
{
	printf("match %s\nengine %s\nplugins", SAKER_VERSION, ENGINE_VERSION);
	for (const struct builtin_plugin *p = builtin_plugins; p->name; p++)
		printf(" %s %u.%u.%u", p->name, p->version[0], p->version[1], p->version[2]);
	printf("\n");
	exit(0);
}

static _Noreturn void die_of(const struct diag *d, int status)
{
	struct strbuf said = {0};

	diag_print(d, true, false, &said);
	log_text(LEVEL_ERROR, said.p ? said.p : "");
	exit(status);
}

static void add_path(struct arguments *a, const char *path)
{
	struct diag d = {0};

	if (setup_rules(&a->setup, path, &d) != 0)
		die_of(&d, EX_USAGE);
}

static void add_fields(struct arguments *a, const char *path)
{
	struct diag d = {0};

	if (setup_fields(&a->setup, path, &d) != 0)
		die_of(&d, EX_CONFIG);
	diag_free(&d);
}

static void settle(struct arguments *a)
{
	struct diag d = {0};

	if (setup_settle(&a->setup, &a->common.conf, &d) != 0)
		die_of(&d, EX_CONFIG);
	diag_free(&d);
	if (!a->setup.load.n && a->mode != LIST_EVENTS && a->mode != LIST_FIELDS)
		diex(EX_USAGE, a->mode == VALIDATE ? "expected at least one file or folder" : "expected at least one -r FILE or folder");
}

/* What stands behind the options: files to validate, or a rule to describe. */
static void operands(struct arguments *a, int argc, char **argv)
{
	if ((a->mode == DESCRIBE || a->mode == LIST_RULES) && optind < argc && !a->name)
		a->name = argv[optind++];
	while (a->mode == VALIDATE && optind < argc)
		add_path(a, argv[optind++]);
	options_end(&a->common, argc, optind, argv);
}

static void parse(struct arguments *a, int argc, char **argv)
{
	static const struct option longs[] = { OPTIONS_LONG, { "strict", no_argument, NULL, OPTION_STRICT },
		{ "event-types", no_argument, NULL, OPTION_EVENT_TYPES },
		{ "validate", no_argument, NULL, OPTION_VALIDATE }, { "list-rules", no_argument, NULL, OPTION_LIST_RULES },
		{ "describe", optional_argument, NULL, OPTION_DESCRIBE }, { "list-events", no_argument, NULL, OPTION_LIST_EVENTS },
		{ "list-fields", optional_argument, NULL, OPTION_LIST_FIELDS }, { "fields", required_argument, NULL, OPTION_FIELDS },
		{ "format", required_argument, NULL, OPTION_FORMAT }, { "names", no_argument, NULL, OPTION_NAMES },
		{ "plan", no_argument, NULL, OPTION_PLAN }, { "why", required_argument, NULL, OPTION_WHY },
		{ "union", required_argument, NULL, OPTION_UNION }, { 0 } };
	int opt;

	options_begin(&a->common, &argc, &argv);
	while ((opt = getopt_long(argc, argv, OPTIONS_SHORT "r:", longs, NULL)) != -1) {
		switch (opt) {
		case 'r': add_path(a, optarg); break;
		case OPTION_STRICT: a->strict = true; break;
		case OPTION_EVENT_TYPES: a->mode = WANTED_TYPES; break;
		case OPTION_VALIDATE: a->mode = VALIDATE; break;
		case OPTION_LIST_RULES: a->mode = LIST_RULES; break;
		case OPTION_LIST_EVENTS: a->mode = LIST_EVENTS; break;
		case OPTION_NAMES: a->mode = WANTED_NAMES; break;
		case OPTION_PLAN: a->mode = PLAN; break;
		case OPTION_UNION: a->mode = PLAN; a->with = optarg; break;
		case OPTION_WHY: a->mode = PLAN; a->name = optarg; break;
		case OPTION_FIELDS: add_fields(a, optarg); break;
		case OPTION_FORMAT: a->format = fields_format(optarg); break;
		case OPTION_DESCRIBE: case OPTION_LIST_FIELDS:
			a->mode = opt == OPTION_DESCRIBE ? DESCRIBE : LIST_FIELDS;
			a->name = optarg;
			break;
		case OPTION_VERSION: version();
		default: options_take(&a->common, opt, optarg, usage); break;
		}
	}
	operands(a, argc, argv);
	log_open(a->common.program, a->common.verbose);
	settle(a);
}

/* Loads the rules, or says what is wrong with them and leaves. */
static struct program *load(const struct arguments *a)
{
	struct diag d = {0};
	struct strbuf line = {0}, said = {0};
	struct ruleset rs = {0};
	struct program *p = load_program(&a->setup.load, &rs, &d, &line);

	diag_print(&d, false, a->common.verbose > 0, &said);
	diag_print(&d, true, false, &said);
	log_text(p ? LEVEL_WARNING : LEVEL_ERROR, said.p ? said.p : "");
	if (!p)
		exit(EX_CONFIG);
	/* Whoever asked to be notified says it to the user in a line of its own. */
	if ((a->common.notify < 0 && a->mode == RUN) || a->common.verbose)
		log_info("%s", line.p);
	diag_free(&d);
	ruleset_free(&rs);
	strbuf_free(&line);
	strbuf_free(&said);
	return p;
}

static int list_wanted(struct program *p, void (*wanted)(const struct program *, struct strbuf *))
{
	struct strbuf list = {0};

	wanted(p, &list);
	fputs(list.p ? list.p : "", stdout);
	strbuf_free(&list);
	program_free(p);
	return 0;
}

static int run(const struct arguments *a, struct program *p)
{
	const struct run_options o = { .common = &a->common, .setup = &a->setup, .strict = a->strict, .stop = &stop, .reload = &reload };
	char err[256], ready[64];
	int status;
	struct input *in = input_open(a->common.inputs, a->common.ninputs, err, sizeof err, &status);
	struct output *out = in ? output_open(a->common.output, err, sizeof err, &status) : NULL;

	if (!out)
		diex(status, "%s", err);
	struct run *r = run_new(in, out, p, &o);
	if (conf_bool(&a->common.conf, CONF_MATCH_CONFINE))
		privileges_drop(&a->setup.load, &a->common);
	snprintf(ready, sizeof ready, "ready %zu rules", p->nrules);
	options_notify(&a->common, ready);
	status = run_loop(r);
	run_free(r);
	return status;
}

static int load_and_run(const struct arguments *a)
{
	handle_signals();
	struct program *p = load(a);
	if (!a->common.check)
		return run(a, p);
	program_free(p);
	return 0;
}

static int validate(const struct arguments *a)
{
	const struct validate v = { .load = &a->setup.load, .json = conf_bool(&a->common.conf, CONF_EMIT_JSON),
		.notes = a->common.verbose > 0 };

	return validate_files(&v) ? 0 : EX_CONFIG;
}

int main(int argc, char **argv)
{
	struct arguments a = { .common = { .program = "match", .notify = -1 } };
	int status = 0;

	log_open("match", 0);
	parse(&a, argc, argv);
	switch (a.mode) {
	case RUN: status = load_and_run(&a); break;
	case WANTED_TYPES: status = list_wanted(load(&a), wanted_types); break;
	case WANTED_NAMES: status = list_wanted(load(&a), wanted_names); break;
	case PLAN: status = plan_print_rules(load(&a), a.name, a.with); break;
	case VALIDATE: status = validate(&a); break;
	case LIST_RULES: status = describe_rules(&a.setup.load, DESCRIBE_LIST, a.name); break;
	case DESCRIBE: status = describe_rules(&a.setup.load, DESCRIBE_JSON, a.name); break;
	case LIST_EVENTS: describe_events(); break;
	case LIST_FIELDS: status = describe_fields(&a.setup.table, a.name, a.format, a.common.verbose > 0); break;
	}
	setup_free(&a.setup);
	options_free(&a.common);
	return status;
}
