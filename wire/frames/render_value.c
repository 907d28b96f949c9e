/* One msgpack value as JSON. A value that is not of the type its shape names is written in an explicit form, an
 * object with one member: {"str": …}, {"bin": …}, {"base64": …}, {"int": "…"}, {"float": "0x…"}, {"map": [[key,
 * value], …]}. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "explicit.h"
#include "render.h"
#include "text.h"

enum { NAMES_MAX = 1024 };                     /* members of an object that are compared with one another */

static void integer(struct pack *out, const struct value *v, const struct shape *shape)
{
	char number[32];
	bool large = v->type == VALUE_UINT ? v->u > EXPLICIT_INT : v->i < -(int64_t)EXPLICIT_INT;

	if (v->type == VALUE_UINT)
		snprintf(number, sizeof number, "%llu", (unsigned long long)v->u);
	else
		snprintf(number, sizeof number, "%lld", (long long)v->i);
	if (large)
		text_raw(out, shape->kind == SHAPE_INT ? "\"" : "{\"int\":\"");
	text_raw(out, number);
	if (large)
		text_raw(out, shape->kind == SHAPE_INT ? "\"" : "\"}");
}

static void real(struct pack *out, double f)
{
	char number[64];
	uint64_t bits;

	if (isfinite(f)) {
		int n = snprintf(number, sizeof number, "%.17g", f);
		if (strspn(number, "-0123456789") == (size_t)n)
			strcpy(number + n, ".0");
	} else {
		memcpy(&bits, &f, sizeof bits);
		snprintf(number, sizeof number, "{\"float\":\"0x%016llx\"}", (unsigned long long)bits);
	}
	text_raw(out, number);
}

static void base64(struct pack *out, const struct value *v)
{
	text_raw(out, "{\"base64\":\"");
	text_base64(out, v->s.data, v->s.len);
	text_raw(out, "\"}");
}

static void string(struct pack *out, const struct value *v, const struct shape *shape)
{
	bool utf8 = text_is_utf8(v->s.data, v->s.len), bin = v->type == VALUE_BIN;
	bool plain = utf8 && (bin ? shape->kind != SHAPE_STR && shape->kind != SHAPE_INT : shape->kind == SHAPE_STR);

	if (bin && !utf8) {
		base64(out, v);
		return;
	}
	if (!plain)
		text_raw(out, bin ? "{\"bin\":" : "{\"str\":");
	if (utf8)
		text_string(out, v->s.data, v->s.len);
	else
		base64(out, v);
	if (!plain)
		text_raw(out, "}");
}

/* The shape of what lies in an array: of scalars the same one. */
static const struct shape *element_shape(const struct shape *shape, uint32_t i)
{
	switch (shape->kind) {
	case SHAPE_BIN: case SHAPE_INT: case SHAPE_STR:
		return shape;
	case SHAPE_LIST:
		return shape->rest;
	case SHAPE_TUPLE:
		for (uint32_t k = 0; shape->members[k].name; k++)
			if (k == i)
				return shape->members[k].shape;
		return &shape_bin;
	default:
		return &shape_bin;
	}
}

static void separator(struct pack *out, uint32_t i)
{
	if (i > 0)
		text_raw(out, ",");
}

static void array(struct pack *out, const struct value *v, const struct shape *shape)
{
	struct cursor c = v->a.inside;
	struct value element;

	text_raw(out, "[");
	for (uint32_t i = 0; value_next(&c, &element) == 1; i++) {
		separator(out, i);
		render_value(out, &element, element_shape(shape, i));
	}
	text_raw(out, "]");
}

static void tuple(struct pack *out, const struct value *v, const struct shape *shape)
{
	struct cursor c = v->a.inside;
	struct value element;
	uint32_t known = 0;

	while (shape->members[known].name)
		known++;
	if (v->a.count == 0 || v->a.count > known) {
		array(out, v, shape);
		return;
	}
	text_raw(out, "{");
	for (uint32_t i = 0; value_next(&c, &element) == 1; i++) {
		separator(out, i);
		text_raw(out, "\"");
		text_raw(out, shape->members[i].name);
		text_raw(out, "\":");
		render_value(out, &element, shape->members[i].shape);
	}
	text_raw(out, "}");
}

/* The keys of a map or of pairs, to see whether an object can hold them: each once, and of the type that is asked
 * for. */
struct names {
	struct value name[NAMES_MAX];
	uint32_t n;
};

static bool same(const struct value *a, const struct value *b)
{
	if (a->type == VALUE_UINT)
		return a->u == b->u;
	return a->s.len == b->s.len && memcmp(a->s.data, b->s.data, a->s.len) == 0;
}

static bool add_name(struct names *names, const struct value *v, enum value_type type)
{
	if (v->type != type || names->n == NAMES_MAX || (type == VALUE_STR && !text_is_name(v->s.data, v->s.len)))
		return false;
	for (uint32_t i = 0; i < names->n; i++)
		if (same(&names->name[i], v))
			return false;
	names->name[names->n++] = *v;
	return true;
}

/* An object with one member of an explicit form's name would be taken for that form. */
static bool ambiguous(const struct names *names)
{
	const struct value *only = &names->name[0];

	return names->n == 1 && only->type == VALUE_STR &&
		explicit_form((const char *)only->s.data, only->s.len) != EXPLICIT_NONE;
}

static bool named_map(const struct value *v, enum value_type type)
{
	struct names names;
	struct cursor c = v->a.inside;
	struct value key;

	names.n = 0;
	while (value_next(&c, &key) == 1)
		if (!add_name(&names, &key, type) || value_skip(&c) != 1)
			return false;
	return !ambiguous(&names);
}

static bool named_pairs(const struct value *v)
{
	struct names names;
	struct cursor c = v->a.inside;
	struct value pair, key;

	names.n = 0;
	while (value_next(&c, &pair) == 1) {
		if (pair.type != VALUE_ARRAY || pair.a.count != 2)
			return false;
		if (value_next(&pair.a.inside, &key) != 1 || !add_name(&names, &key, VALUE_STR))
			return false;
	}
	return names.n > 0 && !ambiguous(&names);
}

static void pair_list(struct pack *out, const struct value *v)
{
	struct cursor c = v->a.inside;
	struct value element;

	text_raw(out, "{\"map\":[");
	for (uint32_t i = 0; value_next(&c, &element) == 1; i++) {
		separator(out, i);
		text_raw(out, "[");
		render_value(out, &element, &shape_bin);
		text_raw(out, ",");
		if (value_next(&c, &element) == 1)
			render_value(out, &element, &shape_bin);
		text_raw(out, "]");
	}
	text_raw(out, "]}");
}

static const struct shape *value_shape(const struct shape *shape, const struct value *key)
{
	if (key->type == VALUE_UINT && shape->kind == SHAPE_FACTS)
		return key->u < FACT_COUNT ? shape_of_fact((unsigned)key->u) : &shape_bin;
	if (key->type == VALUE_STR && shape->kind == SHAPE_MAP) {
		int i = shape_member(shape->members, (const char *)key->s.data, key->s.len);
		if (i >= 0)
			return shape->members[i].shape;
	}
	return shape->rest ? shape->rest : &shape_bin;
}

static void member_name(struct pack *out, const struct shape *shape, const struct value *key)
{
	char number[32];
	const char *text = number;

	if (key->type == VALUE_STR) {
		text_string(out, key->s.data, key->s.len);
		return;
	}
	snprintf(number, sizeof number, "%llu", (unsigned long long)key->u);
	if (shape->kind == SHAPE_FACTS && key->u < FACT_COUNT)
		text = fact_names[key->u];
	text_string(out, (const uint8_t *)text, strlen(text));
}

static void pairs(struct pack *out, const struct value *v, const struct shape *shape)
{
	struct cursor c = v->a.inside;
	struct value pair, key, value;

	text_raw(out, "{");
	for (uint32_t i = 0; value_next(&c, &pair) == 1; i++) {
		separator(out, i);
		if (value_next(&pair.a.inside, &key) != 1 || value_next(&pair.a.inside, &value) != 1)
			break;
		member_name(out, shape, &key);
		text_raw(out, ":");
		render_value(out, &value, shape->rest ? shape->rest : &shape_bin);
	}
	text_raw(out, "}");
}

static void map(struct pack *out, const struct value *v, const struct shape *shape)
{
	struct cursor c = v->a.inside;
	struct value key, value;
	bool numbered = shape->kind == SHAPE_INTMAP || shape->kind == SHAPE_FACTS;
	/* Where an array may be an object, an object is not a map. */
	bool array_here = shape->kind == SHAPE_TUPLE || shape->kind == SHAPE_PAIRS;

	if (array_here || !named_map(v, numbered ? VALUE_UINT : VALUE_STR)) {
		pair_list(out, v);
		return;
	}
	text_raw(out, "{");
	for (uint32_t i = 0; value_next(&c, &key) == 1 && value_next(&c, &value) == 1; i++) {
		separator(out, i);
		member_name(out, shape, &key);
		text_raw(out, ":");
		render_value(out, &value, value_shape(shape, &key));
	}
	text_raw(out, "}");
}

static void array_form(struct pack *out, const struct value *v, const struct shape *shape)
{
	if (shape->kind == SHAPE_TUPLE)
		tuple(out, v, shape);
	else if (shape->kind == SHAPE_PAIRS && named_pairs(v))
		pairs(out, v, shape);
	else
		array(out, v, shape);
}

void render_value(struct pack *out, const struct value *v, const struct shape *shape)
{
	switch (v->type) {
	case VALUE_NIL: text_raw(out, "null"); break;
	case VALUE_BOOL: text_raw(out, v->boolean ? "true" : "false"); break;
	case VALUE_UINT: case VALUE_INT: integer(out, v, shape); break;
	case VALUE_FLOAT: real(out, v->f); break;
	case VALUE_STR: case VALUE_BIN: string(out, v, shape); break;
	case VALUE_ARRAY: array_form(out, v, shape); break;
	case VALUE_MAP: map(out, v, shape); break;
	}
}
