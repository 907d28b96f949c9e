/* A ring of whole frames, mapped twice in a row, so that whatever lies between tail and head is one piece. Offsets and indexes (the
 * numbers of frames) only grow. */
#ifndef WIRE_BACKLOG_H
#define WIRE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct backlog {
	uint8_t *base;
	size_t size;                           /* a power of two */
	uint64_t head, tail;                   /* in bytes */
	uint64_t head_index, tail_index;
	size_t high;                           /* how far from its front it has been filled since it was empty */
	int8_t last_kind;                      /* of the frame before head */
	bool own;                              /* memory of its own: what a burst takes of it goes back when it is over */
};

/* `size` bytes of `fd` from `offset` on, both multiples of the page size, mapped twice in a row. NULL with errno. */
uint8_t *backlog_map(int fd, size_t offset, size_t size);
/* Memory of its own. Returns 0, or -1 with errno. */
int backlog_open(struct backlog *b, size_t size);
void backlog_close(struct backlog *b);

static inline size_t backlog_used(const struct backlog *b)
{
	return (size_t)(b->head - b->tail);
}
static inline const uint8_t *backlog_at(const struct backlog *b, uint64_t offset)
{
	return b->base + (offset & (b->size - 1));
}
/* As many of the whole frames as there is room for; returns their bytes. */
size_t backlog_add(struct backlog *b, const uint8_t *frames, size_t n);
/* The frame that begins at `offset`, below head. */
struct frame backlog_frame(const struct backlog *b, uint64_t offset);
/* The oldest frame leaves. */
void backlog_pop(struct backlog *b, const struct frame *f);

#endif
