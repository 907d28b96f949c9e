/* The BPF object's life: configured, loaded, attached, read, detached. */
#include "kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <unistd.h>

#include "kernel_object.h"
#include "kernel_plan.h"
#include "kernel_programs.h"
#include "kernel_types.h"
#include "ring.h"
#include "types.h"
#include "probe/probe.skel.h"
#include "wire/log.h"
#include "wire/spec.h"

enum { TYPE_CLOSE = 5, KEPT_FILES = 1024, SNAPLEN_DEFAULT = 80, DESCRIPTORS = 256 };

#define SYS_ENTER "BPF_PROG_sys_enter"

struct kernel {
	struct probe_bpf *bpf;
	struct programs *programs;
	struct ring_buffer *ring;
	struct ring view;                      /* the same ring */
	int wakes;                             /* an epoll instance: what wakes the reader */
	kernel_record *cb;
	void *arg;
	bool types[EVENT_TYPES];               /* captured now or before */
	uint32_t snaplen, wants;               /* as in kernel_config */
	int cpus;
	bool can_iterate;
};

static int on_record(void *ctx, void *data, size_t size)
{
	struct kernel *k = ctx;

	return k->cb(k->arg, data, size) ? 0 : -ENOBUFS;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* Calls that io_uring makes are seen by programs of their own. */
static int want_rings(struct probe_bpf *b, bool wanted)
{
	bpf_program__set_autoload(b->progs.BPF_PROG_ring_submit, wanted);
	bpf_program__set_autoload(b->progs.BPF_PROG_ring_submit_old, wanted);
	bpf_program__set_autoload(b->progs.BPF_PROG_ring_complete, wanted);
	bpf_program__set_autoload(b->progs.BPF_PROG_ring_complete_old, wanted);
	return wanted ? 0 : bpf_map__set_max_entries(b->maps.ring_requests, 1);
}

/* Our own programs, by device and inode: what they do is counted as `self`. */
static void fill_self(const struct probe_bpf *b)
{
	static const char *const names[] = { "probe", "enrich", "match", "emit", "frames", "saker-web", "saker-conf", "saker-learn",
		"saker-log" };
	char folder[PATH_MAX], file[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
	char *slash = n > 0 ? (folder[n] = '\0', strrchr(folder, '/')) : NULL;
	struct stat st;

	if (!slash)
		return;
	*slash = '\0';
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(file, sizeof file, "%s/%s", folder, names[i]);
		if (stat(file, &st) != 0)
			continue;
		uint64_t key[2] = { (uint64_t)major(st.st_dev) << 20 | minor(st.st_dev), st.st_ino };
		uint32_t one = 1;
		bpf_map__update_elem(b->maps.self_exes, key, sizeof key, &one, sizeof one, BPF_ANY);
	}
}

static int load_status(int err)
{
	return err == EPERM || err == EACCES ? EX_NOPERM : err == ENOMEM ? EX_OSERR : EX_UNAVAILABLE;
}

static int configure(struct kernel *k, const struct kernel_config *c)
{
	struct probe_bpf *b = k->bpf;

	k->cpus = libbpf_num_possible_cpus();
	if (k->cpus <= 0)
		return -1;
	b->rodata->ring_size = c->ring_size;
	k->snaplen = c->snaplen;
	k->wants = c->wants;
	if (bpf_map__set_max_entries(b->maps.ring, (uint32_t)c->ring_size) ||
	    bpf_map__set_max_entries(b->maps.slots, 4u * (uint32_t)k->cpus))
		return -1;
	bool may_enter = c->types[TYPE_CLOSE] || c->plan;
	bpf_program__set_autoload(b->progs.BPF_PROG_sys_enter, may_enter);
	if (may_enter && bpf_map__set_max_entries(b->maps.kept_files, KEPT_FILES))
		return -1;
	kernel_plan_calls(b);
	return 0;
}

static void close_object(struct kernel *k)
{
	probe_bpf__destroy(k->bpf);
	programs_free(k->programs);
	k->bpf = NULL;
	k->programs = NULL;
}

/* Loads the object that fits. Returns 0, or -1 with errno. */
static int load_object(struct kernel *k, const struct kernel_config *c, const struct kernel_types *types, int file)
{
	uint64_t started = spec_clock();

	k->programs = programs_prepare(types, c->report, c->verbose);
	k->bpf = k->programs ? kernel_object_open(types, file) : NULL;
	/* Another plan may want what this one does not. */
	if (!k->bpf || want_rings(k->bpf, c->plan || kernel_plan_rings(c->types)) != 0 || configure(k, c) != 0)
		return -1;
	int rc = probe_bpf__load(k->bpf), saved = errno;
	/* Whether or not libbpf got to its end, some have begun. */
	if (programs_load(k->programs, started) != 0)
		return -1;
	errno = saved;
	return rc < 0 ? -1 : 0;
}

/* Makes room for all descriptors before there are threads: who shares them waits for all CPUs, some 20 ms, when the kernel makes more. */
static void make_room(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC), high = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, DESCRIPTORS - 1) : -1;

	if (high >= 0)
		close(high);
	if (fd >= 0)
		close(fd);
}

/* Returns 0, or -1 with errno; `*step` may then be what can not be done. */
static int load(struct kernel *k, const struct kernel_config *c, const char **step)
{
	struct kernel_types types = {0};
	int rc = -1;

	make_room();
	int file = memfd_create("saker-types", MFD_CLOEXEC);
	if (file >= 0 && (rc = kernel_types_read(&types)) != 0)
		*step = "loaded without the kernel's types, " KERNEL_TYPES;
	if (rc == 0)
		rc = load_object(k, c, &types, file);
	int saved = errno;
	k->can_iterate = types.id[KERNEL_COPY_FROM_TASK] != 0;
	if (rc == 0 && kernel_types_args(&types, KERNEL_RING_COMPLETE) && !kernel_types_rings(&types, true) && !kernel_types_rings(&types, false))
		log_warnx("this kernel does not tell of calls that io_uring makes");
	kernel_types_free(&types);
	if (file >= 0)
		close(file);
	errno = saved;
	return rc;
}

struct kernel *kernel_open(const struct kernel_config *c, char *err, size_t errlen, int *status)
{
	struct kernel *k = calloc(1, sizeof *k);
	const char *step = "loaded";

	*status = EX_OSERR;
	if (!k) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	k->wakes = -1;
	if (!c->verbose)
		libbpf_set_print(quiet);
	/* Kernels before 5.11 charge maps against this limit; where it can not be raised it is not needed. */
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	int rc = load(k, c, &step);
	if (rc == 0) {
		step = "given their plan";
		rc = kernel_set_plan(k, c->plan, c->types);
	}
	if (rc == 0) {
		step = "attached";
		fill_self(k->bpf);
		/* What has to be seen before it is made costs every call of the machine something. */
		rc = programs_attach_others(k->programs, SYS_ENTER);
		if (rc == 0 && kernel_wants_enter(c->types))
			rc = programs_attach(k->programs, SYS_ENTER);
	}
	if (rc == 0)
		return k;
	*status = load_status(errno);
	snprintf(err, errlen, "the BPF programs can not be %s: %s%s", step, strerror(errno),
		*status == EX_NOPERM ? " (root is needed, or CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE)" : "");
	kernel_free(k);
	return NULL;
}

int kernel_read(struct kernel *k, kernel_record *cb, void *arg)
{
	/* Only a wake-up counts, not that there is something: what can wait is left to gather there. */
	struct epoll_event wake = { .events = EPOLLIN | EPOLLET };
	int fd = bpf_map__fd(k->bpf->maps.ring);

	k->cb = cb;
	k->arg = arg;
	programs_detach_all(k->programs);
	k->ring = ring_buffer__new(fd, on_record, k, NULL);
	k->wakes = epoll_create1(EPOLL_CLOEXEC);
	if (!k->ring || k->wakes < 0 || epoll_ctl(k->wakes, EPOLL_CTL_ADD, fd, &wake) != 0)
		return -1;
	return ring_open(&k->view, fd, bpf_map__max_entries(k->bpf->maps.ring));
}

bool kernel_wants_enter(const bool types[EVENT_TYPES])
{
	return types[TYPE_CLOSE];
}

/* Where the plan wants data: who asks for more than the default gets at least that, who asks for less at most that. */
static void bound_data(struct raw_plan *p, uint32_t snaplen)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		uint16_t *data = &p->types[i].data;
		if (*data && (snaplen < SNAPLEN_DEFAULT ? *data > snaplen : snaplen > SNAPLEN_DEFAULT && *data < snaplen))
			*data = (uint16_t)snaplen;
	}
}

int kernel_set_plan(struct kernel *k, const struct plan *plan, const bool types[EVENT_TYPES])
{
	uint32_t serial = kernel_plan_serial(k) + 1;
	struct compiled *c = plan ? plan_compile(plan, serial) : plan_compile_all(types, k->wants, k->snaplen, serial);

	if (plan)
		bound_data(&c->raw, k->snaplen);
	if (c->widened)
		log_warnx("the plan has more than %d lines: %u event types pass whole", RAW_LINES, c->widened);
	for (int i = 0; i < EVENT_TYPES; i++)
		k->types[i] |= types[i];
	int rc = plan_exchange(k->bpf, c, types);
	int saved = errno;
	compiled_free(c);
	errno = saved;
	return rc;
}

uint32_t kernel_plan_serial(const struct kernel *k)
{
	const struct probe_bpf *b = k->bpf;

	return (uint32_t)b->bss->plans[b->bss->plan_index & 1].serial;
}

void kernel_take_plan(struct kernel *k, const bool types[EVENT_TYPES])
{
	/* Types that plans before have captured have been counted. */
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		k->types[i] = captured_type(i);
	plan_finish(k->bpf, types);
}

void kernel_set_cgroup(struct kernel *k, uint64_t id, uint32_t class)
{
	int map = bpf_map__fd(k->bpf->maps.cgroup_classes);

	if (class)
		bpf_map_update_elem(map, &id, &class, BPF_ANY);
	else
		bpf_map_delete_elem(map, &id);
	__atomic_fetch_add(&k->bpf->bss->cgroup_epoch, 1, __ATOMIC_RELEASE);
}

int kernel_map(const struct kernel *k)
{
	return bpf_map__fd(k->bpf->maps.ring);
}

int kernel_fd(const struct kernel *k)
{
	return k->wakes;
}

int kernel_consume(struct kernel *k)
{
	struct epoll_event wake;
	int n;

	epoll_wait(k->wakes, &wake, 1, 0);
	/* Who puts something in wakes us only if he sees that all before it has been taken. */
	do {
		n = ring_buffer__consume(k->ring);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	} while (n >= 0 && ring_waits(&k->view));
	if (n == -ENOBUFS)
		return 1;
	/* For what stands behind one that is still being written nobody may wake us again. */
	if (n >= 0)
		return ring_consumer(&k->view) != ring_producer(&k->view);
	errno = -n;
	return -1;
}

const struct ring *kernel_ring(const struct kernel *k)
{
	return &k->view;
}

bool kernel_can_iterate(const struct kernel *k)
{
	return k->can_iterate;
}

int kernel_iterator(struct kernel *k)
{
	return programs_iterate(k->programs, "snapshot");
}

int kernel_snapshot(struct kernel *k, int iterator, bool unsent)
{
	char buf[64];
	ssize_t n;

	k->bpf->bss->iterate_unsent = unsent;
	while ((n = read(iterator, buf, sizeof buf)) > 0 || (n < 0 && errno == EAGAIN))
		;
	int saved = errno;
	close(iterator);
	errno = saved;
	return n < 0 ? -1 : 0;
}

uint64_t kernel_definitions_lost(const struct kernel *k)
{
	return __atomic_load_n(&k->bpf->bss->definitions_lost, __ATOMIC_RELAXED);
}

void kernel_detach(struct kernel *k)
{
	programs_detach_all(k->programs);
	syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

int kernel_watch_enter(struct kernel *k, bool on)
{
	if (on)
		return programs_attach(k->programs, SYS_ENTER);
	programs_detach(k->programs, SYS_ENTER);
	return 0;
}

enum { CLASSES = 4 };

static void type_stats(const struct kernel *k, uint32_t type, struct raw_counts *of_cpu, struct stat_writer *w)
{
	static const enum counter names[COUNT_TYPES] = { STAT_KERNEL_WANTED, STAT_KERNEL_REJECTED, STAT_KERNEL_SELF,
		STAT_KERNEL_DELIVERED, STAT_KERNEL_DROP_FULL, STAT_KERNEL_DROP_SCRATCH };
	char name[128];

	if (bpf_map_lookup_elem(bpf_map__fd(k->bpf->maps.counts), &type, of_cpu) != 0)
		return;
	for (int i = 0; i < COUNT_TYPES; i++) {
		uint64_t n = 0;
		for (int cpu = 0; cpu < k->cpus; cpu++)
			n += of_cpu[cpu].n[i];
		if (!n)
			continue;
		snprintf(name, sizeof name, "%s.%s", stat_defs[names[i]].name, event_type(type)->name);
		stat_add(w, name, n);
	}
}

void kernel_stats(const struct kernel *k, struct stat_writer *w)
{
	struct raw_counts *of_cpu = calloc((size_t)k->cpus, sizeof *of_cpu);
	char name[64];

	for (uint32_t type = 0; of_cpu && type < EVENT_TYPES; type++)
		if (k->types[type])
			type_stats(k, type, of_cpu, w);
	free(of_cpu);
	for (int i = 0; i < CLASSES; i++) {
		snprintf(name, sizeof name, "%s.%d", stat_defs[STAT_KERNEL_CLASS_DROP].name, i);
		if (k->bpf->bss->lost[i])
			stat_add(w, name, k->bpf->bss->lost[i]);
	}
	stat_add(w, stat_defs[STAT_KERNEL_MISSED].name, programs_missed(k->programs));
	stat_add(w, stat_defs[STAT_KERNEL_DEFS].name, k->bpf->bss->definitions);
	stat_add(w, stat_defs[STAT_KERNEL_DEFS_LOST].name, k->bpf->bss->definitions_lost);
	stat_add(w, stat_defs[STAT_PATH_DEEP].name, k->bpf->bss->deep_paths);
}

void kernel_free(struct kernel *k)
{
	if (!k)
		return;
	ring_buffer__free(k->ring);
	ring_close(&k->view);
	if (k->wakes >= 0)
		close(k->wakes);
	close_object(k);
	free(k);
}
