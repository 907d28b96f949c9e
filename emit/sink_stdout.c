/* Standard output. It may be shared with other programs, so it is never made non-blocking: what is written at once after
 * poll said that there is room is small enough not to block. */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_stdout(struct sink *s)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) != 0)
		return -1;
	s->fd = STDOUT_FILENO;
	bool never_blocks = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
	s->wait_fd = never_blocks ? -1 : STDOUT_FILENO;
	return 0;
}

/* As many whole lines as go in one piece, or the first piece of a line that is longer. */
static size_t piece(const uint8_t *data, size_t n)
{
	if (n <= PIPE_BUF)
		return n;
	const uint8_t *newline = memrchr(data, '\n', PIPE_BUF);
	return newline ? (size_t)(newline - data) + 1 : PIPE_BUF;
}

static ssize_t write_stdout(struct sink *s, const uint8_t *data, size_t n)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	if (s->wait_fd < 0)
		return write(s->fd, data, n);
	int ready = poll(&p, 1, 0);
	if (ready > 0)
		return write(s->fd, data, piece(data, n));
	if (ready == 0)
		errno = EAGAIN;
	return -1;
}

const struct sink_kind sink_stdout = {
	.name = "stdout", .enabled = CONF_EMIT_STDOUT, .needed = CONF_KEYS, .open = open_stdout, .write = write_stdout,
};
