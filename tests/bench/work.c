/* work KIND COUNT FILE: does one small thing COUNT times on CPU 0 and prints how many ns each took. Each is a system
 * call or a few, so that what a watcher adds to them can be told. FILE, which is there already, is what `open` opens. */
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

struct place {
	const char *file;
	int pipe[2];
	int listener;
	struct sockaddr_in address;
};

struct work {
	const char *name;
	void (*prepare)(struct place *);
	void (*once)(struct place *);
};

static void getpid_once(struct place *place)
{
	(void)place;
	syscall(SYS_getpid);
}

static void open_once(struct place *place)
{
	int fd = open(place->file, O_RDONLY);

	if (fd < 0)
		bench_die(place->file);
	close(fd);
}

static void pipe_prepare(struct place *place)
{
	if (pipe(place->pipe) < 0)
		bench_die("pipe");
}

static void pipe_once(struct place *place)
{
	char byte = 0;

	if (write(place->pipe[1], &byte, 1) != 1 || read(place->pipe[0], &byte, 1) != 1)
		bench_die("pipe");
}

static void stat_once(struct place *place)
{
	struct stat st;

	(void)place;
	if (stat("/etc/passwd", &st) < 0)
		bench_die("/etc/passwd");
}

static void fork_once(struct place *place)
{
	pid_t child = fork();

	(void)place;
	if (child < 0)
		bench_die("fork");
	if (child == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	waitpid(child, NULL, 0);
}

static void tcp_prepare(struct place *place)
{
	socklen_t size = sizeof(place->address);

	place->address.sin_family = AF_INET;
	place->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	place->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (place->listener < 0 || bind(place->listener, (struct sockaddr *)&place->address, size) < 0 ||
	    listen(place->listener, 16) < 0 || getsockname(place->listener, (struct sockaddr *)&place->address, &size) < 0)
		bench_die("listening on loopback");
}

/* The client resets the connection: one that is closed in order would keep its port for a minute. */
static void tcp_once(struct place *place)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	int client = socket(AF_INET, SOCK_STREAM, 0), server;

	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(client, (struct sockaddr *)&place->address, sizeof(place->address)) < 0)
		bench_die("connect");
	server = accept(place->listener, NULL, NULL);
	if (server < 0)
		bench_die("accept");
	close(client);
	close(server);
}

static const struct work works[] = {
	{"getpid", NULL, getpid_once}, {"open", NULL, open_once}, {"pipe", pipe_prepare, pipe_once},
	{"stat", NULL, stat_once},     {"fork", NULL, fork_once}, {"tcp", tcp_prepare, tcp_once},
};

static const struct work *work_find(const char *name)
{
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (strcmp(works[i].name, name) == 0)
			return &works[i];
	return NULL;
}

static void stay_on_cpu_0(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		bench_die("CPU 0");
}

int main(int argc, char **argv)
{
	const struct work *work = argc == 4 ? work_find(argv[1]) : NULL;
	long count = work ? strtol(argv[2], NULL, 10) : 0;
	struct place place = {.file = work ? argv[3] : NULL};
	int64_t start;

	if (count <= 0) {
		fputs("usage: work getpid|open|pipe|stat|fork|tcp COUNT FILE\n", stderr);
		return 64;
	}
	stay_on_cpu_0();
	if (work->prepare)
		work->prepare(&place);
	start = clock_now();
	for (long i = 0; i < count; i++)
		work->once(&place);
	printf("%.1f\n", (double)(clock_now() - start) / (double)count);
	return 0;
}
