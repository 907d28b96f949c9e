/* A ring of hashes, and chains through it. */
#include "known.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"
#include "wire/pack.h"

struct hash {
	uint64_t a, b;
};

static uint32_t bucket(const uint64_t slot[2])
{
	return (uint32_t)(slot[0] >> 40) & (KNOWN_SLOTS - 1);
}

static void link_slot(struct known *k, uint32_t slot)
{
	uint32_t *head = &k->heads[bucket(k->file->slots[slot])];

	k->chain[slot] = *head;
	*head = slot + 1;
}

static void unlink_slot(struct known *k, uint32_t slot)
{
	uint32_t *at = &k->heads[bucket(k->file->slots[slot])];

	while (*at && *at != slot + 1)
		at = &k->chain[*at - 1];
	if (*at)
		*at = k->chain[slot];
}

void known_open(struct known *k, struct known_file *file)
{
	*k = (struct known){ .file = file, .count = file->count };
	k->heads = calloc(KNOWN_SLOTS, sizeof *k->heads);
	k->chain = calloc(KNOWN_SLOTS, sizeof *k->chain);
	if (!k->heads || !k->chain)
		diex(EX_OSERR, "out of memory: the alerts that came last");
	for (uint64_t i = k->count > KNOWN_LAST ? k->count - KNOWN_LAST : 0; i < k->count; i++)
		link_slot(k, (uint32_t)(i % KNOWN_SLOTS));
}

void known_close(struct known *k)
{
	free(k->heads);
	free(k->chain);
}

/* Two FNV-1a sums that begin differently, stirred at the end. */
static void add_bytes(struct hash *h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		h->a = (h->a ^ p[i]) * 0x100000001b3u;
		h->b = (h->b ^ p[i]) * 0x9e3779b97f4a7c15u + 1;
	}
}

static uint64_t stir(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
	x = (x ^ x >> 29) * 0x9fb21c651e98df25u;
	return x ^ x >> 32;
}

/* Of origin and rule as pack writes them, whatever forms the writer chose. */
static struct hash hash_of(const struct alert *a)
{
	struct hash h = { 0xcbf29ce484222325u, 0x84222325cbf29ce4u };
	struct pack p = {0};

	pack_value(&p, &a->v[ALERT_ORIGIN]);
	pack_value(&p, &a->v[ALERT_RULE]);
	add_bytes(&h, p.data, p.len);
	pack_free(&p);
	return (struct hash){ stir(h.a), stir(h.b) };
}

bool known_alert(struct known *k, const struct alert *a)
{
	struct hash h = hash_of(a);
	uint64_t slot[2] = { h.a, h.b };

	for (uint32_t at = k->heads[bucket(slot)]; at; at = k->chain[at - 1])
		if (memcmp(k->file->slots[at - 1], slot, sizeof slot) == 0)
			return true;
	if (k->count >= KNOWN_LAST)
		unlink_slot(k, (uint32_t)((k->count - KNOWN_LAST) % KNOWN_SLOTS));
	uint32_t at = (uint32_t)(k->count++ % KNOWN_SLOTS);
	memcpy(k->file->slots[at], slot, sizeof slot);
	link_slot(k, at);
	return false;
}

void known_keep(struct known *k)
{
	k->file->count = k->count;
}
