/* Falco's texts for values that it refuses. */
#include "refusal.h"

#include <stdio.h>
#include <string.h>

static const char *file_name(const struct settled *s)
{
	return s->sources->path ? s->sources->path : "";
}

int refusal_of_file(struct settled *s, enum conf_key k, const char *fmt, ...)
{
	struct strbuf b = {0};
	va_list ap;

	if (s->say->falco)
		strbuf_printf(&b, "Error reading config file (%s): ", file_name(s));
	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	int rc = say_error(s->say, k < CONF_KEYS ? s->at[k] : (struct place){0}, "%s", b.p);
	strbuf_free(&b);
	return rc;
}

int refusal_say(struct settled *s, enum conf_key k, const struct node *v, const char *err)
{
	const char *found = v->kind == NODE_SCALAR ? v->text : "";

	if (!s->say->falco)
		return say_error(s->say, v->at, "%s", err);
	switch (k) {
	case CONF_MATCH_PRIORITY:
		return say_error(s->say, v->at, "Unknown priority \"%s\"--must be one of emergency, alert, critical, error, warning, notice, "
			"informational, debug", found);
	case CONF_LOG_LEVEL:
		return say_error(s->say, v->at, "Unknown log level %s", found);
	case CONF_MATCH_RULE_MATCHING:
		return say_error(s->say, v->at, "Unknown rule matching strategy \"%s\"--must be one of first, all", found);
	case CONF_ENGINE_KIND:
		return refusal_of_file(s, k, "engine.kind '%s' is not a valid kind.", found);
	case CONF_DROPS_ACTIONS:
		return refusal_of_file(s, k, "available actions for syscall event drops are \"ignore\", \"log\", \"alert\", and \"exit\"");
	case CONF_DROPS_THRESHOLD:
		return refusal_of_file(s, k, "syscall event drops threshold must be a double in the range [0, 1]");
	case CONF_METRICS_INTERVAL:
		return refusal_of_file(s, k, "Metrics interval must have a minimum value of 100ms and reflect a Prometheus compliant time "
			"duration format: https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations");
	default:
		return refusal_of_file(s, k, "%s", err);
	}
}

const char *refusal_schema_path(const char *name)
{
	static char path[256];
	size_t n = (size_t)snprintf(path, sizeof path, "<root>[");

	for (; *name && n + 4 < sizeof path; name++) {
		if (*name == '.')
			n += (size_t)snprintf(path + n, sizeof path - n, "][");
		else
			path[n++] = *name;
	}
	snprintf(path + n, sizeof path - n, "]");
	return path;
}
