/* Compiling a rule set. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "exceptions.h"

enum { MANY_TYPES = 100 };

static const char *copy(struct program *p, const char *s)
{
	return arena_strn(&p->arena, s, strlen(s));
}

/* The parts of a text joined by blanks. */
static const char *join(struct program *p, const struct rule_text *t)
{
	struct strbuf b = {0};

	for (size_t i = 0; i < t->n; i++) {
		if (i)
			strbuf_puts(&b, " ");
		strbuf_add(&b, t->parts[i]->text, t->parts[i]->n);
	}
	const char *text = arena_strn(&p->arena, b.p ? b.p : "", b.n);
	strbuf_free(&b);
	return text;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void warn_of_output(struct compiler *c, const struct rule *r, const struct cond_text *text)
{
	for (size_t i = 0; i < r->output.n; i++) {
		const struct format_piece *p = &r->output.piece[i];
		if (p->slot >= 0 && c->program->slots.slot[p->slot].ref.def->flags & FIELD_DEPRECATED)
			diag_warn(c->d, cond_text_place(text, 0), "usage of deprecated field '%s' has been detected in the rule output",
				p->text);
	}
}

static bool compile_output(struct compiler *c, const struct rule_def *def, struct rule *r)
{
	struct cond_text text = {0};
	char err[320];
	size_t at = 0, n, skip = 0;

	cond_text_parts(&text, &def->output);
	for (n = text.text.n; n && blank(text.text.p[n - 1]); n--)
		;
	while (skip < n && blank(text.text.p[skip]))
		skip++;
	enum format_result rc = format_parse(&r->output, text.text.p + skip, n - skip, r->source, &c->program->slots,
		&c->program->arena, err, sizeof err, &at);
	if (rc != FORMAT_OK)
		diag_error(c->d, cond_text_place(&text, at + skip), "%s", err);
	else
		warn_of_output(c, r, &text);
	c->unknown = rc == FORMAT_UNKNOWN ? UNKNOWN_TO_SOURCE : UNKNOWN_NOTHING;
	cond_text_free(&text);
	return rc == FORMAT_OK;
}

/* What macros became holds for one source: another knows other fields. */
static void use_source(struct compiler *c, const char *source)
{
	c->source = source;
	if (c->macro_source && strcmp(c->macro_source, source) == 0)
		return;
	c->macro_source = source;
	for (size_t i = 0; i < c->rs->nmacros; i++)
		c->macros[i].compiled = false;
}

static bool compile_condition(struct compiler *c, const struct rule_def *def, struct rule *r)
{
	struct cond_text text = {0};
	bool ok = exceptions_text(def, &text, c->d) == 0;

	c->unknown = UNKNOWN_NOTHING;
	c->depth = 0;
	use_source(c, def->source);
	if (ok) {
		lists_substitute(&c->lists, &text);
		const struct cond *tree = compile_parse(c, &text);
		c->text = &text;
		ok = tree && compile_cond(c, tree, &r->edge);
	}
	c->text = NULL;
	cond_text_free(&text);
	return ok;
}

/* Sources whose fields are all known; rules of another may name fields of a plugin that is not here. */
static bool builtin_source(const char *source)
{
	return strcmp(source, "syscall") == 0 || strcmp(source, "k8s_audit") == 0;
}

/* Returns whether the rule is left out for what it does not know, with a warning instead of the error. */
static bool skip_unknown(struct compiler *c, const struct rule_def *def)
{
	const char *error = c->d->error.p;

	if (c->unknown == UNKNOWN_NOTHING)
		return false;
	if (c->unknown == UNKNOWN_AT_ALL && !builtin_source(def->source)) {
		diag_warn(c->d, def->at, "Unknown source %s, skipping: %.*s", def->source, (int)strcspn(error, "\n"), error);
		strbuf_reset(&c->d->error);
		return true;
	}
	if (!def->skip_unknown)
		return false;
	strbuf_reset(&c->d->error);
	diag_warn(c->d, def->at, "Rule '%s' is skipped: it names a field or event type that is not known", def->name);
	return true;
}

static int compile_rule(struct compiler *c, const struct rule_def *def, int priority)
{
	struct program *p = c->program;
	struct rule r = { .name = copy(p, def->name), .source = copy(p, def->source), .priority = def->priority, .ntags = def->ntags,
		.syscall = strcmp(def->source, "syscall") == 0 };

	if (!compile_condition(c, def, &r) || !compile_output(c, def, &r))
		return skip_unknown(c, def) ? 0 : -1;
	if (!def->enabled || def->priority > priority)
		return 0;
	const char **tags = arena_alloc(&p->arena, (def->ntags + 1) * sizeof *tags);
	for (size_t i = 0; i < def->ntags; i++)
		tags[i] = copy(p, def->tags[i]);
	r.tags = tags;
	r.desc = join(p, &def->desc);
	p->rules = vec_room(&p->arena, p->rules, p->nrules, &p->caprules, sizeof *p->rules);
	p->rules[p->nrules++] = r;
	return 0;
}

static void warn_of_types(struct compiler *c)
{
	for (size_t i = 0; i < c->program->nrules; i++) {
		const struct rule *r = &c->program->rules[i];
		const struct rule_def *def = &c->rs->rules[names_find(&c->rs->rule_names, r->name)];
		unsigned n = 0;
		for (unsigned t = 0; t < EVENT_TYPES; t++)
			n += type_bit(r->types, t);
		if (r->syscall && n > MANY_TYPES && def->warn_evttypes)
			diag_warn(c->d, def->at, "Rule '%s' matches too many evt.type values. This has a significant performance penalty.",
				r->name);
	}
}

static void note_unused(struct compiler *c)
{
	for (size_t i = 0; i < c->rs->nmacros; i++)
		if (!c->macros[i].used)
			diag_note(c->d, c->rs->macros[i].at, "Macro '%s' not referred to by any other rule/macro", c->rs->macros[i].name);
	for (size_t i = 0; i < c->rs->nlists; i++)
		if (!c->lists.list[i].used)
			diag_note(c->d, c->rs->lists[i].at, "List '%s' not referred to by any other rule/macro", c->rs->lists[i].name);
}

static int compile_all(struct compiler *c, int priority)
{
	lists_resolve(&c->lists, c->rs, &c->trees);
	if (macros_prepare(c) != 0)
		return -1;
	for (size_t i = 0; i < c->rs->nrules; i++)
		if (compile_rule(c, &c->rs->rules[i], priority) != 0)
			return -1;
	evttypes_rules(c->program);
	warn_of_types(c);
	note_unused(c);
	return 0;
}

struct program *program_new(const struct ruleset *rs, const struct program_options *o, struct diag *d)
{
	struct program *p = calloc(1, sizeof *p);
	struct compiler c = { .rs = rs, .program = p, .d = d };

	if (!p) {
		diag_error(d, (struct place){0}, "out of memory");
		return NULL;
	}
	exprs_init(&p->exprs, &p->arena);
	p->nmacros = rs->nmacros;
	p->nlists = rs->nlists;
	int rc = compile_all(&c, o->priority);
	macros_free(&c);
	arena_free(&c.trees);
	if (rc == 0) {
		program_links(p, NULL, false);
		return p;
	}
	program_free(p);
	return NULL;
}

void program_free(struct program *p)
{
	if (!p)
		return;
	predicates_free(&p->predicates);
	arena_free(&p->spelled);
	arena_free(&p->arena);
	free(p);
}

/* Links of several streams add up: a path that one host spells in two ways is not refused because another does not. */
void program_links(struct program *p, const char *const *links, bool live)
{
	struct spellings *s = &p->spellings;

	for (; links && links[0]; links += 2)
		spellings_add(s, &p->arena, links[0], links[1]);
	if (live) {
		s->live = true;
		spellings_common(s, &p->arena);
	}
	arena_reset(&p->spelled);
	for (size_t i = 0; i < p->predicates.n; i++)
		predicate_spell(&p->predicates.p[i], &p->slots, s, &p->spelled);
}
