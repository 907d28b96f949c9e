/* Host names that rules use: looked up beside the stream, one at a time on libuv's threads, and told in HOST records. */
#ifndef ENRICH_HOSTS_H
#define ENRICH_HOSTS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "wire/pack.h"

struct hosts;

/* The names of a file, one a line; blank lines and what follows # do not count. A file that is no such list ends the program with
 * 78. Each is looked up again after `ttl` seconds. */
struct hosts *hosts_read(const char *path, uint64_t ttl);
/* Frees it; not while hosts_busy. NULL is none. */
void hosts_free(struct hosts *h);

/* Where records are packed to, outside of calls too; `told(arg)` is then called. All are borrowed. */
void hosts_begin(struct hosts *h, uv_loop_t *loop, struct pack *out, void (*told)(void *), void *arg);
/* Packs HOST for every name, without addresses where they are not known, and begins to look up. */
void hosts_send(struct hosts *h, struct pack *out);
/* To be called every second: looks up what is due. */
void hosts_check(struct hosts *h);
/* Whether a look-up is under way, which can not be ended. */
bool hosts_busy(const struct hosts *h);

#endif
