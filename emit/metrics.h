/* metrics.*: now and then a snapshot of the counters, as an alert and as a line in a file. The fields are Falco's where they mean the
 * same here. */
#ifndef EMIT_METRICS_H
#define EMIT_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "drops.h"
#include "wire/pack.h"
#include "wire/value.h"

struct metrics_policy {
	bool enabled, rule;                    /* rule: as an alert */
	uint64_t interval;                     /* ns */
	const char *file;                      /* "" or NULL: none. Borrowed */
	bool rules, resources, kernel;         /* which sections */
	bool empty;                            /* values that are 0 too */
	bool megabytes;                        /* memory in MB, else in bytes */
};

struct metrics;

struct metrics *metrics_new(const struct metrics_policy *p, const char *host, uint64_t start);
void metrics_free(struct metrics *m);
void metrics_alert(struct metrics *m, const struct value *rule);       /* one more of that rule */
void metrics_kernel(struct metrics *m, const struct drops_count *now);
/* Another policy, since `time`. */
void metrics_set(struct metrics *m, const struct metrics_policy *p, uint64_t time);
void metrics_dropped(struct metrics *m, uint64_t outputs);             /* alerts that outputs dropped, in all */
/* Is it time for a snapshot? `wall` in ns. */
bool metrics_due(struct metrics *m, uint64_t wall);
/* Appends the fields of an ALERT, [[name, value]…], and takes it that a snapshot was made. */
void metrics_fields(struct metrics *m, uint64_t wall, struct pack *p);

#endif
