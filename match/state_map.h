/* A hash table from 64-bit keys to pointers: open addressing, linear probing, removal without tombstones. */
#ifndef MATCH_STATE_MAP_H
#define MATCH_STATE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct state_map_slot {
	uint64_t key;
	void *value;                   /* NULL: the slot is free */
};
struct state_map {
	struct state_map_slot *slots;
	size_t cap, n;                 /* cap is 0 or a power of two */
};

void *state_map_get(const struct state_map *m, uint64_t key);
/* Replaces what is there; `value` is not NULL. Out of memory ends the program with status 71. */
void state_map_put(struct state_map *m, uint64_t key, void *value);
void state_map_remove(struct state_map *m, uint64_t key);
void state_map_free(struct state_map *m);      /* the table, not what it points to */

#endif
