/* Messages as Falco prints them, with its positions from 0: the result of --validate. */
#ifndef MATCH_DIAG_FALCO_H
#define MATCH_DIAG_FALCO_H

#include "diag.h"
#include "match/language/schema.h"

struct json_t;

/* The text for one file. */
void diag_falco_text(const struct diag *d, const char *path, struct strbuf *out);
/* The text of version 0.28, which has the item in question below each message. */
void diag_falco_old_text(const struct diag *d, const char *path, bool name, struct strbuf *out);
/* The entry of one file in falco_load_results; a new reference. */
struct json_t *diag_falco_json(const struct diag *d, const char *path, const struct schema *schema);

#endif
