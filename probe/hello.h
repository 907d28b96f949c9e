/* HELLO of a live source. */
#ifndef PROBE_HELLO_H
#define PROBE_HELLO_H

#include <stdbool.h>

#include "wire/event.h"
#include "wire/stat.h"

struct plan;

void hello_live(struct pack *out, const struct source *s, int64_t offset, const bool types[EVENT_TYPES],
	const struct plan *plan);

#endif
