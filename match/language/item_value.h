/* Values of the keys of an item in a rules file, checked and converted. */
#ifndef MATCH_ITEM_VALUE_H
#define MATCH_ITEM_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "yaml_tree.h"

/* The scalar of a mandatory key, not empty; NULL after an error. */
const struct node *item_text(const struct node *item, const char *key, struct diag *d);
/* Checks the value of a key that is there: a scalar, not empty. */
int item_scalar(const struct node *value, const char *key, struct diag *d);
/* The error that a mandatory key is not there. */
int item_missing(const struct node *item, const char *key, struct diag *d);
/* An optional bool or number: unchanged when the key is absent. */
int item_bool(const struct node *item, const char *key, bool *out, struct diag *d);
int item_u32(const struct node *item, const char *key, uint32_t *out, struct diag *d);
/* A sequence of scalars; `value` may not be NULL. */
int item_scalars(const struct node *value, const char *what, struct diag *d);

/* Warns of keys that are not among `known` (NULL ends). */
void item_unknown_keys(const struct node *item, const char *const *known, struct diag *d);

/* What `override` of an item says about a key. */
enum item_override { OVERRIDE_NONE, OVERRIDE_APPEND, OVERRIDE_REPLACE };
struct override_key {
	const char *name;                       /* NULL ends a table */
	bool append, replace;                   /* what may be done to it */
};
/* Checks `override` against the table and against the keys that the item has. Returns whether there is one (0, 1), or -1. */
int item_overrides(const struct node *item, const struct override_key *keys, struct diag *d);
enum item_override item_override(const struct node *item, const char *key);

#endif
