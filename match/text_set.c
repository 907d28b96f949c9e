/* Sets of texts: open addressing, at most half full, lengths looked at first. */
#include "text_set.h"

#include <string.h>

#include "vec.h"

void text_set_init(struct text_set *s, size_t n, struct arena *a)
{
	uint32_t cap = 4;

	while (cap < 2 * n)
		cap *= 2;
	*s = (struct text_set){ .mask = cap - 1, .slots = arena_alloc(a, cap * sizeof *s->slots) };
}

static struct text_entry *find(const struct text_set *s, const char *p, size_t n, uint32_t hash)
{
	uint32_t i = hash & s->mask;

	for (;; i = (i + 1) & s->mask) {
		struct text_entry *e = &s->slots[i];
		if (!e->p || (e->hash == hash && e->n == n && memcmp(e->p, p, n) == 0))
			return e;
	}
}

void text_set_add(struct text_set *s, const char *p, size_t n)
{
	uint32_t hash = (uint32_t)hash_bytes(p, n);

	*find(s, p, n, hash) = (struct text_entry){ p, (uint32_t)n, hash };
	s->lengths |= 1ull << (n < 63 ? n : 63);
}

bool text_set_has(const struct text_set *s, const char *p, size_t n)
{
	if (!(s->lengths >> (n < 63 ? n : 63) & 1))
		return false;
	return find(s, p, n, (uint32_t)hash_bytes(p, n))->p != NULL;
}
