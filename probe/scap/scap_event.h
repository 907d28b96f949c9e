/* One event of a capture: as the file has it, and as today's schema has it. */
#ifndef PROBE_SCAP_EVENT_H
#define PROBE_SCAP_EVENT_H

#include "scap_file.h"
#include "wire/event.h"

struct scap_event {
	uint64_t time;
	int64_t tid;
	uint16_t code, cpu;
	bool hidden;                   /* changes what is known, is not for rules */
	uint64_t offset;               /* in the file */
	unsigned n;
	struct scap_bytes p[EVENT_PARAMS];     /* n is 0 where one is empty */
};

/* Takes a block of events apart: 1, 0 when its type is of a later schema (then it is to be skipped), -1 when it is bad. */
int scap_event_read(struct scap_file *f, const struct scap_block *b, struct scap_event *e);

/* The enter event of the call that a thread is in. */
struct scap_stored {
	bool any;
	struct scap_event event;       /* its parameters point into `bytes` */
	uint8_t *bytes;
};
void scap_stored_set(struct scap_stored *s, const struct scap_event *e);
void scap_stored_free(struct scap_stored *s);

enum scap_verdict {
	SCAP_DROP,                     /* it is nothing that today's schema has */
	SCAP_KEEP,                     /* an enter event, to be remembered for its exit */
	SCAP_ENTER,                    /* the same, and it counts as an event */
	SCAP_SHOW
};
/* Brings the event to today's schema. `stored` is its thread's enter event, or NULL. What it adds lies in `room`, which the
 * caller frees. */
enum scap_verdict scap_convert(struct scap_event *e, const struct scap_stored *stored, uint8_t **room);

/* From a converted enter event, which `stored` holds, the exit event of the same call with what is known at its beginning. False
 * when today's schema has no such event. */
bool scap_beginning(struct scap_event *e, const struct scap_stored *stored, uint8_t **room);

/* Of a parameter: its number, sign-extended; 0 when it is empty. */
int64_t scap_int(const struct scap_event *e, int param);
uint64_t scap_unsigned(const struct scap_event *e, int param);
/* Its text without the NUL at the end; n is 0 for none. */
struct scap_bytes scap_string(const struct scap_event *e, int param);
bool scap_has(const struct scap_event *e, int param);

#endif
