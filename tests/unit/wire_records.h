/* Small records for the tests of wire/. */
#ifndef TESTS_WIRE_RECORDS_H
#define TESTS_WIRE_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/fact.h"
#include "wire/frame.h"
#include "wire/hello.h"
#include "wire/pack.h"
#include "wire/stat.h"

static inline void add_hello(struct pack *p, const char *name, bool recorded)
{
	struct hello_content hello = { .program = "test", .source = { "host", "boot", name, 1 }, .recorded = recorded };

	hello_frame(p, &hello);
}

/* PROC as far as argv; `argv_of` is the key of argv's owner, 0 for an array of one text of `size` bytes. */
static inline void add_proc(struct pack *p, uint64_t key, uint64_t parent, uint64_t argv_of, size_t size)
{
	size_t frame = frame_begin(p, FRAME_PROC);

	pack_uint(p, key);
	pack_uint(p, parent);
	pack_nil(p);
	for (int i = 0; i < FACT_ARGV; i++)
		pack_nil(p);
	if (argv_of) {
		pack_uint(p, argv_of);
	} else {
		pack_array(p, 1);
		uint8_t *text = test_calloc(1, size + 1);
		pack_bin(p, text, size);
		test_free(text);
	}
	assert_int_equal(frame_end(p, frame), 0);
}

static inline void add_thread(struct pack *p, uint64_t key, uint64_t process)
{
	size_t frame = frame_begin(p, FRAME_THREAD);

	pack_uint(p, key);
	pack_uint(p, process);
	pack_int(p, 7);
	pack_int(p, 7);
	pack_map(p, 0);
	assert_int_equal(frame_end(p, frame), 0);
}

static inline void add_exit(struct pack *p, uint64_t key)
{
	size_t frame = frame_begin(p, FRAME_EXIT);

	pack_uint(p, key);
	pack_uint(p, 5);
	pack_int(p, 0);
	assert_int_equal(frame_end(p, frame), 0);
}

static inline void add_event(struct pack *p, uint64_t id, uint64_t process, uint64_t task)
{
	size_t frame = frame_begin(p, FRAME_EVENT);

	pack_fix64(p, 5);
	pack_fix64(p, id);
	pack_fix16(p, 275);
	pack_fix64(p, process);
	pack_fix64(p, task);
	pack_int(p, 7);
	pack_int(p, 0);
	pack_int(p, 0);
	pack_int(p, 0);
	assert_int_equal(frame_end(p, frame), 0);
}

static inline void add_cgroup(struct pack *p, uint64_t id, const char *path, bool made)
{
	size_t frame = frame_begin(p, FRAME_CGROUP);

	pack_uint(p, id);
	pack_bin(p, path, strlen(path));
	pack_bool(p, made);
	assert_int_equal(frame_end(p, frame), 0);
}

/* The frame at an offset, which must be whole. */
static inline struct frame frame_at(const uint8_t *data, size_t n, size_t at)
{
	struct frame f;
	char err[200] = "";
	size_t need;

	assert_int_equal(frame_parse(data + at, n - at, at, &f, &need, err, sizeof err), 1);
	return f;
}

/* The first value of a frame, which must be a number. */
static inline uint64_t first_number(const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value v;

	assert_int_equal(value_next(&c, &v), 1);
	assert_int_equal(v.type, VALUE_UINT);
	return v.u;
}

#endif
