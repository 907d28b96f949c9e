/* A STAT frame taken apart: who counts, since when, and the counters. */
#ifndef WIRE_STAT_RECORD_H
#define WIRE_STAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "value.h"

/* Borrows from the frame. */
struct stat_record {
	struct value host, boot, name;         /* of the source; texts */
	struct value stage;
	uint64_t start, time;                  /* ns since the epoch: of this instance, and of the counting */
	int64_t clock_offset;                  /* wall minus boot clock, ns */
	struct cursor counters;
	uint32_t left;                         /* counters that stat_record_next has not given yet */
	struct value why;                      /* what the stage has to say of a reload that it refused; nil: nothing */
};

/* Returns 0, or -1 with the offending offset in the body. */
int stat_record_read(const struct frame *f, struct stat_record *s, size_t *at);
/* The next counter; false at the end, or where it is malformed. */
bool stat_record_next(struct stat_record *s, struct value *name, uint64_t *value);
/* Does the name begin with `prefix`? `*rest`, unless NULL, is what stands behind it, NUL-terminated as far as it fits. */
bool stat_record_is(const struct value *name, const char *prefix, char *rest, size_t restlen);

#endif
