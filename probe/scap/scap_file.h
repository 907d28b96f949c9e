/* The blocks of a capture file (.scap), gzip or plain, read one after the other with every length checked, and a cursor that
 * takes values out of them. What is wrong is said once, with the byte offset in the uncompressed file. */
#ifndef PROBE_SCAP_FILE_H
#define PROBE_SCAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scap_file;

/* `path` may be "-". NULL with a message and the exit status when it can not be opened. */
struct scap_file *scap_open(const char *path, char *err, size_t errlen, int *status);
void scap_close(struct scap_file *f);
/* Up to `n` bytes from the beginning, without reading them away. Returns how many there are. */
size_t scap_peek(struct scap_file *f, uint8_t *out, size_t n);
/* Plain bytes, for files that hold something else. Returns how many, 0 at the end, -1 when they can not be read. */
long scap_read(struct scap_file *f, uint8_t *out, size_t n);
/* The first thing that was wrong: "FILE: byte N: found ..., expected ...". */
const char *scap_error(const struct scap_file *f);
/* Says what is wrong at that offset, if nothing was before. Returns -1. */
int scap_bad(struct scap_file *f, uint64_t offset, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

enum scap_kind {
	SCAP_SECTION, SCAP_MACHINE, SCAP_INTERFACES, SCAP_USERS, SCAP_PROCESSES, SCAP_FDS, SCAP_EVENTS, SCAP_OTHER
};
struct scap_block {
	uint32_t type;
	enum scap_kind kind;
	uint8_t version;               /* of the kind, from 1 on */
	bool flags, large;             /* of events: has dump flags; 32-bit lengths */
	const uint8_t *body;           /* with the padding; valid until the next block */
	uint32_t len;
	uint64_t offset;               /* of the body */
};
/* The next block: 1, 0 at the end of the file, -1 when it is bad. */
int scap_next(struct scap_file *f, struct scap_block *b);

/* Bytes of a block; p is NULL for none. */
struct scap_bytes {
	const uint8_t *p;
	uint32_t n;
};

/* After the first value that is not there whole every other one is zero, and `bad` says so. */
struct scap_cursor {
	struct scap_file *file;
	const uint8_t *p, *end;
	uint64_t offset;               /* of p */
	bool bad;
};
struct scap_cursor scap_cursor(struct scap_file *f, const struct scap_block *b);
struct scap_bytes scap_take(struct scap_cursor *c, uint64_t n, const char *what);
uint64_t scap_uint(struct scap_cursor *c, unsigned size, const char *what);
/* A u16 length and so many bytes. */
struct scap_bytes scap_text(struct scap_cursor *c, const char *what);
/* The next `n` bytes as a cursor of their own. */
struct scap_cursor scap_part(struct scap_cursor *c, uint64_t n, const char *what);
size_t scap_left(const struct scap_cursor *c);
/* No more than the padding of a block is left. */
bool scap_at_end(const struct scap_cursor *c);

#endif
