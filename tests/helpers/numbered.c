/* numbered RATE PREFIX: tries to open PREFIX.0, PREFIX.1 and so on, RATE of them a second, until standard input ends; prints how many. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	double rate = argc == 3 ? atof(argv[1]) : 0, begin = now();
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char path[4096];
	long n = 0;

	if (rate <= 0)
		return 64;
	while (poll(&in, 1, 1) == 0) {
		long due = (long)((now() - begin) * rate);
		/* Who was not run for a while does not make up for it in one burst. */
		if (due > n + (long)(rate / 20)) {
			begin += (double)(due - n - (long)(rate / 20)) / rate;
			due = n + (long)(rate / 20);
		}
		for (; n < due; n++) {
			snprintf(path, sizeof path, "%s.%ld", argv[2], n);
			int fd = open(path, O_RDONLY);
			if (fd >= 0)
				close(fd);
		}
	}
	printf("%ld\n", n);
	return 0;
}
