/* The parts of struct state, for the files state*.c alone. */
#ifndef MATCH_STATE_PARTS_H
#define MATCH_STATE_PARTS_H

#include "wire/arena.h"
#include "state.h"
#include "state_pieces.h"
#include "wire/map.h"

/* Dead processes from the longest dead to the newest. */
struct dead_list {
	struct process *oldest, *newest;
	size_t n;
};

/* state_process.c */
struct state_processes {
	struct map by_key, by_pid, threads, by_tid;     /* by_pid: the living; by_tid: threads by number */
	struct dead_list asked, recent;                 /* dead: with known children, and without */
	struct pieces pieces;                           /* of their facts */
	uint64_t dead_bytes, forgotten, clock;          /* clock: the time of the last EXIT */
};
int state_process_define(struct state_processes *all, const struct frame *f, size_t *at);
int state_process_thread(struct state_processes *all, const struct frame *f, size_t *at);
int state_process_exit(struct state_processes *all, const struct frame *f, size_t *at);
void state_process_free(struct state_processes *all);

/* state_names.c: tables keyed by a hash, with chains of what shares one. */
struct state_names {
	struct map users, containers;
	struct container *oldest, *newest;              /* in the order in which they were told of */
	size_t ncontainers;
	struct host *hosts;
};
int state_names_user(struct state_names *n, const struct frame *f, size_t *at);
int state_names_container(struct state_names *n, const struct frame *f, size_t *at);
int state_names_host(struct state_names *n, const struct frame *f, size_t *at);
void state_names_free(struct state_names *n);

/* state_cgroups.c */
int state_cgroups_take(struct map *cgroups, const struct frame *f, size_t *at);
void state_cgroups_free(struct map *cgroups);

struct state {
	struct map cgroups;
	struct state_processes processes;
	struct state_names names;
	struct hello hello;
	struct arena hello_memory;
};

/* A frame's body and where its values are, for reading them in order with the offset of a bad one. */
struct reader {
	const struct frame *f;
	struct cursor c;
	size_t *at;
};
struct reader reader_open(const struct frame *f, size_t *at);
/* Each returns false when the value is not there or of another type; `*at` is then its offset. */
bool reader_value(struct reader *r, struct value *v);
bool reader_u64(struct reader *r, uint64_t *u);
/* nil is 0. */
bool reader_key(struct reader *r, uint64_t *key);
bool reader_bytes(struct reader *r, const char **p, uint32_t *n);

void *state_alloc(size_t n);                    /* zeroed; out of memory ends the program */

#endif
