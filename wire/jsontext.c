/* Numbers of JSON have no bounds, those of the library do: an id of 20 digits must not make a document unreadable. */
#include "jsontext.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* Length of the number that stands there; 0: none does. */
static size_t number(const char *p, const char *end, bool *large)
{
	enum { SAFE_DIGITS = 18 };
	const char *at = p + (p < end && *p == '-');
	size_t n = digits(at, end);

	*large = n > SAFE_DIGITS;
	if (!n || (n > 1 && *at == '0'))
		return 0;
	at += n;
	if (at < end && *at == '.') {
		n = digits(at + 1, end);
		at += n ? n + 1 : 0;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		size_t sign = at + 1 < end && (at[1] == '+' || at[1] == '-');
		n = digits(at + 1 + sign, end);
		at += n ? n + 1 + sign : 0;
		*large |= n > 0;
	}
	return (size_t)(at - p);
}

static size_t string(const char *p, const char *end)
{
	const char *at = p + 1;

	while (at < end && *at != '"')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	return (size_t)((at < end ? at + 1 : end) - p);
}

/* A copy in which large numbers stand in quotes; NULL when there is no memory for it. */
static char *quoted(const char *p, size_t n, size_t *len)
{
	const char *end = p + n;
	char *out = malloc(3 * n + 1), *to = out;
	bool large;

	while (out && p < end) {
		size_t num = number(p, end, &large), step = num ? num : *p == '"' ? string(p, end) : 1;
		if (num && large)
			*to++ = '"';
		memcpy(to, p, step);
		to += step;
		if (num && large)
			*to++ = '"';
		p += step;
	}
	*len = out ? (size_t)(to - out) : 0;
	return out;
}

json_t *jsontext_load(const char *p, size_t n, size_t flags, json_error_t *e)
{
	json_error_t ignored;
	json_t *root = json_loadb(p, n, flags, e ? e : &ignored);
	size_t len;

	if (root || json_error_code(e ? e : &ignored) != json_error_numeric_overflow)
		return root;
	char *text = quoted(p, n, &len);
	if (text)
		root = json_loadb(text, len, flags, e);
	free(text);
	return root;
}
