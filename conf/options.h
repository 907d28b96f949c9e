/* The options that every stage has, for its getopt_long loop. */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "command_line.h"
#include "conf.h"

enum { OPTIONS_INPUTS = 16 };
struct options {
	const char *program;                            /* set by the stage before parsing */
	const char *inputs[OPTIONS_INPUTS];
	unsigned ninputs;
	const char *output;
	bool check;                                     /* -n */
	int verbose, notify;                            /* notify: -1 none; set to -1 before parsing */
	struct conf conf;
	struct command_line line;                       /* what getopt_long reads */
	int argc;                                       /* what main was given */
	char **argv;
};

#define OPTIONS_SHORT "i:o:c:O:nv"
enum { OPTION_NOTIFY = 256, OPTION_VERSION, OPTION_HELP, OPTION_KEYS, OPTION_OWN };   /* a stage's own long options start at OPTION_OWN */
#define OPTIONS_LONG \
	{ "check", no_argument, NULL, 'n' }, { "notify", required_argument, NULL, OPTION_NOTIFY }, { "version", no_argument, NULL, OPTION_VERSION }, \
	{ "help", no_argument, NULL, OPTION_HELP }, { "keys", no_argument, NULL, OPTION_KEYS }

/* First of all: puts the arguments of `-c FILE` among those of main. A file that can not be used is said and ends the program. */
void options_begin(struct options *o, int *argc, char ***argv);
void options_free(struct options *o);
/* For a reload: reads the file of -c again, and takes the keys that it and the rest of the command line set. `line` and `conf`, which
 * are empty before, are the caller's to free. Returns 0, or -1 with a message. */
int options_reread(const struct options *o, struct command_line *line, struct conf *conf, char *err, size_t errlen);
/* Takes one result of getopt_long. --version, --help and --keys print and leave with 0 (`usage` is the whole help text); what is
 * wrong leaves with 64 and says why. Returns false when the option is not one of these. */
bool options_take(struct options *o, int opt, const char *arg, const char *usage);
/* Leaves with 64 when an argument is left over. */
void options_end(const struct options *o, int argc, int optind_, char **argv);
/* Writes one line for whoever started this program ("ready", "reloaded 3", "refused 3: why"), if --notify was given. After
 * "ready" and a blank may stand what the stage has to show ("ready 12 rules"): scripts/saker prints it. */
void options_notify(const struct options *o, const char *line);

#endif
