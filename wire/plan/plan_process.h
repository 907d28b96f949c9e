/* What the reference filter remembers of processes. For the files plan*.c alone. */
#ifndef WIRE_PLAN_PROCESS_H
#define WIRE_PLAN_PROCESS_H

#include "wire/fact.h"
#include "wire/frame.h"
#include "wire/map.h"
#include "plan_links.h"
#include "wire/value.h"

struct plan_process;
struct plan_thread;
struct plan_processes {
	struct map by_key, threads;
	uint8_t *source;               /* HELLO's source value: another one begins anew */
	size_t nsource;
	struct plan_links links;
};

/* Takes HELLO, PROC, THREAD and EXIT; others, and what is malformed, say nothing. */
void plan_processes_take(struct plan_processes *all, const struct frame *f);
void plan_processes_free(struct plan_processes *all);

/* A living process, or NULL. */
const struct plan_process *plan_process(const struct plan_processes *all, uint64_t key);
const struct plan_process *plan_process_parent(const struct plan_processes *all, const struct plan_process *p);
/* 0: it has none. */
uint64_t plan_process_parent_key(const struct plan_process *p);
/* A fact of the process, or of the thread `task` of it where it differs. False when it is nil or not there. */
bool plan_process_fact(const struct plan_processes *all, const struct plan_process *p, uint64_t task, enum fact n, struct value *v);

#endif
