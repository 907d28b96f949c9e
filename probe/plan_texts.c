/* The plan's tests of texts that no tree has, for the BPF programs: of arguments, of ends of names, of what stands in a component. */
#include <string.h>

#include "plan_compiler.h"
#include "plan_uses.h"

/* Whether a test is one of the texts: of a subject, or of the ends of names at a place. */
static bool is_text(const struct plan_test *t, unsigned subject, enum raw_place place)
{
	if (place == RAW_PLACES)
		return t->kind == PLAN_TEXT && t->subject == subject && t->op != PLAN_CONTAINS && plan_texts_fit(t);
	return plan_place(t) == place && t->op == PLAN_NAME_SUFFIX && plan_texts_fit(t);
}

/* Tests of argv[0], of the other arguments, of the parent's argv[0], of the event's texts, or of the ends of names at a place. One for which
 * there is no room is left out. */
static void add_texts(struct compiler *c, unsigned subject, enum raw_place place, uint32_t *used)
{
	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; k < c->line[i].n; k++) {
			const struct plan_test *t = c->line[i].test[k];
			struct raw_text *r = c->out->raw.texts + *used;
			if (!is_text(t, subject, place))
				continue;
			if (place != RAW_PLACES)
				raw_set(&c->out->raw.places[place].name_ends, i);
			if (!plan_place_value(c, i, t, &r->lines, sizeof *r, RAW_TEXTS - *used))
				continue;
			for (size_t v = 0; v < t->n; v++, r++) {
				r->len = (uint8_t)t->text[v].n;
				r->whole = t->op == PLAN_IS;
				r->negated = t->negated;
				r->ends = v + 1 == t->n;
				size_t at = subject == PLAN_PARENT_ARGV0 || place != RAW_PLACES ? RAW_TAIL - t->text[v].n : 0;
				memcpy((uint8_t *)r->text + at, t->text[v].p, t->text[v].n);
				memset((uint8_t *)r->mask + at, 0xff, t->text[v].n);
			}
			*used += (uint32_t)t->n;
		}
}

/* Where in a text the byte is that the fewest names have: letters are frequent, others are not. Not the last one, if there is another. */
static uint8_t rarest(const char *s, size_t n)
{
	static const char frequent[] = "zjqxkvwybgfhmpuclodnrstiae";
	size_t best = 0, rank = sizeof frequent;

	for (size_t i = 0; i == 0 || i + 1 < n; i++) {
		const char *at = s[i] ? strchr(frequent, s[i]) : NULL;
		size_t r = at ? (size_t)(at - frequent) + 1 : 0;
		if (r < rank) {
			rank = r;
			best = i;
		}
	}
	return (uint8_t)best;
}

/* A test of what a component has in it. One for which there is no room is left out. */
static void add_part(struct compiler *c, unsigned line, const struct plan_test *t, struct raw_place_tests *place)
{
	struct raw_plan *p = &c->out->raw;
	struct raw_part *r = p->parts + place->end_part;

	raw_set(&place->with_parts, line);
	if (!plan_place_value(c, line, t, &r->lines, sizeof *r, RAW_PARTS - place->end_part))
		return;
	for (size_t i = 0; i < t->n; i++, r++) {
		r->negated = t->negated;
		r->ends = i + 1 == t->n;
		r->len = (uint8_t)(t->text[i].n < sizeof r->text ? t->text[i].n : sizeof r->text);
		memcpy(&r->text, t->text[i].p, r->len);
		memset(&r->mask, 0xff, r->len);
		r->rare_at = rarest(t->text[i].p, r->len);
		memset(&r->rare, t->text[i].p[r->rare_at], sizeof r->rare);
		memset(&r->beside, r->len > 1 ? t->text[i].p[r->rare_at + 1] : 0, sizeof r->beside);
		r->unseen = r->len > 1 ? 1ull << 63 : ~0ull;
		if (t->subject == PLAN_ENV) {
			r->text |= RAW_FOLD & r->mask;
			r->rare |= RAW_FOLD;
			r->beside |= RAW_FOLD;
		}
	}
	place->end_part += (uint32_t)t->n;
}

/* Those of a place; of no place those of the subject. */
static void add_parts(struct compiler *c, enum raw_place of, unsigned subject, struct raw_place_tests *place)
{
	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; k < c->line[i].n; k++) {
			const struct plan_test *t = c->line[i].test[k];
			if (t->kind == PLAN_TEXT && t->op == PLAN_CONTAINS && plan_place(t) == of && (of != RAW_PLACES || t->subject == subject))
				add_part(c, i, t, place);
		}
}

/* What makes most files need no look for parts. */
static void sum_parts(struct raw_plan *p)
{
	p->rare_known = true;
	memset(&p->partless, 0xff, sizeof p->partless);
	for (uint32_t i = 0; i < p->places[RAW_PLACE_FILE].end_part; i++) {
		const struct raw_part *part = &p->parts[i];
		if (i == 0)
			p->rare[0] = p->rare[1] = part->rare;
		else if (p->rare[0] == p->rare[1])
			p->rare[1] = part->rare;
		p->rare_known &= part->rare == p->rare[0] || part->rare == p->rare[1];
		for (int w = 0; w < RAW_LINE_WORDS && !part->negated; w++)
			p->partless.w[w] &= ~part->lines.w[w];
	}
}

/* The tests of each place that are not in the trees, those of the file first, of the command line and of the environment. */
static void compile_places(struct compiler *c, uint32_t texts)
{
	uint32_t parts = 0;

	for (unsigned i = 0; i <= RAW_PLACES; i++) {
		struct raw_place_tests *p = i < RAW_PLACES ? &c->out->raw.places[i] : &c->out->raw.cmdline;
		p->first_text = p->end_text = texts;
		p->first_part = p->end_part = parts;
		add_texts(c, PLAN_CMDLINE, (enum raw_place)i, &p->end_text);
		add_parts(c, (enum raw_place)i, PLAN_CMDLINE, p);
		texts = p->end_text;
		parts = p->end_part;
	}
	c->out->raw.env.first_part = c->out->raw.env.end_part = parts;
	add_parts(c, RAW_PLACES, PLAN_ENV, &c->out->raw.env);
	sum_parts(&c->out->raw);
}

void plan_texts_add(struct compiler *c)
{
	struct raw_plan *p = &c->out->raw;

	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; k < c->line[i].n; k++) {
			const struct plan_test *t = c->line[i].test[k];
			if (plan_place(t) != RAW_PLACES && plan_is_of_name(t))
				raw_set(&p->places[plan_place(t)].names, i);
			if (t->kind == PLAN_TEXT && t->subject == PLAN_CMDLINE)
				raw_set(&p->cmdline.names, i);
			if (t->kind == PLAN_TEXT && t->subject == PLAN_ENV)
				raw_set(&p->env.names, i);
		}
	add_texts(c, PLAN_ARGV0, RAW_PLACES, &p->argv0_texts);
	p->args_texts = p->argv0_texts;
	add_texts(c, PLAN_ARGS, RAW_PLACES, &p->args_texts);
	p->parent_texts = p->args_texts;
	add_texts(c, PLAN_PARENT_ARGV0, RAW_PLACES, &p->parent_texts);
	p->arg_texts = p->parent_texts;
	add_texts(c, PLAN_ARG_TEXT, RAW_PLACES, &p->arg_texts);
	compile_places(c, p->arg_texts);
}
