/* What the kernel side captures, and which plan it filters by. There is room for two plans: one is written while the other is in
 * force, and then a number says which. */
#include "kernel_plan.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "types.h"
#include "probe/probe.skel.h"

enum { TYPE_EXECVE = 293, TYPE_PROCEXIT = 186, TYPE_PRCTL = 401, WORDS = RAW_CALLS / 64, CALL32_SENDFILE = 187 };

static bool tells(const struct raw_step *s)
{
	return s->extra && (s->kind == STEP_FD || s->kind == STEP_BASE || s->kind == STEP_NEW_FD);
}

static struct raw_call raw_call(const struct event_type *t)
{
	struct raw_call call = { .type = t->number };

	memcpy(call.steps, captured_type(t->number)->steps, sizeof call.steps);
	for (int i = 0; i < RAW_STEPS && call.steps[i].kind; i++)
		call.tells |= tells(&call.steps[i]);
	call.tells |= t->number == TYPE_PRCTL;
	return call;
}

/* A type by name, or NULL when the probe can not capture it. */
static const struct event_type *type_named(const char *name)
{
	const struct event_type *t = event_type_named(name, strlen(name));

	return t && captured_type(t->number) ? t : NULL;
}

static int native_number(unsigned i)
{
#ifdef __x86_64__
	return syscalls[i].x86_64;
#else
	return syscalls[i].aarch64;
#endif
}

static const struct event_type *native_type(unsigned i)
{
	int number = native_number(i);

	if (number < 0 || number >= RAW_CALLS || syscalls[i].type >= EVENT_TYPES || !captured_type(syscalls[i].type))
		return NULL;
	return event_type(syscalls[i].type);
}

#ifdef __x86_64__
static void calls_of_32(struct probe_bpf *b)
{
	const struct event_type *t;
	size_t n;
	const struct call32 *calls = calls32(&n);
	for (size_t i = 0; i < n; i++)
		if (calls[i].number < RAW_CALLS && (t = type_named(calls[i].event)))
			b->bss->call_types[1][calls[i].number] = raw_call(t);
	calls = socketcalls(&n);
	for (size_t i = 0; i < n; i++)
		if ((t = type_named(calls[i].event)))
			b->bss->socket_calls[calls[i].number] = raw_call(t);
	/* Here the offset that the third argument points at has 32 bits. */
	struct raw_call *sendfile = &b->bss->call_types[1][CALL32_SENDFILE];
	for (unsigned i = 0; i < RAW_STEPS; i++)
		if (sendfile->steps[i].kind == STEP_BYTES)
			sendfile->steps[i].extra = sizeof(uint32_t);
}

#else
static void calls_of_32(struct probe_bpf *b)
{
	(void)b;
}
#endif

void kernel_plan_calls(struct probe_bpf *b)
{
	const struct event_type *t;
	size_t n;

	for (unsigned i = 0; i < SYSCALLS; i++)
		if ((t = native_type(i)))
			b->bss->call_types[0][native_number(i)] = raw_call(t);
	calls_of_32(b);
	const struct call32 *calls = ringcalls(&n);
	for (size_t i = 0; i < n; i++)
		if ((t = type_named(calls[i].event)))
			b->bss->ring_calls[calls[i].number] = raw_call(t);
}

bool kernel_plan_rings(const bool types[EVENT_TYPES])
{
	const struct event_type *t;
	size_t n;
	const struct call32 *calls = ringcalls(&n);

	for (size_t i = 0; i < n; i++)
		if ((t = type_named(calls[i].event)) && types[t->number])
			return true;
	return false;
}

static void set_bit(uint64_t *words, unsigned n)
{
	words[n / 64] |= 1ull << (n % 64);
}

/* The calls of the types. */
static void wanted_calls(const bool types[EVENT_TYPES], uint64_t wanted[2][WORDS])
{
	const struct event_type *t;

	for (unsigned i = 0; i < SYSCALLS; i++)
		if ((t = native_type(i)) && types[t->number])
			set_bit(wanted[0], (unsigned)native_number(i));
#ifdef __x86_64__
	size_t n;
	const struct call32 *calls = calls32(&n);
	for (size_t i = 0; i < n; i++)
		if (calls[i].number < RAW_CALLS && (t = type_named(calls[i].event)) && types[t->number])
			set_bit(wanted[1], calls[i].number);
	calls = socketcalls(&n);
	for (size_t i = 0; i < n; i++)
		if ((t = type_named(calls[i].event)) && types[t->number])
			set_bit(wanted[1], RAW_SOCKETCALL);
#endif
}

/* Does a type's event show sockets, of which connect, accept, bind and listen tell more than the kernel keeps? */
static bool shows_sockets(unsigned type, uint32_t wants)
{
	const struct captured *c = captured_type(type);

	if (captured_copies(type) || wants & RAW_WANT_FDS)
		return true;
	for (int i = 0; c && i < RAW_STEPS && c->steps[i].kind; i++)
		if (c->steps[i].kind == STEP_FD || c->steps[i].kind == STEP_KEPT)
			return true;
	return false;
}

/* Calls that tell what later events need are looked at whether they are captured or not: who is client and who is server, and
 * what a process calls itself. */
static void watch_others(const struct raw_plan *p, const bool types[EVENT_TYPES], bool watched[EVENT_TYPES])
{
	static const char *const names[] = { "connect", "accept", "accept4", "bind", "listen" };
	bool needed = false;

	memcpy(watched, types, EVENT_TYPES * sizeof *watched);
	watched[TYPE_PRCTL] = true;
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		needed |= types[i] && shows_sockets(i, p->types[i].wants);
	for (size_t i = 0; needed && i < sizeof names / sizeof names[0]; i++) {
		const struct event_type *t = type_named(names[i]);
		if (t)
			watched[t->number] = true;
	}
}

static int add_nodes(struct probe_bpf *b, const struct compiled *c)
{
	int map = bpf_map__fd(b->maps.nodes);

	for (size_t i = 0; i < c->nnodes; i++)
		if (bpf_map_update_elem(map, &c->nodes[i].key, &c->nodes[i].node, BPF_ANY) != 0)
			return -1;
	return 0;
}

/* Leaves the nodes of one plan; of another one there may be some that a reader has left which did not come to its end. */
static void keep_nodes(struct probe_bpf *b, uint64_t serial)
{
	int map = bpf_map__fd(b->maps.nodes);
	struct raw_node_key key, next;
	bool more = bpf_map_get_next_key(map, NULL, &next) == 0;

	for (uint32_t n = 0; more && n < 4 * RAW_NODES; n++) {
		key = next;
		more = bpf_map_get_next_key(map, &key, &next) == 0;
		if (PLAN_OF_NODE(key.parent) != (serial & PLAN_SERIALS))
			bpf_map_delete_elem(map, &key);
	}
}

/* What is captured of the types, and what is looked at besides. */
static void want_types(struct probe_bpf *b, const bool types[EVENT_TYPES])
{
	uint64_t wanted[2][WORDS] = {0};
	bool watched[EVENT_TYPES];

	watch_others(&b->bss->plans[b->bss->plan_index & 1], types, watched);
	wanted_calls(watched, wanted);
	b->bss->capture_exec = types[TYPE_EXECVE];
	b->bss->capture_exit = types[TYPE_PROCEXIT];
	for (int row = 0; row < 2; row++)
		for (int i = 0; i < WORDS; i++)
			__atomic_store_n(&b->bss->wanted[row][i], wanted[row][i], __ATOMIC_RELEASE);
}

void plan_finish(struct probe_bpf *b, const bool types[EVENT_TYPES])
{
	want_types(b, types);
	/* Programs that still read the old plan. */
	syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	keep_nodes(b, b->bss->plans[b->bss->plan_index & 1].serial);
}

int plan_exchange(struct probe_bpf *b, struct compiled *c, const bool types[EVENT_TYPES])
{
	uint32_t now = b->bss->plan_index & 1, other = now ^ 1;

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		c->raw.types[i].wanted = types[i];
	if (add_nodes(b, c) != 0) {
		int error = errno;
		keep_nodes(b, b->bss->plans[now].serial);
		errno = error;
		return -1;
	}
	memcpy(&b->bss->plans[other], &c->raw, sizeof c->raw);
	__atomic_store_n(&b->bss->plan_index, other, __ATOMIC_RELEASE);
	/* Of the first one no program reads another, and none has left nodes. */
	if (b->bss->plans[now].serial == 0)
		want_types(b, types);
	else
		plan_finish(b, types);
	return 0;
}
