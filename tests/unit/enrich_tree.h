/* A folder of files for one unit test, removed at its end; and looking into CONTAINER records. */
#ifndef TESTS_ENRICH_TREE_H
#define TESTS_ENRICH_TREE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/frame.h"
#include "wire/pack.h"
#include "wire/value.h"

struct tree {
	char path[64];
};

static inline void tree_make(struct tree *t)
{
	strcpy(t->path, "/tmp/enrich_test.XXXXXX");
	assert_non_null(mkdtemp(t->path));
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tree_remove(struct tree *t)
{
	nftw(t->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file and the folders above it. */
static inline void tree_write(const struct tree *t, const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", t->path, name);
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* The first frame in `p`. */
static inline struct frame tree_frame(const struct pack *p)
{
	struct frame f;
	char err[128];
	size_t need;

	assert_int_equal(frame_parse(p->data, p->len, 0, &f, &need, err, sizeof err), 1);
	return f;
}

#endif
