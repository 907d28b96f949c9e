/* Event types that conditions select. */
#include <string.h>

#include "program.h"

static bool is_type(const struct field_ref *ref)
{
	return strcmp(ref->def->name, "evt.type") == 0 || strcmp(ref->def->name, "syscall.type") == 0;
}

/* Generic calls bear the name of the system call; asynchronous events and those of plugins bear their own. */
static bool generic(unsigned type)
{
	return type <= 1;
}

static bool named_inside(const struct event_type *t)
{
	return strcmp(t->name, "asyncevent") == 0 || strcmp(t->name, "pluginevent") == 0;
}

bool evttypes_open(unsigned type)
{
	const struct event_type *t = event_type(type);

	return t && (generic(type) || named_inside(t));
}

bool evttypes_known(const uint8_t *bits, unsigned type)
{
	return generic(type) ? !bits[TYPE_BITS] : !evttypes_open(type);
}

static bool known_syscall(const char *name)
{
	for (int i = 0; i < SYSCALLS; i++)
		if (syscalls[i].name && strcmp(syscalls[i].name, name) == 0)
			return true;
	return false;
}

static bool known_event(const char *name)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		if (t && strcmp(t->name, name) == 0)
			return true;
	}
	return false;
}

int evttypes_unknown(const struct field_ref *ref, const struct cond *check)
{
	for (size_t i = 0; is_type(ref) && i < check->nvalues; i++)
		if (!known_event(check->values[i].p) && !known_syscall(check->values[i].p))
			return (int)i;
	return -1;
}

static const char *next_type(void *arg)
{
	unsigned *i = arg;

	for (; *i < EVENT_TYPES; (*i)++)
		if (event_type(*i))
			return event_type((*i)++)->name;
	return NULL;
}

const char *evttypes_nearest(const char *name)
{
	unsigned i = 0;

	return diag_nearest(name, next_type, &i);
}

uint8_t *evttypes_of(const struct field_ref *ref, const struct cond *check, struct arena *a)
{
	bool call = strcmp(ref->def->name, "syscall.type") == 0; /* other events have none: false of them, as when they run */
	bool exists = check->op == OP_EXISTS && !call;

	if (!is_type(ref) || check->modifier != MODIFIER_NONE || check->right ||
		(!exists && check->op != OP_EQ && check->op != OP_NE && check->op != OP_IN))
		return NULL;
	uint8_t *bits = arena_alloc(a, TYPE_BITS + 1);
	for (size_t j = 0; j < check->nvalues; j++)
		bits[TYPE_BITS] |= !known_event(check->values[j].p);
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		bool listed = exists;
		for (size_t j = 0; t && !generic(i) && !listed && j < check->nvalues; j++)
			listed = strcmp(t->name, check->values[j].p) == 0;
		if (t && listed != (check->op == OP_NE) && (!call || t->kind == EVENT_SYSCALL))
			bits[i / 8] |= (uint8_t)(1 << i % 8);
	}
	return bits;
}

struct at_type {
	const struct program *program;
	unsigned type;
};

static int known_at(void *arg, uint32_t predicate)
{
	const struct at_type *at = arg;

	const uint8_t *bits = at->program->types[predicate];
	return evttypes_known(bits, at->type) ? type_bit(bits, at->type) : -1;
}

/* -1 unknown, else the value at that type; computed without making nodes. */
static int value_at(struct at_type *at, uint32_t edge, int8_t *memo);

static int chain_at(struct at_type *at, const struct expr *e, int8_t *memo)
{
	int decides = e->kind == EXPR_OR, value = !decides;

	for (uint32_t i = 0; i < e->n && value != decides; i++) {
		int kid = value_at(at, at->program->exprs.edges[e->first + i], memo);
		value = kid == decides || kid < 0 ? kid : value;
	}
	return value;
}

static int value_at(struct at_type *at, uint32_t edge, int8_t *memo)
{
	const struct expr *e = &at->program->exprs.node[edge / 2];
	int value = 0;

	if (memo[edge / 2]) {
		value = memo[edge / 2] - 3;
	} else {
		switch (e->kind) {
		case EXPR_TYPES: value = known_at(at, e->what); break;
		case EXPR_PREDICATE: value = -1; break;
		case EXPR_AND: case EXPR_OR: value = chain_at(at, e, memo); break;
		default: break;
		}
		memo[edge / 2] = (int8_t)(value + 3);
	}
	return value < 0 ? -1 : value ^ (int)(edge & 1);
}

void evttypes_edge(struct program *p, uint32_t edge, uint8_t *types)
{
	struct arena scratch = {0};
	int8_t *memo = arena_alloc(&scratch, p->exprs.n);

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		struct at_type at = { p, i };
		if (!event_type(i))
			continue;
		memset(memo, 0, p->exprs.n);
		if (value_at(&at, edge, memo) != 0)
			types[i / 8] |= (uint8_t)(1 << i % 8);
	}
	arena_free(&scratch);
}

void evttypes_rules(struct program *p)
{
	struct arena scratch = {0};
	int8_t *memo = arena_alloc(&scratch, p->exprs.n);

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		struct at_type at = { p, i };
		if (!event_type(i))
			continue;
		memset(memo, 0, p->exprs.n);
		for (size_t r = 0; r < p->nrules; r++)
			if (value_at(&at, p->rules[r].edge, memo) != 0)
				p->rules[r].types[i / 8] |= (uint8_t)(1 << i % 8);
	}
	arena_free(&scratch);
}

const struct type_rules *program_type(struct program *p, unsigned type)
{
	struct type_rules *t = &p->by_type[type];
	struct at_type at = { p, type };
	struct arena scratch = {0};

	if (t->built)
		return t;
	uint32_t *memo = arena_alloc(&scratch, p->exprs.n * sizeof *memo);
	t->entry = arena_alloc(&p->arena, (p->nrules + 1) * sizeof *t->entry);
	for (uint32_t i = 0; i < p->nrules; i++) {
		if (!p->rules[i].syscall || !type_bit(p->rules[i].types, type))
			continue;
		uint32_t edge = expr_reduce(&p->exprs, p->rules[i].edge, known_at, &at, memo);
		if (edge != EDGE_FALSE)
			t->entry[t->n++] = (struct rule_list_entry){ i, edge };
	}
	t->built = true;
	arena_free(&scratch);
	return t;
}
