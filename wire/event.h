/* The event table: every event type with its parameters, from events.def, and the flag sets that render them. */
#ifndef WIRE_EVENT_H
#define WIRE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "value.h"

/* Parameter types; what each is on the wire stands in saker-wire(7), "Parameter types". */
enum param_type {
	PT_UINT8, PT_UINT16, PT_UINT32, PT_UINT64, PT_INT8, PT_INT16, PT_INT32, PT_INT64, PT_FD, PT_FD32, PT_PID, PT_PID32,
	PT_ERRNO, PT_UID, PT_GID, PT_CHARBUF, PT_FSPATH, PT_FSRELPATH, PT_BYTEBUF, PT_CHARBUFARRAY, PT_SOCKADDR,
	PT_SOCKTUPLE, PT_FDLIST, PT_FLAGS8, PT_FLAGS16, PT_FLAGS32, PT_ENUMFLAGS8, PT_ENUMFLAGS16, PT_ENUMFLAGS32, PT_MODE,
	PT_SIGTYPE, PT_SIGSET, PT_SYSCALLID, PT_RELTIME, PT_ABSTIME, PT_PORT, PT_IPV4ADDR, PT_IPV6ADDR, PT_DYN, PT_TYPES
};
enum param_format { FMT_DEC, FMT_HEX, FMT_OCT };

enum flag_set {
	SET_NONE,
#define FLAGSET(name, entries) SET_##name,
#include "flags.def"
#undef FLAGSET
	SET_COUNT
};
struct flag {
	const char *name;              /* NULL ends a set */
	uint32_t value;
};
extern const struct flag *const flag_sets[SET_COUNT];   /* [SET_NONE] is NULL */

struct param {
	const char *name;              /* NULL ends the list of an event */
	uint8_t type;                  /* enum param_type */
	uint8_t format;                /* enum param_format */
	uint8_t set;                   /* enum flag_set */
	int8_t dir;                    /* index of the parameter that holds the directory of a FSRELPATH, or -1 */
};

enum event_kind { EVENT_SYSCALL, EVENT_ENTER, EVENT_TRACEPOINT, EVENT_META, EVENT_PLUGIN, EVENT_ITER };
enum {
	EV_CREATES_FD = 1, EV_DESTROYS_FD = 2, EV_USES_FD = 4, EV_READS = 8, EV_WRITES = 16, EV_MODIFIES = 32, EV_WAITS = 64
};
enum { EVENT_TYPES = 454, EVENT_PARAMS = 32 };           /* type numbers are below, parameters at most */

struct event_type {
	uint16_t number;
	uint8_t kind;                  /* enum event_kind */
	uint8_t class;                 /* in the ring, 0 (first to be lost) to 3 */
	bool captured;                 /* does the probe capture it? */
	uint8_t flags, nparams;
	const char *name, *category;
	const struct param *params;
};

/* The type of a number, or NULL. */
const struct event_type *event_type(unsigned number);
/* The first type of that name whose kind is not EVENT_ENTER, or NULL. */
const struct event_type *event_type_named(const char *name, size_t len);
/* Index of a parameter, or -1. */
int event_param(const struct event_type *t, const char *name, size_t len);
/* The parameter that holds the descriptor that events of the type work on: the new one of calls that make one (of a pair the second),
 * else the one used. Or -1. */
int event_fd(const struct event_type *t);
const char *param_type_name(unsigned type);              /* "FSPATH" */

struct syscall_entry {
	const char *name;
	int16_t x86_64, aarch64;       /* -1: not there */
	uint16_t type;                 /* event type; 1 is the generic one */
};
enum { SYSCALLS = 454 };
extern const struct syscall_entry syscalls[SYSCALLS];    /* by Falco's number */

/* An EVENT frame taken apart as far as every reader needs it. */
struct event {
	uint64_t time, id, process, task;
	uint16_t type;
	int64_t tid, cpu, result;
	bool has_result;
	struct cursor params;          /* at the first parameter */
};
enum { EVENT_AT_TYPE = 18, EVENT_AT_PROCESS = 21 };      /* body offsets, see saker-wire(7) */
/* The type alone, without decoding; 0 when the body is too short or not of the fixed form. */
uint16_t event_frame_type(const struct frame *f);
/* Returns 0, or -1 when the body is malformed; `*at` is then the offending offset in the body. */
int event_decode(const struct frame *f, struct event *e, size_t *at);

#endif
