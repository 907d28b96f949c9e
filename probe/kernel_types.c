/* One walk through the kernel's types, of which there are more than a hundred thousand, finds all that is asked for by name. */
#include "kernel_types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct { const char *name; unsigned kind; } wanted[KERNEL_NAMES] = {
	[KERNEL_RDONLY_CAST] = { "bpf_rdonly_cast", BTF_KIND_FUNC }, [KERNEL_ITER_NUM_NEW] = { "bpf_iter_num_new", BTF_KIND_FUNC },
	[KERNEL_ITER_NUM_NEXT] = { "bpf_iter_num_next", BTF_KIND_FUNC }, [KERNEL_ITER_NUM_DESTROY] = { "bpf_iter_num_destroy", BTF_KIND_FUNC },
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

size_t kernel_type_size(const struct btf_type *type)
{
	size_t n = btf_vlen(type), head = sizeof *type;

	switch (btf_kind(type)) {
	case BTF_KIND_INT: return head + sizeof(uint32_t);
	case BTF_KIND_ARRAY: return head + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION: return head + n * sizeof(struct btf_member);
	case BTF_KIND_ENUM: return head + n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64: return head + n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO: return head + n * sizeof(struct btf_param);
	case BTF_KIND_VAR: return head + sizeof(struct btf_var);
	case BTF_KIND_DATASEC: return head + n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG: return head + sizeof(struct btf_decl_tag);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG: return head;
	default: return 0;
	}
}

bool kernel_type_has_use(const struct btf_type *type)
{
	return btf_is_composite(type) || btf_is_any_enum(type) || btf_is_typedef(type);
}

const struct btf_type *kernel_type(const struct kernel_types *t, uint32_t id)
{
	return id && id < t->count ? (const struct btf_type *)(t->types + t->at[id]) : NULL;
}

const char *kernel_string(const struct kernel_types *t, uint32_t offset)
{
	return offset < t->strings_len ? t->strings + offset : "";
}

/* The kernel's file: mapped since 6.16, read before. Returns 0, or an error. */
static int read_file(struct kernel_types *t)
{
	int fd = open(KERNEL_TYPES, O_RDONLY | O_CLOEXEC), error = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size <= 0) {
		error = fd < 0 ? errno : EINVAL;
	} else {
		t->size = (size_t)st.st_size;
		t->raw = mmap(NULL, t->size, PROT_READ, MAP_PRIVATE, fd, 0);
		bool mapped = t->raw != MAP_FAILED;
		if (!mapped)
			t->raw = mmap(NULL, t->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (t->raw == MAP_FAILED) {
			t->raw = NULL;
			error = errno;
		}
		for (size_t at = 0; !mapped && !error && at < t->size;) {
			ssize_t n = read(fd, t->raw + at, t->size - at);
			error = n < 0 ? errno : n == 0 ? EINVAL : 0;
			at += n > 0 ? (size_t)n : 0;
		}
	}
	if (fd >= 0)
		close(fd);
	return error;
}

static bool find_sections(struct kernel_types *t)
{
	const struct btf_header *h = (const struct btf_header *)t->raw;
	const size_t known = offsetof(struct btf_header, str_len) + sizeof h->str_len;

	if (t->size < known || h->magic != BTF_MAGIC || h->hdr_len < known || h->hdr_len > t->size)
		return false;
	size_t left = t->size - h->hdr_len;
	if (h->type_off > left || h->type_len > left - h->type_off || h->str_off > left || h->str_len > left - h->str_off || h->str_len == 0)
		return false;
	t->types = t->raw + h->hdr_len + h->type_off;
	t->types_len = h->type_len;
	t->strings = (const char *)t->raw + h->hdr_len + h->str_off;
	t->strings_len = h->str_len;
	return t->strings[t->strings_len - 1] == '\0';
}

static void look(struct kernel_types *t, uint32_t id, const struct btf_type *type)
{
	const char *name = kernel_string(t, type->name_off);

	if (kernel_type_has_use(type) && *name)
		t->named[t->n_named++] = id;
	if (!(btf_is_func(type) && strncmp(name, "bpf_", 4) == 0) && !(btf_is_typedef(type) && strncmp(name, "btf_trace_", 10) == 0))
		return;
	for (int i = 0; i < KERNEL_NAMES; i++)
		if (wanted[i].kind == btf_kind(type) && strcmp(wanted[i].name, name) == 0)
			t->id[i] = id;
}

/* Returns 0, or an error. */
static int walk(struct kernel_types *t)
{
	uint32_t most = t->types_len / sizeof(struct btf_type) + 1;
	size_t n;

	/* Of these only as much is ever touched as there are types. */
	t->at = malloc(most * sizeof *t->at);
	t->named = malloc(most * sizeof *t->named);
	if (!t->at || !t->named)
		return ENOMEM;
	t->count = 1;
	for (uint32_t at = 0; at < t->types_len; at += (uint32_t)n) {
		const struct btf_type *type = (const struct btf_type *)(t->types + at);
		uint32_t left = t->types_len - at;
		n = left < sizeof *type ? 0 : kernel_type_size(type);
		if (n == 0 || n > left)
			return EPROTONOSUPPORT;
		t->at[t->count] = at;
		look(t, t->count++, type);
	}
	return 0;
}

int kernel_types_read(struct kernel_types *t)
{
	*t = (struct kernel_types){0};
	int error = read_file(t);
	if (!error)
		error = find_sections(t) ? walk(t) : EPROTONOSUPPORT;
	errno = error;
	return error ? -1 : 0;
}

void kernel_types_free(struct kernel_types *t)
{
	free(t->at);
	free(t->named);
	if (t->raw)
		munmap(t->raw, t->size);
	*t = (struct kernel_types){0};
}

bool kernel_types_can_cast(const struct kernel_types *t)
{
	return t->id[KERNEL_RDONLY_CAST] && t->id[KERNEL_ITER_NUM_NEW];
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
	const struct btf_type *type = kernel_type(t, t->id[point]);

	type = type ? kernel_type(t, type->type) : NULL;       /* a pointer */
	type = type ? kernel_type(t, type->type) : NULL;
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
	type = type && btf_vlen(type) >= 2 ? kernel_type(t, btf_params(type)[1].type) : NULL;
	type = type && btf_is_ptr(type) ? kernel_type(t, type->type) : NULL;
	return type && btf_is_struct(type) && strcmp(kernel_string(t, type->name_off), "io_kiocb") == 0;
}
