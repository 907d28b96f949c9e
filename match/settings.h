/* The configuration keys that are more than a word: what is appended to outputs, and which rules run. Read from YAML text, as
 * falco.yaml has it. */
#ifndef MATCH_SETTINGS_H
#define MATCH_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/arena.h"
#include "match/report/diag.h"

/* What one entry of append_output says. */
struct output_field {
	const char *name, *format;      /* format NULL: the field of that name, with its type */
};
struct output_append {
	const char *source, *rule;      /* only rules that match all that is given; NULL: any */
	const char **tags;
	size_t ntags;
	const char *text;               /* appended to the output; NULL: nothing */
	struct output_field *fields;    /* added to the alert's fields */
	size_t nfields;
	bool suggested;                 /* the container's fields too */
};

/* One step of enabling or disabling: rules by wildcard, or by tag. */
struct rule_choice {
	bool enable;
	const char *rule, *tag;         /* one of them is NULL */
};

struct settings {
	struct arena arena;
	struct output_append *append;
	struct rule_choice *choice;
	size_t nappend, nchoice;
	const char *info;               /* under 0.28, for %container.info, or else at the end of an output; borrowed; NULL: none */
};

/* Each reads the value of its key; empty text is no entries. Returns 0, or -1 with the error. */
int settings_append(struct settings *s, const char *text, struct diag *d);
int settings_rules(struct settings *s, const char *text, struct diag *d);
void settings_free(struct settings *s);

/* `*` stands for any run of characters. */
bool wildcard_matches(const char *pattern, const char *text);

#endif
