/* Does what a match that was taken over would, each deed in a process of its own that has confined itself as match does:
 * misbehave [-f] [-i ENDPOINT] RULES; the folder of the rules is made use of. -f: free, not confined. Prints of each deed what became
 * of it: "open_elsewhere EACCES", "fork killed", "read_rules allowed". */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "match/privileges.h"
#include "match/language/ruleset.h"

struct world {
	struct load load;
	struct options options;
	const char *folder, *rules;
	int pipe[2], program_fd;
	bool free;
};

/* Descriptors that stand ready: a socket that listens at FOLDER/socket, one at that name in the abstract, and unconnected ones. */
enum { LISTENER = 100, ABSTRACT_LISTENER, STREAM_SOCKET, OTHER_SOCKET, FRESH_SOCKET, INET_SOCKET, DATAGRAM_SOCKET };

/* Each returns 0, or -1 with errno. */
typedef int deed(const struct world *);

static const char *in_folder(const struct world *w, const char *name)
{
	static char path[2][4096];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", w->folder, name);
	return path[turn];
}

static int opening(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int read_rules(const struct world *w) { return opening(w->rules, O_RDONLY); }
static int open_elsewhere(const struct world *w) { (void)w; return opening("/etc/passwd", O_RDONLY); }
static int open_above(const struct world *w) { return opening(in_folder(w, "../outside"), O_RDONLY); }
static int open_by_link(const struct world *w) { return opening(in_folder(w, "link_outside"), O_RDONLY); }
static int open_memory(const struct world *w) { (void)w; return opening("/proc/self/mem", O_RDONLY); }
static int open_device(const struct world *w) { (void)w; return opening("/dev/null", O_RDONLY); }
static int open_write(const struct world *w) { return opening(w->rules, O_WRONLY); }
static int open_both(const struct world *w) { return opening(in_folder(w, "beside"), O_RDWR); }
static int open_truncate(const struct world *w) { return opening(in_folder(w, "beside"), O_RDONLY | O_TRUNC); }
static int open_create(const struct world *w) { return opening(in_folder(w, "new"), O_RDONLY | O_CREAT); }
static int open_temporary(const struct world *w) { return opening(w->folder, O_TMPFILE | O_RDWR); }
static int write_pipe(const struct world *w) { return write(w->pipe[1], "x", 1) == 1 ? 0 : -1; }
static int remove_file(const struct world *w) { return unlink(in_folder(w, "removed")); }
static int remove_elsewhere(const struct world *w) { return unlink(in_folder(w, "../removed")); }
static int rename_file(const struct world *w) { return rename(in_folder(w, "renamed"), in_folder(w, "renamed_to")); }
static int link_file(const struct world *w) { return link(w->rules, in_folder(w, "hard")); }
static int symlink_file(const struct world *w) { return symlink("/etc/passwd", in_folder(w, "soft")); }
static int make_folder(const struct world *w) { return mkdir(in_folder(w, "made"), 0700); }
static int change_mode(const struct world *w) { return chmod(in_folder(w, "beside"), 0644); }
static int change_folder(const struct world *w) { (void)w; return chdir("/"); }

static int list_folder(const struct world *w)
{
	DIR *dir = opendir(w->folder);
	bool any = dir && readdir(dir);

	if (dir)
		closedir(dir);
	return any ? 0 : -1;
}

static int list_elsewhere(const struct world *w)
{
	DIR *dir = opendir("/etc");

	(void)w;
	return dir ? closedir(dir) : -1;
}

static int allocate(const struct world *w)
{
	size_t n = 1 << 20;
	char *p = malloc(n);

	(void)w;
	for (; p && n <= 64u << 20; n *= 4)
		if ((p = realloc(p, n)))
			memset(p, 1, n);
	free(p);
	return p ? 0 : -1;
}

static int tell_time(const struct world *w)
{
	time_t now = time(NULL);
	struct tm tm;
	struct timespec pause = { .tv_nsec = 1000 };

	(void)w;
	return localtime_r(&now, &tm) && clock_gettime(CLOCK_MONOTONIC, &pause) == 0 && nanosleep(&(struct timespec){0}, NULL) == 0 ? 0 : -1;
}

/* With a regex for the JIT and the name of a service. */
static int load_again(const struct world *w)
{
	struct diag d = {0};
	struct strbuf line = {0};
	struct ruleset rs = {0};
	struct program *p = load_program(&w->load, &rs, &d, &line);

	errno = ENOEXEC;
	return p ? 0 : -1;
}

static int die_by_abort(const struct world *w)
{
	(void)w;
	abort();
}

static int new_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : close(fd);
}

static int socket_inet(const struct world *w) { (void)w; return new_socket(AF_INET, SOCK_STREAM); }
static int socket_inet6(const struct world *w) { (void)w; return new_socket(AF_INET6, SOCK_DGRAM); }
static int socket_netlink(const struct world *w) { (void)w; return new_socket(AF_NETLINK, SOCK_RAW); }
static int socket_datagram(const struct world *w) { (void)w; return new_socket(AF_UNIX, SOCK_DGRAM); }
static int socket_unix(const struct world *w) { (void)w; return new_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK); }
static int socket_pair(const struct world *w) { int fds[2]; (void)w; return socketpair(AF_UNIX, SOCK_STREAM, 0, fds); }

/* By a socket that is there already. */
static int connecting(int fd, const char *path, size_t abstract)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	strcpy(to.sun_path + abstract, path);
	return connect(fd, (const struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(path)));
}

static int connect_unix(const struct world *w) { return connecting(STREAM_SOCKET, in_folder(w, "socket"), 0); }
static int connect_abstract(const struct world *w) { return connecting(OTHER_SOCKET, w->folder, 1); }

static int connect_inet(const struct world *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	(void)w;
	return connect(INET_SOCKET, (const struct sockaddr *)&to, sizeof to);
}

static int send_to(const struct world *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	(void)w;
	return sendto(DATAGRAM_SOCKET, "x", 1, 0, (const struct sockaddr *)&to, sizeof to) == 1 ? 0 : -1;
}

static int bind_unix(const struct world *w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	strcpy(at.sun_path, in_folder(w, "bound"));
	return bind(FRESH_SOCKET, (const struct sockaddr *)&at, sizeof at);
}

static int accept_nobody(const struct world *w)
{
	(void)w;
	return accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC) >= 0 || errno == EAGAIN ? 0 : -1;
}

static int ended(pid_t child)
{
	if (child == 0)
		_exit(0);
	return child < 0 ? -1 : (int)waitpid(child, NULL, 0) < 0 ? -1 : 0;
}

static void *nothing(void *arg) { return arg; }

static int fork_process(const struct world *w) { (void)w; return ended((pid_t)syscall(SYS_fork)); }
static int clone_process(const struct world *w) { (void)w; return ended((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }

static int clone3_process(const struct world *w)
{
	uint64_t args[8] = { [4] = SIGCHLD };

	(void)w;
	return ended((pid_t)syscall(SYS_clone3, args, sizeof args));
}

static int thread(const struct world *w)
{
	pthread_t t;

	(void)w;
	errno = pthread_create(&t, NULL, nothing, NULL);
	return errno ? -1 : pthread_join(t, NULL);
}

static int exec_program(const struct world *w)
{
	(void)w;
	return execl("/bin/true", "true", (char *)NULL);
}

static int exec_descriptor(const struct world *w)
{
	char *args[] = { "true", NULL }, *env[] = { NULL };

	return (int)syscall(SYS_execveat, w->program_fd, "", args, env, AT_EMPTY_PATH);
}

static int signal_parent(const struct world *w) { (void)w; return kill(getppid(), 0); }
static int trace(const struct world *w) { (void)w; return (int)ptrace(PTRACE_TRACEME, 0, 0, 0); }
static int memory_of_parent(const struct world *w) { (void)w; return (int)syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0); }
static int mount_nothing(const struct world *w) { return (int)syscall(SYS_mount, in_folder(w, "no"), in_folder(w, "none"), "", 0, ""); }
static int unshare_nothing(const struct world *w) { (void)w; return unshare(0); }
static int bpf_nothing(const struct world *w) { (void)w; return (int)syscall(SYS_bpf, -1, NULL, 0); }
static int perf_nothing(const struct world *w) { (void)w; return (int)syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0); }
static int ring_nothing(const struct world *w) { (void)w; return (int)syscall(SYS_io_uring_setup, 0, NULL); }
static int memory_file(const struct world *w) { (void)w; return (int)syscall(SYS_memfd_create, "m", 0) < 0 ? -1 : 0; }
static int become_user(const struct world *w) { (void)w; return setuid(getuid()); }

/* getpid, by the other door: the filter knows the numbers of one architecture. */
static int call_as_32_bits(const struct world *w)
{
	long result = 0;

	(void)w;
#ifdef __x86_64__
	__asm__ volatile ("int $0x80" : "=a" (result) : "a" (20L) : "memory", "r8", "r9", "r10", "r11");
#endif
	return result < 0 ? -1 : 0;
}

static const struct {
	const char *name;
	deed *run;
} deeds[] = {
#define DEED(name) { #name, name }
	DEED(read_rules), DEED(list_folder), DEED(write_pipe), DEED(allocate), DEED(tell_time), DEED(load_again), DEED(die_by_abort),
	DEED(open_elsewhere), DEED(open_above), DEED(open_by_link), DEED(open_memory), DEED(open_device), DEED(list_elsewhere),
	DEED(open_write), DEED(open_both), DEED(open_truncate), DEED(open_create), DEED(open_temporary), DEED(remove_file),
	DEED(remove_elsewhere), DEED(rename_file), DEED(link_file), DEED(symlink_file), DEED(make_folder), DEED(change_mode),
	DEED(change_folder), DEED(memory_file), DEED(become_user), DEED(signal_parent),
	DEED(socket_unix), DEED(socket_inet), DEED(socket_inet6), DEED(socket_netlink), DEED(socket_datagram), DEED(socket_pair),
	DEED(connect_unix), DEED(connect_abstract), DEED(connect_inet), DEED(send_to), DEED(bind_unix), DEED(accept_nobody),
	DEED(fork_process), DEED(clone_process), DEED(clone3_process), DEED(thread), DEED(exec_program), DEED(exec_descriptor),
	DEED(trace), DEED(memory_of_parent), DEED(mount_nothing), DEED(unshare_nothing), DEED(bpf_nothing), DEED(perf_nothing),
	DEED(ring_nothing), DEED(call_as_32_bits),
#undef DEED
};

static void child(const struct world *w, deed *run)
{
	if (!w->free)
		privileges_drop(&w->load, &w->options);
	_exit(run(w) == 0 ? 0 : errno);
}

static void try(const struct world *w, const char *name, deed *run)
{
	int status;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		child(w, run);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(1, "%s", name);
	if (WIFSIGNALED(status))
		printf("%s %s\n", name, WTERMSIG(status) == SIGSYS ? "killed" : sigabbrev_np(WTERMSIG(status)));
	else
		printf("%s %s\n", name, WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "allowed");
}

static void make_socket(int as, int family, int type)
{
	int fd = socket(family, type, 0);

	if (fd < 0 || dup2(fd, as) != as)
		err(1, "a socket");
	close(fd);
}

static void listen_at(int fd, const char *folder, const char *name, size_t abstract)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int n = snprintf(at.sun_path + abstract, sizeof at.sun_path - abstract, "%s%s", folder, name);

	if (bind(fd, (const struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + (size_t)n)) != 0 ||
			listen(fd, 4) != 0)
		err(1, "%s%s", folder, name);
}

static void prepare(struct world *w)
{
	make_socket(LISTENER, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
	for (int fd = ABSTRACT_LISTENER; fd <= FRESH_SOCKET; fd++)
		make_socket(fd, AF_UNIX, SOCK_STREAM);
	make_socket(INET_SOCKET, AF_INET, SOCK_STREAM);
	make_socket(DATAGRAM_SOCKET, AF_INET, SOCK_DGRAM);
	listen_at(LISTENER, w->folder, "/socket", 0);
	listen_at(ABSTRACT_LISTENER, w->folder, "", 1);
	w->program_fd = open("/bin/true", O_PATH | O_CLOEXEC);
	if (pipe(w->pipe) != 0 || w->program_fd < 0)
		err(1, "a pipe and /bin/true");
}

int main(int argc, char **argv)
{
	struct world w = { .load = { .priority = 7 }, .options = { .program = "misbehave", .notify = -1 } };
	struct settings settings = {0};
	int opt;

	while ((opt = getopt(argc, argv, "fi:")) != -1) {
		if (opt == 'f')
			w.free = true;
		else if (opt == 'i' && w.options.ninputs < OPTIONS_INPUTS)
			w.options.inputs[w.options.ninputs++] = optarg;
	}
	if (optind + 1 != argc)
		errx(64, "usage: misbehave [-f] [-i ENDPOINT]... FOLDER/RULES");
	w.load.settings = &settings;
	w.load.paths[w.load.n++] = w.rules = argv[optind];
	char *folder = strdup(w.rules);
	*strrchr(folder, '/') = '\0';
	w.folder = folder;
	prepare(&w);
	for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
		try(&w, deeds[i].name, deeds[i].run);
	return 0;
}
