/* A fixture for the fields of match/: four processes, a container, names, and an event at hand whose fields are printed. */
#ifndef TESTS_UNIT_MATCH_FIXTURE_H
#define TESTS_UNIT_MATCH_FIXTURE_H

#include <stdlib.h>

#include "match_frames.h"
#include "match/context.h"
#include "match/fields/field.h"

static const uint64_t k_init = 1 << 22 | 1, k_bash = 20 << 22 | 100, k_cat = 30 << 22 | 101;

struct fixture {
	struct state *s;
	struct context c;
	struct pack p;
	size_t begin;
	struct strbuf out;
};

static const struct proc procs[] = {
	{ .key = 1 << 22 | 1, .pid = 1, .comm = "systemd", .argv = { "/sbin/init" }, .exepath = "/usr/lib/systemd/systemd" },
	{ .key = 10 << 22 | 50, .parent = 1 << 22 | 1, .pid = 50, .comm = "sshd", .argv = { "sshd:", "u" }, .exepath = "/usr/sbin/sshd",
		.env = { "SSH=1" } },
	{ .key = 20 << 22 | 100, .parent = 10 << 22 | 50, .pid = 100, .comm = "bash", .argv = { "-bash" }, .cwd = "/home/u",
		.env = { "HOME=/home/u", "T= x " }, .exepath = "/usr/bin/bash", .tty = 34816, .start = NOW - 9 * (uint64_t)SECOND },
	{ .key = 30 << 22 | 101, .parent = 20 << 22 | 100, .pid = 101, .vpid = 7, .sid = 100, .pgid = 101, .vpgid = 7, .comm = "cat",
		.argv = { "cat", "-n", "", "/etc/x" }, .env = { "HOME=/root", "T= x ", "E=" }, .exepath = "/usr/bin/cat", .cwd = "/home/u",
		.uid = 1000, .loginuid = 1000, .container = "c0ffee", .exe_flags = 2, .caps = (uint64_t)1 << 0 | (uint64_t)1 << 21,
		.tty = 34816, .start = NOW - 5 * (uint64_t)SECOND, .ctime = NOW - 8 * (uint64_t)SECOND, .mtime = NOW - 7 * (uint64_t)SECOND,
		.pidns_start = NOW - 100 * (uint64_t)SECOND },
};

static inline void give_name(struct state *s, const char *scope, const char *type, uint64_t number, const char *name)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_NAME);

	pack_str(&p, scope);
	pack_str(&p, type);
	pack_uint(&p, number);
	pack_text(&p, name);
	pack_text(&p, "/home/u");
	pack_text(&p, "/bin/sh");
	give(s, &p, begin);
	pack_free(&p);
}

static inline void give_container(struct state *s)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_CONTAINER);

	pack_str(&p, "c0ffee");
	pack_map(&p, 5);
	pack_str(&p, "image.repository");
	pack_str(&p, "docker.io/library/nginx");
	pack_str(&p, "name");
	pack_str(&p, "web");
	pack_str(&p, "privileged");
	pack_bool(&p, true);
	pack_str(&p, "k8s.ns.name");
	pack_str(&p, "prod");
	pack_str(&p, "mounts");
	pack_array(&p, 2);
	static const char *const mounts[2][2] = { { "/proc", "/host/proc" }, { "/srv/data", "/data" } };
	for (int i = 0; i < 2; i++) {
		pack_array(&p, 5);
		pack_str(&p, mounts[i][0]);
		pack_str(&p, mounts[i][1]);
		pack_str(&p, "ro");
		pack_bool(&p, i);
		pack_str(&p, "private");
	}
	pack_str(&p, "docker:disk");
	give(s, &p, begin);
	pack_free(&p);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->s = state_new();
	for (size_t i = 0; i < sizeof procs / sizeof procs[0]; i++)
		give_proc(f->s, &procs[i]);
	give_name(f->s, "c0ffee", "user", 1000, "ada");
	give_name(f->s, NULL, "user", 0, "toor");
	give_container(f->s);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	state_free(f->s);
	arena_free(&f->c.arena);
	strbuf_free(&f->out);
	pack_free(&f->p);
	free(f);
	return 0;
}

/* Begins an event of `type`; the caller packs the parameters, then calls ready. */
static inline struct pack *begin_event(struct fixture *f, unsigned type, uint64_t process, int64_t result)
{
	f->p.len = 0;
	f->begin = event_begin(&f->p, type, process, process, (int64_t)(process & 0x3fffff), result);
	return &f->p;
}

static inline void ready(struct fixture *f)
{
	size_t at;

	assert_int_equal(frame_end(&f->p, f->begin), 0);
	struct frame frame = frame_of(&f->p, f->begin);
	arena_reset(&f->c.arena);
	assert_int_equal(context_event(&f->c, f->s, &frame, &at), 0);
}

/* getuid is as plain as an event can be. */
static inline void plain(struct fixture *f, uint64_t process)
{
	pack_uint(begin_event(f, 203, process, 1000), 1000);
	ready(f);
}

static inline void expect(struct fixture *f, const char *field, const char *text)
{
	struct field_value v[FIELD_VALUES];
	struct field_ref ref;
	char err[256] = "";
	size_t used;

	int rc = field_parse(NULL, field, strlen(field), true, &f->c.arena, &ref, &used, err, sizeof err);
	if (rc != 1)
		fail_msg("%s: %d %s", field, rc, err);
	strbuf_reset(&f->out);
	int n = ref.def->flags & FIELD_ABSENT ? -1 : ref.def->get(&ref, &f->c, v);
	if (n < 0)
		strbuf_puts(&f->out, "missing");
	else
		field_print(&ref, v, n, false, &f->out);
	if (strcmp(f->out.p ? f->out.p : "", text) != 0)
		fail_msg("%s is '%s', expected '%s'", field, f->out.p ? f->out.p : "", text);
}

struct expectation {
	const char *field, *text;
};

static inline void expect_all(struct fixture *f, const struct expectation *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(f, e[i].field, e[i].text);
}
#define EXPECT(f, ...) expect_all(f, (const struct expectation[]){ __VA_ARGS__ }, \
	sizeof((const struct expectation[]){ __VA_ARGS__ }) / sizeof(struct expectation))

/* A path parameter: [as passed, base, object]. */
static inline void pack_path(struct pack *p, const char *passed, const char *base, const char *object)
{
	pack_array(p, 3);
	pack_text(p, passed);
	pack_text(p, base);
	pack_text(p, object);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
