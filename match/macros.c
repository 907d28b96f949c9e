/* Macros: parsed once each, referred to by name; each is compiled once for a source. */
#include <string.h>

#include "compile.h"
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

static size_t enter(struct compiler *c, const struct rule_macro *m)
{
	size_t depth = compile_enter(c, ITEM_MACRO, m->name, m->item);

	diag_enter(c->d, ITEM_MACRO_CONDITION, "", m->condition.parts[0]->at);
	return depth;
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
		lists_substitute(&c->lists, &m->text);
		depth = enter(c, &c->rs->macros[i]);
		if (!(m->tree = compile_parse(c, &m->text)))
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
	return 0;
}

void macros_free(struct compiler *c)
{
	for (size_t i = 0; c->macros && i < c->rs->nmacros; i++)
		cond_text_free(&c->macros[i].text);
}
