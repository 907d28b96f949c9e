/* Reading and writing msgpack: every form, cut at every byte, and what no writer would send. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire_records.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof (const uint8_t[]){ __VA_ARGS__ }

struct form {
	const char *name;
	const uint8_t *bytes;
	size_t n;
	enum value_type type;
	uint64_t number;               /* of numbers the value, else length or count */
};

static const uint8_t str8[] = { 0xd9, 2, 'a', 'b' }, str16[] = { 0xda, 0, 2, 'a', 'b' }, str32[] = { 0xdb, 0, 0, 0,
	2, 'a', 'b' };
static const uint8_t bin8[] = { 0xc4, 2, 0, 1 }, bin16[] = { 0xc5, 0, 2, 0, 1 }, bin32[] = { 0xc6, 0, 0, 0, 2, 0, 1 };
static const uint8_t fixstr[] = { 0xa2, 'a', 'b' }, fixarray[] = { 0x92, 1, 2 }, fixmap[] = { 0x81, 1, 2 };
static const uint8_t array16[] = { 0xdc, 0, 2, 1, 2 }, array32[] = { 0xdd, 0, 0, 0, 2, 1, 2 };
static const uint8_t map16[] = { 0xde, 0, 1, 1, 2 }, map32[] = { 0xdf, 0, 0, 0, 1, 1, 2 };
static const uint8_t u8[] = { 0xcc, 0xff }, u16[] = { 0xcd, 1, 2 }, u32[] = { 0xce, 1, 2, 3, 4 };
static const uint8_t u64[] = { 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t i8[] = { 0xd0, 0x80 }, i16[] = { 0xd1, 0x80, 0 }, i32[] = { 0xd2, 0x80, 0, 0, 0 };
static const uint8_t i64[] = { 0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0 }, i8plus[] = { 0xd0, 0x7f }, i64plus[] = { 0xd3, 0,
	0, 0, 0, 0, 0, 0, 9 };
static const uint8_t f32[] = { 0xca, 0x3f, 0x80, 0, 0 }, f64[] = { 0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0 };
static const uint8_t nil[] = { 0xc0 }, no[] = { 0xc2 }, yes[] = { 0xc3 }, zero[] = { 0 }, fixmax[] = { 0x7f },
	minus[] = { 0xff };
static const uint8_t nested[] = { 0x92, 0x81, 0xa1, 'k', 0xc4, 1, 9, 0x90 };

static const struct form forms[] = {
	{ "nil", nil, sizeof nil, VALUE_NIL, 0 }, { "false", no, sizeof no, VALUE_BOOL, 0 },
	{ "true", yes, sizeof yes, VALUE_BOOL, 1 }, { "fixint 0", zero, sizeof zero, VALUE_UINT, 0 },
	{ "fixint 127", fixmax, sizeof fixmax, VALUE_UINT, 127 }, { "fixint -1", minus, sizeof minus, VALUE_INT,
	(uint64_t)-1 },
	{ "uint 8", u8, sizeof u8, VALUE_UINT, 255 }, { "uint 16", u16, sizeof u16, VALUE_UINT, 0x102 },
	{ "uint 32", u32, sizeof u32, VALUE_UINT, 0x1020304 }, { "uint 64", u64, sizeof u64, VALUE_UINT, UINT64_MAX },
	{ "int 8", i8, sizeof i8, VALUE_INT, (uint64_t)-128 }, { "int 16", i16, sizeof i16, VALUE_INT, (uint64_t)-32768 },
	{ "int 32", i32, sizeof i32, VALUE_INT, (uint64_t)INT32_MIN }, { "int 64", i64, sizeof i64, VALUE_INT,
	(uint64_t)INT64_MIN },
	{ "int 8 +", i8plus, sizeof i8plus, VALUE_UINT, 127 }, { "int 64 +", i64plus, sizeof i64plus, VALUE_UINT, 9 },
	{ "float 32", f32, sizeof f32, VALUE_FLOAT, 1 }, { "float 64", f64, sizeof f64, VALUE_FLOAT, 1 },
	{ "fixstr", fixstr, sizeof fixstr, VALUE_STR, 2 }, { "str 8", str8, sizeof str8, VALUE_STR, 2 },
	{ "str 16", str16, sizeof str16, VALUE_STR, 2 }, { "str 32", str32, sizeof str32, VALUE_STR, 2 },
	{ "bin 8", bin8, sizeof bin8, VALUE_BIN, 2 }, { "bin 16", bin16, sizeof bin16, VALUE_BIN, 2 },
	{ "bin 32", bin32, sizeof bin32, VALUE_BIN, 2 }, { "fixarray", fixarray, sizeof fixarray, VALUE_ARRAY, 2 },
	{ "array 16", array16, sizeof array16, VALUE_ARRAY, 2 }, { "array 32", array32, sizeof array32, VALUE_ARRAY, 2 },
	{ "fixmap", fixmap, sizeof fixmap, VALUE_MAP, 1 }, { "map 16", map16, sizeof map16, VALUE_MAP, 1 },
	{ "map 32", map32, sizeof map32, VALUE_MAP, 1 }, { "nested", nested, sizeof nested, VALUE_ARRAY, 2 },
};
enum { FORMS = sizeof forms / sizeof forms[0] };

static uint64_t number_of(const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOL: return v->boolean;
	case VALUE_UINT: return v->u;
	case VALUE_INT: return (uint64_t)v->i;
	case VALUE_FLOAT: return (uint64_t)v->f;
	case VALUE_STR: case VALUE_BIN: return v->s.len;
	case VALUE_ARRAY: case VALUE_MAP: return v->a.count;
	default: return 0;
	}
}

/* In memory of exactly its size, so that the sanitizer sees a byte read too far. */
static uint8_t *exact(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	return copy;
}

static void every_form(void **state)
{
	(void)state;
	for (int i = 0; i < FORMS; i++) {
		uint8_t *p = exact(forms[i].bytes, forms[i].n);
		struct cursor c = { p, p + forms[i].n }, skipped = c;
		struct value v;
		if (value_next(&c, &v) != 1 || v.type != forms[i].type || number_of(&v) != forms[i].number)
			fail_msg("%s: read wrongly", forms[i].name);
		assert_ptr_equal(c.p, c.end);
		assert_int_equal(value_next(&c, &v), 0);
		assert_int_equal(value_skip(&skipped), 1);
		assert_ptr_equal(skipped.p, skipped.end);
		free(p);
	}
}

static void cut_at_every_byte(void **state)
{
	(void)state;
	for (int i = 0; i < FORMS; i++)
		for (size_t n = 1; n < forms[i].n; n++) {
			uint8_t *p = exact(forms[i].bytes, n);
			struct cursor c = { p, p + n }, skipped = c;
			struct value v;
			if (value_next(&c, &v) != -1 || value_skip(&skipped) != -1)
				fail_msg("%s: %zu of %zu bytes were taken for a value", forms[i].name, n, forms[i].n);
			free(p);
		}
}

static void types_that_the_wire_does_not_use(void **state)
{
	static const uint8_t types[] = { 0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8 };

	(void)state;
	for (size_t i = 0; i < sizeof types; i++) {
		uint8_t bytes[20] = { types[i] };
		struct cursor c = { bytes, bytes + sizeof bytes };
		struct value v;
		assert_int_equal(value_next(&c, &v), -1);
		assert_ptr_equal(c.p, bytes);
	}
}

static void counts_that_can_not_be(void **state)
{
	static const struct { uint8_t bytes[8]; size_t n; } lies[] = {
		{ { 0xdd, 0xff, 0xff, 0xff, 0xff, 1, 2, 3 }, 8 }, { { 0xdf, 0xff, 0xff, 0xff, 0xff, 1, 2, 3 }, 8 },
		{ { 0xdf, 0x80, 0, 0, 0 }, 5 }, { { 0xdc, 0, 2, 1 }, 4 }, { { 0xde, 0, 1, 1 }, 4 }, { { 0x9f, 1 }, 2 },
		{ { 0xdb, 0xff, 0xff, 0xff, 0xff, 'a' }, 6 }, { { 0xc6, 0xff, 0xff, 0xff, 0xff, 0 }, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct cursor c = { lies[i].bytes, lies[i].bytes + lies[i].n };
		struct value v;
		assert_int_equal(value_next(&c, &v), -1);
		assert_ptr_equal(c.p, lies[i].bytes);
	}
}

/* Whatever the bytes are, reading and passing over agree about them and where they end. */
static void skipped_as_read(void **state)
{
	unsigned good = 0, bad = 0;

	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		uint8_t bytes[40], n = (uint8_t)((unsigned)random() % sizeof bytes);
		for (unsigned k = 0; k < n; k++)
			bytes[k] = (uint8_t)(random() % 3 ? random() % 6 : random());
		if (n)
			bytes[0] = (uint8_t)i;
		struct cursor read = { bytes, bytes + n }, passed = read;
		struct value v;
		int rc = value_next(&read, &v);
		assert_int_equal(value_skip(&passed), rc);
		assert_ptr_equal(passed.p, read.p);
		good += rc > 0;
		bad += rc < 0;
	}
	assert_true(good > 50000 && bad > 20000);
}

static int nest(unsigned depth, bool skip)
{
	uint8_t bytes[64];
	struct value v;

	memset(bytes, 0x91, sizeof bytes);
	bytes[depth] = 0;
	struct cursor c = { bytes, bytes + depth + 1 };
	return skip ? value_skip(&c) : value_next(&c, &v);
}

static void nesting_has_a_bound(void **state)
{
	(void)state;
	for (int skip = 0; skip < 2; skip++) {
		assert_int_equal(nest(VALUE_DEPTH, skip), 1);
		assert_int_equal(nest(VALUE_DEPTH + 1, skip), -1);
		assert_int_equal(nest(60, skip), -1);
	}
}

static void an_array_is_walked_from_inside(void **state)
{
	struct cursor c = { nested, nested + sizeof nested };
	struct value v, map, key, bin, empty;

	(void)state;
	assert_int_equal(value_next(&c, &v), 1);
	assert_int_equal(value_next(&v.a.inside, &map), 1);
	assert_int_equal(value_next(&map.a.inside, &key), 1);
	assert_int_equal(value_next(&map.a.inside, &bin), 1);
	assert_int_equal(bin.type, VALUE_BIN);
	assert_int_equal(value_next(&map.a.inside, &bin), 0);
	assert_int_equal(value_next(&v.a.inside, &empty), 1);
	assert_int_equal(empty.a.count, 0);
	assert_int_equal(value_next(&v.a.inside, &empty), 0);
}

static void assert_packed(struct pack *p, const uint8_t *bytes, size_t n)
{
	assert_int_equal(p->len, n);
	assert_memory_equal(p->data, bytes, n);
	p->len = 0;
}

static void the_smallest_form_is_written(void **state)
{
	static const struct { int64_t i; size_t n; uint8_t type; } ints[] = {
		{ 0, 1, 0 }, { 127, 1, 0x7f }, { 128, 2, 0xcc }, { 255, 2, 0xcc }, { 256, 3, 0xcd }, { 65535, 3, 0xcd },
		{ 65536, 5, 0xce }, { UINT32_MAX, 5, 0xce }, { (int64_t)UINT32_MAX + 1, 9, 0xcf }, { -1, 1, 0xff },
		{ -32, 1, 0xe0 }, { -33, 2, 0xd0 }, { -128, 2, 0xd0 }, { -129, 3, 0xd1 }, { -32769, 5, 0xd2 },
		{ (int64_t)INT32_MIN - 1, 9, 0xd3 },
	};
	struct pack p = {0};

	(void)state;
	for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
		p.len = 0;
		pack_int(&p, ints[i].i);
		assert_int_equal(p.len, ints[i].n);
		assert_int_equal(p.data[0], ints[i].type);
	}
	p.len = 0;
	pack_fix64(&p, 1);
	assert_packed(&p, BYTES(0xcf, 0, 0, 0, 0, 0, 0, 0, 1));
	pack_fix16(&p, 1);
	assert_packed(&p, BYTES(0xcd, 0, 1));
	pack_str(&p, NULL);
	pack_bin(&p, NULL, 5);
	assert_packed(&p, BYTES(0xc0, 0xc0));
	pack_bin(&p, "", 0);
	assert_packed(&p, BYTES(0xc4, 0));
	pack_cut(&p, "ab", 2, 2);
	assert_packed(&p, BYTES(0xc4, 2, 'a', 'b'));
	pack_cut(&p, "ab", 2, 300);
	assert_packed(&p, BYTES(0x92, 0xc4, 2, 'a', 'b', 0xcd, 1, 44));
	pack_free(&p);
}

static void a_value_is_written_again(void **state)
{
	struct pack p = {0}, again = {0};
	struct value v;

	(void)state;
	for (int i = 0; i < FORMS; i++) {
		struct cursor c = { forms[i].bytes, forms[i].bytes + forms[i].n }, back;
		assert_int_equal(value_next(&c, &v), 1);
		p.len = again.len = 0;
		pack_value(&p, &v);
		back = (struct cursor){ p.data, p.data + p.len };
		assert_int_equal(value_next(&back, &v), 1);
		pack_value(&again, &v);
		assert_int_equal(number_of(&v), forms[i].number);
		assert_packed(&again, p.data, p.len);
	}
	pack_free(&p);
	pack_free(&again);
}

static void numbers_and_texts_by_their_type(void **state)
{
	const struct value u = { .type = VALUE_UINT, .u = UINT64_MAX }, i = { .type = VALUE_INT, .i = -4 };
	static const uint8_t cut[] = { 0x92, 0xc4, 2, 'a', 'b', 100 };
	struct cursor c = { cut, cut + sizeof cut };
	struct value v;
	const uint8_t *data;
	uint32_t len;
	uint64_t whole, u64_out;
	int64_t i64_out;

	(void)state;
	assert_true(value_u64(&u, &u64_out));
	assert_false(value_i64(&u, &i64_out));
	assert_false(value_u64(&i, &u64_out));
	assert_true(value_i64(&i, &i64_out));
	assert_int_equal(i64_out, -4);
	assert_false(value_cut(&i, &data, &len, &whole));
	assert_int_equal(value_next(&c, &v), 1);
	assert_true(value_cut(&v, &data, &len, &whole));
	assert_int_equal(len, 2);
	assert_int_equal(whole, 100);
}

static void a_frame_over_the_limit_is_taken_back(void **state)
{
	struct pack p = {0};
	uint8_t *big = calloc(1, FRAME_MAX);

	(void)state;
	assert_non_null(big);
	end_frame(&p, "before");
	size_t before = p.len, frame = frame_begin(&p, FRAME_PROC);
	pack_bin(&p, big, FRAME_MAX);
	assert_int_equal(frame_end(&p, frame), -1);
	assert_int_equal(p.len, before);
	frame = frame_begin(&p, FRAME_JSON);
	pack_bin(&p, big, FRAME_MAX);
	assert_int_equal(frame_end(&p, frame), 0);
	assert_int_equal(p.len, before + FRAME_HEADER + 5 + FRAME_MAX);
	free(big);
	pack_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(types_that_the_wire_does_not_use),
		cmocka_unit_test(counts_that_can_not_be),
		cmocka_unit_test(skipped_as_read),
		cmocka_unit_test(nesting_has_a_bound),
		cmocka_unit_test(an_array_is_walked_from_inside),
		cmocka_unit_test(the_smallest_form_is_written),
		cmocka_unit_test(a_value_is_written_again),
		cmocka_unit_test(numbers_and_texts_by_their_type),
		cmocka_unit_test(a_frame_over_the_limit_is_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
