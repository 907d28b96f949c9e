/* `want` lines: fields whose values come on demand, in conditions and in outputs. */
#include "plan_want.h"

#include <stdio.h>
#include <string.h>

#include "match/transform.h"
#include "wire/plan/plan_strip.h"

enum { SNAPLEN = 80, STANDARD_FDS = 3 };        /* SNAPLEN: bytes of data, as Falco takes them */

static const struct { const char *field; enum plan_want want; } facts[] = {
	{ "proc.stdin.type", PLAN_WANT_FD_KINDS }, { "proc.stdout.type", PLAN_WANT_FD_KINDS },
	{ "proc.stderr.type", PLAN_WANT_FD_KINDS }, { "proc.stdin.name", PLAN_WANT_FDS }, { "proc.stdout.name", PLAN_WANT_FDS },
	{ "proc.stderr.name", PLAN_WANT_FDS }, { "fd.connected", PLAN_WANT_SOCKET }, { "fd.is_server", PLAN_WANT_SOCKET },
	{ "fd.name_changed", PLAN_WANT_SOCKET }, { "proc.fdopencount", PLAN_WANT_FD_COUNT }, { "proc.fdusage", PLAN_WANT_FD_COUNT },
	{ "proc.nthreads", PLAN_WANT_THREADS }, { "proc.nchilds", PLAN_WANT_THREADS }, { "proc.vmsize", PLAN_WANT_MEMORY },
	{ "proc.vmrss", PLAN_WANT_MEMORY }, { "proc.vmswap", PLAN_WANT_MEMORY }, { "thread.vmsize", PLAN_WANT_MEMORY },
	{ "thread.vmrss", PLAN_WANT_MEMORY }, { "thread.vmsize.b", PLAN_WANT_MEMORY }, { "thread.vmrss.b", PLAN_WANT_MEMORY },
	{ "thread.pfmajor", PLAN_WANT_FAULTS }, { "thread.pfminor", PLAN_WANT_FAULTS },
	{ "evt.buffer", PLAN_WANT_DATA }, { "evt.args", PLAN_WANT_DATA }, { "evt.info", PLAN_WANT_DATA },
};

struct wanting {
	const struct program *program;
	const struct event_type *type;
	struct plan *out;
	struct strbuf *fields;                 /* one for each fact, or NULL */
	const char *field;                     /* at hand */
};

/* Does the event carry what a program reads, writes or hands over, of which the kernel side takes a beginning only? */
static bool has_data(const struct event_type *t)
{
	for (unsigned i = 0; i < t->nparams; i++)
		if (plan_is_data(t, i))
			return true;
	return false;
}

static bool is_data(const struct event_type *t, const struct field_ref *f)
{
	int64_t i = f->has_index ? f->index : f->params ? f->params[t->number] : -1;
	bool parameter = strcmp(f->def->name, "evt.arg") == 0 || strcmp(f->def->name, "evt.rawarg") == 0;

	return parameter && i >= 0 && i < t->nparams && plan_is_data(t, (unsigned)i);
}

/* Adds a name to a list, unless it is there. */
static void name_field(struct strbuf *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = list->p; s && (s = strstr(s, name)); s += n)
		if ((s == list->p || s[-1] == ' ') && (s[n] == ',' || !s[n]))
			return;
	strbuf_printf(list, "%s%s", list->n ? ", " : "", name);
}

static void add(struct wanting *w, enum plan_want want, size_t bytes)
{
	uint32_t n = (uint32_t)(bytes < SNAPLEN ? SNAPLEN : bytes > 65535 ? 65535 : bytes);
	unsigned t = w->type->number;

	if (want == PLAN_WANT_DATA && !has_data(w->type))
		return;
	w->out->wants[t] |= 1u << want;
	if (w->fields)
		name_field(&w->fields[want], w->field);
	if (want == PLAN_WANT_DATA && w->out->snaplen[t] < n)
		w->out->snaplen[t] = n;
}

/* `bytes`: how much data it is compared with. */
static void slot(struct wanting *w, uint32_t number, size_t bytes)
{
	const struct slot *s = &w->program->slots.slot[number];

	for (size_t i = 0; s->transform && i < s->transform->nargs; i++)
		if (s->transform->args[i].slot >= 0)
			slot(w, (uint32_t)s->transform->args[i].slot, bytes);
	if (s->transform)
		return;
	w->field = s->ref.text;
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		if (strcmp(facts[i].field, s->ref.def->name) == 0)
			add(w, facts[i].want, bytes);
	if (strcmp(s->ref.def->name, "fd.types") == 0)
		add(w, s->ref.has_index && s->ref.index >= 0 && s->ref.index < STANDARD_FDS ? PLAN_WANT_FD_KINDS : PLAN_WANT_ALL_KINDS, 0);
	if (is_data(w->type, &s->ref))
		add(w, PLAN_WANT_DATA, bytes);
	/* When the call ends the descriptor is gone. */
	if (w->type->flags & EV_DESTROYS_FD && strncmp(s->ref.def->name, "fd.", 3) == 0)
		w->out->event[w->type->number].enter = true;
}

static void condition(struct wanting *w, uint32_t edge, bool *seen)
{
	const struct expr *e = &w->program->exprs.node[edge / 2];
	size_t bytes = 0;

	if (seen[edge / 2])
		return;
	seen[edge / 2] = true;
	if (e->kind == EXPR_PREDICATE) {
		const struct predicate *p = &w->program->predicates.p[e->what];
		uint8_t type = w->program->slots.slot[p->slot].ref.def->type;
		for (size_t i = 0; p->op != OP_REGEX && (type == TYPE_BYTES || type == TYPE_STRING) && i < p->n; i++)
			bytes = p->constants[i].s.n > bytes ? p->constants[i].s.n : bytes;
		slot(w, p->slot, bytes);
		if (p->right >= 0)
			slot(w, (uint32_t)p->right, 0);
	}
	for (uint32_t i = 0; (e->kind == EXPR_AND || e->kind == EXPR_OR) && i < e->n; i++)
		condition(w, w->program->exprs.edges[e->first + i], seen);
}

static void format(struct wanting *w, const struct format *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->piece[i].slot >= 0)
			slot(w, (uint32_t)f->piece[i].slot, 0);
}

static void want_all(struct wanting w, const struct rule *r)
{
	const struct program *p = w.program;
	struct arena a = {0};

	condition(&w, r->edge, arena_alloc(&a, p->exprs.n));
	format(&w, &r->output);
	for (size_t i = 0; i < r->nextra; i++)
		format(&w, &r->extra[i].format);
	arena_free(&a);
}

void plan_want(const struct program *p, const struct rule *r, const struct event_type *t, struct plan *out)
{
	want_all((struct wanting){ .program = p, .type = t, .out = out }, r);
}

void plan_want_fields(const struct program *p, const struct rule *r, const struct event_type *t, struct plan *scratch,
	struct strbuf fields[PLAN_WANTS])
{
	want_all((struct wanting){ .program = p, .type = t, .out = scratch, .fields = fields }, r);
}
