/* The output language: texts with %field in them. */
#ifndef MATCH_FORMAT_H
#define MATCH_FORMAT_H

#include "wire/arena.h"
#include "slots.h"

struct eval;

struct format_piece {
	const char *text;               /* literal, or the field as written */
	size_t n;
	int64_t slot;                   /* -1: literal */
	uint32_t width;                 /* 0: as long as it is */
};
struct format {
	struct format_piece *piece;
	size_t n, cap;
	bool info;                      /* %container.info was in it */
};

enum format_result { FORMAT_OK = 0, FORMAT_BAD = -1, FORMAT_UNKNOWN = -2 };   /* unknown: a field that does not exist */
struct format_scope {
	const char *source;             /* of the rule: other sources have other fields */
	struct slots *slots;            /* fields become slots here */
	struct arena *arena;
	bool old;                       /* as 0.28: %container.info prints something */
	const struct field_table *own;  /* fields of one's own, or NULL */
};
struct format_error {
	size_t at;                      /* offset in the text */
	char text[320], hint[160];      /* the hint is what saker adds to Falco's message */
};
enum format_result format_parse(struct format *f, const char *text, size_t n, const struct format_scope *s,
	struct format_error *e);
/* The error that `text`, which begins with %, is no field. */
enum format_result format_unknown(const struct format_scope *s, struct format_error *e, const char *text);
/* A field's values as output has them: what is for conditions only is missing there. */
int format_slot(struct eval *e, uint32_t slot, const struct field_value **v);
/* Appends the text for the event at hand; missing fields are <NA>. */
void format_print(const struct format *f, struct eval *e, struct strbuf *out);

#endif
