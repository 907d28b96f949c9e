/* HELLO, the first frame of every stream, for those that begin one: probe, match, enrich (its own events), frames. */
#ifndef WIRE_HELLO_H
#define WIRE_HELLO_H

#include <stdbool.h>
#include <stdint.h>

#include "pack.h"
#include "stat.h"

struct hello_link {
	const char *link, *target;             /* absolute paths */
};

/* What differs from one stream to the next; the rest (wire version, kernel, architecture, clock offset, event
 * schema) is filled in. Everything is borrowed; zero means none. */
struct hello_content {
	const char *program;
	struct source source;
	bool recorded;
	bool eventless;                        /* no schema: the stream has no events */
	int64_t clock_offset;                  /* wall minus boot clock, ns; 0: as it is now */
	const uint16_t *types;                 /* event types that are captured */
	unsigned ntypes;
	const char *plan;                      /* text, or NULL */
	const struct hello_link *links;
	unsigned nlinks;
};

void hello_frame(struct pack *p, const struct hello_content *h);

#endif
