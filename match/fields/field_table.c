/* Reading tables of fields. */
#include "field_table.h"

#include <ctype.h>
#include <string.h>

#include "field_get.h"
#include "match/language/item_value.h"
#include "match/language/ruleset.h"
#include "match/vec.h"
#include "wire/moment.h"
#include "match/language/yaml_tree.h"

/* What a table may call a type. */
static const struct {
	const char *name;
	uint8_t type;
	uint16_t flags;
} types[] = {
	{ "string", TYPE_STRING, 0 }, { "int", TYPE_INT, 0 }, { "uint", TYPE_UINT, 0 }, { "double", TYPE_DOUBLE, FIELD_EXACT },
	{ "bool", TYPE_BOOL, 0 }, { "ip", TYPE_IP, 0 }, { "time", TYPE_ABSTIME, 0 }, { "list", TYPE_STRING, FIELD_LIST },
};
#define TYPES_TEXT "string, int, uint, double, bool, ip, time or list"
#define KEYS_TEXT "pointer, type or desc"

struct next_text {
	const char *const *text;
	size_t n, at;
};

static const char *next_type(void *arg)
{
	size_t *i = arg;

	return *i < sizeof types / sizeof *types ? types[(*i)++].name : NULL;
}

static const char *next_text(void *arg)
{
	struct next_text *t = arg;

	return t->at < t->n ? t->text[t->at++] : NULL;
}

static int error(struct diag *d, const struct node *at, const char *near, const char *expected)
{
	diag_error(d, at->at, LOAD_ERR_YAML_VALIDATE, "found '%s', expected %s", at->kind == NODE_SCALAR ? at->text : "a list or a map",
		expected);
	return near ? diag_after(d, "; did you mean '%s'?", near) : -1;
}

/* Every key of a map must be among these. */
static int check_keys(const struct node *map, const char *const *known, size_t n, const char *expected, struct diag *d)
{
	for (size_t i = 0; i < map->nkids; i += 2) {
		const struct node *key = map->kids[i];
		struct next_text walk = { known, n, 0 };
		size_t j = 0;
		while (j < n && (key->kind != NODE_SCALAR || strcmp(known[j], key->text) != 0))
			j++;
		if (j == n)
			return error(d, key, key->kind == NODE_SCALAR ? diag_nearest(key->text, next_text, &walk) : NULL, expected);
	}
	return 0;
}

/* As conditions read names: words of letters, digits and _ with dots between them. */
static bool good_name(const char *s)
{
	bool dot = false;

	for (; isalpha((unsigned char)*s); s++) {
		while (isalnum((unsigned char)*s) || *s == '_')
			s++;
		if (*s == '\0')
			return dot;
		if (*s != '.')
			return false;
		dot = true;
	}
	return false;
}

static int check_name(const struct field_table *t, const struct node *name, struct diag *d)
{
	const struct field_def *other;

	if (name->kind != NODE_SCALAR || !good_name(name->text))
		return error(d, name, NULL, "the name of a field: words with dots between them");
	for (unsigned i = 0; (other = field_at(t, i)); i++)
		if (strcmp(other->name, name->text) == 0) {
			diag_error(d, name->at, LOAD_ERR_VALIDATE, "found the field '%s', expected one that is not there yet", name->text);
			return diag_after(d, ": %s%s has it", other->source ? "source " : "every source", other->source ? other->source : "");
		}
	return 0;
}

/* `/a/b`, or a list of such. */
static int read_pointers(struct field_table *t, const struct node *v, struct field_def *f, struct diag *d)
{
	bool several = v->kind == NODE_SEQUENCE;
	size_t n = several ? v->nkids : 1;
	const char **pointers = arena_alloc(&t->arena, (n + 1) * sizeof *pointers);

	for (size_t i = 0; i < n; i++) {
		const struct node *one = several ? v->kids[i] : v;
		if (one->kind != NODE_SCALAR || one->text[0] != '/' || !moment_is_pointer(one->text))
			return error(d, one, NULL, "a JSON pointer, such as /user/name");
		pointers[i] = one->text;
	}
	if (n == 0)
		return error(d, v, NULL, "at least one JSON pointer");
	f->pointers = pointers;
	return 0;
}

static int read_type(const struct node *v, struct field_def *f, struct diag *d)
{
	size_t i = 0, next = 0;

	while (i < sizeof types / sizeof *types && (v->kind != NODE_SCALAR || strcmp(v->text, types[i].name) != 0))
		i++;
	if (i == sizeof types / sizeof *types)
		return error(d, v, v->kind == NODE_SCALAR ? diag_nearest(v->text, next_type, &next) : NULL, TYPES_TEXT);
	f->type = types[i].type;
	f->flags = types[i].flags;
	return 0;
}

static const char *describe(struct field_table *t, const struct field_def *f)
{
	struct strbuf text = {0};

	strbuf_puts(&text, "value at");
	for (size_t i = 0; f->pointers[i]; i++)
		strbuf_printf(&text, "%s %s", i ? " or else" : "", f->pointers[i]);
	const char *copy = arena_strn(&t->arena, text.p, text.n);
	strbuf_free(&text);
	return copy;
}

static int read_details(struct field_table *t, const struct node *map, struct field_def *f, struct diag *d)
{
	static const char *const keys[] = { "pointer", "type", "desc" };
	const struct node *pointer = node_get(map, "pointer"), *type = node_get(map, "type"), *desc = node_get(map, "desc");

	if (check_keys(map, keys, sizeof keys / sizeof *keys, KEYS_TEXT, d) != 0)
		return -1;
	if (!pointer)
		return diag_error(d, map->at, LOAD_ERR_YAML_VALIDATE, "found no 'pointer', expected one");
	if (desc && item_scalar(desc, "desc", d) != 0)
		return -1;
	if (read_pointers(t, pointer, f, d) != 0 || (type && read_type(type, f, d) != 0))
		return -1;
	f->desc = desc ? desc->text : NULL;
	return 0;
}

/* `name: POINTER`, `name: [POINTER…]`, `name: {pointer: …, type: T, desc: D}`, or `name: ~` for what is not supplied. */
static int read_field(struct field_table *t, const struct node *name, const struct node *v, const char *source, struct diag *d)
{
	struct field_def f = { .type = TYPE_STRING, .get = get_pointer, .source = source };
	int rc = 0;

	if (check_name(t, name, d) != 0)
		return -1;
	f.name = name->text;
	if (node_null(v)) {
		f.flags = FIELD_ABSENT;
		f.get = NULL;
		f.desc = "of the plugin";
	} else {
		rc = v->kind == NODE_MAP ? read_details(t, v, &f, d) : read_pointers(t, v, &f, d);
	}
	if (rc != 0)
		return -1;
	if (!f.desc)
		f.desc = describe(t, &f);
	t->def = vec_room(&t->arena, t->def, t->n, &t->cap, sizeof *t->def);
	t->def[t->n++] = f;
	return 0;
}

static int read_source(const struct node *map, struct field_source *s, struct diag *d)
{
	const struct node *name = item_text(map, "source", d), *plugin = node_get(map, "plugin"), *version = node_get(map, "version");

	if (!name)
		return -1;
	if (strcmp(name->text, "syscall") == 0)
		return error(d, name, NULL, "a source of JSON records");
	s->name = name->text;
	if (!plugin != !version)
		return diag_error(d, (plugin ? plugin : version)->at, LOAD_ERR_YAML_VALIDATE, "found '%s' alone, expected plugin and version",
			plugin ? "plugin" : "version");
	if (!plugin)
		return 0;
	if (item_scalar(plugin, "plugin", d) != 0 || item_scalar(version, "version", d) != 0)
		return -1;
	if (!required_version(version->text, s->plugin.version))
		return error(d, version, NULL, "three numbers with dots between them");
	s->plugin.name = plugin->text;
	return 0;
}

static int read_table(struct field_table *t, const struct node *map, struct diag *d)
{
	static const char *const keys[] = { "source", "plugin", "version", "fields" };
	struct field_source s = {0};
	const struct node *fields;

	if (map->kind != NODE_MAP)
		return error(d, map, NULL, "a map with source and fields");
	if (check_keys(map, keys, sizeof keys / sizeof *keys, "source, plugin, version or fields", d) != 0 || read_source(map, &s, d) != 0)
		return -1;
	fields = node_get(map, "fields");
	if (!fields)
		return item_missing(map, "fields", d);
	if (fields->kind != NODE_MAP)
		return error(d, fields, NULL, "a map of names and JSON pointers");
	for (size_t i = 0; i < fields->nkids; i += 2)
		if (read_field(t, fields->kids[i], fields->kids[i + 1], s.name, d) != 0)
			return -1;
	t->source = vec_room(&t->arena, t->source, t->nsources, &t->capsources, sizeof *t->source);
	t->source[t->nsources++] = s;
	return 0;
}

int field_table_read(struct field_table *t, const char *path, struct diag *d)
{
	struct source_file *file = arena_alloc(&t->arena, sizeof *file);
	struct node **documents;
	size_t n;

	if (ruleset_read(path, file, &t->arena, d) != 0 || yaml_read(file, &t->arena, d, &documents, &n) != 0)
		return -1;
	if (n == 0)
		return diag_error(d, (struct place){ file, 1, 1 }, LOAD_ERR_YAML_VALIDATE, "found nothing, expected a map with source and fields");
	for (size_t i = 0; i < n; i++)
		if (read_table(t, documents[i], d) != 0)
			return -1;
	return 0;
}

void field_table_free(struct field_table *t)
{
	arena_free(&t->arena);
	*t = (struct field_table){0};
}

bool field_table_source(const struct field_table *t, const char *source)
{
	for (size_t i = 0; t && i < t->nsources; i++)
		if (strcmp(t->source[i].name, source) == 0)
			return true;
	return false;
}
