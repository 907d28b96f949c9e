/* Fields of one's own: YAML tables that name a source of JSON records and give its fields as JSON pointers with types. Rules of
 * that source use them like any other field. */
#ifndef MATCH_FIELD_TABLE_H
#define MATCH_FIELD_TABLE_H

#include "match/report/diag.h"
#include "field.h"
#include "match/language/required.h"

/* Of one table: whose fields they are, and the plugin that rules may require (name NULL: none). */
struct field_source {
	const char *name;
	struct builtin_plugin plugin;
};
/* All tables that were read; all zero is none. */
struct field_table {
	struct arena arena;
	struct field_def *def;
	struct field_source *source;
	size_t n, cap, nsources, capsources;
};

/* Adds the fields of one file. Returns 0, or -1 with the error in `d`, whose places are in the table. */
int field_table_read(struct field_table *t, const char *path, struct diag *d);
void field_table_free(struct field_table *t);
/* Is there a table of that source? `t` may be NULL. */
bool field_table_source(const struct field_table *t, const char *source);

#endif
