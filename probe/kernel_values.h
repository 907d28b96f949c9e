/* From the kernel's numbers to Falco's system-independent ones (wire/flags.def), for x86-64 and aarch64. */
#ifndef PROBE_KERNEL_VALUES_H
#define PROBE_KERNEL_VALUES_H

#include <stdint.h>

#include "wire/fact.h"

uint32_t value_open_flags(uint64_t kernel);
/* The mode of an open: 0 unless the flags create something. */
uint32_t value_open_mode(uint64_t flags, uint64_t mode);
uint32_t value_clone_flags(uint64_t kernel);
uint32_t value_ptrace_request(uint64_t kernel);
uint32_t value_resolve_flags(uint64_t kernel);
/* The kernel's own form of a device number to that of stat(2) and of Falco's `dev` parameters. */
uint32_t value_device(uint32_t kernel);
/* The kind of an open file from its mode, file system, name and socket family. */
enum fd_kind value_fd_kind(uint32_t mode, uint32_t magic, uint32_t family, const char *name, unsigned namelen);

#endif
