/* The keys that concern rules, checked. */
#include "setup.h"

#include <string.h>

#include "match/fields/field_static.h"

static int wrong(struct diag *d, const char *key, const char *found, const char *expected)
{
	return diag_error(d, (struct place){0}, LOAD_ERR_VALIDATE, "%s: found '%s', expected %s", key, found, expected);
}

int setup_rules(struct setup *s, const char *path, struct diag *d)
{
	if (s->load.n == LOAD_PATHS)
		return diag_error(d, (struct place){0}, LOAD_ERR_VALIDATE, "found more than %d -r options, expected fewer", LOAD_PATHS);
	s->load.paths[s->load.n++] = path;
	return 0;
}

int setup_fields(struct setup *s, const char *path, struct diag *d)
{
	return field_table_read(&s->table, path, d);
}

int setup_settle(struct setup *s, const struct conf *conf, struct diag *d)
{
	const char *matching = conf_text(conf, CONF_MATCH_RULE_MATCHING), *compat = conf_text(conf, CONF_COMPAT),
		*priority = conf_text(conf, CONF_MATCH_PRIORITY);

	s->load.priority = priority_number(priority);
	s->load.settings = &s->settings;
	s->settings.info = *conf_text(conf, CONF_MATCH_INFO) ? conf_text(conf, CONF_MATCH_INFO) : NULL;
	s->load.own = &s->table;
	s->load.old = strcmp(compat, "0.28") == 0;
	s->all = strcmp(matching, "all") == 0;
	if (s->load.priority < 0)
		return wrong(d, "priority", priority, "emergency, alert, critical, error, warning, notice, informational or debug");
	if (!s->all && strcmp(matching, "first") != 0)
		return wrong(d, "rule_matching", matching, "first or all");
	if (!s->load.old && strcmp(compat, "now") != 0)
		return wrong(d, "compat", compat, "now or 0.28");
	if (settings_append(&s->settings, conf_text(conf, CONF_MATCH_APPEND_OUTPUT), d) != 0)
		return -1;
	if (settings_rules(&s->settings, conf_text(conf, CONF_MATCH_RULES), d) != 0)
		return -1;
	return field_static_read(&s->table, conf_text(conf, CONF_STATIC_FIELDS), d);
}

int setup_reread(struct setup *s, const struct options *o, struct diag *d)
{
	char err[512];

	if (options_reread(o, &s->line, &s->conf, err, sizeof err) != 0)
		return diag_error(d, (struct place){0}, LOAD_ERR_VALIDATE, "%s", err);
	for (int i = 1; i + 1 < s->line.argc; i++) {
		const char *option = s->line.argv[i], *value = s->line.argv[i + 1];
		if (strcmp(option, "-r") == 0 ? setup_rules(s, value, d) : strcmp(option, "--fields") == 0 ? setup_fields(s, value, d) : 0)
			return -1;
	}
	return setup_settle(s, &s->conf, d);
}

void setup_free(struct setup *s)
{
	settings_free(&s->settings);
	field_table_free(&s->table);
	conf_free(&s->conf);
	command_line_free(&s->line);
}
