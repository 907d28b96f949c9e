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

struct kernel_config {
	uint64_t ring_size;                    /* bytes, a power of two */
	uint32_t snaplen;                      /* bytes of what is read or written that are kept, at most RAW_TEXT */
	bool types[EVENT_TYPES];               /* which events are captured */
	const struct plan *plan;               /* and which of them pass; NULL: all */
	bool report;                           /* say on standard error what loading costs */
	bool verbose;                          /* let libbpf and the verifier say on standard error what they do not like */
};

/* Called for each record; borrowed until it returns. */
typedef void kernel_record(void *arg, const void *data, size_t size);

/* Loads and attaches. NULL: `err` says what failed, `*status` is the exit status that fits (69, 71, 77). */
struct kernel *kernel_open(const struct kernel_config *c, kernel_record *cb, void *arg, char *err, size_t errlen,
	int *status);
/* Another plan (NULL: all pass) and other types, without a gap. Returns 0, or -1 with errno: then the old one stays. */
int kernel_set_plan(struct kernel *k, const struct plan *plan, const bool types[EVENT_TYPES]);
/* Whose cgroup it is: RAW_CLASS_* of raw_plan.h. */
void kernel_set_cgroup(struct kernel *k, uint64_t id, uint32_t class);
int kernel_fd(const struct kernel *k);         /* readable when there are records */
/* Hands all records that are there to the callback; returns how many, or -1 with errno. */
int kernel_consume(struct kernel *k);
/* Has this kernel a task iterator that can read other processes' memory (5.18)? */
bool kernel_can_iterate(const struct kernel *k);
/* Puts every process into the ring, or only those that user space does not know. Returns 0, or -1 with errno. */
int kernel_snapshot(struct kernel *k, bool unsent);
/* How many definitions found no room in the ring so far. */
uint64_t kernel_definitions_lost(const struct kernel *k);
/* No more events: detaches and waits for programs that still run. */
void kernel_detach(struct kernel *k);
/* Adds the counters of the kernel side. */
void kernel_stats(const struct kernel *k, struct stat_writer *w);
void kernel_free(struct kernel *k);

#endif
