/* emit's event loop: frames in, lines out, signals. */
#ifndef EMIT_LOOP_H
#define EMIT_LOOP_H

#include <stdint.h>

#include "setup.h"
#include "sink.h"
#include "tally.h"
#include "wire/endpoint.h"

struct loop_totals {
	uint64_t alerts, stats, others, unknown;         /* frames read, by what they are */
	uint64_t again;                                  /* of the alerts, those that had come before */
	uint64_t drops_detected, drops_acted;            /* see drops.h */
	struct tally tally;                              /* of rules' alerts, if it is wanted */
};

/* What a loop works with; all borrowed. */
struct loop_config {
	struct input *in;
	struct setup *setup;
	struct spool *spool;
	struct sink *sinks;            /* SINKS of them */
	bool tally;
};

/* Runs until the input has ended and every queue is empty (of a live stream: or has had its time), or a signal ends it, or nobody
 * reads the only sink any more. What goes wrong is said on standard error. Returns the exit status. */
int loop_run(const struct loop_config *c, struct loop_totals *totals);

#endif
