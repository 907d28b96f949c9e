/* A ring of states over the window of frames that are not all safe, and a sorted array of exceptions below it. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ack.h"
#include "log.h"

enum { FLIGHT = 0, SAFE, HELD, FIRST_CAP = 1024 };

void ledger_free(struct ledger *l)
{
	free(l->states);
	free(l->except);
	*l = (struct ledger){0};
}

void ledger_reset(struct ledger *l)
{
	if (l->cap)
		memset(l->states, FLIGHT, l->cap);
	l->base = l->next = 0;
	l->nexcept = l->nheld = 0;
	l->changed = false;
}

static uint8_t *state(struct ledger *l, uint64_t position)
{
	return &l->states[position & (l->cap - 1)];
}

static void grow(struct ledger *l)
{
	size_t cap = l->cap ? l->cap * 2 : FIRST_CAP;
	uint8_t *states = calloc(cap, 1);

	if (!l->except)
		l->except = malloc(ACK_EXCEPT_MAX * sizeof *l->except);
	if (!states || !l->except)
		diex(EX_OSERR, "out of memory: %zu frames that are not acknowledged", cap);
	for (uint64_t p = l->base; p < l->next; p++)
		states[p & (cap - 1)] = *state(l, p);
	free(l->states);
	l->states = states;
	l->cap = cap;
}

uint64_t ledger_take(struct ledger *l)
{
	if (l->next - l->base == l->cap)
		grow(l);
	return l->next++;
}

static void sweep(struct ledger *l)
{
	while (l->base < l->next) {
		uint8_t *s = state(l, l->base);
		if (*s == FLIGHT)
			return;
		if (*s == HELD) {
			l->except[l->nexcept++] = l->base;
			l->nheld--;
		}
		*s = FLIGHT;
		l->base++;
		l->changed = true;
	}
}

static void remove_exception(struct ledger *l, uint64_t position)
{
	unsigned low = 0, high = l->nexcept;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (l->except[middle] < position)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == l->nexcept || l->except[low] != position)
		return;
	memmove(&l->except[low], &l->except[low + 1], (--l->nexcept - low) * sizeof *l->except);
	l->changed = true;
}

void ledger_safe(struct ledger *l, uint64_t position, uint64_t n)
{
	uint64_t end = n > l->next - position ? l->next : position + n;

	if (position >= l->next)
		return;
	for (; position < end && position < l->base && l->nexcept; position++)
		remove_exception(l, position);
	if (position < l->base)
		position = end < l->base ? end : l->base;
	for (; position < end; position++) {
		uint8_t *s = state(l, position);
		l->nheld -= *s == HELD;
		*s = SAFE;
	}
	sweep(l);
}

bool ledger_hold(struct ledger *l, uint64_t position)
{
	if (l->nexcept + l->nheld >= ACK_EXCEPT_MAX || position < l->base || position >= l->next || *state(l, position) != FLIGHT)
		return false;
	*state(l, position) = HELD;
	l->nheld++;
	sweep(l);
	return true;
}

void ledger_ack(struct ledger *l, struct pack *p)
{
	ack_frame(p, l->base, l->except, l->nexcept);
	l->changed = false;
}
