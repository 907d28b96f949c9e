/* Evaluation. Nothing is cleared between events: a result belongs to the event whose stamp it bears. */
#include "eval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "match/fields/audit_old.h"
#include "match/state/state.h"
#include "transform.h"
#include "wire/log.h"

enum { STAMP_MAX = INT32_MAX };

static void *take(void *old, size_t n, size_t size)
{
	void *p = realloc(old, n * size + 1);

	if (!p)
		diex(EX_OSERR, "out of memory: %zu results", n);
	return p;
}

/* Reducing conditions for a type adds nodes. */
static void more_results(struct eval *e)
{
	size_t n = e->program->exprs.n;

	if (n <= e->nresults)
		return;
	e->results = take(e->results, n, sizeof *e->results);
	memset(e->results + e->nresults, 0, (n - e->nresults) * sizeof *e->results);
	e->nresults = n;
}

void eval_init(struct eval *e, struct program *p)
{
	size_t n = p->slots.n, values = 0, at = 0;

	*e = (struct eval){ .program = p };
	for (size_t i = 0; i < n; i++)
		values += p->slots.slot[i].many ? FIELD_VALUES : 1;
	e->slots = take(NULL, n, sizeof *e->slots);
	e->values = take(NULL, values, sizeof *e->values);
	for (size_t i = 0; i < n; i++) {
		e->slots[i] = (struct eval_slot){ .n = -1, .value = e->values + at };
		at += p->slots.slot[i].many ? FIELD_VALUES : 1;
	}
	more_results(e);
}

void eval_free(struct eval *e)
{
	free(e->results);
	free(e->slots);
	free(e->values);
	*e = (struct eval){0};
}

static void new_stamp(struct eval *e)
{
	if (++e->stamp < STAMP_MAX)
		return;
	memset(e->results, 0, e->nresults * sizeof *e->results);
	for (size_t i = 0; i < e->program->slots.n; i++)
		e->slots[i].stamp = 0;
	e->stamp = 1;
}

void eval_begin(struct eval *e, struct context *c)
{
	e->context = c;
	e->next = e->end = NULL;
	e->next_json = 0;
	if (c->type) {
		const struct type_rules *t = program_type(e->program, c->type->number);
		e->next = t->entry;
		e->end = t->entry + t->n;
		more_results(e);
	}
	new_stamp(e);
}

const struct field_ref *eval_ref(const struct eval *e, uint32_t slot)
{
	return &e->program->slots.slot[slot].ref;
}

static struct eval_slot *fill(struct eval *e, uint32_t slot);

/* The values of the arguments, then the transformer's. */
static int transformed(struct eval *e, const struct transform *t, struct field_value *out)
{
	struct arena *a = &e->context->arena;
	struct transform_input *in = arena_alloc(a, t->nargs * sizeof *in);
	struct field_value *texts = arena_alloc(a, t->nargs * sizeof *texts);

	for (size_t i = 0; i < t->nargs; i++) {
		const struct transform_arg *arg = &t->args[i];
		texts[i].s.p = arg->text;
		texts[i].s.n = (uint32_t)arg->n;
		in[i] = (struct transform_input){ &texts[i], 1, TYPE_STRING, false };
		if (arg->slot < 0)
			continue;
		const struct field_def *d = eval_ref(e, (uint32_t)arg->slot)->def;
		const struct eval_slot *s = fill(e, (uint32_t)arg->slot);
		in[i] = (struct transform_input){ s->value, s->n, d->type, (d->flags & FIELD_LIST) != 0 };
	}
	return transform_apply(t, in, a, out);
}

static struct eval_slot *fill(struct eval *e, uint32_t slot)
{
	struct eval_slot *s = &e->slots[slot];

	if (s->stamp != e->stamp) {
		const struct slot *what = &e->program->slots.slot[slot];
		s->stamp = e->stamp;
		if (what->transform)
			s->n = transformed(e, what->transform, s->value);
		else
			s->n = what->ref.def->get ? what->ref.def->get(&what->ref, e->context, s->value) : -1;
	}
	return s;
}

int eval_slot(struct eval *e, uint32_t slot, const struct field_value **v)
{
	struct eval_slot *s = fill(e, slot);

	*v = s->value;
	return s->n;
}

/* The path with /proc/self in place of the own /proc/PID, as the host or as the process itself numbers it. */
static bool with_self(struct context *c, const struct field_value *v, struct field_value *out)
{
	static const char proc[] = "/proc/", self[] = "/proc/self";
	const size_t skip = sizeof proc - 1, put = sizeof self - 1;
	char pid[24];

	if (!c->process || v->s.n <= skip || memcmp(v->s.p, proc, skip) != 0)
		return false;
	for (int fact = FACT_PID; fact <= FACT_VPID; fact++) {
		struct value number;
		uint64_t n;
		if (!process_fact(c->process, NULL, (enum fact)fact, &number) || !value_u64(&number, &n))
			continue;
		size_t digits = (size_t)snprintf(pid, sizeof pid, "%llu", (unsigned long long)n), end = skip + digits;
		if (v->s.n < end || memcmp(v->s.p + skip, pid, digits) != 0 || (v->s.n > end && v->s.p[end] != '/'))
			continue;
		char *p = arena_alloc(&c->arena, put + v->s.n - end + 1);
		memcpy(p, self, put);
		memcpy(p + put, v->s.p + end, v->s.n - end);
		out->s.p = p;
		out->s.n = (uint32_t)(put + v->s.n - end);
		return true;
	}
	return false;
}

static bool holds_for(struct eval *e, const struct predicate *p, const struct field_value *v)
{
	struct field_value self;

	if (p->mode == PREDICATE_RIGHT) {
		const struct eval_slot *right = fill(e, (uint32_t)p->right);
		return predicate_holds_right(p, &e->program->slots, v, right->value, right->n, &e->context->arena);
	}
	bool also = p->self && with_self(e->context, v, &self);

	return predicate_holds(p, v, also ? &self : NULL);
}

static bool predicate_value(struct eval *e, const struct predicate *p)
{
	const struct eval_slot *s = fill(e, p->slot);

	if (p->mode == PREDICATE_OLD)
		return audit_old_holds(p, s->value, s->n);
	if (s->n < 0)
		return false;
	if (p->mode == PREDICATE_EXISTS)
		return true;
	if (p->mode == PREDICATE_RIGHT && fill(e, (uint32_t)p->right)->n < 0)
		return false;
	if (p->values == VALUES_ONE)
		return s->n > 0 && holds_for(e, p, s->value);
	bool all = p->values == VALUES_ALL;
	for (int i = 0; i < s->n; i++)
		if (holds_for(e, p, &s->value[i]) != all)
			return !all;
	return all;
}

static bool value_of(struct eval *e, uint32_t edge);

static bool chain_value(struct eval *e, const struct expr *x)
{
	const uint32_t *kid = e->program->exprs.edges + x->first;
	bool decides = x->kind == EXPR_OR;

	for (uint32_t i = 0; i < x->n; i++)
		if (value_of(e, kid[i]) == decides)
			return decides;
	return !decides;
}

static bool type_value(struct eval *e, uint32_t predicate)
{
	const struct event_type *t = e->context->type;

	if (t && evttypes_known(e->program->types[predicate], t->number))
		return type_bit(e->program->types[predicate], t->number);
	return predicate_value(e, &e->program->predicates.p[predicate]);
}

static bool value_of(struct eval *e, uint32_t edge)
{
	uint32_t node = edge / 2, known = e->results[node];
	const struct expr *x = &e->program->exprs.node[node];
	bool value = known & 1;

	if (known / 2 != e->stamp) {
		switch (x->kind) {
		case EXPR_PREDICATE: value = predicate_value(e, &e->program->predicates.p[x->what]); break;
		case EXPR_TYPES: value = type_value(e, x->what); break;
		case EXPR_AND: case EXPR_OR: value = chain_value(e, x); break;
		default: value = false; break;
		}
		e->results[node] = e->stamp * 2 + value;
	}
	return value != (edge & 1);
}

/* What a document does not say for certain raises nothing, nor does it hold that something is not in it. */
static const struct rule *next_json(struct eval *e)
{
	while (e->next_json < e->program->nrules) {
		const struct rule *r = &e->program->rules[e->next_json++];
		if (!r->syscall && strcmp(r->source, e->context->source) == 0 && value_of(e, r->edge) &&
			!document_bad(&e->context->document))
			return r;
	}
	return NULL;
}

const struct rule *eval_next(struct eval *e)
{
	if (!e->context->type)
		return next_json(e);
	while (e->next < e->end) {
		const struct rule_list_entry *entry = e->next++;
		if (value_of(e, entry->edge))
			return &e->program->rules[entry->rule];
	}
	return NULL;
}

uint64_t eval_errors(const struct eval *e)
{
	const struct predicates *ps = &e->program->predicates;
	uint64_t n = 0;

	for (size_t i = 0; i < ps->n; i++)
		for (size_t j = 0; ps->p[i].op == OP_REGEX && j < ps->p[i].n; j++)
			n += regex_errors(ps->p[i].constants[j].regex);
	return n;
}
