/* What events do to what is known: threads, descriptors, folders, sockets. */
#ifndef PROBE_SCAP_STATE_H
#define PROBE_SCAP_STATE_H

#include "scap_lists.h"

struct scap_world {
	struct scap_threads threads;
	struct scap_interfaces interfaces;
	struct scap_machine machine;
};

/* An event while it is worked on. */
struct scap_now {
	struct scap_world *w;
	struct scap_event *e;
	const struct event_type *type;
	struct scap_thread *thread;    /* NULL: the event has none */
	struct scap_fd *fd;            /* that it works on, when it is known */
	int64_t number;                /* of that descriptor; -1: none */
	bool changed;                  /* the descriptor's name */
	bool enters;                   /* the call begins: it has no result yet, and has changed nothing */
	uint64_t latency;              /* ns since the call began; 0: not told */
	uint64_t process;              /* key of the process that stands for a container, in its event; else 0 */
};

/* Finds the event's thread, and does what the event does. */
void scap_before(struct scap_now *now);
/* The same of a call that begins. */
void scap_enter(struct scap_now *now);
/* What must wait until the event was shown: closing, the end of a thread. Returns the thread that has ended, or NULL; the
 * caller tells of it and removes it. */
struct scap_thread *scap_after(struct scap_now *now);

/* Index of a parameter by name, or -1. */
int scap_param(const struct scap_now *now, const char *name);
/* The result of the call; false when the event has none. */
bool scap_result(const struct scap_now *now, int64_t *result);
/* The path that a call means: `param` as passed, relative to the descriptor in `dir` (-1: to the working folder). */
size_t scap_path(const struct scap_now *now, struct scap_bytes passed, int dir, char *out, size_t cap);
/* The folder that a path is relative to, for the wire: empty for the working folder; "<UNKNOWN>" when it is not known. */
struct scap_bytes scap_base(const struct scap_now *now, int dir);

/* The pieces, each in a file of its own: what events of these codes do. Each returns whether it knew the code. */
bool scap_life(struct scap_now *now);
bool scap_files(struct scap_now *now);
bool scap_sockets(struct scap_now *now);
bool scap_facts(struct scap_now *now);

/* Which end a socket of the snapshot is. */
void scap_snapshot_role(const struct scap_fds *fds, struct scap_fd *fd);

/* An address of a parameter: SOCKTUPLE, SOCKADDR (as the target). */
bool scap_tuple_read(struct scap_bytes b, struct scap_address *a);
bool scap_sockaddr_read(struct scap_bytes b, struct scap_address *a);
bool scap_same_ends(const struct scap_address *a, const struct scap_address *b);

#endif
