/* Paths among the parameters. For the files field*.c alone. */
#ifndef MATCH_FIELD_PATHS_H
#define MATCH_FIELD_PATHS_H

#include "field_get.h"

enum path_form {
	PATH_AS_PASSED,                /* with `//` collapsed */
	PATH_VERBATIM,
	PATH_JOINED,
	PATH_RESOLVED,                 /* joined, where the folder is known */
	PATH_OBJECT_OR_JOINED
};

/* The text of a FSPATH, FSRELPATH or CHARBUF in that form: 1, or -1 when it is nil. */
int field_path(struct context *c, const struct value *v, enum path_form form, struct field_value *out);
/* The path of a call that opens: its `name` or `path`; NULL for others. */
const struct value *field_open_path(const struct context *c);

#endif
