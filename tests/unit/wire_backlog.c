/* The ring behind an output: what comes out is what went in, and memory that it no longer needs is the kernel's again. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "wire_records.h"
#include "wire/backlog.h"

enum { SIZE = 8 << 20, BODY = 100000, PAGE = 4096 };

static struct pack frame_of(uint8_t fill, size_t len)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_EVENT);

	memset(pack_room(&p, len), fill, len);
	p.len += len;
	assert_int_equal(frame_end(&p, begin), 0);
	return p;
}

static size_t resident(const struct backlog *b)
{
	static unsigned char in[SIZE / PAGE];
	size_t n = 0;

	assert_int_equal(mincore(b->base, SIZE, in), 0);
	for (size_t i = 0; i < SIZE / PAGE; i++)
		n += in[i] & 1;
	return n * PAGE;
}

static void pop(struct backlog *b, uint8_t fill)
{
	struct frame f = backlog_frame(b, b->tail);

	assert_int_equal(f.len, BODY);
	for (size_t i = 0; i < f.len; i += f.len - 1)
		assert_int_equal(f.body[i], fill);
	assert_int_equal(f.body[f.len / 2], fill);
	backlog_pop(b, &f);
}

static void add(struct backlog *b, uint8_t fill)
{
	struct pack p = frame_of(fill, BODY);

	assert_int_equal(backlog_add(b, p.data, p.len), p.len);
	pack_free(&p);
}

/* Ten times around with 15 frames in it at all times: those, and what is between two steps of giving back. */
static void never_empty(void **state)
{
	struct backlog b;
	unsigned in = 0, out = 0;

	(void)state;
	assert_int_equal(backlog_open(&b, SIZE), 0);
	for (; in < 15; in++)
		add(&b, (uint8_t)in);
	for (; in < 800; in++) {
		add(&b, (uint8_t)in);
		pop(&b, (uint8_t)out++);
		assert_in_range(resident(&b), 15 * BODY, 5 << 20);
	}
	while (out < in)
		pop(&b, (uint8_t)out++);
	assert_in_range(resident(&b), 0, 1 << 20);
	backlog_close(&b);
}

/* What fills it takes all of it, and gives it back. */
static void filled(void **state)
{
	struct backlog b;
	struct pack p;

	(void)state;
	assert_int_equal(backlog_open(&b, SIZE), 0);
	for (int lap = 0; lap < 3; lap++) {
		unsigned n = 0;
		while (backlog_used(&b) + FRAME_HEADER + BODY <= SIZE)
			add(&b, (uint8_t)n++);
		p = frame_of(0, BODY);
		assert_int_equal(backlog_add(&b, p.data, p.len), 0);
		pack_free(&p);
		assert_true(resident(&b) > SIZE - (1 << 20));
		for (unsigned i = 0; i < n; i++)
			pop(&b, (uint8_t)i);
		assert_in_range(resident(&b), 0, 1 << 20);
	}
	backlog_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(never_empty), cmocka_unit_test(filled) };
	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
