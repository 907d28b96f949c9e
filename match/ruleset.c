/* The tables, and the loading of a file into them. */
#include "ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
		return diag_error(d, (struct place){ f, 0, 0 }, "can not be read: %s", strerror(errno));
	if (f->n > FILE_MAX)
		return diag_error(d, (struct place){ f, 0, 0 }, "found more than %d MiB, expected a rules file", FILE_MAX >> 20);
	return 0;
}

static int take_item(struct ruleset *rs, const struct node *item, struct diag *d)
{
	if (node_null(item))
		return 0;
	if (item->kind != NODE_MAP)
		return diag_error(d, item->at, "Unexpected element type. Each element should be a yaml associative array.");
	rs->counter++;
	if (node_get(item, "required_engine_version"))
		return engine_item(item, d);
	if (node_get(item, "required_plugin_versions"))
		return plugins_item(item, d);
	if (node_get(item, "list"))
		return list_item(rs, item, d);
	if (node_get(item, "macro"))
		return macro_item(rs, item, d);
	if (node_get(item, "rule"))
		return rule_item(rs, item, d);
	diag_warn(d, item->at, "Unknown top level item");
	return 0;
}

static int take_document(struct ruleset *rs, const struct node *doc, struct diag *d)
{
	if (doc->kind == NODE_MAP)
		return diag_error(d, doc->at, "Rules content is not yaml array of objects");
	if (doc->kind == NODE_SCALAR)
		return diag_error(d, doc->at, "Rules content is not yaml");
	for (size_t i = 0; i < doc->nkids; i++)
		if (take_item(rs, doc->kids[i], d) != 0)
			return -1;
	return 0;
}

int ruleset_load(struct ruleset *rs, const char *path, struct diag *d)
{
	struct source_file *file = arena_alloc(&rs->arena, sizeof *file);
	struct node **documents;
	size_t n;
	FILE *fp = fopen(path, "re");

	file->path = arena_strn(&rs->arena, path, strlen(path));
	file->text = "";
	if (!fp)
		return diag_error(d, (struct place){ file, 0, 0 }, "can not be opened: %s", strerror(errno));
	int rc = read_file(fp, file, &rs->arena, d);
	fclose(fp);
	if (rc != 0 || yaml_read(file, &rs->arena, d, &documents, &n) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (take_document(rs, documents[i], d) != 0)
			return -1;
	return 0;
}

void ruleset_free(struct ruleset *rs)
{
	arena_free(&rs->arena);
	*rs = (struct ruleset){0};
}
