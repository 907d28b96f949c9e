/* The kernel's own functions (kfuncs) that our BPF programs call, by numbers that no helper has: the loader puts the kernel's in their
 * place. (libbpf would read all of the kernel's types for them once more.) */
#ifndef PROBE_KERNEL_CALLS_H
#define PROBE_KERNEL_CALLS_H

enum kernel_call { KERNEL_CALLS = 0x5a4b0000, CALL_RDONLY_CAST = KERNEL_CALLS, CALL_ITER_NUM_NEW, CALL_ITER_NUM_NEXT, CALL_ITER_NUM_DESTROY,
	KERNEL_CALLS_END };

#endif
