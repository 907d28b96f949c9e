/* Reading passwd and group files. */
#ifndef ENRICH_PASSWD_H
#define ENRICH_PASSWD_H

#include <stddef.h>
#include <stdint.h>

enum names_type { NAMES_USER, NAMES_GROUP, NAMES_TYPES };

struct name_text {
	const char *p;                         /* NULL: the file does not say */
	uint32_t len;
};
struct name {
	uint32_t number;
	struct name_text name, home, shell;
};
struct name_table {
	struct name *v;                        /* ascending numbers, each once */
	size_t n;
	char *text;                            /* what the names point into */
};

enum { NAMES_MAX = 65536, NAME_LINE_MAX = 4096 };

/* Reads `text` (owned by the table from now on). Lines that are not an entry are passed over; of several with one number
 * the first counts, as in getpwuid. A group has no home and shell. */
void passwd_parse(struct name_table *t, enum names_type type, char *text, size_t len);
/* The entry of a number, or NULL. */
const struct name *passwd_find(const struct name_table *t, uint32_t number);
void passwd_free(struct name_table *t);

#endif
