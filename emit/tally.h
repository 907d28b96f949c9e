/* What was detected, by priority and by rule: the blocks that Falco prints when it ends. */
#ifndef EMIT_TALLY_H
#define EMIT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert.h"

struct tally_entry {
	char *name;                    /* owned */
	uint64_t n;
};
struct tally_list {
	struct tally_entry *entry;
	size_t n, cap;
};
/* All zero is empty. */
struct tally {
	uint64_t total;
	struct tally_list severities, rules;
};

void tally_add(struct tally *t, const struct alert *a);
/* On standard output what was detected, and on standard error what is known of drops. `old`: severities as the rules have them, in the
 * order in which they came up; else in their own order. */
void tally_print(struct tally *t, bool old, uint64_t drops_detected, uint64_t drops_acted);
void tally_free(struct tally *t);

#endif
