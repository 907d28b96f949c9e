/* What a rules file requires: the engine's version, and plugins. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/fields/field_table.h"
#include "item_value.h"
#include "required.h"
#include "ruleset.h"

enum { ALTERNATIVES_MAX = 1000 };      /* each is compared with all before it */

static const unsigned engine[3] = { 0, 63, 0 };

/* The plugins whose fields are built in, at the versions that have these fields. */
const struct builtin_plugin builtin_plugins[] = {
	{ "container", { 0, 6, 0 } },
	{ "k8saudit", { 0, 18, 0 } },
	{ "json", { 0, 7, 3 } },
	{ "k8smeta", { 0, 4, 0 } },
	{ NULL, { 0, 0, 0 } },
};

bool required_version(const char *s, unsigned v[3])
{
	char *end = NULL;

	for (int i = 0; i < 3; i++, s = end + 1) {
		if (!isdigit((unsigned char)*s))
			return false;
		v[i] = (unsigned)strtoul(s, &end, 10);
		if (i < 2 && *end != '.')
			return false;
	}
	return true;
}

static bool satisfies(const unsigned have[3], const unsigned want[3])
{
	if (have[0] != want[0])
		return false;
	return have[1] > want[1] || (have[1] == want[1] && have[2] >= want[2]);
}

static bool later(const unsigned a[3], const unsigned b[3])
{
	for (int i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return false;
}

/* 0.28 knows integers alone and has an engine of its own. */
static int old_engine_item(struct ruleset *rs, const struct node *v, struct diag *d)
{
	if (strspn(v->text, "0123456789") != v->n || v->n > 9)
		return diag_error(d, v->at, LOAD_ERR_YAML_VALIDATE, "Value of required_engine_version must be a number");
	rs->engine[1] = (unsigned)strtoul(v->text, NULL, 10) > rs->engine[1] ? (unsigned)strtoul(v->text, NULL, 10) : rs->engine[1];
	if (strtoul(v->text, NULL, 10) > ENGINE_VERSION_OLD)
		return diag_error(d, v->at, LOAD_ERR_VALIDATE, "Rules require engine version %s, but engine version is %d", v->text,
			ENGINE_VERSION_OLD);
	return 0;
}

int engine_item(struct ruleset *rs, const struct node *item, struct diag *d)
{
	const struct node *v = item_text(item, "required_engine_version", d);
	unsigned want[3] = {0};

	if (!v)
		return -1;
	if (rs->old)
		return old_engine_item(rs, v, d);
	if (strspn(v->text, "0123456789") == v->n && v->n < 10)
		want[1] = (unsigned)strtoul(v->text, NULL, 10);
	else if (!required_version(v->text, want))
		return diag_error(d, v->at, LOAD_ERR_YAML_VALIDATE,
			"Unable to parse engine version '%s' as a semver string. Expected \"x.y.z\" semver format.", v->text);
	if (!satisfies(engine, want))
		return diag_error(d, v->at, LOAD_ERR_VALIDATE, "Rules require engine version %u.%u.%u, but engine version is %u.%u.%u",
			want[0], want[1], want[2], engine[0], engine[1], engine[2]);
	if (later(want, rs->engine))
		memcpy(rs->engine, want, sizeof want);
	return 0;
}

static int check_entry(const struct node *entry, struct diag *d)
{
	unsigned v[3];

	if (entry->kind != NODE_MAP)
		return diag_error(d, entry->at, LOAD_ERR_YAML_VALIDATE, "Value is not a map, expected name and version of a plugin");
	const struct node *name = item_text(entry, "name", d), *version = name ? item_text(entry, "version", d) : NULL;
	if (!version)
		return -1;
	if (!required_version(version->text, v))
		return diag_error(d, version->at, LOAD_ERR_VALIDATE, "Invalid required version '%s' for plugin '%s'",
			version->text, name->text);
	return 0;
}

static const char *name_of(const struct node *entry)
{
	return node_get(entry, "name")->text;
}

static int check_alternatives(const struct node *entry, const struct node *list, struct diag *d)
{
	if (list->kind != NODE_SEQUENCE)
		return diag_error(d, list->at, LOAD_ERR_YAML_VALIDATE, "Value of 'alternatives' is not a sequence");
	if (list->nkids > ALTERNATIVES_MAX)
		return diag_error(d, list->at, LOAD_ERR_VALIDATE, "found more than %d alternatives, expected fewer", ALTERNATIVES_MAX);
	for (size_t i = 0; i < list->nkids; i++) {
		const struct node *other = list->kids[i];
		size_t depth = diag_enter(d, ITEM_PLUGIN_ALTERNATIVE, "", other->at);
		bool twice = false;
		if (check_entry(other, d) != 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			twice |= strcmp(name_of(list->kids[j]), name_of(other)) == 0;
		if (twice || strcmp(name_of(entry), name_of(other)) == 0)
			return diag_error(d, other->at, LOAD_ERR_VALIDATE,
				"Conflicting alternatives: plugin '%s' is among the alternatives of a requirement more than once", name_of(other));
		diag_leave(d, depth);
	}
	return 0;
}

int plugins_item(struct ruleset *rs, const struct node *item, struct diag *d)
{
	const struct node *list = node_get(item, "required_plugin_versions");

	if (list->kind != NODE_SEQUENCE)
		return diag_error(d, list->at, LOAD_ERR_YAML_VALIDATE, "Value of required_plugin_versions must be a sequence");
	for (size_t i = 0; i < list->nkids; i++) {
		const struct node *entry = list->kids[i], *others;
		size_t depth = diag_enter(d, ITEM_PLUGIN_ENTRY, "", entry->at);
		if (check_entry(entry, d) != 0)
			return -1;
		others = node_get(entry, "alternatives");
		if (others && check_alternatives(entry, others, d) != 0)
			return -1;
		diag_leave(d, depth);
		rs->plugins = vec_room(&rs->arena, rs->plugins, rs->nplugins, &rs->capplugins, sizeof *rs->plugins);
		rs->plugins[rs->nplugins++] = entry;
	}
	return 0;
}

static const struct builtin_plugin *find_plugin(const struct field_table *own, const char *name)
{
	for (const struct builtin_plugin *p = builtin_plugins; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	for (size_t i = 0; own && i < own->nsources; i++)
		if (own->source[i].plugin.name && strcmp(own->source[i].plugin.name, name) == 0)
			return &own->source[i].plugin;
	return NULL;
}

/* Is the entry's plugin built in or stood for by a table of fields, at that version or a later one that is compatible? */
static bool provided(const struct ruleset *rs, const struct node *entry)
{
	const struct builtin_plugin *p = find_plugin(rs->own, name_of(entry));
	unsigned want[3];

	return p && required_version(node_get(entry, "version")->text, want) && satisfies(p->version, want);
}

static int unsatisfied(const struct node *entry, struct diag *d)
{
	const struct node *list = node_get(entry, "alternatives");
	struct strbuf b = {0};

	strbuf_printf(&b, "%s (>= %s)", name_of(entry), node_get(entry, "version")->text);
	for (size_t i = 0; list && i < list->nkids; i++)
		strbuf_printf(&b, ", %s (>= %s)", name_of(list->kids[i]), node_get(list->kids[i], "version")->text);
	diag_error(d, entry->at, LOAD_ERR_VALIDATE, "Plugin requirement not satisfied, must load one of: %s", b.p);
	strbuf_free(&b);
	return -1;
}

int required_check(const struct ruleset *rs, struct diag *d)
{
	for (size_t i = 0; i < rs->nplugins; i++) {
		const struct node *list = node_get(rs->plugins[i], "alternatives");
		bool any = provided(rs, rs->plugins[i]);
		for (size_t j = 0; list && !any && j < list->nkids; j++)
			any = provided(rs, list->kids[j]);
		if (!any)
			return unsatisfied(rs->plugins[i], d);
	}
	return 0;
}
