/* Interning of field references, and what each costs to work out. */
#include "slots.h"

#include <string.h>

#include "transform.h"

enum { TRANSFORM_COST = 3, COST_MAX = 40, POINTER_COST = 10 };

/* Fields whose values are paths as the kernel knows them. */
static const char *const paths[] = {
	"fd.name", "fd.directory", "fs.path.name", "fs.path.source", "fs.path.target", "proc.exepath", "proc.pexepath",
	"proc.aexepath", "proc.sid.exepath", "proc.vpgid.exepath", "proc.pgid.exepath", "proc.cwd",
};

/* By the beginning of the name, first match; what is not here costs 3 as text and 2 otherwise. */
static const struct { const char *prefix; uint8_t cost; } costs[] = {
	{ "evt.type", 1 }, { "evt.num", 1 }, { "evt.dir", 1 }, { "evt.rawres", 1 }, { "evt.is_", 1 }, { "evt.failed", 1 },
	{ "evt.args", 12 }, { "evt.info", 12 }, { "evt.arg", 5 }, { "evt.plugininfo", 12 }, { "fd.num", 1 },
	{ "fd.cip.name", 14 }, { "fd.sip.name", 14 }, { "fd.lip.name", 14 }, { "fd.rip.name", 14 },
	{ "container.", 5 }, { "k8s.", 6 }, { "user.", 4 }, { "group.", 4 }, { "proc.cmdline", 6 }, { "proc.pcmdline", 7 },
	{ "proc.acmdline", 14 }, { "proc.args", 6 }, { "proc.env", 8 }, { "proc.aenv", 16 }, { "proc.a", 7 }, { "proc.p", 4 },
	{ "proc.sid", 5 }, { "proc.vpgid", 5 }, { "proc.pgid", 5 }, { "fdlist.", 10 }, { "json.", 10 }, { "jevt.", 10 }, { "ka.", 10 },
};

static uint8_t cost(const struct field_ref *ref)
{
	const char *name = ref->def->name;
	uint8_t many = ref->def->flags & (FIELD_LIST | FIELD_ANY) && !ref->has_arg ? 6 : 0;

	if (ref->def->pointers)
		return (uint8_t)(POINTER_COST + many);
	for (size_t i = 0; i < sizeof costs / sizeof *costs; i++)
		if (strncmp(name, costs[i].prefix, strlen(costs[i].prefix)) == 0)
			return (uint8_t)(costs[i].cost + many);
	return (uint8_t)((ref->def->type == TYPE_STRING ? 3 : 2) + many);
}

static bool is_path(const char *name)
{
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (strcmp(paths[i], name) == 0)
			return true;
	return false;
}

static uint32_t add(struct slots *s, struct arena *a, const struct slot *new)
{
	s->slot = vec_room(a, s->slot, s->n, &s->cap, sizeof *s->slot);
	s->slot[s->n] = *new;
	names_add(&s->by_text, a, new->ref.text, (uint32_t)s->n);
	return (uint32_t)s->n++;
}

uint32_t slots_intern(struct slots *s, struct arena *a, const struct field_ref *ref)
{
	int64_t known = names_find(&s->by_text, ref->text);

	if (known >= 0)
		return (uint32_t)known;
	return add(s, a, &(struct slot){ .ref = *ref, .path = is_path(ref->def->name), .cost = cost(ref),
		.many = (ref->def->flags & (FIELD_LIST | FIELD_ANY | FIELD_EITHER)) != 0 });
}

uint32_t slots_transform(struct slots *s, struct arena *a, const struct field_def *def, const struct transform *t)
{
	int64_t known = names_find(&s->by_text, def->name);
	unsigned cost = TRANSFORM_COST;

	if (known >= 0)
		return (uint32_t)known;
	for (size_t i = 0; i < t->nargs; i++)
		cost += t->args[i].slot < 0 ? 0 : s->slot[t->args[i].slot].cost;
	return add(s, a, &(struct slot){ .ref = { .def = def, .text = def->name, .param = -1 }, .transform = t,
		.cost = (uint8_t)(cost < COST_MAX ? cost : COST_MAX), .many = (def->flags & FIELD_LIST) != 0 });
}
