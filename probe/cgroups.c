/* A hash table of cgroups, filled from the mounted hierarchies and from the kernel's events. */
#include "cgroups.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "wire/cgroup.h"
#include "wire/log.h"

enum { HIERARCHY_SHIFT = 56, DEPTH_MAX = 64, ROOTS_MAX = 16 };

struct cgroup {
	uint64_t id;                           /* 0: free */
	char *path;
	char container[CONTAINER_ID_MAX + 1];  /* empty: the host's */
	bool announced;
};

struct cgroups {
	struct cgroup *slot;
	size_t cap, used;
	const char *root[ROOTS_MAX];           /* mount points; owned */
	uint64_t hierarchy[ROOTS_MAX];
	size_t nroots;
	bool mounts_read;
	cgroup_told *told;
	void *arg;
};

struct cgroups *cgroups_new(void)
{
	struct cgroups *c = calloc(1, sizeof *c);

	if (!c)
		diex(EX_OSERR, "out of memory");
	return c;
}

void cgroups_free(struct cgroups *c)
{
	for (size_t i = 0; c && i < c->cap; i++)
		free(c->slot[i].path);
	for (size_t i = 0; c && i < c->nroots; i++)
		free((char *)c->root[i]);
	if (c)
		free(c->slot);
	free(c);
}

static enum cgroup_class class_of(const struct cgroup *g)
{
	return g->container[0] ? CGROUP_CONTAINER : CGROUP_HOST;
}

void cgroups_listen(struct cgroups *c, cgroup_told *told, void *arg)
{
	c->told = told;
	c->arg = arg;
	for (size_t i = 0; i < c->cap; i++)
		if (c->slot[i].id)
			told(arg, c->slot[i].id, class_of(&c->slot[i]));
}

static size_t place(const struct cgroups *c, uint64_t id)
{
	size_t i = (size_t)(id * 0x9e3779b97f4a7c15ull >> 32) & (c->cap - 1);

	while (c->slot[i].id && c->slot[i].id != id)
		i = (i + 1) & (c->cap - 1);
	return i;
}

static struct cgroup *find(const struct cgroups *c, uint64_t id)
{
	if (!c->cap)
		return NULL;
	struct cgroup *g = &c->slot[place(c, id)];
	return g->id ? g : NULL;
}

static void grow(struct cgroups *c)
{
	struct cgroups bigger = *c;

	bigger.cap = c->cap ? c->cap * 2 : 256;
	bigger.slot = calloc(bigger.cap, sizeof *bigger.slot);
	if (!bigger.slot)
		diex(EX_OSERR, "out of memory: %zu cgroups", bigger.cap);
	for (size_t i = 0; i < c->cap; i++)
		if (c->slot[i].id)
			bigger.slot[place(&bigger, c->slot[i].id)] = c->slot[i];
	free(c->slot);
	*c = bigger;
}

void cgroups_made(struct cgroups *c, uint64_t id, const char *path, size_t len)
{
	struct container_id container;

	if (!id)
		return;
	if (c->used * 2 >= c->cap)
		grow(c);
	struct cgroup *g = &c->slot[place(c, id)];
	if (!g->id)
		c->used++;
	free(g->path);
	*g = (struct cgroup){ .id = id, .path = strndup(path, len) };
	if (!g->path)
		diex(EX_OSERR, "out of memory: a cgroup path");
	if (cgroup_container(path, len, &container))
		memcpy(g->container, container.id, sizeof g->container);
	if (c->told)
		c->told(c->arg, id, class_of(g));
}

void cgroups_gone(struct cgroups *c, uint64_t id)
{
	struct cgroup *g = find(c, id);

	if (!g)
		return;
	if (c->told)
		c->told(c->arg, id, CGROUP_UNKNOWN);
	free(g->path);
	*g = (struct cgroup){0};
	c->used--;
	/* Open addressing: what stands behind the gap may have to move into it. */
	size_t mask = c->cap - 1;
	for (size_t i = ((size_t)(g - c->slot) + 1) & mask; c->slot[i].id; i = (i + 1) & mask) {
		struct cgroup moved = c->slot[i];
		c->slot[i] = (struct cgroup){0};
		c->slot[place(c, moved.id)] = moved;
	}
}

/* Adds a folder and those below it. `path` is the buffer of the path below the hierarchy's root, `len` its length. */
static void scan_folder(struct cgroups *c, int fd, char *path, size_t len, uint64_t hierarchy, int depth)
{
	struct stat st;
	DIR *d;

	if (fstat(fd, &st) != 0 || !(d = fdopendir(fd))) {
		close(fd);
		return;
	}
	uint64_t id = (uint64_t)st.st_ino | hierarchy << HIERARCHY_SHIFT;
	const struct cgroup *known = find(c, id);
	if (!known || strncmp(known->path, len ? path : "/", len ? len + 1 : 2) != 0)
		cgroups_made(c, id, len ? path : "/", len ? len : 1);
	for (struct dirent *e; depth < DEPTH_MAX && (e = readdir(d));) {
		size_t n = strlen(e->d_name);
		if (e->d_type != DT_DIR || e->d_name[0] == '.' || len + n + 2 > PATH_MAX)
			continue;
		int sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (sub < 0)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, e->d_name, n + 1);
		scan_folder(c, sub, path, len + n + 1, hierarchy, depth + 1);
		path[len] = '\0';
	}
	closedir(d);
}

/* The number of the version 1 hierarchy that has the pids controller; 0 when there is none. */
static uint64_t pids_hierarchy(void)
{
	char line[256], name[64];
	unsigned long hierarchy, found = 0;
	FILE *f = fopen("/proc/cgroups", "re");

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "%63s %lu", name, &hierarchy) == 2 && strcmp(name, "pids") == 0)
			found = hierarchy;
	if (f)
		fclose(f);
	return found;
}

static bool has_option(const char *options, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = options; p; p = strchr(p, ','), p = p ? p + 1 : NULL)
		if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0' || p[n] == '\n'))
			return true;
	return false;
}

/* Once, while the mounts can still be asked for. */
static void find_roots(struct cgroups *c)
{
	char line[8192], point[PATH_MAX], type[64], options[4096];
	uint64_t pids = pids_hierarchy();
	FILE *f = fopen("/proc/self/mounts", "re");

	while (f && c->nroots < ROOTS_MAX && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%*s %4095s %63s %4095s", point, type, options) != 3)
			continue;
		bool two = strcmp(type, "cgroup2") == 0;
		if (!two && !(pids && strcmp(type, "cgroup") == 0 && has_option(options, "pids")))
			continue;
		c->hierarchy[c->nroots] = two ? 0 : pids;
		if ((c->root[c->nroots] = strdup(point)))
			c->nroots++;
	}
	if (f)
		fclose(f);
	c->mounts_read = true;
}

const char *const *cgroups_folders(const struct cgroups *c, size_t *n)
{
	*n = c->nroots;
	return c->root;
}

void cgroups_scan(struct cgroups *c)
{
	char path[PATH_MAX + 1];

	if (!c->mounts_read)
		find_roots(c);
	for (size_t i = 0; i < c->nroots; i++) {
		int fd = open(c->root[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		path[0] = '\0';
		if (fd >= 0)
			scan_folder(c, fd, path, 0, c->hierarchy[i], 0);
	}
}

uint64_t cgroups_find(struct cgroups *c, uint64_t hierarchy, const char *path)
{
	for (size_t i = 0; i < c->cap; i++)
		if (c->slot[i].id && c->slot[i].id >> HIERARCHY_SHIFT == hierarchy && strcmp(c->slot[i].path, path) == 0)
			return c->slot[i].id;
	return 0;
}

void cgroup_frame(struct pack *out, uint64_t id, const char *path, size_t len, bool made)
{
	size_t f = frame_begin(out, FRAME_CGROUP);

	pack_uint(out, id);
	pack_bin(out, path, len);
	pack_bool(out, made);
	frame_end(out, f);
}

void cgroups_announce(struct cgroups *c, uint64_t id, struct pack *out)
{
	struct cgroup *g = find(c, id);

	if (!g) {
		cgroups_scan(c);
		g = find(c, id);
	}
	if (!g || g->announced)
		return;
	g->announced = true;
	cgroup_frame(out, id, g->path, strlen(g->path), true);
}

enum cgroup_class cgroups_container(const struct cgroups *c, uint64_t cgroup, const char **id)
{
	const struct cgroup *g = find(c, cgroup);

	if (!g)
		return CGROUP_UNKNOWN;
	*id = g->container;
	return class_of(g);
}
