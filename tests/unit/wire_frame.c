/* Frames in a buffer, and the fixed head of EVENT. */
#include <stdlib.h>

#include "wire_records.h"
#include "wire/event.h"

static void a_frame_is_whole_or_not_yet(void **state)
{
	struct pack p = {0};
	struct frame f;
	char err[200];
	size_t need;

	(void)state;
	add_exit(&p, 5);
	for (size_t n = 0; n < p.len; n++) {
		uint8_t *part = malloc(n + 1);
		memcpy(part, p.data, n);
		assert_int_equal(frame_parse(part, n, 0, &f, &need, err, sizeof err), 0);
		assert_int_equal(need, n < FRAME_HEADER ? FRAME_HEADER : p.len);
		free(part);
	}
	assert_int_equal(frame_parse(p.data, p.len, 77, &f, &need, err, sizeof err), 1);
	assert_int_equal(f.kind, FRAME_EXIT);
	assert_int_equal(f.size, p.len);
	assert_int_equal(f.len, p.len - FRAME_HEADER);
	assert_int_equal(f.offset, 77);
	pack_free(&p);
}

static void what_can_not_be_a_frame(void **state)
{
	static const uint8_t wrong[] = { 0xc8, 0, 0, 0, 0, 1 }, large[] = { 0xc9, 0, 0x10, 0, 1, 5 };
	static const uint8_t json[] = { 0xc9, 0, 0x10, 0, 1, 9 }, large_json[] = { 0xc9, 1, 0, 0, 1, 9 };
	struct frame f;
	char err[200];
	size_t need;

	(void)state;
	assert_int_equal(frame_parse(wrong, 6, 1234, &f, &need, err, sizeof err), -1);
	assert_string_equal(err, "byte 1234: found 0xc8 where a frame must begin with 0xc9");
	assert_int_equal(frame_parse(large, 6, 1000, &f, &need, err, sizeof err), -1);
	assert_string_equal(err, "byte 1001: a body of 1048577 bytes, over the limit of 1048576 for kind 5");
	assert_int_equal(frame_parse(json, 6, 0, &f, &need, err, sizeof err), 0);
	assert_int_equal(frame_parse(large_json, 6, 0, &f, &need, err, sizeof err), -1);
}

static void kinds_have_names(void **state)
{
	(void)state;
	for (int kind = 1; kind < FRAME_KINDS; kind++) {
		assert_non_null(frame_kind_name(kind));
		assert_int_equal(frame_kind_number(frame_kind_name(kind)), kind);
	}
	assert_null(frame_kind_name(0));
	assert_null(frame_kind_name(FRAME_KINDS));
	assert_null(frame_kind_name(-3));
	assert_int_equal(frame_kind_number("99"), 99);
	assert_int_equal(frame_kind_number("128"), -1);
	assert_int_equal(frame_kind_number("event "), -1);
	assert_int_equal(frame_kind_number(""), -1);
}

static void an_event_is_found_without_decoding(void **state)
{
	struct pack p = {0};
	struct event e;
	size_t at;

	(void)state;
	add_event(&p, 9, 1000, 1001);
	struct frame f = frame_at(p.data, p.len, 0);
	assert_int_equal(event_frame_type(&f), 275);
	assert_int_equal(event_decode(&f, &e, &at), 0);
	assert_int_equal(e.id, 9);
	assert_int_equal(e.process, 1000);
	assert_int_equal(e.task, 1001);
	assert_true(e.has_result);
	for (uint32_t n = 0; n < 42; n++) {
		struct frame cut = f;
		cut.len = n;
		assert_int_equal(event_decode(&cut, &e, &at), -1);
		assert_true(at <= n);
	}
	p.data[FRAME_HEADER + EVENT_AT_TYPE] = 0xce;
	assert_int_equal(event_frame_type(&f), 0);
	pack_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_whole_or_not_yet),
		cmocka_unit_test(what_can_not_be_a_frame),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(an_event_is_found_without_decoding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
