/* What a live source says of itself: the captured types, and the symbolic links that rules may name. */
#include "hello.h"

#include "plan_load.h"
#include "wire/hello.h"
#include "wire/links.h"

void hello_live(struct pack *out, const struct source *s, int64_t offset, const bool types[EVENT_TYPES], const struct plan *plan)
{
	struct pack text = {0};
	struct links *links = links_find();
	struct hello_content h = { .program = "probe", .source = *s, .clock_offset = offset };
	uint16_t list[EVENT_TYPES];

	for (uint16_t i = 0; i < EVENT_TYPES; i++)
		if (types[i])
			list[h.ntypes++] = i;
	h.types = list;
	h.links = links->pair;
	h.nlinks = links->count;
	if (plan) {
		plan_text(plan, &text);
		h.plan = (const char *)text.data;
	}
	hello_frame(out, &h);
	pack_free(&text);
	links_free(links);
}
