/* Sending ACKs up one connection: when something new is to be said, and what the socket has not taken yet. */
#ifndef WIRE_ACKER_H
#define WIRE_ACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "ledger.h"
#include "pack.h"

enum { ACK_MS = 5, ACK_BYTES = 64 << 10 };     /* an ACK goes out this long after something new, or this much of the stream */

struct acker {
	struct ledger ledger;
	uint32_t connection;                   /* 0: this one is not acknowledged */
	uint64_t told;                         /* bytes of the stream that had come when the last ACK was sent */
	struct pack unsent;
};

void acker_free(struct acker *a);
/* A new connection of this number: says ACK 0. Returns as acker_send. */
int acker_begin(struct acker *a, uint32_t connection, int fd);
/* Sends what is new. Returns 1, or 0 when the socket takes no more: to be called again when it does. A peer that has gone is
 * no error here: reading says so. */
int acker_send(struct acker *a, int fd, uint64_t offset);
/* Whether there is something to say, and whether it is so much that it should be said at once. */
bool acker_news(const struct acker *a);
bool acker_urgent(const struct acker *a, uint64_t offset);

#endif
