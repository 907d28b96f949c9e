/* The kernel's ring as it lies in memory: what waits there can be looked at before it is taken. */
#ifndef PROBE_RING_H
#define PROBE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	const uint64_t *consumer, *producer;   /* where each is, counted in bytes since the ring was made */
	const uint8_t *data;                   /* twice in a row, so that no record has a seam */
	uint64_t mask;
};

#define RING_SPACE(size) (((size) + 8 + 7) & ~(uint64_t)7)     /* what a record takes */

/* Maps the ring of the map `fd` with room for `size` bytes. Returns 0, or -1 with errno. */
int ring_open(struct ring *r, int fd, size_t size);
void ring_close(struct ring *r);
uint64_t ring_consumer(const struct ring *r);
uint64_t ring_producer(const struct ring *r);
/* The record at *at, which is moved behind it. False at `end`, which is where the producer is or was, and where one is being written. */
bool ring_next(const struct ring *r, uint64_t *at, uint64_t end, const void **data, size_t *size);
/* Is there one that can be taken? */
bool ring_waits(const struct ring *r);

#endif
