/* Numbers of 32-bit x86 calls (arch/x86/entry/syscalls/syscall_32.tbl), and of others, that become captured events. */
#include "calls.h"

#include <stddef.h>

static const struct call32 calls[] = {
	{ 2, "fork" }, { 3, "read" }, { 4, "write" }, { 5, "open" }, { 6, "close" }, { 8, "creat" }, { 9, "link" },
	{ 10, "unlink" }, { 11, "execve" }, { 12, "chdir" }, { 14, "mknod" }, { 15, "chmod" }, { 16, "lchown" },
	{ 21, "mount" }, { 22, "umount" }, { 23, "setuid" }, { 26, "ptrace" }, { 33, "access" }, { 37, "kill" },
	{ 38, "rename" }, { 39, "mkdir" }, { 40, "rmdir" }, { 41, "dup" }, { 42, "pipe" }, { 46, "setgid" },
	{ 52, "umount2" }, { 57, "setpgid" }, { 61, "chroot" }, { 63, "dup2" }, { 66, "setsid" }, { 70, "setreuid" },
	{ 71, "setregid" }, { 83, "symlink" }, { 94, "fchmod" }, { 95, "fchown" }, { 106, "stat" }, { 107, "lstat" },
	{ 108, "fstat" }, { 120, "clone" }, { 125, "mprotect" }, { 128, "init_module" }, { 129, "delete_module" },
	{ 133, "fchdir" }, { 145, "readv" }, { 146, "writev" }, { 164, "setresuid" }, { 170, "setresgid" },
	{ 172, "prctl" }, { 180, "pread" }, { 181, "pwrite" }, { 182, "chown" }, { 185, "capset" }, { 187, "sendfile" },
	{ 190, "vfork" }, { 192, "mmap2" }, { 195, "stat64" }, { 196, "lstat64" }, { 197, "fstat64" }, { 198, "lchown" },
	{ 203, "setreuid" }, { 204, "setregid" }, { 207, "fchown" }, { 208, "setresuid" }, { 210, "setresgid" },
	{ 212, "chown" }, { 213, "setuid" }, { 214, "setgid" }, { 238, "tkill" }, { 239, "sendfile" }, { 270, "tgkill" },
	{ 295, "openat" }, { 296, "mkdirat" }, { 297, "mknodat" }, { 298, "fchownat" }, { 300, "newfstatat" },
	{ 301, "unlinkat" }, { 302, "renameat" }, { 303, "linkat" }, { 304, "symlinkat" }, { 306, "fchmodat" },
	{ 310, "unshare" }, { 313, "splice" }, { 323, "eventfd" }, { 328, "eventfd2" }, { 330, "dup3" }, { 331, "pipe2" },
	{ 333, "preadv" }, { 334, "pwritev" },
	{ 337, "recvmmsg" }, { 342, "open_by_handle_at" }, { 345, "sendmmsg" }, { 346, "setns" },
	{ 347, "process_vm_readv" }, { 348, "process_vm_writev" }, { 350, "finit_module" }, { 353, "renameat2" },
	{ 356, "memfd_create" }, { 357, "bpf" }, { 358, "execveat" }, { 359, "socket" }, { 360, "socketpair" },
	{ 361, "bind" }, { 362, "connect" }, { 363, "listen" }, { 364, "accept4" }, { 369, "sendto" }, { 370, "sendmsg" },
	{ 371, "recvfrom" }, { 372, "recvmsg" }, { 374, "userfaultfd" }, { 417, "recvmmsg" }, { 425, "io_uring_setup" }, { 435, "clone3" },
	{ 437, "openat2" },
};

const struct call32 *calls32(size_t *n)
{
	*n = sizeof calls / sizeof calls[0];
	return calls;
}

static const struct call32 sockets[] = {
	{ 1, "socket" }, { 2, "bind" }, { 3, "connect" }, { 4, "listen" }, { 5, "accept" }, { 8, "socketpair" },
	{ 9, "send" }, { 10, "recv" },
	{ 11, "sendto" }, { 12, "recvfrom" }, { 16, "sendmsg" }, { 17, "recvmsg" }, { 18, "accept4" }, { 19, "recvmmsg" },
	{ 20, "sendmmsg" },
};

const struct call32 *socketcalls(size_t *n)
{
	*n = sizeof sockets / sizeof sockets[0];
	return sockets;
}

static const struct call32 rings[] = {
	{ 16, "connect" }, { 18, "openat" }, { 28, "openat2" }, { 35, "renameat2" }, { 36, "unlinkat" }, { 37, "mkdirat" },
	{ 38, "symlinkat" }, { 39, "linkat" }, { 45, "socket" },
};

const struct call32 *ringcalls(size_t *n)
{
	*n = sizeof rings / sizeof rings[0];
	return rings;
}
