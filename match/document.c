/* Parsing documents within bounds, and walking along JSON pointers. */
#include "document.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/jsontext.h"

void document_clear(struct document *d)
{
	json_decref(d->root);
	*d = (struct document){0};
}

/* Counts what begins a value, without parsing: a document of 16 MiB may be nothing but brackets. */
static bool too_many_values(const char *p, size_t n)
{
	size_t values = 1;
	bool string = false;

	for (size_t i = 0; i < n && values <= DOCUMENT_VALUES; i++) {
		if (string && p[i] == '\\')
			i++;
		else if (p[i] == '"')
			string = !string;
		else if (!string)
			values += p[i] == ',' || p[i] == '[' || p[i] == '{';
	}
	return values > DOCUMENT_VALUES;
}

/* Without the piece of the document that jansson quotes: it goes to a terminal. */
static void keep_error(struct document *d, const json_error_t *e)
{
	const char *near = strstr(e->text, " near '");
	int n = near ? (int)(near - e->text) : (int)strlen(e->text);

	snprintf(d->error, sizeof d->error, "line %d, column %d: %.*s", e->line > 0 ? e->line : 1, e->column > 0 ? e->column : 1, n,
		e->text);
}

/* Of a key that stands twice every reader takes another one: such a document does not say anything for certain. */
static void parse(struct document *d)
{
	json_error_t e;

	if (too_many_values(d->text, d->n)) {
		snprintf(d->error, sizeof d->error, "found more than %d values, expected fewer", DOCUMENT_VALUES);
		return;
	}
	d->root = jsontext_load(d->text, d->n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	if (!d->root)
		keep_error(d, &e);
}

const struct json_t *document_root(struct document *d)
{
	if (d->text && !d->root && !document_bad(d))
		parse(d);
	return d->root;
}

/* Takes the escapes of a pointer's part out, in place. */
static void unescape(char *part)
{
	char *to = part;

	for (const char *p = part; *p; p++) {
		bool escape = p[0] == '~' && (p[1] == '0' || p[1] == '1');
		*to++ = !escape ? *p : *++p == '0' ? '~' : '/';
	}
	*to = '\0';
}

static const json_t *element(const json_t *array, const char *part)
{
	size_t n = strlen(part);

	if (n == 0 || n > 9 || strspn(part, "0123456789") != n || (part[0] == '0' && n > 1))
		return NULL;
	return json_array_get(array, strtoul(part, NULL, 10));
}

const struct json_t *document_find(struct document *d, const char *pointer, struct arena *a)
{
	const json_t *at = document_root(d);

	if (!at || !*pointer)
		return at;
	char *rest = arena_strn(a, pointer + (*pointer == '/'), strlen(pointer) - (*pointer == '/'));
	while (at && rest) {
		char *part = strsep(&rest, "/");
		unescape(part);
		at = json_is_array(at) ? element(at, part) : json_object_get(at, part);
	}
	return at;
}
