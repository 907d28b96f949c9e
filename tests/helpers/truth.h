/* What a test program did and what must be seen of it, one JSON object a line: {"step", "find": {field: value}, "want": {...}},
 * all values as text. A task's facts are read from /proc after the deed: so reading them can not cause the description that is
 * under test. Keys that begin with @ are not fields but checked in the stream. */
#ifndef TESTS_TRUTH_H
#define TESTS_TRUTH_H

#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Both survive fork, execve and chroot. */
enum { TRUTH_LOG = 100, TRUTH_PROC = 101 };

struct truth {
	size_t len;
	int pairs;
	char text[65536];
};

static inline void truth_open_log(const char *path)
{
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666), proc = open("/proc", O_PATH | O_DIRECTORY);

	if (log < 0 || proc < 0 || dup2(log, TRUTH_LOG) < 0 || dup2(proc, TRUTH_PROC) < 0)
		err(71, "%s", path);
	close(log);
	close(proc);
}

__attribute__((format(printf, 2, 3))) static inline void truth_text(struct truth *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(t->text + t->len, sizeof t->text - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof t->text - t->len)
		errx(70, "truth: line too long");
	t->len += (size_t)n;
}

__attribute__((format(printf, 3, 4))) static inline void truth_pair(struct truth *t, const char *key, const char *fmt, ...)
{
	static __thread char value[16384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	truth_text(t, "%s\"%s\": \"", t->pairs++ ? ", " : "", key);
	for (const char *p = value; *p; p++)
		truth_text(t, *p == '"' || *p == '\\' || (unsigned char)*p < ' ' ? "\\u%04x" : "%c", (unsigned char)*p);
	truth_text(t, "\"");
}

static inline void truth_begin(struct truth *t, const char *step, const char *type)
{
	t->len = 0;
	t->pairs = 0;
	truth_text(t, "{\"step\": \"%s\", \"find\": {", step);
	truth_pair(t, "evt.type", "%s", type);
}

static inline void truth_wants(struct truth *t)
{
	truth_text(t, "}, \"want\": {");
	t->pairs = 0;
}

static inline void truth_end(struct truth *t)
{
	truth_text(t, "}}\n");
	if (write(TRUTH_LOG, t->text, t->len) != (ssize_t)t->len)
		err(71, "truth: log");
}

/* A file below /proc, as one text; its length. */
static inline size_t truth_read(const char *name, char *buf, size_t size)
{
	int fd = openat(TRUTH_PROC, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;

	for (ssize_t n; fd >= 0 && len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0;)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	buf[len] = '\0';
	return len;
}

static inline void truth_link(const char *name, char *buf, size_t size)
{
	ssize_t n = readlinkat(TRUTH_PROC, name, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
}

/* The first and the last number of a line of /proc/thread-self/status: as the host sees it, and inside the namespace. */
static inline void truth_numbers(const char *status, const char *line, long *first, long *last)
{
	const char *p = strstr(status, line);

	*first = *last = -1;
	if (!p)
		return;
	p += strlen(line);
	*first = *last = strtol(p, (char **)&p, 10);
	while (*p == '\t' || *p == ' ')
		*last = strtol(p, (char **)&p, 10);
}

static inline void truth_comm(struct truth *t, const char *key, const char *name, char comm[64])
{
	size_t n = truth_read(name, comm, 64);

	if (n && comm[n - 1] == '\n')
		comm[n - 1] = '\0';
	truth_pair(t, key, "%s", comm);
}

/* proc.cmdline is the process's name and the arguments behind the first; nothing is said of one that the probe cuts. */
static inline void truth_cmdline(struct truth *t)
{
	char argv[5000], comm[64];
	size_t n = truth_read("thread-self/cmdline", argv, sizeof argv), first = strlen(argv) + 1;

	if (!n || n > 4096)
		return;
	truth_pair(t, "proc.exe", "%s", argv);
	truth_read("self/comm", comm, sizeof comm);
	comm[strcspn(comm, "\n")] = '\0';
	for (size_t i = 0; i + 1 < n; i++)
		if (!argv[i])
			argv[i] = ' ';
	truth_pair(t, "proc.cmdline", "%s%s%s", comm, first < n ? " " : "", first < n ? argv + first : "");
}

static inline void truth_exe(struct truth *t)
{
	char exe[8192], *deleted;

	truth_link("thread-self/exe", exe, sizeof exe);
	if ((deleted = strstr(exe, " (deleted)")))
		*deleted = '\0';
	truth_pair(t, "proc.exepath", "%s", exe + (strncmp(exe, "/memfd:", 7) == 0));
}

static inline void truth_cwd(struct truth *t)
{
	char cwd[8192];
	long n = syscall(SYS_getcwd, cwd, sizeof cwd);

	if (n > 0)
		truth_pair(t, "proc.cwd", "%s%s", cwd, strcmp(cwd, "/") ? "/" : "");
}

static inline void truth_namespaces(struct truth *t)
{
	static const char *const names[] = { "mnt", "pid", "net", "user", "uts", "ipc", "cgroup", "time" };
	char list[256] = "", name[64];
	struct stat st;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(name, sizeof name, "thread-self/ns/%s", names[i]);
		if (fstatat(TRUTH_PROC, name, &st, 0) != 0)
			return;
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%llu", i ? " " : "", (unsigned long long)st.st_ino);
	}
	truth_pair(t, "@namespaces", "%s", list);
}

/* The cgroup that the probe tells: of the pids hierarchy, or of version 2 when that is the root or not there. */
static inline void truth_cgroup(struct truth *t)
{
	char list[4096], *pids, *two;

	truth_read("thread-self/cgroup", list, sizeof list);
	pids = strstr(list, ":pids:");
	two = strstr(list, "0::");
	char *path = pids && pids[6] == '/' && pids[7] != '\n' ? pids + 6 : two ? two + 3 : NULL;
	if (path)
		truth_pair(t, "@cgroup", "%.*s", (int)strcspn(path, "\n"), path);
}

static inline void truth_ids(struct truth *t, const char *status)
{
	static const struct {
		const char *line, *outside, *inside;
	} ids[] = {
		{ "\nNStgid:", "proc.pid", "proc.vpid" }, { "\nNSpid:", "thread.tid", "thread.vtid" },
		{ "\nNSpgid:", "proc.pgid", "proc.vpgid" }, { "\nNSsid:", "proc.sid", NULL },
	};
	long first, last;

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		truth_numbers(status, ids[i].line, &first, &last);
		truth_pair(t, ids[i].outside, "%ld", first);
		if (ids[i].inside)
			truth_pair(t, ids[i].inside, "%ld", last);
	}
	const char *uid = strstr(status, "\nUid:"), *gid = strstr(status, "\nGid:");
	unsigned real, effective;
	if (uid && sscanf(uid, "\nUid: %u %u", &real, &effective) == 2)
		truth_pair(t, "user.uid", "%u", effective);
	if (gid && sscanf(gid, "\nGid: %u %u", &real, &effective) == 2)
		truth_pair(t, "group.gid", "%u", effective);
}

/* The calling thread's number, as the host sees it. */
static inline void truth_tid(struct truth *t)
{
	char name[64], *tid;

	truth_link("thread-self", name, sizeof name);
	tid = strrchr(name, '/');
	truth_pair(t, "thread.tid", "%s", tid ? tid + 1 : "");
}

/* Every fact of the calling thread. */
static inline void truth_task(struct truth *t)
{
	char status[8192], comm[64], pcomm[64], name[64], stat[4096];
	long parent, unused;
	unsigned loginuid = 0;
	int tty = 0;

	truth_comm(t, "proc.name", "thread-self/comm", comm);
	truth_read("thread-self/status", status, sizeof status);
	truth_ids(t, status);
	truth_numbers(status, "\nPPid:", &parent, &unused);
	truth_pair(t, "proc.ppid", "%ld", parent);
	snprintf(name, sizeof name, "%ld/comm", parent);
	truth_comm(t, "proc.pname", name, pcomm);
	truth_cmdline(t);
	truth_exe(t);
	truth_cwd(t);
	truth_read("thread-self/stat", stat, sizeof stat);
	if (strrchr(stat, ')') && sscanf(strrchr(stat, ')'), ") %*c %*d %*d %*d %d", &tty) == 1)
		truth_pair(t, "proc.tty", "%u", (unsigned)tty);
	if (truth_read("thread-self/loginuid", name, sizeof name) && sscanf(name, "%u", &loginuid) == 1)
		truth_pair(t, "user.loginuid", "%d", (int)loginuid);
	truth_namespaces(t);
	truth_cgroup(t);
}

#endif
