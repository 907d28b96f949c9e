/* What one source has told so far: HELLO, processes, threads, containers, names, hosts. Definitions are kept as the bytes of
 * their frames with an index of where each value begins; fields read from them in place. */
#ifndef MATCH_STATE_H
#define MATCH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/fact.h"
#include "wire/frame.h"
#include "wire/value.h"

enum { STATE_DEAD_MAX = 262144, STATE_DEAD_BYTES = 64 << 20 };

struct state;
struct process;
struct thread;

struct state *state_new(void);
void state_free(struct state *s);

/* Takes a definition (any kind but EVENT and JSON; those of no interest are ignored). Returns 0, or -1 when its body is
 * malformed, with the offset in `*at`. A HELLO of another source forgets everything, one of the same source nothing. */
int state_frame(struct state *s, const struct frame *f, size_t *at);

/* A process by key, dead ones included while they are kept; NULL when unknown. */
const struct process *state_process(const struct state *s, uint64_t key);
const struct process *state_parent(const struct state *s, const struct process *p);
/* By pid among the living (for session and group leaders). */
const struct process *state_pid(const struct state *s, int64_t pid);
/* The thread of that number, with its process; `*t` is NULL when it has nothing of its own. */
const struct process *state_task(const struct state *s, int64_t tid, const struct thread **t);
const struct thread *state_thread(const struct state *s, uint64_t key);

uint64_t process_key(const struct process *p);
uint64_t process_parent_key(const struct process *p);
/* A fact, of the thread where it differs (thread may be NULL). Returns false when it is nil or not there. */
bool process_fact(const struct process *p, const struct thread *t, enum fact n, struct value *v);

/* The thread's id in its own pid namespace, -1 when unknown. */
int64_t thread_vtid(const struct thread *t);
/* Has it that fact of its own? */
bool thread_has(const struct thread *t, enum fact n);

/* Name of a user or group in the container (NULL: host): parts may be nil. Returns false when unknown. */
struct name {
	struct value name, home, shell;
};
bool state_name(const struct state *s, const char *container, bool group, uint64_t number, struct name *out);
/* A value of CONTAINER's map ("image.repository"). */
bool state_container(const struct state *s, const char *id, size_t idlen, const char *field, struct value *v);

/* What a CGROUP says of its hierarchies: [[name, path]...]. */
bool state_cgroup(const struct state *s, uint64_t id, struct value *hierarchies);

/* The newest names of an address (4 or 16 bytes) at a time; at most `max`, returns how many. */
unsigned state_host(const struct state *s, const uint8_t *addr, uint32_t len, uint64_t time, struct value *names, unsigned max);
/* Has any HOST come? */
bool state_has_hosts(const struct state *s);

/* What the newest HELLO says. Valid until the next one. */
struct hello {
	bool seen, recorded;
	const char *host, *boot, *name, *kernel;
	uint64_t start;
	int64_t clock_offset;
	uint8_t types[(454 + 7) / 8];           /* bit set of captured types */
	const char *const *links;               /* pairs: link, target; NULL ends */
};
const struct hello *state_hello(const struct state *s);

/* Counts for STAT. */
uint64_t state_processes(const struct state *s);
uint64_t state_forgotten(const struct state *s);

#endif
