/* A hash table from 64-bit keys to pointers: open addressing, linear probing, removal without tombstones. */
#ifndef WIRE_MAP_H
#define WIRE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key;
	void *value;                   /* NULL: the slot is free */
};
struct map {
	struct map_slot *slots;
	size_t cap, n;                 /* cap is 0 or a power of two */
};

void *map_get(const struct map *m, uint64_t key);
/* Replaces what is there; `value` is not NULL. Out of memory ends the program with status 71. */
void map_put(struct map *m, uint64_t key, void *value);
void map_remove(struct map *m, uint64_t key);
void map_free(struct map *m);      /* the table, not what it points to */

#endif
