/* Running another of saker's programs and hearing what it says; no shell is involved. */
#ifndef SAKER_CONF_STAGE_H
#define SAKER_CONF_STAGE_H

#include "wire/arena.h"

/* An argument list that grows: texts with a NUL behind each, as in the argument files. */
void arguments_add(struct strbuf *list, const char *text);
void arguments_key(struct strbuf *list, const char *key, const char *value);     /* -O KEY=VALUE */

/* Runs a program of saker with such a list. What it writes goes into `out` and `err`, or where ours goes (NULL). Returns its exit
 * status; 128 and its signal when it was killed; -1 with errno when it could not be run. */
int stage_run(const char *program, const struct strbuf *arguments, struct strbuf *out, struct strbuf *err);
/* Becomes that program. Returns only when that fails. */
void stage_become(const char *program, const struct strbuf *arguments);

#endif
