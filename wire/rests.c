/* A queue of runs in an array that is moved to its front when it would grow. */
#include "rests.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"

void rests_free(struct rests *r)
{
	free(r->v);
	*r = (struct rests){0};
}

static void make_room(struct rests *r)
{
	if (r->start + r->n < r->cap)
		return;
	if (r->start > r->cap / 2) {
		memmove(r->v, r->v + r->start, r->n * sizeof *r->v);
		r->start = 0;
		return;
	}
	r->cap = r->cap ? r->cap * 2 : 64;
	r->v = realloc(r->v, r->cap * sizeof *r->v);
	if (!r->v)
		diex(EX_OSERR, "out of memory: %zu runs of frames that are not acknowledged", r->cap);
}

/* Whether the frames simply continue the run. */
static bool continues(const struct rest_run *last, uint64_t index, const struct frame_ref *ref, bool all)
{
	uint64_t next = last->ref.position + (last->all ? 0 : last->n);

	return last->index + last->n == index && last->all == all && last->ref.connection == ref->connection &&
		last->ref.stream == ref->stream && next == ref->position;
}

void rests_add(struct rests *r, uint64_t index, uint64_t n, const struct frame_ref *ref, bool all)
{
	struct rest_run *last = r->n ? &r->v[r->start + r->n - 1] : NULL;

	if (last && continues(last, index, ref, all)) {
		last->n += n;
		return;
	}
	make_room(r);
	r->v[r->start + r->n++] = (struct rest_run){ index, n, *ref, all };
}

const struct rest_run *rests_find(const struct rests *r, uint64_t index)
{
	size_t low = r->start, high = r->start + r->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (r->v[middle].index + r->v[middle].n <= index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->start + r->n && r->v[low].index <= index ? &r->v[low] : NULL;
}

struct rest_run *rests_first(struct rests *r)
{
	return r->n ? &r->v[r->start] : NULL;
}

void rests_pop(struct rests *r)
{
	r->start++;
	if (--r->n == 0)
		r->start = 0;
}
