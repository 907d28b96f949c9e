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

void options_begin(struct options *o, int *argc, char ***argv)
{
	char err[512];
	int status = command_line_read(&o->line, *argc, *argv, err, sizeof err);

	if (status) {
		fprintf(stderr, "%s: %s\n", o->program, err);
		exit(status);
	}
	o->argc = *argc;
	o->argv = *argv;
	*argc = o->line.argc;
	*argv = o->line.argv;
}

void options_free(struct options *o)
{
	conf_free(&o->conf);
	command_line_free(&o->line);
}

/* Keys name saker-log "log", and so on. */
static const char *honourer(const struct options *o)
{
	return strncmp(o->program, "saker-", 6) == 0 ? o->program + 6 : o->program;
}

int options_reread(const struct options *o, struct command_line *line, struct conf *conf, char *err, size_t errlen)
{
	if (command_line_read(line, o->argc, o->argv, err, errlen) != 0)
		return -1;
	for (int i = 1; i + 1 < line->argc; i++)
		if (strcmp(line->argv[i], "-O") == 0 && conf_set(conf, line->argv[++i], honourer(o), err, errlen) != 0)
			return -1;
	return 0;
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
	case 'c': wrong(o, "-c: found it twice or without a blank, expected `-c FILE` once");
	case 'n': o->check = true; return true;
	case 'v': o->verbose++; return true;
	case 'O':
		if (conf_set(&o->conf, arg, honourer(o), err, sizeof err) != 0)
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
