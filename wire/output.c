/* The writing end of endpoints: standard output, or the consumers on unix sockets. A consumer that comes late gets the
 * definitions that it missed between the live frames; one that is slow holds the writer up. */
#include "endpoint.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "definitions.h"
#include "log.h"
#include "spec.h"

enum {
	CONSUMERS = DEFINITIONS_CONSUMERS,
	SOME = 64 << 10,                       /* bytes of definitions at a time */
	TAG_LISTENER = CONSUMERS               /* epoll tags; below are consumers */
};

struct consumer {
	bool present;
	int fd;
	bool joining;                          /* does not have every definition yet */
	struct pack left;                      /* what it has not taken yet; only while joining */
};

struct output {
	struct spec spec;
	int listener, epoll;                   /* -1: none */
	struct consumer consumers[CONSUMERS];
	unsigned npresent;
	struct definitions *definitions;
};

static int watch(struct output *out, int fd, uint32_t events, uint32_t tag)
{
	struct epoll_event e = { .events = events, .data.u32 = tag };

	return epoll_ctl(out->epoll, EPOLL_CTL_ADD, fd, &e);
}

static int open_sockets(struct output *out, char *err, size_t errlen, int *status)
{
	out->definitions = definitions_new(DEFINITIONS_MAX);
	out->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (out->spec.kind == SPEC_LISTEN && (out->listener = spec_listen(&out->spec, err, errlen, status)) < 0)
		return -1;
	if (out->epoll >= 0 && (out->listener < 0 || watch(out, out->listener, EPOLLIN, TAG_LISTENER) == 0))
		return 0;
	*status = EX_OSERR;
	snprintf(err, errlen, "%s: %s", out->spec.text, strerror(errno));
	return -1;
}

struct output *output_open(const char *spec, char *err, size_t errlen, int *status)
{
	struct output *out = calloc(1, sizeof *out);

	*status = EX_OSERR;
	snprintf(err, errlen, "output: out of memory");
	if (!out)
		return NULL;
	out->listener = out->epoll = -1;
	*status = spec_parse(&out->spec, spec ? spec : "-", err, errlen);
	if (*status == 0 && (out->spec.kind == SPEC_STANDARD || open_sockets(out, err, errlen, status) == 0))
		return out;
	output_free(out);
	return NULL;
}

static void leave(struct output *out, struct consumer *c)
{
	close(c->fd);
	pack_free(&c->left);
	*c = (struct consumer){0};
	out->npresent--;
}

/* Sends what the socket takes; with `block` all of it. Returns 1, 0 when it takes no more now, -1 when the
 * consumer is gone. */
static int send_some(int fd, const uint8_t **data, size_t *n, bool block)
{
	while (*n > 0) {
		ssize_t did = send(fd, *data, *n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (did > 0) {
			*data += did;
			*n -= (size_t)did;
		} else if (errno == EAGAIN && block) {
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		} else if (errno == EAGAIN) {
			return 0;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 1;
}

static int send_left(struct consumer *c, bool block)
{
	const uint8_t *data = c->left.data;
	size_t n = c->left.len;
	int rc = send_some(c->fd, &data, &n, block);

	if (n > 0 && n < c->left.len)
		memmove(c->left.data, data, n);
	c->left.len = n;
	return rc;
}

/* Sends definitions as far as the consumer takes them without waiting. */
static void catch_up(struct output *out, struct consumer *c)
{
	unsigned number = (unsigned)(c - out->consumers);
	int rc = send_left(c, false);

	while (rc > 0 && c->joining) {
		c->joining = definitions_more(out->definitions, number, &c->left, SOME);
		rc = send_left(c, false);
	}
	if (rc < 0) {
		leave(out, c);
	} else if (!c->joining) {
		epoll_ctl(out->epoll, EPOLL_CTL_DEL, c->fd, NULL);
		pack_free(&c->left);
	}
}

static void join(struct output *out, int fd)
{
	unsigned number = 0;

	while (number < CONSUMERS && out->consumers[number].present)
		number++;
	if (number == CONSUMERS || watch(out, fd, EPOLLOUT, number) != 0) {
		log_warnx("%s: a consumer was refused: more than %d, or no descriptor left", out->spec.text, CONSUMERS);
		close(fd);
		return;
	}
	struct consumer *c = &out->consumers[number];
	*c = (struct consumer){ .present = true, .fd = fd, .joining = true };
	out->npresent++;
	definitions_begin(out->definitions, number, &c->left);
	catch_up(out, c);
}

void output_accept(struct output *out)
{
	struct epoll_event events[16];
	int n = out->epoll >= 0 ? epoll_wait(out->epoll, events, 16, 0) : 0;

	for (int i = 0; i < n; i++) {
		uint32_t tag = events[i].data.u32;
		if (tag == TAG_LISTENER) {
			int fd = accept4(out->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
			if (fd >= 0)
				join(out, fd);
		} else if (out->consumers[tag].present) {
			catch_up(out, &out->consumers[tag]);
		}
	}
}

/* Waits until somebody is there to take frames: nothing is lost for want of a reader. */
static void await_consumer(struct output *out)
{
	for (int pause = SPEC_RETRY_FIRST; !out->npresent; pause = pause * 2 < SPEC_RETRY_LAST ? pause * 2 : SPEC_RETRY_LAST) {
		if (out->spec.kind == SPEC_LISTEN) {
			poll(&(struct pollfd){ .fd = out->listener, .events = POLLIN }, 1, -1);
			output_accept(out);
			continue;
		}
		int fd = spec_connect(&out->spec);
		if (fd >= 0)
			join(out, fd);
		else
			poll(NULL, 0, pause);
	}
}

/* Frame by frame: what joining consumers need of each goes before it, and the definitions are brought up to date. */
static void prepare(struct output *out, const uint8_t *frames, size_t n)
{
	struct frame f;
	char err[128];
	size_t need;

	for (size_t at = 0; at < n && frame_parse(frames + at, n - at, at, &f, &need, err, sizeof err) == 1; at += f.size) {
		for (unsigned i = 0; i < CONSUMERS; i++) {
			struct consumer *c = &out->consumers[i];
			if (!c->joining)
				continue;
			definitions_before(out->definitions, i, &f, &c->left);
			frame_copy(&c->left, &f);
		}
		definitions_note(out->definitions, &f);
	}
}

/* Returns whether at least one consumer has taken everything. */
static bool deliver(struct output *out, const uint8_t *frames, size_t n)
{
	bool taken = false;

	for (struct consumer *c = out->consumers; c < out->consumers + CONSUMERS; c++) {
		const uint8_t *data = frames;
		size_t left = n;
		if (!c->present)
			continue;
		int rc = c->joining ? send_left(c, true) : send_some(c->fd, &data, &left, true);
		if (rc < 0) {
			leave(out, c);
			continue;
		}
		taken = true;
		if (c->joining)
			catch_up(out, c);
	}
	return taken;
}

/* When the last consumer goes away in the middle, whoever comes next gets all of the frames: better twice than
 * never. */
static int write_sockets(struct output *out, const uint8_t *frames, size_t n)
{
	do {
		output_accept(out);
		await_consumer(out);
		prepare(out, frames, n);
	} while (!deliver(out, frames, n));
	return 0;
}

static int write_standard(const uint8_t *data, size_t n)
{
	while (n > 0) {
		ssize_t did = write(STDOUT_FILENO, data, n);
		if (did >= 0) {
			data += did;
			n -= (size_t)did;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

int output_write(struct output *out, const uint8_t *frames, size_t n)
{
	if (n == 0)
		return 0;
	return out->spec.kind == SPEC_STANDARD ? write_standard(frames, n) : write_sockets(out, frames, n);
}

int output_flush(struct output *out, struct pack *p)
{
	int rc = output_write(out, p->data, p->len);

	p->len = 0;
	return rc;
}

int output_listen_fd(const struct output *out)
{
	return out->epoll;
}

void output_free(struct output *out)
{
	if (!out)
		return;
	for (struct consumer *c = out->consumers; c < out->consumers + CONSUMERS; c++)
		if (c->present)
			leave(out, c);
	if (out->listener >= 0) {
		close(out->listener);
		unlink(out->spec.addr.sun_path);
	}
	if (out->epoll >= 0)
		close(out->epoll);
	definitions_free(out->definitions);
	free(out);
}
