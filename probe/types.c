/* One row for each captured type. */
#include "types.h"

#include <stddef.h>

#define ROW(...) (const struct source_of[]){ __VA_ARGS__ }

#define CLONE_PARAMS ROW({ FROM_RET, 0 }, { FROM_FIRST, 2 }, { FROM_OTHERS, 2 }, { FROM_TID, 0 }, { FROM_PID, 0 }, \
	{ FROM_PPID, 0 }, { FROM_NIL, 0 }, { FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, \
	{ FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_COMM, 0 }, { FROM_NIL, 0 }, { FROM_CLONE_NUMBER, 0 }, { FROM_UID, 0 }, \
	{ FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_NUMBER, 0 }, { FROM_BOOT_TIME, 0 })
/* A call to execve that failed: what was attempted. */
#define EXEC_PARAMS(filename) ROW({ FROM_RET, 0 }, { FROM_FIRST, 2 }, { FROM_OTHERS, 2 }, { FROM_TID, 0 }, { FROM_PID, 0 }, \
	{ FROM_PPID, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, \
	{ FROM_NIL, 0 }, { FROM_COMM, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, \
	{ FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, \
	{ FROM_UID, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { FROM_NIL, 0 }, { filename, 255 })

static const struct captured types[] = {
	{ 3, GATHER_OPEN, ROW({ FROM_FD_RET, 0 }, { FROM_PATH, 0 }, { FROM_OPEN_FLAGS, 1 }, { FROM_OPEN_MODE, 2 },
		{ FROM_DEVICE, 0 }, { FROM_INODE, 0 }) },
	{ 307, GATHER_OPENAT, ROW({ FROM_FD_RET, 0 }, { FROM_FD_ARG, 0 }, { FROM_PATH, 0 }, { FROM_OPEN_FLAGS, 2 },
		{ FROM_OPEN_MODE, 3 }, { FROM_DEVICE, 0 }, { FROM_INODE, 0 }) },
	{ 327, GATHER_OPENAT2, ROW({ FROM_FD_RET, 0 }, { FROM_FD_ARG, 0 }, { FROM_PATH, 0 }, { FROM_HOW, 0 }, { FROM_HOW, 1 },
		{ FROM_HOW, 2 }, { FROM_DEVICE, 0 }, { FROM_INODE, 0 }) },
	{ 59, GATHER_OPEN, ROW({ FROM_FD_RET, 0 }, { FROM_PATH, 0 }, { FROM_ARG, 1 }, { FROM_DEVICE, 0 }, { FROM_INODE, 0 },
		{ FROM_LAYER, 0 }) },
	{ 293, GATHER_EXEC, EXEC_PARAMS(FROM_PATH) },
	{ 331, GATHER_EXECAT, EXEC_PARAMS(FROM_NIL) },
	{ 223, GATHER_CLONE, CLONE_PARAMS },
	{ 335, GATHER_CLONE3, CLONE_PARAMS },
	{ 225, GATHER_FORK, CLONE_PARAMS },
	{ 227, GATHER_FORK, CLONE_PARAMS },
	{ 186, GATHER_NOTHING, ROW({ FROM_NIL, 0 }) },
	{ 23, GATHER_CONNECT, ROW({ FROM_RET, 0 }, { FROM_TUPLE, 2 }, { FROM_FD_ARG, 0 }, { FROM_ADDR, 0 }) },
	{ 247, GATHER_ACCEPT, ROW({ FROM_FD_RET, 0 }, { FROM_TUPLE, 0 }, { FROM_QUEUE, 0 }, { FROM_QUEUE, 1 }, { FROM_QUEUE, 2 }) },
	{ 389, GATHER_ACCEPT, ROW({ FROM_FD_RET, 0 }, { FROM_TUPLE, 0 }, { FROM_QUEUE, 0 }, { FROM_QUEUE, 1 }, { FROM_QUEUE, 2 },
		{ FROM_SOCKET_FLAGS, 3 }) },
	{ 19, GATHER_SOCKET, ROW({ FROM_FD_RET, 0 }, { FROM_ARG, 0 }, { FROM_SOCKET_TYPE, 1 }, { FROM_ARG, 2 },
		{ FROM_SOCKET_FLAGS, 1 }) },
	{ 367, GATHER_DUP, ROW({ FROM_FD_RET, 0 }, { FROM_INT, 0 }) },
	{ 363, GATHER_DUP, ROW({ FROM_FD_RET, 0 }, { FROM_INT, 0 }, { FROM_INT, 1 }) },
	{ 365, GATHER_DUP, ROW({ FROM_FD_RET, 0 }, { FROM_INT, 0 }, { FROM_INT, 1 }, { FROM_OPEN_FLAGS, 2 }) },
	{ 169, GATHER_NOTHING, ROW({ FROM_RET, 0 }, { FROM_ARG, 2 }, { FROM_ARG, 3 }, { FROM_PTRACE, 0 }, { FROM_INT, 1 }) },
	{ 199, GATHER_NOTHING, ROW({ FROM_RET, 0 }, { FROM_INT, 0 }) },
	{ 193, GATHER_NOTHING, ROW({ FROM_RET, 0 }, { FROM_INT, 0 }, { FROM_INT, 1 }, { FROM_INT, 2 }) },
};

const struct captured *captured_type(unsigned type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}
