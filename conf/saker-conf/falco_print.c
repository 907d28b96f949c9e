/* What Falco prints instead of running. The stages know it; here it gets Falco's form. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "falco.h"
#include "shipped.h"
#include "stage.h"

/* The versions whose behaviour saker has; what Falco says of its libraries and drivers is saker's own. */
static const char falco_now[] = "0.45.0", falco_old[] = "0.28.0", plugin_api[] = "3.12.0";

static int fail(struct falco *f, const char *what)
{
	say_error(&f->say, (struct place){0}, "%s", what);
	return 1;
}

void falco_match(const struct falco *f, bool rules, struct strbuf *a)
{
	for (int k = 0; k < CONF_KEYS; k++) {
		const char *value = settled_text(&f->settled, (enum conf_key)k);
		if (conf_has_word(conf_defs[k].program, "match") && strcmp(value, conf_defs[k].value) != 0)
			arguments_key(a, conf_defs[k].name, value);
	}
	for (unsigned i = 0; rules && i < f->rules.nfiles; i++) {
		arguments_add(a, "-r");
		arguments_add(a, f->rules.files[i]);
	}
}

/* match says `engine A.B.C` and `plugins NAME VERSION NAME VERSION...`. */
static char *word_behind(const struct strbuf *version, const char *name)
{
	char *found = NULL, pattern[128];

	snprintf(pattern, sizeof pattern, "%s ", name);
	for (const char *p = version->p; !found && (p = strstr(p, pattern)); p++)
		if (p > version->p && (p[-1] == ' ' || p[-1] == '\n'))
			found = strndup(p + strlen(pattern), strcspn(p + strlen(pattern), " \n"));
	return found;
}

static void ask_version(struct strbuf *out)
{
	struct strbuf a = {0};

	arguments_add(&a, "--version");
	stage_run("match", &a, out, NULL);
	strbuf_free(&a);
}

static json_t *plugins_of(const struct strbuf *version)
{
	json_t *all = json_object();
	char *copy = strdup(strstr(version->p, "\nplugins ") ? strstr(version->p, "\nplugins ") + 9 : ""), *save = NULL;

	for (char *name = strtok_r(copy, " \n", &save); name; name = strtok_r(NULL, " \n", &save)) {
		const char *number = strtok_r(NULL, " \n", &save);
		json_object_set_new(all, name, json_string(number ? number : ""));
	}
	free(copy);
	return all;
}

static json_t *version_object(const struct falco *f)
{
	struct strbuf said = {0};

	ask_version(&said);
	char *engine = word_behind(&said, "engine"), number[16] = "";
	if (engine)
		snprintf(number, sizeof number, "%d", atoi(engine + strcspn(engine, ".") + 1));
	json_t *o = json_pack("{s:s s:s s:s s:s s:s s:s s:s s:s s:o}", "falco_version", f->say.old ? falco_old : falco_now,
		"libs_version", SAKER_VERSION, "plugin_api_version", plugin_api, "driver_api_version", SAKER_VERSION,
		"driver_schema_version", SAKER_VERSION, "default_driver_version", SAKER_VERSION "+driver", "engine_version", number,
		"engine_version_semver", engine ? engine : "", "plugin_versions", plugins_of(&said));
	free(engine);
	strbuf_free(&said);
	return o;
}

static void print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(o);
}

static int print_version(struct falco *f)
{
	json_t *o = version_object(f);

	if (settled_bool(&f->settled, CONF_EMIT_JSON)) {
		print_json(o);
		return 0;
	}
	if (f->say.old)
		printf("Falco version: %s\nDriver version: %s\n", falco_old, SAKER_VERSION);
	else
		printf("Falco version: %s\nLibs version:  %s\nPlugin API:    %s\nEngine:        %s\nDriver:\n  API version:    %s\n"
			"  Schema version: %s\n  Default driver: %s\n", falco_now, SAKER_VERSION, plugin_api,
			json_string_value(json_object_get(o, "engine_version_semver")), SAKER_VERSION, SAKER_VERSION, SAKER_VERSION "+driver");
	json_decref(o);
	return 0;
}

/* What is not UTF-8 can not be said in JSON: null. */
static json_t *as_json(const char *text, size_t n)
{
	json_t *t = json_stringn(text, n);

	return t ? t : json_null();
}

static json_t *rules_with_text(const struct falco *f)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < f->rules.nfiles; i++) {
		FILE *in = fopen(f->rules.files[i], "re");
		struct strbuf text = {0};
		char block[8192];
		size_t n;
		strbuf_puts(&text, "");
		while (in && (n = fread(block, 1, sizeof block, in)) > 0)
			strbuf_add(&text, block, n);
		if (in)
			fclose(in);
		json_array_append_new(list, json_pack("{s:o s:[{s:o}]}", "name", as_json(f->rules.files[i], strlen(f->rules.files[i])), "variants",
			"content", as_json(text.p, text.n)));
		strbuf_free(&text);
	}
	return list;
}

static int print_support(struct falco *f)
{
	struct utsname u;
	struct strbuf config = {0}, line = {0};

	if (rules_find(&f->rules, &f->settled) != 0)
		return 1;
	uname(&u);
	shipped_values(&f->settled, &config);
	strbuf_puts(&line, "falco");
	for (unsigned i = 1; i < f->args.argc; i++)
		strbuf_printf(&line, " %s", f->args.argv[i]);
	json_t *info = version_object(f);
	print_json(json_pack("{s:{s:s s:s s:s s:s s:s} s:s s:o s:o s:o s:o}", "system_info", "machine", u.machine, "nodename", u.nodename,
		"release", u.release, "sysname", u.sysname, "version", u.version, "version", f->say.old ? falco_old : falco_now,
		"engine_info", info, "cmdline", as_json(line.p, line.n), "config", as_json(config.p, config.n), "rules_files", rules_with_text(f)));
	strbuf_free(&config);
	strbuf_free(&line);
	return 0;
}

static int print_plugins(struct falco *f)
{
	struct strbuf said = {0};
	const char *name, *wanted = f->args.mode == FALCO_PLUGIN_INFO ? f->args.name : NULL;
	json_t *value;

	ask_version(&said);
	json_t *all = plugins_of(&said);
	bool known = !wanted || json_object_get(all, wanted);
	if (known && !wanted)
		printf("%zu Plugins Loaded:\n\n", json_object_size(all));
	json_object_foreach(all, name, value)
		if (!wanted || strcmp(name, wanted) == 0)
			printf("Name: %s\nDescription: built into saker\nVersion: %s\nCapabilities:\n  - Field Extraction\n\n", name,
				json_string_value(value));
	json_decref(all);
	strbuf_free(&said);
	return known ? 0 : fail(f, "The plugin is not built in");
}

/* Runs match and gives its output; Falco's statuses are 0 and 1. */
static int pass(const struct strbuf *arguments)
{
	return stage_run("match", arguments, NULL, NULL) == 0 ? 0 : 1;
}

static int print_names(const char *text)
{
	json_t *o = json_loads(text, 0, NULL), *field;
	size_t i;

	json_array_foreach(json_object_get(o, "fields"), i, field)
		puts(json_string_value(json_object_get(field, "name")));
	json_decref(o);
	return 0;
}

static int print_fields(struct falco *f)
{
	struct strbuf a = {0}, out = {0}, err = {0}, option = {0};
	const char *format = f->args.names_only ? "json" : f->args.markdown ? "markdown" : f->args.format ? f->args.format : "text";

	strbuf_puts(&option, "--list-fields");
	if (f->args.name)
		strbuf_printf(&option, "=%s", f->args.name);
	arguments_add(&a, option.p);
	arguments_add(&a, "--format");
	arguments_add(&a, format);
	int status = stage_run("match", &a, &out, &err);
	if (status != 0)
		status = fail(f, "Value for --list must be a valid source type");
	else if (f->args.names_only)
		print_names(out.p);
	else
		fputs(out.p, stdout);
	strbuf_free(&a);
	strbuf_free(&out);
	strbuf_free(&err);
	strbuf_free(&option);
	return status;
}

static int print_rules(struct falco *f)
{
	struct strbuf a = {0}, err = {0};
	char text[256];

	if (rules_find(&f->rules, &f->settled) != 0)
		return 1;
	arguments_add(&a, settled_bool(&f->settled, CONF_EMIT_JSON) ? "--describe" : "--list-rules");
	falco_match(f, true, &a);
	if (f->args.mode == FALCO_DESCRIBE)
		arguments_add(&a, f->args.name);
	int status = stage_run("match", &a, NULL, &err);
	snprintf(text, sizeof text, "Rule \"%.200s\" is not loaded", f->args.name ? f->args.name : "");
	if (status != 0 && strstr(err.p, text))
		say_log(&f->say, SAY_ERROR, "Runtime error: %s. Exiting.", text);
	else
		fputs(err.p, stderr);
	strbuf_free(&a);
	strbuf_free(&err);
	return status == 0 ? 0 : 1;
}

/* 0.28 has warnings of good files on standard error. */
static void print_validated(const struct falco *f, const char *text, bool good)
{
	const char *end, *p = text;

	for (; *p; p = end + (*end == '\n')) {
		end = p + strcspn(p, "\n");
		if (f->say.old && good && strspn(p, "0123456789") && strncmp(p + strspn(p, "0123456789"), " warnings:", 10) == 0)
			break;
		fwrite(p, 1, (size_t)(end - p) + (*end == '\n'), stdout);
	}
	fflush(stdout);
	fputs(p, stderr);
}

static int validate(struct falco *f)
{
	struct strbuf a = {0}, out = {0}, err = {0};

	falco_match(f, false, &a);
	arguments_add(&a, "--validate");
	if (f->run.verbose)
		arguments_add(&a, "-v");
	for (unsigned i = 0; i < f->args.validate.n; i++) {
		if (access(f->args.validate.text[i], R_OK) != 0) {
			strbuf_free(&a);
			say_error(&f->say, (struct place){0}, "Could not open file %s for reading", f->args.validate.text[i]);
			return 1;
		}
		arguments_add(&a, f->args.validate.text[i]);
	}
	say_log(&f->say, SAY_INFO, "Validating rules file(s):");
	for (unsigned i = 0; i < f->args.validate.n; i++)
		say_log(&f->say, SAY_INFO, "   %s", f->args.validate.text[i]);
	int status = stage_run("match", &a, &out, &err);
	print_validated(f, out.p, status == 0);
	if (status != 0)
		status = fail(f, !out.n ? strbuf_chomp(&err) : f->say.old ? out.p : strbuf_chomp(&out));
	strbuf_free(&a);
	strbuf_free(&out);
	strbuf_free(&err);
	return status;
}

static int print_events(void)
{
	struct strbuf a = {0};

	arguments_add(&a, "--list-events");
	int status = pass(&a);
	strbuf_free(&a);
	return status;
}

int falco_print(struct falco *f)
{
	switch (f->args.mode) {
	case FALCO_VERSION: return print_version(f);
	case FALCO_PAGE_SIZE: printf("Your system page size is: %d\n", getpagesize()); return 0;
	/* What rules need is captured: no call is left out whatever they say. */
	case FALCO_IGNORED: puts(f->say.old ? "Ignored Event(s):" : "Ignored syscall(s):"); return 0;
	case FALCO_LIST_EVENTS: return print_events();
	case FALCO_LIST_PLUGINS: case FALCO_PLUGIN_INFO: return print_plugins(f);
	case FALCO_LIST_FIELDS: return print_fields(f);
	case FALCO_VALIDATE: return validate(f);
	case FALCO_LIST_RULES: case FALCO_DESCRIBE: return print_rules(f);
	case FALCO_SUPPORT: return print_support(f);
	default: return 0;
	}
}
