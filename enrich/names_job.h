/* Reading a container's passwd and group beside the stream: its file system may be slow, or made to block for ever. */
#ifndef ENRICH_NAMES_JOB_H
#define ENRICH_NAMES_JOB_H

#include <uv.h>

#include "names.h"

struct names_job {
	uv_work_t work;
	int64_t pid;                           /* a process of the container */
	char full[65];                         /* the container's full id */
	uint64_t serial;                       /* for `done`: which container this was */
	struct root root;
	bool found;                            /* the root could be opened; `look` and `root` count */
	struct names_look look;
	void (*done)(struct names_job *, void *arg);   /* on the loop's thread; takes `look` over */
	void *arg;
};

/* Starts a job that the caller has allocated and filled; it is freed after `done`. */
void names_job_start(uv_loop_t *loop, struct names_job *job);

#endif
