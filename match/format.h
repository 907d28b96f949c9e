/* The output language: texts with %field in them. */
#ifndef MATCH_FORMAT_H
#define MATCH_FORMAT_H

#include "arena.h"
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
};

enum format_result { FORMAT_OK = 0, FORMAT_BAD = -1, FORMAT_UNKNOWN = -2 };   /* unknown: a field that does not exist */
/* Reads a format; its fields become slots. On an error `*at` is its offset in the text. `source`: of the rule. */
enum format_result format_parse(struct format *f, const char *text, size_t n, const char *source, struct slots *slots,
	struct arena *a, char *err, size_t errlen, size_t *at);
/* A field's values as output has them: what is for conditions only is missing there. */
int format_slot(struct eval *e, uint32_t slot, const struct field_value **v);
/* Appends the text for the event at hand; missing fields are <NA>. */
void format_print(const struct format *f, struct eval *e, struct strbuf *out);

#endif
