/* The rules files that are loaded, in order. */
#ifndef SAKER_CONF_RULES_H
#define SAKER_CONF_RULES_H

#include "settle.h"

enum { RULES_FILES_MAX = 1024 };

struct rules {
	const char *entries[RULES_FILES_MAX];   /* files and folders, from -r or else from rules_files; borrowed */
	unsigned nentries;
	bool given;                             /* from -r: what is not there is an error */
	const char *files[RULES_FILES_MAX];     /* in the arena of the sources */
	unsigned nfiles;
};

/* Finds the files. Returns 0, or -1 when an error was said; none at all is one, too. */
int rules_find(struct rules *r, struct settled *s);

#endif
