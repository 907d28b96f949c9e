/* The objects are compiled from the same sources, so their maps and programs have the same names, and their data the same places. */
#include "kernel_object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel_types.h"
#include "raw.h"
#include "raw_plan.h"
#include "probe/probe.skel.h"
#include "probe/floor.skel.h"

_Static_assert(sizeof(struct probe_bpf) == sizeof(struct floor_bpf), "an object has what the other one has not");
_Static_assert(sizeof(struct probe_bpf__bss) == sizeof(struct floor_bpf__bss), "an object has data that the other one has not");
_Static_assert(sizeof(struct probe_bpf__rodata) == sizeof(struct floor_bpf__rodata), "an object has constants that the other one has not");

struct probe_bpf *kernel_object_open(const struct kernel_types *types, int file)
{
	struct probe_bpf *b = calloc(1, sizeof *b);
	char path[32];
	LIBBPF_OPTS(bpf_object_open_opts, o, .btf_custom_path = path);
	int rc = b ? probe_bpf__create_skeleton(b) : -ENOMEM;

	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	if (rc == 0 && !kernel_types_can_cast(types))
		b->skeleton->data = (void *)floor_bpf__elf_bytes(&b->skeleton->data_sz);
	if (rc == 0)
		rc = bpf_object__open_skeleton(b->skeleton, &o);
	if (rc == 0 && kernel_types_subset(types, bpf_object__btf(b->obj), file) != 0)
		rc = -errno;
	if (rc == 0)
		return b;
	probe_bpf__destroy(b);
	errno = -rc;
	return NULL;
}
