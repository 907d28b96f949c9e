/* The memfd between two readers: what the first has committed the second finds, and nothing else; what is broken is refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/buffer.h"
#include "probe/standard.h"
#include "wire/endpoint.h"
#include "wire/pack.h"

enum { SIZE = 1 << 20, HEADER = 65536 };

static void add(struct buffer *b, unsigned n, size_t len)
{
	struct pack p = {0};
	size_t f = frame_begin(&p, FRAME_EVENT);
	uint8_t *fill = pack_room(&p, len);

	memset(fill, (int)n, len);
	p.len += len;
	assert_int_equal(frame_end(&p, f), 0);
	assert_int_equal(backlog_add(b->frames, p.data, p.len), p.len);
	pack_free(&p);
}

static void reopen(struct buffer *b, int fd)
{
	char err[256];

	buffer_close(b);
	assert_int_equal(buffer_open(b, fd, SIZE, 1 << 20, err, sizeof err), 0);
}

static int begin(struct buffer *b)
{
	int fd = buffer_create(SIZE);

	assert_true(fd >= 0);
	*b = (struct buffer){0};
	reopen(b, fd);
	return fd;
}

static void committed_is_found(void **state)
{
	struct buffer b;
	int fd = begin(&b);

	(void)state;
	add(&b, 1, 100);
	b.state.ring = 800;
	b.state.events = 1;
	buffer_commit(&b);
	add(&b, 2, 100);
	b.state.events = 2;
	reopen(&b, fd);
	assert_int_equal(backlog_used(b.frames), 106);
	assert_int_equal(b.state.events, 1);
	assert_int_equal(b.state.ring, 800);
	buffer_close(&b);
	close(fd);
}

static void half_written_frame(void **state)
{
	struct buffer b;
	int fd = begin(&b);

	(void)state;
	add(&b, 1, 100);
	add(&b, 2, 100);
	add(&b, 3, 100);
	buffer_written(&b, 150);
	buffer_commit(&b);
	reopen(&b, fd);
	assert_int_equal(b.state.partial, 44);
	assert_int_equal(b.frames->tail_index, 1);
	buffer_written(&b, 62 + 106);
	buffer_commit(&b);
	reopen(&b, fd);
	assert_int_equal(backlog_used(b.frames), 0);
	assert_int_equal(b.state.partial, 0);
	buffer_close(&b);
	close(fd);
}

/* Around the ring several times, with what has left it given back. */
static void around(void **state)
{
	struct buffer b;
	int fd = begin(&b);

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		add(&b, i, 1500);
		buffer_commit(&b);
		if (i > 100) {
			struct frame f = backlog_frame(b.frames, b.frames->tail);
			assert_int_equal(f.body[0], (uint8_t)(i - 101));
			assert_int_equal(f.body[f.len - 1], (uint8_t)(i - 101));
			buffer_written(&b, f.size);
			buffer_commit(&b);
		}
		if (i % 100 == 0)
			reopen(&b, fd);
	}
	buffer_close(&b);
	close(fd);
}

static void asides_are_owed(void **state)
{
	struct buffer b;
	int fd = begin(&b), status;
	char err[256], spec[64];

	(void)state;
	snprintf(spec, sizeof spec, "unix:/tmp/probe_buffer.%d", (int)getpid());
	struct output *out = buffer_output(&b, spec, -1, err, sizeof err, &status);
	assert_non_null(out);
	for (unsigned i = 0; i < 3; i++)
		add(&b, i, 50);
	uint64_t token[3];
	for (unsigned i = 0; i < 3; i++) {
		struct frame f = backlog_frame(b.frames, b.frames->tail);
		assert_true(b.keeper.room(b.keeper.arg, f.size));
		token[i] = b.keeper.put(b.keeper.arg, i, &f);
		backlog_pop(b.frames, &f);
	}
	b.keeper.drop(b.keeper.arg, token[0]);
	b.keeper.drop(b.keeper.arg, token[2]);
	buffer_commit(&b);
	output_free(out);
	reopen(&b, fd);
	assert_int_equal(b.state.side_tail, token[1]);
	out = buffer_output(&b, spec, -1, err, sizeof err, &status);
	assert_non_null(out);
	assert_false(output_drain(out, 0));
	b.keeper.drop(b.keeper.arg, token[1]);
	buffer_commit(&b);
	assert_int_equal(b.state.side_tail, b.state.side_head);
	output_free(out);
	buffer_close(&b);
	close(fd);
}

static void nonsense_is_refused(void **state)
{
	struct buffer b;
	char err[256];
	unsigned refused = 0;

	(void)state;
	srandom(1);
	for (int round = 0; round < 2000; round++) {
		int fd = begin(&b);
		for (unsigned i = 0; i < 20; i++)
			add(&b, i, 40);
		buffer_commit(&b);
		for (int n = (int)(random() % 4); n >= 0; n--)
			((uint8_t *)b.header)[random() % 300] = (uint8_t)(random() % 3 ? random() : 255);
		if (random() % 2)
			b.frames->base[random() % 920] ^= (uint8_t)random();
		buffer_close(&b);
		if (buffer_open(&b, fd, SIZE, 1 << 20, err, sizeof err) != 0) {
			refused++;
			assert_true(strlen(err) > 10);
			assert_int_equal(buffer_format(fd, SIZE), 0);
			assert_int_equal(buffer_open(&b, fd, SIZE, 1 << 20, err, sizeof err), 0);
			assert_int_equal(backlog_used(b.frames), 0);
		}
		buffer_close(&b);
		close(fd);
	}
	assert_true(refused > 500);
}

/* Frames of 106 bytes in the buffer; a reader was killed in the write of the first `n` bytes of them. */
static void killed_while_writing(bool pipe_out, size_t n)
{
	struct buffer b;
	struct standard s;
	struct held h;
	char path[] = "/tmp/probe_bufferXXXXXX", was[1024], is[1024];
	int fd = begin(&b), kept = dup(STDOUT_FILENO), out[2];

	fflush(stdout);
	assert_int_equal(pipe2(h.pipe, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	if (!pipe_out) {
		close(out[0]);
		close(out[1]);
		out[0] = out[1] = mkstemp(path);
		unlink(path);
	}
	dup2(out[1], STDOUT_FILENO);
	for (unsigned i = 0; i < 5; i++)
		add(&b, i, 100);
	memcpy(was, backlog_at(b.frames, b.frames->tail), 530);
	b.state.flags |= BUFFER_WRITING;
	buffer_commit(&b);
	ssize_t did = write(pipe_out ? h.pipe[1] : STDOUT_FILENO, was, n);
	reopen(&b, fd);
	standard_open(&s, &h, &b);
	int rc = standard_write(&s, &b);
	dup2(kept, STDOUT_FILENO);
	assert_int_equal(did, n);
	assert_int_equal(rc, 1);
	assert_int_equal(backlog_used(b.frames), 0);
	if (!pipe_out)
		lseek(out[0], 0, SEEK_SET);
	assert_int_equal(read(out[0], is, sizeof is), 530);
	assert_memory_equal(is, was, 530);
	for (int *f = (int[]){ fd, kept, h.pipe[0], h.pipe[1], out[0], pipe_out ? out[1] : -1, -2 }; *f != -2; f++)
		if (*f >= 0)
			close(*f);
	buffer_close(&b);
}

static void killed_in_write(void **state)
{
	(void)state;
	for (size_t n = 0; n <= 530; n += 53) {
		killed_while_writing(true, n);
		killed_while_writing(false, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(committed_is_found), cmocka_unit_test(half_written_frame), cmocka_unit_test(around),
		cmocka_unit_test(asides_are_owed), cmocka_unit_test(nonsense_is_refused), cmocka_unit_test(killed_in_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
