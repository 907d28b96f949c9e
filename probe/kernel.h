/* The kernel side: loading and attaching the BPF programs, their ring, their counters, the snapshot. */
#ifndef PROBE_KERNEL_H
#define PROBE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/event.h"
#include "wire/stat.h"

struct kernel;
struct plan;
struct ring;

struct kernel_config {
	uint64_t ring_size;                    /* bytes, a power of two */
	uint32_t snaplen;                      /* bytes of what is read or written that are kept, at most RAW_TEXT: see kernel.c */
	bool types[EVENT_TYPES];               /* which events are captured */
	uint32_t wants;                        /* RAW_WANT_*: what each brings besides, where there is no plan */
	const struct plan *plan;               /* and which of them pass; NULL: all, and there will be no plan */
	bool report;                           /* say on standard error what loading costs */
	bool verbose;                          /* let libbpf and the verifier say on standard error what they do not like */
};

/* Loads and attaches. NULL: `err` says what failed, `*status` is the exit status that fits (69, 71, 77). */
struct kernel *kernel_open(const struct kernel_config *c, char *err, size_t errlen, int *status);

/* The holder's: what takes the links. No more events: detaches and waits for programs that still run. */
void kernel_detach(struct kernel *k);
/* Whether calls are seen before they are made. Returns 0, or -1 with errno. */
int kernel_watch_enter(struct kernel *k, bool on);
/* A descriptor whose reading to its end puts processes into the ring; -1 with errno. */
int kernel_iterator(struct kernel *k);

/* Are there types that have to be seen before they are made? */
bool kernel_wants_enter(const bool types[EVENT_TYPES]);
/* Another plan (NULL: all pass) and other types, without a gap. Returns 0, or -1 with errno: then the old one stays. */
int kernel_set_plan(struct kernel *k, const struct plan *plan, const bool types[EVENT_TYPES]);
/* Counts plans: of the one in force. */
uint32_t kernel_plan_serial(const struct kernel *k);
/* For a reader that finds a plan of another reader in force: these are its types. What was begun and not finished is. */
void kernel_take_plan(struct kernel *k, const bool types[EVENT_TYPES]);
/* Whose cgroup it is: RAW_CLASS_* of raw_plan.h. */
void kernel_set_cgroup(struct kernel *k, uint64_t id, uint32_t class);

/* The reader's. Called for each record; borrowed until it returns. Returns whether to go on with the next one. */
typedef bool kernel_record(void *arg, const void *data, size_t size);
/* Opens the ring for reading and lets the links go, which the holder keeps. Returns 0, or -1 with errno. */
int kernel_read(struct kernel *k, kernel_record *cb, void *arg);
int kernel_map(const struct kernel *k);        /* the ring's descriptor among BPF's */
int kernel_fd(const struct kernel *k);         /* readable when there are records for which the reader is woken, until kernel_consume */
/* Hands the records that are there to the callback. Returns 0 when there are no more, 1 when it wanted no more or one is
 * still being written, -1 with errno. */
int kernel_consume(struct kernel *k);
/* Its consumer is where the next record begins: the same for every reader of it. */
const struct ring *kernel_ring(const struct kernel *k);
/* Has this kernel a task iterator that can read other processes' memory (5.18)? */
bool kernel_can_iterate(const struct kernel *k);
/* Puts every process into the ring, or only those that user space does not know, by an iterator, which is closed. Returns 0, or -1
 * with errno. */
int kernel_snapshot(struct kernel *k, int iterator, bool unsent);
/* How many definitions found no room in the ring so far. */
uint64_t kernel_definitions_lost(const struct kernel *k);
/* Adds the counters of the kernel side. */
void kernel_stats(const struct kernel *k, struct stat_writer *w);
void kernel_free(struct kernel *k);

#endif
