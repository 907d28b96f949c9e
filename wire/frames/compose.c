/* One JSON object as a frame. */
#include "compose.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

enum { EVENT_HEAD = 8, EVENT_TYPE = 2 };

struct composer {
	const struct vocabulary *v;
	const json_t *line;
	struct pack *out;
	struct compose_error *err;
};

static int kind_of(const struct composer *c, int *kind)
{
	const json_t *j = json_object_get(c->line, "kind");

	*kind = 0;
	if (json_is_string(j) && frame_kind_number(json_string_value(j)) > 0)
		*kind = frame_kind_number(json_string_value(j));
	else if (json_is_integer(j) && json_integer_value(j) >= -128 && json_integer_value(j) <= 127)
		*kind = (int)json_integer_value(j);
	else
		return compose_fail(c->err, "kind", "kind: expected the name of a record or a number from -128 to 127");
	return 0;
}

/* Members that every line may have beside the record's own. */
static bool common_member(const char *name)
{
	return strcmp(name, "kind") == 0 || strcmp(name, "body") == 0;
}

/* Checks that the line's members are among `names`, and finds how many of them are needed to reach the last one
 * given. */
static int count_members(const struct composer *c, const json_t *object, const struct member *names,
	const char *const *more, unsigned *n)
{
	const char *key;
	json_t *ignored;

	*n = 0;
	json_object_foreach((json_t *)object, key, ignored) {
		int i = shape_member(names, key, strlen(key));
		const char *const *m = more;
		while (*m && strcmp(*m, key) != 0)
			m++;
		if (i >= 0 && (unsigned)i >= *n)
			*n = (unsigned)i + 1;
		else if (i < 0 && !*m && !common_member(key))
			return compose_fail(c->err, key, "unknown member '%.60s'", key);
	}
	return 0;
}

static int members(const struct composer *c, const json_t *object, const struct member *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const json_t *j = json_object_get(object, names[i].name);
		if (!j)
			pack_nil(c->out);
		else if (compose_value(c->out, j, names[i].shape, names[i].name, c->err) != 0)
			return -1;
	}
	return 0;
}

static int list(const struct composer *c, const char *name)
{
	const json_t *values = json_object_get(c->line, name);
	size_t i;
	json_t *j;

	if (values && !json_is_array(values))
		return compose_fail(c->err, name, "%s: expected an array", name);
	json_array_foreach(values, i, j)
		if (compose_value(c->out, j, &shape_bin, name, c->err) != 0)
			return -1;
	return 0;
}

static int plain_record(const struct composer *c, int kind)
{
	static const char *const more[] = { "extra", NULL };
	const struct record *r = &c->v->records[kind];
	unsigned n;

	if (count_members(c, c->line, r->values, more, &n) != 0)
		return -1;
	/* What follows has its place only behind all that is known. */
	if (json_object_get(c->line, "extra"))
		n = r->n;
	return members(c, c->line, r->values, n) != 0 ? -1 : list(c, "extra");
}

static int unknown_record(const struct composer *c)
{
	static const struct member none[] = { { NULL, NULL } };
	static const char *const more[] = { "values", NULL };
	unsigned n;

	return count_members(c, c->line, none, more, &n) != 0 ? -1 : list(c, "values");
}

static int event_number(const struct composer *c, uint64_t *number, const struct event_names **e)
{
	const json_t *type = json_object_get(c->line, "type"), *exact = json_object_get(c->line, "type_number");

	if (!exact && json_is_string(type)) {
		*e = vocabulary_event_named(c->v, json_string_value(type));
		if (!*e)
			return compose_fail(c->err, "type", "type: unknown event type '%.60s'", json_string_value(type));
		*number = (*e)->number;
		return 0;
	}
	if (!exact)
		exact = type;
	if (!json_is_integer(exact) || json_integer_value(exact) < 0 || json_integer_value(exact) > UINT16_MAX)
		return compose_fail(c->err, "type", "type: expected the name or the number of an event type");
	*number = (uint64_t)json_integer_value(exact);
	*e = vocabulary_event(c->v, *number);
	return 0;
}

/* One of the numbers with which EVENT begins, in its fixed form. A missing one is 0; a missing task is the process. */
static int head_value(const struct composer *c, const char *name)
{
	struct pack packed = {0};
	const json_t *j = json_object_get(c->line, name);
	struct value v = { .type = VALUE_UINT, .u = 0 };

	if (!j && strcmp(name, "task") == 0)
		j = json_object_get(c->line, "process");
	int rc = j ? compose_value(&packed, j, &shape_int, name, c->err) : 0;
	struct cursor at = { packed.data, packed.data + packed.len };
	if (j && rc == 0 && (value_next(&at, &v) != 1 || v.type != VALUE_UINT))
		rc = compose_fail(c->err, name, "%s: expected a number that is not negative", name);
	if (rc == 0)
		pack_fix64(c->out, v.u);
	pack_free(&packed);
	return rc;
}

static int event_head(const struct composer *c, unsigned n, const struct event_names **e)
{
	const struct member *names = c->v->records[FRAME_EVENT].values;
	uint64_t number = 0;

	if (n < EVENT_TYPE + 3)
		n = EVENT_TYPE + 3;
	if (event_number(c, &number, e) != 0)
		return -1;
	for (unsigned i = 0; i < EVENT_TYPE + 3; i++) {
		if (i == EVENT_TYPE)
			pack_fix16(c->out, (uint16_t)number);
		else if (head_value(c, names[i].name) != 0)
			return -1;
	}
	return members(c, c->line, names + EVENT_TYPE + 3, n - (EVENT_TYPE + 3));
}

/* The parameters; with `all` every one, else up to the last that is given. */
static int event_params(const struct composer *c, const struct event_names *e, bool all)
{
	static const char *const more[] = { NULL };
	const json_t *params = json_object_get(c->line, "params");
	unsigned n = 0;

	if (!e || !e->named || json_is_array(params))
		return list(c, "params");
	if (params && !json_is_object(params))
		return compose_fail(c->err, "params", "params: expected an object");
	if (params && count_members(c, params, e->params, more, &n) != 0)
		return -1;
	return members(c, params, e->params, all ? e->nparams : n);
}

static int event_record(const struct composer *c)
{
	static const char *const more[] = { "type_number", "params", "facts", "extra", NULL };
	const struct event_names *e;
	const json_t *facts = json_object_get(c->line, "facts");
	bool extra = json_object_get(c->line, "extra") != NULL;
	unsigned n;

	if (count_members(c, c->line, c->v->records[FRAME_EVENT].values, more, &n) != 0)
		return -1;
	if (facts || extra || json_object_get(c->line, "params"))
		n = EVENT_HEAD;
	if (event_head(c, n, &e) != 0 || event_params(c, e, facts || extra) != 0)
		return -1;
	if (facts && compose_value(c->out, facts, &shape_extra_facts, "facts", c->err) != 0)
		return -1;
	if (!facts && extra)
		pack_nil(c->out);
	return list(c, "extra");
}

/* A whole body as it stood in the stream: for what the names above it can not give back byte for byte. */
static int body(const struct composer *c, const json_t *j)
{
	const json_t *coded = json_object_get(j, "base64");

	if (json_is_string(coded) && text_unbase64(c->out, json_string_value(coded), json_string_length(coded)))
		return 0;
	return compose_fail(c->err, "body", "body: expected {\"base64\": …}");
}

static int record(const struct composer *c, int kind)
{
	const json_t *raw = json_object_get(c->line, "body");

	if (raw)
		return body(c, raw);
	if (kind == FRAME_EVENT)
		return event_record(c);
	return frame_kind_name(kind) ? plain_record(c, kind) : unknown_record(c);
}

int compose_frame(const struct vocabulary *v, const json_t *line, struct pack *out, struct compose_error *err)
{
	struct composer c = { v, line, out, err };
	int kind;

	err->member[0] = '\0';
	if (!json_is_object(line))
		return compose_fail(err, "", "expected an object");
	if (kind_of(&c, &kind) != 0)
		return -1;
	size_t begin = frame_begin(out, kind);
	if (record(&c, kind) != 0) {
		out->len = begin;
		return -1;
	}
	return frame_end(out, begin) == 0 ? 0 : compose_fail(err, "", "the body is over the limit of its kind");
}
