/* Records of the ring as the user side reads them: bounds-checked items, and paths put together. */
#ifndef PROBE_RECORD_H
#define PROBE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "raw.h"
#include "wire/pack.h"

enum { RECORD_PARAMS = 32, RECORD_STANDARD = 3 };

/* A record with its items by what they are for. Borrowed from the ring. */
struct record {
	const struct raw_head *head;
	size_t fixed;                                          /* length of the fixed part */
	const struct raw_item *value[RECORD_PARAMS];           /* BYTES, FD, ADDR, NUMBER, PATH */
	const struct raw_item *passed[RECORD_PARAMS], *base[RECORD_PARAMS];
	const struct raw_item *kinds, *standard[RECORD_STANDARD], *extra[RAW_EXTRAS];
};

/* Returns 0, or -1 when the record is not what its lengths say. */
int record_open(struct record *r, const void *data, size_t size);
static inline const void *item_data(const struct raw_item *it)
{
	return it + 1;
}

enum { PATH_TEXT = 2 * RAW_TEXT };
#define PATH_OUTSIDE "(unreachable)"    /* stands before a path that does not lie below the task's root */
/* Puts components together; returns the length, 0 when there is no path. `out` has room for PATH_TEXT. */
size_t record_path(char *out, const char *names, size_t n, enum raw_path how);

/* The file of an FD or BASE item, or NULL when the descriptor was not open; its path goes to `out`. */
const struct raw_file *item_file(const struct raw_item *it, char *out, size_t *len);
const struct raw_sock *item_sock(const struct raw_item *it);

#endif
