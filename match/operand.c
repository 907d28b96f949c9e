/* Checking of operands: do the fields exist, does the transformer take them, what type has the result. */
#include "operand.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "match/report/diag.h"
#include "transform.h"

static enum operand_result fail(struct operand_error *e, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static enum operand_result fail(struct operand_error *e, size_t at, const char *fmt, ...)
{
	va_list ap;

	*e = (struct operand_error){ .at = at };
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return OPERAND_BAD;
}

static enum operand_result unknown_field(const struct operand_scope *s, const struct cond_operand *o, bool somewhere,
	struct operand_error *e)
{
	char name[128];
	struct field_walk walk = { s->own, 0 };

	snprintf(name, sizeof name, "%.*s", (int)strcspn(o->text, "["), o->text);
	const char *near = somewhere ? NULL : diag_nearest(name, field_next_name, &walk);
	fail(e, o->at, "filter_check called with nonexistent field %.200s", o->text);
	if (somewhere)
		snprintf(e->hint, sizeof e->hint, "; rules of another source have it");
	else if (near)
		snprintf(e->hint, sizeof e->hint, "; did you mean '%.100s'?", near);
	return somewhere ? OPERAND_FOREIGN : OPERAND_UNKNOWN;
}

static enum operand_result field_slot(const struct operand_scope *s, const struct cond_operand *o, uint32_t *slot,
	struct operand_error *e)
{
	struct field_ref ref;
	size_t used;

	*e = (struct operand_error){ .at = o->at };
	int rc = field_parse(s->own, o->text, o->n, true, s->arena, &ref, &used, e->text, sizeof e->text);
	if (rc < 0)
		return OPERAND_BAD;
	if (rc == 0 || !field_serves(ref.def, s->source))
		return unknown_field(s, o, rc > 0, e);
	*slot = slots_intern(s->slots, s->arena, &ref);
	return OPERAND_OK;
}

/* One argument; the members of a list in parentheses become arguments in its place. */
static enum operand_result add_arg(const struct operand_scope *s, const struct cond_operand *o, struct transform *t,
	struct operand_error *e)
{
	struct transform_arg *arg = &t->args[t->nargs];
	uint32_t slot;

	if (o->kind == OPERAND_LIST) {
		t->tuple = true;
		for (size_t i = 0; i < o->nargs; i++) {
			enum operand_result rc = add_arg(s, o->args[i], t, e);
			if (rc != OPERAND_OK)
				return rc;
		}
		return OPERAND_OK;
	}
	t->nargs++;
	*arg = (struct transform_arg){ .slot = -1, .text = arena_strn(s->arena, o->text, o->n), .n = o->n };
	if (o->kind == OPERAND_TEXT)
		return OPERAND_OK;
	enum operand_result rc = operand_slot(s, o, &slot, e);
	if (rc != OPERAND_OK)
		return rc;
	if (s->slots->slot[slot].ref.def->flags & FIELD_NO_TRANSFORM)
		return fail(e, o->at, "field '%.100s' does not support transformers", s->slots->slot[slot].ref.def->name);
	arg->slot = slot;
	return OPERAND_OK;
}

static bool is_text(uint8_t type)
{
	return type == TYPE_STRING || type == TYPE_BYTES;
}

static const struct field_def *arg_def(const struct operand_scope *s, const struct transform_arg *a)
{
	return a->slot < 0 ? NULL : s->slots->slot[a->slot].ref.def;
}

static bool scalar_text(const struct operand_scope *s, const struct transform_arg *a)
{
	const struct field_def *d = arg_def(s, a);

	return !d || (d->type == TYPE_STRING && !(d->flags & FIELD_LIST));
}

static enum operand_result wrong_args(const struct cond_operand *o, const char *expected, struct operand_error *e)
{
	return fail(e, o->at, "transformer '%s' has the wrong arguments, expected %s", o->text, expected);
}

/* Checks the arguments and gives the result its type. */
static enum operand_result check(const struct operand_scope *s, const struct cond_operand *o, const struct transform *t,
	struct field_def *out, struct operand_error *e)
{
	const struct field_def *first = t->nargs ? arg_def(s, &t->args[0]) : NULL;
	bool ok = o->nargs == 1 && first && !t->tuple && is_text(first->type);

	out->type = TYPE_STRING;
	switch (t->kind) {
	case TO_LOWER: case TO_UPPER: case BASENAME:
		ok = ok && first->type == TYPE_STRING;
		out->flags = ok ? first->flags & FIELD_LIST : 0;
		return ok ? OPERAND_OK : wrong_args(o, "one field or transformer that is a string", e);
	case FROM_B64:
		out->type = ok ? first->type : TYPE_STRING;
		out->flags = ok ? first->flags & FIELD_LIST : 0;
		return ok ? OPERAND_OK : wrong_args(o, "one field or transformer that is a string or buffer", e);
	case LENGTH:
		out->type = TYPE_UINT;
		ok = ok || (o->nargs == 1 && (t->tuple || (first && first->flags & FIELD_LIST)));
		return ok ? OPERAND_OK : wrong_args(o, "one field or transformer that is a string, a buffer or a list", e);
	case JOIN:
		ok = o->nargs == 2 && o->args[0]->kind != OPERAND_LIST && scalar_text(s, &t->args[0]) &&
			(t->tuple || (arg_def(s, &t->args[1]) && arg_def(s, &t->args[1])->flags & FIELD_LIST));
		return ok ? OPERAND_OK : wrong_args(o, "a text to put between, and a list", e);
	case CONCAT:
		ok = o->nargs >= 2 && !t->tuple;
		for (size_t i = 0; ok && i < t->nargs; i++)
			ok = scalar_text(s, &t->args[i]);
		return ok ? OPERAND_OK : wrong_args(o, "two or more that are strings", e);
	default:
		ok = o->nargs == 2 && !t->tuple && first && first->type == TYPE_STRING && first->flags & FIELD_LIST &&
			scalar_text(s, &t->args[1]) && (!o->arg || strlen(o->arg) == 1);
		out->flags = t->option ? 0 : FIELD_LIST;
		return ok ? OPERAND_OK : wrong_args(o, "a list of words and the letters of options, [letter] may follow", e);
	}
}

static size_t count(const struct cond_operand *o)
{
	size_t n = 1;

	for (size_t i = 0; i < o->nargs; i++)
		n += count(o->args[i]);
	return n;
}

static enum operand_result transformer_slot(const struct operand_scope *s, const struct cond_operand *o, uint32_t *slot,
	struct operand_error *e)
{
	struct transform *t = arena_alloc(s->arena, sizeof *t);
	struct field_def *def = arena_alloc(s->arena, sizeof *def);
	struct strbuf text = {0};

	t->kind = (enum transform_kind)transform_find(o->text, o->n);
	t->option = o->arg ? o->arg[0] : '\0';
	t->args = arena_alloc(s->arena, count(o) * sizeof *t->args);
	for (size_t i = 0; i < o->nargs; i++) {
		enum operand_result rc = add_arg(s, o->args[i], t, e);
		if (rc != OPERAND_OK)
			return rc;
	}
	if (o->arg && t->kind != GETOPT)
		return fail(e, o->at, "transformer '%s' takes no argument in brackets", o->text);
	enum operand_result rc = check(s, o, t, def, e);
	if (rc != OPERAND_OK)
		return rc;
	cond_print_operand(o, &text);
	def->name = arena_strn(s->arena, text.p, text.n);
	strbuf_free(&text);
	*slot = slots_transform(s->slots, s->arena, def, t);
	return OPERAND_OK;
}

enum operand_result operand_slot(const struct operand_scope *s, const struct cond_operand *o, uint32_t *slot,
	struct operand_error *e)
{
	switch (o->kind) {
	case OPERAND_FIELD: return field_slot(s, o, slot, e);
	case OPERAND_TRANSFORMER: return transformer_slot(s, o, slot, e);
	default: return fail(e, o->at, "expected a field or a transformer");
	}
}

const struct field_def *operand_field(const struct slots *s, uint32_t slot, unsigned flags, const char *name)
{
	const struct slot *at = &s->slot[slot];
	const struct field_def *found = NULL;

	if (!at->transform)
		return at->ref.def->flags & flags || (name && strcmp(at->ref.def->name, name) == 0) ? at->ref.def : NULL;
	for (size_t i = 0; i < at->transform->nargs && !found; i++)
		if (at->transform->args[i].slot >= 0)
			found = operand_field(s, (uint32_t)at->transform->args[i].slot, flags, name);
	return found;
}
