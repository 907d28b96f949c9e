/* From the ring to the buffer, and from the buffer to who reads: batches while there is much, at once while there is little, a STAT each
 * second, and an end that loses nothing. What has to outlive this process is in the buffer or with the holder. */
#include "run.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "cgroups.h"
#include "encode.h"
#include "lives.h"
#include "plan_held.h"
#include "privileges.h"
#include "procfs.h"
#include "raw_plan.h"
#include "ring.h"
#include "standard.h"
#include "wire/kept.h"
#include "wire/log.h"
#include "wire/signals.h"

enum { RESCANS_MAX = 8, PAUSE_FIRST = 250000, PAUSE_AGAIN = 3000000, SETTLE_MS = 20, SETTLED = 5, SETTLE_MAX = 100, WAIT_MS = 100, DRAIN_MS = 2000,
	LOST_DRAINS = 5 };
enum { P_RING, P_SIGNAL, P_TIMER, P_OUTPUT, P_HOLDER, P_COUNT };

struct run {
	const struct held *held;
	struct kernel *kernel;
	struct buffer buffer;
	struct output *output;                 /* NULL: standard output */
	struct standard standard;
	struct encoder encoder;
	struct lives *lives;
	uint64_t since;                        /* where in the ring: who was born before may be known from /proc */
	uint64_t batch_ns, pause_ns;           /* how long records may gather, and how long they do now */
	uint64_t last_batch;                   /* monotonic clock */
	struct pollfd fds[P_COUNT];
	bool iterate;                          /* take snapshots with the kernel's iterator */
	bool define;                           /* what is read now goes before what waits in the buffer, too */
	bool gone;                             /* nobody reads our output any more */
	bool lost;                             /* the holder */
	bool reload;                           /* another plan is asked for */
	bool unread;                           /* the ring holds more, for which nobody wakes us */
	int status;
};

/* Whatever was sent, and whatever was acknowledged, is so for the next reader, too. */
static void commit(struct run *r)
{
	struct buffer_state *s = &r->buffer.state;

	if (r->output) {
		s->safe = output_safe(r->output);
		s->flags = (s->flags & ~(uint64_t)BUFFER_OWED) | (output_owes(r->output) ? BUFFER_OWED : 0);
	}
	buffer_commit(&r->buffer);
}

/* Writes what is taken without waiting. */
static void send_out(struct run *r)
{
	r->fds[P_OUTPUT].events = POLLIN;
	if (r->output) {
		output_feed(r->output);
		commit(r);
		return;
	}
	int rc = r->gone ? 1 : standard_write(&r->standard, &r->buffer);
	r->fds[P_OUTPUT] = (struct pollfd){ rc == 0 ? STDOUT_FILENO : -1, POLLOUT, 0 };
	if (rc >= 0)
		return;
	r->gone = true;
	if (errno != EPIPE) {
		log_warn("output");
		r->status = EX_IOERR;
	}
}

/* Returns when more can be written, or after `ms`. */
static void await_output(struct run *r, int ms)
{
	poll(&r->fds[P_OUTPUT], 1, ms);
	if (r->output)
		output_accept(r->output);
	send_out(r);
}

static bool has_room(struct run *r)
{
	if (!buffer_room(&r->buffer) && r->output) {
		output_full(r->output);                /* observers give way */
		commit(r);
	}
	return buffer_room(&r->buffer);
}

/* Puts what was encoded into the buffer. With `wait` all of it; else what there is no room for is given up. */
static void store(struct run *r, bool wait)
{
	struct pack *out = &r->encoder.out;
	struct buffer *b = &r->buffer;
	size_t at = 0;

	if (r->output && r->define)
		output_define(r->output, out->data, out->len);
	while (at < out->len && !r->gone) {
		at += backlog_add(b->frames, out->data + at, out->len - at);
		b->state.events = r->encoder.events;
		commit(r);
		if (at < out->len && !wait)
			break;
		if (at < out->len)
			await_output(r, -1);
	}
	out->len = 0;
}

/* Is the record at `at` of a process of which nobody needs to hear? Who is left out the next reader leaves out, too. */
static bool leave_out(struct run *r, const void *data, uint64_t at)
{
	const struct raw_head *h = data;
	struct buffer_state *s = &r->buffer.state;

	if (at >= lives_end(r->lives)) {
		/* A child whose birth was lost is described later, and refers to its parent. */
		lives_look(r->lives, kernel_ring(r->kernel), at, r->since, kernel_definitions_lost(r->kernel) == s->lost_seen);
		s->left = lives_save(r->lives, buffer_left(&r->buffer));
		s->left_until = lives_end(r->lives);
	}
	if (!lives_unused(r->lives, h))
		return false;
	s->unused += h->kind != RAW_EXIT;
	return true;
}

/* It is in the buffer before the ring moves on. What the reader before has put there as the last thing is not taken again. */
static bool on_record(void *arg, const void *data, size_t size)
{
	struct run *r = arg;
	struct buffer *b = &r->buffer;
	uint64_t at = ring_consumer(kernel_ring(r->kernel));

	if (at < b->state.ring)
		return true;
	b->state.ring = at + RING_SPACE(size);
	if (leave_out(r, data, at)) {
		commit(r);
		return true;
	}
	encode_record(&r->encoder, data, size);
	store(r, false);
	return buffer_room(b);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Every process, or those that user space does not know, by the kernel's iterator. */
static void iterate(struct run *r, bool unsent)
{
	int fd = held_ask(r->held, HELD_ITERATOR);

	if (fd < 0 && errno == EPIPE)
		r->lost = true;
	else if (fd < 0 || kernel_snapshot(r->kernel, fd, unsent) != 0) {
		log_warn("the task iterator can not be used; reading /proc instead");
		r->iterate = false;
	}
}

/* Hands the records that are there on; false when more are there, for which there was no room, or of which one is just being written. */
static bool consume_ring(struct run *r)
{
	int rc = has_room(r) ? kernel_consume(r->kernel) : 1;

	if (rc < 0)
		log_warn("ring buffer");
	r->unread = rc > 0;
	send_out(r);
	return rc <= 0;
}

/* Definitions that found no room are asked of the kernel again, until none is lost any more. To read /proc needs what this reader has
 * given up: another one does it. */
static void rescan(struct run *r)
{
	struct buffer_state *s = &r->buffer.state;

	for (int i = 0; i < RESCANS_MAX && kernel_definitions_lost(r->kernel) != s->lost_seen && has_room(r) && !r->lost; i++) {
		if (!r->iterate) {
			r->status = READER_AGAIN;
			return;
		}
		s->lost_seen = kernel_definitions_lost(r->kernel);
		s->rescans++;
		iterate(r, true);
		consume_ring(r);
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
	consume_ring(r);
	if (r->iterate)
		rescan(r);
	gather(r);
}

static void write_stat(struct run *r)
{
	struct stat_writer w = {0};

	kernel_stats(r->kernel, &w);
	stat_add(&w, stat_defs[STAT_PROBE_EVENTS].name, r->encoder.events);
	stat_add(&w, stat_defs[STAT_PROBE_RESCANS].name, r->buffer.state.rescans);
	stat_add(&w, stat_defs[STAT_PROBE_UNUSED].name, r->buffer.state.unused);
	stat_frame(&r->encoder.out, &r->held->source, "probe", &w);
	pack_free(&w.body);
}

static int second_timer(void)
{
	/* At once, so that a heart that stopped is heard again, and then every second. */
	struct itimerspec every = { { 1, 0 }, { 0, 1 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		timerfd_settime(fd, 0, &every, NULL);
	return fd;
}

/* Returns whether this is the end. Where there is no plan to read again SIGHUP is that of a terminal that is gone. */
static bool take_signal(struct run *r)
{
	struct signalfd_siginfo s;

	if (read(r->fds[P_SIGNAL].fd, &s, sizeof s) != sizeof s)
		return false;
	r->reload = s.ssi_signo == SIGHUP && r->held->plan_path;
	return !r->reload;
}

static void reload(struct run *r)
{
	char answer[PLAN_ANSWER_MAX];

	r->reload = false;
	plan_held_reload(r->held, &r->encoder.out, answer);
	store(r, true);
	options_notify(r->held->options, answer);
	send_out(r);
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

	while (!r->gone && !r->status && !r->lost) {
		/* While there is no room what comes stays in the ring, and the kernel counts what does not fit there. */
		bool room = has_room(r), more = room && r->unread;
		r->fds[P_RING].fd = room ? kernel_fd(r->kernel) : -1;
		if (poll(r->fds, P_COUNT, more ? 0 : -1) < 0 && errno != EINTR) {
			log_warn("poll");
			r->status = EX_OSERR;
			return;
		}
		if (r->fds[P_HOLDER].revents)
			r->lost = true;
		else if (r->fds[P_SIGNAL].revents && take_signal(r))
			return;
		if (r->reload && has_room(r))
			reload(r);
		if (r->fds[P_OUTPUT].revents)
			await_output(r, 0);
		if (r->fds[P_RING].revents || more)
			consume(r);
		if (r->fds[P_TIMER].revents && read(r->fds[P_TIMER].fd, &ticks, sizeof ticks) > 0) {
			/* Definitions may lie there for which nobody was woken. */
			consume_ring(r);
			rescan(r);
			write_stat(r);
			store(r, false);
			send_out(r);
		}
	}
}

static void drain_ring(struct run *r)
{
	while (!consume_ring(r) && !r->gone)
		await_output(r, WAIT_MS);
}

/* The kernel lets the links of who has died go in its own time. */
static void settle(struct run *r)
{
	uint64_t before = 0;

	for (int i = 0, quiet = 0; i < SETTLE_MAX && quiet < SETTLED; i++) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
		drain_ring(r);
		quiet = r->buffer.state.ring == before ? quiet + 1 : 0;
		before = r->buffer.state.ring;
		poll(NULL, 0, SETTLE_MS);
	}
}

/* Detached first, so that what the counters say and what was written is the same. */
static void end(struct run *r)
{
	if (!r->lost && held_ask(r->held, HELD_DETACH) != 0)
		r->lost = true;
	if (r->lost)
		settle(r);
	drain_ring(r);
	write_stat(r);
	store(r, true);
	end_frame(&r->encoder.out, r->lost ? END_HOLDER_LOST : NULL);
	r->buffer.state.flags |= BUFFER_ENDED;
	store(r, true);
	if (r->lost)
		r->status = EX_OSERR;
}

/* The holder may be killed while the rest is written, too. */
static bool holder_lost(const struct run *r)
{
	struct pollfd holder = { r->held->holder, POLLIN, 0 };

	return r->lost || poll(&holder, 1, 0) > 0;
}

/* Until everybody has everything. A reader that nobody holds does not wait for those who have gone, too: nobody would end it. */
static void write_rest(struct run *r)
{
	int patience = LOST_DRAINS;

	send_out(r);
	while (!r->output && !r->gone && r->fds[P_OUTPUT].fd >= 0)
		await_output(r, -1);
	while (r->output && !output_drain(r->output, DRAIN_MS) && !output_only_observers(r->output)) {
		commit(r);
		if (holder_lost(r) && --patience == 0) {
			log_warnx("nobody takes what is left since the holder was lost");
			_exit(r->status);
		}
	}
}

static int open_buffer(struct run *r)
{
	const struct held *h = r->held;
	uint64_t ring = ring_consumer(kernel_ring(r->kernel));
	char err[512];

	if (buffer_open(&r->buffer, h->buffer, h->buffer_size, ring, err, sizeof err) == 0)
		return 0;
	log_warnx("what another reader has left can not be used, and is begun anew: %s", err);
	if (buffer_format(h->buffer, h->buffer_size) == 0 && buffer_open(&r->buffer, h->buffer, h->buffer_size, ring, err, sizeof err) == 0)
		return 0;
	log_warnx("the buffer: %s", err);
	return EX_OSERR;
}

static int open_output(struct run *r)
{
	const struct held *h = r->held;
	struct buffer *b = &r->buffer;
	char err[512];
	int status;

	if (h->output.kind == SPEC_STANDARD) {
		standard_open(&r->standard, h, b);
		return 0;
	}
	r->output = buffer_output(b, h->output.text, h->listener, err, sizeof err, &status);
	if (!r->output) {
		log_warnx("%s", err);
		return status;
	}
	output_named(r->output, &h->source);
	r->fds[P_OUTPUT].fd = output_listen_fd(r->output);
	return 0;
}

static int open_all(struct run *r)
{
	const struct held *h = r->held;
	int status;

	if (!r->lives) {
		log_warnx("out of memory");
		return EX_OSERR;
	}
	if (kernel_read(r->kernel, on_record, r) != 0) {
		log_warn("the ring can not be read");
		return EX_OSERR;
	}
	if ((status = open_buffer(r)) != 0 || (status = open_output(r)) != 0)
		return status;
	cgroups_listen(r->encoder.cgroups, cgroup_known, r);
	r->iterate = kernel_can_iterate(r->kernel) && strcmp(conf_text(&h->options->conf, CONF_PROBE_SNAPSHOT), "procfs") != 0;
	/* What the iterator tells of processes comes through the ring, too. */
	r->since = r->iterate ? 0 : UINT64_MAX;
	r->fds[P_RING] = (struct pollfd){ kernel_fd(r->kernel), POLLIN, 0 };
	r->fds[P_TIMER] = (struct pollfd){ second_timer(), POLLIN, 0 };
	r->fds[P_HOLDER] = (struct pollfd){ h->holder, POLLIN, 0 };
	if (r->fds[P_SIGNAL].fd >= 0 && r->fds[P_TIMER].fd >= 0)
		return 0;
	log_warn("descriptors");
	return EX_OSERR;
}

/* HELLO, and every process. Consumers on sockets that have died with a reader need the processes once more, before everything that
 * waits for them. */
static void begin(struct run *r)
{
	struct buffer_state *s = &r->buffer.state;
	bool first = !(s->flags & BUFFER_BEGUN), everyone = first || r->output;

	if (!(s->flags & BUFFER_HELLO)) {
		pack_raw(&r->encoder.out, r->held->hello.data, r->held->hello.len);
		s->flags |= BUFFER_HELLO;
		store(r, true);
	} else if (r->output) {
		output_define(r->output, r->held->hello.data, r->held->hello.len);
	}
	r->define = !first;
	if (!first && plan_held_take(r->held, &r->encoder.out) != 0) {
		r->status = EX_SOFTWARE;
		return;
	}
	store(r, true);
	uint64_t lost = kernel_definitions_lost(r->kernel);
	if (!r->iterate && (everyone || lost != s->lost_seen)) {
		s->rescans += !first;
		s->lost_seen = lost;
		procfs_snapshot(&r->encoder);
		store(r, true);
	} else if (everyone) {
		procfs_init(&r->encoder);
		store(r, true);
	}
	privileges_of_reader(r->held, r->encoder.cgroups);
	if (r->iterate && everyone)
		iterate(r, false);
	consume_ring(r);
	if (r->since)
		r->since = ring_producer(kernel_ring(r->kernel));
	r->define = false;
	s->flags |= BUFFER_BEGUN;
	commit(r);
}

int reader_run(const struct held *h)
{
	struct run r = { .held = h, .kernel = h->kernel, .batch_ns = conf_number(&h->options->conf, CONF_PROBE_BATCH_US) * 1000 };

	r.fds[P_SIGNAL] = (struct pollfd){ signals_open((const int[]){ SIGINT, SIGTERM, SIGHUP, 0 }), POLLIN, 0 };
	r.fds[P_OUTPUT].fd = r.fds[P_TIMER].fd = -1;
	r.encoder.clock_offset = h->clock_offset;
	r.encoder.cgroups = cgroups_new();
	r.lives = lives_new();
	cgroups_scan(r.encoder.cgroups);
	r.status = open_all(&r);
	if (r.status == 0) {
		r.encoder.events = r.buffer.state.events;
		lives_restore(r.lives, r.buffer.state.left_until, buffer_left(&r.buffer), r.buffer.state.left);
		if (!(r.buffer.state.flags & BUFFER_ENDED)) {
			begin(&r);
			if (r.status == 0)
				held_ask(h, HELD_READY);
			loop(&r);
			if (r.status != READER_AGAIN)
				end(&r);
		}
		if (r.status != READER_AGAIN)
			write_rest(&r);
	}
	if (r.output)
		commit(&r);
	output_free(r.output);
	buffer_close(&r.buffer);
	cgroups_free(r.encoder.cgroups);
	lives_free(r.lives);
	pack_free(&r.encoder.out);
	pack_free(&r.encoder.facts);
	for (int i = P_SIGNAL; i <= P_TIMER; i++)
		if (r.fds[i].fd > 0)
			close(r.fds[i].fd);
	return r.status;
}
