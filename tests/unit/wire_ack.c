/* The ACK record, and the consumer's ledger against a naive model. */
#include <stdlib.h>

#include "wire_records.h"
#include "wire/ack.h"
#include "wire/ledger.h"

static struct ack ack;                 /* large */

static int read_back(const struct pack *p, char *err)
{
	struct frame f = frame_at(p->data, p->len, 0);

	assert_int_equal(f.kind, FRAME_ACK);
	return ack_read(&f, &ack, err, 200);
}

static void what_is_written_is_read(void **state)
{
	struct pack p = {0};
	char err[200] = "";
	uint64_t except[ACK_EXCEPT_MAX];

	(void)state;
	for (uint64_t i = 0; i < ACK_EXCEPT_MAX; i++)
		except[i] = i * i;
	ack_frame(&p, 0, NULL, 0);
	assert_int_equal(read_back(&p, err), 0);
	assert_int_equal(ack.count, 0);
	assert_int_equal(ack.nexcept, 0);
	p.len = 0;
	ack_frame(&p, UINT64_MAX, except, ACK_EXCEPT_MAX);
	assert_int_equal(read_back(&p, err), 0);
	assert_true(ack.count == UINT64_MAX);
	assert_int_equal(ack.nexcept, ACK_EXCEPT_MAX);
	assert_memory_equal(ack.except, except, sizeof except);
	pack_free(&p);
}

/* A count and positions as they are, whether that is allowed or not. */
static int read_raw(uint64_t count, const uint64_t *positions, uint32_t n, char *err)
{
	struct pack p = {0};
	size_t frame = frame_begin(&p, FRAME_ACK);

	pack_uint(&p, count);
	pack_array(&p, n);
	for (uint32_t i = 0; i < n; i++)
		pack_uint(&p, positions ? positions[i] : i);
	frame_end(&p, frame);
	int rc = read_back(&p, err);
	pack_free(&p);
	return rc;
}

static void what_breaks_a_rule_is_an_error(void **state)
{
	struct pack p = {0};
	char err[200] = "";

	(void)state;
	assert_int_equal(read_raw(10, (uint64_t[]){ 3, 9 }, 2, err), 0);
	assert_int_equal(read_raw(10, (uint64_t[]){ 3, 10 }, 2, err), -1);
	assert_string_equal(err, "ack: found position 10 as exception 1, expected ascending ones below 10");
	assert_int_equal(read_raw(10, (uint64_t[]){ 3, 3 }, 2, err), -1);
	assert_int_equal(read_raw(10, (uint64_t[]){ 4, 3 }, 2, err), -1);
	assert_int_equal(read_raw(0, (uint64_t[]){ 0 }, 1, err), -1);
	assert_int_equal(read_raw(10000, NULL, ACK_EXCEPT_MAX, err), 0);
	assert_int_equal(read_raw(10000, NULL, ACK_EXCEPT_MAX + 1, err), -1);
	assert_string_equal(err, "ack: found a longer array, expected an array of at most 4096 positions");

	size_t frame = frame_begin(&p, FRAME_ACK);
	frame_end(&p, frame);
	assert_int_equal(read_back(&p, err), -1);
	assert_string_equal(err, "ack: found no number in front, expected a count of frames");
	p.len = 0;
	frame = frame_begin(&p, FRAME_ACK);
	pack_int(&p, -1);
	frame_end(&p, frame);
	assert_int_equal(read_back(&p, err), -1);
	p.len = 0;
	frame = frame_begin(&p, FRAME_ACK);
	pack_uint(&p, 7);
	frame_end(&p, frame);
	assert_int_equal(read_back(&p, err), 0);               /* no array: none excepted */
	p.len = 0;
	frame = frame_begin(&p, FRAME_ACK);
	pack_uint(&p, 7);
	pack_str(&p, "x");
	frame_end(&p, frame);
	assert_int_equal(read_back(&p, err), -1);
	p.len = 0;
	frame = frame_begin(&p, FRAME_ACK);
	pack_uint(&p, 7);
	pack_raw(&p, "\x92\x01", 2);                           /* half of an array */
	frame_end(&p, frame);
	assert_int_equal(read_back(&p, err), -1);
	pack_free(&p);
}

enum fate { FLIGHT, HELD, SAFE };

/* The ACK that follows from the fates of all frames: the count ends at the first in flight. */
static void expect_ack(struct ledger *l, const uint8_t *fates, uint64_t n)
{
	struct pack p = {0};
	char err[200];
	uint64_t count = 0;
	unsigned held = 0;

	while (count < n && fates[count] != FLIGHT)
		count++;
	ledger_ack(l, &p);
	assert_int_equal(read_back(&p, err), 0);
	assert_int_equal(ack.count, count);
	for (uint64_t i = 0; i < count; i++)
		if (fates[i] == HELD)
			assert_int_equal(ack.except[held++], i);
	assert_int_equal(ack.nexcept, held);
	assert_false(l->changed);
	pack_free(&p);
}

static void any_order_gives_the_ack_that_follows(void **state)
{
	enum { MAX = 30000 };
	static uint8_t fates[MAX];
	struct ledger l = {0};

	(void)state;
	srand(1);
	for (int round = 0; round < 20; round++) {
		uint64_t n = 0;
		memset(fates, FLIGHT, sizeof fates);
		ledger_reset(&l);
		for (int step = 0; step < 4000; step++) {
			uint64_t at = n ? n - 1 - (uint64_t)rand() % (n < 300 ? n : 300) : 0, many = 1 + (uint64_t)rand() % 6;
			switch (rand() % 4) {
			case 0:
				for (; many && n < MAX; many--)
					assert_int_equal(ledger_take(&l), n++);
				break;
			case 1:
				/* Some of them may not have come yet. */
				ledger_safe(&l, at, many);
				for (uint64_t i = at; i < at + many && i < n; i++)
					fates[i] = SAFE;
				break;
			case 2:
				assert_int_equal(ledger_hold(&l, at), n > at && fates[at] == FLIGHT);
				if (n > at && fates[at] == FLIGHT)
					fates[at] = HELD;
				break;
			default:
				/* The oldest in flight: so the window moves on. */
				for (at = l.base; at < n && at < l.base + 40; at++)
					fates[at] = SAFE;
				ledger_safe(&l, l.base, at - l.base);
				break;
			}
			if (step % 7 == 0)
				expect_ack(&l, fates, n);
		}
		ledger_safe(&l, 0, n + 5);
		memset(fates, SAFE, sizeof fates);
		expect_ack(&l, fates, n);
	}
	ledger_free(&l);
}

static void exceptions_have_a_bound(void **state)
{
	struct ledger l = {0};
	struct pack p = {0};
	char err[200];

	(void)state;
	for (int i = 0; i < ACK_EXCEPT_MAX + 10; i++)
		ledger_take(&l);
	for (uint64_t i = 0; i < ACK_EXCEPT_MAX; i++)
		assert_true(ledger_hold(&l, i + 1));           /* the first one stays in flight */
	assert_false(ledger_hold(&l, ACK_EXCEPT_MAX + 1));
	ledger_ack(&l, &p);
	assert_int_equal(read_back(&p, err), 0);
	assert_int_equal(ack.count, 0);
	ledger_safe(&l, 0, 1);
	p.len = 0;
	ledger_ack(&l, &p);
	assert_int_equal(read_back(&p, err), 0);
	assert_int_equal(ack.count, ACK_EXCEPT_MAX + 1);
	assert_int_equal(ack.nexcept, ACK_EXCEPT_MAX);
	ledger_safe(&l, 5, 1);
	assert_true(ledger_hold(&l, ACK_EXCEPT_MAX + 1));
	assert_false(ledger_hold(&l, 3));
	pack_free(&p);
	ledger_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_breaks_a_rule_is_an_error),
		cmocka_unit_test(any_order_gives_the_ack_that_follows),
		cmocka_unit_test(exceptions_have_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
