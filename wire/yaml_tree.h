/* A YAML file as a tree of nodes that know where they stand. Bounded against hostile input. */
#ifndef WIRE_YAML_TREE_H
#define WIRE_YAML_TREE_H

#include <stdbool.h>

#include "arena.h"
#include "place.h"

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

/* What is wrong with a file. */
struct yaml_problem {
	struct place at;
	const char *text;                       /* in the arena */
	const char *yaml_cpp;                   /* the same in the words of the library that Falco uses; NULL: it is YAML, but refused here */
};
/* Reads all documents of a file into one list, null ones left out. Returns 0, or -1 with the problem. */
int yaml_parse(const struct source_file *file, struct arena *a, struct yaml_problem *p, struct node ***documents, size_t *n);

/* The value of a key, or NULL. */
struct node *node_get(const struct node *map, const char *key);
/* True for NULL and for YAML's null (an empty plain scalar, ~, null). */
bool node_null(const struct node *n);
/* The place of byte `offset` of a scalar's text in the file, as exact as the style of the scalar allows. */
struct place node_place(const struct node *scalar, size_t offset);

#endif
