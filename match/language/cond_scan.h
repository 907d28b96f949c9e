/* The scanner of the condition language, shared by the parser's files. There is no token stream: what may come next depends on
 * where the parser is, so each token has a function that takes it or leaves the text as it is. */
#ifndef MATCH_COND_SCAN_H
#define MATCH_COND_SCAN_H

#include "cond.h"

struct scan {
	const char *text, *p, *end;
	struct arena *arena;
	struct cond_error *err;
	const char *last;               /* where the last token began, for messages */
	size_t last_n;
	unsigned depth;
	enum cond_grammar grammar;
};

bool scan_blanks(struct scan *s);                               /* any number; returns whether there was one */
bool scan_at_blank(const struct scan *s);                        /* does one come next? */
bool scan_word(struct scan *s, const char *word);               /* these very characters */
/* A keyword: these characters and not a longer identifier. */
bool scan_keyword(struct scan *s, const char *word);
bool scan_identifier(struct scan *s, struct cond_value *v);
bool scan_field_name(struct scan *s, struct cond_value *v);     /* identifier.identifier… */
bool scan_number(struct scan *s, struct cond_value *v);
bool scan_bare(struct scan *s, struct cond_value *v);
bool scan_bare_arg(struct scan *s, struct cond_value *v);
/* Falco's words for what may stand for a value. */
extern const char scan_value[], scan_value_number[], scan_value_list[];
/* 1, 0 when no quote begins here, -1 with an error. */
int scan_quoted(struct scan *s, struct cond_value *v);

/* Sets the error at `at`; returns NULL for any pointer result. Later errors are ignored. */
void *scan_error(struct scan *s, const char *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same, naming what stands at the present place: "found 'x', expected …". */
void *scan_expected(struct scan *s, const char *what);

struct cond *cond_check(struct scan *s);                        /* cond_check.c: field, operator and right side; NULL without an error
                                                                   set when no field begins here */
struct cond_operand *cond_operand(struct scan *s, bool right);  /* cond_operand.c; the same */

#endif
