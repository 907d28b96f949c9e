/* Compiling a rule set: all rules, which of them run and in which order, warnings about the whole. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"

enum { MANY_TYPES = 100 };

static void warn_of_types(struct compiler *c)
{
	for (size_t i = 0; i < c->program->nrules; i++) {
		const struct rule *r = &c->program->rules[i];
		const struct rule_def *def = r->def;
		unsigned n = 0;
		for (unsigned t = 0; t < EVENT_TYPES; t++)
			n += type_bit(r->types, t);
		if (!r->syscall || (n <= MANY_TYPES && !r->all_types) || !def->warn_evttypes)
			continue;
		size_t depth = compile_enter_rule(c, def);
		diag_warn(c->d, def->at, LOAD_NO_EVTTYPE, "Rule matches too many evt.type values. This has a significant performance penalty.");
		diag_before(c->d, "rule '%s': ", r->name);
		diag_leave(c->d, depth);
	}
}

static void note_unused(struct compiler *c)
{
	for (size_t i = 0; i < c->rs->nmacros; i++) {
		const struct rule_macro *m = &c->rs->macros[i];
		if (c->macros[i].used)
			continue;
		size_t depth = compile_enter(c, ITEM_MACRO, m->name, m->item);
		diag_note(c->d, m->at, LOAD_UNUSED_MACRO, "Macro not referred to by any other rule/macro");
		diag_before(c->d, "macro '%s': ", m->name);
		diag_leave(c->d, depth);
	}
	for (size_t i = 0; i < c->rs->nlists; i++) {
		const struct rule_list *l = &c->rs->lists[i];
		if (c->lists.list[i].used)
			continue;
		size_t depth = compile_enter(c, ITEM_LIST, l->name, l->item);
		diag_note(c->d, l->at, LOAD_UNUSED_LIST, "List not referred to by any other rule/macro");
		diag_before(c->d, "list '%s': ", l->name);
		diag_leave(c->d, depth);
	}
}

static bool chosen(const struct rule_choice *c, const struct rule *r)
{
	if (c->rule)
		return wildcard_matches(c->rule, r->name);
	for (size_t i = 0; i < r->ntags; i++)
		if (strcmp(r->tags[i], c->tag) == 0)
			return true;
	return false;
}

/* Which rules run, and when each was enabled: that is the order in which they are tried. */
static void choose(struct program *p, const struct program_options *o, size_t *turn)
{
	size_t now = 1;

	for (size_t i = 0; i < p->nrules; i++)
		turn[i] = p->rules[i].def->enabled ? now++ : 0;
	for (size_t c = 0; o->settings && c < o->settings->nchoice; c++) {
		for (size_t i = 0; i < p->nrules; i++) {
			const struct rule_choice *choice = &o->settings->choice[c];
			if (chosen(choice, &p->rules[i]))
				turn[i] = !choice->enable ? 0 : turn[i] ? turn[i] : now++;
		}
	}
	for (size_t i = 0; i < p->nrules; i++)
		if (p->rules[i].priority > o->priority)
			turn[i] = 0;
}

/* Keeps the rules that run, in their order. */
static int select_rules(struct program *p, const struct program_options *o)
{
	size_t *turn = calloc(p->nrules + 1, sizeof *turn), *at = calloc(2 * p->nrules + 2, sizeof *at), n = 0;
	struct rule *rules = arena_alloc(&p->arena, (p->nrules + 1) * sizeof *rules);

	if (turn && at) {
		choose(p, o, turn);
		for (size_t i = 0; i < p->nrules; i++)
			at[turn[i]] = i;
		for (size_t t = 1; t <= 2 * p->nrules; t++)
			if (p->nrules && turn[at[t]] == t)
				rules[n++] = p->rules[at[t]];
		p->rules = rules;
		p->nrules = n;
	}
	int rc = turn && at ? 0 : -1;
	free(turn);
	free(at);
	return rc;
}

static int compile_all(struct compiler *c, const struct program_options *o)
{
	lists_resolve(&c->lists, c->rs, &c->trees);
	if (macros_prepare(c) != 0)
		return -1;
	for (size_t i = 0; i < c->rs->nrules; i++)
		if (compile_rule(c, &c->rs->rules[i]) != 0)
			return -1;
	evttypes_rules(c->program);
	warn_of_types(c);
	note_unused(c);
	if (!o->all && select_rules(c->program, o) != 0)
		return diag_error(c->d, (struct place){0}, LOAD_ERR_VALIDATE, "out of memory");
	return 0;
}

struct program *program_new(const struct ruleset *rs, const struct program_options *o, struct diag *d)
{
	struct program *p = calloc(1, sizeof *p);
	struct compiler c = { .rs = rs, .program = p, .d = d, .options = o };

	if (!p) {
		diag_error(d, (struct place){0}, LOAD_ERR_VALIDATE, "out of memory");
		return NULL;
	}
	p->predicates.old = rs->old;
	exprs_init(&p->exprs, &p->arena);
	p->nmacros = rs->nmacros;
	p->nlists = rs->nlists;
	int rc = compile_all(&c, o);
	if (rc == 0 && o->visit)
		o->visit(o->visitor, &c);
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
