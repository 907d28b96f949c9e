/* What the holder has opened and every reader inherits, and what a reader asks of it: one byte each way on a pair of sockets. */
#ifndef PROBE_HELD_H
#define PROBE_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/options.h"
#include "kernel.h"
#include "wire/spec.h"

struct held {
	const struct options *options;
	const struct kernel_config *config;
	struct kernel *kernel;
	const char *plan_path;                 /* of -p; NULL: there is none to be read again */
	int plans[2];                          /* the texts of plans; see plan_held.c */
	struct source source;
	struct source_buf source_buf;
	int64_t clock_offset;
	struct pack hello;
	size_t buffer_size;
	int buffer;                            /* the memfd */
	int pipe[2];                           /* on the way to standard output; see standard.c */
	struct spec output;
	int listener;                          /* -1: none */
	int holder;                            /* the reader's end of the pair */
};

enum held_request {
	HELD_READY = 'r',                      /* everything is in place; not answered */
	HELD_DETACH = 'd',
	HELD_ENTER_ON = 'E', HELD_ENTER_OFF = 'e',     /* see calls before they are made, or no longer */
	HELD_ITERATOR = 'i'                    /* a new task iterator */
};
/* How a reader ends that wants another one to begin where it stood, with the privileges of the beginning. */
enum { READER_AGAIN = 32 };

/* Asks the holder. Returns 0, or the descriptor that was asked for; -1 with errno (EPIPE: there is no holder any more). */
int held_ask(const struct held *h, enum held_request what);
/* For the holder: takes a request from `fd` and answers it. Returns it, or 0 when there is none. */
int held_answer(struct held *h, int fd);

#endif
