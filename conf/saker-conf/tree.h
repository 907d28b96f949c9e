/* Configuration as a tree of nodes that can be changed: expanded, merged, assigned to, and written as YAML flow text. */
#ifndef SAKER_CONF_TREE_H
#define SAKER_CONF_TREE_H

#include "wire/yaml_tree.h"

struct node *tree_new(struct arena *a, enum node_kind kind, struct place at);
struct node *tree_text(struct arena *a, const char *text, struct place at);
/* A copy that shares nothing with the original, however often an alias stands in it. With `expand`, ${NAME} in values is
 * replaced; NULL when that does not end. */
struct node *tree_copy(struct arena *a, const struct node *n, bool expand);
/* Replaces the value of a key, or adds both. */
void tree_put(struct arena *a, struct node *map, struct node *key, struct node *value);
void tree_push(struct arena *a, struct node *list, struct node *n);

/* One line that means the same: plain scalars stay plain, what is quoted is quoted as in JSON. */
void tree_flow(const struct node *n, struct strbuf *out);
/* A text as a JSON string. */
void tree_quote(const char *text, size_t n, struct strbuf *out);

#endif
