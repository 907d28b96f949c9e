/* Walks over the trees of conditions. */
#include "describe_cond.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "match/language/text_json.h"

/* Macros that use others twice double what is written out at every step. */
enum { EXPANDED_MAX = 1 << 21 };

void describe_add(struct json_t *list, const char *text)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(one), text) == 0)
			return;
	json_array_append_new(list, text_json(text));
}

const struct cond *describe_expand(struct compiler *c, const struct cond *tree)
{
	struct cond *copy;

	if (c->expanded == EXPANDED_MAX)
		return tree;
	c->expanded++;
	if (tree->kind == COND_MACRO)
		return describe_expand(c, macros_find(c, &tree->macro)->tree);
	if (!tree->nkids)
		return tree;
	copy = arena_alloc(&c->trees, sizeof *copy);
	*copy = *tree;
	copy->kids = arena_alloc(&c->trees, tree->nkids * sizeof *copy->kids);
	for (size_t i = 0; i < tree->nkids; i++) {
		const struct cond *kid = describe_expand(c, tree->kids[i]);
		copy->kids[i] = arena_alloc(&c->trees, sizeof *kid);
		*copy->kids[i] = *kid;
	}
	return copy;
}

static void add_fields(json_t *fields, const struct cond_operand *o)
{
	struct strbuf b = {0};

	if (!o)
		return;
	if (o->kind == OPERAND_FIELD) {
		cond_print_operand(o, &b);
		describe_add(fields, b.p);
	}
	for (size_t i = 0; i < o->nargs; i++)
		add_fields(fields, o->args[i]);
	strbuf_free(&b);
}

static void walk(const struct cond *c, json_t *operators, json_t *fields)
{
	if (c->kind == COND_CHECK) {
		describe_add(operators, c->op_text);
		add_fields(fields, c->left);
		add_fields(fields, c->right);
	}
	for (size_t i = 0; i < c->nkids; i++)
		walk(c->kids[i], operators, fields);
}

bool describe_cut(const struct compiler *c)
{
	return c->expanded == EXPANDED_MAX;
}

void describe_tree(struct json_t *details, const struct cond *tree)
{
	json_t *operators = json_array(), *fields = json_array();
	struct strbuf text = {0};

	walk(tree, operators, fields);
	cond_print(tree, &text);
	json_object_set_new(details, "condition_operators", operators);
	json_object_set_new(details, "condition_fields", fields);
	json_object_set_new(details, "condition_compiled", text_json(text.p));
	strbuf_free(&text);
}

/* Names, each once, in the order in which they are first met. */
struct name_set {
	json_t *list;
	struct names seen;
};

static void refer_to(struct compiler *c, struct name_set *set, const char *name)
{
	if (names_find(&set->seen, name) >= 0)
		return;
	names_add(&set->seen, &c->trees, name, 0);
	json_array_append_new(set->list, text_json(name));
}

static void refer(struct compiler *compiler, const struct cond *c, struct name_set *macros, struct name_set *lists)
{
	if (c->kind == COND_MACRO)
		refer_to(compiler, macros, c->macro.p);
	for (size_t i = 0; i < c->nvalues; i++)
		if (names_find(&compiler->rs->list_names, c->values[i].p) >= 0)
			refer_to(compiler, lists, c->values[i].p);
	for (size_t i = 0; i < c->nkids; i++)
		refer(compiler, c->kids[i], macros, lists);
}

/* The text is parsed as it stands, with the names of lists in it. */
void describe_references(struct compiler *c, struct json_t *details, const struct rule_text *condition)
{
	struct name_set macros = { .list = json_array() }, lists = { .list = json_array() };
	struct cond_text text = {0};
	struct cond_error err;

	cond_text_parts(&text, condition);
	const struct cond *tree = cond_parse(text.text.p ? text.text.p : "", text.text.n, c->rs->old ? GRAMMAR_OLD : GRAMMAR_NOW,
		&c->trees, &err);
	if (tree)
		refer(c, tree, &macros, &lists);
	json_object_set_new(details, "macros", macros.list);
	json_object_set_new(details, "lists", lists.list);
	cond_text_free(&text);
}
