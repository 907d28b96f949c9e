/* Fields and transformers, as the parser has read them, into slots. */
#ifndef MATCH_OPERAND_H
#define MATCH_OPERAND_H

#include "match/language/cond.h"
#include "slots.h"

struct operand_scope {
	const char *source;             /* of the rule: other sources have other fields */
	struct slots *slots;
	struct arena *arena;
	const struct field_table *own;  /* fields of one's own, or NULL */
};
enum operand_result {
	OPERAND_OK = 0,
	OPERAND_BAD = -1,
	OPERAND_FOREIGN = -2,           /* a field that rules of this source do not have */
	OPERAND_UNKNOWN = -3            /* one that no source has */
};
struct operand_error {
	size_t at;                      /* in the condition */
	char text[320], hint[160];      /* the hint is what saker adds to Falco's message */
};
enum operand_result operand_slot(const struct operand_scope *s, const struct cond_operand *o, uint32_t *slot,
	struct operand_error *e);

/* The first field below a slot that has one of the flags, or that name when `name` is not NULL; NULL when there is none. */
const struct field_def *operand_field(const struct slots *s, uint32_t slot, unsigned flags, const char *name);

#endif
