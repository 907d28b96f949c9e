/* What match --list-fields prints: every field that a rule can name, with its argument and type. */
#ifndef MATCH_DESCRIBE_FIELDS_H
#define MATCH_DESCRIBE_FIELDS_H

#include <stdbool.h>

enum fields_format { FIELDS_TEXT, FIELDS_JSON, FIELDS_MARKDOWN };
/* The format of that name; leaves with 64 when there is none. */
enum fields_format fields_format(const char *name);

struct field_table;
/* Those that rules of `source` can use (NULL: of any), those of one's own behind the others; `hidden`: internal ones too. Returns
 * the exit status. */
int describe_fields(const struct field_table *own, const char *source, enum fields_format format, bool hidden);

#endif
