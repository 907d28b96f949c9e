/* What the running kernel has of that which not all kernels have, by its own types (BTF). */
#ifndef PROBE_KERNEL_TYPES_H
#define PROBE_KERNEL_TYPES_H

#include <pthread.h>
#include <stdbool.h>

struct btf;

/* The kernel's functions and tracepoints that the probe asks for. */
enum kernel_name { KERNEL_RDONLY_CAST, KERNEL_ITER_NUM, KERNEL_COPY_FROM_TASK, KERNEL_ITER_TASK, KERNEL_SYS_ENTER, KERNEL_SYS_EXIT, KERNEL_FORK,
	KERNEL_EXEC, KERNEL_EXIT, KERNEL_CGROUP_MKDIR, KERNEL_CGROUP_RMDIR, KERNEL_RING_SUBMIT, KERNEL_RING_SUBMIT_OLD, KERNEL_RING_COMPLETE,
	KERNEL_NAMES };

struct kernel_types {
	struct btf *btf;
	unsigned id[KERNEL_NAMES];             /* of the type in the kernel's BTF, or 0 */
	pthread_t reader;
	bool reading;
	int error;
};

/* Begins to read them, aside: libbpf, which reads them, too, need not wait. Returns 0, or -1 with errno. */
int kernel_types_begin(struct kernel_types *t);
/* Waits until they are read; before that nothing else may be asked. Returns 0, or -1 with errno. */
int kernel_types_wait(struct kernel_types *t);
void kernel_types_free(struct kernel_types *t);
/* Whether the object for newer kernels fits: see can_cast in bpf/kernel.h. */
bool kernel_types_can_cast(const struct kernel_types *t);
/* The id of what a program of a section (tp_btf/NAME, iter.s/NAME) is attached to, or 0. */
unsigned kernel_types_target(const struct kernel_types *t, const char *section);
/* How many parameters the functions at a tracepoint have, the first of which is not an argument; 0 without that tracepoint. */
unsigned kernel_types_args(const struct kernel_types *t, enum kernel_name point);
/* Whether io_uring's tracepoint for requests, under its name of now or that of before 6.4, is told the request itself, as since 6.0. */
bool kernel_types_rings(const struct kernel_types *t, bool now);

#endif
