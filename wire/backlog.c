/* The ring behind an output. */
#include "backlog.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GIVEN_BACK = 1 << 20 };         /* bytes that go back to the kernel at a time, and that stay */

uint8_t *backlog_map(int fd, size_t offset, size_t size)
{
	uint8_t *base = mmap(NULL, size * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	for (int i = 0; i < 2; i++)
		if (mmap(base + (size_t)i * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)offset) == MAP_FAILED) {
			munmap(base, size * 2);
			return NULL;
		}
	return base;
}

int backlog_open(struct backlog *b, size_t size)
{
	int fd = memfd_create("saker-backlog", MFD_CLOEXEC);

	*b = (struct backlog){ .size = size, .own = true };
	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) == 0)
		b->base = backlog_map(fd, 0, size);
	close(fd);
	return b->base ? 0 : -1;
}

void backlog_close(struct backlog *b)
{
	if (b->base)
		munmap(b->base, b->size * 2);
	*b = (struct backlog){0};
}

static struct frame parse(const uint8_t *p, size_t n)
{
	struct frame f;
	char err[128];
	size_t need;

	if (frame_parse(p, n, 0, &f, &need, err, sizeof err) != 1)
		f = (struct frame){ .size = n };
	return f;
}

/* While nothing is in it the ring begins at its front again: fewer pages, and warm ones. */
static void rewind_ring(struct backlog *b)
{
	uint64_t front = (b->head + b->size - 1) & ~(uint64_t)(b->size - 1);

	b->head = b->tail = front;
	if (b->own && b->high > GIVEN_BACK)
		madvise(b->base + GIVEN_BACK, b->size - GIVEN_BACK, MADV_REMOVE);
	b->high = 0;
}

/* A ring that is never empty would go through all of its memory: what it has passed since the tail was at `from` goes back. */
static void give_back(const struct backlog *b, uint64_t from)
{
	for (from &= ~(uint64_t)(GIVEN_BACK - 1); from + GIVEN_BACK <= b->tail; from += GIVEN_BACK)
		if (b->own && b->head <= from + b->size)
			madvise(b->base + (from & (b->size - 1)), GIVEN_BACK, MADV_REMOVE);
}

size_t backlog_add(struct backlog *b, const uint8_t *frames, size_t n)
{
	size_t room = b->size - backlog_used(b), taken = 0;
	uint64_t count = 0;

	while (taken < n) {
		struct frame f = parse(frames + taken, n - taken);
		if (f.size > room - taken)
			break;
		taken += f.size;
		count++;
		b->last_kind = f.kind;
	}
	memcpy(b->base + (b->head & (b->size - 1)), frames, taken);
	b->head += taken;
	b->head_index += count;
	if (b->head - (b->tail & ~(uint64_t)(b->size - 1)) > b->high)
		b->high = (size_t)(b->head - (b->tail & ~(uint64_t)(b->size - 1)));
	return taken;
}

struct frame backlog_frame(const struct backlog *b, uint64_t offset)
{
	return parse(backlog_at(b, offset), (size_t)(b->head - offset));
}

void backlog_pop(struct backlog *b, const struct frame *f)
{
	uint64_t from = b->tail;

	b->tail += f->size;
	b->tail_index++;
	if (b->tail == b->head)
		rewind_ring(b);
	else
		give_back(b, from);
}
