/* A YAML file as a tree of nodes that know where they stand. Bounded against hostile input. */
#ifndef MATCH_YAML_TREE_H
#define MATCH_YAML_TREE_H

#include <stdbool.h>

#include "arena.h"
#include "diag.h"

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAP };

struct node {
	enum node_kind kind;
	bool plain;                             /* a scalar without quotes: may be null, a bool, a number */
	struct place at;
	const char *text;                       /* scalar: NUL-terminated, `n` bytes; never NULL */
	size_t n;
	struct node **kids;                     /* sequence: elements; map: key, value, key, value… */
	size_t nkids;
	/* Where a scalar lies in its file, as bytes; for positions inside it. */
	size_t start, end;
	uint32_t weight;                        /* nodes that this one stands for, aliases counted in full */
	bool done;                              /* an alias may refer to it */
};

/* Reads all documents of a file into one list, null ones left out. Returns 0, or -1 with the error in `d`. */
int yaml_read(const struct source_file *file, struct arena *a, struct diag *d, struct node ***documents, size_t *n);

/* The value of a key, or NULL. */
struct node *node_get(const struct node *map, const char *key);
/* True for NULL and for YAML's null (an empty plain scalar, ~, null). */
bool node_null(const struct node *n);
/* The place of byte `offset` of a scalar's text in the file, as exact as the style of the scalar allows. */
struct place node_place(const struct node *scalar, size_t offset);

#endif
