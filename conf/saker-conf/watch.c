/* inotify only tells when to look again: what counts is whether a path leads to something else than when the generation was made.
 * So nothing is missed in between, and a swapped link (ConfigMap) is a change of all files behind it. */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "folder.h"
#include "wire/log.h"

enum {
	LINKS_MAX = 40, LIST_MAX = 64 << 20,
	LOOK_MS = 10000,                        /* looks without being told: not every file system tells */
	LOOK_BLIND_MS = 1000,                   /* without inotify */
	PAUSE_MS = 20,                          /* between two looks: others may be busy in the same folders */
	SETTLE_MS = 100, SETTLES_MAX = 20,      /* a writer is given time to end */
};

static void list_one(const char *path, const char *seen, struct strbuf *out)
{
	char *full = folder_absolute(path);

	if (!full)
		return;
	strbuf_add(out, full, strlen(full) + 1);
	if (seen)
		strbuf_puts(out, seen);
	else
		folder_identity(full, out);
	strbuf_add(out, "", 1);
	free(full);
}

void watch_list(const struct settled *s, const struct rules *rules, struct strbuf *out)
{
	const struct sources *from = s->sources;

	for (unsigned i = 0; i < from->nfiles; i++)
		list_one(from->files[i].path, from->files[i].seen, out);
	for (unsigned i = 0; i < from->nnamed; i++)
		list_one(from->named[i].path, from->named[i].seen, out);
	for (unsigned i = 0; i < rules->nentries; i++)
		list_one(rules->entries[i], NULL, out);
	for (unsigned i = 0; i < rules->nfiles; i++)
		list_one(rules->files[i], NULL, out);
}

static char *read_list(const char *file, size_t *n)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *list = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size < LIST_MAX)
		list = calloc(1, (size_t)st.st_size + 2);
	ssize_t got = list ? read(fd, list, (size_t)st.st_size) : -1;
	if (got < 0)
		die(EX_NOINPUT, "%s", file);
	close(fd);
	*n = (size_t)got;
	return list;
}

/* The first path that is not as it was; NULL: none. */
static const char *changed(const char *list, size_t n)
{
	for (const char *path = list; path < list + n;) {
		const char *was = path + strlen(path) + 1;
		struct strbuf is = {0};
		folder_identity(path, &is);
		bool same = strcmp(is.p, was) == 0;
		strbuf_free(&is);
		if (!same)
			return path;
		path = was + strlen(was) + 1;
	}
	return NULL;
}

static void watch_folder(int fd, const char *folder)
{
	inotify_add_watch(fd, *folder ? folder : "/", IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY |
		IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
}

/* Watches the folder that holds the path, and those that hold a link on the way to it; of what is not there, the deepest folder
 * that is. */
static void watch_path(int fd, const char *path)
{
	char now[PATH_MAX * 2], target[PATH_MAX], rest[PATH_MAX];
	int links = 0;

	if ((size_t)snprintf(now, sizeof now, "%s", path) >= sizeof now)
		return;
	for (char *slash = now; slash;) {
		struct stat st;
		char *next = strchr(slash + 1, '/');
		if (next)
			*next = '\0';
		int there = lstat(now, &st);
		bool link = there == 0 && S_ISLNK(st.st_mode), folder = there == 0 && S_ISDIR(st.st_mode);
		if (link || !folder || !next) {
			char parent[sizeof now];
			snprintf(parent, sizeof parent, "%s", now);
			watch_folder(fd, dirname(parent));
		}
		if (folder && !next)
			watch_folder(fd, now);
		if (there != 0 || (!link && !next) || (!link && !folder) || (link && ++links > LINKS_MAX))
			return;
		if (!link) {
			*next = '/';
			slash = next;
			continue;
		}
		ssize_t n = readlink(now, target, sizeof target - 1);
		if (n <= 0)
			return;
		target[n] = '\0';
		snprintf(rest, sizeof rest, "%s%s", next ? "/" : "", next ? next + 1 : "");
		char joined[sizeof now + sizeof target + sizeof rest];
		snprintf(joined, sizeof joined, "%s/%s%s", *target == '/' ? "" : dirname(now), target, rest);
		char *full = folder_absolute(joined);
		if (!full || strlen(full) >= sizeof now) {
			free(full);
			return;
		}
		strcpy(now, full);
		free(full);
		slash = now;
	}
}

static void watch_all(int fd, const char *list, size_t n)
{
	for (const char *path = list; path < list + n;) {
		const char *was = path + strlen(path) + 1;
		watch_path(fd, path);
		path = was + strlen(was) + 1;
	}
}

/* Forgets what was told: everything is looked at anyway. */
static void empty(int fd)
{
	char block[16384];

	while (read(fd, block, sizeof block) > 0)
		;
}

/* Waits until nothing has been told for a moment, so that a file that is being written is not read half. */
static void let_settle(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (int i = 0; i < SETTLES_MAX; i++) {
		if (fd < 0) {
			poll(NULL, 0, SETTLE_MS);
			return;
		}
		if (poll(&p, 1, SETTLE_MS) <= 0)
			return;
		empty(fd);
	}
}

/* The list as things are now. */
static void look_again(char **list, size_t *n)
{
	struct strbuf is = {0};

	for (const char *path = *list; path < *list + *n;) {
		list_one(path, NULL, &is);
		path += strlen(path) + 1;
		path += strlen(path) + 1;
	}
	free(*list);
	*n = is.n;
	strbuf_add(&is, "", 1);
	*list = is.p;
}

int watch_wait(const char *file, bool now)
{
	size_t n;
	char *list = read_list(file, &n);
	const char *path;
	pid_t parent = getppid();
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* Whoever asked is no longer there to hear the answer. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		return EX_TEMPFAIL;
	if (now)
		look_again(&list, &n);
	if (fd < 0)
		log_warn("inotify: looking every second instead");
	for (;;) {
		if (fd >= 0) {
			watch_all(fd, list, n);
			empty(fd);
		}
		path = changed(list, n);
		if (path)
			break;
		if (poll(&p, 1, fd < 0 ? LOOK_BLIND_MS : LOOK_MS) > 0)
			poll(NULL, 0, PAUSE_MS);
	}
	let_settle(fd);
	printf("changed %s\n", path);
	if (fd >= 0)
		close(fd);
	free(list);
	return fflush(stdout) == 0 ? 0 : EX_OSERR;
}
