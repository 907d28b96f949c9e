/* The condition language: its operators, the syntax tree, and the parser (cond_scan.c, cond_parse.c, cond_check.c). */
#ifndef MATCH_COND_H
#define MATCH_COND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"

enum cond_operator {
	OP_EXISTS, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_INTERSECTS, OP_PMATCH, OP_CONTAINS, OP_ICONTAINS,
	OP_BCONTAINS, OP_STARTSWITH, OP_BSTARTSWITH, OP_ENDSWITH, OP_GLOB, OP_IGLOB, OP_REGEX, OP_COUNT
};
enum operator_kind { OPERATOR_UNARY, OPERATOR_NUMBER, OPERATOR_STRING, OPERATOR_LIST };
struct cond_op_def {
	const char *name;
	uint8_t op, kind;
	bool blank;                     /* must be followed by a blank */
	bool old;                       /* 0.28 has it too */
};
extern const struct cond_op_def cond_ops[];             /* longest first where one begins with another; NULL name ends */
/* The operator of exactly that name, or NULL. */
const struct cond_op_def *cond_op(const char *name, size_t n);
/* For diag_nearest; `arg` points to a pointer that begins as cond_ops. */
const char *cond_op_next(void *arg);
const char *cond_op_name(enum cond_operator op);

enum cond_modifier { MODIFIER_NONE, MODIFIER_ONEOF, MODIFIER_ANYOF, MODIFIER_ALLOF };
enum cond_modifier cond_modifier(const char *name, size_t n);

/* A constant, unescaped. */
struct cond_value {
	const char *p;
	size_t n, at;                   /* `at`: offset in the condition */
};

/* What stands on the left, or on the right as val(field): a field or a transformer over operands. */
enum operand_kind { OPERAND_FIELD, OPERAND_TRANSFORMER, OPERAND_TEXT, OPERAND_LIST };
struct cond_operand {
	enum operand_kind kind;
	size_t at;
	const char *text;               /* field: as field_parse reads it; transformer: its name; text: unescaped */
	size_t n;
	const char *arg;                /* of a transformer: [arg], or NULL */
	struct cond_operand **args;
	size_t nargs;
};

enum cond_kind { COND_AND, COND_OR, COND_NOT, COND_MACRO, COND_CHECK };
struct cond {
	enum cond_kind kind;
	size_t at;
	struct cond **kids;             /* and, or: two or more; not: one */
	size_t nkids;
	struct cond_value macro;        /* its name */
	struct cond_operand *left, *right;      /* check; right is NULL when the right side is constant */
	enum cond_operator op;
	const char *op_text;            /* as written: = or == */
	enum cond_modifier modifier;
	struct cond_value *values;      /* one, or those of a list */
	size_t nvalues;
};

struct cond_error {
	size_t at;
	char before[80];                /* what was found, in front of `text` */
	char text[320];                 /* Falco's message */
	char after[80];
};
/* The grammar, today's or that of 0.28. */
enum cond_grammar { GRAMMAR_NOW, GRAMMAR_OLD };
enum { COND_DEPTH_MAX = 1000 };
/* Parses a whole condition. Returns NULL with what was found and what was expected in `err`. The tree lives in `a`. */
struct cond *cond_parse(const char *text, size_t n, enum cond_grammar grammar, struct arena *a, struct cond_error *err);

/* Parses a transformer at the start of `text`; `used` bytes are it. NULL with an error when there is one that is wrong, without
 * one when none begins here. */
struct cond_operand *cond_operand_parse(const char *text, size_t n, struct arena *a, size_t *used, struct cond_error *err);

/* The tree as text again, every and/or in parentheses. */
void cond_print(const struct cond *c, struct strbuf *out);
void cond_print_operand(const struct cond_operand *o, struct strbuf *out);

#endif
