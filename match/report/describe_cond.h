/* What a condition consists of, as --describe says it. */
#ifndef MATCH_DESCRIBE_COND_H
#define MATCH_DESCRIBE_COND_H

#include "match/compile.h"

struct json_t;

/* A condition's tree with all macros put in; it lives in the compiler's trees. When all trees together become too large, macros are
 * left in it by their names. */
const struct cond *describe_expand(struct compiler *c, const struct cond *tree);
/* Was that so? */
bool describe_cut(const struct compiler *c);

/* Adds "condition_operators", "condition_fields" and "condition_compiled" of an expanded tree to `details`. */
void describe_tree(struct json_t *details, const struct cond *tree);
/* Adds "macros" and "lists": what the text of a condition itself refers to. */
void describe_references(struct compiler *c, struct json_t *details, const struct rule_text *condition);

/* Appends a text to a list of texts unless it is there. */
void describe_add(struct json_t *list, const char *text);

#endif
