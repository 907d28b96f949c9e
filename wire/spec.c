/* Endpoint texts and their unix sockets. */
#include "spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *prefix;
	enum spec_kind kind;
} forms[] = { { "unix:", SPEC_CONNECT }, { "listen:", SPEC_LISTEN } };

int spec_parse(struct spec *s, const char *text, char *err, size_t errlen)
{
	*s = (struct spec){ .kind = SPEC_STANDARD, .text = text, .addr.sun_family = AF_UNIX };
	if (strcmp(text, "-") == 0)
		return 0;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		size_t n = strlen(forms[i].prefix);
		if (strncmp(text, forms[i].prefix, n) != 0)
			continue;
		s->kind = forms[i].kind;
		if (text[n] == '\0' || strlen(text + n) >= sizeof s->addr.sun_path) {
			snprintf(err, errlen, "%s: expected a path of 1 to %zu bytes", text, sizeof s->addr.sun_path - 1);
			return EX_USAGE;
		}
		strcpy(s->addr.sun_path, text + n);
		return 0;
	}
	snprintf(err, errlen, "found '%s', expected -, unix:PATH or listen:PATH", text);
	return EX_USAGE;
}

int spec_connect(const struct spec *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&s->addr, sizeof s->addr) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Whether the path holds a socket that is left over from a program that is gone. */
static int stale(const struct spec *s)
{
	int fd = spec_connect(s);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ECONNREFUSED;
}

static int bind_to(int fd, const struct spec *s)
{
	const struct sockaddr *addr = (const struct sockaddr *)&s->addr;

	if (bind(fd, addr, sizeof s->addr) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -1;
	if (!stale(s)) {
		errno = EADDRINUSE;
		return -1;
	}
	return unlink(s->addr.sun_path) == 0 ? bind(fd, addr, sizeof s->addr) : -1;
}

int spec_listen(const struct spec *s, char *err, size_t errlen, int *status)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind_to(fd, s) == 0 && listen(fd, 16) == 0)
		return fd;
	*status = errno == EACCES || errno == EPERM ? EX_NOPERM : EX_OSERR;
	snprintf(err, errlen, "%s: %s", s->text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

uint64_t spec_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
