/* Finding and reading times in JSON. */
#include "moment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

bool moment_is_pointer(const char *p)
{
	if (*p != '/' && *p != '\0')
		return false;
	for (; *p; p++)
		if (*p == '~' && p[1] != '0' && p[1] != '1')
			return false;
	return true;
}

/* One step: `token` is the text between two slashes, with ~1 for a slash and ~0 for a tilde. */
static const json_t *step(const json_t *at, const char *token, size_t len)
{
	char name[256];
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof name - 1; i++) {
		name[n] = token[i];
		if (token[i] == '~')
			name[n] = token[++i] == '1' ? '/' : '~';
		n++;
	}
	name[n] = '\0';
	if (!json_is_array(at))
		return json_object_get(at, name);
	char *end;
	unsigned long index = strtoul(name, &end, 10);
	bool plain = *name >= '0' && *name <= '9' && *end == '\0' && (*name != '0' || n == 1);
	return plain ? json_array_get(at, index) : NULL;
}

const json_t *moment_find(const json_t *document, const char *pointer)
{
	const json_t *at = document;

	while (at && *pointer) {
		size_t len = strcspn(++pointer, "/");
		at = step(at, pointer, len);
		pointer += len;
	}
	return at;
}

/* The unit follows from the size: seconds reach 10^11 in the year 5138, milliseconds 10^14, microseconds 10^17. */
static bool from_number(uint64_t whole, double fraction, uint64_t *ns)
{
	static const struct { uint64_t below, factor; } units[] = {
		{ 100 * SECOND, SECOND }, { 100000 * SECOND, 1000000 }, { 100000000 * SECOND, 1000 }, { UINT64_MAX, 1 }
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (whole >= units[i].below)
			continue;
		*ns = whole * units[i].factor + (uint64_t)(fraction * (double)units[i].factor + 0.5);
		return true;
	}
	return false;
}

/* The digits behind the point as ns; moves past them. */
static uint64_t fraction_of(const char **s)
{
	uint64_t ns = 0, unit = SECOND / 10;

	if (**s != '.')
		return 0;
	for (++*s; **s >= '0' && **s <= '9'; ++*s, unit /= 10)
		ns += (uint64_t)(**s - '0') * unit;
	return ns;
}

/* Z, or an offset like +02:00, in seconds. */
static bool offset_of(const char *s, int64_t *seconds)
{
	int hours, minutes, n = 0;

	*seconds = 0;
	if ((*s == 'Z' || *s == 'z') && s[1] == '\0')
		return true;
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 || n != 5 || s[6] != '\0')
		return false;
	*seconds = (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

static bool from_rfc3339(const char *s, uint64_t *ns)
{
	struct tm t = {0};
	char separator;
	int n = 0;
	int64_t offset;

	if (sscanf(s, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &separator, &t.tm_hour, &t.tm_min,
			&t.tm_sec, &n) != 7 || n != 19 || !strchr("Tt ", separator))
		return false;
	if (t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour > 23 || t.tm_min > 59 ||
			t.tm_sec > 60)
		return false;
	s += n;
	uint64_t fraction = fraction_of(&s);
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	if (!offset_of(s, &offset))
		return false;
	int64_t seconds = (int64_t)timegm(&t) - offset;
	if (seconds < 0 || seconds >= INT64_MAX / (int64_t)SECOND)
		return false;
	*ns = (uint64_t)seconds * SECOND + fraction;
	return true;
}

bool moment_read(const json_t *value, uint64_t *ns)
{
	char *end;

	if (json_is_integer(value))
		return json_integer_value(value) >= 0 && from_number((uint64_t)json_integer_value(value), 0, ns);
	if (json_is_real(value)) {
		double real = json_real_value(value);
		return real >= 0 && real < 1.8e19 && from_number((uint64_t)real, real - (double)(uint64_t)real, ns);
	}
	if (!json_is_string(value))
		return false;
	const char *s = json_string_value(value);
	errno = 0;
	unsigned long long whole = strtoull(s, &end, 10);
	if (*s >= '0' && *s <= '9' && *end == '\0' && !errno)
		return from_number(whole, 0, ns);
	return from_rfc3339(s, ns);
}
