/* From the tree to the values of keys, by the table: types, unknown keys, keys of later versions. */
#ifndef SAKER_CONF_SETTLE_H
#define SAKER_CONF_SETTLE_H

#include "conf/conf.h"
#include "sources.h"

struct settled {
	struct say *say;
	const struct sources *sources;
	struct conf conf;
	struct place at[CONF_KEYS];             /* where a value was given; no file: it was not */
	struct node *node[CONF_KEYS];           /* the value itself, or NULL; lists are lists, even when one text was given */
	/* The first value of a file that does not fit Falco's schema: the file, and what Falco says. */
	const struct source_file *misfit;
	char misfit_text[256];
};

/* Returns 0, or -1 when an error was said. */
int settle(struct settled *s);
/* The value in force: what was given, or the default (under --falco, Falco's). */
const char *settled_text(const struct settled *s, enum conf_key k);
bool settled_bool(const struct settled *s, enum conf_key k);
uint64_t settled_number(const struct settled *s, enum conf_key k);
/* Sets a value that follows from others. */
void settled_set(struct settled *s, enum conf_key k, const char *value);
void settled_free(struct settled *s);

#endif
