/* The plan that the probe was given, and the one that it has by itself: of rules/saker_rules.yaml, as `match --plan` prints it. */
#include "plan_load.h"

#include <stdint.h>
#include <string.h>

#include "types.h"
#include "wire/frame.h"
#include "wire/log.h"

#ifndef SHIPPED_PLAN
#define SHIPPED_PLAN "build/saker_rules.plan"
#endif

__asm__(".section .rodata\n"
	"shipped_plan:\n.incbin \"" SHIPPED_PLAN "\"\n"
	"shipped_plan_end:\n"
	".section .text\n");
extern const char shipped_plan[], shipped_plan_end[];

struct plan *plan_load(const char *path, char *err, size_t errlen)
{
	if (path)
		return plan_read(path, err, errlen);
	return plan_parse("saker_rules.plan", shipped_plan, (size_t)(shipped_plan_end - shipped_plan), err, errlen);
}

void plan_types(const struct plan *p, bool types[EVENT_TYPES])
{
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		types[i] = t && p->event[i].wanted && captured_type(i);
	}
}

void plan_text(const struct plan *p, struct pack *out)
{
	plan_print(p, out);
	pack_raw(out, "", 1);
}

void plan_frame(struct pack *out, const struct plan *p)
{
	struct pack text = {0};
	char hash[17];
	bool types[EVENT_TYPES];
	uint32_t n = 0;

	plan_types(p, types);
	plan_text(p, &text);
	plan_hash(p, hash);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		n += types[i];
	size_t f = frame_begin(out, FRAME_PLAN);
	pack_str(out, (const char *)text.data);
	pack_str(out, hash);
	pack_array(out, n);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (types[i])
			pack_uint(out, i);
	frame_end(out, f);
	pack_free(&text);
}
