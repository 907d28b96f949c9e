/* Falco's -s of 2021: a line of counts now and then in a file, `{"sample": 1, "cur": {"events": …, "drops": …, "preemptions": …},
 * "delta": {…}, "drop_pct": …},`. */
#ifndef EMIT_SAMPLES_H
#define EMIT_SAMPLES_H

#include <stdint.h>

#include "drops.h"

/* All zero but for the first two is before the first sample. */
struct samples {
	const char *file;              /* NULL or "": none. Borrowed */
	uint64_t interval;             /* ns */
	uint64_t n, next;              /* next: of a clock that only grows, ns */
	struct drops_count before;
};

/* Time goes on: writes a sample when it is time for one. `now` is what the probe counts, `steady` a clock that only grows. */
void samples_tick(struct samples *s, const struct drops_count *now, uint64_t steady);

#endif
