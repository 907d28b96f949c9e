/* Names looked up by hash. Arrays that grow in an arena: vec_room of wire/arena.h. */
#ifndef MATCH_VEC_H
#define MATCH_VEC_H

#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"

/* Names to numbers. All zero is an empty table. */
struct names {
	struct name_slot { const char *name; uint32_t number; } *slots;
	size_t n, cap;
};
/* The number of a name, or -1. */
int64_t names_find(const struct names *t, const char *name);
int64_t names_find_n(const struct names *t, const char *name, size_t n);
/* Adds a name that is not there yet; `name` is borrowed. */
void names_add(struct names *t, struct arena *a, const char *name, uint32_t number);

uint64_t hash_bytes(const void *p, size_t n);

#endif
