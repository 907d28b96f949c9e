/* Frames that wait to be written together, and which input each of them rests on. */
#ifndef WIRE_BATCH_H
#define WIRE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "frame.h"
#include "pack.h"

/* The frames in pack.data[begin..end): with `all` they rest on `ref` together, which is safe when the last of them is; else the
 * first on `ref` and the next ones each on the next position of that connection. What is not marked rests on nothing. */
struct batch_mark {
	size_t begin, end;
	struct frame_ref ref;
	bool all;
};

struct batch {
	struct pack pack;
	struct batch_mark *marks;              /* ascending, of whole frames */
	size_t nmarks, cap;
};

void batch_free(struct batch *b);
void batch_clear(struct batch *b);
/* Marks what was packed since the pack was `begin` bytes long. References of frames that are not acknowledged are ignored. */
void batch_mark(struct batch *b, size_t begin, const struct frame_ref *ref, bool all);

#endif
