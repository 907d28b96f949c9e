/* Walks over the table of keys. */
#include "shipped.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tree.h"

enum { LINE = 100 };

/* The table with its titles. */
static const struct { const char *title; enum conf_key key; } entries[] = {
#define SECTION(title) { title, CONF_KEYS },
#define KEY(constant, name, type, value, falco, low, high, words, known, program, test, meaning) { NULL, CONF_##constant },
#include "conf/keys.def"
};
enum { ENTRIES = sizeof entries / sizeof *entries };

/* The length of `a.b.` of a.b.c. */
static size_t section_of(const char *name)
{
	const char *point = strrchr(name, '.');

	return point ? (size_t)(point - name) + 1 : 0;
}

static void indent(struct strbuf *out, unsigned depth)
{
	while (depth--)
		strbuf_puts(out, "  ");
}

/* The names of the sections that the last key was not in; returns how deep the key is. */
static unsigned open_sections(struct strbuf *out, const char *last, const char *name)
{
	size_t n = section_of(name), from = 0;
	unsigned depth = 0;

	for (size_t at = 0; at < n; at += strcspn(name + at, ".") + 1) {
		size_t end = at + strcspn(name + at, ".") + 1;
		if (from == at && strncmp(last, name, end) == 0) {
			from = end;
		} else {
			indent(out, depth);
			strbuf_printf(out, "%.*s:\n", (int)(end - at - 1), name + at);
		}
		depth++;
	}
	return depth;
}

static void put_value(struct strbuf *out, const struct conf_def *d, const char *value)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz_/.";
	bool words = *value && strspn(value, safe) == strlen(value) && strcmp(value, "null") != 0;

	if (d->type == CONF_TEXT && !words)
		tree_quote(value, strlen(value), out);
	else if (d->type == CONF_ENUM && !words)
		strbuf_printf(out, "\"%s\"", value);
	else
		strbuf_puts(out, value);
}

/* Text in lines behind `# `. */
static void comment(struct strbuf *out, unsigned depth, const char *text)
{
	while (*text) {
		size_t n = strlen(text);
		if (n > LINE)
			for (n = LINE; n > 1 && text[n] != ' '; n--)
				;
		indent(out, depth);
		strbuf_printf(out, "# %.*s\n", (int)n, text);
		text += n + (text[n] == ' ');
	}
}

/* saker.yaml has what this version and later ones honour, under the names of today. */
static bool is_shipped(enum conf_key k)
{
	return strcmp(conf_defs[k].program, "no") != 0 && k != CONF_RULES_FILE;
}

static void describe(struct strbuf *out, const struct conf_def *d, unsigned depth)
{
	struct strbuf text = {0};

	strbuf_printf(&text, "%c%s", toupper((unsigned char)d->meaning[0]), d->meaning + 1);
	if (d->words && d->type != CONF_RECORDS)
		strbuf_printf(&text, ". One of: %s", d->words);
	if (strcmp(d->program, "later") == 0)
		strbuf_puts(&text, ". Honoured by a later version");
	strbuf_puts(&text, ".");
	comment(out, depth, text.p);
	strbuf_free(&text);
}

void shipped_yaml(struct strbuf *out)
{
	const char *last = "";

	strbuf_puts(out, "# The configuration of saker, with every key and its default. saker.yaml(5) explains it. A falco.yaml does as well:\n"
		"# the keys are Falco's, except for those that it does not have.\n");
	for (int i = 0; i < ENTRIES; i++) {
		enum conf_key k = entries[i].key;
		if (entries[i].title) {
			strbuf_printf(out, "\n# %s\n\n", entries[i].title);
		} else if (is_shipped(k)) {
			unsigned depth = open_sections(out, last, conf_defs[k].name);
			describe(out, &conf_defs[k], depth);
			indent(out, depth);
			strbuf_printf(out, "%s: ", conf_defs[k].name + section_of(conf_defs[k].name));
			put_value(out, &conf_defs[k], conf_defs[k].value);
			strbuf_puts(out, "\n");
			last = conf_defs[k].name;
		}
	}
}

void shipped_values(const struct settled *s, struct strbuf *out)
{
	const char *last = "";

	for (int k = 0; k < CONF_KEYS; k++) {
		if (k == CONF_RULES_FILE || k == CONF_CONFIG_FILES)
			continue;
		indent(out, open_sections(out, last, conf_defs[k].name));
		strbuf_printf(out, "%s: ", conf_defs[k].name + section_of(conf_defs[k].name));
		put_value(out, &conf_defs[k], settled_text(s, (enum conf_key)k));
		strbuf_puts(out, "\n");
		last = conf_defs[k].name;
	}
}

/* Code between backquotes is literal. */
static void mdoc_text(struct strbuf *out, const char *text)
{
	bool literal = false;

	for (; *text; text++) {
		if (*text == '`') {
			strbuf_puts(out, literal ? "\\fR" : "\\fB");
			literal = !literal;
		} else if (*text == '\\') {
			strbuf_puts(out, "\\e");
		} else {
			strbuf_add(out, text, 1);
		}
	}
}

static void mdoc_key(struct strbuf *out, const struct conf_def *d)
{
	static const char *const known[] = { [CONF_NOW] = "today", [CONF_OLD] = "0.28", [CONF_BOTH] = "both", [CONF_OWN] = "saker" };

	strbuf_printf(out, ".It Cm %s\n", d->name);
	mdoc_text(out, d->meaning);
	strbuf_puts(out, ".\n.br\n");
	if (d->words && d->type != CONF_RECORDS)
		strbuf_printf(out, "One of: %s.\n", d->words);
	if (d->type == CONF_SIZE || d->type == CONF_COUNT || d->type == CONF_NUMBER)
		strbuf_printf(out, "From %llu to %llu.\n", (unsigned long long)d->low, (unsigned long long)d->high);
	strbuf_puts(out, "Default: ");
	mdoc_text(out, *d->value ? d->value : "none");
	if (strcmp(d->value, d->falco) != 0) {
		strbuf_puts(out, "; Falco's: ");
		mdoc_text(out, *d->falco ? d->falco : "none");
	}
	strbuf_printf(out, ".\nKnown to: %s.\nHonoured by: %s.\n", known[d->known], strcmp(d->program, "later") == 0 ? "a later version" :
		strcmp(d->program, "no") == 0 ? "nobody" : d->program);
}

void shipped_mdoc(struct strbuf *out)
{
	for (int i = 0; i < ENTRIES; i++) {
		if (!entries[i].title)
			mdoc_key(out, &conf_defs[entries[i].key]);
		else
			strbuf_printf(out, "%s.Ss %s\n.Bl -tag -width Ds\n", i ? ".El\n" : "", entries[i].title);
	}
	strbuf_puts(out, ".El\n");
}
