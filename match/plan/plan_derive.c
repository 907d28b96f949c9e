/* Deriving the plan: for each type each rule that may match it, with `not` pushed down to the checks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "plan_leaf.h"
#include "plan_want.h"
#include "wire/log.h"

enum { NOTE_CHECKS = 3 };

static struct cover derive(struct derivation *d, uint32_t edge);

/* A check of a rule as it would be written, cut. */
static void check_text(const struct derivation *d, const struct predicate *p, struct strbuf *out)
{
	const struct slot *s = &d->program->slots.slot[p->slot];

	strbuf_printf(out, "%s %s", s->ref.text, cond_op_name(p->op));
	if (p->right >= 0)
		strbuf_printf(out, " %s", d->program->slots.slot[p->right].ref.text);
	else if (p->n && (s->ref.def->type == TYPE_STRING || s->ref.def->type == TYPE_BYTES) && p->op != OP_REGEX)
		strbuf_printf(out, " %.40s%s", p->constants[0].s.p, p->n > 1 ? " …" : "");
	else if (p->n)
		strbuf_puts(out, " …");
}

/* Remembers what could not be tested, for the note of a line that lets everything pass. */
static void note_open(struct derivation *d, const struct predicate *p, bool negated)
{
	struct strbuf text = {0};

	if (!d->open)
		return;
	check_text(d, p, &text);
	for (char *c = text.p; *c; c++)
		if (*c == ',' || (*c >= 0 && *c < ' '))
			*c = ' ';
	if (!d->open->n || !strstr(d->open->p, text.p))
		strbuf_printf(d->open, "%s%s%s", d->open->n ? "\n" : "", negated ? "not " : "", text.p);
	strbuf_free(&text);
}

static struct cover leaf_cover(struct derivation *d, const struct predicate *p, bool negated)
{
	struct leaf leaf;

	plan_leaf(d, p, &leaf);
	/* What the type alone decides is no reason. */
	if (cover_is_true(negated ? &leaf.no : &leaf.yes) && (negated ? &leaf.yes : &leaf.no)->lines.n)
		note_open(d, p, negated);
	if (!leaf.tested && d->mutation == MUTATION_UNTESTABLE_FALSE)
		return cover_false();
	return negated && d->mutation != MUTATION_NOT_DROPPED ? leaf.no : leaf.yes;
}

static int by_lines(const void *a, const void *b)
{
	const struct cover *x = a, *y = b;

	return (x->lines.n > y->lines.n) - (x->lines.n < y->lines.n);
}

/* The smallest first: what would become too many is left out at the end. */
static struct cover chain(struct derivation *d, const struct expr *e, bool negated)
{
	bool is_and = (e->kind == EXPR_AND) != (negated && d->mutation != MUTATION_NOT_NOT_PUSHED);
	struct cover *kids = arena_alloc(&d->arena, (e->n + 1) * sizeof *kids), all = is_and ? cover_true(d) : cover_false();
	uint32_t first = e->first, n = e->n;

	for (uint32_t i = 0; i < n; i++)
		kids[i] = derive(d, d->program->exprs.edges[first + i] ^ negated);
	if (is_and)
		qsort(kids, n, sizeof *kids, by_lines);
	for (uint32_t i = 0; i < n; i++)
		all = is_and ? cover_and(d, &all, &kids[i]) : cover_or(d, &all, &kids[i]);
	return all;
}

/* What must hold of the whole rule: the checks of its outermost `and`. */
static void assert_all(struct derivation *d, uint32_t edge)
{
	const struct expr *e = &d->program->exprs.node[edge / 2];
	bool negated = edge & 1;

	if (e->kind == EXPR_PREDICATE && d->nasserted < ASSERTED_MAX)
		d->asserted[d->nasserted++] = edge;
	if (e->kind != (negated ? EXPR_OR : EXPR_AND) && (d->mutation != MUTATION_ASSERTED || e->kind == EXPR_PREDICATE))
		return;
	for (uint32_t i = 0; i < e->n; i++)
		assert_all(d, d->program->exprs.edges[e->first + i] ^ negated);
}

/* Do `a = x` and `a != x` stand here, of which a rule asks both? */
static bool opposite(const struct derivation *d, const struct predicate *a, const struct predicate *b)
{
	return a->slot == b->slot && a->differs != b->differs && a->n == 1 && b->n == 1 && a->values == VALUES_ONE && b->values == VALUES_ONE &&
		a->mode == PREDICATE_ONE && b->mode == PREDICATE_ONE && (a->op == OP_EQ || a->op == OP_NE) && (b->op == OP_EQ || b->op == OP_NE) &&
		d->program->slots.slot[a->slot].ref.def->type == TYPE_STRING && a->constants[0].s.n == b->constants[0].s.n &&
		memcmp(a->constants[0].s.p, b->constants[0].s.p, a->constants[0].s.n) == 0;
}

/* Is a check false because the rule asserts its contrary elsewhere? */
static bool contradicted(const struct derivation *d, uint32_t edge)
{
	const struct predicate *p = &d->program->predicates.p[d->program->exprs.node[edge / 2].what];

	for (size_t i = 0; i < d->nasserted; i++) {
		uint32_t other = d->asserted[i];
		if (other == (edge ^ 1) || (!(edge & 1) && !(other & 1) &&
				opposite(d, p, &d->program->predicates.p[d->program->exprs.node[other / 2].what])))
			return true;
	}
	return false;
}

static struct cover derive(struct derivation *d, uint32_t edge)
{
	const struct expr *e = &d->program->exprs.node[edge / 2];
	bool negated = edge & 1;

	if (d->known[edge] == d->turn)
		return d->memo[edge];
	switch (e->kind) {
	case EXPR_CONSTANT: d->memo[edge] = negated ? cover_true(d) : cover_false(); break;
	case EXPR_PREDICATE:
		if (contradicted(d, edge))
			d->memo[edge] = cover_false();
		else
			d->memo[edge] = leaf_cover(d, &d->program->predicates.p[e->what], negated);
		break;
	case EXPR_AND: case EXPR_OR: d->memo[edge] = chain(d, e, negated); break;
	/* The name of such an event is in itself. */
	default: d->memo[edge] = cover_true(d); break;
	}
	d->known[edge] = d->turn;
	return d->memo[edge];
}

/* A rule's name; of a line that lets everything pass also what could not be tested. Commas part the rules. */
static void note(struct strbuf *out, const struct rule *r, const struct plan_line *line, const struct strbuf *open)
{
	strbuf_reset(out);
	for (const char *s = r->name; *s; s++)
		strbuf_add(out, *s == ',' ? ";" : s, 1);
	if (line->n || !open->n)
		return;
	const char *s = open->p;
	strbuf_puts(out, " (");
	for (int i = 0; i < NOTE_CHECKS && *s; i++) {
		size_t n = strcspn(s, "\n");
		strbuf_puts(out, i ? "; " : "");
		strbuf_add(out, s, n);
		s += n + (s[n] == '\n');
	}
	strbuf_puts(out, *s ? "; …)" : ")");
}

static void begin_type(struct derivation *d, unsigned type)
{
	size_t n = 2 * d->program->exprs.n;

	d->scratch = plan_new();
	d->type = event_type(type);
	d->memo = arena_alloc(&d->arena, n * sizeof *d->memo);
	d->known = arena_alloc(&d->arena, n * sizeof *d->known);
}

static void end_type(struct derivation *d)
{
	plan_free(d->scratch);
	arena_reset(&d->arena);
	d->scratch = NULL;
}

/* 0 emergency to 7 debug, to the classes of the ring. */
static uint8_t class_of(int priority)
{
	return priority <= 2 ? 3 : priority <= 4 ? 2 : priority <= 6 ? 1 : 0;
}

static bool same_rule(const struct plan_options *o, const struct rule *r)
{
	return !o->rule || strcmp(o->rule, r->name) == 0;
}

static void raise_class(struct plan *p, unsigned type, int priority)
{
	if (class_of(priority) > plan_class(p, type))
		p->event[type].class = class_of(priority);
}

static void derive_type(struct derivation *d, const struct plan_options *o, unsigned type, struct plan *out)
{
	const struct type_rules *rules = program_type(d->program, type);
	struct strbuf text = {0}, open = {0};

	begin_type(d, type);
	d->open = &open;
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &d->program->rules[rules->entry[i].rule];
		if (!same_rule(o, r))
			continue;
		/* Memos of other rules have said already what could not be tested. */
		d->turn = (uint32_t)i + 1;
		strbuf_reset(&open);
		d->nasserted = 0;
		assert_all(d, rules->entry[i].edge);
		struct cover c = derive(d, rules->entry[i].edge);
		if (!c.lines.n)
			continue;
		out->event[type].wanted = true;
		raise_class(out, type, r->priority);
		if (out->event[type].n + c.lines.n > PLAN_LINES_MAX) {
			c = cover_true(d);
			strbuf_reset(&open);
			strbuf_puts(&open, "more lines than a plan can have");
		}
		for (size_t k = 0; k < c.lines.n; k++) {
			struct plan_line line = c.lines.line[k];
			note(&text, r, &line, &open);
			line.note = text.p;
			plan_event_add(out, &out->event[type], &line);
		}
		plan_want(d->program, r, d->type, out);
	}
	plan_event_simplify(out, &out->event[type]);
	strbuf_free(&text);
	strbuf_free(&open);
	end_type(d);
}

/* The numbers of one name are alike in a plan: each wants what any of them does. */
static void level(struct plan *p)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		for (unsigned k = i + 1; event_type(i) && k < EVENT_TYPES; k++) {
			if (!event_type(k) || strcmp(event_type(i)->name, event_type(k)->name) != 0 || (!p->event[i].wanted && !p->event[k].wanted))
				continue;
			struct plan_event *a = &p->event[i], *b = &p->event[k];
			size_t n = a->n;
			for (size_t l = 0; l < b->n; l++)
				plan_event_add(p, a, &b->line[l]);
			for (size_t l = 0; l < n && l < a->n; l++)
				plan_event_add(p, b, &a->line[l]);
			plan_event_simplify(p, a);
			*b = *a;
			a->wanted = b->wanted = true;
			p->wants[i] = p->wants[k] |= p->wants[i];
			p->snaplen[i] = p->snaplen[k] = p->snaplen[i] > p->snaplen[k] ? p->snaplen[i] : p->snaplen[k];
		}
}

struct plan *plan_derive(struct program *p, const struct plan_options *o)
{
	struct derivation d = { .program = p, .mutation = o->mutation };
	struct plan *out = plan_new();

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (event_type(i) && plan_kind(event_type(i)))
			derive_type(&d, o, i, out);
	level(out);
	arena_free(&d.arena);
	return out;
}
