/* From the files and folders of -r to a compiled program. */
#ifndef MATCH_LOAD_H
#define MATCH_LOAD_H

#include <stdbool.h>

#include "match/report/diag.h"
#include "program.h"

enum { LOAD_PATHS = 1024 };
struct load {
	const char *paths[LOAD_PATHS];          /* files and folders, in the order given */
	unsigned n;
	int priority;
	const struct settings *settings;
	bool old;                               /* the language of 0.28 */
	const struct field_table *own;          /* fields of one's own, or NULL */
};

/* Reads and compiles all files. NULL with the error in `d`; warnings are there in any case. `rs` is empty; its messages refer to
 * it, so it is freed after they are printed. `summary` gets one line that says what was loaded: "25 rules, 150 macros, 80 lists
 * from a.yaml; event types …". */
struct program *load_program(const struct load *l, struct ruleset *rs, struct diag *d, struct strbuf *summary);

/* The same with other options, and without the line. */
struct program *load_with(const struct load *l, const struct program_options *o, struct ruleset *rs, struct diag *d);
/* The files that the paths stand for, in their order. Returns 0, or -1 with the error. */
int load_paths(const struct load *l, struct arena *a, struct diag *d, const char ***paths, size_t *n);

#endif
