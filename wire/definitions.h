/* The live definitions of a stream, for consumers that come late: HELLO, PLAN, and the last record of each
 * process, thread, container, name, host and cgroup. */
#ifndef WIRE_DEFINITIONS_H
#define WIRE_DEFINITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "pack.h"

enum {
	DEFINITIONS_MAX = 64 << 20,            /* bytes of frames kept; the oldest leave first */
	DEFINITIONS_CONSUMERS = 64             /* consumers are numbered below this */
};

struct definitions;

struct definitions *definitions_new(size_t max);
void definitions_free(struct definitions *d);
/* Takes in a frame. `had` has the bits of the consumers that were sent it. */
void definitions_note(struct definitions *d, const struct frame *f, uint64_t had);

/* A consumer begins: appends what it must have before anything else. The rest, processes and threads, follows by
 * _more, and what a frame rests on by _before. */
void definitions_begin(struct definitions *d, unsigned consumer, struct pack *p);
/* Appends some of what the consumer does not have yet. Returns false when it has everything. */
bool definitions_more(struct definitions *d, unsigned consumer, struct pack *p, size_t some);
/* Appends the definitions that the frame rests on and that the consumer does not have yet. */
void definitions_before(struct definitions *d, unsigned consumer, const struct frame *f, struct pack *p);
/* The consumer has been sent this newer record, not by these functions: an older one of the same must not follow it. */
void definitions_had(struct definitions *d, unsigned consumer, const struct frame *f);
/* Bytes that are kept. */
size_t definitions_bytes(const struct definitions *d);

#endif
