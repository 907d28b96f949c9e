/* Evaluation of a program against one event after the other. */
#ifndef MATCH_EVAL_H
#define MATCH_EVAL_H

#include "context.h"
#include "program.h"

struct eval_slot {
	uint32_t stamp;                 /* of the event that `n` and `value` are for */
	int n;                          /* -1: missing */
	struct field_value *value;
};

struct eval {
	struct program *program;
	struct context *context;
	uint32_t stamp;                 /* of the present event */
	uint32_t *results;              /* by expression: stamp * 2 + value */
	size_t nresults;
	struct eval_slot *slots;
	struct field_value *values;     /* what the slots' `value` point into */
	const struct rule_list_entry *next, *end;
	uint32_t next_json;
};

void eval_init(struct eval *e, struct program *p);
void eval_free(struct eval *e);
/* Begins with the event in `c`: an EVENT when c->type is set, else a JSON record of c->source. */
void eval_begin(struct eval *e, struct context *c);
/* The next rule that matches, in file order; NULL when there is none left. */
const struct rule *eval_next(struct eval *e);

/* A field's values for the present event: how many, or -1. */
int eval_slot(struct eval *e, uint32_t slot, const struct field_value **v);
const struct field_ref *eval_ref(const struct eval *e, uint32_t slot);
/* Evaluations so far that ended in an error: matches of regular expressions that hit their limit. */
uint64_t eval_errors(const struct eval *e);

#endif
