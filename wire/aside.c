/* A sorted array of frames. */
#include "aside.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"

void asides_free(struct asides *a)
{
	for (size_t i = 0; i < a->n; i++)
		pack_free(&a->v[i].frame);
	free(a->v);
	*a = (struct asides){0};
}

bool asides_room(const struct asides *a, size_t size, size_t most)
{
	return a->bytes + size <= most && (!a->keeper || a->keeper->room(a->keeper->arg, size));
}

static struct aside *append(struct asides *a, uint64_t index, const struct frame *f, uint64_t waiting, const struct rest_run *run)
{
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 64;
		a->v = realloc(a->v, a->cap * sizeof *a->v);
		if (!a->v)
			diex(EX_OSERR, "out of memory: %zu frames that are not acknowledged", a->cap);
	}
	struct aside *at = &a->v[a->n++];
	*at = (struct aside){ .index = index, .waiting = waiting, .rests = run != NULL };
	if (run) {
		at->all = run->all;
		at->ref = run->ref;
		at->ref.position += run->all ? 0 : index - run->index;
	}
	frame_copy(&at->frame, f);
	a->bytes += f->size;
	return at;
}

void asides_add(struct asides *a, uint64_t index, const struct frame *f, uint64_t waiting, const struct rest_run *run)
{
	struct aside *at = append(a, index, f, waiting, run);

	if (a->keeper)
		at->token = a->keeper->put(a->keeper->arg, index, f);
}

void asides_restore(struct asides *a, uint64_t index, const struct frame *f, uint64_t token)
{
	struct aside *at = append(a, index, f, 0, NULL);

	at->token = token;
	at->owed = true;
}

struct aside *asides_find(struct asides *a, uint64_t index)
{
	size_t low = 0, high = a->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (a->v[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < a->n && a->v[low].index == index ? &a->v[low] : NULL;
}

void asides_remove(struct asides *a, struct aside *at)
{
	size_t i = (size_t)(at - a->v);

	a->bytes -= at->frame.len;
	if (a->keeper)
		a->keeper->drop(a->keeper->arg, at->token);
	pack_free(&at->frame);
	memmove(at, at + 1, (--a->n - i) * sizeof *at);
}

bool asides_rest_on(const struct asides *a, const struct frame_ref *ref)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct frame_ref *r = &a->v[i].ref;
		if (a->v[i].rests && r->position == ref->position && r->connection == ref->connection && r->stream == ref->stream)
			return true;
	}
	return false;
}
