/* Decoding of ALERT: every value is checked here, so that the formats need not. */
#include "alert.h"

#include <stdio.h>

enum {
	NIL = 1 << VALUE_NIL, BOOL = 1 << VALUE_BOOL, UINT = 1 << VALUE_UINT, ARRAY = 1 << VALUE_ARRAY,
	TEXT = 1 << VALUE_STR | 1 << VALUE_BIN,
	ANY = -1
};

static const char *const type_names[] = {
	[VALUE_NIL] = "nil", [VALUE_BOOL] = "a boolean", [VALUE_UINT] = "a number", [VALUE_INT] = "a negative number",
	[VALUE_FLOAT] = "a float", [VALUE_STR] = "a text", [VALUE_BIN] = "bytes", [VALUE_ARRAY] = "an array", [VALUE_MAP] = "a map"
};

/* Each value's types, and those of the elements of its elements: a tuple where `tuple` says how many, else one of any number. */
static const struct shape {
	const char *name, *expected;
	int types;
	unsigned tuple;                /* of each element; 0: elements are plain */
	int element[3];
} shapes[ALERT_VALUES] = {
	[ALERT_TIME] = { "time", "a number", UINT, 0, {0} },
	[ALERT_ORIGIN] = { "origin", "an array", ARRAY | NIL, 0, { ANY } },
	[ALERT_RULE] = { "rule", "a text", TEXT, 0, {0} },
	[ALERT_PRIORITY] = { "priority", "a number up to 7", UINT, 0, {0} },
	[ALERT_SOURCE] = { "source", "a text", TEXT, 0, {0} },
	[ALERT_TAGS] = { "tags", "an array of texts", ARRAY | NIL, 0, { TEXT } },
	[ALERT_OUTPUT] = { "output", "bytes", TEXT, 0, {0} },
	[ALERT_FIELDS] = { "fields", "an array of [name, value]", ARRAY | NIL, 2, { TEXT, ANY } },
	[ALERT_DESCRIPTION] = { "description", "a text", TEXT | NIL, 0, {0} },
	[ALERT_FOLD] = { "fold", "bytes", TEXT | NIL, 0, {0} },
	[ALERT_ANCESTRY] = { "ancestry", "an array of [key, comm, path]", ARRAY | NIL, 3, { UINT, TEXT | NIL, TEXT | NIL } },
	[ALERT_COMPLETE] = { "complete", "a boolean", BOOL | NIL, 0, {0} },
	[ALERT_LOST] = { "lost", "an array of texts", ARRAY | NIL, 0, { TEXT } },
	[ALERT_SEVERITY] = { "severity", "a text", TEXT | NIL, 0, {0} },
};

static bool is(const struct value *v, int types)
{
	return (1 << v->type & types) != 0;
}

static bool tuple_fits(const struct value *v, const struct shape *s)
{
	struct value member;

	if (v->type != VALUE_ARRAY || v->a.count != s->tuple)
		return false;
	struct cursor c = v->a.inside;
	for (unsigned i = 0; i < s->tuple; i++)
		if (value_next(&c, &member) != 1 || !is(&member, s->element[i]))
			return false;
	return true;
}

static bool elements_fit(const struct value *v, const struct shape *s)
{
	struct value element;

	if (v->type != VALUE_ARRAY)
		return true;
	struct cursor c = v->a.inside;
	for (uint32_t i = 0; i < v->a.count; i++) {
		if (value_next(&c, &element) != 1)
			return false;
		if (s->tuple ? !tuple_fits(&element, s) : !is(&element, s->element[0]))
			return false;
	}
	return true;
}

static bool fits(const struct value *v, const struct shape *s)
{
	if (s == &shapes[ALERT_PRIORITY] && v->type == VALUE_UINT && v->u >= PRIORITIES)
		return false;
	return is(v, s->types) && elements_fit(v, s);
}

/* The host of [[host, boot id, name, start time], event id]; nil when the origin says none. */
static struct value origin_host(const struct value *origin)
{
	struct value source, host, none = { .type = VALUE_NIL };

	if (origin->type != VALUE_ARRAY)
		return none;
	struct cursor c = origin->a.inside;
	if (value_next(&c, &source) != 1 || source.type != VALUE_ARRAY)
		return none;
	if (value_next(&source.a.inside, &host) != 1 || !is(&host, TEXT) || host.s.len == 0)
		return none;
	return host;
}

int alert_decode(const struct frame *f, struct alert *a, size_t *at, char *err, size_t errlen)
{
	struct cursor c = { f->body, f->body + f->len };

	*a = (struct alert){0};
	for (int i = 0; i < ALERT_VALUES; i++) {
		const struct shape *s = &shapes[i];
		*at = (size_t)(c.p - f->body);
		int rc = value_next(&c, &a->v[i]);
		if (rc == 0 && is(&(struct value){ .type = VALUE_NIL }, s->types)) {
			a->v[i].type = VALUE_NIL;
			continue;
		}
		if (rc == 1 && fits(&a->v[i], s))
			continue;
		const char *found = rc == 0 ? "the end" : rc < 0 ? "no value" : type_names[a->v[i].type];
		snprintf(err, errlen, "alert: %s: found %s, expected %s", s->name, found, s->expected);
		return -1;
	}
	a->host = origin_host(&a->v[ALERT_ORIGIN]);
	return 0;
}

bool alert_field(struct cursor *fields, struct value *name, struct value *value)
{
	struct value pair;

	return value_next(fields, &pair) == 1 && value_next(&pair.a.inside, name) == 1 && value_next(&pair.a.inside, value) == 1;
}

const char *alert_priority(const struct alert *a)
{
	static const char *const names[PRIORITIES] = {
		"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"
	};

	return names[a->v[ALERT_PRIORITY].u];
}
