/* All names are looked for in one walk through the kernel's types, of which there are more than a hundred thousand. */
#include "kernel_types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct { const char *name; unsigned kind; } wanted[KERNEL_NAMES] = {
	[KERNEL_RDONLY_CAST] = { "bpf_rdonly_cast", BTF_KIND_FUNC }, [KERNEL_ITER_NUM] = { "bpf_iter_num_new", BTF_KIND_FUNC },
	[KERNEL_COPY_FROM_TASK] = { "bpf_copy_from_user_task", BTF_KIND_FUNC }, [KERNEL_ITER_TASK] = { "bpf_iter_task", BTF_KIND_FUNC },
	[KERNEL_SYS_ENTER] = { "btf_trace_sys_enter", BTF_KIND_TYPEDEF }, [KERNEL_SYS_EXIT] = { "btf_trace_sys_exit", BTF_KIND_TYPEDEF },
	[KERNEL_FORK] = { "btf_trace_sched_process_fork", BTF_KIND_TYPEDEF },
	[KERNEL_EXEC] = { "btf_trace_sched_process_exec", BTF_KIND_TYPEDEF },
	[KERNEL_EXIT] = { "btf_trace_sched_process_exit", BTF_KIND_TYPEDEF },
	[KERNEL_CGROUP_MKDIR] = { "btf_trace_cgroup_mkdir", BTF_KIND_TYPEDEF },
	[KERNEL_CGROUP_RMDIR] = { "btf_trace_cgroup_rmdir", BTF_KIND_TYPEDEF },
	[KERNEL_RING_SUBMIT] = { "btf_trace_io_uring_submit_req", BTF_KIND_TYPEDEF },
	[KERNEL_RING_SUBMIT_OLD] = { "btf_trace_io_uring_submit_sqe", BTF_KIND_TYPEDEF },
	[KERNEL_RING_COMPLETE] = { "btf_trace_io_uring_complete", BTF_KIND_TYPEDEF },
};

static void look(struct kernel_types *t, unsigned id, const char *name, unsigned kind)
{
	for (int i = 0; i < KERNEL_NAMES; i++)
		if (wanted[i].kind == kind && strcmp(wanted[i].name, name) == 0)
			t->id[i] = id;
}

static void *read_all(void *arg)
{
	struct kernel_types *t = arg;

	t->btf = btf__load_vmlinux_btf();
	t->error = t->btf ? 0 : errno;
	unsigned n = t->btf ? btf__type_cnt(t->btf) : 0;
	for (unsigned id = 1; id < n; id++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);
		if (!btf_is_func(type) && !btf_is_typedef(type))
			continue;
		const char *name = btf__name_by_offset(t->btf, type->name_off);
		if (strncmp(name, "bpf_", 4) == 0 || strncmp(name, "btf_trace_", 10) == 0)
			look(t, id, name, btf_kind(type));
	}
	return NULL;
}

int kernel_types_begin(struct kernel_types *t)
{
	*t = (struct kernel_types){0};
	errno = pthread_create(&t->reader, NULL, read_all, t);
	t->reading = errno == 0;
	return errno ? -1 : 0;
}

int kernel_types_wait(struct kernel_types *t)
{
	if (t->reading)
		pthread_join(t->reader, NULL);
	t->reading = false;
	errno = t->error;
	return t->error ? -1 : 0;
}

void kernel_types_free(struct kernel_types *t)
{
	kernel_types_wait(t);
	btf__free(t->btf);
	t->btf = NULL;
}

bool kernel_types_can_cast(const struct kernel_types *t)
{
	return t->id[KERNEL_RDONLY_CAST] && t->id[KERNEL_ITER_NUM];
}

unsigned kernel_types_target(const struct kernel_types *t, const char *section)
{
	char name[64];
	const char *point = strchr(section, '/');

	snprintf(name, sizeof name, "%s%s", strncmp(section, "iter", 4) == 0 ? "bpf_iter_" : "btf_trace_", point ? point + 1 : "");
	for (int i = 0; i < KERNEL_NAMES; i++)
		if (strcmp(wanted[i].name, name) == 0)
			return t->id[i];
	return 0;
}

/* The prototype of the functions at a tracepoint, or NULL. */
static const struct btf_type *prototype(const struct kernel_types *t, enum kernel_name point)
{
	const struct btf_type *type = t->id[point] ? btf__type_by_id(t->btf, t->id[point]) : NULL;

	type = type ? btf__type_by_id(t->btf, type->type) : NULL;      /* a pointer */
	type = type ? btf__type_by_id(t->btf, type->type) : NULL;
	return type && btf_is_func_proto(type) ? type : NULL;
}

unsigned kernel_types_args(const struct kernel_types *t, enum kernel_name point)
{
	const struct btf_type *p = prototype(t, point);

	return p ? btf_vlen(p) : 0;
}

bool kernel_types_rings(const struct kernel_types *t, bool now)
{
	const struct btf_type *type = prototype(t, now ? KERNEL_RING_SUBMIT : KERNEL_RING_SUBMIT_OLD);

	/* The first parameter is not an argument. */
	if (!type || btf_vlen(type) < 2 || !btf_is_ptr(type = btf__type_by_id(t->btf, btf_params(type)[1].type)))
		return false;
	type = btf__type_by_id(t->btf, type->type);
	return btf_is_struct(type) && strcmp(btf__name_by_offset(t->btf, type->name_off), "io_kiocb") == 0;
}
