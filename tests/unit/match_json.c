/* JSON records: their fields along pointers, and documents that can not be read. */
#include "match_fixture.h"

#include <stdlib.h>

/* Makes the document that of the record at hand. */
static int take(struct fixture *f, const char *document, size_t n, size_t *at)
{
	document_clear(&f->c.document);
	f->p.len = 0;
	f->begin = frame_begin(&f->p, FRAME_JSON);
	pack_uint(&f->p, NOW + 5);
	pack_uint(&f->p, 12);
	pack_str(&f->p, "okta");
	pack_bin(&f->p, document, n);
	assert_int_equal(frame_end(&f->p, f->begin), 0);
	struct frame frame = frame_of(&f->p, f->begin);
	arena_reset(&f->c.arena);
	return context_json(&f->c, f->s, &frame, at);
}

static void give_document(struct fixture *f, const char *document)
{
	size_t at;

	assert_int_equal(take(f, document, strlen(document), &at), 0);
}

static int end(void **state)
{
	struct fixture *f = *state;

	document_clear(&f->c.document);
	return teardown(state);
}

static void test_values(void **state)
{
	struct fixture *f = *state;

	give_document(f, "{\"actor\": {\"id\": \"a b\\u00e9\", \"n\": -3}, \"list\": [1, \"two\", [true, null], 0.1], \"big\": 9007199254740993,"
		" \"no\": null, \"empty\": \"\"}");
	EXPECT(f, { "json.value[/actor/id]", "a b\xc3\xa9" }, { "json.value[actor/id]", "a b\xc3\xa9" },
		{ "jevt.value[/actor/id]", "a b\xc3\xa9" }, { "json.value[/actor/n]", "-3" }, { "json.value[\"/actor\"]", "{\"id\":\"a b\xc3\xa9\",\"n\":-3}" },
		{ "json.value[/list]", "[1,\"two\",[true,null],0.1]" }, { "json.value[/list/0]", "1" }, { "json.value[/list/1]", "two" },
		{ "json.value[/list/2/0]", "true" }, { "json.value[/list/3]", "0.1" }, { "json.value[/big]", "9007199254740993" },
		{ "json.value[/no]", "null" }, { "json.value[/empty]", "" });
	EXPECT(f, { "json.value[/nobody]", "missing" }, { "json.value[/actor/id/x]", "missing" }, { "json.value[/list/4]", "missing" },
		{ "json.value[/list/-]", "missing" }, { "json.value[/list/01]", "missing" }, { "json.value[/list/ 1]", "missing" },
		{ "json.value[/list/99999999999999999999]", "missing" }, { "json.value[/list/]", "missing" }, { "json.value[/]", "missing" });
}

static void test_pointer(void **state)
{
	struct fixture *f = *state;

	give_document(f, "{\"\": 1, \"a/b\": 2, \"m~n\": 3, \"~1\": 4, \"a\": {\"\": 5}}");
	EXPECT(f, { "json.value[/]", "1" }, { "json.value[/a~1b]", "2" }, { "json.value[m~0n]", "3" }, { "json.value[/~01]", "4" },
		{ "json.value[/a/]", "5" }, { "json.value[/a~2b]", "missing" }, { "json.value[/~]", "missing" });
	give_document(f, "\"all\"");
	EXPECT(f, { "json.value[]", "all" }, { "json.value[/x]", "missing" }, { "json.obj", "\"all\"" });
}

static void test_record(void **state)
{
	struct fixture *f = *state;

	f->c.number = 3;
	give_document(f, " {\"b\" : 1.5,\n \"a\": [ ]} ");
	EXPECT(f, { "json.obj", "{\n  \"b\": 1.5,\n  \"a\": []\n}" }, { "jevt.obj", "{\n  \"b\": 1.5,\n  \"a\": []\n}" }, { "json.rawtime", "1700000000000000005" },
		{ "jevt.rawtime", "1700000000000000005" }, { "jevt.time.iso8601", "2023-11-14T22:13:20.000000005+0000" },
		{ "evt.time.iso8601", "2023-11-14T22:13:20.000000005+0000" }, { "evt.rawtime.ns", "000000005" }, { "evt.reltime", "0" },
		{ "evt.source", "okta" }, { "evt.is_async", "false" }, { "evt.asynctype", "missing" }, { "evt.pluginname", "missing" },
		{ "evt.type", "missing" }, { "proc.name", "missing" });
	document_clear(&f->c.document);
	plain(f, k_cat);
	EXPECT(f, { "json.value[/b]", "missing" }, { "json.obj", "missing" }, { "evt.source", "syscall" });
}

static void test_source(void **state)
{
	static const struct { const char *field, *source; bool serves; } cases[] = {
		{ "json.value[a]", "okta", true }, { "json.obj", "k8s_audit", true }, { "json.obj", "json", true }, { "json.obj", "syscall", false },
		{ "evt.time", "okta", true }, { "evt.type", "okta", false }, { "proc.name", "okta", false }, { "proc.name", "syscall", true },
		{ "ka.verb", "okta", false }, { "ka.verb", "k8s_audit", true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct field_ref ref;
		size_t used;
		char err[256];
		assert_int_equal(field_parse(NULL, cases[i].field, strlen(cases[i].field), true, &f->c.arena, &ref, &used, err, sizeof err), 1);
		if (field_serves(ref.def, cases[i].source) != cases[i].serves)
			fail_msg("%s of source %s", cases[i].field, cases[i].source);
	}
}

static void expect_bad(struct fixture *f, const char *document, size_t n, const char *why)
{
	size_t at;

	assert_int_equal(take(f, document, n, &at), 0);
	assert_false(document_bad(&f->c.document));
	EXPECT(f, { "evt.source", "okta" });
	assert_false(document_bad(&f->c.document));
	EXPECT(f, { "json.value[/a]", "missing" }, { "json.obj", "missing" });
	if (!strstr(f->c.document.error, why))
		fail_msg("'%s', expected '%s'", f->c.document.error, why);
}

static void test_hostile(void **state)
{
	static const struct { const char *document, *why; } cases[] = {
		{ "", "end of file" }, { "{\"a\": 1", "expected" }, { "{\"a\": 1} x", "end of file expected" }, { "{\"a\": 1, \"b\": 2, \"a\": 3}", "duplicate" },
		{ "{\"a\": \"\xff\"}", "decode" }, { "{\"a\": \"\\ud800\"}", "Unicode" }, { "\x1b[31m", "line 1, column 1: invalid token" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		expect_bad(f, cases[i].document, strlen(cases[i].document), cases[i].why);
		assert_null(strchr(f->c.document.error, '\x1b'));
	}
	expect_bad(f, "{\"a\":\0 1}", 9, "invalid token");
	expect_bad(f, "{\"a\":1}\0x", 9, "end of file expected");
	/* Numbers have no bounds. */
	give_document(f, "{\"a\": 1e999, \"b\": [-12345678901234567890, \"1e999\\\"\", 0.5]}");
	EXPECT(f, { "json.value[/a]", "1e999" }, { "json.value[/b]", "[\"-12345678901234567890\",\"1e999\\\"\",0.5]" });
	give_document(f, "{\"a\": \"x\\u0000y\"}");
	EXPECT(f, { "json.obj", "{\n  \"a\": \"x\\u0000y\"\n}" });
}

static void test_bounds(void **state)
{
	enum { DEEP = 1 << 20, MANY = DOCUMENT_VALUES + 1 };
	struct fixture *f = *state;
	char *text = malloc(2 * MANY + 16);
	size_t at;

	assert_non_null(text);
	memset(text, '[', DEEP / 8);
	expect_bad(f, text, DEEP / 8, "depth");
	memset(text, '[', MANY);
	expect_bad(f, text, MANY, "values");
	/* Commas and brackets of a text begin no values. */
	memset(text, ',', 2 * MANY);
	memcpy(text, "{\"a\":\"\\\"[", 9);
	memcpy(text + 2 * MANY, "\"}", 2);
	assert_int_equal(take(f, text, 2 * MANY + 2, &at), 0);
	assert_non_null(document_root(&f->c.document));
	free(text);
	document_clear(&f->c.document);
}

static void test_malformed(void **state)
{
	struct fixture *f = *state;
	size_t at = 99;

	f->begin = frame_begin(&f->p, FRAME_JSON);
	pack_uint(&f->p, NOW);
	pack_uint(&f->p, 1);
	pack_uint(&f->p, 1);
	pack_bin(&f->p, "1", 1);
	assert_int_equal(frame_end(&f->p, f->begin), 0);
	struct frame frame = frame_of(&f->p, f->begin);
	assert_int_equal(context_json(&f->c, f->s, &frame, &at), -1);
	frame.len = 9;
	assert_int_equal(context_json(&f->c, f->s, &frame, &at), -1);
	assert_int_equal(at, 9);
}

#define JSON_TEST(name) cmocka_unit_test_setup_teardown(name, setup, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JSON_TEST(test_values), JSON_TEST(test_pointer), JSON_TEST(test_record), JSON_TEST(test_source), JSON_TEST(test_hostile),
		JSON_TEST(test_bounds), JSON_TEST(test_malformed),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
