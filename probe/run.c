/* From the ring to the output: batches while there is much, at once while there is little, a STAT each second, and an end
 * that loses nothing. */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "cgroups.h"
#include "encode.h"
#include "hello.h"
#include "plan_load.h"
#include "procfs.h"
#include "raw_plan.h"
#include "wire/endpoint.h"
#include "wire/log.h"

enum { FLUSH_AT = 256 << 10, RESCANS_MAX = 8, PAUSE_FIRST = 250000, PAUSE_AGAIN = 3000000 };
enum { P_RING, P_SIGNAL, P_TIMER, P_LISTEN, P_COUNT };

struct run {
	struct kernel *kernel;
	struct output *output;
	struct encoder encoder;
	struct source source;
	struct source_buf source_buf;
	uint64_t lost_seen, rescans;
	uint64_t batch_ns, pause_ns;           /* how long records may gather, and how long they do now */
	uint64_t last_batch;                   /* monotonic clock */
	struct pollfd fds[P_COUNT];
	const struct options *options;
	struct run_plan *plan;
	bool iterate;                          /* take snapshots with the kernel's iterator */
	bool gone;                             /* nobody reads our output any more */
	int status;
};

static void flush(struct run *r)
{
	if (r->gone || output_flush(r->output, &r->encoder.out) == 0)
		return;
	r->gone = true;
	r->encoder.out.len = 0;
	if (errno != EPIPE) {
		log_warn("output");
		r->status = EX_IOERR;
	}
}

static void on_record(void *arg, const void *data, size_t size)
{
	struct run *r = arg;

	encode_record(&r->encoder, data, size);
	if (r->encoder.out.len >= FLUSH_AT)
		flush(r);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Every process, or those that user space does not know: from the kernel's iterator, or from /proc where there is none. */
static void snapshot(struct run *r, bool unsent)
{
	if (!r->iterate) {
		procfs_snapshot(&r->encoder);
		return;
	}
	if (!unsent)
		procfs_init(&r->encoder);
	if (kernel_snapshot(r->kernel, unsent) == 0)
		return;
	log_warn("the task iterator can not be used; reading /proc instead");
	r->iterate = false;
	procfs_snapshot(&r->encoder);
}

/* Definitions that found no room are asked of the kernel again, until none is lost any more. */
static void rescan(struct run *r)
{
	for (int i = 0; i < RESCANS_MAX && kernel_definitions_lost(r->kernel) != r->lost_seen; i++) {
		r->lost_seen = kernel_definitions_lost(r->kernel);
		r->rescans++;
		snapshot(r, true);
		kernel_consume(r->kernel);
	}
}

/* Under load lets records gather, for longer while it lasts: waking four programs for each one costs more than the work. What
 * comes alone is not held up. */
static void gather(struct run *r)
{
	uint64_t t = now();

	if (t - r->last_batch > PAUSE_AGAIN)
		r->pause_ns = 0;
	else if (r->pause_ns == 0)
		r->pause_ns = PAUSE_FIRST;
	else
		r->pause_ns *= 2;
	if (r->pause_ns > r->batch_ns)
		r->pause_ns = r->batch_ns;
	if (r->pause_ns) {
		struct timespec pause = { 0, (long)r->pause_ns };
		nanosleep(&pause, NULL);
	}
	r->last_batch = now();
}

static void consume(struct run *r)
{
	if (kernel_consume(r->kernel) < 0)
		log_warn("ring buffer");
	rescan(r);
	flush(r);
	gather(r);
}

static void write_stat(struct run *r)
{
	struct stat_writer w = {0};

	kernel_stats(r->kernel, &w);
	stat_add(&w, stat_defs[STAT_PROBE_EVENTS].name, r->encoder.events);
	stat_add(&w, stat_defs[STAT_PROBE_RESCANS].name, r->rescans);
	stat_frame(&r->encoder.out, &r->source, "probe", &w);
	pack_free(&w.body);
}

static int signal_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int second_timer(void)
{
	struct itimerspec every = { { 1, 0 }, { 1, 0 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		timerfd_settime(fd, 0, &every, NULL);
	return fd;
}

static void refuse(const struct run *r, const char *why)
{
	char line[600];

	log_warnx("%s; the plan stays as it is", why);
	snprintf(line, sizeof line, "refused: %s", why);
	options_notify(r->options, line);
}

/* Reads the plan again. One that is wrong changes nothing. */
static void reload(struct run *r)
{
	bool types[EVENT_TYPES];
	char err[512];
	struct plan *p;

	if (!r->plan->now) {
		refuse(r, "types were named, and no plan");
		return;
	}
	if (!(p = plan_load(r->plan->path, err, sizeof err))) {
		refuse(r, err);
		return;
	}
	plan_types(p, types);
	if (kernel_set_plan(r->kernel, p, types) != 0) {
		snprintf(err, sizeof err, "the kernel does not take the plan: %s", strerror(errno));
		refuse(r, err);
		plan_free(p);
		return;
	}
	plan_free(r->plan->now);
	r->plan->now = p;
	plan_frame(&r->encoder.out, p);
	flush(r);
	options_notify(r->options, "reloaded");
}

/* The signal that is waiting; SIGHUP is answered at once. */
static int signal_taken(struct run *r)
{
	struct signalfd_siginfo info = {0};

	if (read(r->fds[P_SIGNAL].fd, &info, sizeof info) != sizeof info)
		return 0;
	if (info.ssi_signo == SIGHUP)
		reload(r);
	return (int)info.ssi_signo;
}

static void cgroup_known(void *arg, uint64_t id, enum cgroup_class class)
{
	struct run *r = arg;

	kernel_set_cgroup(r->kernel, id, class == CGROUP_HOST ? RAW_CLASS_HOST : class == CGROUP_CONTAINER ? RAW_CLASS_CONTAINER :
		RAW_CLASS_NONE);
}

static void loop(struct run *r)
{
	uint64_t ticks;

	while (!r->gone && !r->status) {
		if (poll(r->fds, P_COUNT, -1) < 0 && errno != EINTR) {
			log_warn("poll");
			r->status = EX_OSERR;
			return;
		}
		if (r->fds[P_SIGNAL].revents && signal_taken(r) != SIGHUP)
			return;
		if (r->fds[P_RING].revents)
			consume(r);
		if (r->fds[P_LISTEN].revents)
			output_accept(r->output);
		if (r->fds[P_TIMER].revents && read(r->fds[P_TIMER].fd, &ticks, sizeof ticks) > 0) {
			/* Definitions may lie there for which nobody was woken. */
			if (kernel_consume(r->kernel) < 0)
				log_warn("ring buffer");
			rescan(r);
			write_stat(r);
			flush(r);
		}
	}
}

/* Detached first, so that what the counters say and what was written is the same. */
static void end(struct run *r)
{
	kernel_detach(r->kernel);
	if (kernel_consume(r->kernel) < 0)
		log_warn("ring buffer");
	write_stat(r);
	end_frame(&r->encoder.out, NULL);
	flush(r);
}

static int open_all(struct run *r, const struct options *o, const struct kernel_config *c)
{
	char err[512];
	int status;

	r->output = output_open(o->output, err, sizeof err, &status);
	if (!r->output) {
		log_warnx("%s", err);
		return status;
	}
	r->kernel = kernel_open(c, on_record, r, err, sizeof err, &status);
	if (!r->kernel) {
		log_warnx("%s", err);
		return status;
	}
	cgroups_listen(r->encoder.cgroups, cgroup_known, r);
	r->iterate = kernel_can_iterate(r->kernel) && strcmp(conf_text(&o->conf, CONF_PROBE_SNAPSHOT), "procfs") != 0;
	r->fds[P_RING] = (struct pollfd){ kernel_fd(r->kernel), POLLIN, 0 };
	r->fds[P_TIMER] = (struct pollfd){ second_timer(), POLLIN, 0 };
	r->fds[P_LISTEN] = (struct pollfd){ output_listen_fd(r->output), POLLIN, 0 };
	if (r->fds[P_SIGNAL].fd < 0 || r->fds[P_TIMER].fd < 0) {
		log_warn("descriptors");
		return EX_OSERR;
	}
	return 0;
}

static void announce(const struct options *o, const struct kernel_config *c)
{
	char line[64];
	unsigned n = 0;

	for (int i = 0; i < EVENT_TYPES; i++)
		n += c->types[i];
	snprintf(line, sizeof line, "ready %u event types", n);
	options_notify(o, line);
}

int probe_run(const struct options *o, const struct kernel_config *c, struct run_plan *plan)
{
	struct run r = { .batch_ns = conf_number(&o->conf, CONF_PROBE_BATCH_US) * 1000, .options = o, .plan = plan };

	signal(SIGPIPE, SIG_IGN);
	/* First of all: what is asked while the programs load must not be lost, and a shell may have left SIGINT ignored. */
	r.fds[P_SIGNAL] = (struct pollfd){ signal_fd(), POLLIN, 0 };
	r.source = source_here("syscall", &r.source_buf);
	r.encoder.clock_offset = clock_offset();
	r.encoder.cgroups = cgroups_new();
	cgroups_scan(r.encoder.cgroups);
	hello_live(&r.encoder.out, &r.source, r.encoder.clock_offset, c->types, plan->now);
	r.status = open_all(&r, o, c);
	if (r.status == 0) {
		snapshot(&r, false);
		consume(&r);
		announce(o, c);
		loop(&r);
		end(&r);
	}
	kernel_free(r.kernel);
	output_free(r.output);
	cgroups_free(r.encoder.cgroups);
	pack_free(&r.encoder.out);
	for (int i = P_SIGNAL; i <= P_TIMER; i++)
		if (r.fds[i].fd > 0)
			close(r.fds[i].fd);
	return r.status;
}
