/* Exceptions of rules, between their reading and the condition that they become part of. */
#ifndef MATCH_EXCEPTIONS_H
#define MATCH_EXCEPTIONS_H

#include <stdbool.h>

#include "cond_text.h"
#include "ruleset.h"

/* An operator as `comps` names it, blanks trimmed. `list`: its right side is a list. */
struct exception_op {
	const char *text;
	size_t n;
	bool list;
};
/* Returns false when it is none. */
bool exception_comp(const char *text, struct exception_op *out);

/* The condition of a rule with its exceptions, before lists are substituted. */
int exceptions_text(const struct rule_def *r, struct cond_text *out, struct diag *d);

#endif
