/* Our BPF programs from when libbpf has made them ready: loaded side by side, attached, detached. */
#ifndef PROBE_KERNEL_PROGRAMS_H
#define PROBE_KERNEL_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

struct programs;
struct kernel_types;

/* Before the object is opened; `types` stay in use until programs_load returns. NULL with errno. */
struct programs *programs_prepare(const struct kernel_types *types, bool report, bool verbose);
/* After libbpf has loaded the object, or has not: waits for the programs. Returns 0, or -1 with errno: why
 * one of them is refused. Those that do not fit the running kernel are left out. */
int programs_load(struct programs *a, uint64_t started);
/* Attaches one by the name of its function, if it is there and not attached. Returns 0, or -1 with errno. */
int programs_attach(struct programs *a, const char *name);
/* All but the one that is named, and iterators. */
int programs_attach_others(struct programs *a, const char *name);
void programs_detach(struct programs *a, const char *name);
void programs_detach_all(struct programs *a);
/* An iterator's descriptor, or -1 with errno. */
int programs_iterate(const struct programs *a, const char *name);
/* Runs that the kernel skipped because a program was already running on that CPU. */
uint64_t programs_missed(const struct programs *a);
/* The object has been freed. Frees NULL. */
void programs_free(struct programs *a);

#endif
