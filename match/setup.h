/* What a program is made from: the rules files, the tables of fields, and the keys that concern rules. Made from the command line at
 * start, and again from that and the file of -c for each reload. */
#ifndef MATCH_SETUP_H
#define MATCH_SETUP_H

#include "conf/options.h"
#include "match/fields/field_table.h"
#include "load.h"
#include "settings.h"

struct setup {
	struct load load;                       /* its paths are borrowed from the command line */
	struct settings settings;
	struct field_table table;
	bool all;                               /* every rule that matches, not only the first */
	struct conf conf;                       /* of a reload: what it read */
	struct command_line line;
};

/* Each adds one more. Returns 0, or -1 with the error in `d`. */
int setup_rules(struct setup *s, const char *path, struct diag *d);
int setup_fields(struct setup *s, const char *path, struct diag *d);
/* Takes the keys; the setup must not move from here on. Returns 0, or -1 with the error. */
int setup_settle(struct setup *s, const struct conf *conf, struct diag *d);
/* For a reload: fills `s`, which is empty, from what main was given and the file of -c as it is now. Returns 0, or -1 with the error;
 * what the error's places point to is in `s`. */
int setup_reread(struct setup *s, const struct options *o, struct diag *d);
void setup_free(struct setup *s);

#endif
