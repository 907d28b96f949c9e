/* What a live source says of itself: the captured types, and the symbolic links that rules may name. */
#include "hello.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "plan_load.h"
#include "wire/hello.h"
#include "wire/log.h"

enum { LINKS_MAX = 2048 };

struct links {
	struct hello_link pair[LINKS_MAX];     /* texts owned */
	unsigned count;
};

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

void hello_live(struct pack *out, const struct source *s, int64_t offset, const bool types[EVENT_TYPES], const struct plan *plan)
{
	struct pack text = {0};
	struct links *links = calloc(1, sizeof *links);
	struct hello_content h = { .program = "probe", .source = *s, .clock_offset = offset };
	uint16_t list[EVENT_TYPES];

	if (!links)
		diex(EX_OSERR, "out of memory: links");
	find_links(links, "/", 1);
	for (uint16_t i = 0; i < EVENT_TYPES; i++)
		if (types[i])
			list[h.ntypes++] = i;
	h.types = list;
	h.links = links->pair;
	h.nlinks = links->count;
	if (plan) {
		plan_text(plan, &text);
		h.plan = (const char *)text.data;
	}
	hello_frame(out, &h);
	pack_free(&text);
	for (unsigned i = 0; i < links->count; i++) {
		free((char *)links->pair[i].link);
		free((char *)links->pair[i].target);
	}
	free(links);
}
