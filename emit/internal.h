/* Internal alerts, which emit alone makes, from the counters of all stages: events that were lost, a heartbeat that stays away, a
 * stage that was started again, a reload that was refused, and snapshots of the counters. */
#ifndef EMIT_INTERNAL_H
#define EMIT_INTERNAL_H

#include <stdint.h>

#include "drops.h"
#include "metrics.h"
#include "samples.h"
#include "wire/stat.h"

struct internal;

struct internal_policy {
	struct drops_policy drops;
	unsigned timeouts;                     /* of 30 ms each, without a heartbeat of the probe; at least 3 s */
	struct metrics_policy metrics;
	bool old;                              /* fields as in 0.28 */
	struct samples samples;                /* file and interval */
};

/* Called with each alert; the frame is valid until it returns. */
typedef void internal_raise(void *arg, const struct frame *alert);

/* `self` is emit's own source, the origin of these alerts; borrowed. */
struct internal *internal_new(const struct internal_policy *p, const struct source *self, internal_raise *raise, void *arg);
void internal_free(struct internal *in);
/* Another policy; what was counted stays. */
void internal_set(struct internal *in, const struct internal_policy *p);

/* A STAT of a live stream, which is whole. */
void internal_stat(struct internal *in, const struct stat_record *s);
/* One of a recorded stream: drops are looked at when they are simulated. */
void internal_recorded(struct internal *in, const struct stat_record *s);
/* Time goes on, also while nothing comes: `wall` and `steady` in ns, the latter of a clock that only grows; `dropped`: how many
 * alerts outputs have dropped, in all. */
void internal_tick(struct internal *in, uint64_t wall, uint64_t steady, uint64_t dropped);
/* An alert of a rule, for the metrics. */
void internal_counted(struct internal *in, const struct value *rule);
/* Every stream has ended: nothing is missed from now on. */
void internal_ended(struct internal *in);
/* Did the drop action `exit` come up? */
bool internal_exits(const struct internal *in);
/* How often drops were detected, and actions taken. */
void internal_drops(const struct internal *in, uint64_t *detected, uint64_t *acted);

#endif
