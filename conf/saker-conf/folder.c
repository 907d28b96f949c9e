/* Plain files only; what is copied is bounded, so that a device can not fill the disk. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/path.h"

enum { COPY_MAX = 64 << 20 };

static int make_parents(char *path, size_t from)
{
	for (char *slash = strchr(path + from + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int rc = mkdir(path, 0755);
		*slash = '/';
		if (rc != 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

static int create(const char *folder, const char *name)
{
	char path[PATH_MAX * 2];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (make_parents(path, strlen(folder)) != 0)
		return -1;
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

int folder_put(const char *folder, const char *name, const void *data, size_t n)
{
	int fd = create(folder, name), rc = fd < 0 ? -1 : write_all(fd, data, n);

	if (fd >= 0 && close(fd) != 0)
		rc = -1;
	return rc;
}

int folder_copy(const char *from, const char *folder, const char *name)
{
	char block[65536];
	size_t whole = 0;
	ssize_t n = 0;
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = in < 0 ? -1 : create(folder, name), rc = out < 0 ? -1 : 0;

	/* Opened without waiting for a writer that may never come; one that is there is waited for. */
	if (in >= 0)
		fcntl(in, F_SETFL, 0);
	while (rc == 0 && (n = read(in, block, sizeof block)) > 0) {
		whole += (size_t)n;
		rc = write_all(out, block, (size_t)n);
		if (rc == 0 && whole > COPY_MAX) {
			errno = EFBIG;
			rc = -1;
		}
	}
	if (n < 0)
		rc = -1;
	int why = errno;
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) != 0 && rc == 0)
		return -1;
	errno = why;
	return rc;
}

int folder_link(const char *folder, const char *name, const char *target)
{
	char path[PATH_MAX + 64], fresh[PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	snprintf(fresh, sizeof fresh, "%s/.%s", folder, name);
	unlink(fresh);
	return symlink(target, fresh) == 0 ? rename(fresh, path) : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_remove(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *folder_absolute(const char *path)
{
	char *cwd = getcwd(NULL, 0);
	size_t cap = (cwd ? strlen(cwd) : 0) + strlen(path) + 3;
	char *out = cwd ? malloc(cap) : NULL;

	if (out && path_join(out, cap, cwd, strlen(cwd), path, strlen(path)) == 0) {
		free(out);
		out = NULL;
	}
	free(cwd);
	return out;
}

/* The time of a folder changes with the names in it, its size need not. */
void folder_identity(const char *path, struct strbuf *out)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		strbuf_puts(out, "-");
		return;
	}
	strbuf_printf(out, "%llx:%llx:%lld:%lld.%09ld", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
		S_ISDIR(st.st_mode) ? 0 : (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}
