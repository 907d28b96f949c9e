/* Ring records taken apart, and the snapshot from /proc put together, seen through the frames that come of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/cgroups.h"
#include "probe/encode.h"
#include "probe/procfs.h"
#include "wire/fact.h"
#include "wire/frame.h"
#include "wire/value.h"

static void check_path(const char *names, size_t n, enum raw_path how, const char *expected)
{
	char out[PATH_TEXT];
	size_t len = record_path(out, names, n, how);

	assert_int_equal(len, strlen(expected));
	if (len)
		assert_string_equal(out, expected);
}

static void test_paths(void **state)
{
	(void)state;
	check_path("shadow\0etc\0", 11, PATH_ABSOLUTE, "/etc/shadow");
	check_path("", 0, PATH_ABSOLUTE, "/");
	check_path("memfd:x\0", 8, PATH_PSEUDO, "memfd:x");
	check_path("b\0a\0", 4, PATH_UNREACHABLE, "(unreachable)/a/b");
	check_path("a\0", 2, PATH_DEEP, "");
	/* What does not end is left out. */
	check_path("a\0bc", 4, PATH_ABSOLUTE, "/a");
}

/* Of every length that a record may claim, none makes the reader leave it. */
static void test_hostile(void **state)
{
	_Alignas(8) char data[512];
	struct raw_head *h = (struct raw_head *)data;
	struct encoder e = { .cgroups = cgroups_new() };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof data; i++)
			data[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
		h->kind = (uint8_t)(seed >> 8) % 7;
		h->len = (seed >> 4) % (sizeof data + 8);
		if (h->kind == RAW_PROC || h->kind == RAW_EXEC || h->kind == RAW_THREAD)
			((struct raw_proc *)data)->cgroup = 0;
		encode_record(&e, data, sizeof data);
		e.out.len = 0;
	}
	pack_free(&e.out);
	cgroups_free(e.cgroups);
}

/* This very process must be there, with what it knows of itself. */
static void test_procfs(void **state)
{
	struct encoder e = { .cgroups = cgroups_new(), .clock_offset = 1 };
	char err[128], name[16] = "";
	bool seen = false;
	struct frame f;
	size_t need;

	(void)state;
	cgroups_scan(e.cgroups);
	procfs_snapshot(&e);
	for (size_t at = 0; at < e.out.len; at += f.size) {
		struct value v[3 + FACT_COUNT];
		assert_int_equal(frame_parse(e.out.data + at, e.out.len - at, at, &f, &need, err, sizeof err), 1);
		if (f.kind != FRAME_PROC)
			continue;
		struct cursor c = { f.body, f.body + f.len };
		for (int i = 0; i < 3 + FACT_COUNT; i++)
			assert_int_equal(value_next(&c, &v[i]), 1);
		assert_int_equal(value_next(&c, &v[0]), 0);
		if (v[3 + FACT_PID].u != (uint64_t)getpid())
			continue;
		seen = true;
		snprintf(name, sizeof name, "%.*s", (int)v[3 + FACT_COMM].s.len, (const char *)v[3 + FACT_COMM].s.data);
		assert_int_equal(v[3 + FACT_UID].u, getuid());
		assert_int_equal(v[3 + FACT_SID].u, getsid(0));
		assert_int_equal(v[3 + FACT_ARGV].type, VALUE_ARRAY);
		assert_true(v[3 + FACT_EXE_INO].u > 0);
		assert_int_equal(v[1].u & 0x3fffff, getppid());
	}
	assert_true(seen);
	assert_string_equal(name, "probe_record");
	pack_free(&e.out);
	cgroups_free(e.cgroups);
}

static void test_cgroups(void **state)
{
	static const char docker[] = "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct cgroups *c = cgroups_new();
	const char *id;

	(void)state;
	for (uint64_t i = 1; i <= 2000; i++)
		cgroups_made(c, i, i % 2 ? docker : "/system.slice/cron.service", i % 2 ? sizeof docker - 1 : 26);
	assert_int_equal(cgroups_container(c, 7, &id), CGROUP_CONTAINER);
	assert_string_equal(id, "0123456789ab");
	assert_int_equal(cgroups_container(c, 8, &id), CGROUP_HOST);
	assert_int_equal(cgroups_container(c, 9999, &id), CGROUP_UNKNOWN);
	for (uint64_t i = 1; i <= 2000; i += 3)
		cgroups_gone(c, i);
	for (uint64_t i = 1; i <= 2000; i++)
		assert_int_equal(cgroups_container(c, i, &id),
			i % 3 == 1 ? CGROUP_UNKNOWN : i % 2 ? CGROUP_CONTAINER : CGROUP_HOST);
	cgroups_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths), cmocka_unit_test(test_hostile), cmocka_unit_test(test_procfs),
		cmocka_unit_test(test_cgroups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
