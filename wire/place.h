/* Where something stands in a text file that was read as a whole. */
#ifndef WIRE_PLACE_H
#define WIRE_PLACE_H

#include <stddef.h>
#include <stdint.h>

/* A file in memory. */
struct source_file {
	const char *path;
	const char *text;                       /* NUL-terminated */
	size_t n;
	struct line_mark { size_t at; uint32_t line; } *mark;   /* a line that was looked for before; NULL: always look from the start */
};
/* Where a line begins (the end, when there are fewer), and the line that a byte is in. */
const char *source_line(const struct source_file *f, uint32_t line);
uint32_t source_line_of(const struct source_file *f, const char *at, const char **start);

struct place {
	const struct source_file *file;         /* NULL: unknown */
	uint32_t line, column;                  /* from 1; the column counts characters */
};

#endif
