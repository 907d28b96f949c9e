/* `saker-conf --falco ARGS`: does what Falco does with its command line, up to running, for which it makes a generation. */
#ifndef SAKER_CONF_FALCO_H
#define SAKER_CONF_FALCO_H

#include "falco_args.h"

enum { FALCO_GO_ON = 10 };                      /* the exit status that means: a generation was written, run it */

struct falco {
	struct falco_args args;
	struct say say;
	struct sources sources;
	struct settled settled;
	struct rules rules;
	struct run run;
};

/* The exit status: Falco's 0 or 1, when all is said; or FALCO_GO_ON. `rundir` may be NULL where nothing runs. */
int falco_main(const char *rundir, const char *owners, int argc, char **argv);
/* Prints what a mode asks for (the configuration has been read). Returns 0 or 1. */
int falco_print(struct falco *f);
/* Arguments for match: its keys, and the rules. */
void falco_match(const struct falco *f, bool rules, struct strbuf *arguments);

#endif
