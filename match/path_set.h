/* The paths of a pmatch: is a value one of them, or below one, component by component? */
#ifndef MATCH_PATH_SET_H
#define MATCH_PATH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"
#include "text_set.h"

struct path_set {
	bool all;                       /* a path without components is above everything */
	struct text_set plain;          /* paths as "/a/b", normalised */
	uint64_t depths;                /* bit n: a plain path with n components is there (63: or with more) */
	struct path_globs {
		const char *const *part;        /* one pattern a component, NUL-terminated */
		size_t n;
	} *globs;
	size_t nglobs;
};

void path_set_init(struct path_set *s, size_t n, struct arena *a);
void path_set_add(struct path_set *s, const char *path, size_t n, struct arena *a);
bool path_set_has(const struct path_set *s, const char *value, size_t n);

#endif
