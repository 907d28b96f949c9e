/* A generation: a folder RUNDIR/N with all that the stages need to run, none of which anyone else writes. Its layout is in
 * saker-conf(1). */
#ifndef SAKER_CONF_GENERATION_H
#define SAKER_CONF_GENERATION_H

#include "rules.h"

/* What the supervisor is to do; saker's own `generate` only sets the first few. */
struct run {
	bool verbose, all_types, daemon;
	const char *types;                      /* for probe, instead of those that the rules need; NULL: those */
	const char *head;                       /* the first program: probe, frames, or none */
	const char *input;                      /* what it reads instead of the kernel: a capture or JSON; NULL: the kernel */
	const char *pidfile, *statistics, *writefile;
	const char *owners;                     /* STAGE=USER,...: who alone may read the stage's arguments; NULL: everybody may */
	unsigned long long duration, interval;  /* seconds and milliseconds; 0: none */
};

/* Writes the next generation and moves the link RUNDIR/latest to it. Returns its number, or -1 when an error was said. */
long generation_write(const char *rundir, struct settled *s, const struct rules *rules, const struct run *run);

#endif
