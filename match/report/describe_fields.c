/* The list of fields, as text, JSON or Markdown. */
#include "describe_fields.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "match/fields/field_table.h"
#include "wire/log.h"

enum { NAME_WIDTH = 52, ARGUMENT_WIDTH = 16, TYPE_WIDTH = 14 };

static const char *const formats[] = { [FIELDS_TEXT] = "text", [FIELDS_JSON] = "json", [FIELDS_MARKDOWN] = "markdown" };

/* Which fields are listed, and of which source the group at hand is. */
struct listing {
	const struct field_table *own;
	const char *source, *group;
	bool hidden;
};

enum fields_format fields_format(const char *name)
{
	for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i], name) == 0)
			return (enum fields_format)i;
	diex(EX_USAGE, "--format: found '%s', expected text, json or markdown", name);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool listed(const struct listing *l, const struct field_def *d)
{
	return same(d->source, l->group) && (l->hidden || !(d->flags & FIELD_HIDDEN)) && (!l->source || field_serves(d, l->source));
}

static const char *argument(const struct field_def *d)
{
	switch ((enum field_arg)d->arg) {
	case ARG_INDEX: return "[index]";
	case ARG_KEY: return "[key]";
	case ARG_INDEX_OR_KEY: return "[index or key]";
	case ARG_NAME: return ".name";
	default: return "";
	}
}

static void type_of(const struct field_def *d, char *text, size_t len)
{
	snprintf(text, len, d->flags & FIELD_LIST ? "LIST(%s)" : "%s", field_type_name(d));
}

/* What else is to be known of it, behind the description. */
static const char *remark(const struct field_def *d)
{
	return d->flags & FIELD_ABSENT ? " (not supplied here: always missing)" : d->flags & FIELD_DEPRECATED ? " (deprecated)" :
		d->flags & FIELD_FILTER_ONLY ? " (in conditions only)" : "";
}

static const char *optional(const struct field_def *d)
{
	return d->arg == ARG_NONE || d->flags & FIELD_ARG_REQUIRED ? "" : "?";
}

static void print_text(const struct field_def *d)
{
	char type[32], arg[32];

	type_of(d, type, sizeof type);
	snprintf(arg, sizeof arg, "%s%s", argument(d), optional(d));
	printf("%-*s %-*s %-*s %s%s\n", NAME_WIDTH, d->name, ARGUMENT_WIDTH, arg, TYPE_WIDTH, type, d->desc, remark(d));
}

static void print_markdown(const struct field_def *d)
{
	char type[32];

	type_of(d, type, sizeof type);
	printf("| `%s` | %s%s%s%s | %s | ", d->name, *argument(d) ? "`" : "", argument(d), optional(d),
		*argument(d) ? "`" : "", type);
	for (const char *p = d->desc; *p; p++)
		printf("%s%c", strchr("|<>*_`\\", *p) ? "\\" : "", *p);
	printf("%s |\n", remark(d));
}

static json_t *field_json(const struct field_def *d)
{
	const char *arg = argument(d);

	return json_pack("{s:s, s:s?, s:s, s:b, s:s?, s:b, s:b, s:b, s:b, s:s}", "name", d->name, "source", d->source,
		"type", field_type_name(d), "list", (d->flags & FIELD_LIST) != 0, "argument", *arg ? arg : NULL,
		"argument_required", (d->flags & FIELD_ARG_REQUIRED) != 0, "supplied", !(d->flags & FIELD_ABSENT),
		"deprecated", (d->flags & FIELD_DEPRECATED) != 0, "conditions_only", (d->flags & FIELD_FILTER_ONLY) == FIELD_FILTER_ONLY,
		"description", d->desc);
}

/* The heading of a group when it is the first of its kind to be printed. */
static void heading(const char *group, enum fields_format format)
{
	const char *whose = group ? "source " : "any source";

	if (group && strcmp(group, "json") == 0) {
		whose = "JSON records of any source";
		group = NULL;
	}
	if (format == FIELDS_TEXT)
		printf("Fields of %s%s:\n\n", whose, group ? group : "");
	else if (format == FIELDS_MARKDOWN)
		printf("## Fields of %s%s\n\n| Field | Argument | Type | Description |\n|---|---|---|---|\n", whose, group ? group : "");
}

static void print_group(const struct listing *l, enum fields_format format, json_t *all)
{
	const struct field_def *d;
	bool any = false;

	for (unsigned i = 0; (d = field_at(l->own, i)); i++) {
		if (!listed(l, d))
			continue;
		if (!any)
			heading(l->group, format);
		any = true;
		switch (format) {
		case FIELDS_TEXT: print_text(d); break;
		case FIELDS_MARKDOWN: print_markdown(d); break;
		case FIELDS_JSON: json_array_append_new(all, field_json(d)); break;
		}
	}
	if (any && format != FIELDS_JSON)
		printf("\n");
}

static int unknown_source(const struct field_table *own, const char *source)
{
	struct strbuf known = {0};

	for (size_t i = 0; i < own->nsources; i++)
		strbuf_printf(&known, ", %s", own->source[i].name);
	log_warnx("--list-fields: found '%s', expected a source whose fields are known: syscall, k8s_audit, json%s", source,
		known.p ? known.p : "");
	strbuf_free(&known);
	return EX_USAGE;
}

/* The sources, that of every one (NULL) first; several tables may be of one source. NULL ends. */
static const char *group_name(const struct field_table *own, size_t i)
{
	static const char *const builtin[] = { NULL, "syscall", "json", "k8s_audit" };
	enum { BUILTIN = sizeof builtin / sizeof *builtin };

	if (i < BUILTIN)
		return builtin[i];
	return i - BUILTIN < own->nsources ? own->source[i - BUILTIN].name : NULL;
}

int describe_fields(const struct field_table *own, const char *source, enum fields_format format, bool hidden)
{
	struct listing l = { .own = own, .source = source, .hidden = hidden };
	bool known = !source, again;
	json_t *all = json_array();
	const char *group;

	for (size_t i = 1; (group = group_name(own, i)); i++)
		known |= same(source, group);
	for (size_t i = 0; known && (i == 0 || group_name(own, i)); i++) {
		l.group = group_name(own, i);
		again = false;
		for (size_t j = 1; j < i; j++)
			again |= same(group_name(own, j), l.group);
		if (!again)
			print_group(&l, format, all);
	}
	if (known && format == FIELDS_JSON) {
		json_t *root = json_pack("{s:O}", "fields", all);
		json_dumpf(root, stdout, JSON_INDENT(1));
		printf("\n");
		json_decref(root);
	}
	json_decref(all);
	return known ? 0 : unknown_source(own, source);
}
