/* What the command line asked for, and the ways of doing it. */
#ifndef FRAMES_JOB_H
#define FRAMES_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "sieve.h"
#include "vocabulary.h"
#include "wire/endpoint.h"

enum { JOB_BATCH = 64 << 10 };                 /* bytes that are gathered at most while more input is at hand */

struct job {
	const char *const *inputs;
	unsigned ninputs;
	bool binary;                           /* frames out, not JSON */
	bool select;                           /* only kinds in `kinds` */
	bool kinds[256];                       /* by kind + 128 */
	uint64_t count;                        /* leave after so many; 0: no end */
	const char *source, *time;             /* --json-source, --time */
	struct sieve sieve;                    /* --plan */

	struct output *output;
	struct vocabulary vocabulary;
	struct pack out;
	uint64_t written;
};

/* What is read. NULL when it can not be opened, which has been said: `*status` is then the exit status. */
struct input *job_input(const struct job *j, int *status);
/* Whether a frame of this kind is to be written. */
bool job_selected(const struct job *j, int kind);
/* One more was written: returns whether that was the last. */
bool job_counted(struct job *j);
/* Writes what has been gathered. Returns false when the reader has gone; leaves the program on other errors. */
bool job_flush(struct job *j);

/* Each returns the exit status; what is wrong has been said. */
int decode_run(struct job *j);                 /* frames to JSON lines, or with `binary` to frames */
int encode_run(struct job *j);                 /* JSON lines to frames */
int source_run(struct job *j);                 /* any JSON log to JSON records */
int to_scap_run(struct job *j);                /* frames to a capture */
int status_run(struct job *j, bool json);      /* what the stages count; 66: none did */

#endif
