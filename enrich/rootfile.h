/* Whole files, read carefully: of the host, and of what a process sees as its root. */
#ifndef ENRICH_ROOTFILE_H
#define ENRICH_ROOTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* By what it is told whether a file has changed; all zero: it was not there. */
struct file_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};
struct file_stamp file_stamp(const struct stat *st);

/* Reads the regular file `path` into a new buffer, NUL-terminated. `dir` is a descriptor of the folder that is its root:
 * neither links nor `..` lead out of it; -1: the path is taken as it is. When the file's stamp equals `*stamp` nothing is
 * read. Returns 1 (read), 0 (unchanged), or -1 with errno (EFBIG: over `max` bytes, EINVAL: no regular file); `*stamp` is
 * set to what was found. Blocks as long as the file system does. */
int file_read(int dir, const char *path, size_t max, struct file_stamp *stamp, char **text, size_t *len);

/* Where the host's files are when they are not at /: HOST_ROOT, or an empty text. */
const char *host_root(void);
/* Opens that folder; -1: there is no other one. */
int host_root_open(void);

/* Opens the root folder of process `pid`, if the process is in the container whose full id is `full`, and its root is not
 * the host's (a process that has not entered its container yet) and, unless `*root` is all zero, the one that it says.
 * Fills `*root`. Returns a descriptor, or -1. */
struct root {
	dev_t dev;
	ino_t ino;
};
int root_open(int64_t pid, const char *full, struct root *root);

#endif
