/* The clock of all that is measured in tests/bench, in ns, and the end of a program that could not do its work. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_SECOND 1000000000LL

static inline int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

static inline void clock_sleep(int64_t ns)
{
	struct timespec t = {.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};

	nanosleep(&t, NULL);
}

static inline _Noreturn void bench_die(const char *what)
{
	perror(what);
	exit(71);
}

#endif
