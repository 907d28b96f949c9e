/* A recorded stream, passed on: every frame as it is, but HELLO, which is no longer live. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "probe/scap/scap.h"
#include "wire/frame.h"
#include "wire/log.h"

enum { CHUNK = 1 << 20, MODE = 4 };

struct replay {
	uint8_t *buf;
	size_t len, cap;
	uint64_t offset;               /* of buf[0] in the stream */
	struct pack out;
	bool ended;
};

static void copy_hello(struct pack *out, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value v;
	size_t begin = frame_begin(out, FRAME_HELLO);

	for (int i = 0; value_next(&c, &v) == 1; i++) {
		if (i == MODE)
			pack_str(out, "recorded");
		else
			pack_value(out, &v);
	}
	frame_end(out, begin);
}

/* Passes on every whole frame that is in the buffer: the number of bytes that they took, -1 when one is bad. */
static long pass(struct replay *r, size_t *need)
{
	char err[512];
	struct frame f;
	size_t at = 0;
	int rc;

	while ((rc = frame_parse(r->buf + at, r->len - at, r->offset + at, &f, need, err, sizeof err)) == 1) {
		if (f.kind == FRAME_HELLO)
			copy_hello(&r->out, &f);
		else
			frame_copy(&r->out, &f);
		r->ended = f.kind == FRAME_END;
		at += f.size;
	}
	if (rc < 0) {
		log_warnx("%s", err);
		return -1;
	}
	return (long)at;
}

static bool grow(struct replay *r, size_t need)
{
	size_t cap = need > CHUNK ? need : CHUNK;

	if (r->cap >= cap)
		return true;
	uint8_t *buf = realloc(r->buf, cap);
	if (!buf)
		return false;
	r->buf = buf;
	r->cap = cap;
	return true;
}

static int step(struct replay *r, struct scap_file *f, struct output *out, bool *more)
{
	size_t need = FRAME_HEADER;
	long used = pass(r, &need);

	*more = false;
	if (used < 0)
		return EX_DATAERR;
	if (used)
		memmove(r->buf, r->buf + used, r->len - (size_t)used);
	r->len -= (size_t)used;
	r->offset += (uint64_t)used;
	if (output_flush(out, &r->out) < 0)
		return errno == EPIPE ? 0 : EX_IOERR;
	if (!grow(r, need))
		return EX_OSERR;
	long got = scap_read(f, r->buf + r->len, r->cap - r->len);
	if (got < 0) {
		log_warnx("%s", scap_error(f));
		return EX_DATAERR;
	}
	if (got == 0 && r->len) {
		log_warnx("byte %llu: found a frame that ends with the file, expected %zu bytes of it",
			(unsigned long long)r->offset, need);
		return EX_DATAERR;
	}
	r->len += (size_t)got;
	*more = got > 0;
	return 0;
}

int replay_run(struct scap_file *f, struct output *out)
{
	struct replay r = {0};
	bool more = true;
	int status = 0;

	while (status == 0 && more)
		status = step(&r, f, out, &more);
	if (status == 0 && !r.ended)
		log_warnx("the stream has no END");
	free(r.buf);
	pack_free(&r.out);
	return status;
}
