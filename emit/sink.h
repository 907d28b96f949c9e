/* Where alerts go: one kind of sink per output, each with its own queue and its own account. */
#ifndef EMIT_SINK_H
#define EMIT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "spool.h"
#include "wire/pack.h"

struct sink;

/* What an output has to offer; sink_kinds is the table of all of them. */
struct sink_kind {
	const char *name;              /* in messages and counters: "stdout" */
	enum conf_key enabled;
	enum conf_key needed;          /* a text key that must not be empty; CONF_KEYS: none */
	/* Gets ready. Returns 0, or -1 with errno. */
	int (*open)(struct sink *s);
	/* As write(2): may take less, -1 with EAGAIN asks to be called again when wait_fd can be written. */
	ssize_t (*write)(struct sink *s, const uint8_t *data, size_t n);
	/* Called when the queue is empty, and at the end. NULL: nothing to do. */
	void (*rest)(struct sink *s), (*close)(struct sink *s);
};

enum {
	SINKS = 2,
	SINK_QUEUE_MAX = 1 << 20,      /* bytes in a queue, after which no more of a recorded stream is taken */
	SINK_LIVE_MAX = 16 << 20       /* and after which alerts of a live one are dropped, unless outputs_queue.capacity says less */
};
extern const struct sink_kind *const sink_kinds[SINKS];

/* Why an alert was dropped. */
enum sink_reason { SINK_FULL, SINK_FAILED, SINK_END, SINK_REASONS };

struct sink_entry {
	uint64_t number;               /* of the alert, in the spool */
	size_t end;                    /* of its line in the queue */
};

/* in = written + dropped + folded + queued, at any time. Folding is not there yet: 0. */
struct sink {
	const struct sink_kind *kind;
	const struct conf *conf;       /* borrowed */
	struct spool_mark *mark;       /* borrowed; kept up to date */
	int fd, wait_fd;               /* -1: none */
	struct pack queue;             /* whole lines, of which the first `sent` bytes are gone */
	size_t sent;
	struct sink_entry *entries;    /* of the lines that are not written whole: entries[first..first+queued) */
	size_t first, cap;
	uint64_t in, written, folded, queued, dropped[SINK_REASONS];
	uint64_t last;                 /* number behind the last alert that came */
	bool fifo;                     /* stays open */
	bool failing;                  /* the last write failed; said once */
	bool gone;                     /* whoever read it has left for good */
	bool full;                     /* waits for wait_fd */
	bool overflowing;              /* the queue was full; said once */
};

/* Returns 0, or -1 with a message when the configuration enables a sink without what it needs, or none at all. */
int sink_check(const struct conf *conf, char *err, size_t errlen);
/* Opens the enabled sinks into `sinks`. Returns how many, or -1 with a message in `err`. */
int sink_open(struct sink sinks[SINKS], const struct conf *conf, char *err, size_t errlen);
void sink_free(struct sink *s);

/* Queues one alert's line, which ends with a newline and has no other. `number` rises from alert to alert. */
void sink_add(struct sink *s, const uint8_t *line, size_t n, uint64_t number);
bool sink_is_full(const struct sink *s);
/* The same, unless the queue is full: then the alert is dropped. */
void sink_add_live(struct sink *s, const uint8_t *line, size_t n, uint64_t number);
/* Writes what can be written without waiting. What can not be written at all is dropped, counted, and said once. */
void sink_flush(struct sink *s);
/* Drops what is queued. */
void sink_drop(struct sink *s, enum sink_reason why);
uint64_t sink_dropped(const struct sink *s);
/* Bytes in the queue. */
size_t sink_queued_bytes(const struct sink *s);

extern const struct sink_kind sink_stdout, sink_file;

#endif
