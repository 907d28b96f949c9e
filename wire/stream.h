/* One incoming stream: its buffer, where it stands in it, and how it ended. */
#ifndef WIRE_STREAM_H
#define WIRE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

enum stream_type { STREAM_PIPE, STREAM_FILE, STREAM_CONNECTED, STREAM_ACCEPTED };

struct stream {
	enum stream_type type;
	int fd;                                /* -1: not connected */
	uint8_t *buf;
	size_t start, end, cap;                /* the bytes not yet looked at are buf[start..end) */
	uint64_t offset;                       /* of buf[start] since the connection began */
	bool eof;                              /* no more bytes will come by this descriptor */
	bool any;                              /* a whole frame has come by it */
	bool ended;                            /* the last frame was END */
	bool live, recorded;                   /* what the last HELLO said */
	int error;                             /* errno of a read that failed, or 0 */
};

enum stream_result { STREAM_FRAME = 1, STREAM_EMPTY = 0, STREAM_OVER = 2, STREAM_BAD = -1 };

/* A new connection for this stream: forgets what the last one left, keeps the buffer. */
void stream_begin(struct stream *s, enum stream_type type, int fd);
/* The next frame that is already in the buffer. STREAM_OVER: it is used up and nothing more will come. */
enum stream_result stream_next(struct stream *s, struct frame *f, char *err, size_t errlen);
/* Reads once, without blocking when the descriptor is readable. Frames given out before are no longer valid. */
void stream_fill(struct stream *s);
void stream_close(struct stream *s);
void stream_free(struct stream *s);

#endif
