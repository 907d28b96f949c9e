/* One row for each captured type: number, steps of the kernel side, sources of the parameters in the order of events.def. */
#include "types.h"

#include <stddef.h>

#define ROW(...) (const struct source_of[]){ __VA_ARGS__ }, sizeof((const struct source_of[]){ __VA_ARGS__ }) / sizeof(struct source_of)

#define CLONE_PARAMS ROW({ FROM_RET, 0 }, { FROM_FIRST, 2 }, { FROM_OTHERS, 2 }, { FROM_TID, 0 }, { FROM_PID, 0 }, \
	{ FROM_PPID, 0 }, { FROM_NIL, 0 }, { FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, \
	{ FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_COMM, 0 }, { FROM_NIL, 0 }, { FROM_CLONE_NUMBER, 0 }, { FROM_UID, 0 }, \
	{ FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_BOOT_TIME, 0 })
/* A call to execve that failed: what was attempted. */
#define EXEC_PARAMS { FROM_RET, 0 }, { FROM_FIRST, 2 }, { FROM_OTHERS, 2 }, { FROM_TID, 0 }, { FROM_PID, 0 }, \
	{ FROM_PPID, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, \
	{ FROM_NIL, 0 }, { FROM_COMM, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, \
	{ FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, \
	{ FROM_UID, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }

/* Told by the tracepoint, not by a call: see encode_exit. */
#define EXIT_PARAMS ROW({ FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 })

/* Steps: kind, argument, parameter, extra. */
#define PATH(arg, param) { STEP_PATH, arg, param, 0 }
#define BASE(arg, param) { STEP_BASE, arg, param, 0 }
#define FD(arg, param) { STEP_FD, arg, param, 0 }
#define NEW_FD(param) { STEP_NEW_FD, 0, param, 0 }
#define CLIENT 1
#define SERVER 2

static const struct captured types[] = {
	{ 3, { PATH(0, 1), NEW_FD(0) }, ROW({ FROM_FD_RET, 0 }, { FROM_PATH, 0 }, { FROM_OPEN_FLAGS, 1 }, { FROM_OPEN_MODE, 2 },
		{ FROM_DEVICE, 0 }, { FROM_INODE, 0 }) },
	{ 307, { PATH(1, 2), BASE(0, 2), NEW_FD(0) }, ROW({ FROM_FD_RET, 0 }, { FROM_FD_ARG, 0 }, { FROM_PATH, 0 },
		{ FROM_OPEN_FLAGS, 2 }, { FROM_OPEN_MODE, 3 }, { FROM_DEVICE, 0 }, { FROM_INODE, 0 }) },
	{ 327, { { STEP_BYTES, 2, 3, 24 }, PATH(1, 2), BASE(0, 2), NEW_FD(0) }, ROW({ FROM_FD_RET, 0 }, { FROM_FD_ARG, 0 },
		{ FROM_PATH, 0 }, { FROM_HOW, 0 }, { FROM_HOW, 1 }, { FROM_HOW, 2 }, { FROM_DEVICE, 0 }, { FROM_INODE, 0 }) },
	{ 59, { PATH(0, 1), NEW_FD(0) }, ROW({ FROM_FD_RET, 0 }, { FROM_PATH, 0 }, { FROM_ARG, 1 }, { FROM_DEVICE, 0 },
		{ FROM_INODE, 0 }, { FROM_LAYER, 0 }) },
	{ 293, { PATH(0, 30), { STEP_ARGV, 1, 2, 0 } }, ROW(EXEC_PARAMS, { FROM_PATH, 255 }) },
	{ 331, { { STEP_ARGV, 2, 2, 0 } }, ROW(EXEC_PARAMS) },
	{ 223, { { STEP_CLONE, 0, 0, 1 } }, CLONE_PARAMS },
	{ 335, { { STEP_CLONE, 0, 0, 2 } }, CLONE_PARAMS },
	{ 225, { { STEP_CLONE, 0, 0, 0 } }, CLONE_PARAMS },
	{ 227, { { STEP_CLONE, 0, 0, 0 } }, CLONE_PARAMS },
	{ 186, { { STEP_END, 0, 0, 0 } }, EXIT_PARAMS },
	{ 23, { { STEP_PEER, 1, 3, 0 }, { STEP_FD, 0, 2, CLIENT } }, ROW({ FROM_RET, 0 }, { FROM_TUPLE, 2 }, { FROM_FD_ARG, 0 },
		{ FROM_ADDR, 0 }) },
	{ 247, { { STEP_NEW_FD, 0, 0, SERVER }, { STEP_BASE, 0, 2, SERVER } }, ROW({ FROM_FD_RET, 0 }, { FROM_TUPLE, 0 },
		{ FROM_QUEUE, 0 }, { FROM_QUEUE, 1 }, { FROM_QUEUE, 2 }) },
	{ 389, { { STEP_NEW_FD, 0, 0, SERVER }, { STEP_BASE, 0, 2, SERVER } }, ROW({ FROM_FD_RET, 0 }, { FROM_TUPLE, 0 },
		{ FROM_QUEUE, 0 }, { FROM_QUEUE, 1 }, { FROM_QUEUE, 2 }, { FROM_SOCKET_FLAGS, 3 }) },
	{ 19, { NEW_FD(0) }, ROW({ FROM_FD_RET, 0 }, { FROM_ARG, 0 }, { FROM_SOCKET_TYPE, 1 }, { FROM_ARG, 2 },
		{ FROM_SOCKET_FLAGS, 1 }) },
	{ 367, { NEW_FD(0), { STEP_KINDS, 0, 0, 0 } }, ROW({ FROM_FD_RET, 0 }, { FROM_INT, 0 }) },
	{ 363, { NEW_FD(0), { STEP_KINDS, 0, 0, 0 } }, ROW({ FROM_FD_RET, 0 }, { FROM_INT, 0 }, { FROM_INT, 1 }) },
	{ 365, { NEW_FD(0), { STEP_KINDS, 0, 0, 0 } }, ROW({ FROM_FD_RET, 0 }, { FROM_INT, 0 }, { FROM_INT, 1 },
		{ FROM_SOCKET_FLAGS, 2 }) },
	{ 169, { { STEP_END, 0, 0, 0 } }, ROW({ FROM_RET, 0 }, { FROM_ARG, 2 }, { FROM_ARG, 3 }, { FROM_PTRACE, 0 },
		{ FROM_INT, 1 }) },
	{ 199, { { STEP_END, 0, 0, 0 } }, ROW({ FROM_RET, 0 }, { FROM_INT, 0 }) },
	{ 193, { { STEP_END, 0, 0, 0 } }, ROW({ FROM_RET, 0 }, { FROM_INT, 0 }, { FROM_INT, 1 }, { FROM_INT, 2 }) },
};

const struct captured *captured_type(unsigned type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}
