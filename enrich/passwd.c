/* An own parser of passwd and group: the files of containers are hostile, and NSS would run host code for them. */
#include "passwd.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

enum { FIELD_NAME, FIELD_PASSWORD, FIELD_NUMBER, FIELD_GROUP, FIELD_GECOS, FIELD_HOME, FIELD_SHELL, FIELDS };

static unsigned split(const char *p, size_t len, struct name_text fields[FIELDS])
{
	const char *end = p + len;
	unsigned n = 0;

	while (n < FIELDS) {
		const char *colon = memchr(p, ':', (size_t)(end - p));
		const char *stop = colon ? colon : end;
		fields[n++] = (struct name_text){ p, (uint32_t)(stop - p) };
		if (!colon)
			break;
		p = colon + 1;
	}
	return n;
}

static bool parse_number(struct name_text t, uint32_t *out)
{
	uint64_t n = 0;

	if (t.len == 0 || t.len > 10)
		return false;
	for (uint32_t i = 0; i < t.len; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(t.p[i] - '0');
	}
	*out = (uint32_t)n;
	return n < UINT32_MAX;         /* the highest number means "unset" */
}

/* `+` and `-` begin what NIS would fill in. */
static bool parse_line(struct name *e, enum names_type type, const char *p, size_t len)
{
	struct name_text fields[FIELDS] = {0};

	if (len == 0 || len > NAME_LINE_MAX || strchr("#+-", *p) || memchr(p, '\0', len))
		return false;
	unsigned n = split(p, len, fields);
	if (n <= FIELD_NUMBER || fields[FIELD_NAME].len == 0)
		return false;
	*e = (struct name){ .name = fields[FIELD_NAME] };
	if (!parse_number(fields[FIELD_NUMBER], &e->number))
		return false;
	if (type == NAMES_USER) {
		e->home = fields[FIELD_HOME];
		e->shell = fields[FIELD_SHELL];
	}
	return true;
}

static void append(struct name_table *t, size_t *cap, struct name e)
{
	if (t->n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		t->v = realloc(t->v, *cap * sizeof *t->v);
		if (!t->v)
			diex(EX_OSERR, "out of memory: %zu names", *cap);
	}
	t->v[t->n++] = e;
}

/* Equal numbers stay in the file's order. */
static int by_number(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->name.p < y->name.p ? -1 : x->name.p > y->name.p;
}

static void sort_once(struct name_table *t)
{
	size_t kept = 0;

	if (t->n)
		qsort(t->v, t->n, sizeof *t->v, by_number);
	for (size_t i = 0; i < t->n; i++)
		if (kept == 0 || t->v[kept - 1].number != t->v[i].number)
			t->v[kept++] = t->v[i];
	t->n = kept;
}

void passwd_parse(struct name_table *t, enum names_type type, char *text, size_t len)
{
	size_t cap = 0;
	struct name e;

	*t = (struct name_table){ .text = text };
	for (const char *p = text, *end = text + len; p < end && t->n < NAMES_MAX;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;
		if (parse_line(&e, type, p, (size_t)(stop - p)))
			append(t, &cap, e);
		p = stop + 1;
	}
	sort_once(t);
}

static int number_order(const void *key, const void *entry)
{
	uint32_t number = *(const uint32_t *)key, other = ((const struct name *)entry)->number;

	return number < other ? -1 : number > other;
}

const struct name *passwd_find(const struct name_table *t, uint32_t number)
{
	return t->n ? bsearch(&number, t->v, t->n, sizeof *t->v, number_order) : NULL;
}

void passwd_free(struct name_table *t)
{
	free(t->v);
	free(t->text);
	*t = (struct name_table){0};
}
