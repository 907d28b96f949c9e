/* enrich: adds to a stream what is known of users, groups and containers. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf/options.h"
#include "hosts.h"
#include "run.h"
#include "wire/log.h"

static const char usage[] =
	"usage: enrich [-nv] [-i ENDPOINT] [-o ENDPOINT] [-N FILE] [-c FILE] [-O KEY=VALUE]... [--notify FD]\n"
	"Passes frames on and adds names of users, groups and hosts, containers and their images.\n"
	"  -i, -o ENDPOINT  where frames come from and go to: -, unix:PATH, listen:PATH (default: -)\n"
	"  -N FILE          tell the addresses of the host names in FILE, one a line: those that match --names lists\n"
	"  -c FILE          configuration file\n"
	"  -O KEY=VALUE     set a configuration key: enrich.docker_root, enrich.podman_root, enrich.names_ttl\n"
	"  -n, --check      check the options and leave\n"
	"  -v               say more\n"
	"  --notify FD      write a line to FD when ready\n"
	"  --keys           list the configuration keys\n"
	"  --version, --help\n";

enum { STUCK_SECONDS = 2 };

/* Only for the signal handlers. */
static struct run *running;
static volatile sig_atomic_t interrupts;

/* A reader of the output that takes nothing must not keep the process: then the alarm ends it. */
static void on_signal(int sig)
{
	if (sig == SIGINT && interrupts++ == 0)
		return;
	alarm(STUCK_SECONDS);
	run_stop(running);
}

static void on_reload(int sig)
{
	(void)sig;
	run_reload(running);
}

static void handle_signals(void)
{
	struct sigaction stop = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, ignore = { .sa_handler = SIG_IGN },
		again = { .sa_handler = on_reload, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &again, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

static void parse(struct options *o, const char **names, int argc, char **argv)
{
	static const struct option longs[] = { OPTIONS_LONG, { 0 } };
	int opt;

	options_begin(o, &argc, &argv);
	while ((opt = getopt_long(argc, argv, OPTIONS_SHORT "N:", longs, NULL)) != -1)
		if (opt == 'N')
			*names = optarg;
		else
			options_take(o, opt, optarg, usage);
	options_end(o, argc, optind, argv);
	if (o->ninputs > 1)
		diex(EX_USAGE, "found %u -i options, expected one", o->ninputs);
}

/* Whoever asked to be notified says it to the user in a line of its own. */
static void announce(const struct options *o)
{
	char engines[1024], line[1100];

	run_engines(running, engines, sizeof engines);
	if (o->notify < 0)
		log_info("engines: %s", engines);
	snprintf(line, sizeof line, "ready engines: %s", engines);
	options_notify(o, line);
}

int main(int argc, char **argv)
{
	struct options o = { .program = "enrich", .notify = -1 };
	const char *names = NULL;
	struct hosts *hosts = NULL;
	char err[256];
	int status;

	log_open(o.program, 0);
	parse(&o, &names, argc, argv);
	log_open(o.program, o.verbose);
	if (names)
		hosts = hosts_read(names, conf_number(&o.conf, CONF_ENRICH_NAMES_TTL));
	if (o.check) {
		hosts_free(hosts);
		options_free(&o);
		return 0;
	}
	struct input *in = input_open(o.inputs, o.ninputs, err, sizeof err, &status);
	if (!in)
		diex(status, "%s", err);
	struct output *out = output_open(o.output, err, sizeof err, &status);
	if (!out)
		diex(status, "%s", err);
	running = run_new(in, out, &o, hosts);
	handle_signals();
	announce(&o);
	status = run_loop(running);
	if (!run_free(running))
		_exit(status);
	options_free(&o);
	return status;
}
