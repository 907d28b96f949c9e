/* A YAML file as a tree of nodes (wire/yaml_tree.h), with what is wrong with it among the messages. */
#ifndef MATCH_YAML_TREE_H
#define MATCH_YAML_TREE_H

#include "match/report/diag.h"
#include "wire/yaml_tree.h"

/* Reads all documents of a file into one list, null ones left out. Returns 0, or -1 with the error in `d`. */
int yaml_read(const struct source_file *file, struct arena *a, struct diag *d, struct node ***documents, size_t *n);

#endif
