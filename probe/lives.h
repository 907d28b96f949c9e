/* Processes that came and went while the ring was not read, of which no event tells and to which nothing refers: nobody needs to
 * hear of them. */
#ifndef PROBE_LIVES_H
#define PROBE_LIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "raw.h"
#include "ring.h"

enum { LIVES_MAX = 3072 };                     /* births that are looked at together */

struct lives;

struct lives *lives_new(void);
void lives_free(struct lives *l);
/* Looks at what waits in the ring from `at` on, up to lives_end. Who was born before `since` may have been told of in another way, and
 * is not left out; nor is anybody if not all births were told (`whole`). */
void lives_look(struct lives *l, const struct ring *ring, uint64_t at, uint64_t since, bool whole);
uint64_t lives_end(const struct lives *l);
/* Is this record, which lies before lives_end, to be left out? */
bool lives_unused(const struct lives *l, const struct raw_head *h);
/* The keys of those that are left out up to lives_end, at most LIVES_MAX; and back, for a reader that goes on in the middle. */
size_t lives_save(const struct lives *l, uint64_t *keys);
void lives_restore(struct lives *l, uint64_t end, const uint64_t *keys, size_t n);

#endif
