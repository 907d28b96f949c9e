/* The reader of captures on a small capture of its own making: what it takes, and that nothing that a file can hold, cut or
 * changed at any byte, makes it crash, hang, or say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "wire/scap_codes.h"
#include "probe/scap/scap_write.h"

enum { FILE_MAX = 4096 };

struct made {
	uint8_t data[FILE_MAX];
	size_t n;
};

static void put(struct made *m, uint64_t u, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		m->data[m->n++] = i < 8 ? (uint8_t)(u >> 8 * i) : 0;
}

static void put_bytes(struct made *m, const void *p, size_t n)
{
	memcpy(m->data + m->n, p, n);
	m->n += n;
}

static void put_text(struct made *m, const char *s)
{
	put(m, strlen(s), 2);
	put_bytes(m, s, strlen(s));
}

static void put_block(struct made *m, uint32_t type, const struct made *body)
{
	size_t padded = (body->n + 3) & ~(size_t)3;

	put(m, type, 4);
	put(m, padded + 12, 4);
	put_bytes(m, body->data, body->n);
	put(m, 0, (unsigned)(padded - body->n));
	put(m, padded + 12, 4);
}

/* Process list of version 4: the fields up to cgroups. */
static void put_process(struct made *m, uint64_t tid, uint64_t pid, uint64_t ptid, const char *comm)
{
	put(m, tid, 8);
	put(m, pid, 8);
	put(m, ptid, 8);
	put_text(m, comm);
	put_text(m, comm);
	put_text(m, "");
	put_text(m, "/home/u");
	put(m, 1024, 8);
	put(m, 0, 4);
	put(m, 1000, 4);
	put(m, 1000, 4);
	put(m, 0, 4);
	put(m, 0, 4);
	put(m, 0, 4);
	put(m, 0, 8);
	put(m, 0, 8);
	put_text(m, "HOME=/home/u");
	put(m, tid, 8);
	put(m, pid, 8);
	put_text(m, "cpu=/user");
}

static void put_event(struct made *m, uint64_t time, uint64_t tid, uint16_t code, const uint16_t *lengths, unsigned n,
	const struct made *params)
{
	struct made b = {0};

	put(&b, 0, 2);
	put(&b, time, 8);
	put(&b, tid, 8);
	put(&b, 22 + 2 * n + params->n, 4);
	put(&b, code, 2);
	for (unsigned i = 0; i < n; i++)
		put(&b, lengths[i], 2);
	put_bytes(&b, params->data, params->n);
	put_block(m, 0x204, &b);
}

/* Section, machine, one user, two threads of a process, a descriptor; openat of old with its enter event, close, exit. */
static struct made whole(void)
{
	static const uint16_t enter[] = { 8, 5, 4, 4 }, exit[] = { 8 };
	struct made m = {0}, b = {0}, p = {0};

	put(&b, 0x1A2B3C4D, 4);
	put(&b, 1, 2);
	put(&b, 0, 2);
	put(&b, UINT64_MAX, 8);
	put_block(&m, 0x0A0D0D0A, &b);
	b.n = 0;
	put(&b, 2, 4);
	put(&b, 1 << 20, 8);
	put(&b, 0, 8);
	put_bytes(&b, (char[128]){ "box" }, 128);
	put(&b, 0, 8 * 4);
	put_block(&m, 0x201, &b);
	b.n = 0;
	put(&b, 0, 1);
	put(&b, 1000, 4);
	put(&b, 1000, 4);
	put_text(&b, "u");
	put_text(&b, "/home/u");
	put_text(&b, "/bin/sh");
	put_block(&m, 0x206, &b);
	b.n = 0;
	put_process(&b, 70, 70, 1, "cat");
	put_process(&b, 71, 70, 1, "worker");
	put_block(&m, 0x210, &b);
	b.n = 0;
	put(&b, 70, 8);
	put(&b, 0, 8);
	put(&b, 5, 8);
	put(&b, 1, 1);
	put_text(&b, "/dev/null");
	put_block(&m, 0x203, &b);
	put(&p, (uint64_t)-100, 8);
	put_bytes(&p, "file", 5);
	put(&p, 1, 4);
	put(&p, 0, 4);
	put_event(&m, 1000, 71, 102, enter, 4, &p);
	p.n = 0;
	put(&p, 3, 8);
	put_event(&m, 2000, 71, 103, exit, 1, &p);
	p.n = 0;
	put(&p, 3, 8);
	put_event(&m, 3000, 70, 4, exit, 1, &p);
	p.n = 0;
	put(&p, 0, 8);
	put_event(&m, 4000, 70, 5, exit, 1, &p);
	put_event(&m, 5000, 71, 16, NULL, 0, &(struct made){0});
	return m;
}

static char *write_file(const struct made *m, bool compressed)
{
	static char path[] = "/tmp/probe_scap.XXXXXX";

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	if (compressed) {
		gzFile gz = gzdopen(fd, "wb");
		assert_int_equal(gzwrite(gz, m->data, (unsigned)m->n), (int)m->n);
		gzclose(gz);
	} else {
		assert_int_equal(write(fd, m->data, m->n), (ssize_t)m->n);
		close(fd);
	}
	return path;
}

/* All that the parts of the reader do with a file, without the frames' way out. Returns how many events were read, -1 when the
 * file is bad; `err` is then what was said. */
struct seen {
	int events, names;
	char err[1024], path[64], name[64];
	struct pack out;
};

static void count_name(void *arg, const struct scap_name *n)
{
	struct seen *s = arg;

	s->names++;
	snprintf(s->name, sizeof s->name, "%.*s", (int)n->name.n, (const char *)n->name.p);
}

static int see_event(struct seen *s, struct scap_world *w, struct scap_writer *o, struct scap_file *f, const struct scap_block *b)
{
	struct scap_event e;
	uint8_t *room = NULL;
	int rc = scap_event_read(f, b, &e);

	if (rc <= 0)
		return rc;
	struct scap_thread *t = scap_thread_find(&w->threads, e.tid);
	enum scap_verdict v = scap_convert(&e, t ? &t->enter : NULL, &room);
	if ((v == SCAP_KEEP || v == SCAP_ENTER) && t) {
		scap_stored_set(&t->enter, &e);
	} else if (v == SCAP_SHOW && event_type(e.code)) {
		struct scap_now now = { .w = w, .e = &e, .type = event_type(e.code) };
		scap_before(&now);
		if (now.fd && now.fd->kind == FD_FILE)
			snprintf(s->path, sizeof s->path, "%.*s", (int)now.fd->name.n, now.fd->name.p);
		scap_write_changes(o);
		scap_write_event(o, &now, 1);
		s->events++;
		struct scap_thread *dead = scap_after(&now);
		if (dead) {
			scap_thread_die(&w->threads, dead, 0);
			scap_thread_reap(&w->threads, dead);
		}
	}
	free(room);
	return 0;
}

static int see_block(struct seen *s, struct scap_world *w, struct scap_writer *o, struct scap_file *f, const struct scap_block *b)
{
	switch (b->kind) {
	case SCAP_SECTION: return scap_read_section(f, b);
	case SCAP_MACHINE: return scap_read_machine(f, b, &w->machine);
	case SCAP_INTERFACES: return scap_read_interfaces(f, b, &w->interfaces);
	case SCAP_USERS: return scap_read_users(f, b, count_name, s);
	case SCAP_PROCESSES: return scap_read_processes(f, b, &w->threads);
	case SCAP_FDS: return scap_read_fds(f, b, &w->threads);
	case SCAP_EVENTS: return see_event(s, w, o, f, b);
	case SCAP_OTHER: return 0;
	}
	return 0;
}

static int see(struct seen *s, const char *path)
{
	struct scap_world w = {0};
	struct scap_writer o = { .w = &w };
	struct scap_block b;
	int status, rc;

	*s = (struct seen){0};
	struct scap_file *f = scap_open(path, s->err, sizeof s->err, &status);
	assert_non_null(f);
	while ((rc = scap_next(f, &b)) == 1)
		if ((rc = see_block(s, &w, &o, f, &b)) < 0)
			break;
	snprintf(s->err, sizeof s->err, "%s", scap_error(f));
	scap_close(f);
	scap_threads_free(&w.threads);
	scap_interfaces_free(&w.interfaces);
	scap_writer_free(&o);
	return rc < 0 ? -1 : s->events;
}

static int see_made(struct seen *s, const struct made *m, bool compressed)
{
	char *path = write_file(m, compressed);
	int n = see(s, path);

	unlink(path);
	return n;
}

static void a_capture_is_read(void **state)
{
	struct made m = whole();
	struct seen s;

	(void)state;
	for (int compressed = 0; compressed < 2; compressed++) {
		assert_int_equal(see_made(&s, &m, compressed), 3);
		assert_int_equal(s.names, 1);
		assert_string_equal(s.name, "u");
		/* The name is that of the enter event, and the folder the process's. */
		assert_string_equal(s.path, "/home/u/file");
		assert_string_equal(s.err, "");
	}
}

/* A block's end is the only place where a file may end. */
static void every_cut_is_told(void **state)
{
	struct made m = whole();
	struct seen s;
	size_t at = 0;

	(void)state;
	for (size_t n = 0; n < m.n; n++) {
		struct made cut = m;
		cut.n = n;
		if (n == at + (m.data[at + 4] | (uint32_t)m.data[at + 5] << 8))
			at = n;
		int events = see_made(&s, &cut, false);
		if (n == at) {
			assert_true(events >= 0);
			continue;
		}
		assert_int_equal(events, -1);
		assert_non_null(strstr(s.err, ": byte "));
	}
}

static void no_byte_makes_it_crash(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	struct made m = whole();
	struct seen s;

	(void)state;
	for (size_t i = 0; i < m.n; i++)
		for (size_t k = 0; k < sizeof masks; k++) {
			struct made bad = m;
			bad.data[i] ^= masks[k];
			if (see_made(&s, &bad, false) < 0)
				assert_non_null(strstr(s.err, ": byte "));
		}
}

static void compressed_data_that_end_early(void **state)
{
	struct made m = whole();
	char *path = write_file(&m, true);
	struct seen s;

	(void)state;
	assert_int_equal(truncate(path, 200), 0);
	assert_int_equal(see(&s, path), -1);
	assert_non_null(strstr(s.err, "the compressed data end early"));
	unlink(path);
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *says;
	} cases[] = {
		{ 4, 29, "byte 4: found a block of 29 bytes, expected a multiple of 4 from 12 to 1073741824" },
		{ 8, 0, "byte 8: found 0x1A2B3C00, expected 0x1A2B3C4D" },
		{ 12, 7, "byte 12: found version 7 of the format, expected 1" },
		{ 24, 32, "byte 24: found 32 as the block's length again, expected 28" },
	};
	struct seen s;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = whole();
		m.data[cases[i].at] = cases[i].value;
		assert_int_equal(see_made(&s, &m, false), -1);
		if (!strstr(s.err, cases[i].says))
			fail_msg("said '%s', expected '%s'", s.err, cases[i].says);
	}
}

/* Every chain of rules ends at an event that today's schema has, or at nothing. */
static void conversion_ends(void **state)
{
	(void)state;
	for (unsigned code = 0; code < EVENT_TYPES; code++) {
		const struct scap_code *c = scap_code(code);
		assert_non_null(c);
		for (unsigned n = 0; n <= c->params; n++) {
			struct scap_event e = { .code = (uint16_t)code, .n = n };
			uint8_t *room = NULL;
			enum scap_verdict v = scap_convert(&e, NULL, &room);
			if (v == SCAP_SHOW)
				assert_non_null(event_type(e.code));
			free(room);
		}
	}
}

/* The oldest execve has eight parameters; ten rules later it has those of today. */
static void the_oldest_execve(void **state)
{
	static const uint8_t zero[8], name[] = "cat";
	struct scap_event e = { .code = 13, .n = 8 };
	uint8_t *room = NULL;

	(void)state;
	for (int i = 0; i < 8; i++)
		e.p[i] = (struct scap_bytes){ zero, 8 };
	e.p[1] = (struct scap_bytes){ name, sizeof name };
	assert_int_equal(scap_convert(&e, NULL, &room), SCAP_SHOW);
	assert_int_equal(e.code, 293);
	assert_int_equal(e.n, event_type(293)->nparams);
	assert_int_equal(scap_string(&e, 1).n, 3);
	assert_null(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_is_read), cmocka_unit_test(every_cut_is_told), cmocka_unit_test(no_byte_makes_it_crash),
		cmocka_unit_test(compressed_data_that_end_early), cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(conversion_ends), cmocka_unit_test(the_oldest_execve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
