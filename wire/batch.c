/* Marks of a batch. */
#include "batch.h"

#include <stdlib.h>
#include <sysexits.h>

#include "log.h"

void batch_free(struct batch *b)
{
	pack_free(&b->pack);
	free(b->marks);
	*b = (struct batch){0};
}

void batch_clear(struct batch *b)
{
	b->pack.len = b->nmarks = 0;
}

void batch_mark(struct batch *b, size_t begin, const struct frame_ref *ref, bool all)
{
	if (!ref->connection || begin == b->pack.len)
		return;
	if (b->nmarks == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 64;
		b->marks = realloc(b->marks, b->cap * sizeof *b->marks);
		if (!b->marks)
			diex(EX_OSERR, "out of memory: %zu marks of a batch", b->cap);
	}
	b->marks[b->nmarks++] = (struct batch_mark){ begin, b->pack.len, *ref, all };
}
