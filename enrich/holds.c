/* Queues by container, and a table of the processes and threads in them. */
#include "holds.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"
#include "wire/value.h"

enum { EVENT_PROCESS = 22, EVENT_HEAD = 39 };  /* where in an EVENT's body the process key stands behind its 0xcf */

static void *checked(void *p)
{
	if (!p)
		diex(EX_OSERR, "out of memory: frames of containers that are looked up");
	return p;
}

static uint32_t slot_of(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 40) & (HOLDS_KEYS - 1);
}

static struct hold *find_key(const struct holds *h, uint64_t key)
{
	if (!key)
		return NULL;
	for (uint32_t at = slot_of(key); h->keys[at].hold; at = (at + 1) & (HOLDS_KEYS - 1))
		if (h->keys[at].key == key)
			return h->v[h->keys[at].hold - 1];
	return NULL;
}

static void add_key(struct holds *h, uint64_t key, unsigned hold)
{
	uint32_t at = slot_of(key);

	while (h->keys[at].hold && h->keys[at].key != key)
		at = (at + 1) & (HOLDS_KEYS - 1);
	h->nkeys += !h->keys[at].hold;
	h->keys[at].key = key;
	h->keys[at].hold = (uint8_t)(hold + 1);
}

static void rebuild_keys(struct holds *h)
{
	memset(h->keys, 0, HOLDS_KEYS * sizeof *h->keys);
	h->nkeys = 0;
	for (unsigned i = 0; i < h->n; i++)
		for (size_t k = h->v[i]->first; k < h->v[i]->n; k++)
			if (h->v[i]->frames[k].key)
				add_key(h, h->v[i]->frames[k].key, i);
}

/* The keys in front of a body: of PROC its own, its parent's and the one at fork; of THREAD its own and its process's; of EXIT. */
static unsigned read_keys(const struct frame *f, uint64_t keys[3])
{
	struct cursor c = { f->body, f->body + f->len };
	unsigned n = f->kind == FRAME_PROC ? 3 : f->kind == FRAME_THREAD ? 2 : f->kind == FRAME_EXIT ? 1 : 0;
	struct value v;

	for (unsigned i = 0; i < n; i++)
		keys[i] = value_next(&c, &v) == 1 && v.type == VALUE_UINT ? v.u : 0;
	return n;
}

static uint64_t event_process(const struct frame *f)
{
	uint64_t key = 0;

	for (int i = 0; f->len >= EVENT_HEAD && i < 8; i++)
		key = key << 8 | f->body[EVENT_PROCESS + i];
	return key;
}

struct hold *holds_of(const struct holds *h, const struct frame *f)
{
	uint64_t keys[3];

	if (!h->n)
		return NULL;
	if (f->kind == FRAME_EVENT)
		return find_key(h, event_process(f));
	for (unsigned i = 0, n = read_keys(f, keys); i < n; i++) {
		struct hold *at = find_key(h, keys[i]);
		if (at)
			return at;
	}
	return NULL;
}

struct hold *holds_for(struct holds *h, const char *id, size_t len)
{
	if (len > HOLDS_ID_MAX)
		return NULL;
	for (unsigned i = 0; i < h->n; i++)
		if (strlen(h->v[i]->id) == len && memcmp(h->v[i]->id, id, len) == 0)
			return h->v[i];
	if (h->n == HOLDS_MAX)
		return NULL;
	if (!h->keys)
		h->keys = checked(calloc(HOLDS_KEYS, sizeof *h->keys));
	struct hold *at = h->v[h->n++] = checked(calloc(1, sizeof *at));
	memcpy(at->id, id, len);
	return at;
}

static unsigned index_of(const struct holds *h, const struct hold *at)
{
	unsigned i = 0;

	while (h->v[i] != at)
		i++;
	return i;
}

bool holds_add(struct holds *h, struct hold *at, const struct frame *f)
{
	uint64_t keys[3] = {0};

	if (h->bytes + f->size > HOLDS_BYTES || h->nkeys >= HOLDS_KEYS / 2)
		return false;
	if (at->n == at->cap) {
		at->cap = at->cap ? at->cap * 2 : 64;
		at->frames = checked(realloc(at->frames, at->cap * sizeof *at->frames));
	}
	if (f->kind == FRAME_PROC || f->kind == FRAME_THREAD)
		read_keys(f, keys);
	at->frames[at->n++] = (struct hold_frame){ at->bytes.len, f->size, keys[0], frame_ref(f), f->offset };
	frame_copy(&at->bytes, f);
	h->bytes += f->size;
	if (keys[0])
		add_key(h, keys[0], index_of(h, at));
	return true;
}

struct frame holds_first(const struct hold *at)
{
	const struct hold_frame *first = &at->frames[at->first];
	struct frame f;
	char err[128];
	size_t need;

	if (frame_parse(at->bytes.data + first->at, first->size, first->offset, &f, &need, err, sizeof err) != 1)
		diex(EX_SOFTWARE, "a frame that was held: %s", err);
	f.stream = first->ref.stream;
	f.connection = first->ref.connection;
	f.position = first->ref.position;
	return f;
}

static void end(struct holds *h, struct hold *at)
{
	unsigned i = index_of(h, at);

	h->v[i] = h->v[--h->n];
	pack_free(&at->bytes);
	free(at->frames);
	free(at);
	rebuild_keys(h);
}

bool holds_pop(struct holds *h, struct hold *at)
{
	if (at->first < at->n)
		h->bytes -= at->frames[at->first++].size;
	if (at->first < at->n)
		return false;
	end(h, at);
	return true;
}

void holds_free(struct holds *h)
{
	while (h->n) {
		struct hold *at = h->v[0];
		while (!holds_pop(h, at))
			;
	}
	free(h->keys);
	h->keys = NULL;
}
