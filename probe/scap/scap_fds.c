/* Descriptor tables. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "scap_threads.h"
#include "wire/log.h"

enum { O_CLOSE_ON_EXEC = 4096 };               /* in the numbering of the set OPEN */

static void *zeroed(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		diex(EX_OSERR, "out of memory: what a capture tells");
	return p;
}

void scap_blob_set(struct scap_blob *b, const void *p, size_t n)
{
	char *copy = n ? malloc(n) : NULL;

	if (n && !copy)
		diex(EX_OSERR, "out of memory: %zu bytes of a capture", n);
	if (n)
		memcpy(copy, p, n);
	free(b->p);
	*b = (struct scap_blob){ copy, (uint32_t)n };
}

void scap_blob_copy(struct scap_blob *to, const struct scap_blob *from)
{
	scap_blob_set(to, from->p, from->n);
}

static void fd_free(struct scap_fd *fd)
{
	if (!fd)
		return;
	free(fd->name.p);
	free(fd);
}

struct scap_fd *scap_fd_find(const struct scap_fds *fds, int64_t number)
{
	return fds && number >= 0 ? map_get(&fds->by_number, (uint64_t)number) : NULL;
}

struct scap_fd *scap_fd_add(struct scap_fds *fds, int64_t number)
{
	struct scap_fd *fd = zeroed(sizeof *fd);

	fd_free(scap_fd_find(fds, number));
	fd->kind = FD_OTHER;
	map_put(&fds->by_number, (uint64_t)number, fd);
	return fd;
}

void scap_fd_copy(struct scap_fd *to, const struct scap_fd *from)
{
	struct scap_blob name = to->name;

	*to = *from;
	to->name = name;
	scap_blob_copy(&to->name, &from->name);
}

void scap_fd_remove(struct scap_fds *fds, int64_t number)
{
	struct scap_fd *fd = scap_fd_find(fds, number);

	if (!fd)
		return;
	map_remove(&fds->by_number, (uint64_t)number);
	fd_free(fd);
}

struct scap_fds *scap_fds_new(void)
{
	struct scap_fds *fds = zeroed(sizeof *fds);

	fds->refs = 1;
	return fds;
}

struct scap_fds *scap_fds_clone(const struct scap_fds *from)
{
	struct scap_fds *fds = scap_fds_new();

	for (size_t i = 0; from && i < from->by_number.cap; i++) {
		const struct scap_fd *old = from->by_number.slots[i].value;
		if (!old)
			continue;
		scap_fd_copy(scap_fd_add(fds, (int64_t)from->by_number.slots[i].key), old);
	}
	return fds;
}

void scap_fds_unref(struct scap_fds *fds)
{
	if (!fds || --fds->refs)
		return;
	for (size_t i = 0; i < fds->by_number.cap; i++)
		fd_free(fds->by_number.slots[i].value);
	map_free(&fds->by_number);
	free(fds);
}

/* Removing moves what follows: the search begins again at the place that was emptied. */
void scap_fds_close_on_exec(struct scap_fds *fds)
{
	for (size_t i = 0; i < fds->by_number.cap;) {
		const struct scap_fd *fd = fds->by_number.slots[i].value;
		if (fd && fd->flags & O_CLOSE_ON_EXEC)
			scap_fd_remove(fds, (int64_t)fds->by_number.slots[i].key);
		else
			i++;
	}
}
