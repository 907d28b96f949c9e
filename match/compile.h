/* From texts of conditions to expressions of a program. */
#ifndef MATCH_COMPILE_H
#define MATCH_COMPILE_H

#include "match/language/cond.h"
#include "match/language/cond_text.h"
#include "match/language/lists.h"
#include "program.h"
#include "match/language/ruleset.h"

enum { COMPILE_DEPTH_MAX = 4000 };

struct macro_code {
	struct cond_text text;
	struct cond *tree;
	uint32_t edge;
	unsigned height;                        /* of the tree with the macros in it; 0: not known yet */
	bool compiled, busy, used;
	unsigned walked[2];                     /* by which walk of old.c, before and behind a `not` */
};

/* What a rule names may be that of another source, or nothing that is known here: a plugin's field. */
enum unknown { UNKNOWN_NOTHING, UNKNOWN_TO_SOURCE, UNKNOWN_AT_ALL };

struct compiler {
	const struct ruleset *rs;
	const struct program_options *options;
	struct program *program;
	struct diag *d;
	struct lists lists;
	struct arena trees;
	struct macro_code *macros;              /* as rs->macros */
	const char *macro_source;               /* the source that their edges are for */
	const struct cond_text *text;           /* what is compiled at the moment */
	const char *source;
	const struct rule_def *rule;            /* that is compiled at the moment; NULL: none */
	unsigned depth;
	enum unknown unknown;                   /* whether that is the error */
	unsigned walks;                         /* of old.c */
	size_t expanded;                        /* nodes of trees that --describe made */
};

/* rule_code.c. Goes into an item for messages, see diag_enter. */
size_t compile_enter(struct compiler *c, enum diag_item kind, const char *name, const struct node *item);
size_t compile_enter_rule(struct compiler *c, const struct rule_def *def);
/* Adds the rule to the program. Returns 0 also when it is skipped with a warning; -1 with an error. */
int compile_rule(struct compiler *c, const struct rule_def *def);
/* The rule's condition with exceptions and lists put in; `text` is to be freed after the tree was used. NULL with an error. */
const struct cond *compile_tree(struct compiler *c, const struct rule_def *def, struct cond_text *text);

/* macros.c: parses all macros and checks what they refer to. */
int macros_prepare(struct compiler *c);
void macros_free(struct compiler *c);
/* The macro that a rule or macro refers to by that name, with the reference at `at` of c->text; NULL with an error. */
struct macro_code *macros_find(struct compiler *c, const struct cond_value *name);

/* Parses a condition text whose lists are in. */
struct cond *compile_parse(struct compiler *c, const struct cond_text *text);
/* The expression of a tree for rules of c->source; false with an error. */
bool compile_cond(struct compiler *c, const struct cond *tree, uint32_t *edge);

#endif
