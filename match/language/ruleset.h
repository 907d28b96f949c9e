/* Lists, macros and rules as the rules files give them, file after file: redefined, appended to, overridden; not compiled yet. */
#ifndef MATCH_RULESET_H
#define MATCH_RULESET_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/arena.h"
#include "match/report/diag.h"
#include "schema.h"
#include "match/vec.h"
#include "yaml_tree.h"

/* A text that appends have made of several scalars, joined by one blank each. */
struct rule_text {
	const struct node **parts;
	size_t n, cap;
};

struct rule_list {
	const char *name;
	struct place at;                /* of the name */
	const struct node *item;
	const struct node **items;
	size_t nitems, cap;
	unsigned index, visibility;     /* number of the item that defined it first, and of the one that touched it last */
};

struct rule_macro {
	const char *name;
	struct place at;                /* of the name */
	const struct node *item;
	const struct node **items;      /* the definition and what was appended to it */
	size_t nitems, capitems;
	struct rule_text condition;
	unsigned index, visibility;
};

struct rule_exception {
	const char *name;
	struct place at, block;                 /* of the exception, and of the sequence that it is in */
	const struct node *fields, *comps;      /* comps may be NULL */
	const struct node **values;
	size_t nvalues, cap;
};

struct rule_def {
	const char *name;
	struct place at;
	const struct node *item;
	const struct node **items;              /* the definition and what was appended to it */
	size_t nitems, capitems;
	struct rule_text condition, output, desc;
	const char *source;
	int priority;
	const char *severity;                   /* the priority as it is written */
	bool enabled, warn_evttypes, skip_unknown, capture;
	bool trim_output;                       /* blanks at the ends of its first part go: it is from the definition */
	uint32_t capture_duration;
	const char **tags;                      /* sorted, each once */
	size_t ntags, captags;
	struct rule_exception *exceptions;
	size_t nexceptions, cap;
	unsigned index, visibility;
};

struct ruleset {
	struct arena arena;
	struct rule_list *lists;
	struct rule_macro *macros;
	struct rule_def *rules;
	size_t nlists, nmacros, nrules, caplists, capmacros, caprules;
	struct names list_names, macro_names, rule_names;
	const struct node **plugins;            /* entries of required_plugin_versions */
	size_t nplugins, capplugins;
	unsigned engine[3];                     /* the highest that was required */
	bool old;                               /* set before loading: the language of 0.28 */
	const struct field_table *own;          /* set before loading: fields of one's own, or NULL */
	unsigned counter;                       /* items read so far */
	const struct source_file *file;         /* the last that was loaded */
};

/* Reads a file into memory. Returns 0, or -1 with the error in `d`. */
/* More of the error that no list, macro or rule of that name is there: the nearest that is. Returns -1. */
int ruleset_no_earlier(const struct ruleset *rs, enum diag_item kind, const char *name, struct diag *d);
int ruleset_read(const char *path, struct source_file *f, struct arena *a, struct diag *d);
/* Takes the items of one file into the tables. Returns 0, or -1 with the error in `d`. `schema` (may be NULL) gets what Falco's
 * schema says of it. */
int ruleset_load(struct ruleset *rs, const char *path, struct schema *schema, struct diag *d);
void ruleset_free(struct ruleset *rs);

/* For the readers of items, in ruleset.c: an entry by name, or NULL; and a new one at the end. */
struct rule_list *ruleset_list(struct ruleset *rs, const char *name);
struct rule_macro *ruleset_macro(struct ruleset *rs, const char *name);
struct rule_def *ruleset_rule(struct ruleset *rs, const char *name);
struct rule_list *ruleset_add_list(struct ruleset *rs, const char *name);
struct rule_macro *ruleset_add_macro(struct ruleset *rs, const char *name);
struct rule_def *ruleset_add_rule(struct ruleset *rs, const char *name);

void rule_text_set(struct ruleset *rs, struct rule_text *t, const struct node *scalar);
void rule_text_append(struct ruleset *rs, struct rule_text *t, const struct node *scalar);

/* Items, each in the file named after it. */
int rule_item(struct ruleset *rs, const struct node *item, struct diag *d);             /* rule_item.c */
/* rule_update.c: override */
int rule_update(struct ruleset *rs, struct rule_def *rule, const struct node *item, struct diag *d);
int rule_append(struct ruleset *rs, const struct node *item, struct diag *d);           /* rule_update.c: append: true */
int list_item(struct ruleset *rs, const struct node *item, struct diag *d);             /* list_item.c */
int macro_item(struct ruleset *rs, const struct node *item, struct diag *d);
int engine_item(struct ruleset *rs, const struct node *item, struct diag *d);           /* required.c */
int plugins_item(struct ruleset *rs, const struct node *item, struct diag *d);

/* Properties of a rule that several of them read. */
int rule_priority(const struct ruleset *rs, const struct node *value, struct rule_def *r, struct diag *d);
int rule_tags(struct ruleset *rs, const struct node *value, bool keep, struct rule_def *rule, struct diag *d);

/* exceptions.c: reads `exceptions:` of a new rule, merges by name, or takes new ones unchecked. */
enum exceptions_how { EXCEPTIONS_DEFINE, EXCEPTIONS_APPEND, EXCEPTIONS_REPLACE };
int exceptions_read(struct ruleset *rs, struct rule_def *rule, const struct node *value, enum exceptions_how how, struct diag *d);

/* Are all fields of that source known here? Rules of another may name fields of a plugin that is not. */
bool ruleset_knows(const struct ruleset *rs, const char *source);

const char *priority_name(int priority);                /* "Emergency" */
/* The number of a priority's name in any case, or -1. */
int priority_number(const char *name);
/* The same as 0.28 has it: in one of three spellings, and info is the number of notice. */
int priority_number_old(const char *name);
/* The priority that a misspelt one may have meant, or NULL. */
const char *priority_nearest(const char *name);

#endif
