/* The records that enrich looks into, as far as it needs them. */
#ifndef ENRICH_RECORDS_H
#define ENRICH_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"
#include "wire/pack.h"

/* Each returns 0, or -1 when the body is malformed; `*at` is then the offending offset in it. */

struct hello {
	const uint8_t *source;                 /* the source value as it is on the wire; borrowed */
	size_t source_len;
	const uint8_t *boot;
	uint32_t boot_len;
};
int hello_read(const struct frame *f, struct hello *h, size_t *at);

enum proc_container { PROC_ABSENT, PROC_HOST, PROC_UNKNOWN, PROC_NAMED };
struct proc {
	int64_t pid;                           /* 0: not there */
	uint64_t cgroup;                       /* 0: not there */
	enum proc_container container;
	const uint8_t *id;                     /* of PROC_NAMED; borrowed */
	uint32_t id_len;
	size_t fact_at, fact_len;              /* where the container fact lies in the body */
};
int proc_read(const struct frame *f, struct proc *p, size_t *at);
/* Packs the PROC again with another container fact: an id, or nil when that is NULL. */
void proc_rewrite(struct pack *out, const struct frame *f, const struct proc *p, const char *id);

struct cgroup_record {
	uint64_t id;
	const char *path;                      /* borrowed, not NUL-terminated */
	uint32_t len;
	bool made;
};
int cgroup_read(const struct frame *f, struct cgroup_record *c, size_t *at);

/* END's reason; empty when it has none. */
void end_reason(const struct frame *f, char *reason, size_t len);

#endif
