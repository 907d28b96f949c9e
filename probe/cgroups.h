/* Cgroups by id: their paths, and the containers that they stand for. */
#ifndef PROBE_CGROUPS_H
#define PROBE_CGROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/pack.h"

struct cgroups;
enum cgroup_class { CGROUP_UNKNOWN, CGROUP_HOST, CGROUP_CONTAINER };

/* Told of each change of what is known of a cgroup, and of all that is known when it begins to listen. */
typedef void cgroup_told(void *arg, uint64_t id, enum cgroup_class class);

struct cgroups *cgroups_new(void);
void cgroups_listen(struct cgroups *c, cgroup_told *told, void *arg);
void cgroups_free(struct cgroups *c);
/* Reads the folders of the hierarchies that were mounted at the first time: version 2, and the version 1 one that has `pids`. */
void cgroups_scan(struct cgroups *c);
/* Where they are mounted. Borrowed. */
const char *const *cgroups_folders(const struct cgroups *c, size_t *n);
void cgroups_made(struct cgroups *c, uint64_t id, const char *path, size_t len);
void cgroups_gone(struct cgroups *c, uint64_t id);
/* The id of a path of a hierarchy (0: version 2), or 0. */
uint64_t cgroups_find(struct cgroups *c, uint64_t hierarchy, const char *path);
/* Writes CGROUP for an id that was not told of yet; looks for it on disk when it is not known. */
void cgroups_announce(struct cgroups *c, uint64_t id, struct pack *out);
/* `*id` is what container.id prints; borrowed until the next change. */
enum cgroup_class cgroups_container(const struct cgroups *c, uint64_t cgroup, const char **id);
void cgroup_frame(struct pack *out, uint64_t id, const char *path, size_t len, bool made);

#endif
