/* System call numbers that wire/syscalls.def does not have. */
#ifndef PROBE_CALLS_H
#define PROBE_CALLS_H

#include <stddef.h>
#include <stdint.h>

struct call32 {
	uint16_t number;
	const char *event;             /* name of the event type that it becomes */
};
const struct call32 *calls32(size_t *n);
/* The same for the numbers behind 32-bit socketcall (linux/net.h). */
const struct call32 *socketcalls(size_t *n);
/* The same for the operations of io_uring (linux/io_uring.h). */
const struct call32 *ringcalls(size_t *n);

#endif
