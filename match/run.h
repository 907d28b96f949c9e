/* The stream through match: definitions to the state of their source, events to the rules, alerts out. */
#ifndef MATCH_RUN_H
#define MATCH_RUN_H

#include <signal.h>
#include <stdbool.h>

#include "conf/options.h"
#include "program.h"
#include "setup.h"
#include "wire/endpoint.h"

struct run;

struct run_options {
	const struct options *common;           /* for --notify */
	const struct setup *setup;              /* what the program was made from */
	bool strict;                            /* a rule that can not fire ends the run with status 78 */
	const volatile sig_atomic_t *stop, *reload;     /* signals that came, counted */
};

/* Takes over the program. */
struct run *run_new(struct input *in, struct output *out, struct program *p, const struct run_options *o);
/* Returns the exit status. */
int run_loop(struct run *r);
void run_free(struct run *r);

#endif
