/* Which of the two objects of our BPF programs fits the running kernel; both are used through the skeleton of one. */
#ifndef PROBE_KERNEL_OBJECT_H
#define PROBE_KERNEL_OBJECT_H

struct kernel_types;
struct probe_bpf;

/* Opens the one for kernels that have bpf_rdonly_cast and bpf_iter_num (6.4), or that for older ones. To `file`, which is empty, goes what
 * libbpf needs of the types when it loads the object. NULL with errno. */
struct probe_bpf *kernel_object_open(const struct kernel_types *types, int file);

#endif
