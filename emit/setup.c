/* From options to what the loop works with. */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"
#include "sink.h"
#include "wire/log.h"

static int check(const struct conf *conf, char *err, size_t errlen)
{
	return sink_check(conf, err, errlen) != 0 || policy_check(conf, err, errlen) != 0 ? -1 : 0;
}

static void apply(struct setup *s)
{
	const struct conf *c = &s->conf;

	s->format = (struct format){
		.host = s->host, .host_forced = getenv("FALCO_HOSTNAME") != NULL,
		.json = conf_bool(c, CONF_EMIT_JSON), .iso_time = conf_bool(c, CONF_EMIT_ISO_TIME),
		.without_output = !conf_bool(c, CONF_EMIT_JSON_OUTPUT), .with_message = conf_bool(c, CONF_EMIT_JSON_MESSAGE),
		.without_fields = !conf_bool(c, CONF_EMIT_JSON_FIELDS), .without_tags = !conf_bool(c, CONF_EMIT_JSON_TAGS),
		.old = strcmp(conf_text(c, CONF_COMPAT), "0.28") == 0,
	};
	s->policy = policy_read(c);
}

int setup_open(struct setup *s, struct options *o, char *err, size_t errlen)
{
	const char *forced = getenv("FALCO_HOSTNAME");

	*s = (struct setup){ .options = o, .conf = o->conf };
	o->conf = (struct conf){0};
	if (forced)
		snprintf(s->host, sizeof s->host, "%s", forced);
	else
		gethostname(s->host, sizeof s->host - 1);
	if (check(&s->conf, err, errlen) != 0)
		return -1;
	apply(s);
	return 0;
}

/* --json is a key that the file of -c does not know. */
static int reread(const struct setup *s, struct command_line *line, struct conf *conf, char *err, size_t errlen)
{
	int rc = options_reread(s->options, line, conf, err, errlen);

	for (int i = 1; rc == 0 && i < line->argc; i++)
		if (strcmp(line->argv[i], "--json") == 0)
			rc = conf_set(conf, "json_output=true", s->options->program, err, errlen);
	return rc ? rc : check(conf, err, errlen);
}

bool setup_reload(struct setup *s)
{
	struct command_line line = {0};
	struct conf conf = {0};
	char err[512], note[600];

	s->reloads++;
	if (reread(s, &line, &conf, err, sizeof err) != 0) {
		log_warnx("the configuration stays as it was: %s", err);
		snprintf(note, sizeof note, "refused %u: %s", s->reloads, err);
		options_notify(s->options, note);
		conf_free(&conf);
		command_line_free(&line);
		return false;
	}
	conf_free(&s->conf);
	command_line_free(&s->line);
	s->conf = conf;
	s->line = line;
	apply(s);
	snprintf(note, sizeof note, "reloaded %u", s->reloads);
	options_notify(s->options, note);
	return true;
}

void setup_free(struct setup *s)
{
	conf_free(&s->conf);
	command_line_free(&s->line);
}
