/* latency COUNT SECONDS: reads alerts from standard input and measures how long after an open of /etc/shadow its line
 * comes. COUNT times, or for SECONDS, at random distances, it starts itself as a program that opens the file; prints
 * `p50 p90 p99 seen missed`, the first three in ns. An alert that does not come within PATIENCE is missed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define SECRET "/etc/shadow"
#define PATIENCE (2 * NS_PER_SECOND)
#define MS (NS_PER_SECOND / 1000)
#define MAX_COUNT 100000

struct times {
	int64_t *taken;
	int count, missed;
};

/* The program that is started: its standard output is where the time goes. */
static int open_secret(void)
{
	int64_t now = clock_now();
	int fd = open(SECRET, O_RDONLY);

	close(fd);
	return fd < 0 || write(STDOUT_FILENO, &now, sizeof(now)) != sizeof(now);
}

static pid_t start_opener(char *program, int out)
{
	char *argv[] = {program, NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	error = posix_spawn(&child, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error) {
		errno = error;
		bench_die(program);
	}
	return child;
}

static int readable(int timeout_ms)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&in, 1, timeout_ms) > 0;
}

static void read_alerts(char *text, size_t size)
{
	ssize_t n = read(STDIN_FILENO, text, size - 1);

	if (n <= 0) {
		fputs("latency: the alerts have ended\n", stderr);
		exit(75);
	}
	text[n] = '\0';
}

/* The time at which an alert on the file came, or 0. */
static int64_t wait_for_alert(void)
{
	char text[65536];
	int64_t now, end = clock_now() + PATIENCE;

	while ((now = clock_now()) < end) {
		if (!readable((int)((end - now) / MS) + 1))
			continue;
		read_alerts(text, sizeof(text));
		now = clock_now();
		if (strstr(text, SECRET))
			return now;
	}
	return 0;
}

static void measure_once(char *program, struct times *times)
{
	char old[65536];
	int64_t opened, seen;
	int ends[2];
	pid_t child;

	while (readable(0))
		read_alerts(old, sizeof(old));
	if (pipe2(ends, O_CLOEXEC) < 0)
		bench_die("pipe");
	child = start_opener(program, ends[1]);
	close(ends[1]);
	seen = wait_for_alert();
	if (read(ends[0], &opened, sizeof(opened)) != sizeof(opened))
		bench_die("the program that opens " SECRET);
	waitpid(child, NULL, 0);
	close(ends[0]);
	if (seen)
		times->taken[times->count++] = seen - opened;
	else
		times->missed++;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static long long percentile(const struct times *times, int percent)
{
	return times->count ? times->taken[times->count * percent / 100] : 0;
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[1]) : 0;
	int64_t end = argc == 3 ? clock_now() + atoi(argv[2]) * NS_PER_SECOND : 0;
	struct times times = {0};

	if (argc == 1)
		return open_secret();
	if (count <= 0 || count > MAX_COUNT) {
		fputs("usage: latency COUNT SECONDS\n", stderr);
		return 64;
	}
	times.taken = calloc((size_t)count, sizeof(*times.taken));
	if (!times.taken)
		bench_die("memory");
	for (int i = 0; i < count && clock_now() < end; i++) {
		clock_sleep((20 + random() % 130) * MS);
		measure_once(argv[0], &times);
	}
	qsort(times.taken, (size_t)times.count, sizeof(*times.taken), compare);
	printf("%lld %lld %lld %d %d\n", percentile(&times, 50), percentile(&times, 90), percentile(&times, 99), times.count,
	       times.missed);
	free(times.taken);
	return 0;
}
