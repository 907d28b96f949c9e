/* The ACK record: what goes the other way on a socket. Positions count the frames of one connection from 0. */
#ifndef WIRE_ACK_H
#define WIRE_ACK_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "pack.h"

enum { ACK_EXCEPT_MAX = 4096 };

/* The first `count` frames of the connection are safe, but for those at the positions `except`: ascending, below count. */
struct ack {
	uint64_t count;
	unsigned nexcept;
	uint64_t except[ACK_EXCEPT_MAX];
};

/* Appends a frame. `except` is as in struct ack, and n at most ACK_EXCEPT_MAX. */
void ack_frame(struct pack *p, uint64_t count, const uint64_t *except, unsigned n);
/* Returns 0; or -1 with what was found and what was expected in `err` when the body breaks a rule of above. */
int ack_read(const struct frame *f, struct ack *a, char *err, size_t errlen);

#endif
