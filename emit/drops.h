/* syscall_event_drops: when events are lost, and what is done about it. Source of the rules: Falco's event_drops.cpp by way of
 * falco.yaml(5). */
#ifndef EMIT_DROPS_H
#define EMIT_DROPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/stat_record.h"

enum drops_action { DROPS_LOG = 1, DROPS_ALERT = 2, DROPS_EXIT = 4 };
/* Groups of event types by which Falco counts what found no room. */
enum drops_group {
	DROPS_CLONE, DROPS_EXECVE, DROPS_CONNECT, DROPS_OPEN, DROPS_DIR_FILE, DROPS_OTHER, DROPS_CLOSE, DROPS_PROC, DROPS_GROUPS
};

struct drops_policy {
	double threshold;                      /* share of lost events, 0 to 1, above which there is a drop */
	unsigned actions;                      /* enum drops_action; 0: ignore */
	double rate, max_burst;                /* token bucket: actions a second, and at once */
	bool simulate;
};

/* Totals of one instance of a probe, or what came since the totals before. */
struct drops_count {
	uint64_t events, drops;                /* events: rejected, delivered and dropped */
	uint64_t full[DROPS_GROUPS], scratch, missed;
};

struct drops {
	struct drops_policy policy;
	struct drops_count seen;               /* at the last check */
	uint64_t checked;                      /* when that was, ns; 0: never */
	double tokens;
	uint64_t refilled;
	uint64_t detected, acted;              /* for the statistics at the end */
};

void drops_init(struct drops *d, const struct drops_policy *p);
/* The counters of a STAT, whose cursor they use up. */
void drops_read(struct stat_record *s, struct drops_count *c);
/* A new instance counts from zero. */
void drops_restart(struct drops *d);
/* Takes the totals of a time. Returns the actions to take, with what was lost since the last check in `*lost`; 0: none. */
unsigned drops_check(struct drops *d, const struct drops_count *now, uint64_t time, struct drops_count *lost);
/* The words of syscall_event_drops.actions, a YAML flow list such as `[log, alert]`, as actions. */
unsigned drops_actions(const char *list);
const char *drops_group_name(enum drops_group g);      /* "clone_fork" */

#endif
