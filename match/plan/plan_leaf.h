/* One check of a condition as tests of the plan. For the files plan*.c alone. */
#ifndef MATCH_PLAN_LEAF_H
#define MATCH_PLAN_LEAF_H

#include "plan.h"
#include "wire/plan/plan_event.h"

/* Lines of which any must hold: none is false, one without tests is true. Of memory of the scratch plan. */
struct cover {
	struct plan_event lines;
};

enum { ASSERTED_MAX = 64 };

struct derivation {
	struct program *program;
	enum plan_mutation mutation;
	struct plan *scratch;                   /* memory, thrown away with each type */
	struct arena arena;                     /* the same */
	const struct event_type *type;
	struct cover *memo;                     /* by edge */
	uint32_t *known, turn;                  /* by edge: the rule's turn in which its memo was made */
	uint32_t asserted[ASSERTED_MAX];        /* edges of checks without which the rule is false */
	size_t nasserted;
	struct strbuf *open;                    /* checks that could not be tested, for notes; NULL: not asked */
};

/* What must hold when the check is true, and when it is not; each may be more than that. */
struct leaf {
	struct cover yes, no;
	bool tested;
};

void plan_leaf(struct derivation *d, const struct predicate *p, struct leaf *out);

/* plan_cover.c */
struct cover cover_true(struct derivation *d);
struct cover cover_false(void);
struct cover cover_test(struct derivation *d, const struct plan_test *t, bool negated);
bool cover_is_true(const struct cover *c);
/* When both together would be too many lines, those of `a` alone. */
struct cover cover_and(struct derivation *d, const struct cover *a, const struct cover *b);
struct cover cover_or(struct derivation *d, const struct cover *a, const struct cover *b);

/* plan_leaf.c: steps that the handlers share. */
void leaf_exact(struct derivation *d, struct leaf *out, const struct plan_test *t);
void leaf_missing(struct derivation *d, struct leaf *out);
/* Holds only where `guard` does: when that fails the value is missing. */
void leaf_guard(struct derivation *d, struct leaf *out, const struct plan_test *guard, bool negated);
typedef void leaf_handler(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out);
/* plan_number.c */
leaf_handler leaf_result, leaf_number, leaf_errno, leaf_tty, leaf_fd_number, leaf_port, leaf_port_text, leaf_raw;
/* plan_text.c */
struct text_form {
	uint8_t subject;
	const char *param;
	bool rooted;                            /* only constants from the root on can be tested */
	bool name;                              /* what follows the last slash */
	bool folder;
	bool passed;
};
void plan_texts(struct derivation *d, const struct predicate *p, const struct text_form *form, struct leaf *out);
leaf_handler leaf_comm, leaf_parent, leaf_ancestor, leaf_argv0, leaf_parent_argv0, leaf_args, leaf_cmdline, leaf_env, leaf_cwd, leaf_exe, leaf_fd_name, leaf_fd_raw, leaf_folder, leaf_filename, leaf_fs_path, leaf_abspath;
/* plan_arg.c */
leaf_handler leaf_arg;
/* plan_fact.c */
leaf_handler leaf_bool, leaf_failed, leaf_exe_flag, leaf_caps, leaf_container, leaf_kind, leaf_kind_char, leaf_family,
	leaf_protocol, leaf_address, leaf_static;

#endif
