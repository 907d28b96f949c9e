/* Which events the rules need from the probe. */
#include "wanted.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"

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
}
