/* Container ids from cgroup paths: one function for the probe, enrich and the plan. */
#ifndef WIRE_CGROUP_H
#define WIRE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

enum { CONTAINER_ID_SHORT = 12, CONTAINER_ID_MAX = 64 };

struct container_id {
	char full[CONTAINER_ID_MAX + 1];       /* as in the path */
	char id[CONTAINER_ID_MAX + 1];         /* what container.id prints: the first 12 characters of a 64-digit id */
	const char *runtime;                   /* "docker", "podman", "cri", "containerd", "lxc", ...: by the shape of the path alone */
};

/* Returns whether `path`, a cgroup's path below the root of its hierarchy, is a container's; fills `c` when it is. */
bool cgroup_container(const char *path, size_t len, struct container_id *c);

#endif
