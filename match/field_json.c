/* Fields of JSON records. */
#include <jansson.h>

#include "field_get.h"

/* With 15 digits a number of up to that many comes out as it was written: 0.1, not 0.10000000000000001. */
enum { DIGITS = 15 };

static int add(const char *p, size_t n, void *to)
{
	text_add(to, p, n);
	return 0;
}

static int json_text(const json_t *v, struct context *c, struct field_value *out)
{
	struct text t = text_new(&c->arena, 64);

	if (!v || json_dump_callback(v, add, &t, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(DIGITS)) != 0)
		return -1;
	return text_value(&t, out);
}

int field_json_text(const struct json_t *v, struct context *c, struct field_value *out)
{
	return json_is_string(v) ? field_text(out, json_string_value(v), json_string_length(v)) : json_text(v, c, out);
}

int get_json_value(const struct field_ref *f, struct context *c, struct field_value *out)
{
	return field_json_text(document_find(&c->document, f->key, &c->arena), c, out);
}

int get_json_document(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return json_text(document_root(&c->document), c, out);
}

int get_json_rawtime(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct text t = text_new(&c->arena, 24);

	(void)f;
	text_printf(&t, "%llu", (unsigned long long)c->event.time);
	return text_value(&t, out);
}
