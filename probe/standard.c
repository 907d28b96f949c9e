/* Who is killed in write() does not learn how much of it was done. A pipe of our own, which only we read, can be asked how much is in it;
 * what is moved on by splice is in the one pipe or in the other. So frames go into it, which takes them out of the buffer, and from
 * there to standard output; nothing is copied more often than without it. Of a file its offset tells the same. */
#include "standard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOME = 1 << 19 };                       /* half of the pipe in between: pages need not be full */

static size_t in_pipe(const struct standard *s)
{
	int n = 0;

	return ioctl(s->in, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

/* How much of a write that was begun has been done. */
static size_t done(const struct standard *s, const struct buffer *b)
{
	size_t most = backlog_used(b->frames) - b->state.partial;
	size_t n;

	if (s->in >= 0) {
		n = s->waiting;
	} else {
		off_t now = lseek(STDOUT_FILENO, 0, SEEK_CUR);
		n = now >= 0 && (uint64_t)now > b->state.on_the_way ? (size_t)((uint64_t)now - b->state.on_the_way) : 0;
	}
	return n < most ? n : most;
}

void standard_open(struct standard *s, const struct held *h, struct buffer *b)
{
	struct stat st;
	bool splices = fstat(STDOUT_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));

	*s = (struct standard){ .in = splices ? h->pipe[0] : -1, .out = splices ? h->pipe[1] : -1 };
	if (splices)
		s->waiting = in_pipe(s);
	if (!(b->state.flags & BUFFER_WRITING))
		return;
	buffer_written(b, done(s, b));
	b->state.flags &= ~(uint64_t)BUFFER_WRITING;
	buffer_commit(b);
}

/* Returns 1, 0 or -1 as standard_write. */
static int move_on(struct standard *s)
{
	while (s->waiting > 0) {
		ssize_t n = splice(s->in, NULL, STDOUT_FILENO, NULL, s->waiting, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
		if (n > 0)
			s->waiting -= (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			return 0;
		else if (n == 0 || errno != EINTR)
			return -1;
	}
	return 1;
}

/* Writes some of the oldest frames; returns as write. */
static ssize_t write_some(struct standard *s, struct buffer *b)
{
	size_t begin = b->state.partial, n = backlog_used(b->frames) - begin;
	off_t at = s->out < 0 ? lseek(STDOUT_FILENO, 0, SEEK_CUR) : 0;

	b->state.flags |= BUFFER_WRITING;
	b->state.on_the_way = at >= 0 ? (uint64_t)at : UINT64_MAX;
	buffer_commit(b);
	ssize_t did = write(s->out >= 0 ? s->out : STDOUT_FILENO, backlog_at(b->frames, b->frames->tail) + begin, n < SOME ? n : SOME);
	int saved = errno;
	if (did > 0)
		buffer_written(b, (size_t)did);
	b->state.flags &= ~(uint64_t)BUFFER_WRITING;
	buffer_commit(b);
	errno = saved;
	return did;
}

int standard_write(struct standard *s, struct buffer *b)
{
	for (;;) {
		int rc = move_on(s);
		if (rc <= 0 || backlog_used(b->frames) == 0)
			return rc;
		ssize_t n = write_some(s, b);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && s->out >= 0)
			s->waiting = (size_t)n;
	}
}
