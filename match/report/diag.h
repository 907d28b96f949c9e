/* What is wrong with rules files: messages with their code, their place and the items around it, gathered here and printed by
 * main: in saker's own form (diag.c), or as Falco prints them (diag_falco.c). */
#ifndef MATCH_DIAG_H
#define MATCH_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"
#include "wire/place.h"

enum diag_code {
	LOAD_ERR_FILE_READ, LOAD_ERR_YAML_PARSE, LOAD_ERR_YAML_VALIDATE, LOAD_ERR_COMPILE_CONDITION, LOAD_ERR_COMPILE_OUTPUT,
	LOAD_ERR_VALIDATE, LOAD_UNKNOWN_SOURCE, LOAD_UNSAFE_NA_CHECK, LOAD_NO_EVTTYPE, LOAD_UNKNOWN_FILTER, LOAD_UNUSED_MACRO,
	LOAD_UNUSED_LIST, LOAD_UNKNOWN_ITEM, LOAD_DEPRECATED_ITEM, LOAD_APPEND_NO_VALUES, LOAD_EXCEPTION_NAME_NOT_UNIQUE,
	LOAD_INVALID_MACRO_NAME, LOAD_INVALID_LIST_NAME, LOAD_COMPILE_CONDITION, LOAD_UNKNOWN_KEY
};

/* What a message is about, from the outside to the inside. */
enum diag_item {
	ITEM_CONTENT, ITEM_CONTENT_ITEM, ITEM_VALUE_FOR, ITEM_EXCEPTIONS, ITEM_EXCEPTION, ITEM_EXCEPTION_VALUES, ITEM_EXCEPTION_VALUE,
	ITEM_ENGINE_VERSION, ITEM_PLUGIN_VERSIONS, ITEM_PLUGIN_ENTRY, ITEM_PLUGIN_ALTERNATIVE, ITEM_LIST, ITEM_LIST_ITEM, ITEM_MACRO,
	ITEM_MACRO_CONDITION, ITEM_RULE, ITEM_RULE_CONDITION, ITEM_CONDITION_EXPRESSION, ITEM_RULE_OUTPUT, ITEM_OUTPUT_EXPRESSION,
	ITEM_PRIORITY, ITEM_OVERRIDES
};
struct diag_frame {
	enum diag_item item;
	const char *name;                       /* may be empty */
	struct place at;
};

enum diag_kind { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };      /* a note: a warning that saker shows only with -v */
struct diag_message {
	enum diag_kind kind;
	enum diag_code code;
	struct place at;
	const char *text, *before, *after;      /* Falco's message, and what saker says around it */
	const char *own;                        /* what saker says instead, or NULL */
	const char *old;                        /* what 0.28 says instead, or NULL */
	const char *items;                      /* for 0.28: the lines of the items in question, or NULL */
	const char *field;                      /* the deprecated field, or NULL */
	struct diag_frame *frames;
	size_t nframes;
	enum diag_item inside;                  /* with `content`: the condition or output as it is compiled, and where in it */
	const char *content;
	size_t ncontent, content_at;
};

enum { DIAG_FRAMES = 16, DIAG_WARNINGS = 1000 };
struct diag {
	struct arena arena;
	struct diag_message *message;
	size_t n, cap;
	bool failed;                            /* there is an error: loading stops at the first, which is the last message */
	bool dropped;                           /* the last message came after it, and was not taken */
	size_t warnings, unsaid;                /* taken, and those beyond DIAG_WARNINGS */
	struct diag_message spare;              /* what is said of such a one */
	struct diag_frame frames[DIAG_FRAMES];
	size_t depth;
};

/* Goes into an item. Returns what diag_leave needs to get out of it and of all that was entered since. */
size_t diag_enter(struct diag *d, enum diag_item item, const char *name, struct place at);
void diag_leave(struct diag *d, size_t depth);
/* Names the item that was entered last. */
void diag_named(struct diag *d, const char *name);

/* Always returns -1. Later errors are ignored. */
int diag_error(struct diag *d, struct place at, enum diag_code code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_warn(struct diag *d, struct place at, enum diag_code code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_note(struct diag *d, struct place at, enum diag_code code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Will further warnings be counted alone? Then their places need not be worked out. */
bool diag_full(const struct diag *d);

/* More of the message just made. Each returns -1. */
int diag_before(struct diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int diag_after(struct diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int diag_own(struct diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int diag_old(struct diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int diag_field(struct diag *d, const char *name);
int diag_inside(struct diag *d, enum diag_item item, const char *text, size_t n, size_t at);

/* Makes the error a warning; loading goes on. */
void diag_forgive(struct diag *d, enum diag_code code, const char *before, const char *after);
/* Forgets the messages behind the first `n`. */
void diag_rewind(struct diag *d, size_t n);
void diag_free(struct diag *d);

/* saker's own form, `FILE:LINE:COLUMN: message`; of an error, the line with a caret below. */
void diag_print(const struct diag *d, bool errors, bool notes, struct strbuf *out);

/* Where a line of a file begins (the end, when there are fewer). */
const char *diag_line(const struct source_file *f, uint32_t line);

/* The nearest of the names that `next` gives (NULL ends), or NULL when none is near. */
const char *diag_nearest(const char *name, const char *(*next)(void *arg), void *arg);

#endif
