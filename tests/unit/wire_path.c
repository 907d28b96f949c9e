/* path_join: folding, unknown bases, and results that do not fit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "wire/path.h"

static const struct {
	const char *base, *passed, *joined;
} cases[] = {
	{ "/home/u", "f", "/home/u/f" },
	{ "/home/u/", "./f", "/home/u/f" },
	{ "/home/u", "../v/f", "/home/v/f" },
	{ "/home/u", "../../../../etc/passwd", "/etc/passwd" },
	{ "/home/u", "/etc//./shadow", "/etc/shadow" },
	{ "/home/u", "/etc/x/../shadow/", "/etc/shadow" },
	{ "/home/u", "", "/home/u" },
	{ "/home/u", ".", "/home/u" },
	{ "/home/u", "..", "/home" },
	{ "/", "f", "/f" },
	{ "/", "..", "/" },
	{ "/", ".", "/" },
	{ "", "/", "/" },
	{ "", "///", "/" },
	{ "", "/..", "/" },
	{ "", "/../a/b/", "/a/b" },
	{ "", "a//b", "a/b" },
	{ "", "a/../b", "b" },
	{ "", "../a", "../a" },
	{ "", "../../a/..", "../.." },
	{ "", ".", "." },
	{ "", "", "." },
	{ "", "a/..", "." },
	{ "/a", "...", "/a/..." },
	{ "/a", "..b/.c", "/a/..b/.c" },
	{ "/a//b/./c/..", "d", "/a/b/d" },
};

static void test_cases(void **state)
{
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = path_join(out, sizeof out, cases[i].base, strlen(cases[i].base), cases[i].passed,
			strlen(cases[i].passed));
		assert_string_equal(out, cases[i].joined);
		assert_int_equal(n, strlen(cases[i].joined));
	}
}

static void test_too_long(void **state)
{
	char out[8] = "junk";

	(void)state;
	assert_int_equal(path_join(out, 7, "/ab", 3, "cd", 2), 6);
	assert_string_equal(out, "/ab/cd");
	assert_int_equal(path_join(out, 6, "/ab", 3, "cd", 2), 0);
	assert_string_equal(out, "");
	assert_int_equal(path_join(out, 1, "/", 1, "", 0), 0);
	assert_int_equal(path_join(out, 0, "/", 1, "a", 1), 0);
}

/* The parts need not end in NUL. */
static void test_lengths(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(path_join(out, sizeof out, "/abXX", 3, "cdYY", 2), 6);
	assert_string_equal(out, "/ab/cd");
	assert_int_equal(path_join(out, sizeof out, NULL, 0, "/x", 2), 2);
	assert_int_equal(path_join(out, sizeof out, "/x", 2, NULL, 0), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
