/* Open addressing with a multiplicative hash; at most three quarters full. */
#include "map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sysexits.h>

#include "log.h"

enum { FIRST_CAP = 64 };

static size_t home(const struct map *m, uint64_t key)
{
	key *= 0x9e3779b97f4a7c15u;
	return (size_t)(key ^ key >> 32) & (m->cap - 1);
}

/* The slot that holds the key, or the free one where it would go. */
static struct map_slot *find(const struct map *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : FIRST_CAP;
	m->slots = calloc(m->cap, sizeof *m->slots);
	if (!m->slots)
		diex(EX_OSERR, "out of memory: a table of %zu entries", m->cap);
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].value)
			*find(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void *map_get(const struct map *m, uint64_t key)
{
	return m->n ? find(m, key)->value : NULL;
}

void map_put(struct map *m, uint64_t key, void *value)
{
	if ((m->n + 1) * 4 > m->cap * 3)
		grow(m);
	struct map_slot *s = find(m, key);
	m->n += !s->value;
	*s = (struct map_slot){ key, value };
}

void map_remove(struct map *m, uint64_t key)
{
	if (!m->n)
		return;
	struct map_slot *hole = find(m, key);
	if (!hole->value)
		return;
	m->n--;
	/* What follows in the run moves up where its home allows it, so that no search meets a gap. */
	size_t mask = m->cap - 1, gap = (size_t)(hole - m->slots);
	for (size_t i = (gap + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
		bool may_move = ((i - home(m, m->slots[i].key)) & mask) >= ((i - gap) & mask);
		if (may_move) {
			m->slots[gap] = m->slots[i];
			gap = i;
		}
	}
	m->slots[gap].value = NULL;
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}
