/* Common options. What is wrong is said and ends the program: this runs before anything else. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static _Noreturn void wrong(const struct options *o, const char *what)
{
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", o->program, what, o->program);
	exit(EX_USAGE);
}

bool options_take(struct options *o, int opt, const char *arg, const char *usage)
{
	char err[256], *end;
	long fd;

	switch (opt) {
	case 'i':
		if (o->ninputs == OPTIONS_INPUTS)
			wrong(o, "too many -i options");
		o->inputs[o->ninputs++] = arg;
		return true;
	case 'o': o->output = arg; return true;
	case 'c': o->config = arg; return true;
	case 'n': o->check = true; return true;
	case 'v': o->verbose++; return true;
	case 'O':
		if (conf_set(&o->conf, arg, o->program, err, sizeof err) != 0)
			wrong(o, err);
		return true;
	case OPTION_NOTIFY:
		fd = strtol(arg, &end, 10);
		if (end == arg || *end || fd < 0 || fd > 65535)
			wrong(o, "--notify: expected the number of an open descriptor");
		o->notify = (int)fd;
		return true;
	case OPTION_VERSION:
		printf("%s %s\n", o->program, SAKER_VERSION);
		exit(0);
	case OPTION_HELP:
		fputs(usage, stdout);
		exit(0);
	case OPTION_KEYS:
		conf_list(stdout);
		exit(0);
	case '?':
		fprintf(stderr, "Try '%s --help'.\n", o->program);
		exit(EX_USAGE);
	default:
		return false;
	}
}

void options_end(const struct options *o, int argc, int optind_, char **argv)
{
	char err[256];

	if (optind_ < argc) {
		snprintf(err, sizeof err, "found '%s', expected no more arguments", argv[optind_]);
		wrong(o, err);
	}
}

void options_notify(const struct options *o, const char *line)
{
	if (o->notify >= 0 && dprintf(o->notify, "%s\n", line) < 0)
		fprintf(stderr, "%s: --notify %d: can not be written\n", o->program, o->notify);
}
