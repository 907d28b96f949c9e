/* One row for each captured type: number, steps of the kernel side, sources of the parameters in the order of events.def. */
#include "types.h"

#include <stddef.h>

#define ROW(...) (const struct source_of[]){ __VA_ARGS__ }, sizeof((const struct source_of[]){ __VA_ARGS__ }) / sizeof(struct source_of)

/* Sources of parameters. */
#define NIL { FROM_NIL, 0 }
#define RET { FROM_RET, 0 }
#define ARG(n) { FROM_ARG, n }
#define U32(n) { FROM_U32, n }
#define INT(n) { FROM_INT, n }
#define POSITION { FROM_POSITION, 3 }
#define FD_RET { FROM_FD_RET, 0 }
#define FD_ARG(n) { FROM_FD_ARG, n }
#define PAIR { FROM_PAIR, 0 }
#define JOINED { FROM_PATH, 255 }              /* a path that leaves no object */
#define OPENED { FROM_PATH, 0 }                /* a path whose object is the file of item 0 */
#define TEXT_OF { FROM_BYTES, 0 }
#define NUMBER { FROM_NUMBER, 0 }
#define SIZE { FROM_SIZE, 0 }
#define CONTROL { FROM_CONTROL, 0 }
#define ADDRESS { FROM_ADDR, 0 }
#define TUPLE(item) { FROM_TUPLE, item }
#define DEVICE(item) { FROM_DEVICE, item }
#define INODE(item) { FROM_INODE, item }
#define FLAGS(which, n) { FROM_##which, n }
#define QUEUE { FROM_QUEUE, 0 }, { FROM_QUEUE, 1 }, { FROM_QUEUE, 2 }

/* Steps: of argument `arg` for parameter `param`. */
#define PATH(arg, param) { STEP_PATH, arg, param, 0 }
#define BASE(arg, param) { STEP_BASE, arg, param, 0 }
#define FD(arg, param) { STEP_FD, arg, param, 0 }
#define SOCKET(arg, param, tells) { STEP_FD, arg, param, TELLS_##tells }
#define NEW_FD(param) { STEP_NEW_FD, 0, param, 0 }
#define ACCEPTED { STEP_NEW_FD, 0, 0, TELLS_SERVER }, { STEP_BASE, 0, 2, TELLS_SERVER }
#define FD_PAIR(arg, param) { STEP_PAIR, arg, param, 0 }
#define TEXT(arg, param) { STEP_TEXT, arg, param, 0 }
#define BYTES(arg, param, n) { STEP_BYTES, arg, param, n }
#define DATA(arg, param, way) { STEP_DATA, arg, param, way }
#define VECTOR(arg, param, way) { STEP_VECTOR, arg, param, way }
#define MESSAGE(arg, param, way) { STEP_MESSAGE, arg, param, way }
#define PEER(arg, param, how) { STEP_PEER, arg, param, how }
#define NONE { STEP_END, 0, 0, 0 }

#define CLONE_PARAMS ROW(RET, { FROM_FIRST, 2 }, { FROM_OTHERS, 2 }, { FROM_TID, 0 }, { FROM_PID, 0 }, { FROM_PPID, 0 }, NIL, \
	NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, { FROM_COMM, 0 }, NIL, { FROM_CLONE_NUMBER, 0 }, { FROM_UID, 0 }, \
	NUMBER, NUMBER, NUMBER, { FROM_BOOT_TIME, 0 })
/* A call to execve that failed: what was attempted. */
#define EXEC_PARAMS RET, { FROM_FIRST, 2 }, { FROM_OTHERS, 2 }, { FROM_TID, 0 }, { FROM_PID, 0 }, { FROM_PPID, 0 }, \
	NIL, NIL, NIL, NIL, NIL, NIL, NIL, { FROM_COMM, 0 }, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, NIL, \
	{ FROM_UID, 0 }, NIL, NIL, NIL

enum { ALWAYS, ASKED };

static const struct captured types[] = {
	/* Opening */
	{ 3, ALWAYS, { PATH(0, 1), NEW_FD(0) }, ROW(FD_RET, OPENED, FLAGS(OPEN_FLAGS, 1), FLAGS(OPEN_MODE, 2), DEVICE(0), INODE(0)) },
	{ 307, ALWAYS, { PATH(1, 2), BASE(0, 2), NEW_FD(0) }, ROW(FD_RET, FD_ARG(0), OPENED, FLAGS(OPEN_FLAGS, 2),
		FLAGS(OPEN_MODE, 3), DEVICE(0), INODE(0)) },
	{ 327, ALWAYS, { BYTES(2, 3, 24), PATH(1, 2), BASE(0, 2), NEW_FD(0) }, ROW(FD_RET, FD_ARG(0), OPENED, { FROM_HOW, 0 },
		{ FROM_HOW, 1 }, { FROM_HOW, 2 }, DEVICE(0), INODE(0)) },
	{ 59, ALWAYS, { PATH(0, 1), NEW_FD(0) }, ROW(FD_RET, OPENED, ARG(1), DEVICE(0), INODE(0), { FROM_LAYER, 0 }) },
	{ 337, ALWAYS, { FD(0, 1), NEW_FD(0) }, ROW(FD_RET, FD_ARG(0), FLAGS(OPEN_FLAGS, 2), OPENED, DEVICE(0), INODE(0)) },

	/* Names */
	{ 175, ALWAYS, { PATH(0, 1), PATH(1, 2) }, ROW(RET, JOINED, JOINED) },
	{ 177, ALWAYS, { PATH(1, 2), BASE(0, 2), PATH(3, 4), BASE(2, 4) }, ROW(RET, FD_ARG(0), JOINED, FD_ARG(2), JOINED) },
	{ 319, ALWAYS, { PATH(1, 2), BASE(0, 2), PATH(3, 4), BASE(2, 4) }, ROW(RET, FD_ARG(0), JOINED, FD_ARG(2), JOINED, U32(4)) },
	{ 309, ALWAYS, { PATH(0, 1), PATH(1, 2) }, ROW(RET, JOINED, JOINED) },
	{ 311, ALWAYS, { PATH(1, 2), BASE(0, 2), PATH(3, 4), BASE(2, 4) }, ROW(RET, FD_ARG(0), JOINED, FD_ARG(2), JOINED, U32(4)) },
	{ 179, ALWAYS, { TEXT(0, 1), PATH(1, 2) }, ROW(RET, TEXT_OF, JOINED) },
	{ 181, ALWAYS, { TEXT(0, 1), PATH(2, 3), BASE(1, 3) }, ROW(RET, TEXT_OF, FD_ARG(1), JOINED) },
	{ 301, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED) },
	{ 303, ALWAYS, { PATH(1, 2), BASE(0, 2) }, ROW(RET, FD_ARG(0), JOINED, U32(2)) },
	{ 277, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED, U32(1)) },
	{ 305, ALWAYS, { PATH(1, 2), BASE(0, 2) }, ROW(RET, FD_ARG(0), JOINED, U32(2)) },
	{ 279, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED) },
	{ 415, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED, FLAGS(NODE_MODE, 1), U32(2)) },
	{ 417, ALWAYS, { PATH(1, 2), BASE(0, 2) }, ROW(RET, FD_ARG(0), JOINED, FLAGS(NODE_MODE, 2), U32(3)) },

	/* Permissions and owners */
	{ 315, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED, FLAGS(MODE, 1)) },
	{ 317, ALWAYS, { FD(0, 1) }, ROW(RET, FD_ARG(0), FLAGS(MODE, 1)) },
	{ 313, ALWAYS, { PATH(1, 2), BASE(0, 2) }, ROW(RET, FD_ARG(0), JOINED, FLAGS(MODE, 2)) },
	{ 379, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED, U32(1), U32(2)) },
	{ 381, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED, U32(1), U32(2)) },
	{ 383, ALWAYS, { FD(0, 1) }, ROW(RET, FD_ARG(0), U32(1), U32(2)) },
	{ 385, ALWAYS, { PATH(1, 2), BASE(0, 2) }, ROW(RET, FD_ARG(0), JOINED, U32(2), U32(3), FLAGS(CHOWN_FLAGS, 4)) },

	/* Mounts, roots, working directories */
	{ 257, ALWAYS, { TEXT(0, 1), PATH(1, 2), TEXT(2, 3) }, ROW(RET, TEXT_OF, JOINED, TEXT_OF, FLAGS(MOUNT_FLAGS, 3)) },
	{ 391, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED, U32(1)) },
	{ 387, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED) },
	{ 267, ALWAYS, { PATH(0, 1) }, ROW(RET, JOINED) },
	{ 95, ALWAYS, { TEXT(0, 1) }, ROW(RET, TEXT_OF) },
	{ 97, ALWAYS, { FD(0, 1) }, ROW(RET, FD_ARG(0)) },

	/* Processes */
	{ 293, ALWAYS, { PATH(0, 30), { STEP_ARGV, 1, 2, 0 } }, ROW(EXEC_PARAMS, JOINED) },
	{ 331, ALWAYS, { { STEP_ARGV, 2, 2, 0 } }, ROW(EXEC_PARAMS) },
	{ 223, ALWAYS, { { STEP_CLONE, 0, 0, 1 } }, CLONE_PARAMS },
	{ 335, ALWAYS, { { STEP_CLONE, 0, 0, 2 } }, CLONE_PARAMS },
	{ 225, ALWAYS, { { STEP_CLONE, 0, 0, 0 } }, CLONE_PARAMS },
	{ 227, ALWAYS, { { STEP_CLONE, 0, 0, 0 } }, CLONE_PARAMS },
	{ 186, ALWAYS, { NONE }, ROW(NIL, NIL, NIL, NIL, NIL) },       /* told by a tracepoint: see encode_exit */
	{ 275, ALWAYS, { NONE }, ROW(RET) },
	{ 295, ALWAYS, { NONE }, ROW(RET, INT(0), INT(1)) },
	{ 129, ALWAYS, { NONE }, ROW(RET, INT(0), U32(1)) },
	{ 131, ALWAYS, { NONE }, ROW(RET, INT(0), U32(1)) },
	{ 133, ALWAYS, { NONE }, ROW(RET, INT(0), INT(1), U32(2)) },
	{ 169, ALWAYS, { NONE }, ROW(RET, ARG(2), ARG(3), FLAGS(PTRACE, 0), INT(1)) },
	{ 421, ALWAYS, { VECTOR(1, 2, RAW_READ) }, ROW(RET, INT(0), TEXT_OF) },
	{ 423, ALWAYS, { VECTOR(1, 2, 0) }, ROW(RET, INT(0), TEXT_OF) },

	/* Credentials and namespaces */
	{ 199, ALWAYS, { NONE }, ROW(RET, INT(0)) },
	{ 201, ALWAYS, { NONE }, ROW(RET, INT(0)) },
	{ 193, ALWAYS, { NONE }, ROW(RET, INT(0), INT(1), INT(2)) },
	{ 195, ALWAYS, { NONE }, ROW(RET, INT(0), INT(1), INT(2)) },
	{ 427, ALWAYS, { NONE }, ROW(RET, INT(0), INT(1)) },
	{ 429, ALWAYS, { NONE }, ROW(RET, INT(0), INT(1)) },
	{ 353, ALWAYS, { { STEP_CAPS, 0, 1, 0 } }, ROW(RET, NUMBER, NUMBER, NUMBER) },
	{ 401, ALWAYS, { TEXT(1, 2), BYTES(1, 3, 4) }, ROW(RET, U32(0), { FROM_PRCTL_TEXT, 0 }, { FROM_PRCTL_NUMBER, 0 }) },
	{ 285, ALWAYS, { NONE }, ROW(RET, FLAGS(CLONE_FLAGS, 0)) },
	{ 241, ALWAYS, { FD(0, 1) }, ROW(RET, FD_ARG(0), FLAGS(CLONE_FLAGS, 1)) },

	/* The kernel itself */
	{ 411, ALWAYS, { DATA(0, 1, 0), TEXT(2, 3) }, ROW(RET, TEXT_OF, ARG(1), TEXT_OF) },
	{ 413, ALWAYS, { FD(0, 1), TEXT(1, 2) }, ROW(RET, FD_ARG(0), TEXT_OF, U32(2)) },
	{ 425, ALWAYS, { TEXT(0, 1) }, ROW(RET, TEXT_OF, FLAGS(MODULE_FLAGS, 1)) },
	{ 369, ALWAYS, { NONE }, ROW(RET, U32(0)) },
	{ 321, ALWAYS, { NONE }, ROW(RET, FLAGS(FD_FLAGS, 0)) },
	{ 339, ALWAYS, { BYTES(1, 1, 40) }, ROW(RET, U32(0), { FROM_WORD, 0 }, { FROM_WORD, 1 }, { FROM_RING_FLAGS, 2 },
		{ FROM_WORD, 3 }, { FROM_WORD, 4 }, { FROM_WORD, 5 }) },

	/* Sockets */
	{ 19, ALWAYS, { NEW_FD(0) }, ROW(FD_RET, U32(0), FLAGS(SOCKET_TYPE, 1), U32(2), FLAGS(FD_FLAGS, 1)) },
	{ 43, ALWAYS, { FD_PAIR(3, 1) }, ROW(RET, PAIR, PAIR, NIL, NIL, U32(0), FLAGS(SOCKET_TYPE, 1), U32(2)) },
	{ 21, ALWAYS, { PEER(1, 1, 0), SOCKET(0, 2, BOUND) }, ROW(RET, ADDRESS, FD_ARG(0)) },
	{ 23, ALWAYS, { PEER(1, 3, PEER_REMOTE), SOCKET(0, 2, CLIENT) }, ROW(RET, TUPLE(2), FD_ARG(0), ADDRESS) },
	{ 25, ALWAYS, { SOCKET(0, 1, SERVER) }, ROW(RET, FD_ARG(0), INT(1)) },
	{ 247, ALWAYS, { ACCEPTED }, ROW(FD_RET, TUPLE(0), QUEUE) },
	{ 389, ALWAYS, { ACCEPTED }, ROW(FD_RET, TUPLE(0), QUEUE, FLAGS(FD_FLAGS, 3)) },
	{ 31, ALWAYS, { PEER(4, 0, PEER_REMOTE | PEER_SILENT), SOCKET(0, 2, SENT), DATA(1, 1, 0) },
		ROW(RET, TEXT_OF, FD_ARG(0), U32(2), TUPLE(2)) },
	{ 35, ALWAYS, { PEER(4, 0, PEER_REMOTE | PEER_LENGTH_AT | PEER_SILENT), SOCKET(0, 3, RECEIVED), DATA(1, 1, RAW_READ) },
		ROW(RET, TEXT_OF, TUPLE(3), FD_ARG(0), U32(2)) },
	{ 49, ALWAYS, { MESSAGE(1, 1, 0), SOCKET(0, 2, SENT) }, ROW(RET, TEXT_OF, FD_ARG(0), SIZE, TUPLE(2)) },
	{ 53, ALWAYS, { MESSAGE(1, 2, RAW_READ), SOCKET(0, 5, RECEIVED) }, ROW(RET, SIZE, TEXT_OF, TUPLE(5), CONTROL, FD_ARG(0)) },
	{ 51, ALWAYS, { MESSAGE(1, 3, RAW_MANY), SOCKET(0, 1, SENT) }, ROW(RET, FD_ARG(0), SIZE, TEXT_OF, TUPLE(1)) },
	{ 55, ALWAYS, { MESSAGE(1, 3, RAW_READ | RAW_MANY), SOCKET(0, 1, RECEIVED) },
		ROW(RET, FD_ARG(0), SIZE, TEXT_OF, TUPLE(1), CONTROL) },

	/* Other descriptors */
	{ 367, ALWAYS, { NEW_FD(0) }, ROW(FD_RET, INT(0)) },
	{ 363, ALWAYS, { NEW_FD(0) }, ROW(FD_RET, INT(0), INT(1)) },
	{ 365, ALWAYS, { NEW_FD(0) }, ROW(FD_RET, INT(0), INT(1), FLAGS(FD_FLAGS, 2)) },
	{ 61, ALWAYS, { FD_PAIR(0, 1) }, ROW(RET, PAIR, PAIR, INODE(1)) },
	{ 393, ALWAYS, { FD_PAIR(0, 1) }, ROW(RET, PAIR, PAIR, INODE(1), FLAGS(FD_FLAGS, 1)) },
	{ 63, ALWAYS, { NEW_FD(0) }, ROW(FD_RET, U32(0), NIL) },
	{ 397, ALWAYS, { NEW_FD(0) }, ROW(FD_RET, FLAGS(FD_FLAGS, 1), U32(0)) },
	{ 405, ALWAYS, { TEXT(0, 1), NEW_FD(0) }, ROW(FD_RET, TEXT_OF, FLAGS(MEMFD_FLAGS, 1)) },
	{ 189, ALWAYS, { FD(0, 2), FD(1, 3), BYTES(2, 1, 8) }, ROW(RET, { FROM_OFFSET, 0 }, FD_ARG(0), FD_ARG(1), ARG(3)) },
	{ 167, ALWAYS, { FD(0, 1), FD(2, 2) }, ROW(RET, FD_ARG(0), FD_ARG(2), ARG(4), U32(5)) },

	/* Memory */
	{ 329, ALWAYS, { NONE }, ROW(RET, ARG(0), ARG(1), FLAGS(PROT, 2)) },
	{ 161, ALWAYS, { { STEP_MEMORY, 0, 1, 0 }, FD(4, 8) }, ROW(RET, NUMBER, NUMBER, NUMBER, ARG(0), ARG(1), FLAGS(PROT, 2),
		FLAGS(MAP_FLAGS, 3), FD_ARG(4), ARG(5)) },
	{ 163, ALWAYS, { { STEP_MEMORY, 0, 1, 0 }, FD(4, 8) }, ROW(RET, NUMBER, NUMBER, NUMBER, ARG(0), ARG(1), FLAGS(PROT, 2),
		FLAGS(MAP_FLAGS, 3), FD_ARG(4), ARG(5)) },

	/* Reading, writing, looking */
	{ 5, ASKED, { { STEP_KEPT, 0, 1, 0 } }, ROW(RET, FD_ARG(0)) },
	{ 7, ASKED, { FD(0, 2), DATA(1, 1, RAW_READ) }, ROW(RET, TEXT_OF, FD_ARG(0), U32(2)) },
	{ 9, ASKED, { FD(0, 2), DATA(1, 1, 0) }, ROW(RET, TEXT_OF, FD_ARG(0), U32(2)) },
	{ 113, ASKED, { FD(0, 2), DATA(1, 1, RAW_READ) }, ROW(RET, TEXT_OF, FD_ARG(0), U32(2), POSITION) },
	{ 115, ASKED, { FD(0, 2), DATA(1, 1, 0) }, ROW(RET, TEXT_OF, FD_ARG(0), U32(2), POSITION) },
	{ 117, ASKED, { FD(0, 3), VECTOR(1, 2, RAW_READ) }, ROW(RET, SIZE, TEXT_OF, FD_ARG(0)) },
	{ 119, ASKED, { FD(0, 2), VECTOR(1, 1, 0) }, ROW(RET, TEXT_OF, FD_ARG(0), SIZE) },
	{ 121, ASKED, { FD(0, 3), VECTOR(1, 2, RAW_READ) }, ROW(RET, SIZE, TEXT_OF, FD_ARG(0), POSITION) },
	{ 123, ASKED, { FD(0, 2), VECTOR(1, 1, 0) }, ROW(RET, TEXT_OF, FD_ARG(0), SIZE, POSITION) },
	{ 29, ASKED, { SOCKET(0, 2, SENT), DATA(1, 1, 0) }, ROW(RET, TEXT_OF, FD_ARG(0), U32(2), TUPLE(2)) },
	{ 33, ASKED, { SOCKET(0, 2, RECEIVED), DATA(1, 1, RAW_READ) }, ROW(RET, TEXT_OF, FD_ARG(0), U32(2), TUPLE(2)) },
	{ 67, ASKED, { PATH(0, 1) }, ROW(RET, JOINED) },
	{ 69, ASKED, { PATH(0, 1) }, ROW(RET, JOINED) },
	{ 73, ASKED, { PATH(0, 1) }, ROW(RET, JOINED) },
	{ 75, ASKED, { PATH(0, 1) }, ROW(RET, JOINED) },
	{ 71, ASKED, { FD(0, 1) }, ROW(RET, FD_ARG(0)) },
	{ 77, ASKED, { NONE }, ROW(RET) },
	{ 419, ASKED, { PATH(1, 2), BASE(0, 2) }, ROW(RET, FD_ARG(0), JOINED, U32(3)) },
	{ 265, ASKED, { PATH(0, 1) }, ROW(RET, JOINED, U32(1)) },
};

bool captured_copies(unsigned type)
{
	return type == 363 || type == 365 || type == 367;
}

const struct captured *captured_type(unsigned type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}
