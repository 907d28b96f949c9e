/* The operators and modifiers by name. */
#include <string.h>

#include "cond.h"

const struct cond_op_def cond_ops[] = {
	{ "exists", OP_EXISTS, OPERATOR_UNARY, false, true },
	{ "<=", OP_LE, OPERATOR_NUMBER, false, true },
	{ "<", OP_LT, OPERATOR_NUMBER, false, true },
	{ ">=", OP_GE, OPERATOR_NUMBER, false, true },
	{ ">", OP_GT, OPERATOR_NUMBER, false, true },
	{ "==", OP_EQ, OPERATOR_STRING, false, true },
	{ "=", OP_EQ, OPERATOR_STRING, false, true },
	{ "!=", OP_NE, OPERATOR_STRING, false, true },
	{ "glob", OP_GLOB, OPERATOR_STRING, true, true },
	{ "iglob", OP_IGLOB, OPERATOR_STRING, true, false },
	{ "contains", OP_CONTAINS, OPERATOR_STRING, true, true },
	{ "icontains", OP_ICONTAINS, OPERATOR_STRING, true, true },
	{ "bcontains", OP_BCONTAINS, OPERATOR_STRING, true, false },
	{ "startswith", OP_STARTSWITH, OPERATOR_STRING, true, true },
	{ "bstartswith", OP_BSTARTSWITH, OPERATOR_STRING, true, false },
	{ "endswith", OP_ENDSWITH, OPERATOR_STRING, true, true },
	{ "regex", OP_REGEX, OPERATOR_STRING, true, false },
	{ "intersects", OP_INTERSECTS, OPERATOR_LIST, false, true },
	{ "in", OP_IN, OPERATOR_LIST, false, true },
	{ "pmatch", OP_PMATCH, OPERATOR_LIST, false, true },
	{ NULL, 0, 0, false, false }
};

const struct cond_op_def *cond_op(const char *name, size_t n)
{
	for (const struct cond_op_def *o = cond_ops; o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

const char *cond_op_name(enum cond_operator op)
{
	/* `=` prints as it is; both its spellings mean the same. */
	if (op == OP_EQ)
		return "=";
	for (const struct cond_op_def *o = cond_ops; o->name; o++)
		if (o->op == op)
			return o->name;
	return "";
}

enum cond_modifier cond_modifier(const char *name, size_t n)
{
	static const char *const names[] = { [MODIFIER_ONEOF] = "oneof", [MODIFIER_ANYOF] = "anyof", [MODIFIER_ALLOF] = "allof" };

	for (int i = MODIFIER_ONEOF; i <= MODIFIER_ALLOF; i++)
		if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
			return (enum cond_modifier)i;
	return MODIFIER_NONE;
}

const char *cond_op_next(void *arg)
{
	const struct cond_op_def **at = arg;

	return (*at)->name ? (*at)++->name : NULL;
}
