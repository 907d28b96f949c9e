/* What is wrong with a rules file: messages with file, line and column, gathered here and printed once by main. */
#ifndef MATCH_DIAG_H
#define MATCH_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* A rules file in memory. */
struct source_file {
	const char *path;
	const char *text;                       /* NUL-terminated */
	size_t n;
};

struct place {
	const struct source_file *file;         /* NULL: unknown */
	uint32_t line, column;                  /* from 1; the column counts characters */
};

struct diag {
	struct strbuf error;                    /* the first error: loading stops there */
	struct strbuf warnings;                 /* one per line */
	bool notes;                             /* keep notes too, among the warnings */
};

/* Sets the error, `FILE:LINE:COLUMN: message`, with the line and a caret below. Always returns -1. Later errors are ignored. */
int diag_error(struct diag *d, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_warn(struct diag *d, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_note(struct diag *d, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_free(struct diag *d);

/* The nearest of the names that `next` gives (NULL ends), or NULL when none is near. */
const char *diag_nearest(const char *name, const char *(*next)(void *arg), void *arg);

#endif
