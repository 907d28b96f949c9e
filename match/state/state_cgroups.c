/* Cgroups whose hierarchies a stream tells of: the end of their CGROUP records, by id. */
#include <stdlib.h>
#include <string.h>

#include "state_parts.h"

/* No more than these; a capture has one for each service and container. */
enum { CGROUPS_MAX = 65536 };

struct cgroup {
	uint32_t len;
	uint8_t data[];                /* the value `hierarchies` */
};

static void forget(struct map *cgroups, uint64_t id)
{
	free(map_get(cgroups, id));
	map_remove(cgroups, id);
}

int state_cgroups_take(struct map *cgroups, const struct frame *f, size_t *at)
{
	struct reader r = reader_open(f, at);
	struct value path, made, list;
	uint64_t id;

	if (!reader_u64(&r, &id) || !reader_value(&r, &path) || !reader_value(&r, &made))
		return -1;
	const uint8_t *start = r.c.p;
	forget(cgroups, id);
	if (value_next(&r.c, &list) != 1 || list.type != VALUE_ARRAY || cgroups->n >= CGROUPS_MAX)
		return 0;
	uint32_t len = (uint32_t)(r.c.p - start);
	struct cgroup *g = state_alloc(sizeof *g + len);
	g->len = len;
	memcpy(g->data, start, len);
	map_put(cgroups, id, g);
	return 0;
}

void state_cgroups_free(struct map *cgroups)
{
	for (size_t i = 0; i < cgroups->cap; i++)
		free(cgroups->slots[i].value);
	map_free(cgroups);
}

bool state_cgroup(const struct state *s, uint64_t id, struct value *hierarchies)
{
	const struct cgroup *g = map_get(&s->cgroups, id);

	if (!g)
		return false;
	struct cursor c = { g->data, g->data + g->len };
	return value_next(&c, hierarchies) == 1;
}
