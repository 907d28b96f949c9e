/* Looking at the ring without taking anything out of it, which is libbpf's. */
#include "ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

int ring_open(struct ring *r, int fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const uint8_t *taken = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	const uint8_t *rest = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);

	if (taken == MAP_FAILED || rest == MAP_FAILED) {
		if (taken != MAP_FAILED)
			munmap((void *)taken, page);
		return -1;
	}
	*r = (struct ring){ (const void *)taken, (const void *)rest, rest + page, size - 1 };
	return 0;
}

void ring_close(struct ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!r->data)
		return;
	munmap((void *)r->consumer, page);
	munmap((void *)r->producer, page + 2 * (r->mask + 1));
	*r = (struct ring){0};
}

uint64_t ring_consumer(const struct ring *r)
{
	return __atomic_load_n(r->consumer, __ATOMIC_RELAXED);
}

uint64_t ring_producer(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

bool ring_next(const struct ring *r, uint64_t *at, uint64_t end, const void **data, size_t *size)
{
	while (*at < end) {
		const uint8_t *head = r->data + (*at & r->mask);
		uint32_t len = __atomic_load_n((const uint32_t *)(const void *)head, __ATOMIC_ACQUIRE);
		if (len & BPF_RINGBUF_BUSY_BIT)
			return false;
		bool given_up = len & BPF_RINGBUF_DISCARD_BIT;
		*size = len & ~(uint32_t)BPF_RINGBUF_DISCARD_BIT;
		*data = head + BPF_RINGBUF_HDR_SZ;
		*at += RING_SPACE(*size);
		if (!given_up)
			return true;
	}
	return false;
}

bool ring_waits(const struct ring *r)
{
	uint64_t at = ring_consumer(r), end = ring_producer(r);
	const void *data;
	size_t size;

	return ring_next(r, &at, end, &data, &size);
}
