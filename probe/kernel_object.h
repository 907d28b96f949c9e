/* Which of the two objects of our BPF programs fits the running kernel; both are used through the skeleton of one. */
#ifndef PROBE_KERNEL_OBJECT_H
#define PROBE_KERNEL_OBJECT_H

#include <stdbool.h>

struct probe_bpf;

/* Opens the one for kernels that have bpf_rdonly_cast and bpf_iter_num (6.4), or that for older ones. NULL with errno. */
struct probe_bpf *kernel_object_open(bool can_cast);

#endif
