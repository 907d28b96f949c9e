/* Where the configuration comes from: the file, what its config_files name, and options; all of it becomes one tree. */
#ifndef SAKER_CONF_SOURCES_H
#define SAKER_CONF_SOURCES_H

#include "say.h"
#include "tree.h"

enum { SOURCES_MAX = 1024, SOURCES_OPTIONS = 256 };

/* A path, and what it led to just before it was read: see folder_identity. */
struct seen {
	const char *path, *seen;
};

struct sources {
	struct say *say;
	struct arena arena;
	const char *path;                       /* the file; NULL: none */
	const char *options[SOURCES_OPTIONS];   /* KEY=VALUE, in order; borrowed */
	unsigned noptions;
	struct node *root;
	struct seen files[SOURCES_MAX];         /* what was read, in order */
	unsigned nfiles;
	struct seen named[SOURCES_MAX];         /* what config_files names: files and folders, whether they are there or not */
	unsigned nnamed;
};

/* Reads and merges. Returns 0, or -1 when an error was said. */
int sources_read(struct sources *s);
void sources_free(struct sources *s);

#endif
