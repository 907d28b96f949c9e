/* The document of a JSON record, parsed when a rule first asks for it. What can not be read is an error of that record alone. */
#ifndef MATCH_DOCUMENT_H
#define MATCH_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/arena.h"

struct json_t;

enum { DOCUMENT_VALUES = 1 << 18 };     /* more are refused: a value takes up to a hundred times its bytes */

struct document {
	const char *text;               /* borrowed from the frame; NULL: there is none */
	size_t n;
	struct json_t *root;            /* NULL until it is asked for */
	char error[200];                /* why it can not be read; empty otherwise */
};

/* Gives back what was parsed and forgets the document. */
void document_clear(struct document *d);
/* NULL when there is none or it can not be read. Valid until document_clear. */
const struct json_t *document_root(struct document *d);
/* The value at a JSON pointer (RFC 6901; the first `/` may be left out), or NULL. */
const struct json_t *document_find(struct document *d, const char *pointer, struct arena *a);
static inline bool document_bad(const struct document *d)
{
	return d->error[0] != '\0';
}

#endif
