/* From the kernel's numbers to Falco's system-independent ones (wire/flags.def), for x86-64 and aarch64. */
#ifndef PROBE_KERNEL_VALUES_H
#define PROBE_KERNEL_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "types.h"
#include "wire/fact.h"

uint32_t value_open_flags(uint64_t kernel);
/* The mode of an open: 0 unless the flags create something. */
uint32_t value_open_mode(uint64_t flags, uint64_t mode);
uint32_t value_clone_flags(uint64_t kernel);
uint32_t value_ptrace_request(uint64_t kernel);
uint32_t value_resolve_flags(uint64_t kernel);
uint32_t value_prot(uint64_t kernel);                  /* of mprotect and mmap */
uint32_t value_map_flags(uint64_t kernel);
uint32_t value_mount_flags(uint64_t kernel);
uint32_t value_chown_flags(uint64_t kernel);           /* of fchownat */
uint32_t value_memfd_flags(uint64_t kernel);
uint32_t value_module_flags(uint64_t kernel);          /* of delete_module */
uint32_t value_ring_flags(uint64_t kernel);            /* of io_uring_setup */
/* Of calls that make a descriptor and take nothing but these: O_NONBLOCK, O_CLOEXEC, O_DIRECT, by whatever name. */
uint32_t value_fd_flags(uint64_t kernel);
/* What an argument is as a parameter that comes from it so, of FROM_OPEN_FLAGS to FROM_FD_FLAGS but for FROM_OPEN_MODE, which takes two. */
uint32_t value_argument(enum from from, uint64_t kernel);
/* Whether each bit of it is one of the argument's, or several together. */
bool value_has_bits(enum from from);
/* The kernel's own form of a device number to that of stat(2) and of Falco's `dev` parameters. */
uint32_t value_device(uint32_t kernel);
/* The kind of an open file from its mode, file system, name and socket family. */
enum fd_kind value_fd_kind(uint32_t mode, uint32_t magic, uint32_t family, const char *name, unsigned namelen);

#endif
