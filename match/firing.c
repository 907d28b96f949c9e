/* What a stream does not have that a rule needs. */
#include "firing.h"

#include <string.h>

#include "wire/log.h"

enum { NAMED = 3 };

/* Up to three of the rule's types, each name once. */
static void name_types(const struct rule *r, struct strbuf *out)
{
	const char *last = "";
	unsigned n = 0;

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		if (!type_bit(r->types, i) || evttypes_open(i) || strcmp(event_type(i)->name, last) == 0)
			continue;
		last = event_type(i)->name;
		if (n++ < NAMED)
			strbuf_printf(out, "%s%s", n > 1 ? ", " : "", last);
	}
	if (n > NAMED)
		strbuf_printf(out, " and %u more", n - NAMED);
	strbuf_puts(out, n > 1 ? " are not captured" : n ? " is not captured" : "its condition is never true");
}

/* Asynchronous events do not count: hardly a stream has none, and rules that want them name them otherwise. */
static bool can_fire(const struct rule *r, const uint8_t *types)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (type_bit(r->types, i) && type_bit(types, i) && (i <= 1 || !evttypes_open(i)))
			return true;
	return false;
}

unsigned firing_warn(const struct program *p, const uint8_t *types)
{
	struct strbuf text = {0};
	unsigned n = 0;

	for (size_t i = 0; i < p->nrules; i++) {
		const struct rule *r = &p->rules[i];
		if (!r->syscall || can_fire(r, types))
			continue;
		strbuf_reset(&text);
		name_types(r, &text);
		log_warnx("rule '%s' can not fire here: %s", r->name, text.p);
		n++;
	}
	strbuf_free(&text);
	return n;
}
