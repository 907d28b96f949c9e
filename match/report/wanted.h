/* The event types that a program's rules can match, as the probe's -e takes them. */
#ifndef MATCH_WANTED_H
#define MATCH_WANTED_H

#include "match/program.h"

struct strbuf;

/* Appends them with commas between them; `default` stands for those of a rule that does not name any. */
void wanted_types(const struct program *p, struct strbuf *out);
/* The host names that the rules compare with, one a line, each once, in order. */
void wanted_names(const struct program *p, struct strbuf *out);

#endif
