/* Splitting a descriptor's bytes into lines. */
#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "wire/log.h"

enum { CHUNK = 256 << 10 };

enum lines_result lines_next(struct lines *l, const char **line, size_t *len)
{
	char *newline = l->searched < l->end ? memchr(l->buf + l->searched, '\n', l->end - l->searched) : NULL;

	l->searched = l->end;
	if (!newline && !(l->eof && l->start < l->end)) {
		if (l->eof)
			return LINES_DONE;
		return l->end - l->start > LINES_MAX ? LINES_LONG : LINES_EMPTY;
	}
	*line = l->buf + l->start;
	*len = (size_t)((newline ? newline : l->buf + l->end) - *line);
	l->start += *len + (newline != NULL);
	l->searched = l->start;
	l->number++;
	return LINES_LINE;
}

static void make_room(struct lines *l)
{
	size_t left = l->end - l->start;

	if (l->start > 0 && left > 0)
		memmove(l->buf, l->buf + l->start, left);
	l->searched -= l->start;
	l->start = 0;
	l->end = left;
	if (l->cap - left >= CHUNK)
		return;
	size_t cap = l->cap * 2 > left + CHUNK ? l->cap * 2 : left + CHUNK;
	char *buf = realloc(l->buf, cap);
	if (!buf)
		diex(EX_OSERR, "out of memory: a line of %zu bytes", cap);
	l->buf = buf;
	l->cap = cap;
}

int lines_wait(struct lines *l, int timeout_ms, int extra_fd)
{
	struct pollfd fds[] = { { .fd = l->fd, .events = POLLIN }, { .fd = extra_fd, .events = POLLIN } };

	if (poll(fds, 2, timeout_ms) < 0)
		return errno == EINTR ? 0 : -1;
	if (fds[0].revents) {
		make_room(l);
		ssize_t n = read(l->fd, l->buf + l->end, l->cap - l->end);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		l->eof = n == 0;
		l->end += n > 0 ? (size_t)n : 0;
	}
	return fds[1].revents != 0;
}

void lines_free(struct lines *l)
{
	free(l->buf);
}
