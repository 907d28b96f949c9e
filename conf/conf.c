/* The table of keys and its values. */
#include "conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

const struct conf_def conf_defs[CONF_KEYS] = {
#define KEY(constant, name, type, value, falco, low, high, words, known, program, test, meaning) \
	{ name, value, falco, words, program, test, meaning, CONF_##type, CONF_##known, low, high },
#include "keys.def"
};

enum conf_key conf_find(const char *name)
{
	int i = 0;

	while (i < CONF_KEYS && strcmp(conf_defs[i].name, name) != 0)
		i++;
	return (enum conf_key)i;
}

const char *conf_nearest(const char *name)
{
	const char *nearest = conf_defs[0].name;

	for (int i = 1; i < CONF_KEYS; i++)
		if (nearest_distance(name, conf_defs[i].name) < nearest_distance(name, nearest))
			nearest = conf_defs[i].name;
	return nearest;
}

bool conf_has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = strstr(words, word); p && n; p = strstr(p + 1, word))
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

bool conf_duration(const char *text, uint64_t *ms)
{
	static const struct { const char *unit; uint64_t ms; } units[] = {
		{ "y", 365 * 86400000ull }, { "w", 7 * 86400000ull }, { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 }
	};
	size_t unit = 0;

	*ms = 0;
	if (!*text)
		return false;
	while (*text) {
		size_t digits = strspn(text, "0123456789"), letters = strspn(text + digits, "ywdhms");
		while (unit < sizeof units / sizeof *units && !(strlen(units[unit].unit) == letters &&
			memcmp(units[unit].unit, text + digits, letters) == 0))
			unit++;
		if (digits == 0 || digits > 9 || unit == sizeof units / sizeof *units)
			return false;
		*ms += strtoull(text, NULL, 10) * units[unit++].ms;
		text += digits + letters;
	}
	return true;
}

static int check_count(const struct conf_def *d, const char *value, char *err, size_t errlen)
{
	char *end;

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

/* The comparisons are written so that what is not a number at all fails them. */
static int check_number(const struct conf_def *d, const char *value, char *err, size_t errlen)
{
	char *end;
	double n = strtod(value, &end);

	if (end == value || *end) {
		snprintf(err, errlen, "%s: found '%s', expected a number", d->name, value);
		return -1;
	}
	if (!(n >= (double)d->low && n <= (double)d->high)) {
		snprintf(err, errlen, "%s: %s is not between %llu and %llu", d->name, value,
			(unsigned long long)d->low, (unsigned long long)d->high);
		return -1;
	}
	return 0;
}

int conf_check(const struct conf_def *d, const char *value, char *err, size_t errlen)
{
	uint64_t ms;

	switch (d->type) {
	case CONF_TEXT: case CONF_TEXTS: case CONF_RECORDS: case CONF_MAP:
		return 0;
	case CONF_BOOL:
		if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
			return 0;
		snprintf(err, errlen, "%s: found '%s', expected true or false", d->name, value);
		return -1;
	case CONF_ENUM:
		if (!strchr(value, ' ') && conf_has_word(d->words, value))
			return 0;
		snprintf(err, errlen, "%s: found '%s', expected one of: %s", d->name, value, d->words);
		return -1;
	case CONF_DURATION:
		if (conf_duration(value, &ms) && ms >= 100)
			return 0;
		snprintf(err, errlen, "%s: found '%s', expected a duration of 100ms or more, such as 1h30m", d->name, value);
		return -1;
	case CONF_SIZE: case CONF_COUNT: return check_count(d, value, err, errlen);
	case CONF_NUMBER: return check_number(d, value, err, errlen);
	}
	return -1;
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
	enum conf_key k = conf_find(name);
	if (k == CONF_KEYS) {
		snprintf(err, errlen, "unknown key '%s'; did you mean '%s'?", name, conf_nearest(name));
		return -1;
	}
	const struct conf_def *d = &conf_defs[k];
	if (program && !conf_has_word(d->program, program)) {
		snprintf(err, errlen, "key '%s' is honoured by %s, not by %s", name, d->program, program);
		return -1;
	}
	if (conf_check(d, eq + 1, err, errlen) != 0)
		return -1;
	char *copy = strdup(eq + 1);
	if (!copy) {
		snprintf(err, errlen, "out of memory");
		return -1;
	}
	free(c->text[k]);
	c->text[k] = copy;
	return 0;
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
