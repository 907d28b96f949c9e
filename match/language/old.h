/* The language of 0.28, where it is more than a different grammar: its messages show the items in question. */
#ifndef MATCH_OLD_H
#define MATCH_OLD_H

#include "match/compile.h"

/* Gives the error, which is the last message, the lines of the items that it is about. */
void old_items(struct diag *d, const struct node *const *items, size_t n);

/* The same with `n` lines of a file from `line` on, for what is wrong with the file as a whole. */
void old_lines(struct diag *d, const struct source_file *f, uint32_t line, unsigned n);

/* Did 0.28 give up on the event types of a condition, so that the rule was tried for all? It did when it found no evt.type, or
 * one behind a `not` or `!=`. */
bool old_all_types(struct compiler *c, const struct cond *tree);

#endif
