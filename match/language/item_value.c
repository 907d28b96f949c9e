/* Conversions and checks shared by all items of rules files. */
#include "item_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An error of the value of a key. */
static int bad_value(struct diag *d, const struct node *value, const char *key, const char *text)
{
	size_t depth = diag_enter(d, ITEM_VALUE_FOR, key, value->at);

	diag_error(d, value->at, LOAD_ERR_YAML_VALIDATE, "%s", text);
	diag_leave(d, depth);
	return -1;
}

static int undecodable(struct diag *d, const struct node *value, const char *key, const char *expected)
{
	bad_value(d, value, key, "Can't decode YAML scalar value");
	return diag_after(d, ": found '%s', expected %s", value->text, expected);
}

/* The kind of the item that was entered last, in the words of 0.28. */
static const char *kind_of(const struct diag *d)
{
	switch (d->depth ? d->frames[d->depth - 1].item : ITEM_CONTENT) {
	case ITEM_LIST: return "List";
	case ITEM_MACRO: return "Macro";
	case ITEM_EXCEPTION: return "Rule exception item";
	default: return "Rule";
	}
}

int item_missing(const struct node *item, const char *key, struct diag *d)
{
	diag_error(d, item->at, LOAD_ERR_YAML_VALIDATE, "Item has no mapping for key '%s'", key);
	return diag_old(d, "%s must have %sproperty%s%s", kind_of(d), strcmp(key, "name") == 0 ? "name " : "",
		strcmp(key, "name") == 0 ? "" : " ", strcmp(key, "name") == 0 ? "" : key);
}

static int empty(const struct node *item, const struct node *value, const char *key, struct diag *d)
{
	diag_error(d, value->at, LOAD_ERR_YAML_VALIDATE, "Mapping for key '%s' is empty", key);
	return item->nkids && item->kids[1] == value ? diag_old(d, "%s name is empty", kind_of(d)) : -1;
}

const struct node *item_text(const struct node *item, const char *key, struct diag *d)
{
	const struct node *v = node_get(item, key);

	if (!v)
		item_missing(item, key, d);
	else if (node_null(v))
		empty(item, v, key, d);
	else if (item_scalar(v, key, d) == 0)
		return v;
	return NULL;
}

int item_scalar(const struct node *value, const char *key, struct diag *d)
{
	if (value->kind != NODE_SCALAR) {
		bad_value(d, value, key, "Value is not a scalar value");
		return diag_after(d, ": found a %s, expected a text", value->kind == NODE_MAP ? "map" : "sequence");
	}
	return value->n ? 0 : bad_value(d, value, key, "Value must be non-empty");
}

static const struct node *optional(const struct node *item, const char *key, struct diag *d, int *rc)
{
	const struct node *v = node_get(item, key);

	*rc = 0;
	if (!v)
		return NULL;
	if (node_null(v))
		*rc = diag_error(d, v->at, LOAD_ERR_YAML_VALIDATE, "Mapping for key '%s' is empty", key);
	else
		*rc = item_scalar(v, key, d);
	return *rc == 0 ? v : NULL;
}

int item_bool(const struct node *item, const char *key, bool *out, struct diag *d)
{
	static const struct { const char *text; bool value; } spellings[] = {
		{ "true", true }, { "True", true }, { "TRUE", true }, { "yes", true }, { "Yes", true }, { "YES", true },
		{ "on", true }, { "On", true }, { "ON", true }, { "y", true }, { "Y", true },
		{ "false", false }, { "False", false }, { "FALSE", false }, { "no", false }, { "No", false }, { "NO", false },
		{ "off", false }, { "Off", false }, { "OFF", false }, { "n", false }, { "N", false },
	};
	int rc;
	const struct node *v = optional(item, key, d, &rc);

	if (!v)
		return rc;
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		if (strcmp(v->text, spellings[i].text) == 0) {
			*out = spellings[i].value;
			return 0;
		}
	}
	return undecodable(d, v, key, "true or false");
}

int item_u32(const struct node *item, const char *key, uint32_t *out, struct diag *d)
{
	int rc;
	char *end;
	const struct node *v = optional(item, key, d, &rc);

	if (!v)
		return rc;
	errno = 0;
	unsigned long long n = strtoull(v->text, &end, 10);
	if (*end || errno || v->text[0] < '0' || v->text[0] > '9' || n > UINT32_MAX)
		return undecodable(d, v, key, "a number below 2^32");
	*out = (uint32_t)n;
	return 0;
}

static int bad_member(struct diag *d, const struct node *value, const char *what, const struct node *member)
{
	size_t depth = diag_enter(d, ITEM_VALUE_FOR, what, value->at);

	diag_enter(d, ITEM_LIST_ITEM, "", member->at);
	diag_error(d, member->at, LOAD_ERR_YAML_VALIDATE, "sequence value is not scalar");
	diag_after(d, ": found %s, expected a text", node_null(member) ? "nothing" : member->kind == NODE_MAP ? "a map" : "a sequence");
	diag_leave(d, depth);
	return -1;
}

int item_scalars(const struct node *value, const char *what, struct diag *d)
{
	if (value->kind != NODE_SEQUENCE)
		return bad_value(d, value, what, "Value is not a sequence");
	for (size_t i = 0; i < value->nkids; i++)
		if (value->kids[i]->kind != NODE_SCALAR || node_null(value->kids[i]))
			return bad_member(d, value, what, value->kids[i]);
	return 0;
}

static bool listed(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (strcmp(*known, key) == 0)
			return true;
	return false;
}

static const char *next_key(void *arg)
{
	const char *const **at = arg;

	return **at ? *(*at)++ : NULL;
}

static void unknown_key(const struct node *key, const char *const *known, struct diag *d)
{
	const char *near = diag_nearest(key->text, next_key, &known);

	diag_warn(d, key->at, LOAD_UNKNOWN_KEY, "Unknown key '%s'. The key will be ignored.", key->text);
	if (near)
		diag_after(d, " Did you mean '%s'?", near);
}

void item_unknown_keys(const struct node *item, const char *const *known, struct diag *d)
{
	for (size_t i = 0; i < item->nkids; i += 2)
		if (item->kids[i]->kind == NODE_SCALAR && !listed(item->kids[i]->text, known))
			unknown_key(item->kids[i], known, d);
}

static const struct override_key *find(const struct override_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

/* An error of one key of `override`, or about it. */
static int bad_override(struct diag *d, const struct node *block, const char *key, struct place at, const char *fmt, const char *word)
{
	size_t depth = diag_enter(d, ITEM_OVERRIDES, "", block->at);
	char text[256];

	diag_enter(d, ITEM_OVERRIDES, key, at);
	snprintf(text, sizeof text, fmt, word, word);
	diag_error(d, at, LOAD_ERR_YAML_VALIDATE, "%s", text);
	diag_leave(d, depth);
	return -1;
}

static int bad_operation(struct diag *d, const struct node *block, const char *key, const struct node *value)
{
	size_t depth = diag_enter(d, ITEM_OVERRIDES, "", block->at);

	diag_enter(d, ITEM_VALUE_FOR, key, value->at);
	diag_error(d, value->at, LOAD_ERR_YAML_VALIDATE, "Invalid override operation for key '%s': '%s'. "
		"Allowed values are: append, replace", key, value->text);
	diag_leave(d, depth);
	return -1;
}

static int check_override(const struct node *item, const struct node *key, const struct node *value,
	const struct override_key *keys, struct diag *d)
{
	const struct node *block = node_get(item, "override");
	const struct override_key *k = find(keys, key->text);
	const char *problem = NULL;

	if (item_scalar(value, key->text, d) != 0)
		return -1;
	bool append = strcmp(value->text, "append") == 0;
	if (!append && strcmp(value->text, "replace") != 0)
		return bad_operation(d, block, key->text, value);
	if (append && (!k || !k->append))
		problem = "Key '%s' cannot be appended to, use 'replace' instead";
	else if (!append && (!k || !k->replace))
		problem = "Key '%s' cannot be replaced";
	else if (!node_get(item, key->text))
		problem = append ? "An append override for '%s' was specified but '%s' is not defined" :
			"A replace override for '%s' was specified but '%s' is not defined";
	return problem ? bad_override(d, block, key->text, key->at, problem, key->text) : 0;
}

int item_overrides(const struct node *item, const struct override_key *keys, struct diag *d)
{
	const struct node *o = node_get(item, "override");
	bool append = false;

	if (!o || node_null(o) || (o->kind == NODE_MAP && o->nkids == 0))
		return 0;
	if (o->kind != NODE_MAP)
		return bad_value(d, o, "override", "Value is not a map");
	if (item_bool(item, "append", &append, d) != 0)
		return -1;
	if (append)
		return diag_error(d, o->at, LOAD_ERR_YAML_VALIDATE,
			"Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry "
			"(e.g. 'condition: append') under override instead.");
	for (size_t i = 0; i < o->nkids; i += 2)
		if (item_scalar(o->kids[i], "override", d) != 0 || check_override(item, o->kids[i], o->kids[i + 1], keys, d) != 0)
			return -1;
	for (; keys->name; keys++)
		if (node_get(item, keys->name) && !node_get(o, keys->name))
			return bad_override(d, o, keys->name, node_get(item, keys->name)->at,
				"Unexpected key '%s': no corresponding entry under 'override' is defined.", keys->name);
	return 1;
}

enum item_override item_override(const struct node *item, const char *key)
{
	const struct node *o = node_get(item, "override"), *v = o ? node_get(o, key) : NULL;

	if (!v || v->kind != NODE_SCALAR)
		return OVERRIDE_NONE;
	return strcmp(v->text, "append") == 0 ? OVERRIDE_APPEND : OVERRIDE_REPLACE;
}
