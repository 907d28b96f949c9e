/* Macros: parsed once each, referred to by name; each is compiled once for a source. */
#include <string.h>

#include "match/compile.h"
#include "old.h"

struct cond *compile_parse(struct compiler *c, const struct cond_text *text)
{
	const char *p = text->text.p ? text->text.p : "";
	struct cond_error err;
	struct cond *tree = cond_parse(p, text->text.n, c->rs->old ? GRAMMAR_OLD : GRAMMAR_NOW, &c->trees, &err);

	if (tree)
		return tree;
	diag_error(c->d, cond_text_place(text, err.at), LOAD_ERR_COMPILE_CONDITION, "%s", err.text);
	diag_before(c->d, "%s", err.before);
	diag_after(c->d, "%s", err.after);
	diag_inside(c->d, ITEM_CONDITION_EXPRESSION, p, text->text.n, err.at);
	if (strncmp(err.text, "unexpected token", 16) == 0)
		diag_old(c->d, "Compilation error when compiling \"%s\": %zu: syntax error, unexpected '%.*s', expecting 'or', 'and'", p,
			err.at + 1, (int)strcspn(p + err.at, " \t\n"), p + err.at);
	else
		diag_old(c->d, "Compilation error when compiling \"%s\": %zu: syntax error, %s", p, err.at + 1, err.text);
	return NULL;
}

static const char *next_name(void *arg)
{
	struct { const struct ruleset *rs; size_t i; } *at = arg;

	return at->i < at->rs->nmacros ? at->rs->macros[at->i++].name : NULL;
}

static struct macro_code *undefined(struct compiler *c, const struct cond_value *name)
{
	struct { const struct ruleset *rs; size_t i; } at = { c->rs, 0 };
	const char *near = diag_nearest(name->p, next_name, &at);

	diag_error(c->d, cond_text_place(c->text, name->at), LOAD_ERR_VALIDATE, "Undefined macro '%s' used in filter.", name->p);
	if (near)
		diag_after(c->d, " Did you mean '%s'?", near);
	diag_inside(c->d, ITEM_CONDITION_EXPRESSION, c->text->text.p, c->text->text.n, name->at);
	return NULL;
}

struct macro_code *macros_find(struct compiler *c, const struct cond_value *name)
{
	int64_t i = names_find(&c->rs->macro_names, name->p);

	if (i < 0)
		return undefined(c, name);
	c->macros[i].used = true;
	return &c->macros[i];
}

/* Inside of a macro only those count that were defined before it was last touched. */
static int check_references(struct compiler *c, const struct rule_macro *from, const struct cond *tree)
{
	if (tree->kind == COND_MACRO) {
		struct macro_code *m = macros_find(c, &tree->macro);
		if (!m)
			return -1;
		if (c->rs->macros[m - c->macros].index >= from->visibility) {
			undefined(c, &tree->macro);
			return -1;
		}
	}
	for (size_t i = 0; i < tree->nkids; i++)
		if (check_references(c, from, tree->kids[i]) != 0)
			return -1;
	return 0;
}

static unsigned macro_height(struct compiler *c, struct macro_code *m);

/* The height of a tree of the macro being looked at; 0 with an error: macros that refer to each other in a circle have none. */
static unsigned height(struct compiler *c, const struct cond *tree)
{
	unsigned most = 0;

	if (tree->kind == COND_MACRO) {
		struct macro_code *m = macros_find(c, &tree->macro);
		if (!m->busy && (most = macro_height(c, m)) == 0)
			return 0;
		if (m->busy)
			diag_error(c->d, cond_text_place(c->text, tree->at), LOAD_ERR_VALIDATE, "reference loop in macro '%s'", tree->macro.p);
		else if (most >= COMPILE_DEPTH_MAX)
			diag_error(c->d, cond_text_place(c->text, tree->at), LOAD_ERR_COMPILE_CONDITION, "found macros in macros nested too deep");
		if (c->d->failed) {
			diag_inside(c->d, ITEM_CONDITION_EXPRESSION, c->text->text.p, c->text->text.n, tree->at);
			return 0;
		}
	}
	for (size_t i = 0; i < tree->nkids; i++) {
		unsigned kid = height(c, tree->kids[i]);
		if (!kid)
			return 0;
		most = kid > most ? kid : most;
	}
	return most + 1;
}

static size_t enter(struct compiler *c, const struct rule_macro *m)
{
	size_t depth = compile_enter(c, ITEM_MACRO, m->name, m->item);

	diag_enter(c->d, ITEM_MACRO_CONDITION, "", m->condition.parts[0]->at);
	return depth;
}

/* It is looked at once, and what it refers to before it. */
static unsigned macro_height(struct compiler *c, struct macro_code *m)
{
	const struct cond_text *outer = c->text;
	size_t depth = c->d->depth;

	if (m->height)
		return m->height;
	c->d->depth = 0;
	enter(c, &c->rs->macros[m - c->macros]);
	c->text = &m->text;
	m->busy = true;
	m->height = height(c, m->tree);
	m->busy = false;
	c->text = outer;
	diag_leave(c->d, depth);
	return m->height;
}

static int failed(struct compiler *c, const struct rule_macro *m)
{
	if (c->rs->old)
		old_items(c->d, m->items, m->nitems);
	return -1;
}

int macros_prepare(struct compiler *c)
{
	size_t depth;

	c->macros = arena_alloc(&c->trees, (c->rs->nmacros + 1) * sizeof *c->macros);
	for (size_t i = 0; i < c->rs->nmacros; i++) {
		struct macro_code *m = &c->macros[i];
		cond_text_parts(&m->text, &c->rs->macros[i].condition);
		depth = enter(c, &c->rs->macros[i]);
		if (lists_substitute(&c->lists, &m->text, c->d) != 0 || !(m->tree = compile_parse(c, &m->text)))
			return failed(c, &c->rs->macros[i]);
		diag_leave(c->d, depth);
	}
	for (size_t i = 0; i < c->rs->nmacros; i++) {
		c->text = &c->macros[i].text;
		depth = enter(c, &c->rs->macros[i]);
		if (check_references(c, &c->rs->macros[i], c->macros[i].tree) != 0) {
			diag_old(c->d, "Compilation error when compiling \"%s\": %s", c->text->text.p, c->d->message[c->d->n - 1].text);
			return failed(c, &c->rs->macros[i]);
		}
		diag_leave(c->d, depth);
	}
	for (size_t i = 0; i < c->rs->nmacros; i++)
		if (!macro_height(c, &c->macros[i]))
			return failed(c, &c->rs->macros[i]);
	return 0;
}

void macros_free(struct compiler *c)
{
	for (size_t i = 0; c->macros && i < c->rs->nmacros; i++)
		cond_text_free(&c->macros[i].text);
}
