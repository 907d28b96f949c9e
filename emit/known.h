/* The last alerts that came, by a hash of origin and rule, in memory that may be a file's. */
#ifndef EMIT_KNOWN_H
#define EMIT_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "alert.h"

enum { KNOWN_LAST = 65536, KNOWN_SLOTS = 2 * KNOWN_LAST };

/* `count` alerts were remembered for good, the last of them in slot (count - 1) % KNOWN_SLOTS. The other half of the slots is for
 * those that are not yet for good: a process that dies then has not spoilt the ones before. */
struct known_file {
	uint64_t count;
	uint64_t slots[KNOWN_SLOTS][2];
};

struct known {
	struct known_file *file;               /* borrowed */
	uint64_t count;                        /* with those that are not for good */
	uint32_t *heads, *chain;               /* slots by hash; 0: none, else one more than the slot */
};

/* Takes in what the file has. */
void known_open(struct known *k, struct known_file *file);
void known_close(struct known *k);
/* Whether the alert was there; else it is remembered, and for good by known_keep. */
bool known_alert(struct known *k, const struct alert *a);
void known_keep(struct known *k);

#endif
