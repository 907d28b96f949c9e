/* Programs are taken from the folder of this one, else from PATH. */
#include "stage.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "wire/log.h"

void arguments_add(struct strbuf *list, const char *text)
{
	strbuf_add(list, text, strlen(text) + 1);
}

void arguments_key(struct strbuf *list, const char *key, const char *value)
{
	arguments_add(list, "-O");
	strbuf_printf(list, "%s=%s", key, value);
	strbuf_add(list, "", 1);
}

void stage_become(const char *program, const struct strbuf *arguments)
{
	char path[PATH_MAX + 64], **argv;
	size_t n = 1, i = 1;
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash = len > 0 ? memrchr(path, '/', (size_t)len) : NULL;

	for (size_t k = 0; k < arguments->n; k++)
		n += arguments->p[k] == '\0';
	argv = calloc(n + 1, sizeof *argv);
	if (!argv)
		diex(EX_OSERR, "out of memory");
	argv[0] = (char *)program;
	for (char *p = arguments->p; i < n; p += strlen(p) + 1)
		argv[i++] = p;
	if (slash) {
		snprintf(slash + 1, sizeof path - (size_t)(slash + 1 - path), "%s", program);
		execv(path, argv);
	}
	if (!slash || errno == ENOENT)
		execvp(program, argv);
	free(argv);
}

struct stream {
	int fd;
	struct strbuf *to;
};

static void drain(struct stream s[2])
{
	char block[8192];

	for (;;) {
		struct pollfd p[2] = { { .fd = s[0].fd, .events = POLLIN }, { .fd = s[1].fd, .events = POLLIN } };
		if (s[0].fd < 0 && s[1].fd < 0)
			return;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		for (int i = 0; i < 2; i++) {
			if (s[i].fd < 0 || !p[i].revents)
				continue;
			ssize_t n = read(s[i].fd, block, sizeof block);
			if (n > 0) {
				strbuf_add(s[i].to, block, (size_t)n);
			} else if (n == 0 || errno != EINTR) {
				close(s[i].fd);
				s[i].fd = -1;
			}
		}
	}
}

int stage_run(const char *program, const struct strbuf *arguments, struct strbuf *out, struct strbuf *err)
{
	struct strbuf *to[2] = { out, err };
	int pipes[2][2] = { { -1, -1 }, { -1, -1 } }, status;

	for (int i = 0; i < 2; i++) {
		if (to[i])
			strbuf_puts(to[i], "");
		if (to[i] && pipe(pipes[i]) != 0)
			return -1;
	}
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 2; i++) {
			if (!to[i])
				continue;
			dup2(pipes[i][1], i + 1);
			close(pipes[i][0]);
			close(pipes[i][1]);
		}
		stage_become(program, arguments);
		fprintf(stderr, "saker-conf: %s: %s\n", program, strerror(errno));
		_exit(EX_UNAVAILABLE);
	}
	struct stream streams[2];
	for (int i = 0; i < 2; i++) {
		if (to[i])
			close(pipes[i][1]);
		streams[i] = (struct stream){ pipes[i][0], to[i] };
	}
	if (pid < 0)
		return -1;
	drain(streams);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
