/* Containers by cgroup and by id: what is known of them, and telling it before it is used. */
#ifndef ENRICH_CONTAINERS_H
#define ENRICH_CONTAINERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engines.h"
#include "wire/pack.h"

struct container;
struct containers;

/* CONTAINER and NAME records are packed into `out`, outside of calls too; `woken(arg)` is then called. All are
 * borrowed. */
struct containers *containers_new(uv_loop_t *loop, struct engines *engines, struct pack *out, void (*woken)(void *),
	void *arg);
void containers_free(struct containers *cs);
/* Forgets everything: another source begins. */
void containers_reset(struct containers *cs);

/* A cgroup was made, or is gone. A container that is new by it is looked up. */
void containers_cgroup(struct containers *cs, uint64_t cgroup, const char *path, size_t len, bool made);
/* The container that a cgroup belongs to; NULL for the host's. `*known` tells whether the cgroup was told at all. */
struct container *containers_by_cgroup(const struct containers *cs, uint64_t cgroup, bool *known);
struct container *containers_by_id(const struct containers *cs, const char *id, size_t len);
const char *container_short_id(const struct container *c);

/* To be asked before a record that names the container, for a process of it, goes on. False: hold the stream and ask
 * again, at most HOLD_MS for one container in all; true: what is known has been packed. */
enum { CONTAINERS_HOLD_MS = 50 };
bool containers_ready(struct containers *cs, struct container *c, int64_t pid);

/* Tries again what could not be read; to be called every CONTAINERS_RETRY_MS while containers_hurry says so, else every
 * second. */
enum { CONTAINERS_RETRY_MS = 5 };
void containers_retry(struct containers *cs);
bool containers_hurry(const struct containers *cs);
/* Whether another thread still reads a container's files. */
bool containers_reading(const struct containers *cs);

#endif
