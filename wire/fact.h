/* The facts of a process by number (facts.def). */
#ifndef WIRE_FACT_H
#define WIRE_FACT_H

enum fact {
#define FACT(number, constant, name) FACT_##constant = number,
#include "facts.def"
#undef FACT
	FACT_COUNT
};
extern const char *const fact_names[FACT_COUNT];

/* Bits of FACT_EXE_FLAGS; the first four are Falco's EXE set. */
enum { EXE_WRITABLE = 1, EXE_UPPER_LAYER = 2, EXE_FROM_MEMFD = 4, EXE_LOWER_LAYER = 8, EXE_UNLINKED = 16 };

/* Capabilities by the number of their bit, as linux/capability.h has them. */
enum { CAPABILITIES = 41 };
extern const char *const capability_names[CAPABILITIES];

/* Kinds of open files (fdkind.def). */
enum fd_kind {
#define FDKIND(constant, text, character) FD_##constant,
#include "fdkind.def"
#undef FDKIND
	FD_KINDS
};
extern const struct fd_kind_def {
	const char *text;
	char character;
} fd_kinds[FD_KINDS];
/* The kind of a text on the wire, or -1. */
int fd_kind(const char *text, unsigned len);

#endif
