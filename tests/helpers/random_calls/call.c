/* Making calls: in 64 or 32 bits, the latter also through socketcall. */
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"

#ifdef __x86_64__
#define OLD(name) SYS_##name
#define HAS_32_BITS true
#else
#define OLD(name) -1
#define HAS_32_BITS false
#endif

struct numbers {
	const char *name;
	int here, in_32, socketcall;
};
static const struct numbers numbers[CALL_COUNT] = {
	[CALL_OPEN] = { "open", OLD(open), 5, 0 }, [CALL_OPENAT] = { "openat", SYS_openat, 295, 0 },
	[CALL_OPENAT2] = { "openat2", SYS_openat2, 437, 0 }, [CALL_CREAT] = { "creat", OLD(creat), 8, 0 },
	[CALL_DUP] = { "dup", SYS_dup, 41, 0 }, [CALL_DUP2] = { "dup2", OLD(dup2), 63, 0 }, [CALL_DUP3] = { "dup3", SYS_dup3, 330, 0 },
	[CALL_RENAME] = { "rename", OLD(rename), 38, 0 }, [CALL_RENAMEAT] = { "renameat", OLD(renameat), 302, 0 },
	[CALL_RENAMEAT2] = { "renameat2", SYS_renameat2, 353, 0 }, [CALL_LINK] = { "link", OLD(link), 9, 0 },
	[CALL_LINKAT] = { "linkat", SYS_linkat, 303, 0 }, [CALL_SYMLINK] = { "symlink", OLD(symlink), 83, 0 },
	[CALL_SYMLINKAT] = { "symlinkat", SYS_symlinkat, 304, 0 }, [CALL_UNLINK] = { "unlink", OLD(unlink), 10, 0 },
	[CALL_UNLINKAT] = { "unlinkat", SYS_unlinkat, 301, 0 }, [CALL_MKDIR] = { "mkdir", OLD(mkdir), 39, 0 },
	[CALL_MKDIRAT] = { "mkdirat", SYS_mkdirat, 296, 0 }, [CALL_RMDIR] = { "rmdir", OLD(rmdir), 40, 0 },
	[CALL_CHMOD] = { "chmod", OLD(chmod), 15, 0 }, [CALL_FCHMOD] = { "fchmod", SYS_fchmod, 94, 0 },
	[CALL_FCHMODAT] = { "fchmodat", SYS_fchmodat, 306, 0 }, [CALL_CHOWN] = { "chown", OLD(chown), 212, 0 },
	[CALL_LCHOWN] = { "lchown", OLD(lchown), 198, 0 }, [CALL_FCHOWN] = { "fchown", SYS_fchown, 207, 0 },
	[CALL_FCHOWNAT] = { "fchownat", SYS_fchownat, 298, 0 }, [CALL_CHDIR] = { "chdir", SYS_chdir, 12, 0 },
	[CALL_FCHDIR] = { "fchdir", SYS_fchdir, 133, 0 }, [CALL_CHROOT] = { "chroot", SYS_chroot, 61, 0 },
	[CALL_MOUNT] = { "mount", SYS_mount, 21, 0 }, [CALL_UMOUNT2] = { "umount2", SYS_umount2, 52, 0 },
	[CALL_UNSHARE] = { "unshare", SYS_unshare, 310, 0 }, [CALL_SETUID] = { "setuid", SYS_setuid, 213, 0 },
	[CALL_SETRESUID] = { "setresuid", SYS_setresuid, 208, 0 }, [CALL_SETREUID] = { "setreuid", SYS_setreuid, 203, 0 },
	[CALL_SETGID] = { "setgid", SYS_setgid, 214, 0 }, [CALL_SETRESGID] = { "setresgid", SYS_setresgid, 210, 0 },
	[CALL_SETREGID] = { "setregid", SYS_setregid, 204, 0 }, [CALL_KILL] = { "kill", SYS_kill, 37, 0 },
	[CALL_TKILL] = { "tkill", SYS_tkill, 238, 0 }, [CALL_TGKILL] = { "tgkill", SYS_tgkill, 270, 0 },
	[CALL_CLONE] = { "clone", SYS_clone, 120, 0 }, [CALL_FORK] = { "fork", OLD(fork), 2, 0 },
	[CALL_VFORK] = { "vfork", OLD(vfork), -1, 0 }, [CALL_CLONE3] = { "clone3", SYS_clone3, 435, 0 },
	[CALL_EXECVE] = { "execve", SYS_execve, -1, 0 }, [CALL_SOCKET] = { "socket", SYS_socket, 359, 1 },
	[CALL_BIND] = { "bind", SYS_bind, 361, 2 }, [CALL_LISTEN] = { "listen", SYS_listen, 363, 4 },
	[CALL_CONNECT] = { "connect", SYS_connect, 362, 3 }, [CALL_ACCEPT] = { "accept", SYS_accept, -1, 5 },
	[CALL_ACCEPT4] = { "accept4", SYS_accept4, 364, 18 }, [CALL_SOCKETPAIR] = { "socketpair", SYS_socketpair, 360, 8 },
	[CALL_SENDTO] = { "sendto", SYS_sendto, 369, 11 }, [CALL_RECVFROM] = { "recvfrom", SYS_recvfrom, 371, 12 },
	[CALL_SENDMSG] = { "sendmsg", SYS_sendmsg, -1, 0 }, [CALL_RECVMSG] = { "recvmsg", SYS_recvmsg, -1, 0 },
	[CALL_PIPE] = { "pipe", OLD(pipe), 42, 0 }, [CALL_PIPE2] = { "pipe2", SYS_pipe2, 331, 0 },
	[CALL_EVENTFD2] = { "eventfd2", SYS_eventfd2, 328, 0 }, [CALL_MEMFD] = { "memfd_create", SYS_memfd_create, 356, 0 },
	[CALL_EPOLL] = { "epoll_create1", SYS_epoll_create1, 329, 0 }, [CALL_READ] = { "read", SYS_read, 3, 0 },
	[CALL_WRITE] = { "write", SYS_write, 4, 0 }, [CALL_CLOSE] = { "close", SYS_close, 6, 0 },
	[CALL_PRCTL] = { "prctl", SYS_prctl, 172, 0 }, [CALL_MKNOD] = { "mknod", OLD(mknod), 14, 0 },
	[CALL_MKNODAT] = { "mknodat", SYS_mknodat, 297, 0 }, [CALL_SETSID] = { "setsid", SYS_setsid, 66, 0 },
};

const char *call_name(enum call c)
{
	return numbers[c].here >= 0 ? numbers[c].name : NULL;
}

long actor_wide(struct actor *a, int fd)
{
	long junk = actor_one_in(a, 8) ? 0x5ac0000000000000 : 0;

	return junk | (unsigned)fd;
}

#ifdef __x86_64__
/* The gate that 32-bit programs use is open to all. */
static long call_32(long nr, const long x[6])
{
	register long bp asm("r12") = x[5];
	long result;

	asm volatile("push %%rbp\n\tmov %%r12, %%rbp\n\tint $0x80\n\tpop %%rbp"
		: "=a"(result) : "a"(nr), "b"(x[0]), "c"(x[1]), "d"(x[2]), "S"(x[3]), "D"(x[4]), "r"(bp)
		: "r8", "r9", "r10", "r11", "memory", "cc");
	return result;
}
#else
static long call_32(long nr, const long x[6])
{
	(void)nr, (void)x;
	return -1;
}
#endif

bool call_32_works(void)
{
	int status = -1;
	pid_t pid = HAS_32_BITS ? fork() : -1;

	if (pid == 0)
		_exit(call_32(20, (long[6]){ 0 }) != getpid());
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static long call_here(long nr, const long x[6])
{
	long result = syscall(nr, x[0], x[1], x[2], x[3], x[4], x[5]);

	return result == -1 ? -errno : result;
}

static long through_socketcall(struct actor *a, int which, const long x[6])
{
	uint32_t words[6];

	for (int i = 0; i < 6; i++)
		words[i] = (uint32_t)x[i];
	return call_32(102, (long[6]){ which, (long)actor_low(a, words, sizeof words), 0, 0, 0, 0 });
}

long actor_call(struct actor *a, enum call c, ...)
{
	const struct numbers *n = &numbers[c];
	bool in_32 = actor_one_in(a, 4) && a->has_32_bits;
	long x[6];
	va_list ap;

	va_start(ap, c);
	for (int i = 0; i < 6; i++)
		x[i] = va_arg(ap, long);
	va_end(ap);
	if (in_32 && n->socketcall && (n->in_32 < 0 || actor_one_in(a, 2)))
		return through_socketcall(a, n->socketcall, x);
	return in_32 && n->in_32 >= 0 ? call_32(n->in_32, x) : call_here(n->here, x);
}
