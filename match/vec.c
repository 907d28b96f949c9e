/* The table of names. */
#include "vec.h"

#include <string.h>

/* Multiplies in blocks of eight: texts here are short, and no one who picks them gains from collisions, as probing is bounded
 * by tables that are at most half full and made from rules alone. */
uint64_t hash_bytes(const void *p, size_t n)
{
	const uint64_t k = 0x9e3779b97f4a7c15u;
	const unsigned char *c = p;
	uint64_t h = n * k, w;

	for (; n >= 8; n -= 8, c += 8) {
		memcpy(&w, c, 8);
		h = (h ^ w) * k;
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, c, n);
	h = (h ^ w) * k;
	return h ^ h >> 29;
}

static struct name_slot *slot(const struct names *t, const char *name, size_t n)
{
	size_t i = hash_bytes(name, n) & (t->cap - 1);

	while (t->slots[i].name && (strncmp(t->slots[i].name, name, n) != 0 || t->slots[i].name[n]))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

int64_t names_find_n(const struct names *t, const char *name, size_t n)
{
	if (!t->cap)
		return -1;
	const struct name_slot *s = slot(t, name, n);
	return s->name ? (int64_t)s->number : -1;
}

int64_t names_find(const struct names *t, const char *name)
{
	return names_find_n(t, name, strlen(name));
}

void names_add(struct names *t, struct arena *a, const char *name, uint32_t number)
{
	if (t->n * 2 >= t->cap) {
		struct names bigger = { .cap = t->cap ? t->cap * 2 : 64, .n = t->n };
		bigger.slots = arena_alloc(a, bigger.cap * sizeof *bigger.slots);
		for (size_t i = 0; i < t->cap; i++)
			if (t->slots[i].name)
				*slot(&bigger, t->slots[i].name, strlen(t->slots[i].name)) = t->slots[i];
		*t = bigger;
	}
	*slot(t, name, strlen(name)) = (struct name_slot){ name, number };
	t->n++;
}
