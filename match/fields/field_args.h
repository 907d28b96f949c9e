/* evt.arg.NAME: parameters by name, whatever event they belong to. */
#ifndef MATCH_FIELD_ARGS_H
#define MATCH_FIELD_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"
#include "field.h"

/* Is it one of the fields whose argument is a parameter (evt.arg, evt.rawarg)? */
bool field_is_arg(const struct field_def *d);
/* The longest parameter name of any event that `text` begins with: its length (0: none) and number, which is the same for the
 * same name: event type * EVENT_PARAMS + index, of its first place in the event table. */
size_t field_args_find(const char *text, size_t len, int *param);
/* For each event type the index of its parameter of that name, or -1. */
const int8_t *field_args_table(int param, struct arena *a);
/* evt.rawarg in the type of that parameter; other fields as they are. */
const struct field_def *field_args_def(const struct field_def *d, int param);

#endif
