/* What a consumer keeps of one connection that it acknowledges: which of the frames that came are safe, which are excepted,
 * and so what the next ACK says. A frame is in flight from ledger_take until ledger_safe; the first one in flight ends the
 * count of the ACK, while one that is held (ledger_hold) is an exception that does not. */
#ifndef WIRE_LEDGER_H
#define WIRE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pack.h"

struct ledger {
	uint64_t base, next;                   /* frames below base are safe or excepted; next has not come yet */
	uint8_t *states;                       /* of base to next, in a ring */
	size_t cap;                            /* a power of two, or 0 */
	uint64_t *except;                      /* ascending, below base */
	unsigned nexcept, nheld;               /* nheld: held ones from base on */
	bool changed;                          /* since the last ledger_ack */
};

void ledger_free(struct ledger *l);
/* Another connection. */
void ledger_reset(struct ledger *l);
/* The next frame has come: returns its position. */
uint64_t ledger_take(struct ledger *l);
/* `n` frames from `position` on are safe, whether they were held or not. Positions that have not come are ignored. */
void ledger_safe(struct ledger *l, uint64_t position, uint64_t n);
/* Returns whether the frame, which is in flight, is held now; false when there are ACK_EXCEPT_MAX already. */
bool ledger_hold(struct ledger *l, uint64_t position);
/* Appends the ACK that says all of it. */
void ledger_ack(struct ledger *l, struct pack *p);

#endif
