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

/* On one line; 0.28 sorted keys. */
static int json_text(const json_t *v, struct context *c, struct field_value *out)
{
	struct text t = text_new(&c->arena, 64);
	size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(DIGITS) | (c->old ? JSON_SORT_KEYS : 0);

	if (!v || json_dump_callback(v, add, &t, flags) != 0)
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

/* What is nested deeper than that is not moved further: a hostile document would become a thousand times its size. */
static void line(struct text *t, int depth)
{
	enum { DEPTH_MAX = 64 };

	text_puts(t, "\n");
	if (depth > DEPTH_MAX)
		depth = DEPTH_MAX;
	while (depth-- > 0)
		text_puts(t, "  ");
}

static size_t string_length(const char *p, const char *end)
{
	const char *at = p + 1;

	while (at < end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	return (size_t)((at < end ? at + 1 : end) - p);
}

/* The text of a document that has been read: only the blanks between its values are made anew. */
static int indented(const char *p, size_t n, struct context *c, struct field_value *out)
{
	struct text t = text_new(&c->arena, n * 2);
	const char *end = p + n;
	int depth = 0;
	bool open = false;                     /* a bracket has come, and nothing after it */

	while (p < end) {
		size_t step = *p == '"' ? string_length(p, end) : 1;
		bool blank = *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r', closes = *p == '}' || *p == ']';
		depth -= closes;
		if (!blank && open != closes)
			line(&t, depth);
		if (!blank) {
			text_add(&t, p, step);
			open = *p == '{' || *p == '[';
			depth += open;
		}
		if (*p == ',')
			line(&t, depth);
		if (*p == ':')
			text_puts(&t, " ");
		p += step;
	}
	return text_value(&t, out);
}

int get_json_document(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const json_t *root = document_root(&c->document);

	(void)f;
	if (!root || c->old)
		return json_text(root, c, out);
	return indented(c->document.text, c->document.n, c, out);
}

int get_json_rawtime(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct text t = text_new(&c->arena, 24);

	(void)f;
	text_printf(&t, "%llu", (unsigned long long)c->event.time);
	return text_value(&t, out);
}
