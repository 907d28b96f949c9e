/* Reading files that others control: only regular ones, never out of their root, never more than a bound. */
#include "rootfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire/cgroup.h"

struct file_stamp file_stamp(const struct stat *st)
{
	return (struct file_stamp){ st->st_dev, st->st_ino, st->st_size, st->st_mtim, st->st_ctim };
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && same_time(&a->mtime, &b->mtime) &&
		same_time(&a->ctime, &b->ctime);
}

/* With O_PATH nothing is opened yet: a device or pipe must not notice. */
static int find(int dir, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	if (dir < 0)
		return open(path, O_PATH | O_CLOEXEC);
	return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

static int open_found(int found)
{
	char name[64];

	snprintf(name, sizeof name, "/proc/self/fd/%d", found);
	return open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Reads until the end or `size` bytes: a file that grows meanwhile is cut, one that shrinks ends early. */
static char *read_all(int fd, size_t size, size_t *len)
{
	char *text = malloc(size + 1);

	*len = 0;
	while (text && *len < size) {
		ssize_t n = read(fd, text + *len, size - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return NULL;
		}
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	if (text)
		text[*len] = '\0';
	return text;
}

static int read_found(int found, size_t max, struct file_stamp *stamp, char **text, size_t *len)
{
	struct file_stamp before = *stamp;
	struct stat st;

	if (fstat(found, &st) != 0)
		return -1;
	*stamp = file_stamp(&st);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > max) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return -1;
	}
	if (file_stamp_same(&before, stamp))
		return 0;
	int fd = open_found(found);
	if (fd < 0)
		return -1;
	*text = read_all(fd, (size_t)st.st_size, len);
	close(fd);
	return *text ? 1 : -1;
}

/* The host's own files are looked at every second, and hardly ever change. */
static bool unchanged(int dir, const char *path, size_t max, const struct file_stamp *stamp)
{
	struct stat st;

	if (dir >= 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > max)
		return false;
	struct file_stamp now = file_stamp(&st);
	return file_stamp_same(&now, stamp);
}

int file_read(int dir, const char *path, size_t max, struct file_stamp *stamp, char **text, size_t *len)
{
	if (unchanged(dir, path, max, stamp))
		return 0;
	int found = find(dir, path);

	if (found < 0) {
		*stamp = (struct file_stamp){0};
		return -1;
	}
	int rc = read_found(found, max, stamp, text, len), saved = errno;
	close(found);
	errno = saved;
	return rc;
}

/* Falco's variable, for running in a container that has the host's folders mounted somewhere. */
const char *host_root(void)
{
	const char *root = getenv("HOST_ROOT");

	return root ? root : "";
}

int host_root_open(void)
{
	return *host_root() ? open(host_root(), O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

static bool cgroup_line_is(char *line, const char *full)
{
	struct container_id c;
	char *path = strchr(line, ':');

	path = path ? strchr(path + 1, ':') : NULL;
	if (!path++)
		return false;
	path[strcspn(path, "\n")] = '\0';
	return cgroup_container(path, strlen(path), &c) && strcmp(c.full, full) == 0;
}

static bool in_container(int64_t pid, const char *full)
{
	char name[64], line[4096];
	bool found = false;

	snprintf(name, sizeof name, "/proc/%lld/cgroup", (long long)pid);
	FILE *f = fopen(name, "re");
	while (f && !found && fgets(line, sizeof line, f))
		found = cgroup_line_is(line, full);
	if (f)
		fclose(f);
	return found;
}

static bool same_root(const struct root *a, const struct root *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/* A process of the container may have changed its root to one of its own making: the first one seen stays. */
static bool accept_root(int fd, struct root *root)
{
	struct stat st, host;

	if (fstat(fd, &st) != 0 || stat("/", &host) != 0)
		return false;
	struct root found = { st.st_dev, st.st_ino }, hosts = { host.st_dev, host.st_ino }, none = {0};
	if (same_root(&found, &hosts) || !(same_root(root, &none) || same_root(root, &found)))
		return false;
	*root = found;
	return true;
}

int root_open(int64_t pid, const char *full, struct root *root)
{
	char name[64];

	snprintf(name, sizeof name, "/proc/%lld/root", (long long)pid);
	int fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	/* Asked after the root is open: the number may have become another process's before, but not since. */
	if (in_container(pid, full) && accept_root(fd, root))
		return fd;
	close(fd);
	return -1;
}
