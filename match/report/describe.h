/* What a rule set consists of, for people and for programs: --list-rules, --describe, --list-events. */
#ifndef MATCH_DESCRIBE_H
#define MATCH_DESCRIBE_H

#include "match/load.h"

enum describe_form { DESCRIBE_LIST, DESCRIBE_JSON };
/* Loads the rules and prints them all, or the one of that name. Returns the exit status. */
int describe_rules(const struct load *l, enum describe_form form, const char *name);
/* Prints every event type with its parameters. */
void describe_events(void);

#endif
