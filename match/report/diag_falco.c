/* Falco's forms of messages, and that of 0.28. */
#include "diag_falco.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "match/language/text_json.h"

enum { SNIPPET_HALF = 80, NAME_MAX_SHOWN = 20 };

static const struct { const char *name, *text, *description; } codes[] = {
	[LOAD_ERR_FILE_READ] = { "LOAD_ERR_FILE_READ", "File read error", NULL },
	[LOAD_ERR_YAML_PARSE] = { "LOAD_ERR_YAML_PARSE", "YAML parse error", NULL },
	[LOAD_ERR_YAML_VALIDATE] = { "LOAD_ERR_YAML_VALIDATE", "Error validating internal structure of YAML file", NULL },
	[LOAD_ERR_COMPILE_CONDITION] = { "LOAD_ERR_COMPILE_CONDITION", "Error compiling condition", NULL },
	[LOAD_ERR_COMPILE_OUTPUT] = { "LOAD_ERR_COMPILE_OUTPUT", "Error compiling output", NULL },
	[LOAD_ERR_VALIDATE] = { "LOAD_ERR_VALIDATE", "Error validating rule/macro/list/exception objects", NULL },
	[LOAD_UNKNOWN_SOURCE] = { "LOAD_UNKNOWN_SOURCE", "Unknown event source",
		"A rule is of an event source that is not known, and can not be evaluated." },
	[LOAD_UNSAFE_NA_CHECK] = { "LOAD_UNSAFE_NA_CHECK", "Unsafe <NA> comparison in condition",
		"A field is compared with the text <NA>. Whether it has a value is what the operator `exists` tells." },
	[LOAD_NO_EVTTYPE] = { "LOAD_NO_EVTTYPE", "Condition has no event-type restriction",
		"A rule matches too many evt.type values, which has a significant performance penalty. A restriction of evt.type helps." },
	[LOAD_UNKNOWN_FILTER] = { "LOAD_UNKNOWN_FILTER", "Unknown field or event-type in condition or output",
		"A rule names a field or evt.type that does not exist; it has skip-if-unknown-filter, so it is left out." },
	[LOAD_UNUSED_MACRO] = { "LOAD_UNUSED_MACRO", "Unused macro", "A macro is defined that no macro or rule refers to." },
	[LOAD_UNUSED_LIST] = { "LOAD_UNUSED_LIST", "Unused list", "A list is defined that no list, macro or rule refers to." },
	[LOAD_UNKNOWN_ITEM] = { "LOAD_UNKNOWN_ITEM", "Unknown rules file item", "An item of an unknown kind is ignored." },
	[LOAD_DEPRECATED_ITEM] = { "LOAD_DEPRECATED_ITEM", "Used deprecated item", "What is used here is deprecated." },
	[LOAD_APPEND_NO_VALUES] = { "LOAD_APPEND_NO_VALUES", "Overriding/appending with no values",
		"An exception is overridden or appended to without any values." },
	[LOAD_EXCEPTION_NAME_NOT_UNIQUE] = { "LOAD_EXCEPTION_NAME_NOT_UNIQUE", "Multiple exceptions defined with the same name",
		"A rule defines several exceptions of one name." },
	[LOAD_INVALID_MACRO_NAME] = { "LOAD_INVALID_MACRO_NAME", "Invalid macro name",
		"No condition can refer to a macro of that name." },
	[LOAD_INVALID_LIST_NAME] = { "LOAD_INVALID_LIST_NAME", "Invalid list name",
		"A list's name has characters that lists should not have." },
	[LOAD_COMPILE_CONDITION] = { "LOAD_COMPILE_CONDITION", "Warning in rule condition",
		"A condition is valid, but likely not what was meant." },
	[LOAD_UNKNOWN_KEY] = { "LOAD_UNKNOWN_KEY", "Unknown key in item definition", "A key that is not known is ignored." },
};

static const char *const items[] = {
	[ITEM_CONTENT] = "rules content", [ITEM_CONTENT_ITEM] = "rules content item", [ITEM_VALUE_FOR] = "value for",
	[ITEM_EXCEPTIONS] = "exceptions", [ITEM_EXCEPTION] = "exception", [ITEM_EXCEPTION_VALUES] = "exception values",
	[ITEM_EXCEPTION_VALUE] = "exception value", [ITEM_ENGINE_VERSION] = "required_engine_version",
	[ITEM_PLUGIN_VERSIONS] = "required plugin versions", [ITEM_PLUGIN_ENTRY] = "required plugin versions entry",
	[ITEM_PLUGIN_ALTERNATIVE] = "required plugin versions alternative", [ITEM_LIST] = "list", [ITEM_LIST_ITEM] = "list item",
	[ITEM_MACRO] = "macro", [ITEM_MACRO_CONDITION] = "macro condition", [ITEM_RULE] = "rule",
	[ITEM_RULE_CONDITION] = "rule condition", [ITEM_CONDITION_EXPRESSION] = "condition expression",
	[ITEM_RULE_OUTPUT] = "rule output", [ITEM_OUTPUT_EXPRESSION] = "rule output expression", [ITEM_PRIORITY] = "rule priority",
	[ITEM_OVERRIDES] = "overrides",
};

/* A position of Falco's: all from 0. */
struct position {
	const char *item, *name;        /* of the item */
	const char *file;               /* or the beginning of the condition */
	char short_name[NAME_MAX_SHOWN + 8];
	const char *text;               /* what the position is in */
	size_t n, at;
	unsigned line, column;
};

/* A line found before: messages come in the order of their lines, mostly, and files may be long. */
struct seek {
	const struct source_file *file;
	const char *at;
	uint32_t line;
};

static size_t offset_of(struct place p, struct seek *s)
{
	const char *end = p.file->text + p.file->n, *c, *nl;
	uint32_t column = 1;

	if (s->file != p.file || s->line > p.line)
		*s = (struct seek){ p.file, p.file->text, 1 };
	for (; s->line < p.line && (nl = memchr(s->at, '\n', (size_t)(end - s->at))); s->line++)
		s->at = nl + 1;
	for (c = s->at; column < p.column && c < end && *c != '\n'; column++)
		for (c++; c < end && ((unsigned char)*c & 0xc0) == 0x80; c++)
			;
	return (size_t)(c - p.file->text);
}

/* The condition as it is compiled goes by its first characters in place of a file's name. */
static void inner(const struct diag_message *m, struct position *p)
{
	bool cut = m->ncontent > NAME_MAX_SHOWN;
	int shown = cut ? NAME_MAX_SHOWN - 3 : (int)m->ncontent;

	*p = (struct position){ .item = items[m->inside], .name = "", .text = m->content, .n = m->ncontent, .at = m->content_at };
	snprintf(p->short_name, sizeof p->short_name, "\"%.*s%s\"", shown, m->content, cut ? "..." : "");
	for (char *c = p->short_name; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	p->file = p->short_name;
	for (size_t i = 0; i < m->content_at && i < m->ncontent; i++) {
		p->column = m->content[i] == '\n' ? 0 : p->column + 1;
		p->line += m->content[i] == '\n';
	}
}

static size_t positions(const struct diag_message *m)
{
	return m->nframes + (m->content != NULL);
}

/* The positions of a message, from the outside to the inside. */
static void position(const struct diag_message *m, size_t i, struct position *p, struct seek *s)
{
	if (i == m->nframes) {
		inner(m, p);
		return;
	}
	const struct diag_frame *f = &m->frames[i];
	*p = (struct position){ .item = items[f->item], .name = f->name, .file = f->at.file ? f->at.file->path : "" };
	if (!f->at.file || !f->at.line)
		return;
	p->text = f->at.file->text;
	p->n = f->at.file->n;
	if (f->at.line > 1 || f->at.column > 1)
		p->at = offset_of(f->at, s);
	p->line = f->at.line - 1;
	p->column = f->at.column - 1;
}

/* The line that holds the position, 80 characters to each side, and a caret below. */
static void snippet(const struct diag_message *m, struct strbuf *out, struct seek *s)
{
	struct position p = {0};

	if (positions(m))
		position(m, positions(m) - 1, &p, s);
	size_t at = p.n && p.at >= p.n ? p.n - 1 : p.at, from = at, to = at;
	while (p.n && from > 0 && p.text[from - 1] != '\n' && at - from < SNIPPET_HALF)
		from--;
	while (p.n && to < p.n && p.text[to] != '\n' && to - at < SNIPPET_HALF)
		to++;
	if (from == to) {
		strbuf_puts(out, "<No context available>\n");
		return;
	}
	bool left = from > 0 && p.text[from - 1] != '\n', right = to < p.n && p.text[to] != '\n';
	size_t begin = out->n;
	strbuf_add(out, p.text + from, to - from);
	if (left)
		memcpy(out->p + begin, "...", to - from < 3 ? to - from : 3);
	if (right && to - from > 3)
		memcpy(out->p + out->n - 3, "...", 3);
	strbuf_puts(out, "\n");
	for (size_t i = from; i < p.at && i <= to; i++)
		strbuf_puts(out, " ");
	strbuf_puts(out, "^\n");
}

static void message_text(const struct diag_message *m, struct strbuf *out, struct seek *s)
{
	for (size_t i = 0; i < positions(m); i++) {
		struct position p;
		position(m, i, &p, s);
		strbuf_printf(out, "%s%s", i ? "    " : "In ", p.item);
		if (*p.name)
			strbuf_printf(out, " '%s'", p.name);
		strbuf_printf(out, ": (%s:%u:%u)\n", p.file, p.line, p.column);
	}
	strbuf_puts(out, "------\n");
	snippet(m, out, s);
	strbuf_printf(out, "------\n%s (%s): %s", codes[m->code].name, codes[m->code].text, m->text);
	if (m->field)
		strbuf_printf(out, ": field '%s'", m->field);
	strbuf_puts(out, "\n");
}

static size_t count(const struct diag *d, bool errors)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += (d->message[i].kind == DIAG_ERROR) == errors;
	return n;
}

static void messages_text(const struct diag *d, bool errors, struct strbuf *out)
{
	struct seek s = {0};
	size_t n = count(d, errors);

	if (!n)
		return;
	strbuf_printf(out, "%zu %s:\n", n, errors ? "Errors" : "Warnings");
	for (size_t i = 0; i < d->n; i++)
		if ((d->message[i].kind == DIAG_ERROR) == errors)
			message_text(&d->message[i], out, &s);
}

void diag_falco_text(const struct diag *d, const char *path, struct strbuf *out)
{
	if (!d->failed) {
		strbuf_printf(out, "%s: %s\n", path, count(d, false) ? "Ok, with warnings" : "Ok");
		return;
	}
	strbuf_printf(out, "%s: Invalid\n", path);
	messages_text(d, true, out);
	messages_text(d, false, out);
}

static json_t *locations(const struct diag_message *m, struct seek *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < positions(m); i++) {
		struct position p;
		position(m, i, &p, s);
		json_array_append_new(list, json_pack("{s:s, s:o, s:{s:o, s:i, s:i, s:I}}", "item_type", p.item, "item_name",
			text_json(p.name), "position", "name", text_json(p.file), "line", (int)p.line, "column", (int)p.column, "offset", (json_int_t)p.at));
	}
	return list;
}

static json_t *message_json(const struct diag_message *m, struct seek *s)
{
	struct strbuf cut = {0};

	snippet(m, &cut, s);
	const char *text = m->kind == DIAG_ERROR ? codes[m->code].text : codes[m->code].description;
	json_t *one = json_pack("{s:s, s:s, s:o, s:{s:o, s:o}}", "code", codes[m->code].name, "codedesc", text, "message", text_json(m->text),
		"context", "locations", locations(m, s), "snippet", text_json(cut.p));
	if (m->field)
		json_object_set_new(one, "deprecated_field", json_string(m->field));
	strbuf_free(&cut);
	return one;
}

static json_t *schema_line(const char *line)
{
	char text[256];

	snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
	return text_json(text);
}

static json_t *schema_warnings(const struct schema *s)
{
	json_t *list = json_array();

	for (const char *line = s->warnings.p; line && *line; line += strcspn(line, "\n") + 1)
		json_array_append_new(list, schema_line(line));
	return list;
}

json_t *diag_falco_json(const struct diag *d, const char *path, const struct schema *schema)
{
	json_t *errors = json_array(), *warnings = json_array();
	struct seek s = {0};

	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(d->message[i].kind == DIAG_ERROR ? errors : warnings, message_json(&d->message[i], &s));
	return json_pack("{s:o, s:b, s:b, s:o, s:o, s:o}", "name", text_json(path), "successful", !d->failed, "schema_valid",
		schema->checked && !schema->warnings.n, "schema_warnings", schema_warnings(schema), "errors", errors, "warnings", warnings);
}

static void old_messages(const struct diag *d, bool errors, struct strbuf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += (d->message[i].kind == DIAG_ERROR) == errors && (errors || d->message[i].old);
	if (!n)
		return;
	strbuf_printf(out, "%zu %s:\n", n, errors ? "errors" : "warnings");
	for (size_t i = 0; i < d->n; i++) {
		const struct diag_message *m = &d->message[i];
		if ((m->kind == DIAG_ERROR) != errors || (!errors && !m->old))
			continue;
		strbuf_printf(out, "%s\n", m->old ? m->old : m->text);
		if (errors)
			strbuf_printf(out, "---\n%s---\n", m->items ? m->items : "");
	}
}

void diag_falco_old_text(const struct diag *d, const char *path, bool name, struct strbuf *out)
{
	if (name)
		strbuf_printf(out, "%s: ", path);
	if (!d->failed)
		strbuf_puts(out, "Ok\n");
	old_messages(d, true, out);
	old_messages(d, false, out);
}
