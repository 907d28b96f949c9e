/* What is asked for by hand, where no plan says it: event types, and what their events bring besides. */
#include "asked.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "kernel.h"
#include "raw.h"
#include "types.h"
#include "wire/arena.h"
#include "wire/log.h"
#include "wire/plan/plan.h"

void asked_all(struct kernel_config *c, bool asked)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		c->types[i] |= captured_type(i) && (asked || !captured_type(i)->asked);
}

void asked_types(struct kernel_config *c, const char *list)
{
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");
		bool found = n == 7 && memcmp(p, "default", n) == 0;
		if (found)
			asked_all(c, false);
		for (unsigned i = 0; i < EVENT_TYPES; i++) {
			const struct event_type *t = event_type(i);
			if (!t || !captured_type(i) || strlen(t->name) != n || memcmp(t->name, p, n) != 0)
				continue;
			c->types[i] = found = true;
		}
		if (!found)
			diex(EX_USAGE, "-e: found '%.*s', expected the name of an event type that the probe captures", (int)n, p);
		p += n + (p[n] == ',');
	}
}

static _Noreturn void unknown_want(const char *found, size_t n)
{
	struct strbuf names = {0};

	for (unsigned i = 0; i < PLAN_WANT_DATA; i++)
		strbuf_printf(&names, "%s, ", plan_want_names[i]);
	diex(EX_USAGE, "-w: found '%.*s', expected one of %sor data=N with 1 to %d bytes", (int)n, found, names.p, RAW_TEXT);
}

void asked_wants(struct kernel_config *c, const char *list, uint32_t *data)
{
	const char *p = list;

	do {
		size_t n = strcspn(p, ",");
		enum plan_want want = plan_want_named(p, n);
		char *end;
		/* Data have a number, and so another word than their name. */
		if (want >= PLAN_WANT_DATA) {
			unsigned long bytes = n > 5 && memcmp(p, "data=", 5) == 0 && p[5] >= '0' && p[5] <= '9' ? strtoul(p + 5, &end, 10) : 0;
			if (!bytes || bytes > RAW_TEXT || end != p + n)
				unknown_want(p, n);
			*data = (uint32_t)bytes;
		} else {
			c->wants |= 1u << want;
		}
		p += n + (p[n] == ',');
	} while (*p);
}
