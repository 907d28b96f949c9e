/* Where streams come from and go to: `-` (fd 0 or 1), `unix:PATH` (connect, retrying), `listen:PATH` (accept, several).
 * See saker-wire(7), "Endpoints". */
#ifndef WIRE_ENDPOINT_H
#define WIRE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "frame.h"
#include "pack.h"

struct input;
struct output;

enum { INPUT_MAX = 16 };               /* -i options of one stage */

/* Opens the streams that `specs` name ("-" when n is 0). A spec that can not be used ends up in `err`: NULL is returned, and
 * `*status` is the exit status that fits. */
struct input *input_open(const char *const *specs, unsigned n, char *err, size_t errlen, int *status);
void input_free(struct input *in);

enum input_result {
	INPUT_FRAME = 1,               /* `f` is the next frame; valid until the next input_wait */
	INPUT_EMPTY = 0,               /* no whole frame is here: write out what is ready, then input_wait */
	INPUT_DONE = 2,                /* every stream has ended; input_status says how */
	INPUT_BAD = -1                 /* malformed, see input_error; status 65 */
};
enum input_result input_next(struct input *in, struct frame *f);
/* To be called when what was ready is written out, or no more is taken for now: what acknowledges must not hold up what goes on.
 * input_wait does it. */
void input_paused(struct input *in);

/* Waits until there may be a frame, `extra_fd` (-1: none) is readable, or `timeout_ms` (-1: for ever) is over; reads what is
 * there. Returns whether extra_fd is readable. Signals interrupt the wait. */
bool input_wait(struct input *in, int timeout_ms, int extra_fd);

/* For an event loop of one's own: the descriptors to watch for reading (at most `max`; returns how many), and reading
 * what one of them has without blocking. */
unsigned input_fds(const struct input *in, int *fds, unsigned max);
void input_read(struct input *in);

/* Acknowledgement (saker-wire(7)). A stage that calls this, once and before the first input_next, acknowledges what comes by
 * sockets: it says ACK 0 first on each connection, and owes for each frame one input_safe. Until then the frame is in flight, and
 * the producer keeps it and what came behind it. Pipes and files are not acknowledged; their frames have connection 0, for which
 * the functions below do nothing. ACKs are sent within input_paused, input_safe, input_hold, input_wait, input_read and
 * input_free. */
void input_acknowledge(struct input *in);
/* The frame, and those of the same connection up to n - 1 positions behind it, are safe. */
void input_safe(struct input *in, const struct frame_ref *r, uint64_t n);
/* The frame waits, but what came behind it need not: it is excepted from ACKs until input_safe. Returns false when it can not be,
 * because its stream is not acknowledged or ACK_EXCEPT_MAX frames are; then it stays in flight. */
bool input_hold(struct input *in, const struct frame_ref *r);
/* Sends what there is to acknowledge without waiting for more: for who does not read on. */
void input_settle(struct input *in);

/* A stream is recorded when it comes from a regular file or its HELLO says so. */
bool input_recorded(const struct input *in, unsigned stream);
/* 0, or 75 when a live stream in a pipe ended without END. */
int input_status(const struct input *in);
const char *input_error(const struct input *in);

/* Opens the endpoint that frames are written to ("-" when spec is NULL). On sockets frames go through a backlog in memory. What a
 * consumer that acknowledges has not acknowledged stays there, also while it is away; who connects gets the live definitions as
 * they were before the backlog, then the backlog. While nobody is connected everything stays. An observer, who does not
 * acknowledge, misses what leaves the backlog before it has taken it. */
struct output *output_open(const char *spec, char *err, size_t errlen, int *status);
/* From now on what becomes safe here is told to `in` (borrowed, until output_free), see output_batch. */
void output_rest_on(struct output *out, struct input *in);
/* Whose STAT tells observers what they missed. Borrowed. */
struct source;
void output_named(struct output *out, const struct source *source);

/* Writes whole frames. Blocks while a pipe's reader, or of sockets the backlog, takes no more. Returns 0, or -1 with errno (EPIPE:
 * the reader of the pipe has gone). */
int output_write(struct output *out, const uint8_t *frames, size_t n);
/* Writes what the batch holds, and empties it. What its frames rest on is safe when every consumer that acknowledges has acknowledged
 * them and the others have had their chance; in a pipe, when they are written. */
int output_batch(struct output *out, struct batch *b);
/* Passes frames on as they came, one behind the other by one connection from `first` on; they rest each on itself. */
int output_pass(struct output *out, const uint8_t *frames, size_t n, const struct frame_ref *first);
/* Writes what `p` holds and empties it. */
int output_flush(struct output *out, struct pack *p);
/* Whether the backlog is so full that a stage must read no more input until output_listen_fd has been readable. Writing still
 * works, and blocks only when as much again has been written. */
bool output_full(struct output *out);
/* One descriptor for listening sockets, consumers and the clock of reconnecting, to watch for reading; or -1. output_accept does what
 * there is to do without blocking: takes new consumers and their ACKs, sends, connects again. */
int output_listen_fd(const struct output *out);
void output_accept(struct output *out);
/* Waits for that (-1: for ever), and does it. */
void output_wait(struct output *out, int timeout_ms);
/* Waits until everybody has taken, or acknowledged, what was written: nobody there is waited for, for `timeout_ms` in all (-1: for
 * ever). Observers that do not move are given a second. Returns whether nothing is left. */
bool output_drain(struct output *out, int timeout_ms);
/* Whether nobody lacks anything but observers that do not move. */
bool output_only_observers(const struct output *out);
/* Drains first, unless that was tried: for ever when the last frame was END, else for a second. */
void output_free(struct output *out);

#endif
