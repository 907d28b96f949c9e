/* The shape of items, by table. */
#include "schema.h"

#include <string.h>

enum shape { TEXT, BOOLEAN, INTEGER, TEXTS, EXCEPTIONS, OVERRIDE, PRIORITY, PLUGINS, ANYTHING };
struct key {
	const char *name;
	enum shape shape;
};
/* One table for every kind of item: the schema does not tell them apart. */
static const struct key keys[] = {
	{ "required_engine_version", TEXT }, { "required_plugin_versions", PLUGINS }, { "list", TEXT }, { "items", TEXTS },
	{ "macro", TEXT }, { "condition", TEXT }, { "rule", TEXT }, { "desc", TEXT }, { "output", TEXT }, { "priority", PRIORITY },
	{ "source", TEXT }, { "enabled", BOOLEAN }, { "tags", TEXTS }, { "exceptions", EXCEPTIONS }, { "append", BOOLEAN },
	{ "override", OVERRIDE }, { "warn_evttypes", BOOLEAN }, { "skip-if-unknown-filter", BOOLEAN }, { "capture", BOOLEAN },
	{ "capture_duration", INTEGER }, { NULL, ANYTHING }
};
static const struct key exception_keys[] = {
	{ "name", TEXT }, { "fields", ANYTHING }, { "comps", ANYTHING }, { "values", ANYTHING }, { NULL, ANYTHING }
};
static const struct key plugin_keys[] = { { "name", TEXT }, { "version", TEXT }, { "alternatives", PLUGINS },
	{ NULL, ANYTHING } };
static const struct key override_keys[] = {
	{ "items", TEXT }, { "desc", TEXT }, { "condition", TEXT }, { "output", TEXT }, { "tags", TEXT }, { "exceptions", TEXT },
	{ "priority", TEXT }, { "enabled", TEXT }, { "warn_evttypes", TEXT }, { "skip-if-unknown-filter", TEXT }, { "capture", TEXT },
	{ "capture_duration", TEXT }, { NULL, ANYTHING }
};

static void say(struct schema *s, const struct node *at, const char *what, const char *found)
{
	strbuf_printf(&s->warnings, "line %u: %s: found '%.80s'\n", at->at.line, what, found);
}

static void check_map(struct schema *s, const struct node *map, const struct key *known);

static bool among(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static void check_word(struct schema *s, const struct node *v, const char *const *words, const char *what)
{
	if (v->kind != NODE_SCALAR || !among(v->text, words))
		say(s, v, what, v->text);
}

static void check_each(struct schema *s, const struct node *list, const struct key *known)
{
	if (list->kind != NODE_SEQUENCE) {
		say(s, list, "expected a list", list->text);
		return;
	}
	for (size_t i = 0; i < list->nkids; i++) {
		if (known)
			check_map(s, list->kids[i], known);
		else if (list->kids[i]->kind != NODE_SCALAR)
			say(s, list->kids[i], "expected a text", "a list or map");
	}
}

static void check_override(struct schema *s, const struct node *v)
{
	static const char *const words[] = { "append", "replace", NULL };

	check_map(s, v, override_keys);
	if (v->kind == NODE_MAP && v->nkids == 0)
		say(s, v, "expected at least one key", "{}");
	for (size_t i = 1; v->kind == NODE_MAP && i < v->nkids; i += 2)
		check_word(s, v->kids[i], words, "expected append or replace");
}

static void check_value(struct schema *s, const struct node *v, enum shape shape)
{
	static const char *const booleans[] = { "true", "false", NULL };
	static const char *const priorities[] = { "EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL",
		"INFO", "DEBUG", NULL };

	switch (shape) {
	case TEXT:
		if (v->kind != NODE_SCALAR)
			say(s, v, "expected a text", "a list or map");
		break;
	case INTEGER:
		if (v->kind != NODE_SCALAR || !v->n || strspn(v->text, "0123456789") != v->n)
			say(s, v, "expected a number", v->text);
		break;
	case BOOLEAN: check_word(s, v, booleans, "expected true or false"); break;
	case PRIORITY: check_word(s, v, priorities, "expected a priority in capitals"); break;
	case TEXTS: check_each(s, v, NULL); break;
	case EXCEPTIONS: check_each(s, v, exception_keys); break;
	case PLUGINS: check_each(s, v, plugin_keys); break;
	case OVERRIDE: check_override(s, v); break;
	case ANYTHING: break;
	}
}

static void check_map(struct schema *s, const struct node *map, const struct key *known)
{
	if (map->kind != NODE_MAP) {
		say(s, map, "expected a map", map->text);
		return;
	}
	for (size_t i = 0; i < map->nkids; i += 2) {
		const struct key *k = known;
		while (k->name && strcmp(k->name, map->kids[i]->text) != 0)
			k++;
		if (!k->name)
			say(s, map->kids[i], "unknown key", map->kids[i]->text);
		else
			check_value(s, map->kids[i + 1], k->shape);
	}
}

void schema_check(struct schema *s, struct node *const *documents, size_t n)
{
	s->checked = true;
	for (size_t i = 0; i < n; i++)
		check_each(s, documents[i], keys);
}
