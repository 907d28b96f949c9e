/* The memfd: a page with two copies of the state and a word that says which one is in force, and the keys of who is left out; then the
 * ring. So a reader that is killed at any moment leaves a state that was whole, and a record that it was just writing is not in it. */
#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lives.h"
#include "raw.h"
#include "ring.h"
#include "wire/kept.h"

enum { VERSION = 2, PAGE = 65536, LEFT = 32768, RESERVE = 128 << 10, GIVEN_BACK = 1 << 20 };
static const char magic[8] = "sakrbuf";

struct header {
	char magic[8];
	uint32_t version, current;             /* current: which of the states is in force */
	uint64_t size;                         /* of the ring */
	struct buffer_state state[2];
};
_Static_assert(sizeof(struct header) <= LEFT && LEFT + LIVES_MAX * sizeof(uint64_t) <= PAGE, "both are in the page");

int buffer_format(int fd, size_t size)
{
	struct header h = { .version = VERSION, .size = size };

	memcpy(h.magic, magic, sizeof magic);
	return pwrite(fd, &h, sizeof h, 0) == sizeof h ? 0 : -1;
}

int buffer_create(size_t size)
{
	int fd = memfd_create("saker-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	/* Nobody can change its size under who has mapped it. */
	if (ftruncate(fd, (off_t)(PAGE + size + size / 2)) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0 &&
			buffer_format(fd, size) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int check_frames(const struct buffer *b, char *err, size_t errlen)
{
	const struct backlog *k = b->frames;
	char why[128];
	struct frame f;
	uint64_t n = 0;
	size_t need;

	for (uint64_t at = k->tail; at < k->head; at += f.size, n++)
		if (frame_parse(backlog_at(k, at), (size_t)(k->head - at), at, &f, &need, why, sizeof why) != 1) {
			snprintf(err, errlen, "found no frame at byte %llu of %llu to %llu", (unsigned long long)at, (unsigned long long)k->tail,
				(unsigned long long)k->head);
			return -1;
		}
	if (n == k->head_index - k->tail_index)
		return 0;
	snprintf(err, errlen, "found %llu frames, expected %llu", (unsigned long long)n, (unsigned long long)(k->head_index - k->tail_index));
	return -1;
}

/* What stands before a frame that is set aside. */
struct side {
	uint64_t index;
	uint32_t size, held;
};

static struct side *side_at(const struct buffer *b, uint64_t at)
{
	return (struct side *)(b->side + (at & (b->side_size - 1)));
}

static size_t side_space(size_t frame)
{
	return (sizeof(struct side) + frame + 15) & ~(size_t)15;
}

static int check_side(const struct buffer *b, char *err, size_t errlen)
{
	uint64_t at = b->state.side_tail, head = b->state.side_head;
	char why[128];
	struct frame f;
	size_t need;

	while (at < head && head - at <= b->side_size) {
		const struct side *s = side_at(b, at);
		if (s->held > 1 || s->size > head - at || side_space(s->size) > head - at || s->index >= b->frames->head_index ||
				frame_parse((const uint8_t *)(s + 1), s->size, at, &f, &need, why, sizeof why) != 1 || f.size != s->size)
			break;
		at += side_space(s->size);
	}
	if (at == head)
		return 0;
	snprintf(err, errlen, "found nothing that was set aside at byte %llu of %llu to %llu", (unsigned long long)at,
		(unsigned long long)b->state.side_tail, (unsigned long long)head);
	return -1;
}

static int check(struct buffer *b, size_t size, uint64_t ring, char *err, size_t errlen)
{
	struct header h;

	memcpy(&h, b->header, sizeof h);
	if (memcmp(h.magic, magic, sizeof magic) != 0) {
		snprintf(err, errlen, "found no header");
		return -1;
	}
	if (h.version != VERSION || h.current > 1 || h.size != size) {
		snprintf(err, errlen, "found version %u, state %u and a ring of %llu bytes, expected version %d, state 0 or 1, and %zu bytes",
			h.version, h.current, (unsigned long long)h.size, VERSION, size);
		return -1;
	}
	const struct buffer_state *s = &b->state;
	b->state = h.state[h.current];
	if (s->head < s->tail || s->head - s->tail > size) {
		snprintf(err, errlen, "its head, %llu, does not fit its tail, %llu", (unsigned long long)s->head, (unsigned long long)s->tail);
		return -1;
	}
	/* The reader before may have taken one record more than its position tells, but no other. */
	if (s->ring > ring + RING_SPACE(RAW_MAX) || s->flags & ~(uint64_t)BUFFER_FLAGS || s->partial > s->head - s->tail ||
			s->safe > s->head_index) {
		snprintf(err, errlen, "found the ring read to %llu, flags %llx, expected at most %llu, %x", (unsigned long long)s->ring,
			(unsigned long long)s->flags, (unsigned long long)(ring + RING_SPACE(RAW_MAX)), BUFFER_FLAGS);
		return -1;
	}
	if (s->left > LIVES_MAX) {
		snprintf(err, errlen, "found %llu processes left out, expected at most %d", (unsigned long long)s->left, LIVES_MAX);
		return -1;
	}
	b->frames->head = s->head;
	b->frames->tail = s->tail;
	b->frames->head_index = s->head_index;
	b->frames->tail_index = s->tail_index;
	return check_frames(b, err, errlen) != 0 || check_side(b, err, errlen) != 0 ? -1 : 0;
}

int buffer_open(struct buffer *b, int fd, size_t size, uint64_t ring, char *err, size_t errlen)
{
	struct stat st;

	*b = (struct buffer){ .mapped = PAGE, .own.size = size, .frames = &b->own, .side_size = size / 2, .high = size };
	if (fstat(fd, &st) != 0 || (size_t)st.st_size != PAGE + size + size / 2) {
		snprintf(err, errlen, "found %lld bytes, expected %zu", (long long)st.st_size, PAGE + size + size / 2);
		return -1;
	}
	b->header = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (b->header == MAP_FAILED)
		b->header = NULL;
	if (!b->header || !(b->own.base = backlog_map(fd, PAGE, size)) || !(b->side = backlog_map(fd, PAGE + size, size / 2)))
		snprintf(err, errlen, "%s", strerror(errno));
	else if (check(b, size, ring, err, errlen) == 0)
		return 0;
	buffer_close(b);
	return -1;
}

void buffer_close(struct buffer *b)
{
	backlog_close(&b->own);
	if (b->side)
		munmap(b->side, b->side_size * 2);
	if (b->header)
		munmap(b->header, b->mapped);
	*b = (struct buffer){0};
}

/* Memory that a burst took goes back when it is over; what a ring that is never empty has passed, at once. */
static void give_back(struct buffer *b, uint64_t from)
{
	size_t mask = b->frames->size - 1;

	if (b->frames->head == b->frames->tail) {
		if (b->high > GIVEN_BACK)
			madvise(b->frames->base + GIVEN_BACK, b->frames->size - GIVEN_BACK, MADV_REMOVE);
		b->high = 0;
		return;
	}
	for (from &= ~(uint64_t)(GIVEN_BACK - 1); from + GIVEN_BACK <= b->frames->tail; from += GIVEN_BACK)
		if (b->frames->head <= from + b->frames->size)
			madvise(b->frames->base + (from & mask), GIVEN_BACK, MADV_REMOVE);
}

void buffer_commit(struct buffer *b)
{
	struct header *h = b->header;
	uint32_t other = !h->current;
	uint64_t tail = b->state.tail, front = b->frames->tail & ~(uint64_t)(b->frames->size - 1);

	while (b->state.side_tail < b->state.side_head && !side_at(b, b->state.side_tail)->held)
		b->state.side_tail += side_space(side_at(b, b->state.side_tail)->size);
	b->state.head = b->frames->head;
	b->state.tail = b->frames->tail;
	b->state.head_index = b->frames->head_index;
	b->state.tail_index = b->frames->tail_index;
	h->state[other] = b->state;
	__atomic_store_n(&h->current, other, __ATOMIC_RELEASE);
	if (b->frames->head - front > b->high)
		b->high = b->frames->head - front;
	if (tail != b->frames->tail)
		give_back(b, tail);
}

static bool side_room(void *arg, size_t size)
{
	const struct buffer *b = arg;

	/* What was dropped since the last commit is in the way until the next one. */
	return b->side_size - (b->state.side_head - b->state.side_tail) >= side_space(size);
}

static uint64_t side_put(void *arg, uint64_t index, const struct frame *f)
{
	struct buffer *b = arg;
	uint64_t at = b->state.side_head;
	struct side *s = side_at(b, at);

	*s = (struct side){ index, (uint32_t)f->size, true };
	memcpy(s + 1, f->start, f->size);
	b->state.side_head += side_space(f->size);
	return at;
}

static void side_drop(void *arg, uint64_t token)
{
	side_at(arg, token)->held = false;
}

struct output *buffer_output(struct buffer *b, const char *spec, int listener, char *err, size_t errlen, int *status)
{
	b->keeper = (struct aside_keeper){ side_room, side_put, side_drop, b };
	struct kept kept = { *b->frames, b->frames->size - BUFFER_RECORD - RESERVE, listener, b->state.flags & BUFFER_OWED, b->state.safe,
		&b->keeper };
	struct output *out = output_open_kept(spec, &kept, err, errlen, status);
	struct frame f;
	size_t need;

	if (!out)
		return NULL;
	b->frames = output_backlog(out);
	for (uint64_t at = b->state.side_tail; at < b->state.side_head; at += side_space(side_at(b, at)->size)) {
		const struct side *s = side_at(b, at);
		if (s->held && frame_parse((const uint8_t *)(s + 1), s->size, 0, &f, &need, err, errlen) == 1)
			output_owe_aside(out, s->index, &f, at);
	}
	return out;
}

uint64_t *buffer_left(const struct buffer *b)
{
	return (uint64_t *)((uint8_t *)b->header + LEFT);
}

bool buffer_room(const struct buffer *b)
{
	return b->frames->size - backlog_used(b->frames) >= BUFFER_RECORD + RESERVE;
}

void buffer_written(struct buffer *b, size_t n)
{
	n += b->state.partial;
	b->state.partial = 0;
	while (b->frames->tail < b->frames->head && n > 0) {
		struct frame f = backlog_frame(b->frames, b->frames->tail);
		if (f.size > n) {
			b->state.partial = n;
			break;
		}
		n -= f.size;
		backlog_pop(b->frames, &f);
	}
}
