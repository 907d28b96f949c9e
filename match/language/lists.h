/* Lists in conditions: substituted as text before parsing. The outcome is that of one pass per list in the order of their table,
 * which is how Falco does it, but the time is that of reading the text once. */
#ifndef MATCH_LISTS_H
#define MATCH_LISTS_H

#include <stdbool.h>

#include "cond_text.h"
#include "ruleset.h"

/* What stands for every list in a condition; made once for a rule set. */
struct lists {
	struct list_items {
		const char *name, *text;        /* text: " a, b, c ", with the lists that later passes would have put in */
		size_t name_len, len;
		bool empty, used, endless;      /* endless: longer than any condition may be */
		bool odd;                       /* a name with delimiters in it: no word of a condition is equal to it */
	} *list;
	size_t n, nodd;
	const struct names *names;
	size_t put_in;                          /* bytes, in all conditions */
};
void lists_resolve(struct lists *l, const struct ruleset *rs, struct arena *a);
/* Replaces every occurrence of every list's name in `t`. Returns -1 with an error when that makes conditions too long. */
int lists_substitute(struct lists *l, struct cond_text *t, struct diag *d);

#endif
