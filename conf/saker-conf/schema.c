/* JSON schemas. */
#include <stdio.h>
#include <string.h>

#include "shipped.h"
#include "tree.h"

static void put_words(struct strbuf *out, const char *words, const char *name)
{
	const char *separator = "";

	strbuf_printf(out, ",\"%s\":[", name);
	for (size_t n; *words; words += n + (words[n] == ' '), separator = ",") {
		n = strcspn(words, " ");
		strbuf_printf(out, "%s\"%.*s\"", separator, (int)n, words);
	}
	strbuf_puts(out, "]");
}

/* `+path* strategy`: the keys of a record. */
static void put_record(struct strbuf *out, const char *form)
{
	struct strbuf needed = {0};
	const char *separator = "";
	bool text = *form == '+';

	strbuf_puts(out, text ? "\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"properties\":{" : "\"type\":\"object\",\"properties\":{");
	for (const char *p = form + text; *p; p += strcspn(p, " "), p += *p == ' ') {
		int n = (int)strcspn(p, "* ");
		strbuf_printf(out, "%s\"%.*s\":{}", separator, n, p);
		if (p[n] == '*')
			strbuf_printf(&needed, "%s%.*s", needed.n ? " " : "", n, p);
		separator = ",";
	}
	strbuf_puts(out, "},\"additionalProperties\":false");
	if (needed.n)
		put_words(out, needed.p, "required");
	strbuf_puts(out, text ? "}]" : "");
	strbuf_free(&needed);
}

static void put_type(struct strbuf *out, const struct conf_def *d)
{
	switch (d->type) {
	case CONF_SIZE: case CONF_COUNT:
		strbuf_printf(out, "\"type\":\"integer\",\"minimum\":%llu,\"maximum\":%llu", (unsigned long long)d->low, (unsigned long long)d->high);
		break;
	case CONF_NUMBER:
		strbuf_printf(out, "\"type\":\"number\",\"minimum\":%llu,\"maximum\":%llu", (unsigned long long)d->low, (unsigned long long)d->high);
		break;
	case CONF_BOOL: strbuf_puts(out, "\"type\":\"boolean\""); break;
	case CONF_TEXT: case CONF_DURATION: strbuf_puts(out, "\"type\":\"string\""); break;
	case CONF_ENUM:
		strbuf_puts(out, "\"type\":\"string\"");
		put_words(out, d->words, "enum");
		break;
	case CONF_TEXTS:
		strbuf_puts(out, "\"type\":\"array\",\"items\":{\"type\":\"string\"");
		if (d->words)
			put_words(out, d->words, "enum");
		strbuf_puts(out, "}");
		break;
	case CONF_RECORDS:
		strbuf_puts(out, "\"type\":\"array\",\"items\":{");
		put_record(out, d->words);
		strbuf_puts(out, "}");
		break;
	case CONF_MAP: strbuf_puts(out, "\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}"); break;
	}
}

/* Does a key before this one begin the same subsection? */
static bool seen(int k, size_t n)
{
	for (int i = 0; i < k; i++)
		if (strncmp(conf_defs[i].name, conf_defs[k].name, n) == 0)
			return true;
	return false;
}

/* The object of all keys that begin with the first `n` bytes of a name. */
static void put_section(struct strbuf *out, const char *section, size_t n)
{
	const char *separator = "";

	strbuf_puts(out, "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
	for (int k = 0; k < CONF_KEYS; k++) {
		const struct conf_def *d = &conf_defs[k];
		if (strncmp(d->name, section, n) != 0)
			continue;
		size_t length = strcspn(d->name + n, ".");
		bool leaf = d->name[n + length] == '\0';
		if (!leaf && seen(k, n + length + 1))
			continue;
		strbuf_printf(out, "%s\"%.*s\":{", separator, (int)length, d->name + n);
		if (leaf) {
			put_type(out, d);
			strbuf_puts(out, ",\"description\":");
			tree_quote(d->meaning, strlen(d->meaning), out);
		} else {
			put_section(out, d->name, n + length + 1);
		}
		strbuf_puts(out, "}");
		separator = ",";
	}
	strbuf_puts(out, "}");
}

void shipped_schema(struct strbuf *out)
{
	strbuf_puts(out, "{\"$schema\":\"http://json-schema.org/draft-06/schema#\",\"title\":\"saker.yaml and falco.yaml\",");
	put_section(out, "", 0);
	strbuf_puts(out, "}\n");
}

/* What an item of a rules file may have; match says the rest, with places. */
void shipped_rule_schema(struct strbuf *out)
{
	static const struct { const char *name, *type; } keys[] = {
		{ "append", "boolean" }, { "capture", "boolean" }, { "capture_duration", "integer" }, { "condition", "string" }, { "desc", "string" },
		{ "enabled", "boolean" }, { "exceptions", "array" }, { "items", "array" }, { "list", "string" }, { "macro", "string" },
		{ "output", "string" }, { "override", "object" }, { "priority", "string" }, { "required_engine_version", NULL },
		{ "required_plugin_versions", "array" }, { "rule", "string" }, { "skip-if-unknown-filter", "boolean" }, { "source", "string" },
		{ "tags", "array" }, { "warn_evttypes", "boolean" },
	};

	strbuf_puts(out, "{\"$schema\":\"http://json-schema.org/draft-06/schema#\",\"title\":\"rules\",\"type\":\"array\",\"items\":{\"type\":"
		"\"object\",\"additionalProperties\":false,\"properties\":{");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		strbuf_printf(out, "%s\"%s\":{", i ? "," : "", keys[i].name);
		if (keys[i].type)
			strbuf_printf(out, "\"type\":\"%s\"", keys[i].type);
		strbuf_puts(out, "}");
	}
	strbuf_puts(out, "}}}\n");
}
