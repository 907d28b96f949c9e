/* Finding symbolic links near the root. */
#include "links.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"

static void add_link(struct links *l, const char *path)
{
	char target[PATH_MAX];

	if (l->count >= LINKS_MAX || !realpath(path, target) || strcmp(target, path) == 0)
		return;
	if (strcmp(target, "/proc") == 0 || strncmp(target, "/proc/", 6) == 0)
		return;
	struct hello_link pair = { strdup(path), strdup(target) };
	if (!pair.link || !pair.target)
		diex(EX_OSERR, "out of memory: links");
	l->pair[l->count++] = pair;
}

/* The links in a folder, and in those below it down to `depth`. */
static void find_links(struct links *l, const char *folder, int depth)
{
	char path[PATH_MAX];
	DIR *d = opendir(folder);

	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		int n = snprintf(path, sizeof path, "%s/%s", folder[1] ? folder : "", e->d_name);
		if (n < 0 || n >= (int)sizeof path || strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0)
			continue;
		if (e->d_type == DT_LNK)
			add_link(l, path);
		else if (e->d_type == DT_DIR && depth > 0)
			find_links(l, path, depth - 1);
	}
	if (d)
		closedir(d);
}

struct links *links_find(void)
{
	struct links *l = calloc(1, sizeof *l);

	if (!l)
		diex(EX_OSERR, "out of memory: links");
	find_links(l, "/", 1);
	return l;
}

void links_free(struct links *l)
{
	for (unsigned i = 0; l && i < l->count; i++) {
		free((char *)l->pair[i].link);
		free((char *)l->pair[i].target);
	}
	free(l);
}
