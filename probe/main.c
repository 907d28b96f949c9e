/* probe: reads the kernel and writes frames. See probe(1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "asked.h"
#include "conf/options.h"
#include "hello.h"
#include "holder.h"
#include "plan_load.h"
#include "probe/scap/scap.h"
#include "wire/log.h"

static const char usage[] =
	"usage: probe [-nv] [-p PLAN | {-e TYPES | -a} [-w NAMES]] [-o ENDPOINT] [-O KEY=VALUE]... [--notify FD]\n"
	"       probe -r FILE [-o ENDPOINT]\n"
	"Reads the kernel's events, or those of a capture, and writes them as frames.\n\n"
	"  -p PLAN        send the events that this plan lets through, as match --plan prints it; SIGHUP reads it again\n"
	"                 without -p, -e and -a: those that the shipped rules need\n"
	"  -e TYPES       send all events of these types (comma-separated; several -e add up)\n"
	"                 default: all but the most frequent types (read, write, close, stat and their like)\n"
	"  -a             capture every type that the probe knows\n"
	"  -w NAMES       with -e or -a: what each event brings besides (comma-separated): fd-kinds-0-2, fd-kinds, fds-0-2, fd-count,\n"
	"                 threads, memory, page-faults, socket, and data=N: up to N bytes of what is read or written\n"
	"  --duration N   with -r: only the first N seconds of it\n"
	"  -r FILE        read a capture (.scap, also compressed) or a recorded stream instead of the kernel; - is standard input\n"
	"  -o ENDPOINT    where frames go: - (the default), unix:PATH, listen:PATH\n"
	"  -O KEY=VALUE   sets a key: emit --keys lists them\n"
	"  -n, --check    load the programs, say whether this kernel takes them, and leave\n"
	"  -v             say more\n"
	"  --notify FD    write a line there when ready, and when a plan was read again\n"
	"  --version, --help\n";

/* Reads the plan; ends the program when it is wrong. */
static struct plan *take_plan(const char *path, struct kernel_config *c)
{
	char err[512];
	struct plan *p = plan_load(path, err, sizeof err);

	if (!p)
		diex(EX_CONFIG, "%s", err);
	c->plan = p;
	plan_types(p, c->types);
	return p;
}

/* With -o what the probe would begin with is written: whoever reads it is told what is captured here. */
static int write_beginning(const struct options *o, const struct kernel_config *c)
{
	struct source_buf buf;
	struct source source = source_here("syscall", &buf);
	struct pack p = {0};
	char err[512];
	int status;
	struct output *out = output_open(o->output, err, sizeof err, &status);

	if (!out) {
		log_warnx("%s", err);
		return status;
	}
	hello_live(&p, &source, clock_offset(), c->types, c->plan);
	end_frame(&p, NULL);
	status = output_flush(out, &p) == 0 || errno == EPIPE ? 0 : EX_IOERR;
	pack_free(&p);
	output_free(out);
	return status;
}

static int check(const struct options *o, const struct kernel_config *c)
{
	char err[512];
	int status;
	struct kernel_config asked = *c;

	asked.report = c->verbose;
	struct kernel *k = kernel_open(&asked, err, sizeof err, &status);
	/* What the verifier does not like it says when it is not asked for figures. */
	if (!k && asked.report)
		k = kernel_open(c, err, sizeof err, &status);
	if (!k) {
		log_warnx("%s", err);
		return status;
	}
	kernel_free(k);
	return o->output ? write_beginning(o, c) : 0;
}

static uint64_t seconds(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > UINT32_MAX)
		diex(EX_USAGE, "--duration: found '%s', expected a number of seconds", text);
	return n;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { OPTIONS_LONG, { "duration", required_argument, NULL, OPTION_OWN }, { NULL, 0, NULL, 0 } };
	struct options o = { .program = "probe", .notify = -1 };
	struct kernel_config c = {0};
	const char *capture = NULL, *plan_path = NULL;
	struct plan *plan = NULL;
	uint64_t duration = 0;
	uint32_t data = 0;
	bool named = false, wants = false;

	options_begin(&o, &argc, &argv);
	for (int opt; (opt = getopt_long(argc, argv, OPTIONS_SHORT "e:ap:r:w:", longs, NULL)) != -1;) {
		if (opt == 'e') {
			asked_types(&c, optarg);
			named = true;
		} else if (opt == 'a') {
			asked_all(&c, true);
			named = true;
		} else if (opt == 'w') {
			asked_wants(&c, optarg, &data);
			wants = true;
		} else if (opt == 'p') {
			plan_path = optarg;
		} else if (opt == 'r') {
			capture = optarg;
		} else if (opt == OPTION_OWN) {
			duration = seconds(optarg);
		} else {
			options_take(&o, opt, optarg, usage);
		}
	}
	options_end(&o, argc, optind, argv);
	log_open("probe", o.verbose);
	if (capture && (named || plan_path))
		diex(EX_USAGE, "-r: found -p, -e or -a as well, expected one of them: a capture is read whole");
	if (named && plan_path)
		diex(EX_USAGE, "-p: found -e or -a as well, expected one of them: a plan says which types are captured");
	if (wants && !named)
		diex(EX_USAGE, "-w: found no -e and no -a, expected one of them: otherwise a plan says what events bring");
	if (duration && !capture)
		diex(EX_USAGE, "--duration: found no -r, expected a capture that is read");
	if (capture) {
		int status = scap_run(&o, capture, duration);
		options_free(&o);
		return status;
	}
	c.verbose = o.verbose > 0;
	if (!named)
		plan = take_plan(plan_path, &c);
	c.snaplen = data ? data : (uint32_t)conf_number(&o.conf, CONF_PROBE_SNAPLEN);
	c.ring_size = conf_number(&o.conf, CONF_PROBE_RING_SIZE);
	if (c.ring_size & (c.ring_size - 1))
		diex(EX_USAGE, "probe.ring_size: %llu is not a power of two", (unsigned long long)c.ring_size);
	if (conf_number(&o.conf, CONF_PROBE_REPLAY_BUFFER) & (conf_number(&o.conf, CONF_PROBE_REPLAY_BUFFER) - 1))
		diex(EX_USAGE, "probe.replay_buffer: %s is not a power of two", conf_text(&o.conf, CONF_PROBE_REPLAY_BUFFER));
	int status = o.check ? check(&o, &c) : holder_run(&o, &c, plan_path);
	plan_free(plan);
	options_free(&o);
	return status;
}
