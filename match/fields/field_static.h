/* static_fields of the configuration: fields `static.NAME` with a fixed text, for rules of any source. */
#ifndef MATCH_FIELD_STATIC_H
#define MATCH_FIELD_STATIC_H

#include "field_table.h"

/* Adds the fields of a YAML map of names and texts; empty text is none. Returns 0, or -1 with the error. */
int field_static_read(struct field_table *t, const char *text, struct diag *d);

#endif
