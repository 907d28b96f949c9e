/* Reading blocks: type, whole length, body, whole length again. zlib reads gzip and plain files alike. */
#include "scap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <zlib.h>

enum { HEADER = 8, TRAILER = 4, CHUNK = 1 << 20, BLOCK_MAX = 1 << 30, PEEK_MAX = 16, MESSAGE = 768 };

struct scap_file {
	gzFile gz;
	const char *name;
	uint64_t offset;
	uint8_t *buf;
	size_t cap;
	uint8_t peeked[PEEK_MAX];
	size_t npeeked, peek_at;
	char error[MESSAGE];
};

struct scap_file *scap_open(const char *path, char *err, size_t errlen, int *status)
{
	struct scap_file *f = calloc(1, sizeof *f);
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

	*status = fd < 0 && errno == ENOENT ? EX_NOINPUT : EX_OSERR;
	if (fd >= 0 && f && (f->gz = gzdopen(fd, "rb"))) {
		gzbuffer(f->gz, 256 << 10);
		f->name = standard ? "standard input" : path;
		return f;
	}
	snprintf(err, errlen, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(f);
	return NULL;
}

void scap_close(struct scap_file *f)
{
	if (!f)
		return;
	gzclose_r(f->gz);
	free(f->buf);
	free(f);
}

const char *scap_error(const struct scap_file *f)
{
	return f->error;
}

int scap_bad(struct scap_file *f, uint64_t offset, const char *fmt, ...)
{
	char text[MESSAGE / 2];
	va_list ap;

	if (f->error[0])
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(f->error, sizeof f->error, "%s: byte %llu: %s", f->name, (unsigned long long)offset, text);
	return -1;
}

/* A file that ends in the middle of its compressed data has an error of zlib's, and says so here. */
static long fill(struct scap_file *f, uint8_t *out, size_t n)
{
	size_t got = 0;

	while (got < n && f->peek_at < f->npeeked)
		out[got++] = f->peeked[f->peek_at++];
	while (got < n) {
		size_t want = n - got < CHUNK ? n - got : CHUNK;
		int rc = gzread(f->gz, out + got, (unsigned)want);
		int code = Z_OK;
		const char *why = gzerror(f->gz, &code);
		if (rc < 0 || (rc == 0 && code == Z_BUF_ERROR)) {
			if (code == Z_ERRNO)
				why = strerror(errno);
			else if (code == Z_BUF_ERROR)
				why = "the compressed data end early";
			return scap_bad(f, f->offset + got, "can not be read: %s", why);
		}
		if (rc == 0)
			break;
		got += (size_t)rc;
	}
	f->offset += got;
	return (long)got;
}

size_t scap_peek(struct scap_file *f, uint8_t *out, size_t n)
{
	uint8_t first[PEEK_MAX];
	long got = fill(f, first, n < PEEK_MAX ? n : PEEK_MAX);

	if (got <= 0)
		return 0;
	memcpy(f->peeked, first, (size_t)got);
	memcpy(out, first, (size_t)got);
	f->npeeked = (size_t)got;
	f->peek_at = 0;
	f->offset -= (size_t)got;
	return (size_t)got;
}

long scap_read(struct scap_file *f, uint8_t *out, size_t n)
{
	return fill(f, out, n);
}

static uint32_t u32_at(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Room is made as the bytes come, not as the header promises them. */
static int read_body(struct scap_file *f, uint64_t start, uint32_t n)
{
	uint32_t have = 0;

	while (have < n) {
		uint32_t step = n - have < CHUNK ? n - have : CHUNK;
		if (f->cap < (size_t)have + step) {
			size_t cap = f->cap ? f->cap * 2 : CHUNK;
			uint8_t *buf = realloc(f->buf, cap);
			if (!buf)
				return scap_bad(f, start, "out of memory: a block of %u bytes", n);
			f->buf = buf;
			f->cap = cap;
			continue;
		}
		long got = fill(f, f->buf + have, step);
		if (got < 0)
			return -1;
		have += (uint32_t)got;
		if ((uint32_t)got < step)
			return scap_bad(f, start, "found a block that ends after %llu bytes with the file, expected %llu",
				HEADER + (unsigned long long)have, HEADER + (unsigned long long)n);
	}
	return 0;
}

static const struct kind {
	uint32_t type, other;          /* other: what the first versions of the format called it */
	uint8_t kind, version;
	bool flags, large;
} kinds[] = {
	{ 0x0A0D0D0A, 0, SCAP_SECTION, 1, false, false }, { 0x201, 0x8002ABCD, SCAP_MACHINE, 1, false, false },
	{ 0x205, 0x8011ABCD, SCAP_INTERFACES, 1, false, false }, { 0x219, 0, SCAP_INTERFACES, 2, false, false },
	{ 0x206, 0x8012ABCD, SCAP_USERS, 1, false, false }, { 0x220, 0, SCAP_USERS, 2, false, false },
	{ 0x202, 0x8000ABCD, SCAP_PROCESSES, 1, false, false }, { 0x207, 0x8013ABCD, SCAP_PROCESSES, 2, false, false },
	{ 0x209, 0x8014ABCD, SCAP_PROCESSES, 3, false, false }, { 0x210, 0, SCAP_PROCESSES, 4, false, false },
	{ 0x211, 0, SCAP_PROCESSES, 5, false, false }, { 0x212, 0, SCAP_PROCESSES, 6, false, false },
	{ 0x213, 0, SCAP_PROCESSES, 7, false, false }, { 0x214, 0, SCAP_PROCESSES, 8, false, false },
	{ 0x215, 0, SCAP_PROCESSES, 9, false, false }, { 0x203, 0x8001ABCD, SCAP_FDS, 1, false, false },
	{ 0x218, 0, SCAP_FDS, 2, false, false }, { 0x204, 0x8010ABCD, SCAP_EVENTS, 1, false, false },
	{ 0x216, 0, SCAP_EVENTS, 2, false, false }, { 0x221, 0, SCAP_EVENTS, 2, false, true },
	{ 0x208, 0, SCAP_EVENTS, 1, true, false }, { 0x217, 0, SCAP_EVENTS, 2, true, false },
	{ 0x222, 0, SCAP_EVENTS, 2, true, true },
};

static void name_kind(struct scap_block *b)
{
	b->kind = SCAP_OTHER;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].type != b->type && (!kinds[i].other || kinds[i].other != b->type))
			continue;
		b->kind = kinds[i].kind;
		b->version = kinds[i].version;
		b->flags = kinds[i].flags;
		b->large = kinds[i].large;
	}
}

int scap_next(struct scap_file *f, struct scap_block *b)
{
	uint8_t header[HEADER];
	uint64_t start = f->offset;
	long got = fill(f, header, HEADER);

	*b = (struct scap_block){0};
	if (got <= 0)
		return (int)got;
	if (got < HEADER)
		return scap_bad(f, start, "found %ld bytes at the end, expected the %d of a block's header", got, HEADER);
	b->type = u32_at(header);
	uint32_t total = u32_at(header + 4);
	name_kind(b);
	if (total < HEADER + TRAILER || total % 4 || total > BLOCK_MAX)
		return scap_bad(f, start + 4, "found a block of %u bytes, expected a multiple of 4 from %d to %d", total,
			HEADER + TRAILER, BLOCK_MAX);
	if (read_body(f, start, total - HEADER) < 0)
		return -1;
	uint32_t trailer = u32_at(f->buf + total - HEADER - TRAILER);
	if (trailer != total)
		return scap_bad(f, start + total - TRAILER, "found %u as the block's length again, expected %u", trailer, total);
	b->body = f->buf;
	b->len = total - HEADER - TRAILER;
	b->offset = start + HEADER;
	return 1;
}

struct scap_cursor scap_cursor(struct scap_file *f, const struct scap_block *b)
{
	return (struct scap_cursor){ f, b->body, b->body + b->len, b->offset, false };
}

size_t scap_left(const struct scap_cursor *c)
{
	return (size_t)(c->end - c->p);
}

bool scap_at_end(const struct scap_cursor *c)
{
	return c->bad || scap_left(c) < 4;
}

struct scap_bytes scap_take(struct scap_cursor *c, uint64_t n, const char *what)
{
	struct scap_bytes b = { c->p, (uint32_t)n };

	if (!c->bad && n > scap_left(c)) {
		c->bad = true;
		scap_bad(c->file, c->offset, "found %zu bytes, expected %llu for %s", scap_left(c), (unsigned long long)n, what);
	}
	if (c->bad)
		return (struct scap_bytes){0};
	c->p += n;
	c->offset += n;
	return b;
}

uint64_t scap_uint(struct scap_cursor *c, unsigned size, const char *what)
{
	struct scap_bytes b = scap_take(c, size, what);
	uint64_t u = 0;

	for (uint32_t i = 0; i < b.n; i++)
		u |= (uint64_t)b.p[i] << 8 * i;
	return u;
}

struct scap_bytes scap_text(struct scap_cursor *c, const char *what)
{
	return scap_take(c, scap_uint(c, 2, what), what);
}

struct scap_cursor scap_part(struct scap_cursor *c, uint64_t n, const char *what)
{
	uint64_t offset = c->offset;
	struct scap_bytes b = scap_take(c, n, what);

	return (struct scap_cursor){ c->file, b.p, b.p ? b.p + b.n : NULL, offset, c->bad };
}
