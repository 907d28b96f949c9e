/* Writing frames: msgpack-c packing into a buffer that grows. Out of memory ends the program (status 71): a stage that
 * can not hold one batch of frames can not go on, and no caller could do better. */
#ifndef WIRE_PACK_H
#define WIRE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "value.h"

struct pack {
	uint8_t *data;
	size_t len, cap;
};

void pack_free(struct pack *p);
/* Makes room for `n` more bytes and returns where they go; the caller adds to `len`. */
uint8_t *pack_room(struct pack *p, size_t n);
void pack_raw(struct pack *p, const void *data, size_t n);

/* A frame: everything packed between begin and end is its body. `end` returns 0, or -1 when the body is over the limit of
 * its kind; the frame is then taken back whole. */
size_t frame_begin(struct pack *p, int kind);
int frame_end(struct pack *p, size_t begin);
/* Appends a frame as it is. */
void frame_copy(struct pack *p, const struct frame *f);

void pack_nil(struct pack *p);
void pack_bool(struct pack *p, bool b);
void pack_uint(struct pack *p, uint64_t u);
void pack_int(struct pack *p, int64_t i);
void pack_float(struct pack *p, double f);
/* The fixed-size forms with which EVENT begins. */
void pack_fix64(struct pack *p, uint64_t u);
void pack_fix16(struct pack *p, uint16_t u);
void pack_str(struct pack *p, const char *s);                     /* nil when s is NULL */
void pack_strn(struct pack *p, const char *s, size_t n);
void pack_bin(struct pack *p, const void *data, size_t n);        /* nil when data is NULL */
/* A bin of which `whole` bytes existed: [bin, whole] when that is more than n. */
void pack_cut(struct pack *p, const void *data, size_t n, uint64_t whole);
void pack_array(struct pack *p, uint32_t n);
void pack_map(struct pack *p, uint32_t n);
/* The value again, byte for byte as pack would write it. */
void pack_value(struct pack *p, const struct value *v);

#endif
