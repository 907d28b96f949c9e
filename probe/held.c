/* Requests of the reader. The answer is one byte, an errno, and the descriptor that was asked for. */
#include "held.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

static int receive(int from, unsigned char *answer)
{
	union control control = {0};
	struct iovec iov = { answer, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t n;
	int fd = 0;

	while ((n = recvmsg(from, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n != 1) {
		errno = EPIPE;
		return -1;
	}
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

int held_ask(const struct held *h, enum held_request what)
{
	unsigned char byte = (unsigned char)what;

	if (send(h->holder, &byte, 1, MSG_NOSIGNAL) != 1)
		return -1;
	if (what == HELD_READY)
		return 0;
	int fd = receive(h->holder, &byte);
	if (fd < 0 || !byte)
		return fd;
	if (fd > 0)
		close(fd);
	errno = byte;
	return -1;
}

static void answer(int to, int error, int fd)
{
	unsigned char byte = (unsigned char)error;
	union control control = {0};
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	/* A reader that does not listen is a reader that is gone. */
	sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (fd >= 0)
		close(fd);
}

int held_answer(struct held *h, int fd)
{
	unsigned char what;
	int got = -1, rc = 0;

	if (recv(fd, &what, 1, MSG_DONTWAIT) != 1)
		return 0;
	switch (what) {
	case HELD_READY: return what;
	case HELD_DETACH: kernel_detach(h->kernel); break;
	case HELD_ENTER_ON: case HELD_ENTER_OFF: rc = kernel_watch_enter(h->kernel, what == HELD_ENTER_ON); break;
	case HELD_ITERATOR: rc = got = kernel_iterator(h->kernel); break;
	default: errno = EINVAL; rc = -1; break;
	}
	answer(fd, rc < 0 ? errno : 0, got);
	return what;
}
