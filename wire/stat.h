/* Counter names (stat.def) and the frames that every stage writes alike: HELLO's source, STAT, END. */
#ifndef WIRE_STAT_H
#define WIRE_STAT_H

#include <stdbool.h>
#include <stdint.h>

#include "pack.h"
#include "value.h"

/* A stage's own STAT follows the one that comes from before it, so that both go on in one piece and wake the next stage once. By the
 * clock it is written only where none has come for so much longer than a second. */
enum { STAT_EVERY_MS = 1000, STAT_SLACK_MS = 100 };

/* Whether one that comes now is to be followed by the stage's own, which it last wrote at `last`; both in ms. */
static inline bool stat_follows(uint64_t now, uint64_t last)
{
	return now - last >= STAT_EVERY_MS - STAT_SLACK_MS;
}

enum counter {
#define STAT(constant, name, per_type, meaning) STAT_##constant,
#include "stat.def"
#undef STAT
	STAT_COUNT
};
extern const struct stat_def {
	const char *name, *meaning;
	bool per_type;
} stat_defs[STAT_COUNT];

/* The source value of HELLO, STAT and ALERT's origin: [host, boot id, name, start time]. Borrowed texts. */
struct source {
	const char *host, *boot, *name;
	uint64_t start;                        /* ns since the epoch, when this instance began */
};
/* This host and boot, with the given name and the present time as start; fills static-lifetime copies in `buf`. */
struct source_buf {
	char host[256], boot[64];
};
struct source source_here(const char *name, struct source_buf *buf);
void source_pack(struct pack *p, const struct source *s);

uint64_t clock_wall(void);                     /* ns since the epoch */
int64_t clock_offset(void);                    /* wall minus boot clock, ns */

/* STAT with the counters that are not zero. `counters` is indexed by enum counter; per-type ones are added by the caller with
 * stat_more between begin and end. */
struct stat_writer {
	struct pack body;                      /* the pairs so far */
	uint32_t pairs;
};
void stat_add(struct stat_writer *w, const char *name, uint64_t value);
void stat_frame(struct pack *p, const struct source *s, const char *stage, const struct stat_writer *w);
/* Of a recording: at the time of its events. */
void stat_frame_at(struct pack *p, const struct source *s, const char *stage, const struct stat_writer *w, uint64_t time, int64_t offset);
/* The two together for a plain array of totals; zeros are left out. */
void stat_totals(struct pack *p, const struct source *s, const char *stage, const uint64_t totals[STAT_COUNT]);
void end_frame(struct pack *p, const char *reason);
/* The reason of a probe that was killed: on a socket another one may follow, for which the other side waits. */
#define END_HOLDER_LOST "holder lost"
bool end_is_last(const struct frame *f);       /* has an END any other reason? */

#endif
