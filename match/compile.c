/* Syntax trees into expressions. */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operand.h"
#include "transform.h"

/* An error, and what saker adds to Falco's message. */
static bool fail(struct compiler *c, size_t at, const char *text, const char *hint)
{
	diag_error(c->d, cond_text_place(c->text, at), LOAD_ERR_COMPILE_CONDITION, "%s", text);
	diag_after(c->d, "%s", hint);
	diag_inside(c->d, ITEM_CONDITION_EXPRESSION, c->text->text.p, c->text->text.n, at);
	return false;
}

static void warn(struct compiler *c, size_t at, enum diag_code code, const char *fmt, const char *word)
{
	char text[512];

	snprintf(text, sizeof text, fmt, word);
	diag_warn(c->d, diag_full(c->d) ? (struct place){0} : cond_text_place(c->text, at), code, "%s", text);
	diag_inside(c->d, ITEM_CONDITION_EXPRESSION, c->text->text.p, c->text->text.n, at);
}

/* The type of an event may only be compared as it is: conditions are sorted by it. */
static bool find_slot(struct compiler *c, const struct cond_operand *o, uint32_t *slot)
{
	const struct operand_scope scope = { c->source, &c->program->slots, &c->program->arena, c->rs->own };
	struct operand_error e;
	enum operand_result rc = operand_slot(&scope, o, slot, &e);
	const struct field_def *old;

	if (rc != OPERAND_OK) {
		c->unknown = rc == OPERAND_UNKNOWN ? UNKNOWN_AT_ALL : rc == OPERAND_FOREIGN ? UNKNOWN_TO_SOURCE : UNKNOWN_NOTHING;
		fail(c, e.at, e.text, e.hint);
		if (c->unknown != UNKNOWN_NOTHING && c->rule)
			diag_old(c->d, "rule \"%s\": contains unknown filter %s", c->rule->name, o->text);
		return false;
	}
	if (scope.slots->slot[*slot].transform && operand_field(scope.slots, *slot, 0, "evt.type"))
		return fail(c, o->at, "event code search does not support `evt.type` checks with transformers.", "");
	old = operand_field(scope.slots, *slot, FIELD_DEPRECATED, NULL);
	if (old && !c->rs->old) {
		warn(c, o->at, LOAD_DEPRECATED_ITEM, "usage of deprecated field '%s' has been detected in the rule condition", old->name);
		diag_field(c->d, old->name);
	}
	return true;
}

static bool check_types(struct compiler *c, const struct field_ref *ref, const struct cond *check)
{
	int bad = evttypes_unknown(ref, check);
	char text[256], hint[128] = "";

	if (strcmp(ref->def->name, "evt.type") == 0 && check->right)
		return fail(c, check->right->at, "event code search does not support `evt.type` checks with right-hand side fields.", "");
	if (bad < 0)
		return true;
	const char *near = evttypes_nearest(check->values[bad].p);
	snprintf(text, sizeof text, "unknown event type %.200s", check->values[bad].p);
	if (near)
		snprintf(hint, sizeof hint, "; did you mean '%.80s'?", near);
	c->unknown = UNKNOWN_TO_SOURCE;
	return fail(c, check->values[bad].at, text, hint);
}

/* evt.num is at least 1: what is compared with 0 is known. Returns -1 when it is not. */
static int number_known(const struct field_ref *ref, const struct cond *check)
{
	if (strcmp(ref->def->name, "evt.num") != 0 || check->nvalues != 1 || check->modifier != MODIFIER_NONE)
		return -1;
	unsigned long long n = strtoull(check->values[0].p, NULL, 10);
	switch (check->op) {
	case OP_EQ: case OP_IN: case OP_LE: return n == 0 ? 0 : -1;
	case OP_LT: return n <= 1 ? 0 : -1;
	case OP_NE: case OP_GT: return n == 0 ? 1 : -1;
	case OP_GE: return n <= 1 ? 1 : -1;
	default: return -1;
	}
}

/* NAME(...), whatever stands in the parentheses. */
static bool like_transformer(const char *p, size_t n)
{
	const char *open = memchr(p, '(', n);

	return open && p[n - 1] == ')' && (transform_find(p, (size_t)(open - p)) >= 0 || (open - p == 3 && memcmp(p, "val", 3) == 0));
}

/* Does the text look as if a field or a transformer was meant? Returns the warning about it, or NULL. */
static const char *misused(const struct field_table *own, const char *p, size_t n, struct arena *scratch)
{
	struct field_ref ref;
	size_t used;
	char text[256];

	if (memchr(p, '.', n) && field_parse(own, p, n, true, scratch, &ref, &used, text, sizeof text) == 1)
		return "'%s' may be a valid field misused as a const string value";
	if (like_transformer(p, n))
		return "'%s' may be a valid field transformer misused as a const string value";
	return NULL;
}

static bool json_field(const char *name)
{
	return strncmp(name, "ka.", 3) == 0 || strncmp(name, "jevt.", 5) == 0;
}

/* Constants that are likely mistakes. */
static void warn_of_constants(struct compiler *c, const struct field_def *f, const struct cond *check)
{
	struct arena scratch = {0};

	for (size_t i = 0; i < check->nvalues; i++) {
		const struct cond_value *v = &check->values[i];
		size_t skip = strspn(v->p, " \t"), n = v->n;
		while (n > skip && (v->p[n - 1] == ' ' || v->p[n - 1] == '\t'))
			n--;
		const char *warning = f->type == TYPE_STRING ? misused(c->rs->own, v->p + skip, n - skip, &scratch) : NULL;
		if (warning)
			warn(c, v->at, LOAD_COMPILE_CONDITION, warning, v->p);
		if (check->op == OP_REGEX && regex_literal(v->p))
			warn(c, v->at, LOAD_COMPILE_CONDITION, "regex check with '%s' may be optimized with simpler operators such "
				"as '=', 'contains', 'startswith', 'endswith'", v->p);
		if (json_field(f->name) && strcmp(v->p, "<NA>") == 0)
			warn(c, v->at, LOAD_UNSAFE_NA_CHECK, "comparing a field value with %s is unsafe, use the exists operator instead", v->p);
	}
	arena_free(&scratch);
}

static void remember_types(struct program *p, uint32_t predicate, const struct field_ref *ref, const struct cond *check)
{
	if (predicate < p->ntypes)
		return;
	p->types = vec_room(&p->arena, p->types, p->ntypes, &p->captypes, sizeof *p->types);
	p->types[p->ntypes++] = evttypes_of(ref, check, &p->arena);
}

static bool compile_check(struct compiler *c, const struct cond *check, uint32_t *edge)
{
	struct program *p = c->program;
	const struct field_ref *ref;
	char err[320];
	uint32_t slot, right = 0;
	int bad;

	if (!find_slot(c, check->left, &slot))
		return false;
	ref = &p->slots.slot[slot].ref;
	if (!check_types(c, ref, check) || (check->right && !find_slot(c, check->right, &right)))
		return false;
	ref = &p->slots.slot[slot].ref;
	int64_t n = predicates_intern(&p->predicates, &p->slots, slot, check->right ? (int64_t)right : -1, check, &p->arena, err,
		sizeof err, &bad);
	if (n < 0) {
		char *hint = strstr(err, ", expected "), *more = hint ? strdup(hint) : NULL;
		if (hint)
			*hint = '\0';
		fail(c, bad < 0 ? check->at : check->values[bad].at, err, more ? more : "");
		free(more);
		return false;
	}
	warn_of_constants(c, ref->def, check);
	remember_types(p, (uint32_t)n, ref, check);
	int known = check->right ? -1 : number_known(ref, check);
	if (known >= 0 || ref->def->flags & FIELD_ABSENT)
		*edge = known > 0 ? EDGE_TRUE : EDGE_FALSE;
	else
		*edge = expr_leaf(&p->exprs, p->types[n] ? EXPR_TYPES : EXPR_PREDICATE, (uint32_t)n, p->predicates.p[n].cost,
			p->predicates.p[n].chance);
	return true;
}

static bool compile_macro(struct compiler *c, const struct cond *ref, uint32_t *edge)
{
	struct macro_code *m = macros_find(c, &ref->macro);
	const struct cond_text *outer = c->text;

	if (!m)
		return false;
	if (!m->compiled) {
		c->text = &m->text;
		m->compiled = compile_cond(c, m->tree, &m->edge);
		c->text = outer;
	}
	*edge = m->edge;
	return m->compiled;
}

static bool compile_chain(struct compiler *c, const struct cond *tree, uint32_t *edge)
{
	uint32_t *kids = calloc(tree->nkids, sizeof *kids);
	bool ok = kids != NULL;

	if (!kids)
		return fail(c, tree->at, "out of memory", "");
	for (size_t i = 0; i < tree->nkids && ok; i++)
		ok = compile_cond(c, tree->kids[i], &kids[i]);
	if (ok)
		*edge = expr_join(&c->program->exprs, tree->kind == COND_AND ? EXPR_AND : EXPR_OR, kids, tree->nkids);
	free(kids);
	return ok;
}

bool compile_cond(struct compiler *c, const struct cond *tree, uint32_t *edge)
{
	bool ok = false;

	if (++c->depth > COMPILE_DEPTH_MAX)
		return fail(c, tree->at, "found expressions nested too deep, macros included", "");
	switch (tree->kind) {
	case COND_AND: case COND_OR: ok = compile_chain(c, tree, edge); break;
	case COND_CHECK: ok = compile_check(c, tree, edge); break;
	case COND_MACRO: ok = compile_macro(c, tree, edge); break;
	case COND_NOT:
		ok = compile_cond(c, tree->kids[0], edge);
		*edge ^= 1;
		break;
	}
	c->depth--;
	return ok;
}
