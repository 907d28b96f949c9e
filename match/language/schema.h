/* What Falco's JSON schema says of a rules file. It is stricter than the loader and never keeps a file from being loaded. */
#ifndef MATCH_SCHEMA_H
#define MATCH_SCHEMA_H

#include <stddef.h>

#include "yaml_tree.h"

struct schema {
	bool checked;
	struct strbuf warnings;         /* one a line; none: the file is as the schema wants it */
};
/* Looks at all documents of a file. */
void schema_check(struct schema *s, struct node *const *documents, size_t n);

#endif
