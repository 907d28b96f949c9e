/* Buffering of one incoming stream. */
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"
#include "stat.h"
#include "value.h"

enum { CHUNK = 256 << 10 };            /* asked of each read() */

static bool is_socket(const struct stream *s)
{
	return s->type == STREAM_CONNECTED || s->type == STREAM_ACCEPTED;
}

void stream_begin(struct stream *s, enum stream_type type, int fd)
{
	*s = (struct stream){ .type = type, .fd = fd, .buf = s->buf, .cap = s->cap };
}

void stream_close(struct stream *s)
{
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	s->fd = -1;
}

void stream_free(struct stream *s)
{
	stream_close(s);
	free(s->buf);
	s->buf = NULL;
}

/* What a HELLO says that reading depends on: the version must be ours, and live streams end with END. */
static int note_hello(struct stream *s, const struct frame *f, char *err, size_t errlen)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value v;

	if (value_next(&c, &v) != 1 || v.type != VALUE_UINT || v.u != WIRE_VERSION) {
		snprintf(err, errlen, "byte %llu: a HELLO of a wire version that is not known; expected %d",
			(unsigned long long)f->offset + FRAME_HEADER, WIRE_VERSION);
		return -1;
	}
	for (int i = 0; i < 4; i++)
		if (value_next(&c, &v) != 1)
			return 0;
	s->live = v.type == VALUE_STR && v.s.len == 4 && memcmp(v.s.data, "live", 4) == 0;
	s->recorded = v.type == VALUE_STR && v.s.len == 8 && memcmp(v.s.data, "recorded", 8) == 0;
	return 0;
}

/* No whole frame is left. Half a frame is an error, but for a socket whose peer went away in the middle of it. */
static enum stream_result used_up(struct stream *s, char *err, size_t errlen)
{
	if (s->error && !is_socket(s)) {
		snprintf(err, errlen, "byte %llu: reading failed: %s", (unsigned long long)(s->offset + (s->end - s->start)),
			strerror(s->error));
		return STREAM_BAD;
	}
	if (s->eof && s->start < s->end && !is_socket(s)) {
		snprintf(err, errlen, "byte %llu: the stream ends inside of the frame that begins at byte %llu",
			(unsigned long long)(s->offset + (s->end - s->start)), (unsigned long long)s->offset);
		return STREAM_BAD;
	}
	/* Behind END a pipe or file may go on with another HELLO (`cat a b`); a socket does not. */
	bool over = s->eof || (is_socket(s) && s->ended && s->start == s->end);
	return over ? STREAM_OVER : STREAM_EMPTY;
}

enum stream_result stream_next(struct stream *s, struct frame *f, char *err, size_t errlen)
{
	size_t need;

	if (s->start == s->end)
		return used_up(s, err, errlen);
	int rc = frame_parse(s->buf + s->start, s->end - s->start, s->offset, f, &need, err, errlen);
	if (rc < 0)
		return STREAM_BAD;
	if (rc == 0)
		return used_up(s, err, errlen);
	s->start += f->size;
	s->offset += f->size;
	s->any = true;
	s->ended = f->kind == FRAME_END && (!is_socket(s) || end_is_last(f));
	if (f->kind == FRAME_HELLO && note_hello(s, f, err, errlen) != 0)
		return STREAM_BAD;
	return STREAM_FRAME;
}

/* Moves what is left to the front and makes room for a chunk, or for the whole of the frame that has begun. */
static void make_room(struct stream *s, size_t need)
{
	size_t left = s->end - s->start, want = left + CHUNK;

	if (s->start > 0 && left > 0)
		memmove(s->buf, s->buf + s->start, left);
	s->start = 0;
	s->end = left;
	if (want < need)
		want = need;
	if (want <= s->cap)
		return;
	uint8_t *buf = realloc(s->buf, want);
	if (!buf)
		diex(EX_OSERR, "out of memory: a buffer of %zu bytes", want);
	s->buf = buf;
	s->cap = want;
}

void stream_fill(struct stream *s)
{
	struct frame f;
	char err[256];
	size_t need = 0;

	/* What has not been taken yet is taken first: else a reader that is held up would gather the whole stream here. */
	if (s->eof || (s->start < s->end &&
			frame_parse(s->buf + s->start, s->end - s->start, s->offset, &f, &need, err, sizeof err) != 0))
		return;
	make_room(s, need);
	ssize_t n = read(s->fd, s->buf + s->end, s->cap - s->end);
	if (n > 0) {
		s->end += (size_t)n;
	} else if (n == 0) {
		s->eof = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		s->error = errno;
		s->eof = true;
	}
}
