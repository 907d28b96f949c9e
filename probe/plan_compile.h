/* A plan as the BPF programs read it. */
#ifndef PROBE_PLAN_COMPILE_H
#define PROBE_PLAN_COMPILE_H

#include "raw_plan.h"
#include "wire/plan/plan.h"

struct plan_node {
	struct raw_node_key key;
	struct raw_node node;
};

/* The plan of a node, in the id of it and of its parent. */
#define PLAN_SERIALS 0xffffu
#define PLAN_OF_NODE(id) ((id) >> 16)

struct compiled {
	struct raw_plan raw;
	struct plan_node *nodes;
	size_t nnodes;
	unsigned widened;                      /* types that pass whole because there was no room for their lines */
};

/* Tests that the kernel side can not make are left out: then more passes. `serial` is another one for each plan. */
struct compiled *plan_compile(const struct plan *p, uint32_t serial);
/* What passes every event of the types, each with these facts (RAW_WANT_*) and so many bytes of data. */
struct compiled *plan_compile_all(const bool types[EVENT_TYPES], uint32_t wants, uint32_t data, uint32_t serial);
void compiled_free(struct compiled *c);

#endif
