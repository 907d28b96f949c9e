/* The text of a condition while it is put together, which remembers where each part of it came from. */
#ifndef MATCH_COND_TEXT_H
#define MATCH_COND_TEXT_H

#include "wire/arena.h"
#include "ruleset.h"

struct cond_span {
	size_t begin;                   /* in the text, up to the next span's */
	const struct node *from;        /* NULL: made up here */
	size_t offset;                  /* in `from`; the same for every byte when `fixed` */
	bool fixed;
};
struct cond_text {
	struct strbuf text;
	struct arena arena;
	struct cond_span *spans;
	size_t nspans, cap;
};

void cond_text_add(struct cond_text *t, const char *s, size_t n, const struct node *from, size_t offset, bool fixed);
/* Text without a place of its own takes that of `from` as a whole. */
void cond_text_puts(struct cond_text *t, const char *s, const struct node *from);
void cond_text_parts(struct cond_text *t, const struct rule_text *parts);
/* Appends bytes `begin` to `end` of another text, with their origins. */
void cond_text_copy(struct cond_text *t, const struct cond_text *other, size_t begin, size_t end);
/* Where byte `at` stands in the rules files. */
struct place cond_text_place(const struct cond_text *t, size_t at);
/* The node and offset that byte `at` came from. */
const struct node *cond_text_origin(const struct cond_text *t, size_t at, size_t *offset);
void cond_text_free(struct cond_text *t);

#endif
