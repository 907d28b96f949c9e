/* Syntax trees into expressions. */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(struct compiler *c, size_t at, const char *text)
{
	diag_error(c->d, cond_text_place(c->text, at), "%s", text);
	return false;
}

static const char *next_field(void *arg)
{
	unsigned *i = arg;

	return *i < field_count ? field_defs[(*i)++].name : NULL;
}

static bool unknown_field(struct compiler *c, const struct cond_operand *o, enum unknown unknown)
{
	char name[128], text[512];
	unsigned i = 0;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(o->text, "["), o->text);
	const char *near = diag_nearest(name, next_field, &i);
	snprintf(text, sizeof text, "filter_check called with nonexistent field %.100s%s%s%s", o->text, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
	c->unknown = unknown;
	return fail(c, o->at, text);
}

static bool find_field(struct compiler *c, const struct cond_operand *o, struct field_ref *ref)
{
	size_t used;
	char err[256], text[320];

	if (o->kind != OPERAND_FIELD) {
		snprintf(text, sizeof text, "found the transformer '%.60s', which is not supported yet, expected a field", o->text);
		return fail(c, o->at, text);
	}
	int rc = field_parse(o->text, o->n, true, &c->program->arena, ref, &used, err, sizeof err);
	if (rc < 0)
		return fail(c, o->at, err);
	if (rc == 0 || !field_serves(ref->def, c->source))
		return unknown_field(c, o, rc ? UNKNOWN_TO_SOURCE : UNKNOWN_AT_ALL);
	if (ref->def->flags & FIELD_DEPRECATED)
		diag_warn(c->d, cond_text_place(c->text, o->at), "usage of deprecated field '%s' has been detected in the rule condition",
			ref->def->name);
	return true;
}

static bool check_types(struct compiler *c, const struct field_ref *ref, const struct cond *check)
{
	int bad = evttypes_unknown(ref, check);
	char text[256];

	if (bad < 0)
		return true;
	const char *near = evttypes_nearest(check->values[bad].p);
	snprintf(text, sizeof text, "unknown event type %.80s%s%s%s", check->values[bad].p, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
	c->unknown = UNKNOWN_TO_SOURCE;
	return fail(c, check->values[bad].at, text);
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

/* A constant that is the name of a field is likely a mistake. */
static void warn_of_constants(struct compiler *c, const struct field_ref *ref, const struct cond *check)
{
	struct arena scratch = {0};
	struct field_ref other;
	size_t used;
	char err[256];

	for (size_t i = 0; i < check->nvalues; i++) {
		const struct cond_value *v = &check->values[i];
		size_t skip = strspn(v->p, " \t"), n = v->n;
		while (n > skip && (v->p[n - 1] == ' ' || v->p[n - 1] == '\t'))
			n--;
		if (ref->def->type == TYPE_STRING && memchr(v->p, '.', v->n) &&
			field_parse(v->p + skip, n - skip, true, &scratch, &other, &used, err, sizeof err) == 1)
			diag_warn(c->d, cond_text_place(c->text, v->at), "'%s' may be a valid field misused as a const string value", v->p);
		if (check->op == OP_REGEX && regex_literal(v->p))
			diag_warn(c->d, cond_text_place(c->text, v->at), "regex check with '%s' may be optimized with simpler operators such "
				"as '=', 'contains', 'startswith', 'endswith'", v->p);
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
	struct field_ref ref;
	char err[320];
	int bad;

	if (!find_field(c, check->left, &ref))
		return false;
	if (check->right)
		return fail(c, check->right->at, "found a field or transformer on the right side, which is not supported yet, expected a value");
	if (!check_types(c, &ref, check))
		return false;
	uint32_t slot = slots_intern(&p->slots, &p->arena, &ref);
	int64_t n = predicates_intern(&p->predicates, &p->slots, slot, check, &p->arena, err, sizeof err, &bad);
	if (n < 0)
		return fail(c, bad < 0 ? check->at : check->values[bad].at, err);
	warn_of_constants(c, &ref, check);
	remember_types(p, (uint32_t)n, &ref, check);
	int known = number_known(&ref, check);
	if (known >= 0 || ref.def->flags & FIELD_ABSENT)
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
	char text[256];

	if (!m)
		return false;
	if (m->busy) {
		snprintf(text, sizeof text, "reference loop in macro '%.100s'", ref->macro.p);
		return fail(c, ref->at, text);
	}
	if (!m->compiled) {
		m->busy = true;
		c->text = &m->text;
		m->compiled = compile_cond(c, m->tree, &m->edge);
		c->text = outer;
		m->busy = false;
	}
	*edge = m->edge;
	return m->compiled;
}

static bool compile_chain(struct compiler *c, const struct cond *tree, uint32_t *edge)
{
	uint32_t *kids = calloc(tree->nkids, sizeof *kids);
	bool ok = kids != NULL;

	if (!kids)
		return fail(c, tree->at, "out of memory");
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
		return fail(c, tree->at, "found expressions nested too deep, macros included");
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
