/* What an evaluation sees: the event at hand, who did it, and what is known of processes, containers and names. */
#ifndef MATCH_CONTEXT_H
#define MATCH_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/arena.h"
#include "document.h"
#include "wire/event.h"
#include "wire/value.h"

struct state;                   /* of one source: state.h */
struct process;
struct thread;
struct fd;

/* One event. The caller sets it with context_event or context_json; getters read it and may allocate from `arena`, which the
 * caller resets before each event. */
struct context {
	struct state *state;
	const struct event_type *type;          /* NULL for JSON records */
	struct event event;
	const struct process *process;          /* NULL when unknown */
	const struct thread *thread;            /* NULL when the task has nothing of its own */
	struct value params[EVENT_PARAMS];      /* VALUE_NIL where absent */
	struct value extra;                     /* the map of extra facts; VALUE_NIL when there is none */
	bool incomplete;                        /* the event says that its process could not be described, or is unknown */
	bool hosts_missing;                     /* a host's name was asked for, and no HOST has come */
	bool old;                               /* fields mean what they meant to 0.28 */
	uint64_t number;                        /* evt.num */
	uint64_t first_time;                    /* of the first event that the kernel told; 0 before */
	unsigned nparams;                       /* how many parameters it has; fewer than its type in old captures */
	struct arena arena;
	struct document document;               /* of a JSON record; the caller clears it when it is done with the record */
	const char *source;                     /* "syscall", or that of a JSON record */
	const struct fd *fd;                    /* what the fd fields have worked out of this event; NULL before the first of them */
};

/* Takes an EVENT frame apart into `c`. Returns 0, or -1 with the bad offset of the body in `*at`. */
int context_event(struct context *c, struct state *s, const struct frame *f, size_t *at);
/* The same with a JSON frame. */
int context_json(struct context *c, struct state *s, const struct frame *f, size_t *at);
/* One of the event's extra facts; false when it is nil or not there. */
bool context_extra(const struct context *c, const char *name, struct value *v);

#endif
