/* Falco's start, in its order: options, configuration, what is printed, event sources, rules, outputs. */
#include "falco.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <syslog.h>
#include <unistd.h>

#include "assign.h"
#include "sense.h"
#include "shipped.h"
#include "stage.h"
#include "wire/log.h"

static const char default_path[] = "/etc/falco/falco.yaml", default_pidfile[] = "/var/run/falco.pid";
enum { SCAP_MAGIC = 0x0a0d0d0a, SAKER_FRAME = 0xc9 };

static int fail(struct falco *f, const char *what)
{
	return say_error(&f->say, (struct place){0}, "%s", what);
}

static int print(void (*made)(struct strbuf *))
{
	struct strbuf b = {0};

	made(&b);
	fwrite(b.p, 1, b.n, stdout);
	strbuf_free(&b);
	return 0;
}

/* A key that follows from an option; `before`, the text as a JSON string, and `behind`. */
static int own(struct falco *f, const char *before, const char *text, const char *behind)
{
	struct strbuf b = {0};

	strbuf_puts(&b, before);
	if (text)
		tree_quote(text, strlen(text), &b);
	strbuf_puts(&b, behind);
	int rc = assign_own(&f->sources.arena, f->sources.root, arena_strn(&f->sources.arena, b.p, b.n), &f->say);
	strbuf_free(&b);
	return rc;
}

/* The part of a name that -D gives may stand anywhere in it. */
static int own_disable(struct falco *f, const char *part)
{
	struct strbuf b = {0};

	strbuf_printf(&b, "*%s*", part);
	int rc = own(f, "rules[]={disable: {rule: ", b.p, "}}");
	strbuf_free(&b);
	return rc;
}

static int own_rules(struct falco *f)
{
	const struct falco_args *a = &f->args;
	int rc = 0;

	if ((a->disable_rules.n || a->disable_tags.n) && a->only_tags.n)
		return fail(f, "You can not specify both disabled (-D/-T) and enabled (-t) rules");
	for (unsigned i = 0; rc == 0 && i < a->disable_rules.n; i++)
		rc = own_disable(f, a->disable_rules.text[i]);
	for (unsigned i = 0; rc == 0 && i < a->disable_tags.n; i++)
		rc = own(f, "rules[]={disable: {tag: ", a->disable_tags.text[i], "}}");
	if (rc == 0 && a->only_tags.n)
		rc = own(f, "rules[]={disable: {rule: ", "*", "}}");
	for (unsigned i = 0; rc == 0 && i < a->only_tags.n; i++)
		rc = own(f, "rules[]={enable: {tag: ", a->only_tags.text[i], "}}");
	return rc;
}

/* The presets of 0.28 name the container in every output, where it says %container.info; to Falco of today they say nothing. No one
 * asks Mesos here. */
static int own_print(struct falco *f, const char *text)
{
	static const struct { const char *letter, *word, *text; } presets[] = {
		{ "c", "container", "container=%container.name (id=%container.id)" },
		{ "k", "kubernetes", "k8s.ns=%k8s.ns.name k8s.pod=%k8s.pod.name container=%container.id" },
		{ "m", "mesos", "task=<NA> container=%container.id" },
	};

	if (!f->say.old)
		say_warn(&f->say, (struct place){0}, "The -p/--print option is deprecated and will be removed. Use -o append_output=... instead.");
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
		if (strcmp(text, presets[i].letter) != 0 && strcmp(text, presets[i].word) != 0)
			continue;
		return f->say.old ? own(f, "match.container_info=", NULL, presets[i].text) : 0;
	}
	return own(f, "append_output[]={extra_output: ", text, "}");
}

static int own_all(struct falco *f)
{
	const struct falco_args *a = &f->args;
	int rc = own_rules(f);

	for (unsigned i = 0; rc == 0 && i < a->prints.n; i++)
		rc = own_print(f, a->prints.text[i]);
	if (rc == 0 && a->unbuffered)
		rc = own(f, "buffered_outputs=false", NULL, "");
	if (rc == 0 && a->base64)
		rc = own(f, "buffer_format_base64=true", NULL, "");
	if (rc == 0 && a->snaplen)
		rc = own(f, "falco_libs.snaplen=", NULL, a->snaplen);
	return rc;
}

/* Falco's own names of levels are syslog's. */
static enum say_level level_of(const char *word)
{
	static const char *const words[] = { "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug" };
	int i = 0;

	while (i < 7 && strcmp(words[i], word) != 0)
		i++;
	return (enum say_level)i;
}

static void log_start(struct falco *f)
{
	struct utsname u;

	uname(&u);
	if (f->say.old) {
		say_log(&f->say, SAY_INFO, "Falco version 0.28.0 (driver version %s)", SAKER_VERSION);
		say_log(&f->say, SAY_INFO, "Falco initialized with configuration file %s", f->sources.path ? f->sources.path : "");
		return;
	}
	say_log(&f->say, SAY_INFO, "Falco version: 0.45.0 (%s)", u.machine);
	say_log(&f->say, SAY_INFO, "Falco initialized with configuration files:");
	for (unsigned i = 0; i < f->sources.nfiles; i++) {
		const char *path = f->sources.files[i].path;
		bool misfit = f->settled.misfit && strcmp(f->settled.misfit->path, path) == 0;
		say_log(&f->say, misfit ? SAY_WARNING : SAY_INFO, "   %s | schema validation: %s", path, misfit ? f->settled.misfit_text : "ok");
	}
	say_log(&f->say, SAY_INFO, "System info: %s %s %s %s", u.sysname, u.release, u.version, u.machine);
}

static int configure(struct falco *f)
{
	bool needed = f->args.mode == FALCO_RUN;

	if (!f->sources.path && access(default_path, F_OK) == 0)
		f->sources.path = default_path;
	if (!f->sources.path && needed)
		return fail(f, "You must create a config file at /etc/falco/falco.yaml, or provide it by passing the path with -c");
	if (sources_read(&f->sources) != 0 || own_all(f) != 0 || settle(&f->settled) != 0 || sense_check(&f->settled) != 0)
		return -1;
	log_start(f);
	openlog("falco", LOG_PID, LOG_USER);
	f->say.syslog = f->sources.path && settled_bool(&f->settled, CONF_LOG_SYSLOG);
	say_open(&f->say, !settled_bool(&f->settled, CONF_LOG_STDERR) && f->sources.path, settled_bool(&f->settled, CONF_EMIT_ISO_TIME),
		level_of(settled_text(&f->settled, CONF_LOG_LEVEL)));
	return 0;
}

static bool has(const struct falco_list *l, const char *text)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->text[i], text) == 0)
			return true;
	return false;
}

static int check_known(struct falco *f, const struct falco_list *l, const char *verb)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->text[i], "syscall") != 0 && strcmp(l->text[i], "k8s_audit") != 0)
			return say_error(&f->say, (struct place){0}, "Attempted %s an unknown event source: %s", verb, l->text[i]);
	return 0;
}

/* System calls are the one source that there is, until the web server takes audit events. */
static int select_sources(struct falco *f)
{
	const struct falco_args *a = &f->args;

	if (a->enable_sources.n && a->disable_sources.n)
		return fail(f, "You can not mix --enable-source and --disable-source");
	if (check_known(f, &a->enable_sources, "enabling") != 0 || check_known(f, &a->disable_sources, "disabling") != 0)
		return -1;
	bool calls = a->enable_sources.n ? has(&a->enable_sources, "syscall") : !has(&a->disable_sources, "syscall");
	bool audit = f->say.old ? !has(&a->disable_sources, "k8s_audit") : has(&a->enable_sources, "k8s_audit");
	if (calls)
		return 0;
	return fail(f, audit ? "audit events of Kubernetes come by the web server, which a later version has; enable the source syscall" :
		"Must enable at least one event source");
}

/* A capture begins with its magic number or gzip's, a recorded stream with a frame; else the first line must be JSON. */
static const char *reader_of(const char *path)
{
	unsigned char head[4] = {0};
	FILE *in = fopen(path, "re");
	const char *reader = NULL;

	if (!in)
		return NULL;
	size_t n = fread(head, 1, sizeof head, in);
	uint32_t magic = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
	if (n == sizeof head && (magic == SCAP_MAGIC || (head[0] == 0x1f && head[1] == 0x8b) || head[0] == SAKER_FRAME)) {
		reader = "probe";
	} else if (fseek(in, 0, SEEK_SET) == 0) {
		json_t *first = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL);
		reader = first ? "frames" : NULL;
		json_decref(first);
	}
	fclose(in);
	return reader;
}

static int choose_head(struct falco *f)
{
	const char *kind = settled_text(&f->settled, CONF_ENGINE_KIND);
	const char *input = f->args.capture ? f->args.capture : strcmp(kind, "replay") == 0 ? settled_text(&f->settled, CONF_REPLAY_FILE) : NULL;

	f->run.head = strcmp(kind, "nodriver") == 0 ? "none" : "probe";
	if (!input)
		return strcmp(f->run.head, "none") == 0 ? 0 : select_sources(f);
	if (access(input, R_OK) != 0)
		return say_error(&f->say, (struct place){0}, "Could not open trace filename %s for reading: %s", input, strerror(errno));
	f->run.input = input;
	f->run.head = reader_of(input);
	if (!f->run.head) {
		fprintf(stderr, "Trace filename %s not recognized as system call events or k8s audit events\n", input);
		return -1;
	}
	say_log(&f->say, SAY_INFO, "Reading %s events from file: %s", strcmp(f->run.head, "probe") == 0 ? "system call" : "k8s audit", input);
	return 0;
}

/* Rules that do not load are said in the words of -V. */
static int check_rules(struct falco *f)
{
	struct strbuf a = {0}, out = {0}, err = {0};
	const char *last = f->rules.files[f->rules.nfiles - 1];

	if (!f->say.old)
		say_log(&f->say, SAY_INFO, "Loading rules from:");
	for (unsigned i = 0; i < f->rules.nfiles; i++)
		say_log(&f->say, SAY_INFO, f->say.old ? "Loading rules from file %s:" : "   %s | schema validation: ok", f->rules.files[i]);
	falco_match(f, false, &a);
	/* The text, even where alerts are JSON. */
	arguments_key(&a, "json_output", "false");
	arguments_add(&a, "--validate");
	for (unsigned i = 0; i < f->rules.nfiles; i++)
		arguments_add(&a, f->rules.files[i]);
	int status = stage_run("match", &a, &out, &err);
	if (status != 0 && f->say.old)
		say_error(&f->say, (struct place){0}, "Could not load rules file %s: %s", last, out.n ? out.p : err.p);
	else if (status != 0)
		fail(f, strbuf_chomp(out.n ? &out : &err));
	strbuf_free(&a);
	strbuf_free(&out);
	strbuf_free(&err);
	return status == 0 ? 0 : -1;
}

/* Under 0.28 a file is only written in the background. */
static int choose_pidfile(struct falco *f)
{
	const char *path = f->args.pidfile;

	if (f->run.daemon && path && !*path)
		return fail(f, "If -d is provided, a pid file must also be provided");
	if (f->run.daemon && !path)
		path = default_pidfile;
	if (!f->say.old || f->run.daemon)
		f->run.pidfile = path;
	return 0;
}

static int go(struct falco *f, const char *rundir)
{
	if (choose_head(f) != 0 || rules_find(&f->rules, &f->settled) != 0 || check_rules(f) != 0 || sense_outputs(&f->settled) != 0 ||
		choose_pidfile(f) != 0)
		return 1;
	if (f->args.dry)
		return 0;
	if (!rundir) {
		fail(f, "saker-conf needs -d RUNDIR before --falco");
		return 1;
	}
	return generation_write(rundir, &f->settled, &f->rules, &f->run) < 0 ? 1 : FALCO_GO_ON;
}

static int check_format(struct falco *f)
{
	char text[128];

	if (f->args.format && f->args.markdown)
		return fail(f, "Cannot specify both --markdown and --format options together");
	if (!f->args.format || conf_has_word("text markdown json", f->args.format))
		return 0;
	snprintf(text, sizeof text, "Invalid format '%.60s'. Valid values are: text, markdown, json", f->args.format);
	return fail(f, text);
}

static int act(struct falco *f, const char *rundir, int argc, char **argv)
{
	if (falco_args_read(&f->args, argc, argv, &f->sources, &f->rules, &f->run, &f->say) != 0)
		return 1;
	switch (f->args.mode) {
	case FALCO_HELP: return print(falco_args_help);
	case FALCO_CONFIG_SCHEMA: return print(shipped_schema);
	case FALCO_RULE_SCHEMA: return print(shipped_rule_schema);
	default: break;
	}
	if (check_format(f) != 0 || configure(f) != 0)
		return 1;
	return f->args.mode == FALCO_RUN ? go(f, rundir) : falco_print(f);
}

int falco_main(const char *rundir, const char *owners, int argc, char **argv)
{
	struct falco *f = calloc(1, sizeof *f);

	if (!f)
		die(1, "out of memory");
	f->say.falco = true;
	f->say.level = SAY_INFO;
	f->sources.say = f->settled.say = &f->say;
	f->settled.sources = &f->sources;
	f->run.owners = owners;
	f->args.argc = (unsigned)argc;
	f->args.argv = argv;
	int status = act(f, rundir, argc, argv);
	say_open(&f->say, f->say.silent, f->say.iso, f->say.level);
	if (fflush(stdout) != 0)
		status = 1;
	settled_free(&f->settled);
	sources_free(&f->sources);
	say_free(&f->say);
	free(f);
	return status;
}
