/* The table of keys and its values. */
#include "conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

const struct conf_def conf_defs[CONF_KEYS] = {
#define KEY(constant, name, type, value, low, high, program, meaning) { name, value, program, meaning, CONF_##type, low, high },
#include "keys.def"
#undef KEY
};

static int unknown(const char *name, char *err, size_t errlen)
{
	const char *nearest = conf_defs[0].name;

	for (int i = 1; i < CONF_KEYS; i++)
		if (nearest_distance(name, conf_defs[i].name) < nearest_distance(name, nearest))
			nearest = conf_defs[i].name;
	snprintf(err, errlen, "unknown key '%s'; did you mean '%s'?", name, nearest);
	return -1;
}

static int check(const struct conf_def *d, const char *value, char *err, size_t errlen)
{
	char *end;

	switch (d->type) {
	case CONF_TEXT:
		return 0;
	case CONF_BOOL:
		if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
			return 0;
		snprintf(err, errlen, "%s: found '%s', expected true or false", d->name, value);
		return -1;
	case CONF_SIZE: case CONF_COUNT:
		errno = 0;
		unsigned long long n = strtoull(value, &end, 10);
		if (end == value || *end || *value == '-' || errno) {
			snprintf(err, errlen, "%s: found '%s', expected a number", d->name, value);
			return -1;
		}
		if (n < d->low || n > d->high) {
			snprintf(err, errlen, "%s: %llu is not between %llu and %llu", d->name, n,
				(unsigned long long)d->low, (unsigned long long)d->high);
			return -1;
		}
		return 0;
	}
	return -1;
}

/* Is the program among those that honour a key? */
static bool honours(const char *programs, const char *program)
{
	size_t n = strlen(program);

	for (const char *p = strstr(programs, program); p; p = strstr(p + 1, program))
		if ((p == programs || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

int conf_set(struct conf *c, const char *assignment, const char *program, char *err, size_t errlen)
{
	const char *eq = strchr(assignment, '=');
	char name[128];

	if (!eq || (size_t)(eq - assignment) >= sizeof name) {
		snprintf(err, errlen, "found '%s', expected KEY=VALUE", assignment);
		return -1;
	}
	memcpy(name, assignment, (size_t)(eq - assignment));
	name[eq - assignment] = '\0';
	for (int i = 0; i < CONF_KEYS; i++) {
		const struct conf_def *d = &conf_defs[i];
		if (strcmp(d->name, name) != 0)
			continue;
		if (program && !honours(d->program, program)) {
			snprintf(err, errlen, "key '%s' is honoured by %s, not by %s", name, d->program, program);
			return -1;
		}
		if (check(d, eq + 1, err, errlen) != 0)
			return -1;
		char *copy = strdup(eq + 1);
		if (!copy) {
			snprintf(err, errlen, "out of memory");
			return -1;
		}
		free(c->text[i]);
		c->text[i] = copy;
		return 0;
	}
	return unknown(name, err, errlen);
}

const char *conf_text(const struct conf *c, enum conf_key k)
{
	return c->text[k] ? c->text[k] : conf_defs[k].value;
}

uint64_t conf_number(const struct conf *c, enum conf_key k)
{
	return strtoull(conf_text(c, k), NULL, 10);
}

bool conf_bool(const struct conf *c, enum conf_key k)
{
	return strcmp(conf_text(c, k), "true") == 0;
}

void conf_free(struct conf *c)
{
	for (int i = 0; i < CONF_KEYS; i++)
		free(c->text[i]);
	*c = (struct conf){0};
}

void conf_list(FILE *to)
{
	for (int i = 0; i < CONF_KEYS; i++)
		fprintf(to, "%s\t%s\t%s\t%s\n", conf_defs[i].name, conf_defs[i].program, conf_defs[i].value, conf_defs[i].meaning);
}
