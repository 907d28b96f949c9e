/* Does one deed for tests/live/rules.t, a bad one or its harmless twin: PROGRAM DEED ARGUMENT... What it is called by matters to
   the rules alone: told something that is no deed, `nmap` or `debugfs` does nothing. Arguments that a deed does not need are
   marks for the test. Linked statically: it also runs in containers. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(1, "the child failed");
}

/* open HOW PATH; of HOW r and w read and write, c creates, t truncates */
static void deed_open(char **args)
{
	bool in = strchr(args[0], 'r'), out = strchr(args[0], 'w');
	int flags = in && out ? O_RDWR : out ? O_WRONLY : O_RDONLY;

	flags |= (strchr(args[0], 'c') ? O_CREAT : 0) | (strchr(args[0], 't') ? O_TRUNC : 0);
	if (open(args[1], flags, 0600) < 0)
		err(1, "%s", args[1]);
}

/* run PROGRAM ARGUMENT... */
static void deed_run(char **args)
{
	pid_t pid = fork();

	if (pid == 0) {
		execvp(args[0], args);
		err(1, "%s", args[0]);
	}
	wait_for(pid);
}

/* memfd NAME ARGUMENT..., file NAME ARGUMENT...: this program once more, under that name, from memory or from its file */
static void run_again(char **args, bool memory)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = file;
	struct stat st;

	if (file < 0 || fstat(file, &st))
		err(1, "/proc/self/exe");
	if (memory) {
		fd = memfd_create(args[0], MFD_CLOEXEC);
		if (fd < 0 || sendfile(fd, file, NULL, (size_t)st.st_size) != st.st_size)
			err(1, "memfd_create");
	}
	fexecve(fd, args, environ);
	err(1, "fexecve");
}

static void deed_memfd(char **args)
{
	run_again(args, true);
}

static void deed_file(char **args)
{
	run_again(args, false);
}

/* trace attach|seize|poke|child|continue: of a child that waits, but `child`, which is traced as a debugger's is. It is not
   traced when it shall be changed or continued: that fails. */
static void deed_trace(char **args)
{
	static const struct { const char *name; int request; bool works; } ways[] = {
		{ "attach", PTRACE_ATTACH, true }, { "seize", PTRACE_SEIZE, true }, { "poke", PTRACE_POKETEXT, false },
		{ "continue", PTRACE_CONT, false }
	};
	bool child = strcmp(args[0], "child") == 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (child)
			_exit(ptrace(PTRACE_TRACEME, 0, 0, 0) ? 1 : 0);
		pause();
	}
	if (child) {
		wait_for(pid);
		return;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, args[0]) == 0 && (ptrace(ways[i].request, pid, 0, 0) == 0) != ways[i].works)
			err(1, "%s", args[0]);
	kill(pid, SIGKILL);
}

static struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1)
		errx(64, "%s is no address", ip);
	return a;
}

/* A socket that is bound: a client's to a port that is known beforehand. */
static int bound(int type, struct sockaddr_in a)
{
	int fd = socket(AF_INET, type, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) || bind(fd, (struct sockaddr *)&a, sizeof(a)))
		err(1, "bind");
	return fd;
}

static int client(int type)
{
	return bound(type, address("0.0.0.0", "40000"));
}

/* listen ADDRESS PORT */
static void deed_listen(char **args)
{
	if (listen(bound(SOCK_STREAM, address(args[0], args[1])), 1))
		err(1, "listen");
}

static int connect_to(int type, char **args)
{
	struct sockaddr_in to = address(args[0], args[1]);
	int fd = client(type);

	if (type == SOCK_STREAM)
		deed_listen(args);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect");
	return fd;
}

/* tcp ADDRESS PORT: connects to a listener of its own there */
static void deed_tcp(char **args)
{
	connect_to(SOCK_STREAM, args);
}

/* udp ADDRESS PORT: connects */
static void deed_udp(char **args)
{
	connect_to(SOCK_DGRAM, args);
}

/* A socket that has an address but asked for no port: one that did would be a server's. */
static int sender(const char *from)
{
	return bound(SOCK_DGRAM, address(from, "0"));
}

/* sendto ADDRESS PORT FROM, sendmsg ADDRESS PORT FROM: a datagram from a socket that is not connected */
static void deed_sendto(char **args)
{
	struct sockaddr_in to = address(args[0], args[1]);

	if (sendto(sender(args[2]), "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) != 1)
		err(1, "sendto");
}

static void deed_sendmsg(char **args)
{
	struct sockaddr_in to = address(args[0], args[1]);
	struct iovec byte = { "x", 1 };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &byte, .msg_iovlen = 1 };

	if (sendmsg(sender(args[2]), &m, 0) != 1)
		err(1, "sendmsg");
}

/* redirect HOW ADDRESS PORT FD: a connection becomes that descriptor */
static void deed_redirect(char **args)
{
	int fd = connect_to(SOCK_STREAM, args + 1), to = atoi(args[3]);

	if (strcmp(args[0], "dup") == 0)
		close(to);
	if ((strcmp(args[0], "dup") == 0 ? dup(fd) : strcmp(args[0], "dup2") == 0 ? dup2(fd, to) : dup3(fd, to, 0)) != to)
		err(1, "%s", args[0]);
}

/* socket packet|inet */
static void deed_socket(char **args)
{
	bool packet = strcmp(args[0], "packet") == 0;

	if (socket(packet ? AF_PACKET : AF_INET, SOCK_DGRAM, 0) < 0)
		err(1, "socket");
}

static void deed_setuid(char **args)
{
	if (setuid((uid_t)atoi(args[0])))
		err(1, "setuid");
}

static void deed_setns(char **args)
{
	int fd = open(args[0], O_RDONLY);

	if (fd < 0 || setns(fd, 0))
		err(1, "setns");
}

/* These may fail: the attempt is enough. */
static void deed_unshare(char **args)
{
	(void)args;
	(void)!unshare(CLONE_NEWUTS);
}

static void deed_bpf(char **args)
{
	syscall(SYS_bpf, atoi(args[0]), NULL, 0);
}

/* module memory|file */
static void deed_module(char **args)
{
	if (strcmp(args[0], "memory") == 0)
		syscall(SYS_init_module, "", 0, "");
	else
		syscall(SYS_finit_module, open("/proc/self/exe", O_RDONLY), "", 0);
}

/* fchmod MODE PATH */
static void deed_fchmod(char **args)
{
	int fd = open(args[1], O_RDONLY);

	if (fd < 0 || fchmod(fd, (mode_t)strtoul(args[0], NULL, 8)))
		err(1, "fchmod");
}

/* rest: lives until it is ended */
static void deed_rest(char **args)
{
	(void)args;
	signal(SIGTERM, _exit); /* which the first process of a container is otherwise deaf to */
	alarm(300);
	pause();
}

static void later(char **args);

static void run_deed(char **args, int n)
{
	static const struct { const char *name; int least; void (*run)(char **); } deeds[] = {
		{ "open", 2, deed_open }, { "run", 1, deed_run }, { "memfd", 1, deed_memfd }, { "file", 1, deed_file },
		{ "trace", 1, deed_trace }, { "listen", 2, deed_listen }, { "tcp", 2, deed_tcp }, { "udp", 2, deed_udp },
		{ "sendto", 3, deed_sendto }, { "sendmsg", 3, deed_sendmsg }, { "redirect", 4, deed_redirect },
		{ "socket", 1, deed_socket },
		{ "setuid", 1, deed_setuid }, { "setns", 1, deed_setns }, { "unshare", 0, deed_unshare }, { "bpf", 1, deed_bpf },
		{ "module", 1, deed_module }, { "fchmod", 2, deed_fchmod }, { "rest", 0, deed_rest }, { "later", 2, later }
	};

	for (size_t i = 0; n > 0 && i < sizeof(deeds) / sizeof(*deeds); i++)
		if (strcmp(deeds[i].name, args[0]) == 0 && n > deeds[i].least)
			deeds[i].run(args + 1);
}

/* later SECONDS DEED ARGUMENT... */
static void later(char **args)
{
	int n = 0;

	sleep((unsigned)atoi(args[0]));
	while (args[1 + n])
		n++;
	run_deed(args + 1, n);
}

int main(int argc, char **argv)
{
	run_deed(argv + 1, argc - 1);
	return 0;
}
