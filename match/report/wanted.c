/* Which events the rules need from the probe, and which names from enrich. */
#include "wanted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/arena.h"
#include "match/operand.h"

/* A rule that leaves the type open wants nearly all: what that is live, the probe knows. */
static bool names_no_type(const struct rule *r)
{
	unsigned named = 0, all = 0;

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (event_type(i) && !evttypes_open(i)) {
			all++;
			named += type_bit(r->types, i);
		}
	return named > all / 2;
}

static bool wanted(const struct program *p, unsigned type)
{
	for (size_t i = 0; i < p->nrules; i++)
		if (p->rules[i].syscall && type_bit(p->rules[i].types, type) && !names_no_type(&p->rules[i]))
			return true;
	return false;
}

void wanted_types(const struct program *p, struct strbuf *out)
{
	const char *comma = "";

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (event_type(i) && event_type(i)->captured && wanted(p, i)) {
			strbuf_printf(out, "%s%s", comma, event_type(i)->name);
			comma = ",";
		}
	for (size_t i = 0; i < p->nrules; i++)
		if (p->rules[i].syscall && names_no_type(&p->rules[i])) {
			strbuf_printf(out, "%sdefault", comma);
			break;
		}
	strbuf_puts(out, "\n");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_exact(enum cond_operator op)
{
	return op == OP_EQ || op == OP_NE || op == OP_IN || op == OP_INTERSECTS;
}

/* The constants of a check of fd.sip.name and the like. What it compares otherwise than as a whole is no name. */
static void add_names(const struct program *p, const struct predicate *check, struct arena *a, struct names *names, size_t *n)
{
	static const char *const fields[] = { "fd.cip.name", "fd.sip.name", "fd.lip.name", "fd.rip.name" };
	bool named = false;

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		named |= operand_field(&p->slots, check->slot, 0, fields[i]) != NULL;
	for (size_t i = 0; named && check->right < 0 && is_exact(check->op) && i < check->n; i++) {
		const char *name = check->constants[i].s.p;
		if (*name && !strpbrk(name, " \t\n\r#") && names_find(names, name) < 0)
			names_add(names, a, name, (uint32_t)(*n)++);
	}
}

static void visit(const struct program *p, uint32_t edge, bool *seen, struct arena *a, struct names *names, size_t *n)
{
	const struct expr *x = &p->exprs.node[edge / 2];

	if (seen[edge / 2])
		return;
	seen[edge / 2] = true;
	if (x->kind == EXPR_PREDICATE)
		add_names(p, &p->predicates.p[x->what], a, names, n);
	for (uint32_t i = 0; (x->kind == EXPR_AND || x->kind == EXPR_OR) && i < x->n; i++)
		visit(p, p->exprs.edges[x->first + i], seen, a, names, n);
}

void wanted_names(const struct program *p, struct strbuf *out)
{
	struct arena a = {0};
	struct names names = {0};
	bool *seen = arena_alloc(&a, p->exprs.n * sizeof *seen);
	size_t n = 0;

	for (size_t i = 0; i < p->nrules; i++)
		visit(p, p->rules[i].edge, seen, &a, &names, &n);
	const char **sorted = arena_alloc(&a, (n + 1) * sizeof *sorted);
	for (size_t i = 0; i < names.cap; i++)
		if (names.slots[i].name)
			sorted[names.slots[i].number] = names.slots[i].name;
	qsort(sorted, n, sizeof *sorted, by_text);
	for (size_t i = 0; i < n; i++)
		strbuf_printf(out, "%s\n", sorted[i]);
	arena_free(&a);
}
