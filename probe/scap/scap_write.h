/* From what a capture tells to frames. */
#ifndef PROBE_SCAP_WRITE_H
#define PROBE_SCAP_WRITE_H

#include "scap_state.h"
#include "wire/pack.h"

struct scap_writer {
	struct pack out;
	struct scap_world *w;
	struct map cgroups;            /* by number: those that were told of, as their threads' text; owned */
	uint64_t events;
};

void scap_writer_free(struct scap_writer *o);
void scap_write_name(void *writer, const struct scap_name *n);
/* NAME, when the event is that a user or group was made or deleted. */
void scap_write_name_event(struct scap_writer *o, const struct scap_event *e);
/* PROC and THREAD of all that have changed, each after its parent. */
void scap_write_changes(struct scap_writer *o);
void scap_write_exit(struct scap_writer *o, const struct scap_thread *t, uint64_t time, int64_t status);
void scap_write_event(struct scap_writer *o, const struct scap_now *now, uint64_t number);
/* CONTAINER from the JSON text of a container event, and a process without a number that stands for it. Returns that one's key,
 * 0 when it is no such text. */
uint64_t scap_write_container(struct scap_writer *o, struct scap_bytes json);

#endif
