/* Fields and transformers in conditions. */
#include <string.h>

#include "cond_scan.h"
#include "match/transform.h"
#include "match/vec.h"

static struct cond_operand *node(struct scan *s, enum operand_kind kind, const struct cond_value *v)
{
	struct cond_operand *o = arena_alloc(s->arena, sizeof *o);

	*o = (struct cond_operand){ .kind = kind, .at = v->at, .text = v->p, .n = v->n };
	return o;
}

/* `[arg]` right behind a field or transformer. Returns 1, 0 when there is none, -1. */
static int argument(struct scan *s, struct cond_value *arg)
{
	if (!scan_word(s, "["))
		return 0;
	int rc = scan_quoted(s, arg);
	if (rc < 0)
		return -1;
	if (rc == 0 && !scan_bare_arg(s, arg)) {
		scan_expected(s, "an argument of the field");
		return -1;
	}
	if (!scan_word(s, "]")) {
		scan_expected(s, "a ']' token");
		return -1;
	}
	return 1;
}

static struct cond_operand *field(struct scan *s)
{
	struct cond_value name, arg;
	struct strbuf whole = {0};

	if (!scan_field_name(s, &name))
		return NULL;
	int rc = argument(s, &arg);
	if (rc < 0)
		return NULL;
	if (rc > 0) {
		strbuf_add(&whole, name.p, name.n);
		strbuf_puts(&whole, "[");
		strbuf_add(&whole, arg.p, arg.n);
		strbuf_puts(&whole, "]");
		name.p = arena_strn(s->arena, whole.p, whole.n);
		name.n = whole.n;
		strbuf_free(&whole);
	}
	return node(s, OPERAND_FIELD, &name);
}

static bool transformer_name(struct scan *s, struct cond_value *name, bool right)
{
	const char *p = s->p;

	if (!scan_identifier(s, name))
		return false;
	if (s->p < s->end && *s->p == '(') {
		if (right && strcmp(name->p, "val") == 0)
			return true;
		if (transform_find(name->p, name->n) >= 0)
			return true;
	}
	s->p = p;
	return false;
}

static struct cond_operand *transformer(struct scan *s, bool right);

/* A field, a transformer, a text or a number. */
static struct cond_operand *member(struct scan *s)
{
	struct cond_value v;
	int rc = scan_quoted(s, &v);

	if (rc < 0)
		return NULL;
	if (rc > 0)
		return node(s, OPERAND_TEXT, &v);
	struct cond_operand *o = transformer(s, false);
	if (!o && !s->err->text[0])
		o = field(s);
	if (o || s->err->text[0])
		return o;
	if (scan_number(s, &v))
		return node(s, OPERAND_TEXT, &v);
	return scan_expected(s, "field transformer argument: field, transformer, quoted string, number, or transformer list");
}

static struct cond_operand *list(struct scan *s);

/* Members up to the closing parenthesis. */
static bool members(struct scan *s, struct cond_operand *into, bool lists, bool empty)
{
	size_t cap = 0;

	scan_blanks(s);
	if (empty && scan_word(s, ")"))
		return true;
	for (;;) {
		scan_blanks(s);
		struct cond_operand *o = lists && scan_word(s, "(") ? list(s) : member(s);
		if (!o)
			return false;
		into->args = vec_room(s->arena, into->args, into->nargs, &cap, sizeof o);
		into->args[into->nargs++] = o;
		scan_blanks(s);
		if (scan_word(s, ")"))
			return true;
		if (!scan_word(s, ","))
			return scan_expected(s, "a ')' token");
	}
}

static struct cond_operand *list(struct scan *s)
{
	struct cond_value v = { "", 0, (size_t)(s->p - s->text) };
	struct cond_operand *o = node(s, OPERAND_LIST, &v);

	return members(s, o, false, true) ? o : NULL;
}

static struct cond_operand *transformer(struct scan *s, bool right)
{
	struct cond_value name, arg;

	if (!transformer_name(s, &name, right))
		return NULL;
	if (++s->depth > COND_DEPTH_MAX)
		return scan_error(s, s->p, "exceeded max depth limit of %d", COND_DEPTH_MAX);
	struct cond_operand *o = node(s, OPERAND_TRANSFORMER, &name);
	scan_word(s, "(");
	if (!members(s, o, true, false))
		return NULL;
	s->depth--;
	if (strcmp(name.p, "val") == 0) {
		if (o->nargs != 1 || o->args[0]->kind != OPERAND_FIELD)
			return scan_error(s, s->text + name.at, "expected a field within 'val' transformer");
		return o->args[0];
	}
	int rc = argument(s, &arg);
	if (rc > 0)
		o->arg = arg.p;
	return rc < 0 ? NULL : o;
}

struct cond_operand *cond_operand(struct scan *s, bool right)
{
	struct cond_operand *o = s->grammar == GRAMMAR_NOW ? transformer(s, right) : NULL;

	if (o || right || s->err->text[0])
		return o;
	return field(s);
}

struct cond_operand *cond_operand_parse(const char *text, size_t n, struct arena *a, size_t *used, struct cond_error *err)
{
	struct scan s = { .text = text, .p = text, .end = text + n, .arena = a, .err = err, .last = "" };

	*err = (struct cond_error){0};
	struct cond_operand *o = transformer(&s, false);
	*used = (size_t)(s.p - text);
	return o;
}
