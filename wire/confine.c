/* Confinement: the Landlock ruleset by raw system calls, the seccomp filter by libseccomp. */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

/* The headers to build with may be older than the kernel to run on: what they lack stands here. */
struct ruleset {
	uint64_t files, network, scope;
};
enum { NETWORK_ALL = 1 << 0 | 1 << 1 };         /* TCP: bind, connect */
enum { SCOPE_ALL = 1 << 0 | 1 << 1 };           /* abstract unix sockets and signals: only within the confinement */

/* What a version of Landlock knows: how many of the rights on files, from bit 0 up, and the size of the ruleset. */
static const struct abi {
	unsigned files;
	size_t size;
} abis[] = {
	{ 13, offsetof(struct ruleset, network) }, { 14, offsetof(struct ruleset, network) }, { 15, offsetof(struct ruleset, network) },
	{ 15, offsetof(struct ruleset, scope) }, { 16, offsetof(struct ruleset, scope) }, { 16, sizeof(struct ruleset) },
};

static int abi_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static int new_ruleset(void)
{
	size_t known = sizeof abis / sizeof abis[0];
	int version = abi_version();

	if (version < 1)
		return -1;
	const struct abi *abi = &abis[((size_t)version < known ? (size_t)version : known) - 1];
	struct ruleset all = { .files = (UINT64_C(1) << abi->files) - 1, .network = NETWORK_ALL, .scope = SCOPE_ALL };
	return (int)syscall(SYS_landlock_create_ruleset, &all, abi->size, 0);
}

static void allow_below(int ruleset, const char *folder, uint64_t rights)
{
	struct landlock_path_beneath_attr below = { .allowed_access = rights, .parent_fd = open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY) };

	if (below.parent_fd < 0 || syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0) != 0)
		log_warn("%s: can not be kept within reach", folder);
	if (below.parent_fd >= 0)
		close(below.parent_fd);
}

static void confine_files(const struct confine *c)
{
	int ruleset = new_ruleset();

	for (size_t i = 0; ruleset >= 0 && i < c->nread; i++)
		allow_below(ruleset, c->read[i], LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	for (size_t i = 0; ruleset >= 0 && i < c->nlist; i++)
		allow_below(ruleset, c->list[i], LANDLOCK_ACCESS_FS_READ_DIR);
	for (size_t i = 0; ruleset >= 0 && i < c->nunlink; i++)
		allow_below(ruleset, c->unlink[i], LANDLOCK_ACCESS_FS_REMOVE_FILE);
	if (ruleset < 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		log_warn("runs on without Landlock, every file of its user within its reach");
	if (ruleset >= 0)
		close(ruleset);
}

/* What every stage needs once it runs: memory (executable too, for PCRE2's JIT), descriptors that are open, waiting, clocks,
 * signals, and to look at files and folders, as far as Landlock lets it. */
static const int always[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(close),
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(sysinfo), SCMP_SYS(uname),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(timerfd_settime),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(alarm),
	SCMP_SYS(setitimer), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(getdents64),
#ifdef __SANITIZE_ADDRESS__
	SCMP_SYS(sigaltstack), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(prctl), SCMP_SYS(prlimit64),
	SCMP_SYS(getrlimit), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(readlink), SCMP_SYS(ioctl),
#endif
};

/* Who calls one of these is no longer the program that was written: it dies, as under pledge(2). Whatever else is not allowed only
 * fails, for it may as well be a library that has become newer. */
static const int deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3),
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(socketpair), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare), SCMP_SYS(setns),
	SCMP_SYS(fsopen), SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(io_uring_setup), SCMP_SYS(userfaultfd),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(reboot),
};

static void add_all(scmp_filter_ctx f, uint32_t action, const int *calls, size_t n)
{
	/* A call that this architecture does not have needs no rule. */
	for (size_t i = 0; i < n; i++)
		seccomp_rule_add(f, action, calls[i], 0);
}

static int allow_reading(scmp_filter_ctx f)
{
	const scmp_datum_t writes = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);

	seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, writes, O_RDONLY));
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writes, O_RDONLY));
}

/* Sockets are stream sockets of the unix family; what is sent goes to who is connected. */
static int allow_sockets(scmp_filter_ctx f, const struct confine *c)
{
	uint32_t connect = c->connect ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS, accept = c->accept ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS;
	int rc = seccomp_rule_add(f, connect, SCMP_SYS(connect), 0);

	if (c->connect)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0),
			SCMP_A1(SCMP_CMP_MASKED_EQ, ~(scmp_datum_t)(SOCK_CLOEXEC | SOCK_NONBLOCK), SOCK_STREAM));
	else
		rc |= seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 0);
	rc |= seccomp_rule_add(f, accept, SCMP_SYS(accept4), 0);
	if (c->connect || c->accept || c->pair)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, SCMP_A4(SCMP_CMP_EQ, 0, 0));
	else
		rc |= seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(sendto), 0);
	return rc;
}

static bool named(const struct confine *c, int call)
{
	for (size_t i = 0; i < c->ncalls; i++)
		if (c->calls[i] == call)
			return true;
	return false;
}

/* What the stage names goes before what would kill it. */
static int add_named(scmp_filter_ctx f, const struct confine *c)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
		if (!named(c, deadly[i]))
			add_all(f, SCMP_ACT_KILL_PROCESS, &deadly[i], 1);
	for (size_t i = 0; i < c->ncalls; i++)
		if (c->calls[i] != SCMP_SYS(bpf))
			add_all(f, SCMP_ACT_ALLOW, &c->calls[i], 1);
	for (size_t i = 0; i < c->nbpf; i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)c->bpf[i], 0));
	return rc;
}

static int fill(scmp_filter_ctx f, const struct confine *c)
{
	static const int removing[] = { SCMP_SYS(unlink), SCMP_SYS(unlinkat) };

	add_all(f, SCMP_ACT_ALLOW, always, sizeof always / sizeof always[0]);
	if (c->nunlink)
		add_all(f, SCMP_ACT_ALLOW, removing, sizeof removing / sizeof removing[0]);
	/* abort() */
	int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	return rc | add_named(f, c) | allow_reading(f) | allow_sockets(f, c) | seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
}

static void confine_calls(const struct confine *c)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = f ? fill(f, c) : -ENOMEM;

	if (rc == 0)
		rc = seccomp_load(f);
	if (rc != 0)
		log_warnx("runs on without seccomp, every system call within its reach: %s", strerror(-rc));
	seccomp_release(f);
}

void confine(const struct confine *c)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_warn("no_new_privs");
	if (!c->all_files)
		confine_files(c);
	confine_calls(c);
}

#ifdef __SANITIZE_ADDRESS__
int __lsan_is_turned_off(void);

/* At the exit LeakSanitizer would start a process that traces this one. */
int __lsan_is_turned_off(void)
{
	return 1;
}
#endif
