/* One table of options. Letters may be bundled, a value may stand in the same argument or in the next one. */
#include "falco_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum value { NONE, NEEDED, OPTIONAL, LIST };            /* LIST: texts with commas between them, except under 0.28 */
enum known { BOTH, NOW, OLD };

/* What an option does is found by its long name, or by its letter when it has none. */
static const struct option {
	char letter;
	const char *name;
	enum value value;
	enum known known;
	const char *help;
} options[] = {
	{ 'h', "help", NONE, BOTH, "print this" },
	{ 'A', NULL, NONE, OLD, "nothing: rules see every event that they name" },
	{ 'b', "print-base64", NONE, OLD, "data as base64 (-o buffer_format_base64=true)" },
	{ 'c', NULL, NEEDED, BOTH, "FILE: the configuration; /etc/falco/falco.yaml" },
	{ 0, "config-schema", NONE, NOW, "print the schema of the configuration" },
	{ 0, "rule-schema", NONE, NOW, "print the schema of rules files" },
	{ 0, "cri", NEEDED, OLD, "nothing: containers are found without it" },
	{ 0, "disable-cri-async", NONE, OLD, "nothing" },
	{ 'd', "daemon", NONE, OLD, "go into the background" },
	{ 0, "disable-source", LIST, BOTH, "SOURCE: no events of it" },
	{ 0, "enable-source", LIST, NOW, "SOURCE: only events of such sources" },
	{ 'D', NULL, NEEDED, OLD, "TEXT: disable rules with it in their name" },
	{ 'T', NULL, NEEDED, OLD, "TAG: disable rules that have it" },
	{ 't', NULL, NEEDED, OLD, "TAG: only rules that have it" },
	{ 0, "dry-run", NONE, NOW, "check everything and end" },
	{ 'e', NULL, NEEDED, OLD, "FILE: a capture, or audit events of Kubernetes (-o engine.kind=replay)" },
	{ 'i', "ignored-events", NONE, BOTH, "print the system calls that are ignored" },
	{ 'k', "k8s-api", NEEDED, OLD, "nothing: pods are found without it" },
	{ 'K', "k8s-api-cert", NEEDED, OLD, "nothing" },
	{ 'L', NULL, NONE, BOTH, "print the rules" },
	{ 'l', NULL, NEEDED, BOTH, "RULE: print one rule" },
	{ 0, "list", OPTIONAL, BOTH, "print the fields, with =SOURCE those of one source" },
	{ 0, "list-events", NONE, NOW, "print the event types" },
	{ 0, "list-plugins", NONE, NOW, "print the plugins that are built in" },
	{ 0, "plugin-info", NEEDED, NOW, "NAME: print one of them" },
	{ 0, "format", NEEDED, NOW, "text, markdown or json, for --list" },
	{ 0, "markdown", NONE, NOW, "the same as --format markdown" },
	{ 'm', "mesos-api", NEEDED, OLD, "nothing" },
	{ 'M', NULL, NEEDED, BOTH, "SECONDS: end after as many" },
	{ 'N', NULL, NONE, BOTH, "with --list: names only" },
	{ 'o', "option", NEEDED, BOTH, "KEY=VALUE: set a key of the configuration" },
	{ 'p', "print", NEEDED, BOTH, "TEXT: add it to every output" },
	{ 'P', "pidfile", NEEDED, BOTH, "FILE: write the process id there" },
	{ 'r', NULL, LIST, BOTH, "FILE: rules, instead of rules_files" },
	{ 's', NULL, NEEDED, OLD, "FILE: statistics as JSON lines" },
	{ 0, "stats-interval", NEEDED, OLD, "MS: how often" },
	{ 'S', "snaplen", NEEDED, OLD, "BYTES: how much data an event carries" },
	{ 0, "support", NONE, BOTH, "print what support asks for" },
	{ 'u', "userspace", NONE, OLD, "nothing: events come from the kernel" },
	{ 'U', "unbuffered", NONE, BOTH, "write each alert at once" },
	{ 'V', "validate", LIST, BOTH, "FILE: check rules and end" },
	{ 'v', NULL, NONE, BOTH, "say more" },
	{ 'w', "writefile", NEEDED, OLD, "FILE: keep all events as a capture" },
	{ 'F', NULL, NONE, OLD, "nothing" },
	{ 0, "alternate-lua-dir", NEEDED, OLD, "nothing: rules need no Lua" },
	{ 0, "version", NONE, BOTH, "print the version" },
	{ 0, "page-size", NONE, NOW, "print the size of a page" },
};
enum { OPTIONS = sizeof options / sizeof *options };

struct reading {
	struct falco_args *a;
	struct sources *from;
	struct rules *rules;
	struct run *run;
	struct say *say;
};

static int fail(struct reading *r, const char *fmt, const char *what)
{
	char text[256];

	snprintf(text, sizeof text, fmt, what);
	return say_error(r->say, (struct place){0}, "%s", text);
}

static int unknown(struct reading *r, const char *name, bool letter)
{
	if (!r->say->old)
		return fail(r, "Option ‘%s’ does not exist", name);
	fprintf(stderr, letter ? "falco: invalid option -- '%s'\n" : "falco: unrecognized option '--%s'\n", name);
	r->say->failed = true;
	return -1;
}

static int add(struct reading *r, struct falco_list *l, const char *text)
{
	if (l->n == FALCO_LIST)
		return fail(r, "found more than 256 options such as %s, expected fewer", text);
	l->text[l->n++] = text;
	return 0;
}

static int add_rules(struct reading *r, const char *path)
{
	if (r->rules->nentries == RULES_FILES_MAX)
		return fail(r, "%s: found more than 1024 rules files, expected fewer", path);
	r->rules->given = true;
	r->rules->entries[r->rules->nentries++] = path;
	return 0;
}

static int add_key(struct reading *r, const char *text)
{
	if (r->from->noptions == SOURCES_OPTIONS)
		return fail(r, "%s: found more than 256 such options, expected fewer", text);
	r->from->options[r->from->noptions++] = text;
	return 0;
}

static int number(struct reading *r, const char *text, unsigned long long *n)
{
	char *end;

	*n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end)
		return fail(r, "Argument ‘%s’ failed to parse", text);
	return 0;
}

/* Of several modes the first counts in Falco's order. */
static int mode(struct reading *r, enum falco_mode m, const char *name)
{
	if (r->a->mode != FALCO_RUN && r->a->mode < m)
		return 0;
	r->a->mode = m;
	r->a->name = name;
	return 0;
}

static int nothing(struct reading *r, const char *why)
{
	say_warn(r->say, (struct place){0}, "%s", why);
	return 0;
}

static int take_name(struct reading *r, const char *name, const char *value)
{
	static const struct { const char *name; enum falco_mode mode; } modes[] = {
		{ "help", FALCO_HELP }, { "config-schema", FALCO_CONFIG_SCHEMA }, { "rule-schema", FALCO_RULE_SCHEMA }, { "version", FALCO_VERSION },
		{ "page-size", FALCO_PAGE_SIZE }, { "ignored-events", FALCO_IGNORED }, { "list-events", FALCO_LIST_EVENTS },
		{ "list-plugins", FALCO_LIST_PLUGINS }, { "plugin-info", FALCO_PLUGIN_INFO }, { "list", FALCO_LIST_FIELDS },
		{ "support", FALCO_SUPPORT },
	};
	const struct { const char *name; bool *flag; } flags[] = {
		{ "print-base64", &r->a->base64 }, { "daemon", &r->run->daemon }, { "dry-run", &r->a->dry }, { "markdown", &r->a->markdown },
		{ "unbuffered", &r->a->unbuffered },
	};
	const struct { const char *name; const char **text; } texts[] = {
		{ "format", &r->a->format }, { "pidfile", &r->a->pidfile }, { "snaplen", &r->a->snaplen }, { "writefile", &r->run->writefile },
	};
	const struct { const char *name; struct falco_list *list; } lists[] = {
		{ "disable-source", &r->a->disable_sources }, { "enable-source", &r->a->enable_sources }, { "print", &r->a->prints },
		{ "validate", &r->a->validate },
	};

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(name, modes[i].name) == 0)
			return mode(r, modes[i].mode, value);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (strcmp(name, flags[i].name) == 0)
			*flags[i].flag = true;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(name, texts[i].name) == 0)
			*texts[i].text = value;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (strcmp(name, lists[i].name) == 0 && add(r, lists[i].list, value) != 0)
			return -1;
	if (strcmp(name, "validate") == 0)
		return mode(r, FALCO_VALIDATE, NULL);
	if (strcmp(name, "option") == 0)
		return add_key(r, value);
	if (strcmp(name, "stats-interval") == 0)
		return number(r, value, &r->run->interval);
	if (strcmp(name, "userspace") == 0)
		return nothing(r, "-u: events come from the kernel, by BPF");
	if (strcmp(name, "cri") == 0 || strncmp(name, "k8s-api", 7) == 0 || strcmp(name, "mesos-api") == 0)
		return nothing(r, "no API is asked: what is known of containers and pods comes from the engines of this host");
	if (strcmp(name, "alternate-lua-dir") == 0)
		return nothing(r, "--alternate-lua-dir: rules need no Lua");
	return 0;
}

static int take_letter(struct reading *r, char letter, const char *value)
{
	switch (letter) {
	case 'c': r->from->path = value; return 0;
	case 'D': return add(r, &r->a->disable_rules, value);
	case 'T': return add(r, &r->a->disable_tags, value);
	case 't': return add(r, &r->a->only_tags, value);
	case 'e': r->a->capture = value; return 0;
	case 'L': return mode(r, FALCO_LIST_RULES, NULL);
	case 'l': return mode(r, FALCO_DESCRIBE, value);
	case 'M': return number(r, value, &r->run->duration);
	case 'N': r->a->names_only = true; return 0;
	case 'r': return add_rules(r, value);
	case 's': r->run->statistics = value; return 0;
	case 'v': r->run->verbose = true; return 0;
	default: return 0;              /* -A, -F */
	}
}

static int take_one(struct reading *r, const struct option *o, const char *value)
{
	return o->name ? take_name(r, o->name, value) : take_letter(r, o->letter, value);
}

/* A file whose name has a comma is still that file. */
static int take(struct reading *r, const struct option *o, const char *value)
{
	if (o->value != LIST || r->say->old || !strchr(value, ',') || access(value, F_OK) == 0)
		return take_one(r, o, value);
	for (;;) {
		size_t n = strcspn(value, ",");
		if (take_one(r, o, arena_strn(&r->from->arena, value, n)) != 0)
			return -1;
		if (!value[n])
			return 0;
		value += n + 1;
	}
}

static const struct option *find(const char *name, size_t n, char letter)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];
		if (name ? o->name && strlen(o->name) == n && memcmp(o->name, name, n) == 0 : o->letter == letter)
			return o;
	}
	return NULL;
}

static int missing(struct reading *r, const struct option *o)
{
	char letter[2] = { o->letter, '\0' };

	return fail(r, "Option ‘%s’ is missing an argument", o->name ? o->name : letter);
}

static int read_long(struct reading *r, const char *arg, int *i, int argc, char **argv)
{
	size_t n = strcspn(arg, "=");
	const struct option *o = find(arg, n, 0);
	const char *value = arg[n] ? arg + n + 1 : NULL;

	if (!o)
		return unknown(r, arena_strn(&r->from->arena, arg, n), false);
	if (!value && (o->value == NEEDED || o->value == LIST)) {
		if (*i + 1 == argc)
			return missing(r, o);
		value = argv[++*i];
	}
	return take(r, o, value);
}

static int read_letters(struct reading *r, const char *arg, int *i, int argc, char **argv)
{
	for (; *arg; arg++) {
		const struct option *o = find(NULL, 0, *arg);
		char letter[2] = { *arg, '\0' };
		if (!o)
			return unknown(r, letter, true);
		if (o->value == NONE || o->value == OPTIONAL) {
			if (take(r, o, NULL) != 0)
				return -1;
			continue;
		}
		if (!arg[1] && *i + 1 == argc)
			return missing(r, o);
		return take(r, o, arg[1] ? arg + 1 : argv[++*i]);
	}
	return 0;
}

/* Whose ways are followed decides how the rest is read. */
static bool is_old(int argc, char **argv)
{
	bool old = false;

	for (int i = 1; i < argc; i++) {
		const char *p = strstr(argv[i], "compat=");
		if (p)
			old = strcmp(p, "compat=0.28") == 0;
	}
	return old;
}

int falco_args_read(struct falco_args *a, int argc, char **argv, struct sources *from, struct rules *rules, struct run *run,
	struct say *say)
{
	struct reading r = { a, from, rules, run, say };

	say->old = is_old(argc, argv);
	run->interval = 5000;
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		int rc = 0;
		if (strcmp(arg, "--") == 0)
			break;
		if (strncmp(arg, "--", 2) == 0)
			rc = read_long(&r, arg + 2, &i, argc, argv);
		else if (arg[0] == '-' && arg[1])
			rc = read_letters(&r, arg + 1, &i, argc, argv);
		if (rc != 0)
			return -1;
	}
	return 0;
}

void falco_args_help(struct strbuf *out)
{
	static const char *const known[] = { "", "", " [2021]" };

	strbuf_puts(out, "Falco - Cloud Native Runtime Security\nUsage:\n  falco [OPTION...]\n\n");
	for (int i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];
		char letter[8] = "   ", name[32] = "";
		if (o->letter)
			snprintf(letter, sizeof letter, "-%c%s", o->letter, o->name ? "," : "");
		if (o->name)
			snprintf(name, sizeof name, "--%s", o->name);
		strbuf_printf(out, "  %-3s %-20s %s%s\n", letter, name, o->help, known[o->known]);
	}
}
