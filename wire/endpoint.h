/* Where streams come from and go to: `-` (fd 0 or 1), `unix:PATH` (connect, retrying), `listen:PATH` (accept, several).
 * See saker-wire(7), "Endpoints". */
#ifndef WIRE_ENDPOINT_H
#define WIRE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Waits until there may be a frame, `extra_fd` (-1: none) is readable, or `timeout_ms` (-1: for ever) is over; reads what is
 * there. Returns whether extra_fd is readable. Signals interrupt the wait. */
bool input_wait(struct input *in, int timeout_ms, int extra_fd);

/* For an event loop of one's own: the descriptors to watch for reading (at most `max`; returns how many), and reading
 * what one of them has without blocking. */
unsigned input_fds(const struct input *in, int *fds, unsigned max);
void input_read(struct input *in);

/* A stream is recorded when it comes from a regular file or its HELLO says so. */
bool input_recorded(const struct input *in, unsigned stream);
/* 0, or 75 when a live stream in a pipe ended without END. */
int input_status(const struct input *in);
const char *input_error(const struct input *in);

/* Opens the endpoint that frames are written to ("-" when spec is NULL). For listen: it keeps HELLO and the live definitions
 * for who comes late. */
struct output *output_open(const char *spec, char *err, size_t errlen, int *status);
/* Writes whole frames; blocks while no reader takes them. Returns 0, or -1 with errno (EPIPE: the reader has gone). */
int output_write(struct output *out, const uint8_t *frames, size_t n);
/* Writes what `p` holds and empties it. */
int output_flush(struct output *out, struct pack *p);
/* The listening socket to watch, or -1; output_accept takes new consumers without blocking. */
int output_listen_fd(const struct output *out);
void output_accept(struct output *out);
void output_free(struct output *out);

#endif
