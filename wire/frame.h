/* Frames, the unit of a saker stream: a msgpack `ext 32` object whose body is msgpack values in a row.
 * Reading finds whole frames in a buffer and copies nothing; the layout is in saker-wire(7). */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_VERSION = 1,
	FRAME_HEADER = 6,              /* 0xc9, big-endian u32 length, i8 kind */
	FRAME_MAX = 1 << 20,           /* longest body, in bytes */
	FRAME_MAX_JSON = 16 << 20      /* the same for FRAME_JSON */
};

enum frame_kind {
#define RECORD(number, name, text, fields) FRAME_##name = number,
#include "records.def"
#undef RECORD
	FRAME_KINDS                    /* one more than the highest known kind */
};

/* A view of one frame; valid until the buffer that it lies in changes. */
struct frame {
	const uint8_t *start;          /* header and body, `size` bytes */
	const uint8_t *body;
	size_t size;
	uint32_t len;                  /* of the body */
	int8_t kind;                   /* any value: kinds that are not known exist */
	uint64_t offset;               /* of the header in its stream, in bytes */
	unsigned stream;               /* which input it came by (see endpoint.h), */
	uint32_t connection;           /* by which connection of it; 0: one that is not acknowledged */
	uint64_t position;             /* and how many frames came by that before it */
};

/* What an acknowledgement is about: a frame that may be gone from memory by now. */
struct frame_ref {
	uint64_t position;
	uint32_t connection;           /* 0: none */
	uint32_t stream;
};
static inline struct frame_ref frame_ref(const struct frame *f)
{
	return (struct frame_ref){ f->position, f->connection, f->stream };
}

/* Looks at the `n` bytes at `p`, which stand at `offset` in their stream. Returns 1 and fills `f` when they begin
 * with a whole frame, 0 when more bytes are needed (`*need` is then how many there must be), -1 when this can not
 * be a frame; `err` then says what was found, what was expected, and at which byte offset. */
int frame_parse(const uint8_t *p, size_t n, uint64_t offset, struct frame *f, size_t *need, char *err, size_t errlen);

/* The lower-case name of a kind ("proc"), or NULL. */
const char *frame_kind_name(int kind);
/* The kind of a lower-case name or of a decimal number, or -1. */
int frame_kind_number(const char *name);
/* The names of a kind's values, separated by blanks ("" for unknown kinds). */
const char *frame_kind_fields(int kind);

#endif
