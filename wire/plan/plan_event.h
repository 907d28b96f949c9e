/* An event as the tests of a plan see it. For the files plan*.c, and for who derives plans. */
#ifndef WIRE_PLAN_EVENT_H
#define WIRE_PLAN_EVENT_H

#include "wire/event.h"
#include "wire/fd_tuple.h"
#include "plan_process.h"

/* The descriptor that the event works on. */
struct plan_fd {
	bool applies, known, has_path, has_socket;
	bool none;                     /* the number of the call says that there is none: AT_FDCWD, -1 */
	int kind;                      /* enum fd_kind, or -1 */
	struct value path;
	struct fd_tuple socket;
};
struct plan_seen {
	struct event event;
	const struct event_type *type;
	struct value param[EVENT_PARAMS];
	const struct plan_processes *processes;
	const struct plan_process *process;
	struct plan_fd fd;
	bool result;                   /* there is one, and a new descriptor among the parameters has that number */
	bool open;                     /* it says of itself that it is no whole event of that type: everything passes */
};

/* False when the event is malformed. */
bool plan_event_read(struct plan_seen *s, const struct plan_processes *all, const struct frame *f);

/* The parameter that is the n-th path (from 0), or -1. */
int plan_event_path(const struct event_type *t, int n);

#endif
