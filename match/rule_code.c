/* Compiling one rule: its condition with exceptions, its output with what the configuration appends. */
#include <stdio.h>
#include <string.h>

#include "compile.h"
#include "match/language/exceptions.h"
#include "match/language/old.h"
#include "operand.h"

static const char suggested[] = "container_id=%container.id container_name=%container.name "
	"container_image_repository=%container.image.repository container_image_tag=%container.image.tag "
	"k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name";

static const char *copy(struct program *p, const char *s)
{
	return arena_strn(&p->arena, s, strlen(s));
}

size_t compile_enter(struct compiler *c, enum diag_item kind, const char *name, const struct node *item)
{
	struct place start = { item->at.file, 1, 1 };
	size_t depth = diag_enter(c->d, ITEM_CONTENT, "", start);

	diag_enter(c->d, kind, name, item->at);
	return depth;
}

size_t compile_enter_rule(struct compiler *c, const struct rule_def *def)
{
	return compile_enter(c, ITEM_RULE, def->name, def->item);
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

static void warn_of_output(struct compiler *c, const struct format *f, const struct cond_text *text)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct field_def *d = f->piece[i].slot < 0 ? NULL :
			operand_field(&c->program->slots, (uint32_t)f->piece[i].slot, FIELD_DEPRECATED, NULL);
		if (!d || c->rs->old)
			continue;
		diag_warn(c->d, cond_text_place(text, 0), LOAD_DEPRECATED_ITEM,
			"usage of deprecated field '%s' has been detected in the rule output",
			d->name);
		diag_field(c->d, d->name);
	}
}

static bool applies(const struct output_append *a, const struct rule *r)
{
	if ((a->source && strcmp(a->source, r->source) != 0) || (a->rule && strcmp(a->rule, r->name) != 0))
		return false;
	for (size_t i = 0; i < a->ntags; i++) {
		size_t j = 0;
		while (j < r->ntags && strcmp(r->tags[j], a->tags[i]) != 0)
			j++;
		if (j == r->ntags)
			return false;
	}
	return true;
}

/* A part of an output, with `info` for each %container.info if it is given. Returns how many there were. */
static unsigned add_part(struct cond_text *out, const struct node *part, size_t skip, size_t n, const char *info)
{
	static const char name[] = "%container.info";
	unsigned found = 0;

	for (const char *hit; info && (hit = memmem(part->text + skip, n - skip, name, sizeof name - 1)); found++) {
		size_t at = (size_t)(hit - part->text);
		cond_text_add(out, part->text + skip, at - skip, part, skip, false);
		cond_text_puts(out, info, part);
		skip = at + sizeof name - 1;
	}
	cond_text_add(out, part->text + skip, n - skip, part, skip, false);
	return found;
}

/* A definition's output loses the blanks at its ends; what is appended or put in its place does not. */
static unsigned first_output(const struct rule_def *def, const char *info, struct cond_text *out)
{
	const struct node *first = def->output.parts[0];
	size_t n = first->n, skip = 0;

	while (def->trim_output && n && blank(first->text[n - 1]))
		n--;
	while (def->trim_output && skip < n && blank(first->text[skip]))
		skip++;
	return add_part(out, first, skip, n, info);
}

/* The output, then what the configuration appends to it. */
static void output_text(struct compiler *c, const struct rule_def *def, const struct rule *r, struct cond_text *out)
{
	const struct settings *s = c->options->settings;
	const char *info = s && c->rs->old && r->syscall ? s->info : NULL;
	unsigned found = first_output(def, info, out);

	for (size_t i = 1; i < def->output.n; i++) {
		cond_text_puts(out, " ", def->output.parts[i]);
		found += add_part(out, def->output.parts[i], 0, def->output.parts[i]->n, info);
	}
	if (info && !found) {
		cond_text_puts(out, " ", def->output.parts[0]);
		cond_text_puts(out, info, def->output.parts[0]);
	}
	for (size_t i = 0; s && i < s->nappend; i++) {
		const struct output_append *a = &s->append[i];
		if (!applies(a, r))
			continue;
		if (a->text) {
			cond_text_puts(out, " ", def->output.parts[0]);
			cond_text_puts(out, a->text, def->output.parts[0]);
		}
		if (a->suggested && r->syscall) {
			cond_text_puts(out, " ", def->output.parts[0]);
			cond_text_puts(out, suggested, def->output.parts[0]);
		}
	}
}

static bool output_error(struct compiler *c, const struct cond_text *text, enum format_result rc, const struct format_error *e)
{
	if (rc == FORMAT_OK)
		return true;
	diag_error(c->d, cond_text_place(text, e->at), LOAD_ERR_COMPILE_OUTPUT, "%s", e->text);
	diag_after(c->d, "%s", e->hint);
	if (rc == FORMAT_UNKNOWN)
		diag_old(c->d, "Invalid output format '%s': 'invalid formatting token %s'", text->text.p, text->text.p + e->at + 1);
	diag_inside(c->d, ITEM_OUTPUT_EXPRESSION, text->text.p ? text->text.p : "", text->text.n, e->at);
	c->unknown = rc == FORMAT_UNKNOWN ? UNKNOWN_TO_SOURCE : UNKNOWN_NOTHING;
	return false;
}

/* The fields that the configuration adds. */
static bool extra_fields(struct compiler *c, const struct rule_def *def, struct rule *r, const struct format_scope *scope)
{
	const struct settings *s = c->options->settings;
	struct format_error e;
	struct strbuf text = {0};

	for (size_t i = 0; s && i < s->nappend; i++) {
		for (size_t j = 0; applies(&s->append[i], r) && j < s->append[i].nfields; j++) {
			const struct output_field *f = &s->append[i].fields[j];
			struct extra_field extra = { .name = copy(c->program, f->name), .raw = !f->format };
			strbuf_reset(&text);
			strbuf_printf(&text, "%s%s", f->format ? "" : "%", f->format ? f->format : f->name);
			enum format_result rc = format_parse(&extra.format, text.p, text.n, scope, &e);
			if (rc == FORMAT_OK && extra.raw && (extra.format.n != 1 || extra.format.piece[0].slot < 0))
				rc = format_unknown(scope, &e, text.p);
			if (rc != FORMAT_OK) {
				diag_error(c->d, def->at, LOAD_ERR_COMPILE_OUTPUT, "%s", e.text);
				diag_after(c->d, ", in extra_fields of append_output%s", e.hint);
				strbuf_free(&text);
				return false;
			}
			r->extra = vec_room(&c->program->arena, r->extra, r->nextra, &r->capextra, sizeof *r->extra);
			r->extra[r->nextra++] = extra;
		}
	}
	strbuf_free(&text);
	return true;
}

static bool compile_output(struct compiler *c, const struct rule_def *def, struct rule *r)
{
	const struct format_scope scope = { r->source, &c->program->slots, &c->program->arena, c->rs->old, c->rs->own };
	struct cond_text text = {0};
	struct format_error e = {0};
	size_t depth = diag_enter(c->d, ITEM_RULE_OUTPUT, "", def->output.parts[0]->at);

	output_text(c, def, r, &text);
	bool ok = output_error(c, &text, format_parse(&r->output, text.text.p ? text.text.p : "", text.text.n, &scope, &e), &e);
	if (ok) {
		warn_of_output(c, &r->output, &text);
		if (r->output.info && !c->rs->old)
			diag_warn(c->d, cond_text_place(&text, 0), LOAD_DEPRECATED_ITEM, "%%container.info is deprecated, and prints nothing");
		r->output_text = arena_strn(&c->program->arena, text.text.p ? text.text.p : "", text.text.n);
	}
	diag_leave(c->d, depth);
	cond_text_free(&text);
	return ok && extra_fields(c, def, r, &scope);
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

const struct cond *compile_tree(struct compiler *c, const struct rule_def *def, struct cond_text *text)
{
	if (exceptions_text(def, text, c->d) != 0)
		return NULL;
	diag_enter(c->d, ITEM_RULE_CONDITION, "", def->condition.parts[0]->at);
	return lists_substitute(&c->lists, text, c->d) == 0 ? compile_parse(c, text) : NULL;
}

static bool compile_condition(struct compiler *c, const struct rule_def *def, struct rule *r)
{
	struct cond_text text = {0};
	size_t depth = c->d->depth;

	c->unknown = UNKNOWN_NOTHING;
	c->depth = 0;
	use_source(c, def->source);
	const struct cond *tree = compile_tree(c, def, &text);
	c->text = &text;
	bool ok = tree && compile_cond(c, tree, &r->edge);
	r->all_types = ok && c->rs->old && old_all_types(c, tree);
	c->text = NULL;
	cond_text_free(&text);
	if (ok)
		diag_leave(c->d, depth);
	return ok;
}

/* Returns whether the rule is left out for what it does not know, with a warning instead of the error. */
static bool skip_unknown(struct compiler *c, const struct rule_def *def)
{
	char text[512];

	if (c->unknown == UNKNOWN_NOTHING)
		return false;
	if (!ruleset_knows(c->rs, def->source)) {
		const struct diag_message *m = &c->d->message[c->d->n - 1];
		snprintf(text, sizeof text, ": %s:%u:%u: %s%s", m->at.file ? m->at.file->path : "", m->at.line, m->at.column, m->text,
			m->after);
		diag_rewind(c->d, c->d->n - 1);
		diag_warn(c->d, def->at, LOAD_UNKNOWN_SOURCE, "Unknown source %s, skipping", def->source);
		diag_after(c->d, "%s", text);
		return true;
	}
	if (!def->skip_unknown)
		return false;
	snprintf(text, sizeof text, "rule '%s' is skipped: ", def->name);
	diag_forgive(c->d, LOAD_UNKNOWN_FILTER, text, "");
	return true;
}

int compile_rule(struct compiler *c, const struct rule_def *def)
{
	struct program *p = c->program;
	struct rule r = { .def = def, .name = copy(p, def->name), .source = copy(p, def->source), .priority = def->priority,
		.severity = c->rs->old ? copy(p, def->severity) : NULL,
		.ntags = def->ntags, .syscall = strcmp(def->source, "syscall") == 0 };
	size_t depth = compile_enter_rule(c, def);
	const char **tags = arena_alloc(&p->arena, (def->ntags + 1) * sizeof *tags);

	for (size_t i = 0; i < def->ntags; i++)
		tags[i] = copy(p, def->tags[i]);
	r.tags = tags;
	c->rule = def;
	if (!compile_condition(c, def, &r) || !compile_output(c, def, &r)) {
		bool skipped = skip_unknown(c, def);
		if (!skipped && c->rs->old)
			old_items(c->d, def->items, def->nitems);
		diag_leave(c->d, depth);
		c->rule = NULL;
		return skipped ? 0 : -1;
	}
	c->rule = NULL;
	diag_leave(c->d, depth);
	r.desc = join(p, &def->desc);
	p->rules = vec_room(&p->arena, p->rules, p->nrules, &p->caprules, sizeof *p->rules);
	p->rules[p->nrules++] = r;
	return 0;
}
