/* emit's lines: text and JSON of alerts, hostile ones too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emit/format.h"
#include "emit/jsontext.h"

static const uint64_t noon = 1700000000123456789;        /* 2023-11-14 22:13:20 UTC */

static char *escaped(const char *data, size_t n)
{
	struct pack out = {0};

	jsontext_escape(&out, (const uint8_t *)data, n);
	pack_raw(&out, "", 1);
	return (char *)out.data;
}

static void check_escape(const char *data, size_t n, const char *expected)
{
	char *text = escaped(data, n);

	assert_string_equal(text, expected);
	free(text);
}

#define ESCAPE(literal, expected) check_escape(literal, sizeof literal - 1, expected)
#define BAD "\xef\xbf\xbd"

static void escapes(void **state)
{
	(void)state;
	ESCAPE("", "");
	ESCAPE("plain /etc/shadow", "plain /etc/shadow");
	ESCAPE("a\"b\\c", "a\\\"b\\\\c");
	ESCAPE("\b\f\n\r\t", "\\b\\f\\n\\r\\t");
	ESCAPE("\0\1\x1b[31m", "\\u0000\\u0001\\u001b[31m");
	ESCAPE("\x7f\xc2\x9b", "\\u007f\\u009b");
	ESCAPE("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void malformed_utf8(void **state)
{
	(void)state;
	ESCAPE("a\xff" "b", "a" BAD "b");
	ESCAPE("\xe2\x82" "A", BAD "A");                 /* one for what belongs together */
	ESCAPE("\xe2\x82", BAD);                         /* cut at the end */
	ESCAPE("\xc0\xaf", BAD BAD);                     /* overlong */
	ESCAPE("\xe0\x80\xaf", BAD BAD BAD);
	ESCAPE("\xed\xa0\x80", BAD BAD BAD);             /* surrogate */
	ESCAPE("\xf4\x90\x80\x80", BAD BAD BAD BAD);     /* above U+10FFFF */
	ESCAPE("\xf0\x9f\x98\xc3\xa9", BAD "\xc3\xa9");
}

/* Whatever the bytes, the result is a JSON string that jansson, which is strict about UTF-8, takes. */
static void any_bytes(void **state)
{
	char data[64];

	(void)state;
	srandom(1);
	for (int round = 0; round < 20000; round++) {
		struct pack out = {0};
		size_t n = (size_t)random() % sizeof data;
		for (size_t i = 0; i < n; i++)
			data[i] = (char)(random() % 3 ? 0x80 | random() : random());
		jsontext_string(&out, (const uint8_t *)data, n);
		json_t *j = json_loadb((const char *)out.data, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(j);
		json_decref(j);
		pack_free(&out);
	}
}

/* The alert of these tests; `more` packs the values from tags on. */
static struct pack packed_alert(const char *output, size_t n, void (*more)(struct pack *))
{
	struct pack p = {0};
	size_t f = frame_begin(&p, FRAME_ALERT);

	pack_uint(&p, noon);
	pack_array(&p, 2);
	pack_array(&p, 4);
	pack_str(&p, "web1");
	pack_str(&p, "boot");
	pack_str(&p, "syscall");
	pack_uint(&p, 5);
	pack_uint(&p, 42);
	pack_str(&p, "A rule");
	pack_uint(&p, 4);
	pack_str(&p, "syscall");
	pack_array(&p, 2);
	pack_str(&p, "process");
	pack_str(&p, "container");
	pack_bin(&p, output, n);
	if (more)
		more(&p);
	frame_end(&p, f);
	return p;
}

static int decode(const struct pack *p, struct alert *a, size_t *at, char *err, size_t errlen)
{
	struct frame f;
	size_t need;

	assert_int_equal(frame_parse(p->data, p->len, 0, &f, &need, err, errlen), 1);
	return alert_decode(&f, a, at, err, errlen);
}

static char *line_of(const struct pack *p, const struct format *format)
{
	struct pack out = {0};
	struct alert a;
	char err[256];
	size_t at;

	assert_int_equal(decode(p, &a, &at, err, sizeof err), 0);
	format_alert(format, &a, &out);
	pack_raw(&out, "", 1);
	return (char *)out.data;
}

static void text_line(void **state)
{
	struct pack p = packed_alert("red \x1b[31m\nfake line", 19, NULL);
	char *line;

	(void)state;
	line = line_of(&p, &(struct format){ .host = "h" });
	assert_string_equal(line, "22:13:20.123456789: Warning red \\u001b[31m\\nfake line\n");
	free(line);
	line = line_of(&p, &(struct format){ .iso_time = true, .host = "h" });
	assert_string_equal(line, "2023-11-14T22:13:20.123456789+0000: Warning red \\u001b[31m\\nfake line\n");
	free(line);
	line = line_of(&p, &(struct format){ .old = true, .host = "h" });
	assert_string_equal(line, "22:13:20.123456789: Warning red \x1b[31m\\nfake line\n");
	free(line);
	pack_free(&p);
}

static void fields_and_rest(struct pack *p)
{
	pack_array(p, 4);
	pack_array(p, 2), pack_str(p, "proc.name"), pack_bin(p, "first", 5);
	pack_array(p, 2), pack_str(p, "fd.num"), pack_int(p, -3);
	pack_array(p, 2), pack_str(p, "big"), pack_uint(p, UINT64_MAX);
	pack_array(p, 2), pack_str(p, "proc.name"), pack_bin(p, "last\xff", 5);
	pack_str(p, "about"), pack_nil(p);
	pack_array(p, 1);
	pack_array(p, 3), pack_uint(p, 9u << 22 | 321), pack_bin(p, "sh", 2), pack_bin(p, "/bin/sh", 7);
	pack_bool(p, false);
	pack_array(p, 1), pack_str(p, "ring full");
}

static void json_line(void **state)
{
	struct pack p = packed_alert("hi \"you\"", 8, fields_and_rest);
	char *line = line_of(&p, &(struct format){ .json = true, .host = "h" });

	(void)state;
	assert_string_equal(line, "{\"ancestry\":[{\"exepath\":\"/bin/sh\",\"name\":\"sh\",\"pid\":321}],\"complete\":false,"
		"\"hostname\":\"web1\",\"lost\":[\"ring full\"],\"output\":\"22:13:20.123456789: Warning hi \\\"you\\\"\","
		"\"output_fields\":{\"big\":18446744073709551615,\"evt.time\":1700000000123456789,\"fd.num\":-3,"
		"\"proc.name\":\"last" BAD "\"},\"priority\":\"Warning\",\"rule\":\"A rule\",\"source\":\"syscall\","
		"\"tags\":[\"container\",\"process\"],\"time\":\"2023-11-14T22:13:20.123456789Z\"}\n");
	free(line);
	pack_free(&p);
}

static void json_parts(void **state)
{
	struct pack p = packed_alert("hi", 2, NULL);
	char *line = line_of(&p, &(struct format){ .json = true, .host = "h", .without_output = true, .without_fields = true,
		.without_tags = true, .with_message = true });

	(void)state;
	assert_string_equal(line, "{\"complete\":true,\"hostname\":\"web1\",\"message\":\"hi\",\"priority\":\"Warning\","
		"\"rule\":\"A rule\",\"source\":\"syscall\",\"time\":\"2023-11-14T22:13:20.123456789Z\"}\n");
	free(line);
	line = line_of(&p, &(struct format){ .json = true, .iso_time = true, .old = true, .without_output = true });
	assert_string_equal(line, "{\"priority\":\"Warning\",\"rule\":\"A rule\",\"time\":\"2023-11-14T22:13:20.123456789Z\", "
		"\"output_fields\": {\"evt.time.iso8601\":1700000000123456789}}\n");
	free(line);
	pack_free(&p);
}

/* What is behind the output may be missing: an older match does not know it. */
static void short_alert(void **state)
{
	struct pack p = packed_alert("x", 1, NULL);
	char *line = line_of(&p, &(struct format){ .json = true, .host = "h" });
	json_t *j = json_loads(line, 0, NULL);

	(void)state;
	assert_non_null(j);
	assert_true(json_is_true(json_object_get(j, "complete")));
	assert_null(json_object_get(j, "lost"));
	assert_int_equal(json_object_size(json_object_get(j, "output_fields")), 1);
	json_decref(j);
	free(line);
	pack_free(&p);
}

static void nested_fields(struct pack *p)
{
	pack_array(p, 1);
	pack_array(p, 2), pack_str(p, "m");
	pack_map(p, 1), pack_uint(p, 7), pack_array(p, 2), pack_nil(p), pack_float(p, 0.5);
}

static void nested_values(void **state)
{
	struct pack p = packed_alert("x", 1, nested_fields);
	char *line = line_of(&p, &(struct format){ .json = true, .host = "h" });

	(void)state;
	assert_non_null(strstr(line, "\"m\":{\"7\":[null,0.5]}"));
	free(line);
	pack_free(&p);
}

static void bad_pair(struct pack *p)
{
	pack_array(p, 1);
	pack_array(p, 3), pack_str(p, "a"), pack_nil(p), pack_nil(p);
}

static void bad_name(struct pack *p)
{
	pack_array(p, 1);
	pack_array(p, 2), pack_uint(p, 1), pack_nil(p);
}

static void bad_fields(struct pack *p) { pack_uint(p, 1); }

static void malformed(void **state)
{
	void (*const cases[])(struct pack *) = { bad_pair, bad_name, bad_fields };
	struct alert a;
	char err[256];
	size_t at, expected = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pack good = packed_alert("x", 1, NULL), p = packed_alert("x", 1, cases[i]);
		expected = good.len - FRAME_HEADER;
		assert_int_equal(decode(&p, &a, &at, err, sizeof err), -1);
		assert_int_equal(at, expected);
		assert_non_null(strstr(err, "fields"));
		pack_free(&p);
		pack_free(&good);
	}
}

/* Every cut and every changed byte of a body: an error or an alert, and no access outside of it (ASan). */
static void broken_bodies(void **state)
{
	struct pack whole = packed_alert("x", 1, fields_and_rest);
	size_t n = whole.len - FRAME_HEADER;
	uint8_t *body = malloc(n);
	char err[256];

	(void)state;
	for (size_t i = 0; i < n * 258; i++) {
		size_t position = i / 258, change = i % 258, len = change < 256 ? n : position, at;
		struct frame f = { .body = body, .len = (uint32_t)len, .kind = FRAME_ALERT };
		struct pack out = {0};
		struct alert a;
		memcpy(body, whole.data + FRAME_HEADER, n);
		if (change < 256)
			body[position] = (uint8_t)change;
		if (alert_decode(&f, &a, &at, err, sizeof err) == 0)
			format_alert(&(struct format){ .json = true, .host = "h" }, &a, &out);
		pack_free(&out);
	}
	free(body);
	pack_free(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes), cmocka_unit_test(malformed_utf8), cmocka_unit_test(any_bytes),
		cmocka_unit_test(text_line), cmocka_unit_test(json_line), cmocka_unit_test(json_parts), cmocka_unit_test(short_alert),
		cmocka_unit_test(nested_values), cmocka_unit_test(malformed), cmocka_unit_test(broken_bodies),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
