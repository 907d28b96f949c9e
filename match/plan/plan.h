/* From rules to the plan: what must hold of an event for any of them to match it, as far as the kernel side can test it. */
#ifndef MATCH_PLAN_H
#define MATCH_PLAN_H

#include "match/program.h"
#include "wire/plan/plan.h"

/* Ways to do it wrong, for the tests that must notice: each leaves out one thing that the derivation owes its soundness to. */
enum plan_mutation {
	MUTATION_NONE,
	MUTATION_NOT_DROPPED,                   /* `not` in front of a leaf is not heard */
	MUTATION_NOT_NOT_PUSHED,                /* not (a and b) becomes not a and not b */
	MUTATION_UNTESTABLE_FALSE,              /* what the kernel can not test is taken for false */
	MUTATION_MISSING,                       /* what is missing does not satisfy a negation */
	MUTATION_SPELLINGS,                     /* links have one spelling */
	MUTATION_NEGATED_SPELLINGS,             /* a negation excludes all spellings */
	MUTATION_PREFIX,                        /* startswith and pmatch are taken for = */
	MUTATION_ONE_FLAG,                      /* of several flags with the text in their name the first counts */
	MUTATION_CHOICE,                        /* of the members of a list the first counts */
	MUTATION_OVERFLOW,                      /* what becomes too large is dropped, not widened */
	MUTATION_ASSERTED,                      /* what one alternative asks, all are taken to ask */
	MUTATIONS
};

struct plan_options {
	const char *rule;                       /* of this rule alone; NULL: of all */
	enum plan_mutation mutation;
};

/* The links that the plan is to honour are those of `p` (program_links). */
struct plan *plan_derive(struct program *p, const struct plan_options *o);

/* match --plan: prints the plan for this host (with its links), or says of one rule why; `with`, when not NULL, is the
 * file of a plan to add. Frees `p`; returns the exit status. */
int plan_print_rules(struct program *p, const char *why, const char *with);

#endif
