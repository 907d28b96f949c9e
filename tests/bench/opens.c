/* opens THREADS SECONDS RATE FILE: opens and closes FILE from some threads, each on a CPU of its own, RATE times
 * a second in all (0: as fast as it can), and prints how many a second it came to. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "clock.h"

#define MAX_THREADS 64
/* Opens between two looks at the clock. */
#define BURST 20

struct worker {
	pthread_t thread;
	int cpu;
	const char *file;
	int64_t start, end;
	double rate;
	long opened;
};

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void open_burst(struct worker *worker)
{
	for (int i = 0; i < BURST; i++) {
		int fd = open(worker->file, O_RDONLY);

		if (fd < 0)
			bench_die(worker->file);
		close(fd);
	}
	worker->opened += BURST;
}

/* Sleeps while ahead of the rate by half a millisecond or more: shorter sleeps cost more than they last. */
static void keep_to_rate(const struct worker *worker, int64_t now)
{
	double ahead;

	if (worker->rate <= 0)
		return;
	ahead = (double)worker->opened / worker->rate * NS_PER_SECOND - (double)(now - worker->start);
	if (ahead > 500000)
		clock_sleep((int64_t)ahead);
}

static void *worker_run(void *argument)
{
	struct worker *worker = argument;

	stay_on(worker->cpu);
	for (int64_t now = worker->start; now < worker->end; now = clock_now()) {
		open_burst(worker);
		keep_to_rate(worker, clock_now());
	}
	return NULL;
}

static long run_all(struct worker *workers, int threads)
{
	long opened = 0;

	for (int i = 0; i < threads; i++)
		if (pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]) != 0)
			bench_die("thread");
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		opened += workers[i].opened;
	}
	return opened;
}

int main(int argc, char **argv)
{
	struct worker workers[MAX_THREADS] = {0};
	int threads = argc == 5 ? atoi(argv[1]) : 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), opened;
	int64_t start = clock_now();

	if (threads <= 0 || threads > MAX_THREADS || cpus <= 0) {
		fputs("usage: opens THREADS SECONDS RATE FILE\n", stderr);
		return 64;
	}
	for (int i = 0; i < threads; i++) {
		workers[i].cpu = (int)(i % cpus);
		workers[i].file = argv[4];
		workers[i].start = start;
		workers[i].end = start + (int64_t)(strtod(argv[2], NULL) * NS_PER_SECOND);
		workers[i].rate = strtod(argv[3], NULL) / threads;
	}
	opened = run_all(workers, threads);
	printf("%.0f\n", (double)opened * NS_PER_SECOND / (double)(clock_now() - start));
	return 0;
}
