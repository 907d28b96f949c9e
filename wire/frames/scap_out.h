/* Writing captures: blocks, and what lies in them. */
#ifndef FRAMES_SCAP_OUT_H
#define FRAMES_SCAP_OUT_H

#include "wire/event.h"
#include "wire/fact.h"
#include "wire/map.h"
#include "wire/pack.h"

void scap_put(struct pack *out, uint64_t u, unsigned size);
/* A u16 length and so many bytes, cut to `max`. */
void scap_put_text(struct pack *out, const void *p, size_t n, size_t max);
size_t scap_block_begin(struct pack *out, uint32_t type);
void scap_block_end(struct pack *out, size_t begin);
/* The bytes of a bin or str, whole or cut; nothing for other values. */
struct span {
	const uint8_t *p;
	uint32_t n;
};
struct span scap_span(const struct value *v);

/* What was there when the first event came. A live stream tells of a process only before it needs it: what it tells later of one
 * that was there is taken too, the first time. Those that were born since come out of the events themselves. */
struct scap_world {
	struct map procs, threads, cgroups;    /* copies of frames' bodies by key: struct scap_body */
	struct pack users;                     /* entries of the users' list */
	struct map pids;                       /* by number: the process that had it first */
	struct map fds;                        /* by the process's key: scap_fds.c */
	char host[128];
	uint64_t boot;
	uint64_t first;                        /* time of the first event; 0 before it */
	bool births;                           /* the stream has the calls that make processes */
};
/* Takes a frame of a definition. Returns 0, or -1 with the bad offset of the body. */
int scap_world_take(struct scap_world *w, const struct frame *f, size_t *at);
/* The blocks before the events. */
void scap_world_write(struct scap_world *w, struct pack *out);
void scap_world_free(struct scap_world *w);

/* An EVENT as enter and exit events of sysdig 0.29's day; `w` learns from it when the first one was and what was open. Returns 0, or -1
 * with the bad offset of the body. */
int scap_event_out(struct pack *out, const struct frame *f, struct scap_world *w, size_t *at);

/* scap_fds.c: what an event tells of descriptors; the list of a process's. */
void scap_fds_take(struct map *lists, const struct event *e, const struct event_type *t, const struct value *values);
void scap_fds_write(const struct map *lists, uint64_t process, uint64_t tid, struct pack *out);
void scap_fds_free(struct map *lists);

#endif
