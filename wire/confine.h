/* A stage gives up what it does not need: Landlock for files and networks, seccomp for system calls. It can not be undone, and
 * there is one profile for all stages, widened by what each of them names. */
#ifndef WIRE_CONFINE_H
#define WIRE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

struct confine {
	const char *const *read;        /* folders: files in and below them can be opened for reading */
	size_t nread;
	const char *const *unlink;      /* folders: files in and below them can be removed */
	size_t nunlink;
	const char *const *list;        /* folders: they, and those below them, can be listed */
	size_t nlist;
	bool all_files;                 /* no Landlock: what the user may read can be read */
	bool connect;                   /* to unix sockets */
	bool accept;                    /* on sockets that listen already */
	bool pair;                      /* send on sockets that are connected already */
	const int *calls;               /* these besides what every stage may */
	size_t ncalls;
	const int *bpf;                 /* if bpf() is one of them, these commands of it */
	size_t nbpf;
};

/* Confines the calling process, which has no other threads yet. What this kernel can not do is said once, and the rest is done. */
void confine(const struct confine *c);

#endif
