/* Falco's checks across keys, in its words; and its names for what saker calls otherwise. */
#include "sense.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "refusal.h"

static bool given(const struct settled *s, enum conf_key k)
{
	return s->conf.text[k] != NULL;
}

static int check_rules_files(struct settled *s)
{
	if (!given(s, CONF_RULES_FILE))
		return 0;
	if (given(s, CONF_RULES_FILES))
		return refusal_of_file(s, CONF_RULES_FILE, "Both 'rules_file' and 'rules_files' keys set");
	if (!s->say->old)
		say_warn(s->say, s->at[CONF_RULES_FILE], "rules_file is the old name of rules_files");
	settled_set(s, CONF_RULES_FILES, s->conf.text[CONF_RULES_FILE]);
	s->node[CONF_RULES_FILES] = s->node[CONF_RULES_FILE];
	s->at[CONF_RULES_FILES] = s->at[CONF_RULES_FILE];
	return 0;
}

static int check_needed(struct settled *s)
{
	static const struct { enum conf_key enabled, needed; const char *text; } pairs[] = {
		{ CONF_EMIT_FILE, CONF_EMIT_FILE_NAME, "file output enabled but no filename in configuration block" },
		{ CONF_PROGRAM, CONF_PROGRAM_LINE, "program output enabled but no program in configuration block" },
		{ CONF_HTTP, CONF_HTTP_URL, "http output enabled but no url in configuration block" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (settled_bool(s, pairs[i].enabled) && !*settled_text(s, pairs[i].needed))
			return refusal_of_file(s, pairs[i].enabled, "%s", pairs[i].text);
	return 0;
}

/* Ignoring together with logging or alerting makes no sense; 0.28 notices it only when `ignore` stands first. */
static int check_drops(struct settled *s)
{
	const struct node *list = s->node[CONF_DROPS_ACTIONS];
	const char *other = NULL;
	bool ignore = false;

	for (size_t i = 0; list && i < list->nkids; i++) {
		const char *word = list->kids[i]->text;
		if (strcmp(word, "ignore") == 0)
			ignore = true;
		else if (strcmp(word, "exit") != 0 && (ignore || !s->say->old))
			other = word;
	}
	if (!ignore || !other)
		return 0;
	return refusal_of_file(s, CONF_DROPS_ACTIONS, "syscall event drop action \"%s\" does not make sense with the \"ignore\" action", other);
}

static int check_metrics(struct settled *s)
{
	char err[256];

	if (!settled_bool(s, CONF_METRICS))
		return 0;
	if (conf_check(&conf_defs[CONF_METRICS_INTERVAL], settled_text(s, CONF_METRICS_INTERVAL), err, sizeof err) != 0) {
		const struct node none = { .kind = NODE_SCALAR, .at = s->at[CONF_METRICS], .text = "" };
		return refusal_say(s, CONF_METRICS_INTERVAL, &none, err);
	}
	if (settled_bool(s, CONF_METRICS_RULE) || *settled_text(s, CONF_METRICS_FILE) || settled_bool(s, CONF_WEB_METRICS))
		return 0;
	return refusal_of_file(s, CONF_METRICS, "Metrics are enabled with no output configured. Please enable at least one output channel");
}

static int check_engine(struct settled *s)
{
	const char *kind = settled_text(s, CONF_ENGINE_KIND);

	if (strcmp(kind, "replay") == 0 && !*settled_text(s, CONF_REPLAY_FILE))
		return refusal_of_file(s, CONF_ENGINE_KIND, "engine.kind is 'replay' but no engine.replay.capture_file specified.");
	if (strcmp(kind, "kmod") == 0)
		say_warn(s->say, s->at[CONF_ENGINE_KIND], "engine.kind: there is no kernel module; the kernel is read by BPF, as with modern_ebpf");
	return 0;
}

static int check_web(struct settled *s)
{
	const char *address = settled_text(s, CONF_WEB_ADDRESS);
	unsigned char bytes[16];

	if (inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1)
		return 0;
	return refusal_of_file(s, CONF_WEB_ADDRESS, "webserver listen address \"%s\" is not a valid IP address", address);
}

static int check_timeouts(struct settled *s)
{
	if (settled_number(s, CONF_TIMEOUTS) > 0)
		return 0;
	return refusal_of_file(s, CONF_TIMEOUTS, "the maximum consecutive timeouts without an event must be an unsigned integer > 0");
}

/* Is a plugin of that name built into match? */
static bool sense_builtin(const char *plugin)
{
	return conf_has_word("container k8saudit json k8smeta", plugin);
}

static const struct node *plugin_entry(const struct settled *s, const char *name)
{
	const struct node *list = s->node[CONF_PLUGINS];

	for (size_t i = 0; list && i < list->nkids; i++)
		if (strcmp(node_get(list->kids[i], "name")->text, name) == 0)
			return list->kids[i];
	return NULL;
}

static void look_at_plugin(struct settled *s, const char *name, struct place at)
{
	if (!sense_builtin(name))
		say_warn(s->say, at, "plugins: '%s' is not built in, and libraries are not loaded; for its fields there is match --fields", name);
	else if (plugin_entry(s, name))
		say_warn(s->say, at, "plugins: '%s' is built in: its library_path, init_config and open_params do nothing", name);
}

/* Which are loaded: those that load_plugins names, or all when it is not there. */
static int check_plugins(struct settled *s)
{
	const struct node *list = s->node[CONF_PLUGINS], *chosen = s->node[CONF_LOAD_PLUGINS];

	for (size_t i = 0; list && i < list->nkids; i++) {
		const struct node *name = node_get(list->kids[i], "name");
		if (name->kind != NODE_SCALAR)
			return say_error(s->say, name->at, "plugins: found a name that is no text");
		if (!chosen)
			look_at_plugin(s, name->text, name->at);
	}
	for (size_t i = 0; chosen && i < chosen->nkids; i++) {
		const struct node *name = chosen->kids[i];
		if (!plugin_entry(s, name->text) && (s->say->falco || !sense_builtin(name->text)))
			return say_error(s->say, name->at, "Cannot load plugin '%s': plugin config not found for given name", name->text);
		look_at_plugin(s, name->text, name->at);
	}
	return 0;
}

/* 1 is 1 MiB and each number more doubles it; 0 stands for 4, as in Falco. */
static void translate(struct settled *s)
{
	char number[32];

	if (given(s, CONF_BPF_BUFFER) && !given(s, CONF_PROBE_RING_SIZE)) {
		uint64_t preset = settled_number(s, CONF_BPF_BUFFER);
		snprintf(number, sizeof number, "%llu", 1ull << (20 + (preset ? preset : 4) - 1));
		settled_set(s, CONF_PROBE_RING_SIZE, number);
	}
	if (given(s, CONF_LIBS_SNAPLEN) && !given(s, CONF_PROBE_SNAPLEN)) {
		uint64_t most = conf_defs[CONF_PROBE_SNAPLEN].high, n = settled_number(s, CONF_LIBS_SNAPLEN);
		if (n > most)
			say_warn(s->say, s->at[CONF_LIBS_SNAPLEN], "falco_libs.snaplen: found %llu, but at most %llu bytes are carried",
				(unsigned long long)n, (unsigned long long)most);
		snprintf(number, sizeof number, "%llu", (unsigned long long)(n == 0 ? 80 : n > most ? most : n));
		settled_set(s, CONF_PROBE_SNAPLEN, number);
	}
	/* Falco's default has no unit; nobody waits for it while metrics are not enabled. */
	if (!settled_bool(s, CONF_METRICS) && !given(s, CONF_METRICS_INTERVAL))
		settled_set(s, CONF_METRICS_INTERVAL, conf_defs[CONF_METRICS_INTERVAL].value);
	if (settled_bool(s, CONF_BPF_ITERATORS) && !given(s, CONF_PROBE_SNAPSHOT))
		settled_set(s, CONF_PROBE_SNAPSHOT, "procfs");
}

int sense_check(struct settled *s)
{
	static int (*const checks[])(struct settled *) = {
		check_rules_files, check_needed, check_drops, check_metrics, check_engine, check_web, check_timeouts, check_plugins,
	};

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (checks[i](s) != 0)
			return -1;
	translate(s);
	return 0;
}

int sense_outputs(struct settled *s)
{
	static const enum conf_key later[] = { CONF_SYSLOG, CONF_PROGRAM, CONF_HTTP, CONF_GRPC };

	if (settled_bool(s, CONF_EMIT_STDOUT) || settled_bool(s, CONF_EMIT_FILE))
		return 0;
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		if (settled_bool(s, later[i]))
			return say_error(s->say, s->at[later[i]], "%s is the output that is enabled, and it is honoured by a later version; "
				"enable stdout_output or file_output", conf_defs[later[i]].name);
	if (s->say->falco && s->say->old)
		return refusal_of_file(s, CONF_KEYS, "No outputs configured. Please configure at least one output file output enabled but no "
			"filename in configuration block");
	return say_error(s->say, (struct place){0}, "No output configured, please make sure at least one output is configured and enabled.");
}
