/* One frame as a JSON line. */
#include "render.h"

#include <stdio.h>
#include <string.h>

#include "text.h"
#include "wire/event.h"

enum { EVENT_HEAD = 8 };                       /* values before an EVENT's parameters */

struct line {
	const struct vocabulary *v;
	struct pack *out;
	struct cursor c;
	bool separate;                         /* a member has been written at this level */
};

static void name(struct line *l, const char *member)
{
	text_raw(l->out, l->separate ? ",\"" : "\"");
	text_raw(l->out, member);
	text_raw(l->out, "\":");
	l->separate = true;
}

/* The next value as a member. Returns as value_next. */
static int member(struct line *l, const struct member *m)
{
	struct value v;
	int rc = value_next(&l->c, &v);

	if (rc == 1) {
		name(l, m->name);
		render_value(l->out, &v, m->shape);
	}
	return rc;
}

/* All that is left, as a list under a name; nothing when nothing is left. */
static int rest(struct line *l, const char *list_name)
{
	struct value v;
	int rc = value_next(&l->c, &v);

	if (rc != 1)
		return rc;
	name(l, list_name);
	text_raw(l->out, "[");
	for (bool first = true; rc == 1; rc = value_next(&l->c, &v), first = false) {
		if (!first)
			text_raw(l->out, ",");
		render_value(l->out, &v, &shape_bin);
	}
	text_raw(l->out, "]");
	return rc;
}

static int named_values(struct line *l, const struct member *m, unsigned n)
{
	int rc = 1;

	for (unsigned i = 0; i < n && rc == 1; i++)
		rc = member(l, &m[i]);
	return rc;
}

/* The type by its name; the number too, where the name alone would not lead back to it. */
static int event_type_member(struct line *l, const struct event_names **e)
{
	struct value v;
	int rc = value_next(&l->c, &v);
	char number[32];

	if (rc != 1)
		return rc;
	*e = v.type == VALUE_UINT ? vocabulary_event(l->v, v.u) : NULL;
	name(l, "type");
	if (!*e) {
		render_value(l->out, &v, &shape_int);
		return 1;
	}
	text_string(l->out, (const uint8_t *)(*e)->name, strlen((*e)->name));
	if ((*e)->alias) {
		name(l, "type_number");
		snprintf(number, sizeof number, "%u", (*e)->number);
		text_raw(l->out, number);
	}
	return 1;
}

static int event_params(struct line *l, const struct event_names *e)
{
	struct line inner = { .v = l->v, .out = l->out, .c = l->c };

	if (!e || !e->named)
		return rest(l, "params");
	name(l, "params");
	text_raw(l->out, "{");
	int rc = named_values(&inner, e->params, e->nparams);
	text_raw(l->out, "}");
	l->c = inner.c;
	return rc;
}

static int event_values(struct line *l)
{
	const struct member *m = l->v->records[FRAME_EVENT].values;
	static const struct member facts = { "facts", &shape_extra_facts };
	const struct event_names *e = NULL;
	int rc = named_values(l, m, 2);

	if (rc == 1)
		rc = event_type_member(l, &e);
	if (rc == 1)
		rc = named_values(l, m + 3, EVENT_HEAD - 3);
	if (rc == 1)
		rc = event_params(l, e);
	return rc == 1 ? member(l, &facts) : rc;
}

static int values(struct line *l, int kind)
{
	const struct record *r = kind > 0 && kind < FRAME_KINDS ? &l->v->records[kind] : NULL;
	int rc;

	if (!r)
		return rest(l, "values");
	rc = kind == FRAME_EVENT ? event_values(l) : named_values(l, r->values, r->n);
	return rc == 1 ? rest(l, "extra") : rc;
}

/* Whether the body is what a writer of this project would write: reading the JSON back gives just that. */
static bool canonical(const struct frame *f, struct pack *scratch)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value v;

	for (int i = 0;; i++) {
		const uint8_t *at = c.p;
		if (value_next(&c, &v) != 1)
			return f->kind != FRAME_EVENT || i >= 5;
		scratch->len = 0;
		if (f->kind == FRAME_EVENT && i < 5 && v.type == VALUE_UINT && i != 2)
			pack_fix64(scratch, v.u);
		else if (f->kind == FRAME_EVENT && i == 2 && v.type == VALUE_UINT && v.u <= UINT16_MAX)
			pack_fix16(scratch, (uint16_t)v.u);
		else if (f->kind == FRAME_EVENT && i < 5)
			return false;
		else
			pack_value(scratch, &v);
		if (scratch->len != (size_t)(c.p - at) || memcmp(scratch->data, at, scratch->len) != 0)
			return false;
	}
}

static void body_member(struct line *l, const struct frame *f)
{
	name(l, "body");
	text_raw(l->out, "{\"base64\":\"");
	text_base64(l->out, f->body, f->len);
	text_raw(l->out, "\"}");
}

static void kind_member(struct line *l, int kind)
{
	char number[32];

	name(l, "kind");
	if (frame_kind_name(kind)) {
		text_string(l->out, (const uint8_t *)frame_kind_name(kind), strlen(frame_kind_name(kind)));
	} else {
		snprintf(number, sizeof number, "%d", kind);
		text_raw(l->out, number);
	}
}

int render_frame(const struct vocabulary *v, const struct frame *f, struct pack *out, size_t *at)
{
	struct line l = { .v = v, .out = out, .c = { f->body, f->body + f->len } };
	struct pack scratch = {0};
	size_t begin = out->len;

	text_raw(out, "{");
	kind_member(&l, f->kind);
	int rc = values(&l, f->kind);
	*at = (size_t)(l.c.p - f->body);
	if (rc < 0) {
		out->len = begin;
		return -1;
	}
	if (!canonical(f, &scratch))
		body_member(&l, f);
	pack_free(&scratch);
	text_raw(out, "}\n");
	return 0;
}
