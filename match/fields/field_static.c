/* Fields whose text the configuration gives. It stands where fields of one's own have their JSON pointer. */
#include "field_static.h"

#include <string.h>

#include "match/language/yaml_tree.h"

static int get_static(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)c;
	out->s.p = f->def->pointers[0];
	out->s.n = (uint32_t)strlen(out->s.p);
	return 1;
}

static int add(struct field_table *t, const struct node *key, const struct node *value, struct diag *d)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	struct field_def f = { .type = TYPE_STRING, .get = get_static, .desc = "of the configuration" };
	const char **texts = arena_alloc(&t->arena, 2 * sizeof *texts);
	struct strbuf name = {0};

	if (key->kind != NODE_SCALAR || !key->n || strspn(key->text, letters) != key->n)
		return diag_error(d, key->at, LOAD_ERR_YAML_VALIDATE, "found '%s', expected a name of letters, digits and _-.", key->text);
	if (value->kind != NODE_SCALAR)
		return diag_error(d, value->at, LOAD_ERR_YAML_VALIDATE, "%s: Value is not a scalar value", key->text);
	strbuf_printf(&name, "static.%s", key->text);
	f.name = arena_strn(&t->arena, name.p, name.n);
	texts[0] = value->text;
	f.pointers = texts;
	strbuf_free(&name);
	t->def = vec_room(&t->arena, t->def, t->n, &t->cap, sizeof *t->def);
	t->def[t->n++] = f;
	return 0;
}

int field_static_read(struct field_table *t, const char *text, struct diag *d)
{
	struct source_file *file = arena_alloc(&t->arena, sizeof *file);
	struct node **documents;
	size_t n;

	file->path = "static_fields";
	file->text = arena_strn(&t->arena, text, strlen(text));
	file->n = strlen(text);
	if (yaml_read(file, &t->arena, d, &documents, &n) != 0)
		return -1;
	if (n == 0)
		return 0;
	if (documents[0]->kind != NODE_MAP)
		return diag_error(d, documents[0]->at, LOAD_ERR_YAML_VALIDATE, "Value is not a map");
	for (size_t i = 0; i < documents[0]->nkids; i += 2)
		if (add(t, documents[0]->kids[i], documents[0]->kids[i + 1], d) != 0)
			return -1;
	return 0;
}
