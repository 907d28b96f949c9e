/* The inside of an output on sockets, shared by its files: output.c is the endpoint, consumers.c who is there, release.c what
 * leaves the backlog. */
#ifndef WIRE_OUTPUT_PARTS_H
#define WIRE_OUTPUT_PARTS_H

#include "consumer.h"
#include "endpoint.h"
#include "kept.h"
#include "rests.h"
#include "spec.h"
#include "stat.h"

enum {
	CONSUMERS = DEFINITIONS_CONSUMERS,
	BACKLOG_FULL = 16 << 20,               /* bytes from which a stage is to read no more; a JSON frame of any size still fits */
	BACKLOG_SIZE = 2 * BACKLOG_FULL,
	GIVE_WAY = BACKLOG_FULL / 8,           /* how much an observer misses at least, when it does */
	UNDECIDED_MS = 200                     /* how long a consumer may take to say ACK 0 */
};

struct output {
	struct spec spec;
	int listener, epoll, clock;            /* -1: none */
	struct consumer consumers[CONSUMERS];
	unsigned npresent, nslots;             /* nslots: one more than the highest number in use */
	struct definitions *definitions;
	struct backlog backlog;
	size_t full;                           /* bytes of it from which no more input is to be read */
	bool kept;                             /* backlog and listener are somebody else's, and stay */
	struct asides asides;
	uint64_t safe;                         /* frames of the backlog below this index are, but for the asides */
	struct rests rests;
	struct input *upstream;                /* NULL: nothing rests on input */
	uint64_t owed[CONSUMERS];              /* what those need who acknowledged, have gone, and will come back */
	unsigned nowed;
	bool ended;                            /* the last frame was END */
	bool changed;                          /* somebody came or went: the clock is to be set */
	bool drained;                          /* it was tried */
	bool forgotten;                        /* said once */
	uint64_t retry_at;
	unsigned backoff;
	const struct source *source;           /* for STAT; NULL: observers are not told */
	struct ack ack;
};

/* As output_open; `kept` is NULL for a backlog of its own. */
struct output *output_new(const char *spec, const struct kept *kept, char *err, size_t errlen, int *status);
/* Sends what the consumers take, and lets go what nobody needs. */
void consumers_feed(struct output *out);
/* A connection. */
void consumers_join(struct output *out, int fd);
void consumers_handle(struct output *out, unsigned number, uint32_t events);
/* Who has had time to say ACK 0 and has not is an observer. Returns when the next one's time is over, 0: nobody's. */
uint64_t consumers_decide(struct output *out);

/* Says what is safe, and lets go what nobody needs any more, below the offset `give_way` also what only observers lack. */
void release(struct output *out, uint64_t give_way);
/* A frame that was set aside for the consumer needs to be kept for it no more. */
void release_aside(struct output *out, uint64_t index, const struct consumer *c);
/* Room in a backlog that is full, at the cost of those who do not hold anybody back. */
void release_room(struct output *out);

#endif
