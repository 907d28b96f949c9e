/* The ring behind an output. */
#include "backlog.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

	*b = (struct backlog){ .size = size };
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
	return taken;
}

struct frame backlog_frame(const struct backlog *b, uint64_t offset)
{
	return parse(backlog_at(b, offset), (size_t)(b->head - offset));
}

void backlog_pop(struct backlog *b, const struct frame *f)
{
	b->tail += f->size;
	b->tail_index++;
	if (b->tail == b->head)
		rewind_ring(b);
}
