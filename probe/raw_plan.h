/* The plan as the BPF programs read it. A line is a bit; what an event, its task and its file tell is, each for itself, a set of
 * lines that it does not rule out. An event passes when a line of its type is in all of these sets. */
#ifndef PROBE_RAW_PLAN_H
#define PROBE_RAW_PLAN_H

#include "raw.h"

enum {
	RAW_LINE_WORDS = 4,
	RAW_LINES = 64 * RAW_LINE_WORDS,       /* different lines; a type whose lines do not fit passes whole */
	RAW_NAME_WORDS = 4,                    /* a component of a node has at most 32 bytes */
	RAW_NODE_DEPTH = 16,                   /* components of the longest path that a plan names */
	RAW_NODES = 16384,
	RAW_BLOOM_BITS = 1 << 16,
	RAW_RANGES = 64,
	RAW_MASKS = 32,
	RAW_NETS = 64,
	RAW_TEXTS = 64,
	RAW_PARTS = 16,
	RAW_PART_NAME = 32,                    /* bytes of the longest component in which parts are looked for */
	RAW_TAIL = 16,                         /* bytes at the end of a text: of argv[0], which are remembered of a process, and of a name */
	RAW_TEXT_WORDS = 8,                    /* a text of a test of argv has at most 64 bytes */
	RAW_TYPES = 512
};

struct raw_lines {
	__u64 w[RAW_LINE_WORDS];
};

/* What has to be asked for a type beyond its result, from cheap to dear. */
enum {
	RAW_USES_ACCESS = 1, RAW_USES_ARGS = 2, RAW_USES_PATH = 4, RAW_USES_NAME = 8, RAW_USES_TASK = 16, RAW_USES_SOCKET = 32,
	RAW_USES_PASSED = 64, RAW_USES_EXEC = 128, RAW_USES_KIND = 256, RAW_USES_FIRST = 512, RAW_USES_SECOND = 1024, RAW_USES_TEXT = 2048,
	RAW_USES_CREATE = 4096, RAW_USES_BASE = 8192
};
/* Number of no argument; raw_plan_type.file: of the call's new descriptor. */
enum { RAW_NO_ARG = 255, RAW_FILE_NEW = 254 };

/* A number that rules out all lines of a type outside of one range, and that costs nothing to look at: the first argument, the result. */
enum raw_gate { RAW_GATE_NONE, RAW_GATE_ARG, RAW_GATE_RESULT };

struct raw_plan_type {
	struct raw_lines lines;
	__u16 uses;
	__u8 open_flags;                       /* argument that holds the flags of an opening */
	__u8 file;                             /* where the file of the path tests is */
	__u8 fd;                               /* where the descriptor of the tests of kinds and ends is: the file's, or what a path is relative to */
	__u8 wanted;                           /* captured at all */
	__u8 all;                              /* passes whole */
	__u8 passed[2], base[2];               /* arguments that point at its paths; descriptors of what these are relative to */
	__u8 text;                             /* argument that points at a text */
	__u8 mode;                             /* argument that holds the mode of a new file */
	__u8 first_range, end_range;           /* of the event's ranges those that its lines have lie here */
	__u8 class, wants;                     /* in the ring; RAW_WANT_* */
	__u16 data;                            /* bytes that are told of what is read or written, at most RAW_TEXT */
	__u8 gate, pad[2];                     /* enum raw_gate */
	__s32 gate_first, gate_last;
};

/* Whose number or address. */
enum raw_number {
	RAW_N_RESULT, RAW_N_ARG,               /* ARG: the lower half, sign extended, of argument `arg` */
	RAW_N_ARG64, RAW_N_ARG_U32,
	RAW_N_UID, RAW_N_GID, RAW_N_LOGINUID, RAW_N_PID, RAW_N_VPID,
	RAW_N_LOCAL, RAW_N_REMOTE, RAW_N_EITHER                /* ports, addresses */
};

/* A range of a test of numbers. Those of one test follow one another; the last one settles it. */
struct raw_range {
	__s64 first, last;
	__u8 what, arg, negated, ends;
	__u32 pad;
	struct raw_lines lines;                /* that have the test */
};

/* As they stand in the kernel's credentials; then the socket's; then what the executable may be; then an argument of the call. */
enum raw_mask_of { RAW_M_CAP_INHERITABLE, RAW_M_CAP_PERMITTED, RAW_M_CAP_EFFECTIVE, RAW_M_PROTOCOL, RAW_M_EXE, RAW_M_ARG };
/* EXE_* of wire/fact.h. */
enum { RAW_EXE_WRITABLE = 1, RAW_EXE_UPPER_LAYER = 2, RAW_EXE_FROM_MEMFD = 4, RAW_EXE_LOWER_LAYER = 8, RAW_EXE_UNLINKED = 16 };
struct raw_mask {
	__u64 mask;
	__u8 what, negated, arg, pad[5];
	struct raw_lines lines;
};

/* A text of a test of what a component of a path has in it; as a raw_range. */
struct raw_part {
	__u64 text, mask;                      /* its first 8 bytes; which of them count */
	__u64 rare, beside;                    /* eight times a byte of it that few names have, and the one behind that */
	__u64 unseen;                          /* bits of those of eight bytes behind which nothing is known */
	__u8 len, negated, ends, rare_at, pad[4];              /* rare_at: where that byte is */
	struct raw_lines lines;                /* that have the test */
};

/* Makes letters small, and other bytes others. */
#define RAW_FOLD 0x2020202020202020ull

struct raw_net {
	__u64 addr[2], bits[2];                /* in network order; bits: which count */
	__u8 len, what, negated, ends, pad[4];
	struct raw_lines lines;
};

/* A value of a test of what was executed; as a raw_range. */
struct raw_text {
	__u64 text[RAW_TEXT_WORDS], mask[RAW_TEXT_WORDS];      /* mask: which bits count */
	__u8 len, whole, negated, ends, pad[4];                /* whole: the text is no longer than this */
	struct raw_lines lines;
};

/* A place in a tree of names: the lines that a path does not rule out when it ends there, has one more component, or more. */
struct raw_node {
	__u32 id, pad;
	struct raw_lines end, one, more;
};
struct raw_node_key {
	__u32 parent, len;                     /* id of the node above; bytes of the name */
	__u64 name[RAW_NAME_WORDS];
};
/* The roots of the trees; from the names on only the first level exists, and what is missing is like `more`. Of ancestors `end` is
 * which lines look for the name, `one` which look that it is not there. */
enum raw_tree {
	RAW_TREE_PATH, RAW_TREE_FIRST, RAW_TREE_SECOND, RAW_TREE_EXE, RAW_TREE_CWD,
	RAW_TREE_NAME, RAW_TREE_FIRST_NAME, RAW_TREE_SECOND_NAME, RAW_TREE_COMM, RAW_TREE_PARENT, RAW_TREE_ANCESTOR, RAW_TREES
};

/* Paths that tests look at in all ways: the file's; the first and the second path of the call, as they were passed and joined. Each has
 * a tree and a tree of names, in this order. */
enum raw_place { RAW_PLACE_FILE, RAW_PLACE_FIRST, RAW_PLACE_SECOND, RAW_PLACES };
/* Which lines ask for its name, the end of that, what is in a component; the texts and parts of these. Of the command line the same. */
struct raw_place_tests {
	struct raw_lines names, name_ends, with_parts;
	__u32 first_text, end_text, first_part, end_part;
};

/* What kind of descriptor a file may be. */
enum raw_fd_kind { RAW_FD_FILE, RAW_FD_DIRECTORY, RAW_FD_PIPE, RAW_FD_UNIX, RAW_FD_IPV4, RAW_FD_IPV6, RAW_FD_IP, RAW_FD_SOCKET, RAW_FD_ABSENT, RAW_FD_NONE };

struct raw_plan {
	struct raw_plan_type types[RAW_TYPES];
	struct raw_lines result[2];            /* of a call that failed, of one that did not */
	struct raw_lines access[4];            /* by O_ACCMODE */
	struct raw_lines exec[2], create[2];   /* of an opening: no file that can be executed is asked for, one is; none was made, one was */
	struct raw_lines plain;                /* of a path as passed without two dots side by side */
	struct raw_lines tty[2];
	struct raw_lines container[4];         /* by what cgroup_classes says; 0: nothing */
	struct raw_lines kind[RAW_FD_NONE];
	struct raw_node roots[RAW_TREES];
	struct raw_range ranges[RAW_RANGES];   /* of the event, then of the task, then of the socket */
	struct raw_mask masks[RAW_MASKS];      /* of the task, then of the socket, then of the executable, then of arguments */
	struct raw_net nets[RAW_NETS];
	/* Of argv[0], then of the other arguments, then of the end of the parent's argv[0], then of the event's texts, then of names' ends. */
	struct raw_text texts[RAW_TEXTS];
	struct raw_part parts[RAW_PARTS];
	struct raw_place_tests places[RAW_PLACES];
	struct raw_place_tests cmdline, env;   /* `names`: that have any test of it */
	struct raw_lines ancestors;            /* that look for an ancestor */
	struct raw_lines ports, addresses;     /* that ask for those of a socket */
	/* That ask for bits of an argument, dots in what was passed, the working directory, whether an ancestor is there or not. */
	struct raw_lines bits, dots, with_cwd, with_ancestors;
	__u32 argv0_texts, args_texts, exe_masks, parent_texts, arg_texts, arg_masks;
	__u32 rare_known;                      /* there are at most two that a file's parts have */
	__u64 rare[2];                         /* raw_part.rare of these */
	struct raw_lines partless;             /* of a file in whose path there is none of them */
	__u32 event_ranges, task_ranges, socket_ranges, task_masks, socket_masks, n_nets, wants_exe, pad;
	__u64 bloom[RAW_BLOOM_BITS / 64];      /* of the nodes' keys */
	__u64 serial;                          /* of the plan; never 0 */
};

/* One number of a key: its bit in the bloom filter. */
#define RAW_BLOOM(k) (((((k)->name[0] ^ (k)->name[1] * 31 ^ (k)->name[2] * 961 ^ (k)->name[3] * 29791) + (k)->parent) \
	* 0x9e3779b97f4a7c15ull) >> 48)

enum { RAW_CLASS_NONE, RAW_CLASS_HOST, RAW_CLASS_CONTAINER };

#endif
