/* A fixed set of texts, asked for membership once per event. */
#ifndef MATCH_TEXT_SET_H
#define MATCH_TEXT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/arena.h"

struct text_set {
	uint64_t lengths;               /* bit n: a text of n bytes is there (63: or of more) */
	uint32_t mask;                  /* slots - 1 */
	struct text_entry { const char *p; uint32_t n, hash; } *slots;
};

/* Makes room for `n` texts; they are borrowed. */
void text_set_init(struct text_set *s, size_t n, struct arena *a);
void text_set_add(struct text_set *s, const char *p, size_t n);
bool text_set_has(const struct text_set *s, const char *p, size_t n);

#endif
