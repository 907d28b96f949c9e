/* Which input frames the frames of a backlog rest on: runs of them, so that a stage that passes frames on pays per batch. */
#ifndef WIRE_RESTS_H
#define WIRE_RESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct rest_run {
	uint64_t index, n;                     /* frames of the backlog */
	struct frame_ref ref;
	bool all;                              /* all of them rest on `ref`; else each on the next position */
};

struct rests {
	struct rest_run *v;
	size_t start, n, cap;                  /* v[start..start+n) */
};

void rests_free(struct rests *r);
void rests_add(struct rests *r, uint64_t index, uint64_t n, const struct frame_ref *ref, bool all);
/* The run of an index, or NULL. */
const struct rest_run *rests_find(const struct rests *r, uint64_t index);
/* The oldest run, or NULL. */
struct rest_run *rests_first(struct rests *r);
void rests_pop(struct rests *r);

#endif
