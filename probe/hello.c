/* What a live source says of itself: the captured types, and the symbolic links that rules may name. */
#include "hello.h"

#include "wire/links.h"

void hello_live(struct pack *out, const struct source *s, int64_t offset, const bool types[EVENT_TYPES])
{
	struct links *links = links_find();
	struct hello_content h = { .program = "probe", .source = *s, .clock_offset = offset };
	uint16_t list[EVENT_TYPES];

	for (uint16_t i = 0; i < EVENT_TYPES; i++)
		if (types[i])
			list[h.ntypes++] = i;
	h.types = list;
	h.links = links->pair;
	h.nlinks = links->count;
	hello_frame(out, &h);
	links_free(links);
}
