/* Frames that left a backlog although somebody who acknowledges has excepted them: so one that waits long does not hold the
 * backlog up. */
#ifndef WIRE_ASIDE_H
#define WIRE_ASIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pack.h"
#include "rests.h"

struct aside {
	uint64_t index;                        /* that it had in the backlog */
	uint64_t waiting;                      /* bits of the consumers that have it excepted */
	bool owed;                             /* to one that has gone and will come back */
	bool rests, all;                       /* on `ref`, see rests.h */
	struct frame_ref ref;
	struct pack frame;
};

struct asides {
	struct aside *v;                       /* ascending by index */
	size_t n, cap, bytes;
};

void asides_free(struct asides *a);
/* `run` is what the frame rests on, or NULL. Indexes come ascending. */
void asides_add(struct asides *a, uint64_t index, const struct frame *f, uint64_t waiting, const struct rest_run *run);
struct aside *asides_find(struct asides *a, uint64_t index);
void asides_remove(struct asides *a, struct aside *at);
/* Whether any of them rests on it. */
bool asides_rest_on(const struct asides *a, const struct frame_ref *ref);

#endif
