/* `list` and `macro` items. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "item_value.h"
#include "ruleset.h"

static int append_flag(const struct node *item, bool *append, struct diag *d)
{
	if (item_bool(item, "append", append, d) != 0)
		return -1;
	if (*append)
		diag_warn(d, node_get(item, "append")->at, LOAD_DEPRECATED_ITEM,
			"'append' key is deprecated. Add an 'append' entry under 'override' instead.");
	return 0;
}

static int no_earlier(const struct ruleset *rs, struct diag *d, const struct node *name, const char *what, const char *key)
{
	char kind[8];

	snprintf(kind, sizeof kind, "%s", strcmp(what, "List") == 0 ? "list" : "macro");
	diag_error(d, name->at, LOAD_ERR_VALIDATE, "%s uses 'append' or 'override.%s: append' but no %s by that name already exists",
		what, key, kind);
	ruleset_no_earlier(rs, *what == 'L' ? ITEM_LIST : ITEM_MACRO, name->text, d);
	return diag_old(d, "%s %s has 'append' key but no %s by that name already exists", what, name->text, kind);
}

static bool good_list_name(const char *s)
{
	return *s && s[strcspn(s, "()\"'=, \t\n\v\f\r")] == '\0';
}

static bool good_macro_name(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

static void add_items(struct ruleset *rs, struct rule_list *l, const struct node *items)
{
	for (size_t i = 0; i < items->nkids; i++) {
		l->items = vec_room(&rs->arena, l->items, l->nitems, &l->cap, sizeof *l->items);
		l->items[l->nitems++] = items->kids[i];
	}
}

int list_item(struct ruleset *rs, const struct node *item, struct diag *d)
{
	static const char *const known[] = { "list", "items", "append", "override", NULL };
	static const struct override_key keys[] = { { "items", true, true }, { NULL, false, false } };
	const struct node *name = item_text(item, "list", d), *items = node_get(item, "items");
	bool append = false;
	int overrides;

	if (!name)
		return -1;
	diag_named(d, name->text);
	item_unknown_keys(item, known, d);
	if (!items)
		return item_missing(item, "items", d);
	if (item_scalars(items, "items", d) != 0)
		return -1;
	if ((overrides = rs->old ? 0 : item_overrides(item, keys, d)) < 0 || append_flag(item, &append, d) != 0)
		return -1;
	if (!good_list_name(name->text))
		diag_warn(d, name->at, LOAD_INVALID_LIST_NAME,
			"List has an invalid name. List names should match a regular expression: [^()\"'[:space:]=,]+");
	struct rule_list *l = ruleset_list(rs, name->text);
	if (append || (overrides && item_override(item, "items") == OVERRIDE_APPEND)) {
		if (!l)
			return no_earlier(rs, d, name, "List", "items");
	} else {
		if (!l)
			l = ruleset_add_list(rs, name->text);
		l->nitems = 0;
		l->items = NULL;
		l->cap = 0;
		l->at = name->at;
		l->item = item;
	}
	l->visibility = rs->counter;
	add_items(rs, l, items);
	return 0;
}

int macro_item(struct ruleset *rs, const struct node *item, struct diag *d)
{
	static const char *const known[] = { "macro", "condition", "append", "override", NULL };
	static const struct override_key keys[] = { { "condition", true, true }, { NULL, false, false } };
	const struct node *name = item_text(item, "macro", d), *condition;
	bool append = false;
	int overrides;

	if (!name)
		return -1;
	diag_named(d, name->text);
	if (!(condition = item_text(item, "condition", d)))
		return -1;
	item_unknown_keys(item, known, d);
	if ((overrides = rs->old ? 0 : item_overrides(item, keys, d)) < 0 || append_flag(item, &append, d) != 0)
		return -1;
	if (!good_macro_name(name->text))
		diag_warn(d, name->at, LOAD_INVALID_MACRO_NAME,
			"Macro has an invalid name. Macro names should match a regular expression: [a-zA-Z]+[a-zA-Z0-9_]*");
	struct rule_macro *m = ruleset_macro(rs, name->text);
	if (append || (overrides && item_override(item, "condition") == OVERRIDE_APPEND)) {
		if (!m)
			return no_earlier(rs, d, name, "Macro", "condition");
		rule_text_append(rs, &m->condition, condition);
	} else {
		if (!m)
			m = ruleset_add_macro(rs, name->text);
		m->at = name->at;
		m->item = item;
		m->nitems = 0;
		rule_text_set(rs, &m->condition, condition);
	}
	m->visibility = rs->counter;
	m->items = vec_room(&rs->arena, m->items, m->nitems, &m->capitems, sizeof *m->items);
	m->items[m->nitems++] = item;
	return 0;
}
