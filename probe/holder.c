/* Opens, loads and attaches, then starts the reader and starts it again. It parses nothing: so a reader that is a fork of it, without
 * exec, inherits no secret and nothing spoilt, shares its memory, and is there within a millisecond. */
#include "holder.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "held.h"
#include "hello.h"
#include "plan_held.h"
#include "privileges.h"
#include "run.h"
#include "wire/log.h"
#include "wire/signals.h"

enum { PAUSE_FIRST = 100, PAUSE_LAST = 5000, HEALTHY = 1000, PIPE_SIZE = 1 << 20 };

struct holder {
	struct held held;
	int signals, reader_end;               /* reader_end: our end of the pair, -1 without a reader */
	pid_t reader;                          /* 0: none */
	uint64_t started, next;                /* ms: when the reader began, when the next one does */
	unsigned pause;                        /* before the next one */
	bool ready;                            /* a reader has been */
	bool reload;                           /* asked for while there was no reader */
	int ending;                            /* the signal that ends us, or 0 */
};

static int open_output(struct held *h)
{
	char err[512];
	int status = spec_parse(&h->output, h->options->output ? h->options->output : "-", err, sizeof err);

	if (status == 0 && h->output.kind == SPEC_LISTEN && (h->listener = spec_listen(&h->output, err, sizeof err, &status)) < 0)
		h->output.kind = SPEC_STANDARD;
	if (h->listener < 0 && status)
		log_warnx("%s", err);
	return status;
}

static int open_all(struct held *h)
{
	char err[512];
	int status = open_output(h);

	if (status)
		return status;
	h->buffer = buffer_create(h->buffer_size);
	if (h->buffer < 0 || pipe2(h->pipe, O_CLOEXEC | O_NONBLOCK) != 0 || plan_held_create(h->plans) != 0) {
		log_warn("the buffer of %zu bytes", h->buffer_size);
		return EX_OSERR;
	}
	fcntl(h->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	h->kernel = kernel_open(h->config, err, sizeof err, &status);
	if (h->kernel)
		return 0;
	log_warnx("%s", err);
	return status;
}

static void announce(const struct held *h)
{
	char line[64];
	unsigned n = 0;

	for (int i = 0; i < EVENT_TYPES; i++)
		n += h->config->types[i];
	snprintf(line, sizeof line, "ready %u event types", n);
	options_notify(h->options, line);
}

static _Noreturn void become_reader(struct holder *h, const int pair[2])
{
	close(pair[0]);
	close(h->signals);
	h->held.holder = pair[1];
	exit(reader_run(&h->held));
}

/* Returns 0, or an exit status when there can be no reader. */
static int start_reader(struct holder *h)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		log_warn("a pair of sockets");
		return EX_OSERR;
	}
	h->reader = fork();
	if (h->reader == 0)
		become_reader(h, pair);
	close(pair[1]);
	if (h->reader < 0) {
		log_warn("a reader can not be started");
		h->reader = 0;
		close(pair[0]);
		return h->ready ? 0 : EX_OSERR;
	}
	h->reader_end = pair[0];
	h->started = spec_clock();
	if (h->ending)
		kill(h->reader, h->ending);
	if (h->reload)
		kill(h->reader, SIGHUP);
	h->reload = false;
	return 0;
}

/* When the next reader begins; at once while everything is ending. */
static void plan_restart(struct holder *h, bool again)
{
	uint64_t now = spec_clock();

	if (now - h->started >= HEALTHY)
		h->pause = PAUSE_FIRST;
	h->next = h->ending || again ? now : now + h->pause;
	h->pause = h->pause * 2 < PAUSE_LAST ? h->pause * 2 : PAUSE_LAST;
}

/* Returns whether it was the last one; `*status` is then how we end. */
static bool reader_ended(struct holder *h, int how, int *status)
{
	int code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;

	h->reader = 0;
	close(h->reader_end);
	h->reader_end = -1;
	if (code >= 0 && code != READER_AGAIN && (code != EX_OSERR || !h->ready)) {
		*status = code;
		return true;
	}
	plan_restart(h, code == READER_AGAIN);
	if (WIFSIGNALED(how))
		log_warnx("the reader was ended by signal %d (%s); another one goes on where it stood", WTERMSIG(how), strsignal(WTERMSIG(how)));
	return false;
}

static bool children(struct holder *h, int *status)
{
	int how;

	for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG)) > 0;)
		if (pid == h->reader && reader_ended(h, how, status))
			return true;
	return false;
}

/* Signals are for the reader. A terminal's went to it as well, which does no harm. Returns whether this is the end. */
static bool take_signals(struct holder *h, int *status)
{
	struct signalfd_siginfo s;

	while (read(h->signals, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGCHLD) {
			if (children(h, status))
				return true;
			continue;
		}
		if (s.ssi_signo != SIGHUP || !h->held.plan_path)
			h->ending = (int)s.ssi_signo;
		if (h->reader)
			kill(h->reader, (int)s.ssi_signo);
		else if (h->ending)
			h->next = spec_clock();
		else
			h->reload = true;
	}
	return false;
}

static void serve(struct holder *h)
{
	int what = held_answer(&h->held, h->reader_end);

	if (what == HELD_READY && !h->ready) {
		h->ready = true;
		announce(&h->held);
	}
}

static int hold(struct holder *h)
{
	enum { P_SIGNALS, P_READER, P_COUNT };
	int status = start_reader(h);

	while (status == 0) {
		struct pollfd fds[P_COUNT] = { { h->signals, POLLIN, 0 }, { h->reader_end, POLLIN, 0 } };
		uint64_t now = spec_clock();
		int wait = h->reader ? -1 : h->next > now ? (int)(h->next - now) : 0;
		if (poll(fds, P_COUNT, wait) < 0 && errno != EINTR) {
			log_warn("poll");
			return EX_OSERR;
		}
		if (fds[P_READER].revents & POLLIN)
			serve(h);
		else if (fds[P_READER].revents)
			poll(fds, 1, -1);              /* it has gone: SIGCHLD comes */
		if (fds[P_SIGNALS].revents && take_signals(h, &status))
			return status;
		if (!h->reader && spec_clock() >= h->next)
			status = start_reader(h);
	}
	return status;
}

int holder_run(const struct options *o, const struct kernel_config *c, const char *plan_path)
{
	struct holder h = { .reader_end = -1, .pause = PAUSE_FIRST };
	struct held *held = &h.held;
	int status;

	*held = (struct held){ .options = o, .config = c, .plan_path = plan_path, .plans = { -1, -1 }, .buffer = -1, .pipe = { -1, -1 }, .listener = -1, .holder = -1,
		.buffer_size = conf_number(&o->conf, CONF_PROBE_REPLAY_BUFFER) };
	signal(SIGPIPE, SIG_IGN);
	/* First of all: what is asked while the programs load must not be lost, and a shell may have left SIGINT ignored. */
	h.signals = signals_open((const int[]){ SIGINT, SIGTERM, SIGHUP, SIGCHLD, 0 });
	if (h.signals < 0) {
		log_warn("descriptors");
		return EX_OSERR;
	}
	held->source = source_here("syscall", &held->source_buf);
	held->clock_offset = clock_offset();
	hello_live(&held->hello, &held->source, held->clock_offset, c->types, c->plan);
	status = open_all(held);
	if (status == 0) {
		malloc_trim(0);
		privileges_of_holder(held);
		status = hold(&h);
	}
	kernel_free(held->kernel);
	pack_free(&held->hello);
	if (held->listener >= 0)
		unlink(held->output.addr.sun_path);
	for (int *fd = (int[]){ h.signals, held->buffer, held->pipe[0], held->pipe[1], held->listener, held->plans[0], held->plans[1], -2 };
	     *fd != -2; fd++)
		if (*fd >= 0)
			close(*fd);
	return status;
}
