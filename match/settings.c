/* Reading append_output and rules. */
#include "settings.h"

#include <string.h>

#include "match/language/item_value.h"
#include "match/language/yaml_tree.h"

/* The value of a key as a sequence of maps, which may also be one map alone. */
static int read_entries(struct settings *s, const char *key, const char *text, struct diag *d, struct node ***entries, size_t *n)
{
	struct source_file *file = arena_alloc(&s->arena, sizeof *file);
	struct node **documents;
	size_t count;

	*n = 0;
	file->path = key;
	file->text = arena_strn(&s->arena, text, strlen(text));
	file->n = strlen(text);
	if (yaml_read(file, &s->arena, d, &documents, &count) != 0)
		return -1;
	if (count == 0)
		return 0;
	if (documents[0]->kind == NODE_SCALAR)
		return diag_error(d, documents[0]->at, LOAD_ERR_YAML_VALIDATE, "Value is not a sequence of maps");
	*entries = documents[0]->kind == NODE_MAP ? documents : documents[0]->kids;
	*n = documents[0]->kind == NODE_MAP ? 1 : documents[0]->nkids;
	for (size_t i = 0; i < *n; i++)
		if ((*entries)[i]->kind != NODE_MAP)
			return diag_error(d, (*entries)[i]->at, LOAD_ERR_YAML_VALIDATE, "Value is not a map");
	return 0;
}

static int optional(const struct node *map, const char *key, const char **out, struct diag *d)
{
	const struct node *v = node_get(map, key);

	if (!v)
		return 0;
	if (item_scalar(v, key, d) != 0)
		return -1;
	*out = v->text;
	return 0;
}

static int read_match(struct settings *s, const struct node *match, struct output_append *a, struct diag *d)
{
	static const char *const known[] = { "source", "rule", "tags", NULL };
	const struct node *tags = node_get(match, "tags");

	if (match->kind != NODE_MAP)
		return diag_error(d, match->at, LOAD_ERR_YAML_VALIDATE, "Value is not a map");
	item_unknown_keys(match, known, d);
	if (optional(match, "source", &a->source, d) != 0 || optional(match, "rule", &a->rule, d) != 0)
		return -1;
	if (!tags)
		return 0;
	if (item_scalars(tags, "tags", d) != 0)
		return -1;
	a->tags = arena_alloc(&s->arena, (tags->nkids + 1) * sizeof *a->tags);
	for (; a->ntags < tags->nkids; a->ntags++)
		a->tags[a->ntags] = tags->kids[a->ntags]->text;
	return 0;
}

/* `name`, `%name`, or {name: format}. */
static int read_field(const struct node *v, struct output_field *f, struct diag *d)
{
	if (v->kind == NODE_SCALAR && v->n) {
		f->name = v->text + (v->text[0] == '%');
		return 0;
	}
	if (v->kind != NODE_MAP || v->nkids != 2 || v->kids[0]->kind != NODE_SCALAR || v->kids[1]->kind != NODE_SCALAR)
		return diag_error(d, v->at, LOAD_ERR_YAML_VALIDATE, "found what is neither a field nor one pair of name and format");
	f->name = v->kids[0]->text;
	f->format = v->kids[1]->text;
	return 0;
}

static int read_append(struct settings *s, const struct node *entry, struct output_append *a, struct diag *d)
{
	static const char *const known[] = { "match", "extra_output", "extra_fields", "suggested_output", NULL };
	const struct node *match = node_get(entry, "match"), *fields = node_get(entry, "extra_fields");

	item_unknown_keys(entry, known, d);
	if (match && read_match(s, match, a, d) != 0)
		return -1;
	if (optional(entry, "extra_output", &a->text, d) != 0 || item_bool(entry, "suggested_output", &a->suggested, d) != 0)
		return -1;
	if (!fields)
		return 0;
	if (fields->kind != NODE_SEQUENCE)
		return diag_error(d, fields->at, LOAD_ERR_YAML_VALIDATE, "Value is not a sequence");
	a->fields = arena_alloc(&s->arena, (fields->nkids + 1) * sizeof *a->fields);
	for (; a->nfields < fields->nkids; a->nfields++)
		if (read_field(fields->kids[a->nfields], &a->fields[a->nfields], d) != 0)
			return -1;
	return 0;
}

int settings_append(struct settings *s, const char *text, struct diag *d)
{
	struct node **entries;
	size_t n;

	if (read_entries(s, "append_output", text, d, &entries, &n) != 0)
		return -1;
	s->append = arena_alloc(&s->arena, (n + 1) * sizeof *s->append);
	for (; s->nappend < n; s->nappend++)
		if (read_append(s, entries[s->nappend], &s->append[s->nappend], d) != 0)
			return -1;
	return 0;
}

int settings_rules(struct settings *s, const char *text, struct diag *d)
{
	static const char *const known[] = { "rule", "tag", NULL };
	struct node **entries;
	size_t n;

	if (read_entries(s, "rules", text, d, &entries, &n) != 0)
		return -1;
	s->choice = arena_alloc(&s->arena, (n + 1) * sizeof *s->choice);
	for (; s->nchoice < n; s->nchoice++) {
		struct rule_choice *c = &s->choice[s->nchoice];
		const struct node *enable = node_get(entries[s->nchoice], "enable"), *what = enable;
		if (!what)
			what = node_get(entries[s->nchoice], "disable");
		if (!what || what->kind != NODE_MAP)
			return diag_error(d, entries[s->nchoice]->at, LOAD_ERR_YAML_VALIDATE,
				"expected enable or disable, and {rule: …} or {tag: …}");
		item_unknown_keys(what, known, d);
		c->enable = enable != NULL;
		if (optional(what, "rule", &c->rule, d) != 0 || optional(what, "tag", &c->tag, d) != 0)
			return -1;
		if (!c->rule == !c->tag)
			return diag_error(d, what->at, LOAD_ERR_YAML_VALIDATE, "expected one of rule and tag");
	}
	return 0;
}

void settings_free(struct settings *s)
{
	arena_free(&s->arena);
	*s = (struct settings){0};
}

bool wildcard_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *back = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			back = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
