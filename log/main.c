/* saker-log: what all stages write to standard error, filtered by level, stamped, to standard error and syslog. See saker-log(1). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/options.h"
#include "line.h"
#include "wire/log.h"

static const char usage[] =
	"usage: saker-log [-n] [-c FILE] [-O KEY=VALUE]...\n"
	"Reads log lines, `<LEVEL>text`, and writes them to standard error and syslog.\n\n"
	"  -c FILE        arguments from a file, each ended by NUL\n"
	"  -O KEY=VALUE   log_stderr, log_syslog, log_level, time_format_iso_8601\n"
	"  -n, --check    check the configuration and leave\n"
	"  --keys, --version, --help\n";

enum { LINE_MAX_IN = 8192, STAMP_MAX = 64, LINE_MAX_OUT = 4 * LINE_MAX_IN + STAMP_MAX + 1 };

struct writer {
	bool to_stderr, to_syslog, iso;
	int level;
};

static struct writer read_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = { OPTIONS_LONG, { 0 } };

	options_begin(o, &argc, &argv);
	for (int opt; (opt = getopt_long(argc, argv, OPTIONS_SHORT, longs, NULL)) != -1;)
		options_take(o, opt, optarg, usage);
	options_end(o, argc, optind, argv);
	const struct conf *c = &o->conf;
	struct writer w = { conf_bool(c, CONF_LOG_STDERR), conf_bool(c, CONF_LOG_SYSLOG), conf_bool(c, CONF_EMIT_ISO_TIME),
		line_level(conf_text(c, CONF_LOG_LEVEL)) };
	return w;
}

/* There is nobody to tell of a standard error that can not be written. */
static void write_all(int fd, const char *p, size_t n)
{
	for (ssize_t w; n > 0; p += w, n -= (size_t)w) {
		w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			w = 0;
		else if (w < 0)
			return;
	}
}

static void write_line(const struct writer *w, const char *p, size_t n)
{
	struct line l = line_read(p, n);
	char out[LINE_MAX_OUT];

	if (l.level > w->level)
		return;
	size_t stamp = line_stamp(time(NULL), w->iso, out, STAMP_MAX);
	size_t len = stamp + line_text(&l, out + stamp, sizeof out - stamp);
	if (w->to_syslog)
		syslog(l.level, "%s", out + stamp);
	out[len] = '\n';
	if (w->to_stderr)
		write_all(STDERR_FILENO, out, len + 1);
}

/* Every line that ends in the buffer, and one that fills it. Returns how much is left of the last one, moved to the front. */
static size_t write_lines(const struct writer *w, char *buf, size_t n, bool last)
{
	char *p = buf, *end;

	while (n > 0 && ((end = memchr(p, '\n', n)) || last || (p == buf && n == LINE_MAX_IN))) {
		size_t len = end ? (size_t)(end - p) : n;
		write_line(w, p, len);
		len += end != NULL;
		p += len;
		n -= len;
	}
	memmove(buf, p, n);
	return n;
}

static int run(const struct writer *w)
{
	char buf[LINE_MAX_IN];
	size_t have = 0;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, buf + have, sizeof buf - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_warn("standard input");
			return EX_IOERR;
		}
		have = write_lines(w, buf, have + (size_t)n, n == 0);
		if (n == 0)
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct options o = { .program = "saker-log", .notify = -1 };

	log_open(o.program, 0);
	struct writer w = read_options(&o, argc, argv);
	/* It ends when the last of those who write to it does, so that their last words are not lost. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (w.to_syslog)
		openlog("saker", LOG_PID, LOG_USER);
	int status = o.check ? 0 : run(&w);
	options_free(&o);
	return status;
}
