/* Fields: names that rules use, their types, and their values for the event at hand. */
#ifndef MATCH_FIELD_H
#define MATCH_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"

struct context;

enum field_type {
	TYPE_STRING, TYPE_BYTES, TYPE_BOOL, TYPE_INT, TYPE_UINT, TYPE_DOUBLE, TYPE_PORT, TYPE_IP, TYPE_NET,
	TYPE_RELTIME, TYPE_ABSTIME      /* ns, in `u` */
};
enum field_arg { ARG_NONE, ARG_INDEX, ARG_KEY, ARG_INDEX_OR_KEY, ARG_NAME };   /* [n]; [k]; either; .name or [k] */
enum {
	FIELD_ARG_REQUIRED = 1,
	FIELD_FILTER_ONLY = 2,
	FIELD_NO_RHS = 4,
	FIELD_NO_TRANSFORM = 8,
	FIELD_LIST = 16,
	FIELD_ANY = 32,                 /* without an argument a condition holds when it holds for any of the values (proc.aname) */
	FIELD_EITHER = 64,              /* like ANY, but != holds only when it holds for all (fd.ip, fd.port, fd.net) */
	FIELD_DEPRECATED = 128,
	FIELD_HIDDEN = 256,             /* not listed */
	FIELD_HEX = 512,                /* printed as upper-case hexadecimal */
	FIELD_ABSENT = 1024,            /* this platform does not supply it (yet): loads, and counts as missing */
	FIELD_EXACT = 2048,             /* a DOUBLE that is printed with all its digits */
	FIELD_MEMORY = 4096             /* what it gives depends on when it was asked for before (evt.deltatime) */
};

struct field_value {
	union {
		int64_t i;
		uint64_t u;
		bool b;
		double d;
		struct { const char *p; uint32_t n; } s;               /* string, bytes; borrowed until the next event */
		struct { uint8_t family; uint8_t addr[16]; } ip;       /* 4 or 6; network order */
	};
};
enum { FIELD_VALUES = 64 };             /* at most that many values of a list */

struct field_ref;
/* Fills `out` (room for FIELD_VALUES) and returns how many values there are; -1 when the field is missing. */
typedef int field_getter(const struct field_ref *, struct context *, struct field_value *out);

struct field_def {
	const char *name;
	uint8_t type, arg;              /* enum field_type, enum field_arg */
	uint16_t flags;
	field_getter *get;              /* NULL when FIELD_ABSENT */
	uint32_t what;                  /* for getters that serve several fields */
	const char *source;             /* "syscall", "k8s_audit", "json" for any of JSON records, or NULL for any */
	const char *desc;
	const char *const *pointers;    /* of a field of one's own: where in the document, the first that is there; NULL ends */
};
extern const struct field_def field_defs[];
extern const unsigned field_count;

/* Fields of one's own (field_table.h), which stand behind those of the table above. */
struct field_table;
/* The field of that number, or NULL behind the last; `own` may be NULL. */
const struct field_def *field_at(const struct field_table *own, unsigned i);
/* The names of all fields one after the other, for diag_nearest: `arg` is a struct field_walk. */
struct field_walk {
	const struct field_table *own;
	unsigned next;
};
const char *field_next_name(void *arg);
/* The type as Falco calls it: "CHARBUF". */
const char *field_type_name(const struct field_def *d);

/* Do rules of that source know the field? */
bool field_serves(const struct field_def *d, const char *source);

/* A field as a rule names it, with its argument. */
struct field_ref {
	const struct field_def *def;
	bool has_arg, has_index;
	int64_t index;                  /* numeric argument */
	const char *key;                /* text of the argument, NUL-terminated, in the arena */
	const char *text;               /* the whole reference as written, e.g. "proc.aname[2]" */
	int param;                      /* of evt.arg.NAME: interned name number, else -1 (see field_args.h) */
	const int8_t *params;           /* of evt.arg.NAME: by event type the index of the parameter, or -1; else NULL */
	uint64_t *memory;               /* of a field with FIELD_MEMORY: what it remembers, at first 0 */
};

/* Reads the longest field (with argument) at the start of `text`. Returns 1 and how many bytes it took, 0 when no field
 * stands there, -1 with a message when one does but its argument is wrong. `whole`: it must take all of `len`. */
int field_parse(const struct field_table *own, const char *text, size_t len, bool whole, struct arena *a, struct field_ref *out,
	size_t *used, char *err, size_t errlen);

/* Appends the text of a value as output prints it (not for missing ones). `old`: a list of one is that one, as in 0.28. */
struct strbuf;
void field_print(const struct field_ref *f, const struct field_value *v, int n, bool old, struct strbuf *out);

#endif
