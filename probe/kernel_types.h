/* What the running kernel has of that which not all kernels have, by its own types (BTF). */
#ifndef PROBE_KERNEL_TYPES_H
#define PROBE_KERNEL_TYPES_H

#include <stdbool.h>

struct btf;

/* The kernel's functions and tracepoints that the probe asks for. */
enum kernel_name { KERNEL_RDONLY_CAST, KERNEL_ITER_NUM, KERNEL_COPY_FROM_TASK, KERNEL_ITER_TASK, KERNEL_SYS_ENTER, KERNEL_SYS_EXIT, KERNEL_FORK,
	KERNEL_EXEC, KERNEL_EXIT, KERNEL_CGROUP_MKDIR, KERNEL_CGROUP_RMDIR, KERNEL_RING_SUBMIT, KERNEL_RING_SUBMIT_OLD, KERNEL_RING_COMPLETE,
	KERNEL_NAMES };

struct kernel_types {
	struct btf *btf;
	unsigned id[KERNEL_NAMES];             /* of the type in the kernel's BTF, or 0 */
};

/* Returns 0, or -1 with errno. What cannot be read is freed already. */
int kernel_types_read(struct kernel_types *t);
void kernel_types_free(struct kernel_types *t);
/* The id of what a program of a section (tp_btf/NAME, iter.s/NAME) is attached to, or 0. */
unsigned kernel_types_target(const struct kernel_types *t, const char *section);
/* How many parameters the functions at a tracepoint have, the first of which is not an argument; 0 without that tracepoint. */
unsigned kernel_types_args(const struct kernel_types *t, enum kernel_name point);
/* Whether an argument, counted from 1, of those is a pointer to a structure of that name. */
bool kernel_types_told(const struct kernel_types *t, enum kernel_name point, unsigned arg, const char *structure);

#endif
