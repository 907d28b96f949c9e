/* A file that alerts are appended to. Unless it is kept open, it is opened for each batch and closed after it, so that it can
 * be rotated by renaming it. */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(struct sink *s)
{
	/* Non-blocking for the opening only: a named pipe that nobody reads is an error, not a stage that hangs. */
	s->fd = open(conf_text(s->conf, CONF_EMIT_FILE_NAME), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
	if (s->fd < 0)
		return -1;
	struct stat st;
	/* A pipe has a reader that may stop reading, and can not be rotated: it stays open, and is watched. */
	s->fifo = fstat(s->fd, &st) == 0 && S_ISFIFO(st.st_mode);
	if (s->fifo) {
		s->wait_fd = s->fd;
		return 0;
	}
	int flags = fcntl(s->fd, F_GETFL);
	return flags < 0 ? -1 : fcntl(s->fd, F_SETFL, flags & ~O_NONBLOCK);
}

static ssize_t write_file(struct sink *s, const uint8_t *data, size_t n)
{
	if (s->fd < 0 && open_file(s) != 0)
		return -1;
	return write(s->fd, data, n);
}

static void close_file(struct sink *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void rest_file(struct sink *s)
{
	if (!s->fifo && !conf_bool(s->conf, CONF_EMIT_FILE_KEEP))
		close_file(s);
}

const struct sink_kind sink_file = {
	.name = "file", .enabled = CONF_EMIT_FILE, .needed = CONF_EMIT_FILE_NAME,
	.open = open_file, .write = write_file, .rest = rest_file, .close = close_file,
};
