/* The plan: what must hold of an event of each type for any rule to match it, so that the kernel side need send no others. Text form,
 * tests and what they mean: saker-plan(5). */
#ifndef WIRE_PLAN_H
#define WIRE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/event.h"
#include "wire/fact.h"
#include "wire/pack.h"

enum {
	PLAN_TEXT_MAX = 16 << 20,              /* bytes of a plan */
	PLAN_LINES_MAX = 4096,                 /* lines of one type */
	PLAN_TESTS_MAX = 64,                   /* tests of one line */
	PLAN_VALUES_MAX = 65536,               /* values of one test */
	PLAN_CLASS_DEFAULT = 255               /* the class is that of events.def */
};

/* How a test looks at its subject, and so which values it has. */
enum plan_kind {
	PLAN_FLAG,                             /* none */
	PLAN_NUMBER,                           /* ranges: in one of them */
	PLAN_MASK,                             /* bits: any of them is set (of a set with one member: it is that one) */
	PLAN_TEXT,                             /* texts, compared as `op` says: with any of them */
	PLAN_NET                               /* networks: in one of them */
};

enum plan_subject {
	/* PLAN_FLAG */
	PLAN_OK,                               /* the result is not negative */
	PLAN_READ, PLAN_WRITE,                 /* the flags of an opening say so */
	PLAN_CREATE,                           /* the call has made the file */
	PLAN_EXEC,                             /* it asked for a new file that can be executed */
	PLAN_TTY,                              /* the process has a terminal */
	PLAN_CONTAINER,                        /* the task is in a container */
	/* PLAN_NUMBER */
	PLAN_RESULT, PLAN_PID, PLAN_VPID, PLAN_UID, PLAN_GID, PLAN_LOGINUID,            /* uid, gid: effective; loginuid: -1 unset */
	PLAN_PORT, PLAN_PORT_CLIENT, PLAN_PORT_SERVER, PLAN_PORT_LOCAL, PLAN_PORT_REMOTE,       /* PLAN_PORT: client or server */
	PLAN_ARG,                              /* a parameter of the event */
	/* PLAN_MASK */
	PLAN_FD_KIND,                          /* 1 << enum fd_kind of the event's descriptor */
	PLAN_PROTOCOL,                         /* 1 << IP protocol number, below 64; 1 << 63 any other, and no IP socket */
	PLAN_EXE_FLAGS,                        /* EXE_WRITABLE … of fact.h */
	PLAN_CAP_EFFECTIVE, PLAN_CAP_PERMITTED, PLAN_CAP_INHERITABLE,                   /* 1 << CAP_… */
	PLAN_ARG_BITS,                         /* a parameter of the event */
	/* PLAN_NET */
	PLAN_ADDR, PLAN_ADDR_CLIENT, PLAN_ADDR_SERVER, PLAN_ADDR_LOCAL, PLAN_ADDR_REMOTE,
	/* PLAN_TEXT */
	PLAN_PATH,                             /* the file: as the kernel has it, else as joined */
	PLAN_PATH2,                            /* the same of the second path of a call with two */
	PLAN_JOINED, PLAN_JOINED2,             /* the first, the second path of the call, joined from what was passed */
	PLAN_PASSED, PLAN_PASSED2,             /* the same as they were passed */
	PLAN_EXE,                              /* path of the executable */
	PLAN_COMM, PLAN_PARENT,                /* name of the task, of the parent process */
	PLAN_PARENT_ARGV0,                     /* what the parent was called as */
	PLAN_ANCESTOR,                         /* the same of the parent, its parent …: of any of them */
	PLAN_ARGV0, PLAN_ARGS,                 /* what the process was called as; its arguments with blanks between them */
	PLAN_CMDLINE,                          /* the name of the process, and its arguments with a blank before each */
	PLAN_ENV,                              /* its environment in lower case, with blanks between the variables */
	PLAN_CWD,                              /* its working directory, with a slash at the end */
	PLAN_ARG_TEXT,                         /* a text among the event's parameters, as it was passed */
	PLAN_DOTS,                             /* PLAN_FLAG: the first path of the call, as it was passed, has two dots in a row */
	PLAN_SUBJECTS
};

/* Of a descriptor that is none it is known that it is none of these; some fields have values for it as for a file. */
#define PLAN_SOCKET_KINDS ((uint64_t)1 << FD_IPV4 | (uint64_t)1 << FD_IPV6 | (uint64_t)1 << FD_UNIX)

enum plan_op {
	PLAN_IS,
	PLAN_UNDER,                            /* is, or begins with it and '/' */
	PLAN_PREFIX,                           /* begins with it, wherever a component ends */
	PLAN_CONTAINS,                         /* has it in it */
	PLAN_NAME_IS, PLAN_NAME_PREFIX, PLAN_NAME_SUFFIX,                               /* of what follows the last '/' */
	PLAN_FOLDER_IS,                        /* of a directory the path itself, else what is before the last '/' ("/" for none) */
	PLAN_OPS
};

struct plan_range {
	int64_t first, last;
};
struct plan_text {
	const char *p;                         /* NUL-terminated besides */
	size_t n;
};
struct plan_net {
	uint8_t len, bits;                     /* 4 or 16 bytes; how many bits count */
	uint8_t addr[16];                      /* the others are 0 */
};

/* A test is yes, no or not known; not known passes whether negated or not. */
struct plan_test {
	uint8_t kind, subject, op;             /* enum plan_kind, plan_subject, plan_op */
	bool negated;
	const char *param;                     /* name of the parameter of PLAN_ARG, PLAN_ARG_BITS and PLAN_ARG_TEXT, else NULL */
	uint64_t mask;                         /* PLAN_MASK */
	union {
		struct plan_range *range;
		struct plan_text *text;
		struct plan_net *net;
	};
	size_t n;                              /* of those: ascending, no two that touch or are equal; at least 1 */
};

/* Holds when all of its tests do; without tests it is `all`. */
struct plan_line {
	struct plan_test *test;                /* in the order of plan_test_order */
	size_t n;
	const char *note;                      /* rules that it is for, and what forced it open; "" for none */
};

struct plan_event {
	bool wanted;                           /* the type is captured */
	bool enter;                            /* seen at the beginning of the call, too */
	uint8_t class;                         /* 0 to 3, or PLAN_CLASS_DEFAULT */
	struct plan_line *line;
	size_t n;
};

/* Facts that are sent on demand, and data. */
enum plan_want { PLAN_WANT_FD_KINDS, PLAN_WANT_ALL_KINDS, PLAN_WANT_FDS, PLAN_WANT_FD_COUNT, PLAN_WANT_THREADS, PLAN_WANT_MEMORY, PLAN_WANT_FAULTS,
	PLAN_WANT_SOCKET, PLAN_WANT_DATA, PLAN_WANTS };
extern const char *const plan_want_names[PLAN_WANTS];
/* The fact of that name; PLAN_WANTS when there is none. */
enum plan_want plan_want_named(const char *s, size_t n);

struct plan_memory;
struct plan {
	struct plan_event event[EVENT_TYPES];  /* by type number; numbers of one name (an ENTER type) are alike */
	uint32_t wants[EVENT_TYPES];           /* bits 1 << enum plan_want */
	uint32_t snaplen[EVENT_TYPES];         /* bytes of data, with PLAN_WANT_DATA */
	const char *want_note[PLAN_WANTS];
	struct plan_memory *memory;            /* all texts and arrays */
};

struct plan *plan_new(void);
void plan_free(struct plan *p);
/* Room that lives as long as the plan, filled with zeros. */
void *plan_room(struct plan *p, size_t n);
const char *plan_copy(struct plan *p, const char *s, size_t n);

/* Do events of the type come from the kernel side? Plans say nothing of others. */
bool plan_kind(const struct event_type *t);

/* Reads a plan. NULL when there is an error: `err` says where (`name:line:column`), what was found and what was expected. */
struct plan *plan_parse(const char *name, const char *text, size_t n, char *err, size_t errlen);
/* The same from a file. */
struct plan *plan_read(const char *path, char *err, size_t errlen);

/* Prints it in its canonical form: parsed again it is the same plan, printed again the same text. */
void plan_print(const struct plan *p, struct pack *out);
/* 64 bits of FNV-1a over the text without the notes, as 16 hexadecimal digits. Two plans that ask for the same have the same. */
void plan_hash(const struct plan *p, char out[17]);

/* Adds a line (copied) to a type as it is. */
void plan_append_line(struct plan *p, unsigned type, const struct plan_line *line);
/* The same for one list of lines, of memory of `p`. */
void plan_event_add(struct plan *p, struct plan_event *e, const struct plan_line *line);
/* Merges lines that differ in one list of values or in one test and its negation, drops what others cover. */
void plan_event_simplify(struct plan *p, struct plan_event *e);
/* Its class in the ring, 0 to 3. */
unsigned plan_class(const struct plan *p, unsigned type);
/* Adds all that `other` wants: what either passes, `p` passes afterwards. */
void plan_union(struct plan *p, const struct plan *other);

/* Ranks of tests in a line, cheapest first: the order in which they are printed and tried. */
int plan_test_order(const struct plan_test *a, const struct plan_test *b);
/* Sorts the values, merges ranges that touch, drops double ones. */
void plan_test_settle(struct plan_test *t);
/* Whether a test of a path is one of its last component. */
bool plan_is_of_name(const struct plan_test *t);
bool plan_test_equal(const struct plan_test *a, const struct plan_test *b);
/* Sorts the tests of a line, drops double ones. */
void plan_line_settle(struct plan_line *line);
/* Does `a` pass all that `b` passes? False when that can not be told from their tests alone. */
bool plan_line_covers(const struct plan_line *a, const struct plan_line *b);

/* The names that tests have: "path-under", by kind, subject and op. */
struct plan_word {
	const char *name;
	uint8_t kind, subject, op;
	bool negated;                          /* `failed` is `not ok`, `host` is `not container` */
};
extern const struct plan_word plan_words[];    /* ends with a NULL name */
const struct plan_word *plan_word(const char *s, size_t n);
/* Names of the bits of a mask: bit numbers by name; NULL where the subject's bits have none. */
const char *plan_bit_name(unsigned subject, unsigned bit);
int plan_bit(unsigned subject, const char *s, size_t n);

#endif
