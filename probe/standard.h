/* From the buffer to standard output, so that a reader that is killed in the middle of a write leaves no gap and nothing twice. */
#ifndef PROBE_STANDARD_H
#define PROBE_STANDARD_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "held.h"

struct standard {
	int in, out;                           /* ends of the pipe in between; -1: frames are written directly */
	size_t waiting;                        /* bytes in it */
};

/* Takes up where the reader before was. */
void standard_open(struct standard *s, const struct held *h, struct buffer *b);
/* Writes what standard output takes without blocking. Returns 1 when nothing is left, 0 when it takes no more now, -1 with errno. */
int standard_write(struct standard *s, struct buffer *b);

#endif
