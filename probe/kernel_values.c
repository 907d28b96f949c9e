/* Tables of what the kernel calls things and what Falco calls them. */
#include "kernel_values.h"

#include <asm/ptrace.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/magic.h>
#include <linux/mman.h>
#include <linux/openat2.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct pair {
	uint64_t kernel;
	uint32_t falco;
};

static uint32_t map_bits(const struct pair *p, unsigned n, uint64_t kernel)
{
	uint32_t out = 0;

	for (unsigned i = 0; i < n; i++)
		if ((kernel & p[i].kernel) == p[i].kernel)
			out |= p[i].falco;
	return out;
}

uint32_t value_open_flags(uint64_t kernel)
{
	enum { LARGEFILE = 0100000 };   /* glibc's O_LARGEFILE is 0 where all files may be large */
	static const struct pair bits[] = {
		{ O_CREAT, 4 }, { O_APPEND, 8 }, { O_DSYNC, 16 }, { O_EXCL, 32 }, { O_NONBLOCK, 64 }, { O_SYNC, 128 },
		{ O_TRUNC, 256 }, { O_DIRECT, 512 }, { O_DIRECTORY, 1024 }, { LARGEFILE, 2048 }, { O_CLOEXEC, 4096 },
		{ O_TMPFILE, 8192 },
	};
	static const uint8_t access[4] = { 1, 2, 3, 0 };

	return access[kernel & O_ACCMODE] | map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_open_mode(uint64_t flags, uint64_t mode)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? (uint32_t)mode & 07777 : 0;
}

uint32_t value_clone_flags(uint64_t kernel)
{
	static const struct pair bits[] = {
		{ CLONE_FILES, 1 }, { CLONE_FS, 2 }, { CLONE_IO, 4 }, { CLONE_NEWIPC, 8 }, { CLONE_NEWNET, 16 },
		{ CLONE_NEWNS, 32 }, { CLONE_NEWPID, 64 }, { CLONE_NEWUTS, 128 }, { CLONE_PARENT, 256 },
		{ CLONE_PARENT_SETTID, 512 }, { CLONE_PTRACE, 1024 }, { CLONE_SIGHAND, 2048 }, { CLONE_SYSVSEM, 4096 },
		{ CLONE_THREAD, 8192 }, { CLONE_UNTRACED, 16384 }, { CLONE_VM, 32768 }, { CLONE_NEWUSER, 1048576 },
		{ CLONE_CHILD_CLEARTID, 8388608 }, { CLONE_CHILD_SETTID, 16777216 }, { CLONE_SETTLS, 33554432 },
		{ CLONE_VFORK, 134217728 }, { CLONE_NEWCGROUP, 268435456 },
	};

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_ptrace_request(uint64_t kernel)
{
	static const struct pair requests[] = {
		{ PTRACE_TRACEME, 1 }, { PTRACE_PEEKTEXT, 2 }, { PTRACE_PEEKDATA, 3 }, { PTRACE_PEEKUSR, 4 },
		{ PTRACE_POKETEXT, 5 }, { PTRACE_POKEDATA, 6 }, { PTRACE_POKEUSR, 7 }, { PTRACE_CONT, 8 },
		{ PTRACE_KILL, 9 }, { PTRACE_SINGLESTEP, 10 }, { PTRACE_ATTACH, 11 }, { PTRACE_DETACH, 12 },
		{ PTRACE_SYSCALL, 13 }, { PTRACE_SETOPTIONS, 14 }, { PTRACE_GETEVENTMSG, 15 }, { PTRACE_GETSIGINFO, 16 },
		{ PTRACE_SETSIGINFO, 17 }, { PTRACE_GETREGSET, 18 }, { PTRACE_SETREGSET, 19 }, { PTRACE_SEIZE, 20 },
		{ PTRACE_INTERRUPT, 21 }, { PTRACE_LISTEN, 22 }, { PTRACE_PEEKSIGINFO, 23 }, { PTRACE_GETSIGMASK, 24 },
		{ PTRACE_SETSIGMASK, 25 },
#ifdef __x86_64__
		{ PTRACE_GETREGS, 26 }, { PTRACE_SETREGS, 27 }, { PTRACE_GETFPREGS, 28 }, { PTRACE_SETFPREGS, 29 },
		{ PTRACE_GETFPXREGS, 30 }, { PTRACE_SETFPXREGS, 31 }, { PTRACE_OLDSETOPTIONS, 32 },
		{ PTRACE_GET_THREAD_AREA, 33 }, { PTRACE_SET_THREAD_AREA, 34 }, { PTRACE_ARCH_PRCTL, 35 },
		{ PTRACE_SYSEMU, 36 }, { PTRACE_SYSEMU_SINGLESTEP, 37 }, { PTRACE_SINGLEBLOCK, 38 },
#endif
	};

	for (unsigned i = 0; i < sizeof requests / sizeof requests[0]; i++)
		if (requests[i].kernel == kernel)
			return requests[i].falco;
	return 0;
}

uint32_t value_resolve_flags(uint64_t kernel)
{
	static const struct pair bits[] = {
		{ RESOLVE_BENEATH, 1 }, { RESOLVE_IN_ROOT, 2 }, { RESOLVE_NO_MAGICLINKS, 4 }, { RESOLVE_NO_SYMLINKS, 8 },
		{ RESOLVE_NO_XDEV, 16 }, { RESOLVE_CACHED, 32 },
	};

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_prot(uint64_t kernel)
{
	enum { SEM = 8 };
	static const struct pair bits[] = {
		{ PROT_READ, 1 }, { PROT_WRITE, 2 }, { PROT_EXEC, 4 }, { SEM, 8 }, { PROT_GROWSDOWN, 16 }, { PROT_GROWSUP, 32 },
	};

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_map_flags(uint64_t kernel)
{
	static const struct pair bits[] = {
		{ MAP_SHARED, 1 }, { MAP_PRIVATE, 2 }, { MAP_FIXED, 4 }, { MAP_ANONYMOUS, 8 },
#ifdef MAP_32BIT
		{ MAP_32BIT, 16 },
#endif
		{ MAP_NORESERVE, 64 }, { MAP_POPULATE, 128 }, { MAP_NONBLOCK, 256 }, { MAP_GROWSDOWN, 512 }, { MAP_DENYWRITE, 1024 },
		{ MAP_EXECUTABLE, 2048 }, { MAP_LOCKED, 16384 },
	};

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_mount_flags(uint64_t kernel)
{
	enum { MAGIC = 0xc0ed, MAGIC_SHIFT = 16 };

	/* Before 2.4 a call had to bear this mark; it is still allowed and means nothing. */
	return (uint32_t)(kernel >> MAGIC_SHIFT == MAGIC ? kernel & ((1u << MAGIC_SHIFT) - 1) : kernel);
}

uint32_t value_chown_flags(uint64_t kernel)
{
	static const struct pair bits[] = { { AT_SYMLINK_NOFOLLOW, 1024 }, { AT_EMPTY_PATH, 4096 } };

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_memfd_flags(uint64_t kernel)
{
	static const struct pair bits[] = { { MFD_CLOEXEC, 1 }, { MFD_ALLOW_SEALING, 2 }, { MFD_HUGETLB, 4 } };

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_module_flags(uint64_t kernel)
{
	static const struct pair bits[] = { { O_TRUNC, 1 }, { O_NONBLOCK, 2 } };

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_ring_flags(uint64_t kernel)
{
	static const struct pair bits[] = {
		{ IORING_SETUP_IOPOLL, 1 }, { IORING_SETUP_SQPOLL, 2 }, { IORING_SETUP_SQ_AFF, 8 }, { IORING_SETUP_CQSIZE, 16 },
		{ IORING_SETUP_CLAMP, 32 }, { IORING_SETUP_ATTACH_WQ, 64 }, { IORING_SETUP_R_DISABLED, 128 },
	};

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_fd_flags(uint64_t kernel)
{
	static const struct pair bits[] = { { O_NONBLOCK, 64 }, { O_DIRECT, 512 }, { O_CLOEXEC, 4096 } };

	return map_bits(bits, sizeof bits / sizeof bits[0], kernel);
}

uint32_t value_device(uint32_t kernel)
{
	uint32_t major = kernel >> 20, minor = kernel & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

uint32_t value_argument(enum from from, uint64_t kernel)
{
	switch (from) {
	case FROM_OPEN_FLAGS: return value_open_flags(kernel);
	case FROM_RESOLVE: return value_resolve_flags(kernel);
	case FROM_CLONE_FLAGS: return value_clone_flags(kernel);
	case FROM_PTRACE: return value_ptrace_request(kernel);
	case FROM_MODE: return kernel & 07777;
	case FROM_NODE_MODE: return kernel & (S_IFMT | 07777);
	case FROM_PROT: return value_prot(kernel);
	case FROM_MAP_FLAGS: return value_map_flags(kernel);
	case FROM_MOUNT_FLAGS: return value_mount_flags(kernel);
	case FROM_CHOWN_FLAGS: return value_chown_flags(kernel);
	case FROM_MEMFD_FLAGS: return value_memfd_flags(kernel);
	case FROM_MODULE_FLAGS: return value_module_flags(kernel);
	case FROM_SOCKET_TYPE: return (uint32_t)kernel & ~(uint32_t)(SOCK_NONBLOCK | SOCK_CLOEXEC);
	default: return value_fd_flags(kernel);
	}
}

bool value_has_bits(enum from from)
{
	return from == FROM_OPEN_FLAGS || from == FROM_CLONE_FLAGS || from == FROM_PROT || from == FROM_MODE;
}

static enum fd_kind anonymous_kind(const char *name, unsigned len)
{
	static const struct {
		const char *prefix;
		enum fd_kind kind;
	} names[] = {
		{ "[eventfd", FD_EVENT }, { "[eventpoll", FD_EVENTPOLL }, { "[signalfd", FD_SIGNALFD }, { "[timerfd", FD_TIMERFD },
		{ "[io_uring", FD_IO_URING }, { "[userfaultfd", FD_USERFAULTFD }, { "[pidfd", FD_PIDFD },
		{ "inotify", FD_INOTIFY }, { "bpf", FD_BPF },
	};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = strlen(names[i].prefix);
		if (len >= n && memcmp(name, names[i].prefix, n) == 0)
			return names[i].kind;
	}
	return FD_OTHER;
}

enum fd_kind value_fd_kind(uint32_t mode, uint32_t magic, uint32_t family, const char *name, unsigned namelen)
{
	enum { PIDFS = 0x50494446 };

	switch (mode & S_IFMT) {
	case S_IFSOCK:
		switch (family) {
		case AF_UNIX: return FD_UNIX;
		case AF_INET: return FD_IPV4;
		case AF_INET6: return FD_IPV6;
		case AF_NETLINK: return FD_NETLINK;
		case AF_PACKET: return FD_PACKET;
		default: return FD_OTHER;
		}
	case S_IFIFO: return FD_PIPE;
	case S_IFDIR: return FD_DIRECTORY;
	default: break;
	}
	if (magic == ANON_INODE_FS_MAGIC)
		return anonymous_kind(name, namelen);
	if (magic == PIDFS)
		return FD_PIDFD;
	return namelen > 6 && memcmp(name, "memfd:", 6) == 0 ? FD_MEMFD : FD_FILE;
}
