/* What a rules file requires: the engine's version, and plugins. */
#include <stdio.h>
#include <string.h>

#include "item_value.h"
#include "required.h"
#include "ruleset.h"

static const unsigned engine[3] = { 0, 63, 0 };

/* The plugins whose fields are built in, at the versions that have these fields. */
const struct builtin_plugin builtin_plugins[] = {
	{ "container", { 0, 6, 0 } },
	{ "k8saudit", { 0, 18, 0 } },
	{ "json", { 0, 7, 3 } },
	{ "k8smeta", { 0, 4, 0 } },
	{ NULL, { 0, 0, 0 } },
};

static bool parse_version(const char *s, unsigned v[3])
{
	return strlen(s) < 64 && sscanf(s, "%9u.%9u.%9u", &v[0], &v[1], &v[2]) == 3;
}

static bool satisfies(const unsigned have[3], const unsigned want[3])
{
	if (have[0] != want[0])
		return false;
	return have[1] > want[1] || (have[1] == want[1] && have[2] >= want[2]);
}

int engine_item(const struct node *item, struct diag *d)
{
	const struct node *v = item_text(item, "required_engine_version", d);
	unsigned want[3] = {0};

	if (!v)
		return -1;
	if (strspn(v->text, "0123456789") == v->n && v->n < 10) {
		want[1] = 0;
		for (const char *c = v->text; *c; c++)
			want[1] = want[1] * 10 + (unsigned)(*c - '0');
	} else if (!parse_version(v->text, want)) {
		return diag_error(d, v->at, "Unable to parse engine version '%s' as a semver string. Expected \"x.y.z\" semver format.",
			v->text);
	}
	if (!satisfies(engine, want))
		return diag_error(d, v->at, "Rules require engine version %u.%u.%u, but engine version is %u.%u.%u",
			want[0], want[1], want[2], engine[0], engine[1], engine[2]);
	return 0;
}

/* 1: the entry's plugin is built in at that version or a later one, 0: it is not, -1: the entry is wrong. */
static int provided(const struct node *entry, struct diag *d)
{
	unsigned want[3];

	if (entry->kind != NODE_MAP)
		return diag_error(d, entry->at, "Value is not a map, expected name and version of a plugin");
	const struct node *name = item_text(entry, "name", d), *version = name ? item_text(entry, "version", d) : NULL;
	if (!version)
		return -1;
	if (!parse_version(version->text, want))
		return diag_error(d, version->at, "Invalid required version '%s' for plugin '%s', expected \"x.y.z\"",
			version->text, name->text);
	for (const struct builtin_plugin *p = builtin_plugins; p->name; p++)
		if (strcmp(p->name, name->text) == 0)
			return satisfies(p->version, want);
	return 0;
}

static bool same_name(const struct node *a, const struct node *b)
{
	const struct node *x = node_get(a, "name"), *y = node_get(b, "name");

	return x && y && x->kind == NODE_SCALAR && y->kind == NODE_SCALAR && strcmp(x->text, y->text) == 0;
}

static int alternatives(const struct node *entry, struct diag *d)
{
	const struct node *list = node_get(entry, "alternatives");
	int any = provided(entry, d);

	if (any < 0 || !list)
		return any;
	if (list->kind != NODE_SEQUENCE)
		return diag_error(d, list->at, "Value of 'alternatives' is not a sequence");
	for (size_t i = 0; i < list->nkids; i++) {
		int rc = provided(list->kids[i], d);
		if (rc < 0)
			return -1;
		if (same_name(entry, list->kids[i]))
			return diag_error(d, list->kids[i]->at, "Plugin '%s' is among the alternatives of itself",
				node_get(entry, "name")->text);
		any |= rc;
	}
	return any;
}

int plugins_item(const struct node *item, struct diag *d)
{
	const struct node *list = node_get(item, "required_plugin_versions");

	if (list->kind != NODE_SEQUENCE)
		return diag_error(d, list->at, "Value of required_plugin_versions must be a sequence");
	for (size_t i = 0; i < list->nkids; i++) {
		const struct node *entry = list->kids[i];
		int rc = alternatives(entry, d);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return diag_error(d, entry->at, "Plugin requirement not satisfied, must load one of: %s (>= %s)%s",
				node_get(entry, "name")->text, node_get(entry, "version")->text,
				node_get(entry, "alternatives") ? ", or an alternative" : "");
	}
	return 0;
}
