/* Pieces of facts, kept once: a hash table of byte strings, counted by who has them. */
#include "state_pieces.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "state_parts.h"

enum { FIRST_BUCKETS = 256 };

struct piece {
	struct piece *next;                     /* in its bucket */
	uint32_t refs, hash, len;
	uint8_t first, n;                       /* which facts it has */
	uint32_t at[];                          /* as in piece_take; the bytes lie behind */
};

static const uint8_t *bytes(const struct piece *p)
{
	return (const uint8_t *)(p->at + p->n);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_of(const struct pieces *all, enum fact first, const uint8_t *data, uint32_t len)
{
	uint64_t h = mix(all->seed[0] ^ len, all->seed[1] ^ (uint64_t)first), pair[2];

	for (; len >= sizeof pair; data += sizeof pair, len -= (uint32_t)sizeof pair) {
		memcpy(pair, data, sizeof pair);
		h = mix(h ^ pair[0], all->seed[1] ^ pair[1]);
	}
	memset(pair, 0, sizeof pair);
	memcpy(pair, data, len);
	return (uint32_t)mix(h ^ pair[0], all->seed[1] ^ pair[1]);
}

static struct piece **bucket(const struct pieces *all, uint32_t hash)
{
	return &all->buckets[hash & (all->nbuckets - 1)];
}

static void grow(struct pieces *all)
{
	struct pieces old = *all;

	if (!old.nbuckets && getrandom(all->seed, sizeof all->seed, GRND_NONBLOCK) < 0)
		all->seed[0] = (uint64_t)(uintptr_t)all;
	all->nbuckets = old.nbuckets ? old.nbuckets * 2 : FIRST_BUCKETS;
	all->buckets = state_alloc(all->nbuckets * sizeof *all->buckets);
	for (size_t i = 0; i < old.nbuckets; i++)
		for (struct piece *p = old.buckets[i], *next; p; p = next) {
			next = p->next;
			p->next = *bucket(all, p->hash);
			*bucket(all, p->hash) = p;
		}
	free(old.buckets);
}

/* The same bytes may be other facts, where some are not there. */
static struct piece *find(const struct pieces *all, uint32_t hash, enum fact first, unsigned n, const uint32_t *at, const uint8_t *data,
	uint32_t len)
{
	for (struct piece *p = *bucket(all, hash); p; p = p->next)
		if (p->hash == hash && p->first == first && p->n == n && p->len == len && memcmp(p->at, at, n * sizeof *at) == 0 &&
		    memcmp(bytes(p), data, len) == 0)
			return p;
	return NULL;
}

struct piece *piece_take(struct pieces *all, enum fact first, unsigned n, const uint32_t *at, const uint8_t *data, uint32_t len)
{
	if (all->n >= all->nbuckets)
		grow(all);
	uint32_t hash = hash_of(all, first, data, len);
	struct piece *p = find(all, hash, first, n, at, data, len);
	if (p)
		return piece_share(p);
	p = state_alloc(sizeof *p + n * sizeof p->at[0] + len);
	p->refs = 1;
	p->hash = hash;
	p->len = len;
	p->first = (uint8_t)first;
	p->n = (uint8_t)n;
	memcpy(p->at, at, n * sizeof p->at[0]);
	memcpy(p->at + n, data, len);
	p->next = *bucket(all, hash);
	*bucket(all, hash) = p;
	all->n++;
	return p;
}

struct piece *piece_share(struct piece *p)
{
	p->refs++;
	return p;
}

void piece_drop(struct pieces *all, struct piece *p)
{
	if (!p || --p->refs)
		return;
	struct piece **at = bucket(all, p->hash);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	all->n--;
	free(p);
}

bool piece_value(const struct piece *p, enum fact n, struct value *v)
{
	uint32_t at = n >= p->first && n - p->first < p->n ? p->at[n - p->first] : 0;

	if (!at)
		return false;
	struct cursor c = { bytes(p) + at - 1, bytes(p) + p->len };
	return value_next(&c, v) == 1;
}

void pieces_free(struct pieces *all)
{
	free(all->buckets);
	*all = (struct pieces){0};
}
