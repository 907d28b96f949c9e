/* One check: field, operator, and a constant, a list or another field. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cond_scan.h"
#include "match/report/diag.h"
#include "match/vec.h"

/* Of a word that is likely a misspelt operator. */
static void suggest(struct scan *s)
{
	const struct cond_op_def *first = cond_ops;
	char word[16];
	size_t n = 0;

	while (s->p + n < s->end && n < sizeof word - 1 && islower((unsigned char)s->p[n]))
		n++;
	memcpy(word, s->p, n);
	word[n] = '\0';
	const char *near = n > 3 ? diag_nearest(word, cond_op_next, &first) : NULL;
	if (near)
		snprintf(s->err->after, sizeof s->err->after, "; did you mean '%s'?", near);
}

static const struct cond_op_def *operator(struct scan *s)
{
	for (const struct cond_op_def *o = cond_ops; o->name; o++) {
		const char *p = s->p;
		if ((s->grammar == GRAMMAR_OLD && !o->old) || !scan_word(s, o->name))
			continue;
		if (!o->blank || scan_at_blank(s))
			return o;
		s->p = p;
	}
	suggest(s);
	return scan_expected(s, "a valid check operator: one of 'exists', '<=', '<', '>=', '>', '==', '=', '!=', 'glob', 'iglob', "
		"'contains', 'icontains', 'bcontains', 'startswith', 'bstartswith', 'endswith', 'regex', 'intersects', 'in', 'pmatch'");
}

static int text(struct scan *s, struct cond_value *v)
{
	int rc = scan_quoted(s, v);

	return rc ? rc : scan_bare(s, v);
}

static bool add_value(struct scan *s, struct cond *c, const struct cond_value *v, size_t *cap)
{
	c->values = vec_room(s->arena, c->values, c->nvalues, cap, sizeof *v);
	c->values[c->nvalues++] = *v;
	return true;
}

/* "(a, b, c)" behind its parenthesis. */
static bool list_rest(struct scan *s, struct cond *c)
{
	struct cond_value v;
	size_t cap = 0;

	scan_blanks(s);
	if (scan_word(s, ")"))
		return true;
	for (;;) {
		scan_blanks(s);
		int rc = text(s, &v);
		if (rc <= 0)
			return rc < 0 ? false : scan_expected(s, "a text in the list");
		add_value(s, c, &v, &cap);
		scan_blanks(s);
		if (scan_word(s, ")"))
			return true;
		if (!scan_word(s, ","))
			return scan_expected(s, "a ')' token");
	}
}

static bool list(struct scan *s, struct cond *c)
{
	struct cond_value v;
	size_t cap = 0;

	if (scan_word(s, "("))
		return list_rest(s, c);
	if (scan_identifier(s, &v))
		return add_value(s, c, &v, &cap);
	return scan_expected(s, scan_value_list);
}

/* A modifier counts only where a list follows; otherwise the word is a value. */
static bool modifier(struct scan *s, struct cond *c)
{
	const char *p = s->p;
	struct cond_value v;

	if (!scan_identifier(s, &v))
		return false;
	c->modifier = cond_modifier(v.p, v.n);
	if (c->modifier != MODIFIER_NONE && scan_blanks(s)) {
		const char *here = s->p;
		bool follows = scan_word(s, "(") || (scan_identifier(s, &v) && strcmp(v.p, "and") != 0 && strcmp(v.p, "or") != 0 &&
			strcmp(v.p, "not") != 0);
		s->p = here;
		if (follows)
			return true;
	}
	c->modifier = MODIFIER_NONE;
	s->p = p;
	return false;
}

static bool one_text(struct scan *s, struct cond *c)
{
	struct cond_value v;
	size_t cap = 0;
	int rc = text(s, &v);

	if (rc == 0)
		return scan_expected(s, scan_value);
	return rc > 0 && add_value(s, c, &v, &cap);
}

static bool number(struct scan *s, struct cond *c)
{
	struct cond_value v;
	size_t cap = 0;

	if (!scan_number(s, &v))
		return scan_expected(s, scan_value_number);
	return add_value(s, c, &v, &cap);
}

static bool right_side(struct scan *s, struct cond *c, enum operator_kind kind)
{
	if (kind == OPERATOR_UNARY)
		return true;
	bool apart = scan_blanks(s);
	if (kind == OPERATOR_STRING && apart && s->grammar == GRAMMAR_NOW && modifier(s, c))
		return list(s, c);
	if (s->grammar == GRAMMAR_NOW)
		c->right = cond_operand(s, true);
	if (c->right || s->err->text[0])
		return c->right != NULL;
	switch (kind) {
	case OPERATOR_NUMBER: return number(s, c);
	case OPERATOR_STRING: return one_text(s, c);
	default: return list(s, c);
	}
}

struct cond *cond_check(struct scan *s)
{
	struct cond *c = arena_alloc(s->arena, sizeof *c);

	c->kind = COND_CHECK;
	c->at = (size_t)(s->p - s->text);
	c->left = cond_operand(s, false);
	if (!c->left)
		return NULL;
	scan_blanks(s);
	const struct cond_op_def *op = operator(s);
	if (!op)
		return NULL;
	c->op = (enum cond_operator)op->op;
	c->op_text = op->name;
	return right_side(s, c, (enum operator_kind)op->kind) ? c : NULL;
}
