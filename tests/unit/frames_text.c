/* JSON strings, base64 and times of the frames tool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/moment.h"
#include "wire/frames/text.h"

static void utf8_is_strict(void **state)
{
	static const char *const good[] = { "", "a", "\xc3\xa4", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
			"\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80",
			"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xff", "a\xe2\x82z" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(text_is_utf8((const uint8_t *)good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_is_utf8((const uint8_t *)bad[i], strlen(bad[i])));
	assert_false(text_is_name((const uint8_t *)"a\0b", 3));
}

static void base64_there_and_back(void **state)
{
	static const char *const bad[] = { "A", "AB", "ABC", "A===", "AB=C", "AB==AAAA", "AB*=", "AR==", "AAB=" };
	struct pack coded = {0}, back = {0};
	uint8_t bytes[64] = {0};

	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++) {
		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(i * 73 + n);
		coded.len = back.len = 0;
		text_base64(&coded, bytes, n);
		assert_int_equal(coded.len, (n + 2) / 3 * 4);
		assert_true(text_unbase64(&back, (const char *)coded.data, coded.len));
		assert_int_equal(back.len, n);
		if (n)
			assert_memory_equal(back.data, bytes, n);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_unbase64(&back, bad[i], strlen(bad[i])));
	pack_free(&coded);
	pack_free(&back);
}

static bool read_time(const char *json, uint64_t *ns)
{
	json_t *j = json_loads(json, JSON_DECODE_ANY, NULL);
	bool good = moment_read(j, ns);

	assert_non_null(j);
	json_decref(j);
	return good;
}

static void times_of_every_form(void **state)
{
	static const uint64_t expected = UINT64_C(1709204400500000000);
	static const char *const same[] = { "\"2024-02-29T11:00:00.5Z\"", "\"2024-02-29t12:00:00.500+01:00\"",
		"\"2024-02-28 23:30:00.5000000009-11:30\"", "1709204400.5", "1709204400500", "1709204400500000",
		"1709204400500000000", "\"1709204400500\"" };
	static const char *const bad[] = { "\"\"", "\"yesterday\"", "\"2024-13-01T00:00:00Z\"", "\"2024-02-29T11:00:00\"",
		"\"2024-02-29T11:00:00Z \"", "\"2024-02-29T25:00:00Z\"", "\"2024-02-29T11:00:00+1:00\"", "-1", "-0.5", "1e300",
		"null",
		"true", "[1709204400]", "\"1709204400.5\"", "\"1600-01-01T00:00:00Z\"", "\"2024-02-29T11:00:00+01:00x\"" };
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		assert_true(read_time(same[i], &ns));
		assert_int_equal(ns, expected);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (read_time(bad[i], &ns))
			fail_msg("%s was read as a time", bad[i]);
	assert_true(read_time("0", &ns));
	assert_int_equal(ns, 0);
}

static void pointers_lead_into_documents(void **state)
{
	static const struct { const char *pointer, *text; } cases[] = {
		{ "/a/1/b", "x" }, { "/c~1d~0e", "y" }, { "/", "z" }, { "/a/01/b", NULL }, { "/a/2", NULL }, { "/a/1/b/c", NULL },
		{ "/none", NULL }, { "/a/-", NULL }, { "/a/+1/b", NULL },
	};
	json_t *j = json_loads("{\"a\":[1,{\"b\":\"x\"}],\"c/d~e\":\"y\",\"\":\"z\"}", 0, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const json_t *found = moment_find(j, cases[i].pointer);
		if (cases[i].text)
			assert_string_equal(json_string_value(found), cases[i].text);
		else
			assert_null(found);
		assert_true(moment_is_pointer(cases[i].pointer));
	}
	assert_ptr_equal(moment_find(j, ""), j);
	assert_false(moment_is_pointer("a"));
	assert_false(moment_is_pointer("/a~2"));
	assert_false(moment_is_pointer("/a~"));
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(base64_there_and_back),
		cmocka_unit_test(times_of_every_form),
		cmocka_unit_test(pointers_lead_into_documents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
