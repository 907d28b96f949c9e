/* The stream through enrich: frames go on in order, unchanged where nothing is known better, with what is known put
 * between them. */
#ifndef ENRICH_RUN_H
#define ENRICH_RUN_H

#include "conf/options.h"
#include "wire/endpoint.h"

struct hosts;
struct run;

/* Takes both endpoints and the names (NULL: none) over. */
struct run *run_new(struct input *in, struct output *out, const struct options *options, struct hosts *hosts);
/* The container engines that were found, for a person. */
void run_engines(const struct run *r, char *text, size_t len);
/* Runs until the input has ended or run_stop was called; returns the exit status. What went wrong has been said. */
int run_loop(struct run *r);
/* Ends it soon, with what is whole. May be called from a signal handler. */
void run_stop(struct run *r);
/* Looks for engines and names of hosts again, by the file of -c as it is then, once nobody reads from them; says so with --notify. May
 * be called from a signal handler. */
void run_reload(struct run *r);
/* False when another thread is stuck in a file, so that only _exit can end the process. */
bool run_free(struct run *r);

#endif
