/* Frames that wait for what is to be told of their container, in their order, while the rest of the stream goes on. What belongs to a
 * process that waits waits with it. */
#ifndef ENRICH_HOLDS_H
#define ENRICH_HOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"
#include "wire/pack.h"

enum { HOLDS_MAX = 64, HOLDS_BYTES = 4 << 20, HOLDS_KEYS = 16384, HOLDS_ID_MAX = 64 };

struct hold_frame {
	size_t at, size;                       /* its bytes */
	uint64_t key;                          /* process or thread that it describes, or 0 */
	struct frame_ref ref;
	uint64_t offset;
};

struct hold {
	char id[HOLDS_ID_MAX + 1];             /* of the container */
	struct pack bytes;
	struct hold_frame *frames;             /* frames[first..n) wait */
	size_t first, n, cap;
};

struct holds {
	struct hold *v[HOLDS_MAX];
	unsigned n;
	size_t bytes;
	struct { uint64_t key; uint8_t hold; } *keys;  /* open addressing; hold: one more than its index, 0: free */
	unsigned nkeys;
};

void holds_free(struct holds *h);
/* The hold that the frame belongs to because of the process or thread that it is about, or because of a parent that waits; or NULL. */
struct hold *holds_of(const struct holds *h, const struct frame *f);
/* That of a container; one that is not there is begun. NULL: there are too many. */
struct hold *holds_for(struct holds *h, const char *id, size_t len);
/* Copies a frame in. Returns false when the bound is reached. */
bool holds_add(struct holds *h, struct hold *at, const struct frame *f);
/* The first frame of a hold that has one; valid until the next call for it. */
struct frame holds_first(const struct hold *at);
/* The first frame goes. A hold without any is over; returns whether it is. */
bool holds_pop(struct holds *h, struct hold *at);

#endif
