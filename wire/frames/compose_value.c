/* One value of JSON as msgpack, by the shape that its place has; see render_value.c for the forms. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "explicit.h"
#include "text.h"

/* Where we are: the innermost member's name for messages, and how deep. */
struct place {
	struct pack *out;
	struct compose_error *err;
	const char *member;
	unsigned depth;
};

static int value(struct place *at, const json_t *j, const struct shape *shape);

int compose_fail(struct compose_error *err, const char *member, const char *fmt, ...)
{
	va_list ap;

	snprintf(err->member, sizeof err->member, "%s", member);
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return -1;
}

/* An integer in decimal, as large as msgpack's. */
static int integer_text(struct place *at, const char *s)
{
	char *end;
	bool negative = *s == '-';

	errno = 0;
	long long i = negative ? strtoll(s, &end, 10) : 0;
	unsigned long long u = negative ? 0 : strtoull(s, &end, 10);
	if (errno || *end || s[negative] < '0' || s[negative] > '9')
		return compose_fail(at->err, at->member, "%s: found '%.40s', expected an integer of 64 bits", at->member, s);
	if (negative)
		pack_int(at->out, i);
	else
		pack_uint(at->out, u);
	return 0;
}

static int float_bits(struct place *at, const json_t *j)
{
	const char *s = json_string_value(j);
	char *end;
	double f;

	errno = 0;
	uint64_t bits = s && strncmp(s, "0x", 2) == 0 ? strtoull(s, &end, 16) : 0;
	if (!bits || errno || *end)
		return compose_fail(at->err, at->member, "%s: expected {\"float\": \"0x…\"} with the bits of a double", at->member);
	memcpy(&f, &bits, sizeof f);
	pack_float(at->out, f);
	return 0;
}

/* The text of a string, or of {"base64": …}. The bytes are appended to `bytes`. */
static int bytes_of(struct place *at, const json_t *j, struct pack *bytes)
{
	const json_t *coded = json_is_object(j) && json_object_size(j) == 1 ? json_object_get(j, "base64") : NULL;

	if (json_is_string(j)) {
		pack_raw(bytes, json_string_value(j), json_string_length(j));
		return 0;
	}
	if (json_is_string(coded) && text_unbase64(bytes, json_string_value(coded), json_string_length(coded)))
		return 0;
	return compose_fail(at->err, at->member, "%s: expected a string or {\"base64\": …}", at->member);
}

static int string_form(struct place *at, const json_t *j, bool bin)
{
	struct pack bytes = {0};
	int rc = bytes_of(at, j, &bytes);

	if (rc == 0 && bin)
		pack_bin(at->out, bytes.data ? bytes.data : (const uint8_t *)"", bytes.len);
	else if (rc == 0)
		pack_strn(at->out, (const char *)bytes.data, bytes.len);
	pack_free(&bytes);
	return rc;
}

static int map_form(struct place *at, const json_t *list)
{
	size_t i;
	json_t *pair;

	if (!json_is_array(list))
		return compose_fail(at->err, at->member, "%s: expected {\"map\": [[key, value], …]}", at->member);
	pack_map(at->out, (uint32_t)json_array_size(list));
	json_array_foreach(list, i, pair) {
		if (!json_is_array(pair) || json_array_size(pair) != 2)
			return compose_fail(at->err, at->member, "%s: expected {\"map\": [[key, value], …]}", at->member);
		if (value(at, json_array_get(pair, 0), &shape_bin) != 0 || value(at, json_array_get(pair, 1), &shape_bin) != 0)
			return -1;
	}
	return 0;
}

static int explicit_value(struct place *at, const json_t *j, enum explicit_form form, const json_t *object)
{
	switch (form) {
	case EXPLICIT_STR: return string_form(at, j, false);
	case EXPLICIT_BIN: return string_form(at, j, true);
	case EXPLICIT_BASE64: return string_form(at, object, true);
	case EXPLICIT_INTEGER:
		if (!json_is_string(j))
			break;
		return integer_text(at, json_string_value(j));
	case EXPLICIT_FLOAT: return float_bits(at, j);
	case EXPLICIT_MAP: return map_form(at, j);
	case EXPLICIT_NONE: break;
	}
	return compose_fail(at->err, at->member, "%s: expected {\"int\": \"…\"}", at->member);
}

static int array(struct place *at, const json_t *j, const struct shape *shape)
{
	bool tuple = shape->kind == SHAPE_TUPLE;
	bool same = shape->kind == SHAPE_BIN || shape->kind == SHAPE_INT || shape->kind == SHAPE_STR;
	const struct shape *of = same ? shape : shape->kind == SHAPE_LIST ? shape->rest : &shape_bin;
	size_t i;
	json_t *element;

	pack_array(at->out, (uint32_t)json_array_size(j));
	json_array_foreach(j, i, element) {
		/* Behind a tuple's last member stand values without a name. */
		tuple = tuple && shape->members[i].name;
		if (value(at, element, tuple ? shape->members[i].shape : of) != 0)
			return -1;
	}
	return 0;
}

/* A tuple as an object: up to the last member that is there; what is left out before it is nil. */
static int tuple(struct place *at, const json_t *j, const struct shape *shape)
{
	struct place inner = *at;
	const char *key;
	json_t *member;
	int n = 0;

	json_object_foreach((json_t *)j, key, member) {
		int i = shape_member(shape->members, key, strlen(key));
		if (i < 0)
			return compose_fail(at->err, key, "%s: unknown member '%.60s'", at->member, key);
		if (i >= n)
			n = i + 1;
	}
	pack_array(at->out, (uint32_t)n);
	for (int i = 0; i < n; i++) {
		member = json_object_get(j, shape->members[i].name);
		inner.member = shape->members[i].name;
		if (!member)
			pack_nil(at->out);
		else if (value(&inner, member, shape->members[i].shape) != 0)
			return -1;
	}
	return 0;
}

static int pairs(struct place *at, const json_t *j, const struct shape *shape)
{
	struct place inner = *at;
	const char *key;
	json_t *member;

	pack_array(at->out, (uint32_t)json_object_size(j));
	json_object_foreach((json_t *)j, key, member) {
		pack_array(at->out, 2);
		pack_str(at->out, key);
		inner.member = key;
		if (value(&inner, member, shape->rest) != 0)
			return -1;
	}
	return 0;
}

static int fact_number(const char *name)
{
	for (int i = 0; i < FACT_COUNT; i++)
		if (strcmp(fact_names[i], name) == 0)
			return i;
	return -1;
}

/* Packs a map's key; the shape of its value, or NULL when the name is not a key here. */
static const struct shape *map_key(struct place *at, const char *key, const struct shape *shape)
{
	const struct shape *rest = shape->rest ? shape->rest : &shape_bin;
	int i;

	switch (shape->kind) {
	case SHAPE_FACTS:
		if ((i = fact_number(key)) >= 0) {
			pack_uint(at->out, (uint64_t)i);
			return shape_of_fact((unsigned)i);
		}
		/* fall through */
	case SHAPE_INTMAP:
		return integer_text(at, key) == 0 ? rest : NULL;
	case SHAPE_MAP:
		pack_str(at->out, key);
		i = shape_member(shape->members, key, strlen(key));
		return i >= 0 ? shape->members[i].shape : rest;
	default:
		pack_str(at->out, key);
		return &shape_bin;
	}
}

static int map(struct place *at, const json_t *j, const struct shape *shape)
{
	struct place inner = *at;
	const char *key;
	json_t *member;

	pack_map(at->out, (uint32_t)json_object_size(j));
	json_object_foreach((json_t *)j, key, member) {
		inner.member = key;
		const struct shape *of = map_key(&inner, key, shape);
		if (!of || value(&inner, member, of) != 0)
			return -1;
	}
	return 0;
}

static int object(struct place *at, const json_t *j, const struct shape *shape)
{
	if (json_object_size(j) == 1) {
		const char *key = json_object_iter_key(json_object_iter((json_t *)j));
		enum explicit_form form = explicit_form(key, strlen(key));
		if (form != EXPLICIT_NONE)
			return explicit_value(at, json_object_get(j, key), form, j);
	}
	if (shape->kind == SHAPE_TUPLE)
		return tuple(at, j, shape);
	return shape->kind == SHAPE_PAIRS ? pairs(at, j, shape) : map(at, j, shape);
}

static int string(struct place *at, const json_t *j, const struct shape *shape)
{
	if (shape->kind == SHAPE_INT)
		return integer_text(at, json_string_value(j));
	return string_form(at, j, shape->kind != SHAPE_STR);
}

static int value(struct place *at, const json_t *j, const struct shape *shape)
{
	int rc = 0;

	if (++at->depth > VALUE_DEPTH + 1)
		return compose_fail(at->err, at->member, "%s: nested more than %d deep", at->member, VALUE_DEPTH);
	switch (json_typeof(j)) {
	case JSON_NULL: pack_nil(at->out); break;
	case JSON_TRUE: case JSON_FALSE: pack_bool(at->out, json_is_true(j)); break;
	case JSON_INTEGER: pack_int(at->out, json_integer_value(j)); break;
	case JSON_REAL: pack_float(at->out, json_real_value(j)); break;
	case JSON_STRING: rc = string(at, j, shape); break;
	case JSON_ARRAY: rc = array(at, j, shape); break;
	case JSON_OBJECT: rc = object(at, j, shape); break;
	}
	at->depth--;
	return rc;
}

int compose_value(struct pack *out, const json_t *j, const struct shape *shape, const char *member,
	struct compose_error *err)
{
	return value(&(struct place){ .out = out, .err = err, .member = member }, j, shape);
}
