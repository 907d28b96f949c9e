/* The configuration table: every default is valid, and what -O may and may not set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

static void check(const char *assignment, const char *program, const char *expected)
{
	struct conf c = {0};
	char err[256] = "";
	int rc = conf_set(&c, assignment, program, err, sizeof err);

	assert_int_equal(rc, expected ? -1 : 0);
	if (expected && !strstr(err, expected))
		fail_msg("%s: found '%s', expected '%s' in it", assignment, err, expected);
	conf_free(&c);
}

static void defaults_are_valid(void **state)
{
	char assignment[512];

	(void)state;
	for (int i = 0; i < CONF_KEYS; i++) {
		snprintf(assignment, sizeof assignment, "%s=%s", conf_defs[i].name, conf_defs[i].value);
		check(assignment, NULL, NULL);
		/* Falco's default interval of metrics is one that it refuses itself. */
		snprintf(assignment, sizeof assignment, "%s=%s", conf_defs[i].name, conf_defs[i].falco);
		check(assignment, NULL, i == CONF_METRICS_INTERVAL ? "expected a duration" : NULL);
	}
}

static void names_are_unique(void **state)
{
	(void)state;
	for (int i = 0; i < CONF_KEYS; i++)
		for (int j = i + 1; j < CONF_KEYS; j++)
			assert_string_not_equal(conf_defs[i].name, conf_defs[j].name);
}

static void refused(void **state)
{
	(void)state;
	check("json_output", "emit", "expected KEY=VALUE");
	check("json_output=yes", "emit", "expected true or false");
	check("jsn_output=true", "emit", "did you mean 'json_output'?");
	check("=x", "emit", "unknown key");
	check("stdout_output.enabled=true", "match", "honoured by emit");
	check("json_output=true", "probe", "honoured by emit match, not by probe");
	check("probe.ring_size=many", "probe", "expected a number");
	check("probe.ring_size=-1", "probe", "expected a number");
	check("probe.ring_size=", "probe", "expected a number");
	check("probe.ring_size=18446744073709551616", "probe", "expected a number");
	check("probe.ring_size=4096", "probe", "is not between 262144 and 536870912");
}

static void durations(void **state)
{
	static const struct { const char *text; uint64_t ms; } good[] = {
		{ "1h", 3600000 }, { "1h30m", 5400000 }, { "100ms", 100 }, { "1s500ms", 1500 }, { "1y1w1d", 31536000000 + 604800000 + 86400000 },
	};
	static const char *const bad[] = { "", "5000", "m", "1m1h", "1h1h", "1 h", "-1h", "1x", "1h ", "99999999999y", "1mss" };
	uint64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(conf_duration(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(conf_duration(bad[i], &ms));
}

static void words_are_whole(void **state)
{
	(void)state;
	assert_true(conf_has_word("now 0.28", "0.28"));
	assert_false(conf_has_word("now 0.28", "no"));
	assert_false(conf_has_word("now 0.28", ""));
	check("compat=now 0.28", "match", "expected one of");
	check("syscall_event_drops.threshold=1.1", NULL, "is not between 0 and 1");
	check("syscall_event_drops.threshold=nan", NULL, "is not between 0 and 1");
	check("syscall_event_drops.threshold=.1", NULL, NULL);
	check("metrics.interval=99ms", NULL, "100ms or more");
}

static void several_programs(void **state)
{
	struct conf c = {0};
	char err[256];

	(void)state;
	assert_int_equal(conf_set(&c, "json_output=true", "match", err, sizeof err), 0);
	assert_int_equal(conf_set(&c, "json_output=true", "emit", err, sizeof err), 0);
	assert_int_equal(conf_set(&c, "json_output=true", "mat", err, sizeof err), -1);
	conf_free(&c);
}

static void the_last_counts(void **state)
{
	struct conf c = {0};
	char err[256];

	(void)state;
	assert_int_equal(conf_number(&c, CONF_PROBE_RING_SIZE), 8388608);
	assert_int_equal(conf_set(&c, "probe.ring_size=262144", "probe", err, sizeof err), 0);
	assert_int_equal(conf_set(&c, "probe.ring_size=524288", "probe", err, sizeof err), 0);
	assert_int_equal(conf_number(&c, CONF_PROBE_RING_SIZE), 524288);
	conf_free(&c);
	assert_int_equal(conf_number(&c, CONF_PROBE_RING_SIZE), 8388608);
}

static void values_keep_their_equals_signs(void **state)
{
	struct conf c = {0};
	char err[256];

	(void)state;
	assert_int_equal(conf_set(&c, "file_output.filename=/a=b", "emit", err, sizeof err), 0);
	assert_string_equal(conf_text(&c, CONF_EMIT_FILE_NAME), "/a=b");
	conf_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_valid), cmocka_unit_test(names_are_unique), cmocka_unit_test(refused),
		cmocka_unit_test(several_programs), cmocka_unit_test(durations), cmocka_unit_test(words_are_whole),
		cmocka_unit_test(the_last_counts), cmocka_unit_test(values_keep_their_equals_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
