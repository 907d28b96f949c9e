/* What is said of a value that a key does not take: in saker's words with its place, or in Falco's. */
#ifndef SAKER_CONF_REFUSAL_H
#define SAKER_CONF_REFUSAL_H

#include "settle.h"

/* `err` is what conf_check says. Returns -1. */
int refusal_say(struct settled *s, enum conf_key k, const struct node *v, const char *err);
/* An error about the file as a whole, as Falco says it: "Error reading config file (FILE): ...". Returns -1. */
int refusal_of_file(struct settled *s, enum conf_key k, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* `<root>[a][b]` of a.b; valid until the next call. */
const char *refusal_schema_path(const char *name);

#endif
