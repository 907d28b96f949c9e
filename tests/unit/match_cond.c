/* The parser of conditions: what it takes, what it refuses and where, and how a tree prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "match/language/cond.h"

static bool parses(const char *text, struct strbuf *printed, struct cond_error *err)
{
	struct arena a = {0};
	struct cond *c = cond_parse(text, strlen(text), GRAMMAR_NOW, &a, err);

	if (c && printed) {
		strbuf_reset(printed);
		cond_print(c, printed);
	}
	arena_free(&a);
	return c != NULL;
}

static void test_print(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "a and b or c and d", "((a and b) or (c and d))" },
		{ "a and b and(c or d)", "(a and b and (c or d))" },
		{ "not not a", "a" },
		{ "not not not a", "not a" },
		{ "not(a)and(not(b))", "(not a and not b)" },
		{ "not not(a)", "a" },
		{ "a.b=1", "a.b = 1" },
		{ "a.b in (x, 'y z' ,\"\")", "a.b in (x, \"y z\", \"\")" },
		{ "a.b in x", "a.b in (x)" },
		{ "a.b pmatch(/etc,/usr)", "a.b pmatch (/etc, /usr)" },
		{ "evt.arg[0] contains /bin", "evt.arg[0] contains /bin" },
		{ "proc.env[\"A B\"] = 1", "proc.env[\"A B\"] = 1" },
		{ "a.b contains \"x\\\"y\\x41\"", "a.b contains \"x\\\"yA\"" },
		{ "a.b startswith 'c\\ d'", "a.b startswith \"c\\\\d\"" },
		{ "a.b = oneof (x, y) and c", "(a.b = oneof (x, y) and c)" },
		{ "a.b = oneof and c", "(a.b = oneof and c)" },
		{ "a.b = oneof oneof", "a.b = oneof (oneof)" },
		{ "a.b = val( c.d[1] )", "a.b = val(c.d[1])" },
		{ "toupper(basename(a.b)) = X", "toupper(basename(a.b)) = X" },
		{ "join(\"-\", (a.b, 3)) exists", "join(\"-\",(a.b,3)) exists" },
		{ "a.b < -1", "a.b < -1" },
		{ "nothing and orchestra or android", "((nothing and orchestra) or android)" },
		{ "a.b=<NA> or\n\tc.d != a|b", "(a.b = <NA> or c.d != a|b)" },
	};
	struct strbuf b = {0};
	struct cond_error err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!parses(cases[i].in, &b, &err))
			fail_msg("%s: %s", cases[i].in, err.text);
		assert_string_equal(b.p, cases[i].out);
		char *again = strdup(b.p);
		assert_true(parses(again, &b, &err));
		assert_string_equal(b.p, again);
		free(again);
	}
	strbuf_free(&b);
}

static void test_refuse(void **state)
{
	static const struct { const char *in; size_t at; const char *part; } cases[] = {
		{ "", 0, "empty" },
		{ "a.b = cat or", 12, "expected blank or '(' after 'or'" },
		{ "evt.type=open AND x", 14, "unexpected token after 'open', expecting 'or', 'and'" },
		{ "a and", 5, "after 'and'" },
		{ "a.b = (cat)", 6, "expected a string value" },
		{ "a.b > x", 6, "expected a number" },
		{ "a.b in (x, val(a.b))", 14, "expected a ')' token" },
		{ "a.b in \"cat\"", 7, "expected a list" },
		{ "a.b containsx", 4, "expected a valid check operator" },
		{ "a.b = \"x", 6, "expected a string value" },
		{ "a.b = \"\\.\"", 7, "unsupported string escape sequence" },
		{ "a.b = '\\\"'", 7, "unsupported string escape sequence" },
		{ "a.b = '\\x1'", 7, "unsupported string escape sequence" },
		{ "(a", 2, "expected a ')'" },
		{ "a.b[ 1] = 2", 4, "expected an argument" },
		{ "a.b = val(toupper(c.d))", 6, "expected a field within 'val'" },
		{ "and a", 0, "expected a '('" },
		{ "a.b = 1 c.d = 2", 8, "unexpected token after '1'" },
	};
	struct cond_error err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (parses(cases[i].in, NULL, &err))
			fail_msg("taken: %s", cases[i].in);
		if (!strstr(err.text, cases[i].part) || err.at != cases[i].at)
			fail_msg("%s: at %zu: %s", cases[i].in, err.at, err.text);
	}
}

/* Deep nesting ends in an error, not in the stack. */
static void test_depth(void **state)
{
	enum { DEEP = 100000 };
	struct cond_error err;
	char *text = malloc(2 * DEEP + 2);

	(void)state;
	memset(text, '(', DEEP);
	memset(text + DEEP + 1, ')', DEEP);
	text[DEEP] = 'a';
	text[2 * DEEP + 1] = '\0';
	assert_false(parses(text, NULL, &err));
	assert_non_null(strstr(err.text, "depth"));
	memset(text, 0, 2 * DEEP + 2);
	memset(text, '(', 500);
	text[500] = 'a';
	memset(text + 501, ')', 500);
	assert_true(parses(text, NULL, &err));
	free(text);
}

/* The parser section of Falco's own unit cases, where they are at hand. */
static void test_falco_cases(void **state)
{
	const char *folder = getenv("SAKER_SHARED");
	char path[512];
	json_t *root, *c;
	size_t i;
	struct cond_error err;
	unsigned wrong = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/data/regression/unit-cases.json", folder ? folder : "/work/shared");
	if (!(root = json_load_file(path, 0, NULL)))
		skip();
	json_array_foreach(json_object_get(root, "parser"), i, c) {
		const char *in = json_string_value(json_object_get(c, "input"));
		bool accept = strcmp(json_string_value(json_object_get(c, "expect")), "accept") == 0;
		if (in && parses(in, NULL, &err) != accept) {
			print_message("%s: expected %s: %s\n", in, accept ? "accept" : "reject", accept ? err.text : "");
			wrong++;
		}
	}
	json_decref(root);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print), cmocka_unit_test(test_refuse), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_falco_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
