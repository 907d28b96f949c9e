/* The log of a task. */
#include "log.h"

#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const fields[STATE_COUNT] = {
	[STATE_PID] = "proc.pid", [STATE_TID] = "thread.tid", [STATE_VPID] = "proc.vpid", [STATE_VTID] = "thread.vtid",
	[STATE_PPID] = "proc.ppid", [STATE_NAME] = "proc.name", [STATE_PNAME] = "proc.pname", [STATE_EXEPATH] = "proc.exepath",
	[STATE_EXE] = "proc.exe", [STATE_CMDLINE] = "proc.cmdline", [STATE_SID] = "proc.sid", [STATE_PGID] = "proc.pgid", [STATE_CWD] = "proc.cwd", [STATE_UID] = "user.uid",
	[STATE_GID] = "group.gid", [STATE_LOGINUID] = "user.loginuid",
};

void log_open(struct log *l, const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | (size ? O_CREAT : 0), 0666);

	struct stat st;

	if (fd < 0 || (size && ftruncate(fd, (off_t)(LOG_HEAD + size)) != 0) || fstat(fd, &st) != 0)
		err(71, "%s", path);
	size = (size_t)st.st_size - LOG_HEAD;
	char *p = mmap(NULL, LOG_HEAD + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(71, "%s", path);
	close(fd);
	l->head = (void *)p;
	l->text = p + LOG_HEAD;
	l->size = size;
}

static void put(struct log *l, const char *text, size_t n)
{
	if (l->size - l->head->len < n)
		errx(70, "the log is full");
	memcpy(l->text + l->head->len, text, n);
	l->head->len += n;
}

static void puts_(struct log *l, const char *text)
{
	put(l, text, strlen(text));
}

static void quoted(struct log *l, const char *text)
{
	puts_(l, "\"");
	for (const char *p = text; *p; p++) {
		char escaped[8];
		if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
			put(l, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)*p));
		else
			put(l, p, 1);
	}
	puts_(l, "\"");
}

static void key(struct log *l, const char *field)
{
	puts_(l, l->pairs++ ? ", " : "");
	quoted(l, field);
	puts_(l, ": ");
}

void log_begin(struct log *l, pid_t tid, const char *type)
{
	char start[64];

	put(l, start, (size_t)snprintf(start, sizeof start, "{\"tid\": %d, \"type\": ", tid));
	quoted(l, type);
	puts_(l, ", \"want\": {");
	l->pairs = 0;
	l->head->calls += *type != '\0';
}

void log_want(struct log *l, const char *field, const char *fmt, ...)
{
	char value[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	key(l, field);
	quoted(l, value);
}

void log_missing(struct log *l, const char *field)
{
	key(l, field);
	puts_(l, "null");
}

void log_state(struct log *l, enum state s, const char *fmt, ...)
{
	char value[STATE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	if (strcmp(value, l->state[s]) == 0)
		return;
	strcpy(l->state[s], value);
	l->changed[s] = true;
}

void log_anew(struct log *l)
{
	memset(l->changed, true, sizeof l->changed);
}

void log_end(struct log *l)
{
	puts_(l, "}, \"state\": {");
	l->pairs = 0;
	for (int i = 0; i < STATE_COUNT; i++)
		if (l->changed[i]) {
			l->changed[i] = false;
			key(l, fields[i]);
			quoted(l, l->state[i]);
		}
	puts_(l, "}}\n");
}
