/* The options that every stage has, for its getopt_long loop. */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "conf.h"

enum { OPTIONS_INPUTS = 16 };
struct options {
	const char *program;                            /* set by the stage before parsing */
	const char *inputs[OPTIONS_INPUTS];
	unsigned ninputs;
	const char *output, *config;
	bool check;                                     /* -n */
	int verbose, notify;                            /* notify: -1 none; set to -1 before parsing */
	struct conf conf;
};

#define OPTIONS_SHORT "i:o:c:O:nv"
enum { OPTION_NOTIFY = 256, OPTION_VERSION, OPTION_HELP, OPTION_KEYS, OPTION_OWN };   /* a stage's own long options start at OPTION_OWN */
#define OPTIONS_LONG \
	{ "notify", required_argument, NULL, OPTION_NOTIFY }, { "version", no_argument, NULL, OPTION_VERSION }, \
	{ "help", no_argument, NULL, OPTION_HELP }, { "keys", no_argument, NULL, OPTION_KEYS }

/* Takes one result of getopt_long. --version, --help and --keys print and leave with 0 (`usage` is the whole help text); what is
 * wrong leaves with 64 and says why. Returns false when the option is not one of these. */
bool options_take(struct options *o, int opt, const char *arg, const char *usage);
/* Leaves with 64 when an argument is left over. */
void options_end(const struct options *o, int argc, int optind_, char **argv);
/* Writes one line for whoever started this program ("ready", "reloaded 3", "refused 3: why"), if --notify was given. After
 * "ready" and a blank may stand what the stage has to show ("ready 12 rules"): scripts/saker prints it. */
void options_notify(const struct options *o, const char *line);

#endif
