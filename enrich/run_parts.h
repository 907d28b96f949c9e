/* The state of a run, shared by what each frame causes (passage.c) and the event loop (run.c). */
#ifndef ENRICH_RUN_PARTS_H
#define ENRICH_RUN_PARTS_H

#include <uv.h>

#include "containers.h"
#include "holds.h"
#include "hosts.h"
#include "names.h"
#include "run.h"
#include "wire/stat.h"

enum { STREAMS = 64 };

/* Of each incoming stream: whether it tells of this host as it is now, and which source it is. */
struct stream {
	bool live;
	uint8_t *source;
	size_t source_len;
};

struct run {
	uv_loop_t loop;
	uv_poll_t readable, joining;
	uv_timer_t tick, quick;
	uv_async_t stop, reload;
	struct input *in;
	struct output *out;
	struct batch batch;                    /* what goes out next */
	const uint8_t *span;                   /* and behind it these bytes of the input, */
	size_t span_len;                       /* which are whole frames that go on as they are */
	struct frame_ref span_ref;             /* of the first of them */
	struct holds holds;                    /* frames that wait for what is known of their containers, */
	const struct container *waiting;       /* of this one in the end; */
	struct frame held;
	bool holding;                          /* or `held`, and the whole stream with it, where nothing can be excepted */
	bool forced;                           /* nothing waits any more */
	bool full;                             /* the output takes no more for the time being */
	bool told;                             /* a HELLO has gone on */
	bool beat;                             /* a STAT has gone on since the last tick */
	bool interrupted, over, unread;                     /* unread: nobody takes the output any more */
	int status;
	char reason[256];                      /* why the stream ended */
	struct stream streams[STREAMS];
	struct engines engines;
	struct containers *containers;
	struct names names;                    /* the host's */
	const struct options *options;         /* borrowed */
	bool reloading;                        /* a reload waits */
	unsigned reloads;
	struct hosts *hosts;                   /* NULL: no names of hosts are asked for */
	struct source source;
	struct source_buf source_buf;
	uint64_t totals[STAT_COUNT];
	uint64_t ticked;                       /* when, by the loop's clock */
};

/* The run ends soon: with this status, and for that reason unless it is NULL. */
void run_end(struct run *r, int status, const char *reason);
/* Takes a frame: it goes on, or is held with what it waits for. False: it is to be taken again, and nothing behind it before. */
bool passage_take(struct run *r, const struct frame *f);
/* Frames that were held, as far as they no longer wait; `forced`: all of them. */
void passage_release(struct run *r, bool forced);
/* What was put between the frames goes behind those that came before it. */
void passage_gather(struct run *r);
/* Writes what has gone on. */
void passage_write(struct run *r);
/* Users and groups of the host, if they have changed. */
void passage_names(struct run *r);

#endif
