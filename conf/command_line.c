/* Reading argument files. */
#include "command_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { FILE_MAX = 4 << 20 };           /* bytes of an argument file */

/* The whole file with a NUL behind it, or NULL with errno. */
static char *read_file(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(FILE_MAX + 1);
	ssize_t got = 0;

	*n = 0;
	while (text && (got = read(fd, text + *n, FILE_MAX - *n)) > 0)
		*n += (size_t)got;
	if (text && got == 0 && *n == FILE_MAX)
		errno = EFBIG;
	if (fd >= 0)
		close(fd);
	if (text && got == 0 && *n < FILE_MAX) {
		text[*n] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

static int find_option(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "-c") == 0)
			return i;
	return argc;
}

int command_line_read(struct command_line *c, int argc, char **argv, char *err, size_t errlen)
{
	int at = find_option(argc, argv), words = 0;
	size_t n = 0;

	*c = (struct command_line){ .path = at < argc ? argv[at + 1] : NULL };
	if (c->path && !(c->file = read_file(argv[at + 1], &n))) {
		snprintf(err, errlen, "-c %s: %s", c->path, strerror(errno));
		return EX_NOINPUT;
	}
	if (n > 0 && c->file[n - 1] != '\0') {
		snprintf(err, errlen, "-c %s: byte %zu: found the end, expected NUL behind the last argument", c->path, n);
		command_line_free(c);
		return EX_CONFIG;
	}
	for (size_t i = 0; i < n; i++)
		words += c->file[i] == '\0';
	c->argv = calloc((size_t)(argc + words + 1), sizeof *c->argv);
	if (!c->argv) {
		snprintf(err, errlen, "out of memory");
		command_line_free(c);
		return EX_OSERR;
	}
	for (int i = 0; i < at; i++)
		c->argv[c->argc++] = argv[i];
	for (char *p = c->file; p && p < c->file + n; p += strlen(p) + 1)
		c->argv[c->argc++] = p;
	for (int i = at + 2; i < argc; i++)
		c->argv[c->argc++] = argv[i];
	return 0;
}

void command_line_free(struct command_line *c)
{
	free(c->argv);
	free(c->file);
	*c = (struct command_line){0};
}
