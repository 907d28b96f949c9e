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
	uint64_t token;                        /* the keeper's name for it */
};

/* Who has a copy of what is set aside, in memory that outlives this process. */
struct aside_keeper {
	bool (*room)(void *arg, size_t size);
	uint64_t (*put)(void *arg, uint64_t index, const struct frame *f);     /* after room(); returns the token */
	void (*drop)(void *arg, uint64_t token);
	void *arg;
};

struct asides {
	struct aside *v;                       /* ascending by index */
	size_t n, cap, bytes;
	const struct aside_keeper *keeper;     /* or NULL */
};

bool asides_room(const struct asides *a, size_t size, size_t most);

void asides_free(struct asides *a);
/* `run` is what the frame rests on, or NULL. Indexes come ascending. */
void asides_add(struct asides *a, uint64_t index, const struct frame *f, uint64_t waiting, const struct rest_run *run);
/* One that the keeper has from before, owed to who will come back. */
void asides_restore(struct asides *a, uint64_t index, const struct frame *f, uint64_t token);
struct aside *asides_find(struct asides *a, uint64_t index);
void asides_remove(struct asides *a, struct aside *at);
/* Whether any of them rests on it. */
bool asides_rest_on(const struct asides *a, const struct frame_ref *ref);

#endif
