/* Lists in conditions: substituted as text before parsing, one pass per list. */
#ifndef MATCH_LISTS_H
#define MATCH_LISTS_H

#include <stdbool.h>

#include "cond_text.h"
#include "ruleset.h"

/* The items of every list, after lists in lists; made once for a rule set. */
struct lists {
	struct list_items {
		const char *name, *text;        /* text: " a, b, c " */
		size_t name_len, len;
		bool empty, used;
	} *list;
	size_t n;
};
void lists_resolve(struct lists *l, const struct ruleset *rs, struct arena *a);
/* Replaces every occurrence of every list's name in `t`. */
void lists_substitute(struct lists *l, struct cond_text *t);

#endif
