/* The BPF object's life: configured, loaded, attached, read, detached. */
#include "kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "kernel_plan.h"
#include "kernel_report.h"
#include "probe/probe.skel.h"
#include "wire/log.h"

enum { TYPE_CLOSE = 5, KEPT_FILES = 1024 };

struct kernel {
	struct probe_bpf *bpf;
	struct ring_buffer *ring;
	kernel_record *cb;
	void *arg;
	bool types[EVENT_TYPES];               /* captured now or before */
	struct kernel_plan plan;
	uint32_t plans;                        /* how many there have been */
	int cpus;
	bool can_iterate;
};

static int on_record(void *ctx, void *data, size_t size)
{
	struct kernel *k = ctx;

	k->cb(k->arg, data, size);
	return 0;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* What the running kernel can do beyond the floor. */
static void probe_features(struct kernel *k)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return;
	k->bpf->rodata->can_cast = btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
	k->can_iterate = btf__find_by_name_kind(btf, "bpf_copy_from_user_task", BTF_KIND_FUNC) > 0;
	bpf_program__set_autoload(k->bpf->progs.snapshot, k->can_iterate);
	btf__free(btf);
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

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int load(struct kernel *k, const struct kernel_config *c)
{
	uint64_t start = now();

	if (c->report)
		kernel_report_ask(k->bpf->obj);
	int rc = probe_bpf__load(k->bpf);
	if (c->report && rc == 0)
		kernel_report_print(k->bpf->obj, now() - start);
	return rc;
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
	b->rodata->snaplen = c->snaplen;
	probe_features(k);
	if (bpf_map__set_max_entries(b->maps.ring, (uint32_t)c->ring_size) ||
	    bpf_map__set_max_entries(b->maps.slots, 4u * (uint32_t)k->cpus) ||
	    bpf_map__set_max_entries(b->maps.slots_used, (uint32_t)k->cpus))
		return -1;
	/* Another plan may want what this one does not. */
	bool may_enter = c->types[TYPE_CLOSE] || c->plan;
	bpf_program__set_autoload(b->progs.BPF_PROG_sys_enter, may_enter);
	if (may_enter && bpf_map__set_max_entries(b->maps.kept_files, KEPT_FILES))
		return -1;
	kernel_plan_calls(b);
	return 0;
}

struct kernel *kernel_open(const struct kernel_config *c, kernel_record *cb, void *arg, char *err, size_t errlen, int *status)
{
	struct kernel *k = calloc(1, sizeof *k);
	const char *step = "opened";
	int rc = -1;

	*status = EX_OSERR;
	if (!k) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	*k = (struct kernel){ .cb = cb, .arg = arg };
	if (!c->verbose)
		libbpf_set_print(quiet);
	/* Kernels before 5.11 charge maps against this limit; where it can not be raised it is not needed. */
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	if ((k->bpf = probe_bpf__open()) && configure(k, c) == 0) {
		step = "loaded";
		rc = load(k, c);
	}
	if (rc == 0) {
		step = "given their plan";
		rc = kernel_set_plan(k, c->plan, c->types) == 0 ? 0 : -errno;
	}
	if (rc == 0) {
		step = "attached";
		fill_self(k->bpf);
		bpf_program__set_autoattach(k->bpf->progs.snapshot, false);
		bpf_program__set_autoattach(k->bpf->progs.BPF_PROG_sys_enter, false);
		rc = probe_bpf__attach(k->bpf);
	}
	if (rc == 0) {
		step = "read";
		k->ring = ring_buffer__new(bpf_map__fd(k->bpf->maps.ring), on_record, k, NULL);
		rc = k->ring ? 0 : -errno;
	}
	if (rc == 0)
		return k;
	*status = load_status(rc < 0 ? -rc : errno);
	snprintf(err, errlen, "the BPF programs can not be %s: %s%s", step, strerror(rc < 0 ? -rc : errno),
		*status == EX_NOPERM ? " (root is needed, or CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE)" : "");
	kernel_free(k);
	return NULL;
}

/* What has to be seen before it is made costs every call of the machine something: only when it is wanted. */
static int watch_enter(struct kernel *k, bool wanted)
{
	struct bpf_link **link = &k->bpf->links.BPF_PROG_sys_enter;

	if (wanted && !*link) {
		*link = bpf_program__attach(k->bpf->progs.BPF_PROG_sys_enter);
		return *link ? 0 : -1;
	}
	if (!wanted && *link) {
		bpf_link__destroy(*link);
		*link = NULL;
	}
	return 0;
}

int kernel_set_plan(struct kernel *k, const struct plan *plan, const bool types[EVENT_TYPES])
{
	uint32_t serial = ++k->plans;
	struct compiled *c = plan ? plan_compile(plan, serial) : plan_compile_all(types, serial);

	if (c->widened)
		log_warnx("the plan has more than %d lines: %u event types pass whole", RAW_LINES, c->widened);
	for (int i = 0; i < EVENT_TYPES; i++)
		k->types[i] |= types[i];
	if (types[TYPE_CLOSE] && watch_enter(k, true) != 0) {
		compiled_free(c);
		return -1;
	}
	if (kernel_plan_load(&k->plan, k->bpf, c, types) != 0)
		return -1;
	return watch_enter(k, types[TYPE_CLOSE]);
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

int kernel_fd(const struct kernel *k)
{
	return ring_buffer__epoll_fd(k->ring);
}

int kernel_consume(struct kernel *k)
{
	int n = ring_buffer__consume(k->ring);

	if (n < 0)
		errno = -n;
	return n < 0 ? -1 : n;
}

bool kernel_can_iterate(const struct kernel *k)
{
	return k->can_iterate;
}

int kernel_snapshot(struct kernel *k, bool unsent)
{
	char buf[64];
	struct bpf_link *link;
	int fd, rc = -1;

	k->bpf->bss->iterate_unsent = unsent;
	link = bpf_program__attach_iter(k->bpf->progs.snapshot, NULL);
	if (!link)
		return -1;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd >= 0) {
		ssize_t n;
		while ((n = read(fd, buf, sizeof buf)) > 0 || (n < 0 && errno == EAGAIN))
			;
		rc = n < 0 ? -1 : 0;
		close(fd);
	}
	bpf_link__destroy(link);
	return rc;
}

uint64_t kernel_definitions_lost(const struct kernel *k)
{
	return __atomic_load_n(&k->bpf->bss->definitions_lost, __ATOMIC_RELAXED);
}

void kernel_detach(struct kernel *k)
{
	probe_bpf__detach(k->bpf);
	syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

/* Runs that the kernel skipped because a program was already running on that CPU. */
static uint64_t missed(const struct kernel *k)
{
	struct bpf_program *p;
	uint64_t total = 0;

	bpf_object__for_each_program(p, k->bpf->obj) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof info;
		int fd = bpf_program__fd(p);
		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
			total += info.recursion_misses;
	}
	return total;
}

enum { CLASSES = 4 };

static void type_stats(const struct kernel *k, uint32_t type, struct raw_counts *of_cpu, uint64_t lost[CLASSES],
	struct stat_writer *w)
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
		if (i == COUNT_FULL || i == COUNT_SCRATCH)
			lost[event_type(type)->class] += n;
		snprintf(name, sizeof name, "%s.%s", stat_defs[names[i]].name, event_type(type)->name);
		stat_add(w, name, n);
	}
}

void kernel_stats(const struct kernel *k, struct stat_writer *w)
{
	struct raw_counts *of_cpu = calloc((size_t)k->cpus, sizeof *of_cpu);
	uint64_t lost[CLASSES] = {0};
	char name[64];

	for (uint32_t type = 0; of_cpu && type < EVENT_TYPES; type++)
		if (k->types[type])
			type_stats(k, type, of_cpu, lost, w);
	free(of_cpu);
	for (int i = 0; i < CLASSES; i++) {
		snprintf(name, sizeof name, "%s.%d", stat_defs[STAT_KERNEL_CLASS_DROP].name, i);
		if (lost[i])
			stat_add(w, name, lost[i]);
	}
	stat_add(w, stat_defs[STAT_KERNEL_MISSED].name, missed(k));
	stat_add(w, stat_defs[STAT_KERNEL_DEFS].name, k->bpf->bss->definitions);
	stat_add(w, stat_defs[STAT_KERNEL_DEFS_LOST].name, k->bpf->bss->definitions_lost);
	stat_add(w, stat_defs[STAT_PATH_DEEP].name, k->bpf->bss->deep_paths);
}

void kernel_free(struct kernel *k)
{
	if (!k)
		return;
	ring_buffer__free(k->ring);
	probe_bpf__destroy(k->bpf);
	kernel_plan_free(&k->plan);
	free(k);
}
