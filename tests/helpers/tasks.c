/* Does what makes facts of tasks and files hard to get right, each deed with a file name, descriptor or port of its own, and
 * logs what must be seen of it (truth.h). `tasks DIR LOG`, as root; also built for 32 bits. */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "truth.h"

#ifdef SYS_setresuid32
#define SETRESUID SYS_setresuid32
#else
#define SETRESUID SYS_setresuid
#endif
enum { NOBODY = 1001, REUSES = 2 };

static __thread struct truth truth;
static char folder[256];

static void must(long result, const char *what)
{
	if (result < 0)
		err(71, "%s", what);
}

/* A path in the folder; valid until the fourth call after this one. */
static const char *in_folder(const char *name)
{
	static __thread char paths[4][512];
	static __thread unsigned next;
	char *p = paths[next++ % 4];

	snprintf(p, sizeof paths[0], "%s/%s", folder, name);
	return p;
}

/* Makes an empty file, without a call that is captured. */
static void touch(const char *path)
{
	must(mknod(path, S_IFREG | 0666, 0) < 0 && errno != EEXIST ? -1 : 0, path);
}

/* Opens `passed`, of which `object` is the path, and logs it with all facts of the task. */
static void open_and_tell(const char *step, const char *passed, const char *object)
{
	long fd = syscall(SYS_openat, AT_FDCWD, passed, O_RDONLY | O_CLOEXEC);
	struct stat st;

	must(fd, passed);
	must(fstat((int)fd, &st), passed);
	truth_begin(&truth, step, "openat");
	truth_pair(&truth, "fd.nameraw", "%s", passed);
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.name", "%s", object);
	truth_pair(&truth, "fd.num", "%ld", fd);
	truth_pair(&truth, "fd.ino", "%llu", (unsigned long long)st.st_ino);
	truth_pair(&truth, "evt.res", "SUCCESS");
	truth_task(&truth);
	truth_end(&truth);
	close((int)fd);
}

/* The same of a new file in the folder, opened by its whole path. */
static void mark(const char *step)
{
	touch(in_folder(step));
	open_and_tell(step, in_folder(step), in_folder(step));
}

static void end_child(int status)
{
	syscall(SYS_exit_group, status);
}

static void wait_for(long pid)
{
	int status;

	must(pid, "fork");
	must(waitpid((pid_t)pid, &status, __WALL), "waitpid");
	if (status)
		errx(70, "a child ended with wait status %d", status);
}

static void in_child(void (*deed)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		deed();
		end_child(0);
	}
	wait_for(pid);
}

static void in_thread(void *(*deed)(void *), const char *step)
{
	pthread_t t;

	if (pthread_create(&t, NULL, deed, (void *)(uintptr_t)step) != 0 || pthread_join(t, NULL) != 0)
		errx(71, "thread");
}

static void copy_self(const char *to)
{
	char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	must(in, "/proc/self/exe");
	must(out, to);
	for (ssize_t n; (n = read(in, buf, sizeof buf)) > 0;)
		must(write(out, buf, (size_t)n), to);
	close(in);
	close(out);
}

static void *own_everything(void *arg)
{
	must(unshare(CLONE_FS), "unshare");
	must(chdir(in_folder("sub")), "chdir");
	must(prctl(PR_SET_NAME, "tk-own"), "prctl");
	must(syscall(SETRESUID, NOBODY, NOBODY, NOBODY), "setresuid");
	open_and_tell("thread-own", "thread-own", in_folder("sub/thread-own"));
	must(prctl(PR_SET_NAME, "tk-again"), "prctl");
	open_and_tell("thread-again", "thread-again", in_folder("sub/thread-again"));
	return arg;
}

static void *like_its_process(void *arg)
{
	mark(arg);
	return arg;
}

static void names(void)
{
	mark("plain");
	in_thread(like_its_process, "thread-plain");
	touch(in_folder("sub/thread-own"));
	touch(in_folder("sub/thread-again"));
	in_thread(own_everything, NULL);
	mark("leader-after");
	must(prctl(PR_SET_NAME, "tk-renamed"), "prctl");
	mark("comm");
	must(chdir(in_folder("sub")), "chdir");
	touch("relative");
	open_and_tell("relative", "relative", in_folder("sub/relative"));
	open_and_tell("dots", "../sub/./relative", in_folder("sub/relative"));
}

static void *exec_here(void *arg)
{
	execl(in_folder("tk-exec"), "tk-argv0", "open", "exec-thread", in_folder("exec-thread"), NULL);
	return arg;
}

static void exec_in_thread(void)
{
	in_thread(like_its_process, "thread-before-exec");
	in_thread(exec_here, NULL);
	end_child(1);
}

/* The thread has a THREAD record of its own when it calls execve. */
static void *exec_as_own(void *arg)
{
	must(prctl(PR_SET_NAME, "tk-execer"), "prctl");
	mark("exec-own-before");
	execl(in_folder("tk-exec"), "tk-argv0", "open", "exec-own", in_folder("exec-own"), NULL);
	return arg;
}

static void exec_in_own_thread(void)
{
	in_thread(exec_as_own, NULL);
	end_child(1);
}

static void vfork_and_exec(void)
{
	const char *program = in_folder("tk-exec"), *file = in_folder("vfork");
	pid_t pid = vfork();

	if (pid == 0) {
		execl(program, program, "open", "vfork", file, NULL);
		_exit(1);
	}
	wait_for(pid);
	truth_begin(&truth, "vfork-event", "vfork");
	truth_pair(&truth, "evt.rawres", "%d", pid);
	truth_wants(&truth);
	truth_pair(&truth, "evt.res", "SUCCESS");
	truth_task(&truth);
	truth_end(&truth);
}

static void exec_fd(int fd, const char *step)
{
	char *argv[] = { "tk-fd", "open", (char *)step, (char *)in_folder(step), NULL };

	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	err(71, "execveat");
}

static void exec_deleted(void)
{
	const char *path = in_folder("tk-deleted");

	copy_self(path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd, path);
	must(unlink(path), path);
	exec_fd(fd, "exec-deleted");
}

static void exec_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "tk-memory", 0);
	char path[64];

	must(fd, "memfd_create");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	copy_self(path);
	/* Not while it is open for writing. */
	int again = open(path, O_RDONLY | O_CLOEXEC);
	must(again, path);
	close(fd);
	exec_fd(again, "exec-memfd");
}

/* argv takes so many bytes, with every NUL. */
static void exec_long(const char *step, size_t bytes)
{
	static char fill[9000];
	const char *program = in_folder("tk-exec"), *path = in_folder(step);
	size_t used = strlen(program) + strlen("open") + strlen(step) + strlen(path) + 5;
	pid_t pid = fork();

	memset(fill, 'x', bytes - used);
	fill[bytes - used] = '\0';
	if (pid == 0) {
		execl(program, program, "open", step, path, fill, NULL);
		_exit(1);
	}
	wait_for(pid);
}

static void exec_refused(void)
{
	const char *path = in_folder("tk-none");

	execl(path, "tk-none", "one", "two", NULL);
	truth_begin(&truth, "exec-refused", "execve");
	truth_pair(&truth, "evt.arg.filename", "%s", path);
	truth_wants(&truth);
	truth_pair(&truth, "evt.res", "ENOENT");
	truth_pair(&truth, "evt.arg.exe", "tk-none");
	truth_pair(&truth, "evt.arg.args", "one.two.");
	truth_task(&truth);
	truth_end(&truth);
}

static void executions(void)
{
	copy_self(in_folder("tk-exec"));
	in_child(exec_in_thread);
	in_child(exec_in_own_thread);
	vfork_and_exec();
	in_child(exec_deleted);
	in_child(exec_memfd);
	exec_long("argv-4095", 4095);
	exec_long("argv-4096", 4096);
	exec_long("argv-4097", 4097);
	exec_long("argv-8000", 8000);
	exec_refused();
}

static void with_other_ids(void)
{
	struct timespec moment = { 0, 30000000 };

	must(prctl(PR_SET_NAME, "tk-reuse2"), "prctl");
	must(chdir(in_folder("sub")), "chdir");
	must(syscall(SETRESUID, 0, NOBODY, 0), "setresuid");
	mark("reuse2");
	nanosleep(&moment, NULL);
}

struct clone_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

/* Keys tell processes of one number apart by their start, in units of 10 ms. */
static void pid_again(void)
{
	struct timespec moment = { 0, 30000000 };
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, "tk-reuse1");
		mark("reuse1");
		nanosleep(&moment, NULL);
		end_child(0);
	}
	wait_for(pid);
	struct clone_arguments a = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1 };
	long again = syscall(SYS_clone3, &a, sizeof a);
	if (again == 0) {
		with_other_ids();
		end_child(0);
	}
	wait_for(again);
	if (again != pid)
		errx(70, "pid %ld is not %d again", again, pid);
}

static void namespaced(void)
{
	mark("vpid");
	in_thread(like_its_process, "vtid");
	pid_t pid = fork();
	if (pid == 0) {
		mark("vpid-2");
		end_child(0);
	}
	wait_for(pid);
}

static void pid_namespace(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		namespaced();
		end_child(0);
	}
	wait_for(pid);
}

static void other_namespaces(void)
{
	must(unshare(CLONE_NEWUTS), "unshare");
	mark("uts");
	/* Twice with nothing between: the structure may come to stand where the first one stood. */
	must(unshare(CLONE_NEWUTS), "unshare");
	must(unshare(CLONE_NEWUTS), "unshare");
	mark("uts-twice");
	must(unshare(CLONE_NEWNET | CLONE_NEWIPC), "unshare");
	mark("net-ipc");
}

/* Of a devpts of its own: the machine's need not be mounted. */
static int pseudo_terminal(int *master)
{
	int unlock = 0;

	must(mkdir(in_folder("pts"), 0755), "mkdir");
	must(unshare(CLONE_NEWNS), "unshare");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
	must(mount("devpts", in_folder("pts"), "devpts", 0, "newinstance,ptmxmode=0666"), "devpts");
	*master = open(in_folder("pts/ptmx"), O_RDWR | O_NOCTTY);
	must(*master, "ptmx");
	must(ioctl(*master, TIOCSPTLCK, &unlock), "TIOCSPTLCK");
	return ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
}

static void terminal(void)
{
	int master, slave = pseudo_terminal(&master);

	must(slave, "TIOCGPTPEER");
	mark("tty-none");
	must(setsid(), "setsid");
	mark("session");
	must(ioctl(slave, TIOCSCTTY, 0), "TIOCSCTTY");
	mark("tty");
	/* It goes away with its master. */
	signal(SIGHUP, SIG_IGN);
	close(master);
	mark("tty-gone");
}

static void enter_cgroup(const char *hierarchy, const char *step)
{
	char path[512], procs[600];

	snprintf(procs, sizeof procs, "%s/cgroup.procs", hierarchy);
	snprintf(path, sizeof path, "%s/tk-%d-%s", hierarchy, getppid(), step);
	if (access(procs, W_OK) != 0 || mkdir(path, 0755) != 0)
		return;
	snprintf(procs, sizeof procs, "%s/cgroup.procs", path);
	int fd = open(procs, O_WRONLY);
	must(fd, procs);
	must(write(fd, "0", 1), procs);
	mark(step);
	snprintf(procs, sizeof procs, "%s/cgroup.procs", hierarchy);
	close(fd);
	fd = open(procs, O_WRONLY);
	must(write(fd, "0", 1), procs);
	close(fd);
	must(rmdir(path), path);
	snprintf(procs, sizeof procs, "%s-left", step);
	mark(procs);
}

static void cgroup_move(void)
{
	enter_cgroup("/sys/fs/cgroup/unified", "cgroup-two");
	enter_cgroup("/sys/fs/cgroup", "cgroup-only");
	enter_cgroup("/sys/fs/cgroup/pids", "cgroup-pids");
}

/* Its parent ends before it does anything. */
static void orphan(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		while (getppid() == parent)
			sched_yield();
		mark("orphan");
	}
	must(pid, "fork");
}

static void processes(void)
{
	pid_again();
	pid_namespace();
	in_child(other_namespaces);
	in_child(terminal);
	in_child(cgroup_move);
	must(prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
	in_child(orphan);
	must(waitpid(-1, NULL, 0), "waitpid");
}

static void jail(void)
{
	touch(in_folder("outside"));
	must(chroot(in_folder("jail")), "chroot");
	char path[600];
	snprintf(path, sizeof path, "(unreachable)%s", in_folder("outside"));
	open_and_tell("chroot-outside", "outside", path);
	must(chdir("/"), "chdir");
	open_and_tell("chroot", "/jailed", "/jailed");
}

static void bound(void)
{
	must(unshare(CLONE_NEWNS), "unshare");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
	must(mount(in_folder("sub"), in_folder("mnt"), NULL, MS_BIND, NULL), "mount");
	open_and_tell("bind", in_folder("mnt/bound"), in_folder("mnt/bound"));
}

/* A copy of `fd` with a number of its own tells where its file is now. */
static void dup_and_tell(const char *step, int fd, int number, const char *path)
{
	const char *type = number % 2 ? "dup3" : "dup2";
	long result = number % 2 ? syscall(SYS_dup3, fd, number, O_CLOEXEC) : syscall(SYS_dup2, fd, number);

	must(result, type);
	truth_begin(&truth, step, type);
	truth_pair(&truth, "evt.rawres", "%d", number);
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.name", "%s", path);
	truth_pair(&truth, "fd.num", "%d", number);
	truth_task(&truth);
	truth_end(&truth);
	close(number);
}

static void refused(const char *step, const char *passed, const char *joined, const char *error)
{
	if (syscall(SYS_openat, AT_FDCWD, passed, O_RDONLY) >= 0)
		errx(70, "%s: opened", passed);
	truth_begin(&truth, step, "openat");
	truth_pair(&truth, "fd.nameraw", "%s", passed);
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.name", "%s", joined);
	truth_pair(&truth, "evt.arg.name", "%s", joined);
	truth_pair(&truth, "evt.res", "%s", error);
	truth_pair(&truth, "evt.failed", "%s", "true");
	truth_task(&truth);
	truth_end(&truth);
}

static void refusals(void)
{
	must(mknod(in_folder("secret"), S_IFREG | 0600, 0), "secret");
	must(syscall(SETRESUID, NOBODY, NOBODY, NOBODY), "setresuid");
	refused("eacces", in_folder("secret"), in_folder("secret"), "EACCES");
	refused("enoent", "../no/./such/file", in_folder("no/such/file"), "ENOENT");
	refused("empty", "", in_folder("sub"), "ENOENT");
}

static void moved_and_deleted(void)
{
	char link[64];
	touch(in_folder("before"));
	int fd = open(in_folder("before"), O_RDONLY), dir = open(in_folder("dir1"), O_RDONLY | O_DIRECTORY);

	must(fd, "before");
	must(dir, "dir1");
	must(rename(in_folder("before"), in_folder("after")), "rename");
	dup_and_tell("renamed", fd, 500, in_folder("after"));
	must(rename(in_folder("dir1"), in_folder("dir2")), "rename");
	dup_and_tell("renamed-dir", dir, 501, in_folder("dir2"));
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	open_and_tell("proc-self-fd", link, in_folder("after"));
	must(unlink(in_folder("after")), "unlink");
	dup_and_tell("deleted", fd, 502, in_folder("after"));
	snprintf(link, sizeof link, "/proc/thread-self/fd/%d", fd);
	open_and_tell("deleted-again", link, in_folder("after"));
	long again = syscall(SYS_openat, dir, "../dir2/in-it", O_RDONLY | O_CREAT, 0600);
	must(again, "in-it");
	truth_begin(&truth, "dirfd", "openat");
	truth_pair(&truth, "fd.nameraw", "../dir2/in-it");
	truth_tid(&truth);
	truth_wants(&truth);
	truth_pair(&truth, "fd.name", "%s", in_folder("dir2/in-it"));
	truth_pair(&truth, "evt.arg.name", "%s", in_folder("dir2/in-it"));
	truth_pair(&truth, "evt.arg.dirfd", "<d>%s", in_folder("dir2"));
	truth_pair(&truth, "evt.is_open_create", "true");
	truth_task(&truth);
	truth_end(&truth);
}

/* A path of that length or one less, as passed: folder, /././ and the name. */
static void long_path(const char *step, size_t bytes)
{
	char path[8192];
	size_t from = strlen(folder), to = bytes - strlen(step);

	to -= (to - from) % 2 == 0;
	touch(in_folder(step));
	memcpy(path, folder, from);
	for (size_t n = from; n < to; n++)
		path[n] = (n - from) % 2 ? '.' : '/';
	strcpy(path + to, step);
	open_and_tell(step, path, in_folder(step));
}

/* So many folders in one another. */
static void deep_path(const char *step, int depth)
{
	char path[8192], *end;
	int at = open(folder, O_PATH | O_DIRECTORY);

	end = path + snprintf(path, sizeof path, "%s", folder);
	for (int i = 0; i < depth; i++) {
		char name[32];
		snprintf(name, sizeof name, "%s%d", i ? "deep" : "top", i ? 0 : depth);
		mkdirat(at, name, 0777);
		int below = openat(at, name, O_PATH | O_DIRECTORY);
		must(below, name);
		close(at);
		at = below;
		end += sprintf(end, "/%s", name);
	}
	sprintf(end, "/leaf");
	int leaf = openat(at, "leaf", O_CREAT | O_WRONLY, 0666);
	must(leaf, "leaf");
	close(leaf);
	open_and_tell(step, path, path);
	must(fchdir(at), "fchdir");
	close(at);
	touch(step);
	sprintf(end, "/%s", step);
	if (depth < 155)
		open_and_tell(step, step, path);
	must(chdir(in_folder("sub")), "chdir");
}

static void files(void)
{
	static const char *const folders[] = { "mnt", "dir1", "jail" };

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		must(mkdir(in_folder(folders[i]), 0777), folders[i]);
	touch(in_folder("jail/jailed"));
	touch(in_folder("sub/bound"));
	must(chdir(folder), "chdir");
	in_child(jail);
	must(chdir(in_folder("sub")), "chdir");
	in_child(bound);
	in_child(refusals);
	in_child(moved_and_deleted);
	long_path("long-4000", 4000);
	long_path("long-4095", 4095);
	deep_path("deep-150", 150 - 4);
	deep_path("deep-200", 200);
#ifdef SYS_open
	long fd = syscall(SYS_open, in_folder("plain"), O_RDONLY);
	must(fd, "open");
	truth_begin(&truth, "open", "open");
	truth_pair(&truth, "fd.nameraw", "%s", in_folder("plain"));
	truth_wants(&truth);
	truth_pair(&truth, "fd.name", "%s", in_folder("plain"));
	truth_task(&truth);
	truth_end(&truth);
#endif
}

#include "task_sockets.h"

static void open_in_new_program(char **argv)
{
	touch(argv[3]);
	open_and_tell(argv[2], argv[3], argv[3]);
	truth_begin(&truth, argv[2], "execve");
	truth_pair(&truth, "evt.rawres", "0");
	truth_pair(&truth, "proc.pid", "%d", getpid());
	truth_wants(&truth);
	truth_task(&truth);
	char text[16384];
	size_t n = truth_read("self/cmdline", text, sizeof text);
	truth_pair(&truth, "@argv", "%zu %zu", n, n < 4096 ? n : 4096);
	truth_end(&truth);
}

int main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "open") == 0) {
		open_in_new_program(argv);
		return 0;
	}
	if (argc != 3)
		errx(64, "usage: tasks DIR LOG");
	umask(0);
	truth_open_log(argv[2]);
	snprintf(folder, sizeof folder, "%s", argv[1]);
	must(mkdir(in_folder("sub"), 0777), "mkdir");
	must(prctl(PR_SET_NAME, "tk-main"), "prctl");
	names();
	executions();
	processes();
	files();
	sockets();
	return 0;
}
