/* What names stand for: the records' values by their tables, events and their parameters by the last HELLO's schema
 * (until there is one, by the event table that is built in). */
#ifndef FRAMES_VOCABULARY_H
#define FRAMES_VOCABULARY_H

#include <stdbool.h>

#include "shape.h"

struct event_names {
	uint16_t number;
	bool alias;                            /* a type with a higher number has the same name */
	char *name;
	bool named;                            /* the parameters have distinct names that JSON can hold */
	unsigned nparams;
	struct member *params;                 /* the last has no name */
};

struct vocabulary {
	struct record records[FRAME_KINDS];
	struct event_names *events;            /* by number */
	unsigned nevents;
};

/* The built-in tables. `v` must not be moved afterwards. */
void vocabulary_open(struct vocabulary *v);
/* Takes over the schema of a HELLO; other frames are ignored. */
void vocabulary_learn(struct vocabulary *v, const struct frame *f);
const struct event_names *vocabulary_event(const struct vocabulary *v, uint64_t number);
const struct event_names *vocabulary_event_named(const struct vocabulary *v, const char *name);
void vocabulary_free(struct vocabulary *v);

#endif
