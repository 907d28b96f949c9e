/* The look ahead over made-up rings: who is left out, and who is not because of what refers to him or happens while he lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "probe/lives.h"

enum { SIZE = 1 << 22, BEGIN = 5 * SIZE - 3000 };      /* it wraps soon */

/* A ring as the kernel has it, but for the second copy, which is made when something is written over its end. */
struct made {
	uint64_t consumer, producer;
	uint8_t *data;
	struct ring ring;
	struct lives *lives;
};

static void begin(struct made *m)
{
	*m = (struct made){ .consumer = BEGIN, .producer = BEGIN, .data = calloc(2, SIZE), .lives = lives_new() };
	m->ring = (struct ring){ &m->consumer, &m->producer, m->data, SIZE - 1 };
	assert_true(m->data && m->lives);
}

static void end(struct made *m)
{
	free(m->data);
	lives_free(m->lives);
}

static void put(struct made *m, const void *record, size_t size)
{
	uint32_t len = (uint32_t)size;
	uint8_t *at = m->data + (m->producer & (SIZE - 1));

	memcpy(at, &len, sizeof len);
	memcpy(at + 8, record, size);
	if (at + 8 + size > m->data + SIZE)
		memcpy(m->data, m->data + SIZE, (size_t)(at + 8 + size - m->data) - SIZE);
	m->producer += RING_SPACE(size);
	assert_true(m->producer - m->consumer <= SIZE);
}

static struct raw_proc proc(uint8_t kind, uint64_t key, uint64_t parent)
{
	return (struct raw_proc){ .h = { .len = sizeof(struct raw_proc), .kind = kind, .flags = RAW_UNWANTED, .process = key, .task = key },
		.parent = parent };
}

static void birth(struct made *m, uint64_t key, uint64_t parent)
{
	struct raw_proc p = proc(RAW_PROC, key, parent);

	p.born = 1;
	p.fork_parent = p.argv_of = parent;
	put(m, &p, sizeof p);
}

static void exec(struct made *m, uint64_t key, uint64_t parent)
{
	struct raw_proc p = proc(RAW_EXEC, key, parent);

	p.fork_parent = parent;
	put(m, &p, sizeof p);
}

/* Of a thread that is the last one, and alone. */
static struct raw_exit leaving(uint64_t key)
{
	return (struct raw_exit){ .h = { .len = sizeof(struct raw_exit), .kind = RAW_EXIT, .flags = RAW_UNWANTED, .process = key, .task = key },
		.last = 1, .alone = 1 };
}

static void death(struct made *m, uint64_t key)
{
	struct raw_exit x = leaving(key);

	put(m, &x, sizeof x);
}

static void event(struct made *m, uint64_t key)
{
	struct raw_event e = { .h = { .len = sizeof e, .kind = RAW_EVENT, .process = key, .task = key } };

	put(m, &e, sizeof e);
}

static void look(struct made *m)
{
	lives_look(m->lives, &m->ring, m->consumer, 0, true);
}

static bool unused(const struct made *m, uint64_t key)
{
	struct raw_head h = { .kind = RAW_EXEC, .process = key };

	return lives_unused(m->lives, &h);
}

static void whole_life(struct made *m, uint64_t key, uint64_t parent)
{
	birth(m, key, parent);
	exec(m, key, parent);
	death(m, key);
}

static void unnoticed(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	for (uint64_t key = 10; key < 20; key++)
		whole_life(&m, key, 1);
	assert_true(m.producer > 5 * SIZE);
	look(&m);
	assert_int_equal(lives_end(m.lives), m.producer);
	for (uint64_t key = 10; key < 20; key++)
		assert_true(unused(&m, key));
	assert_false(unused(&m, 1));
	struct raw_head h = { .kind = RAW_EVENT, .process = 10 };
	assert_false(lives_unused(m.lives, &h));
	end(&m);
}

static void parts_of_lives(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	death(&m, 10);                                 /* began before */
	birth(&m, 11, 1);                              /* goes on */
	exec(&m, 11, 1);
	struct raw_proc p = proc(RAW_PROC, 12, 1);     /* was not its birth: a snapshot's */
	put(&m, &p, sizeof p);
	death(&m, 12);
	birth(&m, 13, 1);                              /* a thread of it may still tell of its end */
	struct raw_exit x = leaving(13);
	x.alone = 0;
	put(&m, &x, sizeof x);
	birth(&m, 14, 1);                              /* only a thread has ended */
	x = leaving(14);
	x.h.task = 15;
	x.last = 0;
	put(&m, &x, sizeof x);
	birth(&m, 16, 1);                              /* one key for two */
	death(&m, 16);
	birth(&m, 16, 1);
	death(&m, 16);
	birth(&m, 17, 1);                              /* something is known of a thread of it */
	p = proc(RAW_THREAD, 17, 1);
	put(&m, &p, sizeof p);
	death(&m, 17);
	whole_life(&m, 20, 1);
	look(&m);
	for (uint64_t key = 10; key < 18; key++)
		assert_false(unused(&m, key));
	assert_true(unused(&m, 20));
	end(&m);
}

static void events_between(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	whole_life(&m, 10, 1);
	birth(&m, 11, 1);
	event(&m, 1);                                  /* may look 11 up by its pid */
	death(&m, 11);
	whole_life(&m, 12, 1);
	birth(&m, 13, 1);
	struct raw_proc p = proc(RAW_EXEC, 13, 1);
	p.h.flags = 0;                                 /* the event is wanted */
	put(&m, &p, sizeof p);
	death(&m, 13);
	birth(&m, 14, 1);
	struct raw_exit x = leaving(14);
	x.h.flags = 0;                                 /* likewise */
	put(&m, &x, sizeof x);
	whole_life(&m, 15, 1);
	event(&m, 15);                                 /* told late */
	look(&m);
	assert_true(unused(&m, 10) && unused(&m, 12));
	for (uint64_t key = 11; key < 16; key++)
		assert_true(key == 12 || !unused(&m, key));
	end(&m);
}

static void references(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	/* 10 begets 11, which begets 12, which stays. */
	birth(&m, 10, 1);
	birth(&m, 11, 10);
	death(&m, 10);
	birth(&m, 12, 11);
	death(&m, 11);
	exec(&m, 12, 1);
	/* The same, but 22 goes, too. */
	birth(&m, 20, 1);
	birth(&m, 21, 20);
	death(&m, 20);
	birth(&m, 22, 21);
	death(&m, 21);
	death(&m, 22);
	/* Each other way to refer, by somebody who is told of. */
	for (uint64_t key = 30; key < 34; key++)
		birth(&m, key, 1);
	struct raw_proc p = proc(RAW_EXEC, 2, 30);
	p.argv_of = 31;
	p.ptracer = 32;
	p.fork_parent = 33;
	put(&m, &p, sizeof p);
	for (uint64_t key = 30; key < 34; key++)
		death(&m, key);
	/* An older one that is kept is traced by a younger one, whose parent is younger than that. */
	birth(&m, 40, 1);
	birth(&m, 41, 1);
	birth(&m, 42, 1);
	p = proc(RAW_EXEC, 41, 42);
	put(&m, &p, sizeof p);
	p = proc(RAW_EXEC, 40, 1);
	p.ptracer = 41;
	put(&m, &p, sizeof p);
	death(&m, 41);
	death(&m, 42);
	look(&m);
	for (uint64_t key = 10; key < 13; key++)
		assert_false(unused(&m, key));
	for (uint64_t key = 20; key < 23; key++)
		assert_true(unused(&m, key));
	for (uint64_t key = 30; key < 34; key++)
		assert_false(unused(&m, key));
	for (uint64_t key = 40; key < 43; key++)
		assert_false(unused(&m, key));
	end(&m);
}

/* Descendants each of which lives longer than his parent: at last one stays, or none does. */
static void long_chains(void **state)
{
	(void)state;
	for (int stays = 0; stays < 2; stays++) {
		struct made m;
		begin(&m);
		for (uint64_t key = 10; key < 1010; key++) {
			birth(&m, key, key - 1);
			if (key > 10)
				death(&m, key - 1);
		}
		if (!stays)
			death(&m, 1009);
		look(&m);
		for (uint64_t key = 10; key < 1010; key++)
			assert_int_equal(unused(&m, key), !stays);
		end(&m);
	}
}

static void where_it_ends(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	whole_life(&m, 10, 1);
	uint64_t whole = m.producer;
	uint32_t busy = BPF_RINGBUF_BUSY_BIT | 100;
	memcpy(m.data + (m.producer & (SIZE - 1)), &busy, sizeof busy);
	m.producer += RING_SPACE(100);
	whole_life(&m, 11, 1);
	look(&m);
	assert_int_equal(lives_end(m.lives), whole);
	assert_true(unused(&m, 10) && !unused(&m, 11));
	end(&m);

	/* Nobody who may have been told of before, and nobody where births were lost. */
	begin(&m);
	whole_life(&m, 10, 1);
	whole = m.producer;
	whole_life(&m, 11, 1);
	lives_look(m.lives, &m.ring, m.consumer, whole, true);
	assert_true(!unused(&m, 10) && unused(&m, 11));
	lives_look(m.lives, &m.ring, m.consumer, 0, false);
	assert_true(!unused(&m, 10) && !unused(&m, 11));
	assert_int_equal(lives_end(m.lives), m.producer);
	end(&m);
}

/* More than are looked at together: the rest is looked at later. */
static void many(void **state)
{
	struct made m;
	uint64_t n = 10, left = 0;

	(void)state;
	begin(&m);
	for (; n < LIVES_MAX + 1000; n++)
		whole_life(&m, n, 1);
	look(&m);
	for (uint64_t key = 10; key < n; key++)
		left += unused(&m, key);
	assert_true(left + 1 >= LIVES_MAX && left <= LIVES_MAX && lives_end(m.lives) < m.producer);
	uint64_t at = lives_end(m.lives);
	lives_look(m.lives, &m.ring, at, 0, true);
	assert_int_equal(lives_end(m.lives), m.producer);
	assert_true(unused(&m, n - 1) && !unused(&m, 10));
	end(&m);
}

/* A reader that goes on in the middle of what another one has looked at leaves out the same ones. */
static void handed_over(void **state)
{
	struct made m;
	uint64_t keys[LIVES_MAX];

	(void)state;
	begin(&m);
	birth(&m, 10, 1);
	birth(&m, 11, 10);
	exec(&m, 10, 1);
	m.consumer = m.producer;
	exec(&m, 11, 10);
	death(&m, 11);
	death(&m, 10);
	birth(&m, 12, 1);
	lives_look(m.lives, &m.ring, BEGIN, 0, true);
	size_t n = lives_save(m.lives, keys);
	assert_int_equal(n, 2);
	struct lives *next = lives_new();
	lives_restore(next, lives_end(m.lives), keys, n);
	assert_int_equal(lives_end(next), m.producer);
	lives_free(m.lives);
	m.lives = next;
	assert_true(unused(&m, 10) && unused(&m, 11) && !unused(&m, 12));
	end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unnoticed), cmocka_unit_test(parts_of_lives), cmocka_unit_test(events_between), cmocka_unit_test(references),
		cmocka_unit_test(long_chains), cmocka_unit_test(where_it_ends), cmocka_unit_test(many), cmocka_unit_test(handed_over)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
