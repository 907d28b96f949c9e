/* The event types that the probe captures: what the kernel side gathers for each, and where each parameter comes from. */
#ifndef PROBE_TYPES_H
#define PROBE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "raw.h"

enum from {
	FROM_NIL,
	FROM_RET,                      /* the result */
	FROM_ARG,                      /* argument `index`, unsigned */
	FROM_U32,                      /* its lower half */
	FROM_INT,                      /* argument `index`, as an int */
	FROM_POSITION,                 /* argument `index`; of a 32-bit call the next one is its upper half */
	/* Flags of argument `index`. */
	FROM_OPEN_FLAGS, FROM_OPEN_MODE, FROM_RESOLVE, FROM_CLONE_FLAGS, FROM_PTRACE, FROM_MODE, FROM_NODE_MODE, FROM_PROT,
	FROM_MAP_FLAGS, FROM_MOUNT_FLAGS, FROM_CHOWN_FLAGS, FROM_MEMFD_FLAGS, FROM_MODULE_FLAGS,
	FROM_SOCKET_TYPE,              /* without SOCK_NONBLOCK and SOCK_CLOEXEC */
	FROM_FD_FLAGS,                 /* O_NONBLOCK, O_CLOEXEC and O_DIRECT alone, which several calls have under other names */
	FROM_FD_RET,                   /* the new descriptor: item of this parameter */
	FROM_FD_ARG,                   /* argument `index` as a descriptor: item of this parameter, a BASE item too */
	FROM_PAIR,                     /* the descriptor that the item of this parameter holds */
	FROM_PATH,                     /* passed and base of this parameter, object from FD item `index` (255: none) */
	FROM_DEVICE, FROM_INODE,       /* of the file in FD item `index` */
	FROM_LAYER,                    /* the same: CREATF flags */
	FROM_TUPLE,                    /* of the socket in FD item `index` */
	FROM_ADDR,                     /* address item of this parameter */
	FROM_NUMBER,                   /* number item of this parameter */
	FROM_SIZE,                     /* number item RAW_PARAM_SIZE */
	FROM_OFFSET,                   /* number in the bytes item of this parameter, 0 when there is none */
	FROM_WORD,                     /* 32-bit word `index` of the bytes item of parameter 1 */
	FROM_RING_FLAGS,               /* the same as flags of io_uring_setup */
	FROM_CLONE_NUMBER,             /* number item of this parameter as CLONE flags */
	FROM_BOOT_TIME,                /* the same as a time */
	FROM_BYTES,                    /* bytes item of this parameter */
	FROM_CONTROL,                  /* bytes item RAW_PARAM_CONTROL */
	FROM_FIRST, FROM_OTHERS,       /* first text, and the others, of bytes item `index` */
	FROM_HOW,                      /* word `index` of the open_how in bytes item 3: flags, mode, resolve */
	FROM_PRCTL_TEXT,               /* bytes item of this parameter where the option takes a text */
	FROM_PRCTL_NUMBER,             /* second argument of prctl where it is none; what it points at, of this parameter */
	FROM_QUEUE,                    /* of the listening socket in the BASE item of parameter 2: 0 %, 1 length, 2 limit */
	FROM_TID, FROM_PID, FROM_PPID, FROM_UID, FROM_COMM
};

struct source_of {
	uint8_t from, index;
};

struct captured {
	uint16_t type;
	bool asked;                            /* frequent, and of little use alone: only where it is asked for */
	struct raw_step steps[RAW_STEPS];
	const struct source_of *params;        /* one for each parameter of the type */
	uint8_t nparams;
};

/* The table's row of a type, or NULL when the probe does not capture it. */
const struct captured *captured_type(unsigned type);
/* Does the call copy a descriptor? What the standard ones are is then told even where nobody has said what he wants. */
bool captured_copies(unsigned type);

#endif
