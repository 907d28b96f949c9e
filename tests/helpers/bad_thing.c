/* Does one bad thing, or its harmless twin, for tests/live/bad_things.t: bad_thing LABEL DEED ARGUMENT...
   What it is and did goes to standard output as one line of JSON, so that the test can compare alerts with it.
   Linked statically: it also runs in containers. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *label;

static void read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0)
		err(1, "%s", path);
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	close(fd);
}

/* `more` is empty or ", "key": value"… */
static void report(const char *more)
{
	char stat[1024], comm[32], loginuid[32];
	int ppid, pgid, sid, tty;

	read_file("/proc/self/stat", stat, sizeof(stat));
	read_file("/proc/self/comm", comm, sizeof(comm));
	read_file("/proc/self/loginuid", loginuid, sizeof(loginuid));
	if (sscanf(strrchr(stat, ')'), ") %*c %d %d %d %d", &ppid, &pgid, &sid, &tty) != 4)
		errx(1, "/proc/self/stat: %s", stat);
	dprintf(1, "{\"label\": \"%s\", \"pid\": %d, \"ppid\": %d, \"sid\": %d, \"tty\": %d, \"uid\": %u, "
		"\"loginuid\": %d, \"comm\": \"%s\"%s}\n", label, (int)getpid(), ppid, sid, tty, (unsigned)geteuid(),
		(int)strtoul(loginuid, NULL, 10), comm, more);
}

static void deed_nothing(char **args)
{
	(void)args;
	report("");
}

/* read PATH */
static void deed_read(char **args)
{
	char more[32], byte;
	int fd = open(args[0], O_RDONLY);

	if (fd < 0 || read(fd, &byte, 1) < 0)
		err(1, "%s", args[0]);
	snprintf(more, sizeof(more), ", \"fd\": %d", fd);
	report(more);
}

/* fork-read PATH: by a child, which has its command line from us. */
static void deed_fork_read(char **args)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		deed_read(args);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		err(1, "fork");
}

/* exec memfd|file NAME: this program once more, by a descriptor of a memory file or of its own file. */
static void deed_exec(char **args)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = file;
	struct stat st;

	if (file < 0 || fstat(file, &st))
		err(1, "/proc/self/exe");
	if (strcmp(args[0], "memfd") == 0) {
		fd = memfd_create(args[1], MFD_CLOEXEC);
		if (fd < 0 || sendfile(fd, file, NULL, (size_t)st.st_size) != st.st_size)
			err(1, "memfd_create");
	}
	fexecve(fd, (char *[]) { args[1], (char *)label, "nothing", NULL }, environ);
	err(1, "fexecve");
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(20);
		pause();
		_exit(0);
	}
	return pid < 0 ? (err(1, "fork"), -1) : pid;
}

static void trace_attach(pid_t pid)
{
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) || waitpid(pid, NULL, 0) != pid || ptrace(PTRACE_DETACH, pid, 0, 0))
		err(1, "PTRACE_ATTACH");
}

/* Of a process that is not traced: fails. */
static void trace_continue(pid_t pid)
{
	if (ptrace(PTRACE_CONT, pid, 0, 0) == 0 || errno != ESRCH)
		errx(1, "PTRACE_CONT worked");
}

/* Nobody may attach to itself. */
static void trace_refused(pid_t pid)
{
	(void)pid;
	if (ptrace(PTRACE_ATTACH, getpid(), 0, 0) == 0)
		errx(1, "PTRACE_ATTACH worked");
}

/* As debuggers start a program. */
static void trace_child(pid_t pid)
{
	(void)pid;
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, 0, 0) ? 1 : 0);
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		err(1, "PTRACE_TRACEME");
}

/* trace HOW...: `target` is the process that is there to be traced. */
static void deed_trace(char **args)
{
	static const struct { const char *name; void (*trace)(pid_t); } ways[] = {
		{ "attach", trace_attach }, { "continue", trace_continue }, { "refused", trace_refused }, { "child", trace_child }
	};
	pid_t target = sleeper();
	char more[32];

	for (; *args; args++)
		for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
			if (strcmp(ways[i].name, *args) == 0)
				ways[i].trace(target);
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	snprintf(more, sizeof(more), ", \"target\": %d", (int)target);
	report(more);
}

static unsigned port_of(int fd)
{
	struct sockaddr_in a = {0};
	socklen_t n = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &n))
		err(1, "getsockname");
	return ntohs(a.sin_port);
}

/* A connection to ourselves: ports[0] is the client's, whose descriptor is returned, ports[1] the server's. */
static int connect_tcp(unsigned *ports)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(server, (struct sockaddr *)&a, sizeof(a)) || listen(server, 1))
		err(1, "listen");
	ports[1] = port_of(server);
	a.sin_port = htons((uint16_t)ports[1]);
	if (connect(client, (struct sockaddr *)&a, sizeof(a)))
		err(1, "connect");
	ports[0] = port_of(client);
	return client;
}

static int open_kind(const char *kind, unsigned *ports)
{
	int pair[2];

	if (strcmp(kind, "tcp") == 0)
		return connect_tcp(ports);
	if (strcmp(kind, "unix") == 0)
		return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? -1 : pair[0];
	return open("/etc/passwd", O_RDONLY);
}

/* dup tcp|unix|file FD, once or more */
static void deed_dup(char **args)
{
	unsigned ports[2] = {0};
	char more[96];
	int fd = -1;

	for (; args[0] && args[1]; args += 2) {
		fd = open_kind(args[0], ports);
		if (fd < 0 || dup2(fd, atoi(args[1])) < 0)
			err(1, "dup2 %s %s", args[0], args[1]);
	}
	snprintf(more, sizeof(more), ", \"from\": %d, \"client\": %u, \"server\": %u", fd, ports[0], ports[1]);
	report(more);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int least; void (*deed)(char **); } deeds[] = {
		{ "nothing", 0, deed_nothing }, { "read", 1, deed_read }, { "fork-read", 1, deed_fork_read },
		{ "exec", 2, deed_exec }, { "trace", 1, deed_trace }, { "dup", 2, deed_dup }
	};

	for (size_t i = 0; argc > 2 && i < sizeof(deeds) / sizeof(*deeds); i++)
		if (strcmp(deeds[i].name, argv[2]) == 0 && argc - 3 >= deeds[i].least) {
			label = argv[1];
			deeds[i].deed(argv + 3);
			return 0;
		}
	fputs("usage: bad_thing LABEL DEED ARGUMENT...\n", stderr);
	return 64;
}
