/* storm: more events than a small ring can hold.
 *   storm write SECONDS     two processes, each on a CPU of its own, open and close /dev/null at full speed
 *   storm fork N            N times: fork, exec of /bin/true, wait
 *   storm hold N FOLDER     N children, each under a parent that blocks in wait(); prints "held". When standard input ends, each
 *                           child opens FOLDER/marker.K and all leave */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void open_close(int cpu, double end)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof set, &set);
	while (seconds() < end)
		for (int i = 0; i < 100; i++)
			close(open("/dev/null", O_RDONLY));
	_exit(0);
}

static void write_storm(double for_seconds)
{
	double end = seconds() + for_seconds;

	for (int cpu = 0; cpu < 2; cpu++)
		if (fork() == 0)
			open_close(cpu, end);
	while (wait(NULL) > 0)
		;
}

static void fork_storm(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
}

/* The child of a parent that does nothing but wait: it alone makes an event later. */
static void hold_one(int k, const char *folder, int wake)
{
	char path[4096], c;

	if (fork() == 0) {
		snprintf(path, sizeof path, "%s/marker.%d", folder, k);
		if (read(wake, &c, 1) == 0)
			close(open(path, O_WRONLY | O_CREAT, 0600));
		_exit(0);
	}
	close(wake);
	wait(NULL);
	_exit(0);
}

static void hold(int n, const char *folder)
{
	char c;
	int wake[2];

	if (pipe(wake) != 0)
		exit(1);
	for (int k = 0; k < n; k++)
		if (fork() == 0) {
			close(wake[1]);
			hold_one(k, folder, wake[0]);
		}
	puts("held");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	close(wake[1]);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "write") == 0)
		write_storm(atof(argv[2]));
	else if (argc == 3 && strcmp(argv[1], "fork") == 0)
		fork_storm(atoi(argv[2]));
	else if (argc == 4 && strcmp(argv[1], "hold") == 0)
		hold(atoi(argv[2]), argv[3]);
	else
		return 64;
	return 0;
}
