/* Numbers of 32-bit x86 calls (arch/x86/entry/syscalls/syscall_32.tbl) that become captured events. */
#include "calls.h"

#include <stddef.h>

static const struct call32 calls[] = {
	{ 2, "fork" }, { 5, "open" }, { 8, "creat" }, { 11, "execve" }, { 23, "setuid" }, { 26, "ptrace" }, { 41, "dup" },
	{ 63, "dup2" }, { 120, "clone" }, { 164, "setresuid" }, { 190, "vfork" }, { 208, "setresuid" }, { 213, "setuid" },
	{ 295, "openat" }, { 330, "dup3" }, { 358, "execveat" }, { 359, "socket" }, { 362, "connect" }, { 364, "accept4" },
	{ 435, "clone3" }, { 437, "openat2" },
};

const struct call32 *calls32(size_t *n)
{
	*n = sizeof calls / sizeof calls[0];
	return calls;
}

static const struct call32 sockets[] = {
	{ 1, "socket" }, { 3, "connect" }, { 5, "accept" }, { 18, "accept4" },
};

const struct call32 *socketcalls(size_t *n)
{
	*n = sizeof sockets / sizeof sockets[0];
	return sockets;
}
