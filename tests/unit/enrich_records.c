/* Reading PROC, CGROUP and HELLO, and writing a PROC again with another container. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "enrich/records.h"
#include "enrich_tree.h"
#include "wire/fact.h"
#include "wire/stat.h"

/* A PROC with pid 7 in cgroup 99; `container` packs the fact, after it come the facts up to `facts`. */
static void pack_proc(struct pack *p, void (*container)(struct pack *), int facts)
{
	size_t f = frame_begin(p, FRAME_PROC);

	pack_uint(p, 1);
	pack_nil(p);
	pack_uint(p, 3);
	for (int i = 0; i < facts; i++) {
		if (i == FACT_PID)
			pack_uint(p, 7);
		else if (i == FACT_CGROUP)
			pack_uint(p, 99);
		else if (i == FACT_CONTAINER)
			container(p);
		else
			pack_bin(p, "fact", 4);
	}
	assert_int_equal(frame_end(p, f), 0);
}

static void unknown(struct pack *p) { pack_bool(p, false); }
static void host(struct pack *p) { pack_nil(p); }
static void named(struct pack *p) { pack_str(p, "3ad7b26ded6d"); }

static struct proc read_proc(const struct pack *p)
{
	struct frame f = tree_frame(p);
	struct proc proc;
	size_t at;

	assert_int_equal(proc_read(&f, &proc, &at), 0);
	return proc;
}

static void tells_what_is_known(void **state)
{
	struct pack p = {0};

	(void)state;
	pack_proc(&p, unknown, FACT_COUNT);
	struct proc proc = read_proc(&p);
	assert_int_equal(proc.container, PROC_UNKNOWN);
	assert_int_equal(proc.pid, 7);
	assert_int_equal(proc.cgroup, 99);
	p.len = 0;
	pack_proc(&p, host, FACT_COUNT);
	assert_int_equal(read_proc(&p).container, PROC_HOST);
	p.len = 0;
	pack_proc(&p, named, FACT_COUNT);
	proc = read_proc(&p);
	assert_int_equal(proc.container, PROC_NAMED);
	assert_int_equal(proc.id_len, 12);
	assert_memory_equal(proc.id, "3ad7b26ded6d", 12);
	p.len = 0;
	pack_proc(&p, named, FACT_CONTAINER);
	assert_int_equal(read_proc(&p).container, PROC_ABSENT);
	pack_free(&p);
}

/* The new frame is the one that would have been written with the right fact at once. */
static void rewrites_only_the_fact(void **state)
{
	struct pack from = {0}, to = {0}, expected = {0};

	(void)state;
	pack_proc(&from, unknown, FACT_COUNT);
	struct frame f = tree_frame(&from);
	struct proc proc = read_proc(&from);
	proc_rewrite(&to, &f, &proc, "3ad7b26ded6d");
	pack_proc(&expected, named, FACT_COUNT);
	assert_int_equal(to.len, expected.len);
	assert_memory_equal(to.data, expected.data, to.len);
	to.len = expected.len = 0;
	proc_rewrite(&to, &f, &proc, NULL);
	pack_proc(&expected, host, FACT_COUNT);
	assert_int_equal(to.len, expected.len);
	assert_memory_equal(to.data, expected.data, to.len);
	pack_free(&from);
	pack_free(&to);
	pack_free(&expected);
}

static void malformed_bodies_have_a_place(void **state)
{
	struct pack p = {0};
	struct proc proc;
	size_t at = 0;

	(void)state;
	pack_proc(&p, unknown, FACT_COUNT);
	struct frame f = tree_frame(&p);
	p.data[FRAME_HEADER + 2] = 0xc1;       /* no such msgpack type, in place of the third value */
	assert_int_equal(proc_read(&f, &proc, &at), -1);
	assert_int_equal(at, 2);
	pack_free(&p);
}

static void short_bodies_are_read_in_bounds(void **state)
{
	struct pack p = {0};
	struct proc proc;
	size_t at;

	(void)state;
	pack_proc(&p, named, FACT_COUNT);
	struct frame f = tree_frame(&p);
	for (uint32_t n = f.len; n-- > 0;) {
		struct frame cut = f;
		/* A copy of its own length, so that a sanitizer sees a read behind it. */
		uint8_t *body = malloc(n + 1);
		memcpy(body, f.body, n);
		cut.body = realloc(body, n ? n : 1);
		cut.len = n;
		proc_read(&cut, &proc, &at);
		free((void *)cut.body);
	}
	pack_free(&p);
}

static void reads_cgroups(void **state)
{
	struct pack p = {0};
	struct cgroup_record c;
	size_t at = 0, begin = frame_begin(&p, FRAME_CGROUP);

	(void)state;
	pack_uint(&p, 4711);
	pack_bin(&p, "/docker", 7);
	pack_bool(&p, true);
	frame_end(&p, begin);
	struct frame f = tree_frame(&p);
	assert_int_equal(cgroup_read(&f, &c, &at), 0);
	assert_int_equal(c.id, 4711);
	assert_int_equal(c.len, 7);
	assert_memory_equal(c.path, "/docker", 7);
	assert_true(c.made);
	f.len--;
	assert_int_equal(cgroup_read(&f, &c, &at), -1);
	assert_int_equal(at, f.len);
	pack_free(&p);
}

static void finds_the_boot_id(void **state)
{
	struct pack p = {0};
	struct hello h;
	size_t at, begin = frame_begin(&p, FRAME_HELLO);

	(void)state;
	pack_uint(&p, 1);
	pack_str(&p, "probe");
	pack_str(&p, "0");
	size_t source_at = p.len;
	source_pack(&p, &(struct source){ .host = "h", .boot = "b-1", .name = "probe", .start = 5 });
	size_t source_end = p.len;
	pack_str(&p, "live");
	frame_end(&p, begin);
	struct frame f = tree_frame(&p);
	assert_int_equal(hello_read(&f, &h, &at), 0);
	assert_int_equal(h.boot_len, 3);
	assert_memory_equal(h.boot, "b-1", 3);
	assert_int_equal(h.source_len, source_end - source_at);
	f.len = 3;
	assert_int_equal(hello_read(&f, &h, &at), -1);
	pack_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_is_known), cmocka_unit_test(rewrites_only_the_fact),
		cmocka_unit_test(malformed_bodies_have_a_place), cmocka_unit_test(short_bodies_are_read_in_bounds),
		cmocka_unit_test(reads_cgroups), cmocka_unit_test(finds_the_boot_id),
	};

	return cmocka_run_group_tests_name("enrich_records", tests, NULL, NULL);
}
