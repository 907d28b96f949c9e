/* Pieces of facts that many processes have in common: argv, environment, and what comes with a program. Each is kept once, and counted. */
#ifndef MATCH_STATE_PIECES_H
#define MATCH_STATE_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/fact.h"
#include "wire/value.h"

struct piece;

struct pieces {
	struct piece **buckets;
	size_t nbuckets, n;
	uint64_t seed[2];                       /* so that nobody can choose texts that meet in one bucket */
};

/* The `n` facts from `first` on lie in `len` bytes at `data`; `at` has the offset + 1 of each of them, 0 where it is nil or not there. */
struct piece *piece_take(struct pieces *all, enum fact first, unsigned n, const uint32_t *at, const uint8_t *data, uint32_t len);
struct piece *piece_share(struct piece *p);
void piece_drop(struct pieces *all, struct piece *p);   /* NULL too */
/* False when it is nil or not there. */
bool piece_value(const struct piece *p, enum fact n, struct value *v);
/* The table, when no piece is left. */
void pieces_free(struct pieces *all);

#endif
