/* The running kernel's types (BTF), and by them what it has of that which not all kernels have. */
#ifndef PROBE_KERNEL_TYPES_H
#define PROBE_KERNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

struct btf;
struct btf_type;

/* The kernel's functions and tracepoints that the probe asks for. */
enum kernel_name { KERNEL_RDONLY_CAST, KERNEL_ITER_NUM_NEW, KERNEL_ITER_NUM_NEXT, KERNEL_ITER_NUM_DESTROY, KERNEL_COPY_FROM_TASK,
	KERNEL_ITER_TASK, KERNEL_SYS_ENTER, KERNEL_SYS_EXIT, KERNEL_FORK, KERNEL_EXEC, KERNEL_EXIT, KERNEL_CGROUP_MKDIR, KERNEL_CGROUP_RMDIR,
	KERNEL_RING_SUBMIT, KERNEL_RING_SUBMIT_OLD, KERNEL_RING_COMPLETE, KERNEL_NAMES };

struct kernel_types {
	unsigned id[KERNEL_NAMES];             /* of the type, or 0 */
	uint8_t *raw;                          /* as the kernel gives them */
	size_t size;
	const uint8_t *types;
	const char *strings;
	uint32_t types_len, strings_len;
	uint32_t *at;                          /* by id: where in `types` */
	uint32_t count, *named, n_named;       /* ids are below count; named: of those that programs may name */
};

/* Returns 0, or -1 with errno; either way free it. */
int kernel_types_read(struct kernel_types *t);
void kernel_types_free(struct kernel_types *t);
/* NULL for void, and for what is not there. */
const struct btf_type *kernel_type(const struct kernel_types *t, uint32_t id);
const char *kernel_string(const struct kernel_types *t, uint32_t offset);
/* How many bytes a type takes in a BTF, or 0 for a kind that is not known. */
size_t kernel_type_size(const struct btf_type *type);
/* Is it of a kind that a program's relocation may be about? */
bool kernel_type_has_use(const struct btf_type *type);
/* Whether the object for newer kernels fits: see can_cast in bpf/kernel.h. */
bool kernel_types_can_cast(const struct kernel_types *t);
/* The id of what a program of a section (tp_btf/NAME, iter.s/NAME) is attached to, or 0. */
unsigned kernel_types_target(const struct kernel_types *t, const char *section);
/* How many parameters the functions at a tracepoint have, the first of which is not an argument; 0 without that tracepoint. */
unsigned kernel_types_args(const struct kernel_types *t, enum kernel_name point);
/* Whether io_uring's tracepoint for requests, under its name of now or that of before 6.4, is told the request itself, as since 6.0. */
bool kernel_types_rings(const struct kernel_types *t, bool now);
/* kernel_subset.c. Writes to an empty file a BTF of those types alone that have the names of `local`, with all that is inside of them, each
 * with the id that it has in the kernel: libbpf looks through all types for each that a program names. Returns 0, or -1 with errno. */
int kernel_types_subset(const struct kernel_types *t, const struct btf *local, int file);

#endif
