/* One consumer of an output on sockets: where it is in the backlog, which of the frames that it was sent are which of the backlog,
 * and what it has acknowledged. Internal to the output. */
#ifndef WIRE_CONSUMER_H
#define WIRE_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ack.h"
#include "aside.h"
#include "backlog.h"
#include "definitions.h"
#include "pack.h"
#include "stream.h"

/* Who has not said ACK 0 yet is waited for like one who has, for a while. */
enum stance { UNDECIDED, OBSERVER, ACKNOWLEDGING };

/* Frames sent on the connection from `position` on that are those of the backlog from `index` on. What is sent between them are
 * definitions. */
struct mapped {
	uint64_t position, index, n;
	bool aside;
};

struct exception {
	uint64_t position, index;
};

struct consumer {
	bool present, over;                    /* over: it will say no more */
	enum stance stance;
	struct stream stream;                  /* its socket, and what it says */
	unsigned number;
	uint64_t since;                        /* ms, when it came */
	bool fresh;                            /* has nothing yet */
	bool joining;                          /* does not have every definition yet */
	bool skipped;                          /* has missed something */
	bool tell;                             /* and is to be told */
	uint32_t watched;                      /* epoll events */
	struct pack left;                      /* goes out before the backlog from `cursor` on */
	size_t left_sent;
	uint64_t cursor;
	uint64_t position;                     /* frames that it has been given */
	uint64_t given;                        /* index up to which those of the backlog are among them, */
	uint64_t live;                         /* but for what is no definition below this */
	uint64_t count;                        /* of its last ACK */
	uint64_t acked;                        /* below this index it needs nothing but its exceptions */
	struct mapped *maps;
	size_t nmaps, maps_cap;
	struct exception *except;
	unsigned nexcept;
	uint64_t missed;
};

/* What is behind it, of the output. */
struct supply {
	struct backlog *backlog;
	struct definitions *definitions;
	struct asides *asides;
	/* Appends the STAT that says what was missed. */
	void (*tell)(void *arg, uint64_t missed, struct pack *p);
	void *arg;
};

/* Takes the socket over. Of what is in the backlog below the index `live` it needs definitions only. */
void consumer_begin(struct consumer *c, unsigned number, int fd, const struct backlog *b, uint64_t live);
void consumer_end(struct consumer *c);
/* Sends what the socket takes without waiting. Returns 1 when it has everything, 0 when there is more, -1 when it is gone. */
int consumer_feed(struct consumer *c, const struct supply *s);
/* Whether everything has gone into its socket. */
bool consumer_fed(const struct consumer *c, const struct backlog *b);
/* The backlog from `offset` on is all there is now: notes what is missed. To be called before the frame at the tail leaves; returns
 * whether the consumer has it. */
bool consumer_leaves(struct consumer *c, const struct backlog *b, const struct frame *f);
/* The tail has moved. */
void consumer_follow(struct consumer *c, const struct backlog *b);
/* Takes an ACK. `lifted(arg, index)` is called for each frame that is no exception any more. Returns 0, or -1 with the reason. */
int consumer_ack(struct consumer *c, const struct ack *a, void (*lifted)(void *, struct consumer *, uint64_t), void *arg,
	char *err, size_t errlen);
/* Whether it has excepted this frame. */
bool consumer_excepts(const struct consumer *c, uint64_t index);

#endif
