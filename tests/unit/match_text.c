/* What conditions are made of before and after parsing: list substitution, places in YAML, pmatch, regex, spellings, sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "match/language/lists.h"
#include "match/path_set.h"
#include "match/regex.h"
#include "match/language/ruleset.h"
#include "match/spelling.h"
#include "match/text_set.h"
#include "match/language/yaml_tree.h"

static struct node item(const char *text)
{
	return (struct node){ .kind = NODE_SCALAR, .text = text, .n = strlen(text) };
}

/* Substitutes the lists a: x, y; b: a, z; e: nothing; q: "a b", 'c d', e f; c: b, and compares. */
static void substituted(const char *in, const char *expected)
{
	struct node x = item("x"), y = item("y"), a = item("a"), z = item("z"), b = item("b"), q1 = item("\"a b\""), q2 = item("'c d'"),
		q3 = item("e f");
	struct ruleset rs = {0};
	struct lists l;
	struct cond_text t = {0};
	const struct { const char *name; const struct node *items[3]; } lists[] = {
		{ "a", { &x, &y } }, { "b", { &a, &z } }, { "e", { NULL } }, { "q", { &q1, &q2, &q3 } }, { "c", { &b } }
	};
	struct node from = item(in);

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		rs.counter++;
		struct rule_list *list = ruleset_add_list(&rs, lists[i].name);
		list->visibility = rs.counter;
		list->items = (const struct node **)(uintptr_t)lists[i].items;
		while (list->nitems < 3 && list->items[list->nitems])
			list->nitems++;
	}
	lists_resolve(&l, &rs, &rs.arena);
	cond_text_add(&t, in, strlen(in), &from, 0, false);
	struct diag d = {0};

	assert_int_equal(lists_substitute(&l, &t, &d), 0);
	assert_string_equal(t.text.p, expected);
	cond_text_free(&t);
	ruleset_free(&rs);
}

static void test_lists(void **state)
{
	(void)state;
	substituted("f in (a)", "f in ( x, y )");
	substituted("f in ( a )", "f in ( x, y )");
	substituted("f in (1,a,2)", "f in (1, x, y ,2)");
	substituted("f=a", "f= x, y ");
	substituted("f in (ab, a.b, /a, a/)", "f in (ab, a.b, /a, a/)");
	substituted("f in (b)", "f in ( x, y, z )");
	substituted("f in (a,a)", "f in ( x, y , x, y )");
	substituted("f in (e)", "f in ( )");
	substituted("f in (1, e, 2)", "f in (1 , 2)");
	substituted("f in (e, 2)", "f in (  2)");
	substituted("f in (q)", "f in ( \"a b\", 'c d', \"e f\" )");
	substituted("f = 'a'", "f = 'a'");
	substituted("f = ' a '", "f = ' x, y '");
	/* One level only: what c names is b's raw items, of which `a` is not looked up again, as its pass is over. */
	substituted("f in (c)", "f in ( a, z )");
}

/* Places survive substitution: what lies behind a list still stands where it stood. */
static void test_places(void **state)
{
	static const char yaml[] = "- a: >\n    evt.type = x\n    and (long_list)\n    and oops\n";
	static const struct source_file file = { "f.yaml", yaml, sizeof yaml - 1 };
	struct arena arena = {0};
	struct diag d = {0};
	struct node **docs;
	size_t n;

	(void)state;
	assert_int_equal(yaml_read(&file, &arena, &d, &docs, &n), 0);
	assert_int_equal(n, 1);
	const struct node *text = node_get(docs[0]->kids[0], "a");
	assert_string_equal(text->text, "evt.type = x and (long_list) and oops\n");
	struct place p = node_place(text, (size_t)(strstr(text->text, "oops") - text->text));
	assert_int_equal(p.line, 4);
	assert_int_equal(p.column, 9);
	struct cond_text t = {0}, u = {0};
	cond_text_add(&t, text->text, text->n, text, 0, false);
	cond_text_copy(&u, &t, 0, 18);
	cond_text_add(&u, " many, many, items ", 19, text, 18, true);
	cond_text_copy(&u, &t, 27, t.text.n);
	p = cond_text_place(&u, (size_t)(strstr(u.text.p, "oops") - u.text.p));
	assert_int_equal(p.line, 4);
	assert_int_equal(p.column, 9);
	p = cond_text_place(&u, (size_t)(strstr(u.text.p, "items") - u.text.p));
	assert_int_equal(p.line, 3);
	assert_int_equal(p.column, 10);
	cond_text_free(&t);
	cond_text_free(&u);
	arena_free(&arena);
	diag_free(&d);
}

static void test_paths(void **state)
{
	struct arena a = {0};
	struct path_set s;

	(void)state;
	path_set_init(&s, 4, &a);
	path_set_add(&s, "/var", 4, &a);
	path_set_add(&s, "usr//lib/", 9, &a);
	path_set_add(&s, "/home/*/.ssh", 12, &a);
	static const struct { const char *value; bool in; } cases[] = {
		{ "/var", true }, { "/var/lib", true }, { "//var//lib/", true }, { "/variable", false }, { "/usr", false },
		{ "/usr/lib", true }, { "/usr/lib64", false }, { "/home/u/.ssh/id", true }, { "/home/u/x/.ssh", false }, { "", false },
		{ "/", false }, { "var", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (path_set_has(&s, cases[i].value, strlen(cases[i].value)) != cases[i].in)
			fail_msg("%s", cases[i].value);
	path_set_add(&s, "/", 1, &a);
	assert_true(path_set_has(&s, "", 0));
	arena_free(&a);
}

static bool regex(const char *pattern, const char *text)
{
	char err[256];
	struct regex *r = regex_new(pattern, strlen(pattern), err, sizeof err);
	bool found = r && regex_match(r, text, strlen(text));

	regex_free(r);
	return found;
}

static void test_regex(void **state)
{
	static const char *const bad[] = { "(?i)a", "\\d", "a+?", "a{1,2}?", "(", "\\1", "a\\bc", NULL };
	char err[256];

	(void)state;
	assert_true(regex("ca.*", "cat"));
	assert_false(regex("ca", "cat"));
	assert_false(regex("at", "cat"));
	assert_true(regex("a|ab", "ab"));
	assert_true(regex("[(?]+", "(?("));
	assert_true(regex("x.y", "x\xffy"));
	assert_true(regex("x..y", "x\xff\xfey"));
	assert_false(regex("x.y", "x\xff\xfey"));
	assert_true(regex("\xc3\xa4", "\xc3\xa4"));
	for (size_t i = 0; bad[i]; i++)
		assert_null(regex_new(bad[i], strlen(bad[i]), err, sizeof err));
	/* Exponential for a backtracker: ends by the limit, counted. */
	struct regex *r = regex_new("(a|aa|a)*b", 10, err, sizeof err);
	assert_non_null(r);
	assert_false(regex_match(r, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaacb", 66));
	assert_int_equal(regex_errors(r), 1);
	regex_free(r);
	assert_true(regex_literal(".*sys_call$"));
	assert_false(regex_literal("a[b]"));
}

/* Patterns that take a backtracker an age: each ends by the limit within a moment, whatever the text. */
static void test_hostile_regex(void **state)
{
	static const char *const patterns[] = { "(a+)+b", "(a*)*b", "(a|aa)+b", "(a|a)*b", "(.*)*0", "(.*a){20}b", "((a+)+)+b", "(a?){40}a{40}b",
		"([a-z]+)*0", "(a|b|ab)*c", "(x+x+)+y", "(\xc3\xa4+)+b", "a{1,400}a{1,400}a{1,400}b", "(.+.+)+b" };
	char text[4096], err[256];
	struct timespec before, after;

	(void)state;
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		struct regex *r = regex_new(patterns[i], strlen(patterns[i]), err, sizeof err);
		assert_non_null(r);
		for (int filler = 0; filler < 3; filler++) {
			memset(text, "axa"[filler], sizeof text);
			for (size_t k = 0; filler == 2 && k < sizeof text; k += 64)
				text[k] = '\xff';
			/* What a pattern asks for is there, or it would be given up at first sight; but it is not where it should be. */
			memcpy(text + sizeof text - 6, "b0yc\xc3!", 6);
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
			assert_false(regex_match(r, text, sizeof text));
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
			double took = (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
			if (took > 0.5)
				fail_msg("%s took %.3f s for text %d", patterns[i], took, filler);
		}
		regex_free(r);
	}
}

static void test_spellings(void **state)
{
	struct arena a = {0};
	struct spellings s = {0};
	struct spelled out[SPELLINGS_MAX];

	(void)state;
	spellings_common(&s, &a);
	spellings_add(&s, &a, "/loop", "/loop/loop");
	assert_int_equal(spellings_of(&s, "/var/lock/x", 11, &a, out), 3);
	assert_string_equal(out[1].p, "/run/lock/x");
	assert_string_equal(out[2].p, "/var/run/lock/x");
	assert_int_equal(spellings_of(&s, "/bin", 4, &a, out), 2);
	assert_int_equal(spellings_of(&s, "/binary", 7, &a, out), 1);
	assert_int_equal(spellings_of(&s, "/opt/bin", 8, &a, out), 1);
	/* A link into itself has no end, but the list has. */
	assert_int_equal(spellings_of(&s, "/loop", 5, &a, out), SPELLINGS_MAX);
	assert_true(spelling_self("/proc/self/fd", 13));
	assert_false(spelling_self("/proc/selfish", 13));
	arena_free(&a);
}

static void test_sets(void **state)
{
	struct arena a = {0};
	struct text_set s;
	char text[32];

	(void)state;
	text_set_init(&s, 1000, &a);
	for (int i = 0; i < 1000; i++) {
		int n = snprintf(text, sizeof text, "item %d", i);
		text_set_add(&s, arena_strn(&a, text, (size_t)n), (size_t)n);
	}
	assert_true(text_set_has(&s, "item 0", 6));
	assert_true(text_set_has(&s, "item 999", 8));
	assert_false(text_set_has(&s, "item 1000", 9));
	assert_false(text_set_has(&s, "", 0));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists), cmocka_unit_test(test_places), cmocka_unit_test(test_paths), cmocka_unit_test(test_regex),
		cmocka_unit_test(test_hostile_regex),
		cmocka_unit_test(test_spellings), cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
