/* A look ahead over the ring. Who has both ends of his life in what waits there, and no event in between, is left out unless a process
 * that is told of refers to him. Whom a record refers to was born before it, so each reference finds whom it means. */
#include "lives.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 8192, REFERENCES = 4 * LIVES_MAX, REFERENCES_OF = 5, PASSES = 8, TOLD = LIVES_MAX };
_Static_assert((SLOTS & (SLOTS - 1)) == 0 && SLOTS > 2 * LIVES_MAX, "the table is never full");

struct life {
	uint64_t key;
	uint64_t events;                       /* how many there had been when it began */
	bool over, kept;
};
struct reference {
	uint16_t from, to;                     /* indices of lives; from TOLD: somebody else, who is told of */
};

struct lives {
	uint64_t end;
	uint64_t events;
	size_t n, references;
	struct life life[LIVES_MAX];
	struct reference reference[REFERENCES];
	uint16_t slots[SLOTS];                 /* index of a life plus one */
};

struct lives *lives_new(void)
{
	return calloc(1, sizeof(struct lives));
}

void lives_free(struct lives *l)
{
	free(l);
}

uint64_t lives_end(const struct lives *l)
{
	return l->end;
}

static unsigned slot_of(const struct lives *l, uint64_t key)
{
	unsigned i = (unsigned)(key * 0x9e3779b97f4a7c15u >> 51) & (SLOTS - 1);

	while (l->slots[i] && l->life[l->slots[i] - 1].key != key)
		i = (i + 1) & (SLOTS - 1);
	return i;
}

/* Index of a life, TOLD of one that did not begin here. */
static unsigned find(const struct lives *l, uint64_t key)
{
	unsigned i = l->n && key ? l->slots[slot_of(l, key)] : 0;

	return i ? i - 1 : TOLD;
}

static void add(struct lives *l, uint64_t key)
{
	l->life[l->n] = (struct life){ key, l->events, false, false };
	l->slots[slot_of(l, key)] = (uint16_t)++l->n;
}

static void keep(struct lives *l, uint64_t key)
{
	unsigned i = find(l, key);

	if (i != TOLD)
		l->life[i].kept = true;
}

static void refer(struct lives *l, unsigned from, uint64_t key)
{
	unsigned to = find(l, key);

	if (to == TOLD || to == from)
		return;
	if (from == TOLD)
		l->life[to].kept = true;
	else
		l->reference[l->references++] = (struct reference){ (uint16_t)from, (uint16_t)to };
}

static void see_proc(struct lives *l, const struct raw_proc *p, bool birth)
{
	unsigned of = find(l, p->h.process);

	if (of != TOLD && (birth || l->life[of].over)) {
		l->life[of].kept = true;               /* two with one key */
	} else if (birth) {
		of = (unsigned)l->n;
		add(l, p->h.process);
	}
	refer(l, of, p->parent);
	refer(l, of, p->fork_parent);
	refer(l, of, p->argv_of);
	refer(l, of, p->ptracer);
	refer(l, of, p->old_task);
}

/* Only the last thread, when no other one is on its way out, ends it for sure. */
static void see_exit(struct lives *l, const struct raw_exit *x)
{
	unsigned of = find(l, x->h.process);

	if (of == TOLD || !x->last)
		return;
	if (!x->alone || x->thread_key || l->life[of].over || l->life[of].events != l->events)
		l->life[of].kept = true;
	l->life[of].over = true;
}

static void see(struct lives *l, const struct raw_head *h, size_t size, bool birth_counts)
{
	bool proc = (h->kind == RAW_PROC || h->kind == RAW_THREAD || h->kind == RAW_EXEC) && size >= sizeof(struct raw_proc);

	if (h->kind == RAW_EVENT || ((h->kind == RAW_EXEC || h->kind == RAW_EXIT) && !(h->flags & RAW_UNWANTED))) {
		l->events++;
		keep(l, h->process);
		keep(l, h->task);
	}
	if (h->kind == RAW_THREAD)
		keep(l, h->process);
	if (proc) {
		const struct raw_proc *p = (const void *)h;
		see_proc(l, p, birth_counts && h->kind == RAW_PROC && p->born);
	} else if (h->kind == RAW_EXIT && size >= sizeof(struct raw_exit)) {
		see_exit(l, (const void *)h);
	}
}

/* Whom those refer to who are kept is kept, too; who is told of by then is in `kept`. False when that takes too long. */
static bool follow(struct lives *l)
{
	for (int pass = 0; pass < PASSES; pass++) {
		bool changed = false;
		/* Children come after their parents. */
		for (size_t i = l->references; i-- > 0;) {
			struct life *to = &l->life[l->reference[i].to];
			if (!to->kept && l->life[l->reference[i].from].kept)
				to->kept = changed = true;
		}
		if (!changed)
			return true;
	}
	return false;
}

static void forget(struct lives *l)
{
	if (l->n)
		memset(l->slots, 0, sizeof l->slots);
	l->n = l->references = 0;
}

void lives_look(struct lives *l, const struct ring *ring, uint64_t at, uint64_t since, bool whole)
{
	uint64_t end = ring_producer(ring), next = at;
	const void *data;
	size_t size;

	forget(l);
	while (l->n < LIVES_MAX && l->references + REFERENCES_OF <= REFERENCES && ring_next(ring, &next, end, &data, &size)) {
		if (size >= sizeof(struct raw_head))
			see(l, data, size, whole && at >= since);
		at = next;
	}
	l->end = at;
	for (size_t i = 0; i < l->n; i++)
		l->life[i].kept |= !l->life[i].over;
	if (!follow(l))
		forget(l);
}

bool lives_unused(const struct lives *l, const struct raw_head *h)
{
	if (!l->n || (h->kind != RAW_PROC && h->kind != RAW_EXEC && h->kind != RAW_EXIT))
		return false;
	unsigned of = find(l, h->process);
	return of != TOLD && !l->life[of].kept;
}

size_t lives_save(const struct lives *l, uint64_t *keys)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!l->life[i].kept)
			keys[n++] = l->life[i].key;
	return n;
}

void lives_restore(struct lives *l, uint64_t end, const uint64_t *keys, size_t n)
{
	forget(l);
	l->end = end;
	for (size_t i = 0; i < n && i < LIVES_MAX; i++)
		if (find(l, keys[i]) == TOLD)
			add(l, keys[i]);
}
