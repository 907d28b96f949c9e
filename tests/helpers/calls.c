/* calls DIR: a known sequence of system calls in DIR, by a process and its child, for comparison with strace. Every path
 * and descriptor is the same in each run. Prints both process ids. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void files(void)
{
	int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int made = openat(folder, "made \"so\"", O_RDWR | O_CREAT | O_TRUNC, 0640);

	openat(folder, "no/such/file", O_WRONLY | O_APPEND);
	open("made \"so\"", O_CREAT | O_EXCL | O_WRONLY, 0600);
	creat("created", 0604);
	open("/proc/self/comm", O_RDONLY | O_NONBLOCK);
	dup(made);
	dup2(made, 40);
	dup3(made, 41, O_CLOEXEC);
	dup2(99, 42);
	dup3(made, made, 0);
}

static void sockets(void)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	connect(s, (struct sockaddr *)&nobody, sizeof nobody);
	connect(98, (struct sockaddr *)&nobody, sizeof nobody);
	socket(AF_UNIX, SOCK_DGRAM, 0);
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) != 0)
		return 64;
	printf("%d\n", getpid());
	fflush(stdout);
	files();
	pid_t child = fork();
	if (child == 0) {
		sockets();
		if (setuid(65534) != 0)
			return 71;
		open("/etc/shadow", O_RDONLY);
		return 0;
	}
	waitpid(child, NULL, 0);
	printf("%d\n", child);
	return child < 0;
}
