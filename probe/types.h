/* The event types that the probe captures: what the kernel side gathers for each, and where each parameter comes from. */
#ifndef PROBE_TYPES_H
#define PROBE_TYPES_H

#include <stdint.h>

#include "raw.h"

enum from {
	FROM_NIL,
	FROM_RET,                      /* the result */
	FROM_ARG,                      /* argument `index`, unsigned */
	FROM_INT,                      /* argument `index`, as an int */
	FROM_OPEN_FLAGS, FROM_OPEN_MODE, FROM_RESOLVE, FROM_CLONE_FLAGS, FROM_PTRACE,       /* of argument `index` */
	FROM_SOCKET_TYPE,              /* without SOCK_NONBLOCK and SOCK_CLOEXEC */
	FROM_SOCKET_FLAGS,             /* these two (other calls have the same bits as O_NONBLOCK, O_CLOEXEC), as OPEN */
	FROM_FD_RET,                   /* the new descriptor: item of this parameter */
	FROM_FD_ARG,                   /* argument `index` as a descriptor: item of this parameter, a BASE item too */
	FROM_PATH,                     /* passed and base of this parameter, object from FD item `index` (255: none) */
	FROM_DEVICE, FROM_INODE,       /* of the file in FD item `index` */
	FROM_LAYER,                    /* the same: CREATF flags */
	FROM_TUPLE,                    /* of the socket in FD item `index` */
	FROM_ADDR,                     /* address item of this parameter */
	FROM_NUMBER,                   /* number item of this parameter */
	FROM_CLONE_NUMBER,             /* the same as CLONE flags */
	FROM_BOOT_TIME,                /* the same as a time */
	FROM_BYTES,                    /* bytes item of this parameter */
	FROM_FIRST, FROM_OTHERS,       /* first text, and the others, of bytes item `index` */
	FROM_HOW,                      /* word `index` of the open_how in bytes item 3: flags, mode, resolve */
	FROM_QUEUE,                    /* of the listening socket in the BASE item of parameter 2: 0 %, 1 length, 2 limit */
	FROM_TID, FROM_PID, FROM_PPID, FROM_UID, FROM_COMM
};

struct source_of {
	uint8_t from, index;
};

struct captured {
	uint16_t type;
	struct raw_step steps[RAW_STEPS];
	const struct source_of *params;        /* one for each parameter of the type */
	uint8_t nparams;
};

/* The table's row of a type, or NULL when the probe does not capture it. */
const struct captured *captured_type(unsigned type);

#endif
