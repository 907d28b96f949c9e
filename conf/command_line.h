/* The command line of a stage, with the arguments of `-c FILE` in its place. */
#ifndef CONF_COMMAND_LINE_H
#define CONF_COMMAND_LINE_H

#include <stddef.h>

struct command_line {
	int argc;
	char **argv;                   /* NULL behind the last; words are borrowed from main's, or from the files */
	const char *path;              /* of the file, or NULL */
	char *file;                    /* what it holds */
};

/* Puts the arguments of the file that `-c FILE` names, each ended by NUL (saker-conf(1)), where these two stand; one such file may be
 * named. Returns 0, or the exit status that fits with a message in `err`. */
int command_line_read(struct command_line *c, int argc, char **argv, char *err, size_t errlen);
void command_line_free(struct command_line *c);

#endif
