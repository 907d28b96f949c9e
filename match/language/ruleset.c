/* The tables, and the loading of a file into them. */
#include "ruleset.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "match/fields/field_table.h"
#include "old.h"

enum { FILE_MAX = 16 << 20 };

static const char *const priorities[] = {
	"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"
};

const char *priority_name(int priority)
{
	return priorities[priority];
}

int priority_number(const char *name)
{
	for (int i = 0; i < (int)(sizeof priorities / sizeof *priorities); i++)
		if (strcasecmp(priorities[i], name) == 0)
			return i;
	return strcasecmp(name, "info") == 0 ? 6 : -1;
}

int priority_number_old(const char *name)
{
	bool upper = true, lower = true, first = isupper((unsigned char)*name);

	for (const char *c = name; *c; c++) {
		upper = upper && isupper((unsigned char)*c);
		lower = lower && islower((unsigned char)*c);
		first = first && (c == name || islower((unsigned char)*c));
	}
	int n = upper || lower || first ? priority_number(name) : -1;
	return n == 6 ? 5 : n;
}

bool ruleset_knows(const struct ruleset *rs, const char *source)
{
	return strcmp(source, "syscall") == 0 || strcmp(source, "k8s_audit") == 0 || field_table_source(rs->own, source);
}

static const char *next_priority(void *arg)
{
	size_t *i = arg;

	return *i < sizeof priorities / sizeof *priorities ? priorities[(*i)++] : NULL;
}

const char *priority_nearest(const char *name)
{
	char word[32];
	size_t i = 0;

	snprintf(word, sizeof word, "%s", name);
	for (char *c = word; *c; c++)
		*c = (char)(c == word ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
	return diag_nearest(word, next_priority, &i);
}

struct rule_list *ruleset_list(struct ruleset *rs, const char *name)
{
	int64_t i = names_find(&rs->list_names, name);

	return i < 0 ? NULL : &rs->lists[i];
}

struct rule_macro *ruleset_macro(struct ruleset *rs, const char *name)
{
	int64_t i = names_find(&rs->macro_names, name);

	return i < 0 ? NULL : &rs->macros[i];
}

struct rule_def *ruleset_rule(struct ruleset *rs, const char *name)
{
	int64_t i = names_find(&rs->rule_names, name);

	return i < 0 ? NULL : &rs->rules[i];
}

struct rule_list *ruleset_add_list(struct ruleset *rs, const char *name)
{
	rs->lists = vec_room(&rs->arena, rs->lists, rs->nlists, &rs->caplists, sizeof *rs->lists);
	names_add(&rs->list_names, &rs->arena, name, (uint32_t)rs->nlists);
	struct rule_list *l = &rs->lists[rs->nlists++];
	*l = (struct rule_list){ .name = name, .index = rs->counter };
	return l;
}

struct rule_macro *ruleset_add_macro(struct ruleset *rs, const char *name)
{
	rs->macros = vec_room(&rs->arena, rs->macros, rs->nmacros, &rs->capmacros, sizeof *rs->macros);
	names_add(&rs->macro_names, &rs->arena, name, (uint32_t)rs->nmacros);
	struct rule_macro *m = &rs->macros[rs->nmacros++];
	*m = (struct rule_macro){ .name = name, .index = rs->counter };
	return m;
}

struct rule_def *ruleset_add_rule(struct ruleset *rs, const char *name)
{
	rs->rules = vec_room(&rs->arena, rs->rules, rs->nrules, &rs->caprules, sizeof *rs->rules);
	names_add(&rs->rule_names, &rs->arena, name, (uint32_t)rs->nrules);
	struct rule_def *r = &rs->rules[rs->nrules++];
	*r = (struct rule_def){ .name = name, .index = rs->counter };
	return r;
}

void rule_text_append(struct ruleset *rs, struct rule_text *t, const struct node *scalar)
{
	t->parts = vec_room(&rs->arena, t->parts, t->n, &t->cap, sizeof *t->parts);
	t->parts[t->n++] = scalar;
}

void rule_text_set(struct ruleset *rs, struct rule_text *t, const struct node *scalar)
{
	*t = (struct rule_text){0};
	rule_text_append(rs, t, scalar);
}

struct name_walk {
	const struct ruleset *rs;
	enum diag_item kind;
	size_t i;
};

static const char *next_name(void *arg)
{
	struct name_walk *w = arg;
	size_t i = w->i++;

	switch (w->kind) {
	case ITEM_LIST: return i < w->rs->nlists ? w->rs->lists[i].name : NULL;
	case ITEM_MACRO: return i < w->rs->nmacros ? w->rs->macros[i].name : NULL;
	default: return i < w->rs->nrules ? w->rs->rules[i].name : NULL;
	}
}

int ruleset_no_earlier(const struct ruleset *rs, enum diag_item kind, const char *name, struct diag *d)
{
	struct name_walk walk = { rs, kind, 0 };
	const char *near = diag_nearest(name, next_name, &walk);

	return near ? diag_after(d, "; did you mean '%s'?", near) : -1;
}

static int read_file(FILE *fp, struct source_file *f, struct arena *a, struct diag *d)
{
	struct strbuf text = {0};
	char block[65536];
	size_t n;

	while ((n = fread(block, 1, sizeof block, fp)) > 0 && text.n <= FILE_MAX)
		strbuf_add(&text, block, n);
	f->text = arena_strn(a, text.p ? text.p : "", text.n);
	f->n = text.n;
	strbuf_free(&text);
	if (ferror(fp))
		return diag_error(d, (struct place){ f, 0, 0 }, LOAD_ERR_FILE_READ, "can not be read: %s", strerror(errno));
	if (f->n > FILE_MAX)
		return diag_error(d, (struct place){ f, 0, 0 }, LOAD_ERR_FILE_READ, "found more than %d MiB, expected a rules file",
			FILE_MAX >> 20);
	return 0;
}

int ruleset_read(const char *path, struct source_file *f, struct arena *a, struct diag *d)
{
	FILE *fp = fopen(path, "re");

	f->path = arena_strn(a, path, strlen(path));
	f->text = "";
	if (!fp)
		return diag_error(d, (struct place){ f, 0, 0 }, LOAD_ERR_FILE_READ, "can not be opened: %s", strerror(errno));
	int rc = read_file(fp, f, a, d);
	fclose(fp);
	return rc;
}

/* In the order in which their keys decide what an item is. */
static const struct item_kind {
	const char *key;
	enum diag_item item;
	int (*take)(struct ruleset *, const struct node *, struct diag *);
} kinds[] = {
	{ "required_engine_version", ITEM_ENGINE_VERSION, engine_item },
	{ "required_plugin_versions", ITEM_PLUGIN_VERSIONS, plugins_item },
	{ "list", ITEM_LIST, list_item }, { "macro", ITEM_MACRO, macro_item }, { "rule", ITEM_RULE, rule_item },
};

static const char *next_kind(void *arg)
{
	size_t *i = arg;

	return *i < sizeof kinds / sizeof *kinds ? kinds[(*i)++].key : NULL;
}

static void unknown_item(const struct node *item, struct diag *d)
{
	size_t depth = diag_enter(d, ITEM_CONTENT_ITEM, "", item->at), i = 0;
	const char *key = item->nkids && item->kids[0]->kind == NODE_SCALAR ? item->kids[0]->text : "";
	const char *near = *key ? diag_nearest(key, next_kind, &i) : NULL;

	diag_warn(d, item->at, LOAD_UNKNOWN_ITEM, "Unknown top level item");
	if (near)
		diag_after(d, " '%s'. Did you mean '%s'?", key, near);
	diag_leave(d, depth);
}

static int take_item(struct ruleset *rs, const struct node *item, struct diag *d)
{
	size_t depth;
	int rc = 0;

	if (node_null(item))
		return 0;
	if (item->kind != NODE_MAP) {
		diag_enter(d, ITEM_CONTENT_ITEM, "", item->at);
		diag_error(d, item->at, LOAD_ERR_YAML_VALIDATE,
			"Unexpected element type. Each element should be a yaml associative array.");
		old_items(d, &item, 1);
		return diag_old(d, "Unexpected element of type %s. Each element should be a yaml associative array.",
			item->kind == NODE_SCALAR ? "string" : "table");
	}
	rs->counter++;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!node_get(item, kinds[i].key))
			continue;
		depth = diag_enter(d, kinds[i].item, "", item->at);
		rc = kinds[i].take(rs, item, d);
		diag_leave(d, depth);
		if (rc != 0 && rs->old)
			old_items(d, &item, 1);
		return rc;
	}
	unknown_item(item, d);
	return 0;
}

static int take_document(struct ruleset *rs, const struct node *doc, struct diag *d)
{
	if (doc->kind != NODE_SEQUENCE) {
		diag_error(d, doc->at, LOAD_ERR_YAML_VALIDATE, "Rules content is not yaml%s", doc->kind == NODE_MAP ? " array of objects" : "");
		old_lines(d, doc->at.file, 1, 1);
		return -1;
	}
	for (size_t i = 0; i < doc->nkids; i++)
		if (take_item(rs, doc->kids[i], d) != 0)
			return -1;
	return 0;
}

int ruleset_load(struct ruleset *rs, const char *path, struct schema *schema, struct diag *d)
{
	struct source_file *file = arena_alloc(&rs->arena, sizeof *file);
	struct node **documents;
	size_t n, depth;

	rs->file = file;
	depth = diag_enter(d, ITEM_CONTENT, "", (struct place){ file, 1, 1 });
	if (ruleset_read(path, file, &rs->arena, d) != 0)
		return -1;
	if (yaml_read(file, &rs->arena, d, &documents, &n) != 0) {
		old_lines(d, file, d->message[d->n - 1].at.line, 3);
		return -1;
	}
	if (schema)
		schema_check(schema, documents, n);
	for (size_t i = 0; i < n; i++)
		if (take_document(rs, documents[i], d) != 0)
			return -1;
	diag_leave(d, depth);
	return 0;
}

void ruleset_free(struct ruleset *rs)
{
	arena_free(&rs->arena);
	*rs = (struct ruleset){0};
}
