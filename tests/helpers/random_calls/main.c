/* random_calls DIR SEED COUNT: two processes with eight threads each make COUNT random calls in all, each thread in a folder of
 * its own below DIR, and log what must be seen of each before they make it (log.h; DIR/log.*). As root; DIR/fr-executed is this
 * program. What is captured of a thread between its openat of `fr-begin` and that of `fr-end`, and of its children, must be
 * what its log says. Prints the seconds, and whether this kernel takes 32-bit calls. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"

enum { PROCESSES = 2, THREADS = 8, ACTS_PER_JAIL = 300 };

struct job {
	const char *dir, *exe;
	char arguments[1024], argv0[512];
	unsigned long seed, count;     /* of each thread */
	int process, thread;
	bool has_32_bits;
	pid_t parent;
};

static void must(bool good, const char *what)
{
	if (!good)
		err(71, "%s", what);
}

static char *format_path(const char *dir, const char *form, int process, int thread)
{
	char name[64], *path;

	snprintf(name, sizeof name, form, process, thread);
	must(asprintf(&path, "%s/%s", dir, name) > 0, "memory");
	return path;
}

static int login_uid(void)
{
	unsigned uid = ~0u;
	FILE *f = fopen("/proc/self/loginuid", "r");

	if (f && fscanf(f, "%u", &uid) != 1)
		uid = ~0u;
	if (f)
		fclose(f);
	return (int)uid;
}

static struct actor *actor_new(const struct job *j)
{
	struct actor *a = calloc(1, sizeof *a);

	must(a && (a->spare = calloc(1, sizeof *a)), "memory");
	a->low = mmap(NULL, LOW_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS
#ifdef MAP_32BIT
		| MAP_32BIT
#endif
		, -1, 0);
	must(a->low != MAP_FAILED, "memory");
	a->random = (j->seed * 1000003 + (unsigned)(j->process * THREADS + j->thread)) * 0x9e3779b97f4a7c15 + 1;
	a->folder = format_path(j->dir, "p%dt%d", j->process, j->thread);
	a->program = format_path(j->dir, "fr-executed", 0, 0);
	a->log_path = format_path(j->dir, "log.%d.%d", j->process, j->thread);
	a->arguments = j->arguments;
	a->number = j->thread;
	a->has_32_bits = j->has_32_bits;
	log_open(&a->log, a->log_path, (j->count + 4096) * 2048);
	must(chmod(a->log_path, 0666) == 0, a->log_path);
	world_init(&a->world, a->folder);
	return a;
}

static void introduce(struct actor *a, const struct job *j)
{
	a->pid = getpid();
	a->tid = gettid();
	snprintf(a->leader, sizeof a->leader, "fr-%d", j->process);
	log_state(&a->log, STATE_PID, "%d", a->pid);
	log_state(&a->log, STATE_TID, "%d", a->tid);
	log_state(&a->log, STATE_VPID, "%d", a->pid);
	log_state(&a->log, STATE_VTID, "%d", a->tid);
	log_state(&a->log, STATE_PPID, "%d", j->parent);
	log_state(&a->log, STATE_NAME, "fr-%d-%d", j->process, j->thread);
	log_state(&a->log, STATE_PNAME, "fr-main");
	log_state(&a->log, STATE_EXEPATH, "%s", j->exe);
	log_state(&a->log, STATE_EXE, "%s", j->argv0);
	log_state(&a->log, STATE_CMDLINE, "%s %s", a->leader, j->arguments);
	log_state(&a->log, STATE_SID, "%d", getsid(0));
	log_state(&a->log, STATE_PGID, "%d", getpgrp());
	log_state(&a->log, STATE_LOGINUID, "%d", login_uid());
	must(prctl(PR_SET_NAME, a->log.state[STATE_NAME]) == 0, "prctl");
}

/* The last thread shares folder and root with its process, every other one its descriptors. */
static void stand_alone(struct actor *a, const struct job *j)
{
	a->own_fs = j->thread != THREADS - 1;
	a->own_files = j->thread % 2;
	must(unshare((a->own_fs ? CLONE_FS : 0) | (a->own_files ? CLONE_FILES : 0)) == 0, "unshare");
	must(!a->own_fs || chdir(a->folder) == 0, a->folder);
}

static void mark(const char *name)
{
	syscall(SYS_openat, AT_FDCWD, name, O_RDONLY, 0);
}

static void *live(void *arg)
{
	const struct job *j = arg;
	struct actor *a = actor_new(j);

	stand_alone(a, j);
	introduce(a, j);
	mark("fr-begin");
	while (a->log.head->calls < j->count)
		if (!actor_one_in(a, ACTS_PER_JAIL) || !deed_jail(a))
			actor_act(a);
	mark("fr-end");
	return NULL;
}

static void process(struct job j)
{
	struct job jobs[THREADS];
	pthread_t threads[THREADS];
	char *own = format_path(j.dir, "p%dt%d", j.process, THREADS - 1), name[16];

	snprintf(name, sizeof name, "fr-%d", j.process);
	must(prctl(PR_SET_NAME, name) == 0 && chdir(own) == 0, own);
	for (int i = 0; i < THREADS; i++) {
		jobs[i] = j;
		jobs[i].thread = i;
		must((errno = pthread_create(&threads[i], NULL, live, &jobs[i])) == 0, "thread");
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void make_folders(const char *dir)
{
	for (int i = 0; i < PROCESSES; i++)
		for (int k = 0; k < THREADS; k++) {
			must(mkdir(format_path(dir, "p%dt%d", i, k), 0777) == 0, dir);
			must(mkdir(format_path(dir, "p%dt%d-jail", i, k), 0777) == 0, dir);
		}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	static struct job j;
	static char exe[1024];
	int status, failed = 0;

	if (argc > 1 && strcmp(argv[1], "executed") == 0)
		return executed(argc, argv);
	if (argc != 4)
		errx(64, "usage: random_calls DIR SEED COUNT");
	umask(0);
	j = (struct job){ .dir = argv[1], .exe = exe, .seed = strtoul(argv[2], NULL, 10), .parent = getpid() };
	j.count = strtoul(argv[3], NULL, 10) / (PROCESSES * THREADS) + 1;
	must(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0 && prctl(PR_SET_NAME, "fr-main") == 0, "self");
	snprintf(j.argv0, sizeof j.argv0, "%s", argv[0]);
	snprintf(j.arguments, sizeof j.arguments, "%s %s %s", argv[1], argv[2], argv[3]);
	make_folders(j.dir);
	j.has_32_bits = call_32_works();
	double from = seconds();
	for (j.process = 0; j.process < PROCESSES; j.process++) {
		pid_t pid = fork();
		must(pid >= 0, "fork");
		if (pid == 0) {
			process(j);
			return 0;
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	printf("%.3f %d\n", seconds() - from, j.has_32_bits);
	return failed ? 70 : 0;
}
