/* Programs are taken from the folder of this one, else from PATH. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
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

static void drain(struct stage_output s[2])
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

static _Noreturn void become(const struct stage *s, int pipes[2][2], const char *program, const struct strbuf *arguments)
{
	for (int i = 0; i < 2; i++)
		if (s->outputs[i].to)
			dup2(pipes[i][1], i + 1);
	stage_become(program, arguments);
	fprintf(stderr, "saker-conf: %s: %s\n", program, strerror(errno));
	_exit(EX_UNAVAILABLE);
}

void stage_start(struct stage *s, const char *program, const struct strbuf *arguments, struct strbuf *out, struct strbuf *err)
{
	int pipes[2][2] = { { -1, -1 }, { -1, -1 } };

	*s = (struct stage){ .pid = -1, .outputs = { { -1, out }, { -1, err } } };
	for (int i = 0; i < 2; i++) {
		if (!s->outputs[i].to)
			continue;
		strbuf_puts(s->outputs[i].to, "");
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			return;
		s->outputs[i].fd = pipes[i][0];
	}
	fflush(stdout);
	s->pid = fork();
	if (s->pid == 0)
		become(s, pipes, program, arguments);
	for (int i = 0; i < 2; i++)
		if (pipes[i][1] >= 0)
			close(pipes[i][1]);
}

int stage_finish(struct stage *s)
{
	int status;

	if (s->pid < 0)
		return -1;
	drain(s->outputs);
	while (waitpid(s->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int stage_run(const char *program, const struct strbuf *arguments, struct strbuf *out, struct strbuf *err)
{
	struct stage s;

	stage_start(&s, program, arguments, out, err);
	return stage_finish(&s);
}
