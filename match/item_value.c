/* Conversions and checks shared by all items of rules files. */
#include "item_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct node *item_text(const struct node *item, const char *key, struct diag *d)
{
	const struct node *v = node_get(item, key);

	if (!v) {
		diag_error(d, item->at, "Item has no mapping for key '%s'", key);
		return NULL;
	}
	if (node_null(v)) {
		diag_error(d, v->at, "Mapping for key '%s' is empty", key);
		return NULL;
	}
	return item_scalar(v, d) == 0 ? v : NULL;
}

int item_scalar(const struct node *value, struct diag *d)
{
	if (value->kind != NODE_SCALAR)
		return diag_error(d, value->at, "Value is not a scalar value: found a %s, expected a text",
			value->kind == NODE_MAP ? "map" : "sequence");
	if (value->n == 0)
		return diag_error(d, value->at, "Value must be non-empty");
	return 0;
}

static const struct node *optional(const struct node *item, const char *key, struct diag *d, int *rc)
{
	const struct node *v = node_get(item, key);

	*rc = 0;
	if (!v)
		return NULL;
	if (node_null(v))
		*rc = diag_error(d, v->at, "Mapping for key '%s' is empty", key);
	else
		*rc = item_scalar(v, d);
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
	return diag_error(d, v->at, "Can't decode YAML scalar value: found '%s', expected true or false", v->text);
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
		return diag_error(d, v->at, "Can't decode YAML scalar value: found '%s', expected a number below 2^32", v->text);
	*out = (uint32_t)n;
	return 0;
}

int item_scalars(const struct node *value, const char *what, struct diag *d)
{
	if (value->kind != NODE_SEQUENCE)
		return diag_error(d, value->at, "Value of '%s' is not a sequence of texts", what);
	for (size_t i = 0; i < value->nkids; i++)
		if (value->kids[i]->kind != NODE_SCALAR)
			return diag_error(d, value->kids[i]->at, "Value is not a scalar value, in '%s'", what);
	return 0;
}

static bool listed(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (strcmp(*known, key) == 0)
			return true;
	return false;
}

void item_unknown_keys(const struct node *item, const char *const *known, struct diag *d)
{
	for (size_t i = 0; i < item->nkids; i += 2)
		if (item->kids[i]->kind == NODE_SCALAR && !listed(item->kids[i]->text, known))
			diag_warn(d, item->kids[i]->at, "Unknown key '%s'. The key will be ignored.", item->kids[i]->text);
}

static const struct override_key *find(const struct override_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static int check_override(const struct node *item, const struct node *key, const struct node *value,
	const struct override_key *keys, struct diag *d)
{
	const struct override_key *k = find(keys, key->text);
	bool append;

	if (item_scalar(value, d) != 0)
		return -1;
	append = strcmp(value->text, "append") == 0;
	if (!append && strcmp(value->text, "replace") != 0)
		return diag_error(d, value->at, "Invalid override operation for key '%s': found '%s', allowed values: append, replace",
			key->text, value->text);
	if (append && (!k || !k->append))
		return diag_error(d, key->at, "Key '%s' cannot be appended to, use 'replace' instead", key->text);
	if (!append && (!k || !k->replace))
		return diag_error(d, key->at, "Key '%s' cannot be replaced", key->text);
	if (!node_get(item, key->text))
		return diag_error(d, key->at, "%s override for '%s' was specified but '%s' is not defined",
			append ? "An append" : "A replace", key->text, key->text);
	return 0;
}

int item_overrides(const struct node *item, const struct override_key *keys, struct diag *d)
{
	const struct node *o = node_get(item, "override");
	bool append = false;

	if (!o || node_null(o) || (o->kind == NODE_MAP && o->nkids == 0))
		return 0;
	if (o->kind != NODE_MAP)
		return diag_error(d, o->at, "Value of 'override' is not a map");
	if (item_bool(item, "append", &append, d) != 0)
		return -1;
	if (append)
		return diag_error(d, o->at, "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry "
			"(e.g. 'condition: append') under override instead.");
	for (size_t i = 0; i < o->nkids; i += 2)
		if (item_scalar(o->kids[i], d) != 0 || check_override(item, o->kids[i], o->kids[i + 1], keys, d) != 0)
			return -1;
	for (; keys->name; keys++)
		if (node_get(item, keys->name) && !node_get(o, keys->name))
			return diag_error(d, node_get(item, keys->name)->at,
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
