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
};

struct place {
	const struct source_file *file;         /* NULL: unknown */
	uint32_t line, column;                  /* from 1; the column counts characters */
};

#endif
