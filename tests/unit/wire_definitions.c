/* What a consumer that comes late is told. */
#include "wire_records.h"
#include "wire/definitions.h"

static void note_all(struct definitions *d, const struct pack *p, size_t from)
{
	for (size_t at = from; at < p->len;) {
		struct frame f = frame_at(p->data, p->len, at);
		definitions_note(d, &f, UINT64_MAX);
		at += f.size;
	}
}

/* Everything that consumer 3 would get now, as "kind:first value" of each. */
static const char *story(struct definitions *d)
{
	static char text[1 << 16];
	struct pack p = {0};
	size_t n = 0;

	text[0] = '\0';
	definitions_begin(d, 3, &p);
	while (definitions_more(d, 3, &p, 1))
		;
	for (size_t at = 0; at < p.len;) {
		struct frame f = frame_at(p.data, p.len, at);
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s:%llu", n ? " " : "", frame_kind_name(f.kind),
			(unsigned long long)first_number(&f));
		at += f.size;
	}
	pack_free(&p);
	return text;
}

struct fixture {
	struct definitions *d;
	struct pack p;
};

static int setup(void **state)
{
	struct fixture *x = test_calloc(1, sizeof *x);

	x->d = definitions_new(DEFINITIONS_MAX);
	add_hello(&x->p, "one", false);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	definitions_free(x->d);
	pack_free(&x->p);
	test_free(x);
	return 0;
}

static void the_last_record_of_each_key(void **state)
{
	struct fixture *x = *state;

	add_proc(&x->p, 10, 1, 0, 5);
	add_thread(&x->p, 11, 10);
	add_proc(&x->p, 20, 10, 0, 5);
	add_event(&x->p, 1, 10, 10);
	add_thread(&x->p, 21, 20);
	add_cgroup(&x->p, 7, "/a", true);
	add_proc(&x->p, 10, 1, 0, 9);
	note_all(x->d, &x->p, 0);
	assert_string_equal(story(x->d), "hello:1 cgroup:7 thread:11 proc:20 thread:21 proc:10");
}

static void what_has_ended_is_forgotten(void **state)
{
	struct fixture *x = *state;

	add_proc(&x->p, 10, 1, 0, 5);
	add_thread(&x->p, 11, 10);
	add_cgroup(&x->p, 7, "/a", true);
	add_exit(&x->p, 11);
	add_exit(&x->p, 10);
	add_exit(&x->p, 10);
	add_exit(&x->p, 99);
	add_cgroup(&x->p, 7, "/a", false);
	note_all(x->d, &x->p, 0);
	assert_string_equal(story(x->d), "hello:1");
	assert_int_equal(definitions_bytes(x->d), 0);
}

static void the_dead_stay_while_the_living_need_them(void **state)
{
	struct fixture *x = *state;

	add_proc(&x->p, 10, 1, 0, 5);
	add_proc(&x->p, 20, 10, 0, 5);
	add_proc(&x->p, 30, 1, 20, 0);
	add_exit(&x->p, 10);
	add_exit(&x->p, 20);
	note_all(x->d, &x->p, 0);
	assert_string_equal(story(x->d), "hello:1 proc:10 exit:10 proc:20 exit:20 proc:30");
	size_t before = x->p.len;
	add_proc(&x->p, 30, 1, 0, 4);
	note_all(x->d, &x->p, before);
	assert_string_equal(story(x->d), "hello:1 proc:30");
}

static void another_source_begins_anew(void **state)
{
	struct fixture *x = *state;

	add_proc(&x->p, 10, 1, 0, 5);
	add_hello(&x->p, "one", false);
	note_all(x->d, &x->p, 0);
	assert_string_equal(story(x->d), "hello:1 proc:10");
	size_t before = x->p.len;
	add_hello(&x->p, "two", false);
	note_all(x->d, &x->p, before);
	assert_string_equal(story(x->d), "hello:1");
}

static void an_event_brings_what_it_rests_on(void **state)
{
	struct fixture *x = *state;
	struct pack event = {0}, out = {0};
	static const int kinds[] = { FRAME_PROC, FRAME_PROC, FRAME_PROC, FRAME_THREAD };
	static const uint64_t keys[] = { 30, 10, 20, 31 };
	size_t at = 0;

	for (uint64_t key = 100; key < 1000; key++)
		add_proc(&x->p, key, 0, 0, 5);
	add_proc(&x->p, 10, 0, 0, 5);
	add_proc(&x->p, 20, 10, 0, 5);
	add_proc(&x->p, 30, 20, 10, 0);
	add_thread(&x->p, 31, 30);
	note_all(x->d, &x->p, 0);
	definitions_begin(x->d, 3, &out);
	out.len = 0;
	add_event(&event, 1, 30, 31);
	struct frame f = frame_at(event.data, event.len, 0);
	definitions_before(x->d, 3, &f, &out);
	for (int i = 0; i < 4; i++) {
		f = frame_at(out.data, out.len, at);
		assert_int_equal(f.kind, kinds[i]);
		assert_int_equal(first_number(&f), keys[i]);
		at += f.size;
	}
	assert_int_equal(at, out.len);
	f = frame_at(event.data, event.len, 0);
	definitions_before(x->d, 3, &f, &out);
	assert_int_equal(at, out.len);
	pack_free(&event);
	pack_free(&out);
}

static void a_cycle_of_parents_ends(void **state)
{
	struct fixture *x = *state;
	struct pack event = {0}, out = {0};

	add_proc(&x->p, 10, 20, 10, 0);
	add_proc(&x->p, 20, 10, 20, 0);
	add_exit(&x->p, 20);
	note_all(x->d, &x->p, 0);
	assert_string_equal(story(x->d), "hello:1 proc:10 proc:20 exit:20");
	definitions_begin(x->d, 4, &out);
	add_event(&event, 1, 10, 10);
	struct frame f = frame_at(event.data, event.len, 0);
	definitions_before(x->d, 4, &f, &out);
	pack_free(&event);
	pack_free(&out);
}

static void memory_has_a_bound(void **state)
{
	struct fixture *x = *state;
	struct definitions *d = definitions_new(64 << 10);

	for (uint64_t key = 1; key <= 2000; key++)
		add_proc(&x->p, key, 0, 0, 100);
	note_all(d, &x->p, 0);
	assert_in_range(definitions_bytes(d), 1, 64 << 10);
	const char *last = strrchr(story(d), ':');
	assert_string_equal(last, ":2000");
	definitions_free(d);
}

static void what_is_malformed_is_left_out(void **state)
{
	struct fixture *x = *state;
	size_t frame = frame_begin(&x->p, FRAME_PROC);

	pack_str(&x->p, "no key");
	frame_end(&x->p, frame);
	frame = frame_begin(&x->p, FRAME_CONTAINER);
	frame_end(&x->p, frame);
	frame = frame_begin(&x->p, 99);
	frame_end(&x->p, frame);
	frame = frame_begin(&x->p, -4);
	frame_end(&x->p, frame);
	note_all(x->d, &x->p, 0);
	assert_string_equal(story(x->d), "hello:1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_record_of_each_key, setup, teardown),
		cmocka_unit_test_setup_teardown(what_has_ended_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(the_dead_stay_while_the_living_need_them, setup, teardown),
		cmocka_unit_test_setup_teardown(another_source_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(an_event_brings_what_it_rests_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cycle_of_parents_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_has_a_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_malformed_is_left_out, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
