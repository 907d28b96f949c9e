/* Verification is most of the time that a start takes, and the kernel does it on the CPU of who asks: so each program is loaded by a
 * thread of its own. libbpf loads one after the other, and gets a program that does nothing in the place of each. */
#include "kernel_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kernel_calls.h"
#include "kernel_report.h"
#include "kernel_types.h"
#include "wire/log.h"

enum { PROGRAMS = 12, HANDLERS = 3, LONG = 10000, SHORT_NICE = 5, LOG_SIZE = 16 << 20, LOG_SHOWN = 1800 };

struct program {
	const char *name, *section;            /* of the object */
	struct bpf_insn *insns;
	size_t n_insns;
	struct bpf_prog_load_opts opts;
	pthread_t thread;
	char *log;
	int fd, error, link;                   /* fd, link: -1 without */
	bool iterator;
};

struct programs {
	struct program of[PROGRAMS];
	int n, handlers[HANDLERS];             /* handlers: libbpf's numbers, or 0 */
	const struct kernel_types *types;
	bool report, verbose;
};

static void load(struct program *p)
{
	p->fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, p->name, "GPL", p->insns, p->n_insns, &p->opts);
	p->error = p->fd < 0 ? errno : 0;
}

static void *load_aside(void *arg)
{
	struct program *p = arg;

	/* The longest one shall not be the last, with a CPU that has nothing to do beside it. */
	if (p->n_insns < LONG)
		setpriority(PRIO_PROCESS, 0, SHORT_NICE);
	load(p);
	return NULL;
}

/* Puts the kernel's functions in the place of our numbers for them. Returns whether it has them all. */
static bool name_calls(const struct kernel_types *t, struct bpf_insn *insns, size_t n)
{
	static const enum kernel_name names[] = { KERNEL_RDONLY_CAST, KERNEL_ITER_NUM_NEW, KERNEL_ITER_NUM_NEXT, KERNEL_ITER_NUM_DESTROY };
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		struct bpf_insn *c = &insns[i];
		if (c->code != (BPF_JMP | BPF_CALL) || c->src_reg != 0 || c->imm < KERNEL_CALLS || c->imm >= KERNEL_CALLS_END)
			continue;
		c->src_reg = BPF_PSEUDO_KFUNC_CALL;
		c->imm = (int)t->id[names[c->imm - KERNEL_CALLS]];
		all = all && c->imm;
	}
	return all;
}

static int begin(const struct programs *a, struct program *one, const struct bpf_program *p, const struct bpf_prog_load_opts *o)
{
	size_t n = bpf_program__insn_cnt(p);
	bool iterator = strncmp(bpf_program__section_name(p), "iter", 4) == 0;

	*one = (struct program){ .name = bpf_program__name(p), .section = bpf_program__section_name(p), .n_insns = n, .opts = *o, .fd = -1,
		.link = -1, .iterator = iterator, .insns = malloc(n * sizeof *one->insns), .log = a->report ? calloc(1, KERNEL_REPORT_LOG) : NULL };
	one->opts.attach_btf_id = kernel_types_target(a->types, one->section);
	one->opts.expected_attach_type = iterator ? BPF_TRACE_ITER : BPF_TRACE_RAW_TP;
	one->opts.prog_flags |= iterator ? BPF_F_SLEEPABLE : 0;
	if (one->log) {
		one->opts.log_buf = one->log;
		one->opts.log_size = KERNEL_REPORT_LOG;
		one->opts.log_level = KERNEL_REPORT_LEVEL;
	}
	int error = !one->insns ? ENOMEM : !one->opts.attach_btf_id ? ESRCH : 0;
	if (!error) {
		memcpy(one->insns, bpf_program__insns(p), n * sizeof *one->insns);
		error = name_calls(a->types, one->insns, n) ? pthread_create(&one->thread, NULL, load_aside, one) : ENOTSUP;
	}
	if (!error)
		return 0;
	free(one->insns);
	free(one->log);
	return -error;
}

/* Which programs fit the running kernel. Of those that see calls made by io_uring none does where they can see nothing. */
static bool fits(const struct kernel_types *t, const char *name)
{
	unsigned args = kernel_types_args(t, KERNEL_RING_COMPLETE);
	bool now = kernel_types_rings(t, true), before = kernel_types_rings(t, false);

	if (strcmp(name, "BPF_PROG_ring_submit") == 0)
		return now;
	if (strcmp(name, "BPF_PROG_ring_submit_old") == 0)
		return before;
	if (strcmp(name, "BPF_PROG_ring_complete") == 0)
		return (now || before) && args == 4;
	if (strcmp(name, "BPF_PROG_ring_complete_old") == 0)
		return (now || before) && args > 4;
	return strcmp(name, "snapshot") != 0 || t->id[KERNEL_COPY_FROM_TASK];
}

/* libbpf's question for what else a program needs before it is loaded. */
static int on_ready(struct bpf_program *p, struct bpf_prog_load_opts *o, long cookie)
{
	static struct bpf_insn nothing[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	struct programs *a = (struct programs *)cookie;

	if (fits(a->types, bpf_program__name(p))) {
		int rc = a->n < PROGRAMS ? begin(a, &a->of[a->n], p, o) : -E2BIG;
		if (rc != 0)
			return rc;
		a->n++;
	}
	o->func_info_cnt = o->line_info_cnt = 0;
	return bpf_program__set_insns(p, nothing, sizeof nothing / sizeof nothing[0]);
}

struct programs *programs_prepare(const struct kernel_types *types, bool report, bool verbose)
{
	/* The first is for no program, and stays: libbpf before 1.3 does not survive that the last one goes and another comes. */
	static const char *const sections[HANDLERS] = { "none+", "tp_btf+", "iter.s+" };
	struct programs *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	*a = (struct programs){ .types = types, .report = report, .verbose = verbose };
	for (int i = 0; i < HANDLERS; i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, o, .cookie = (long)a, .prog_prepare_load_fn = on_ready);
		int n = libbpf_register_prog_handler(sections[i], BPF_PROG_TYPE_SOCKET_FILTER, 0, &o);
		if (n < 0) {
			programs_free(a);
			errno = -n;
			return NULL;
		}
		a->handlers[i] = n;
	}
	return a;
}

/* The end of what the verifier says of a program that it refuses. */
static void complain(struct program *p)
{
	char *log = calloc(1, LOG_SIZE);

	p->opts.log_buf = log;
	p->opts.log_size = log ? LOG_SIZE : 0;
	p->opts.log_level = log ? 1 : 0;
	load(p);
	if (log && p->fd < 0) {
		size_t n = strlen(log);
		log_warnx("%s: %s", p->section, log + (n > LOG_SHOWN ? n - LOG_SHOWN : 0));
	}
	free(log);
}

int programs_load(struct programs *a, uint64_t started)
{
	int error = 0;
	struct kernel_report report = { .started = started };

	for (int i = 0; i < a->n; i++) {
		struct program *p = &a->of[i];
		pthread_join(p->thread, NULL);
		if (p->fd < 0 && a->verbose)
			complain(p);
		if (p->fd < 0)
			error = p->error;
		else if (p->log)
			kernel_report_line(&report, p->section, p->n_insns, p->log);
		free(p->insns);
		free(p->log);
	}
	if (a->report && !error && a->n)
		kernel_report_end(&report);
	errno = error;
	return error ? -1 : 0;
}

static struct program *named(const struct programs *a, const char *name)
{
	for (int i = 0; i < a->n; i++)
		if (strcmp(a->of[i].name, name) == 0)
			return (struct program *)&a->of[i];
	return NULL;
}

static int attach(struct program *p)
{
	if (p->link < 0)
		p->link = bpf_raw_tracepoint_open(NULL, p->fd);
	return p->link < 0 ? -1 : 0;
}

static void detach(struct program *p)
{
	if (p->link >= 0)
		close(p->link);
	p->link = -1;
}

int programs_attach(struct programs *a, const char *name)
{
	struct program *p = named(a, name);

	return p ? attach(p) : 0;
}

int programs_attach_others(struct programs *a, const char *name)
{
	for (int i = 0; i < a->n; i++)
		if (!a->of[i].iterator && strcmp(a->of[i].name, name) != 0 && attach(&a->of[i]) != 0)
			return -1;
	return 0;
}

void programs_detach(struct programs *a, const char *name)
{
	struct program *p = named(a, name);

	if (p)
		detach(p);
}

void programs_detach_all(struct programs *a)
{
	for (int i = 0; i < a->n; i++)
		detach(&a->of[i]);
}

int programs_iterate(const struct programs *a, const char *name)
{
	const struct program *p = named(a, name);
	int link = p ? bpf_link_create(p->fd, 0, BPF_TRACE_ITER, NULL) : -1;

	if (!p)
		errno = ENOENT;
	if (link < 0)
		return -1;
	int fd = bpf_iter_create(link), saved = errno;
	close(link);
	errno = saved;
	return fd;
}

uint64_t programs_missed(const struct programs *a)
{
	uint64_t total = 0;

	for (int i = 0; i < a->n; i++) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof info;
		if (!a->of[i].iterator && bpf_obj_get_info_by_fd(a->of[i].fd, &info, &len) == 0)
			total += info.recursion_misses;
	}
	return total;
}

void programs_free(struct programs *a)
{
	if (!a)
		return;
	for (int i = 0; i < a->n; i++) {
		detach(&a->of[i]);
		if (a->of[i].fd >= 0)
			close(a->of[i].fd);
	}
	for (int i = 1; i < HANDLERS; i++)
		if (a->handlers[i])
			libbpf_unregister_prog_handler(a->handlers[i]);
	free(a);
}
