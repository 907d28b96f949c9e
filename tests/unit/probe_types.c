/* The running kernel's types as the probe reads them, and what it makes of them for libbpf, against libbpf's own reading. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <cmocka.h>

#include "probe/kernel_types.h"

static const char *const named[] = { "task_struct", "inode___66", "file", "cred" };
enum { NAMED = sizeof named / sizeof named[0] };

struct both {
	struct kernel_types ours;
	struct btf *theirs, *subset;
};

static int read_both(void **state)
{
	static struct both b;
	struct btf *local = btf__new_empty();
	int file = memfd_create("types", MFD_CLOEXEC);
	char path[32];

	if (access(KERNEL_TYPES, R_OK) != 0)
		return 0;
	b.theirs = btf__load_vmlinux_btf();
	for (int i = 0; i < NAMED; i++)
		btf__add_struct(local, named[i], 4);
	btf__add_struct(local, "no_kernel_has_this", 4);
	btf__add_enum(local, "cgroup_subsys_id", 4);
	btf__add_enum_value(local, "pids_cgrp_id", 1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	if (kernel_types_read(&b.ours) != 0 || kernel_types_subset(&b.ours, local, file) != 0 || !(b.subset = btf__parse(path, NULL)))
		return -1;
	close(file);
	btf__free(local);
	*state = &b;
	return 0;
}

static int free_both(void **state)
{
	struct both *b = *state;

	if (b) {
		kernel_types_free(&b->ours);
		btf__free(b->theirs);
		btf__free(b->subset);
	}
	return 0;
}

static void test_whole(void **state)
{
	struct both *b = *state;

	if (!b)
		skip();
	assert_int_equal(b->ours.count, btf__type_cnt(b->theirs));
	for (uint32_t id = 1; id < b->ours.count; id++) {
		const struct btf_type *ours = kernel_type(&b->ours, id), *theirs = btf__type_by_id(b->theirs, id);
		assert_memory_equal(ours, theirs, kernel_type_size(theirs));
	}
	assert_null(kernel_type(&b->ours, 0));
	assert_null(kernel_type(&b->ours, b->ours.count));
}

static void test_asked(void **state)
{
	struct both *b = *state;

	if (!b)
		skip();
	assert_int_equal(b->ours.id[KERNEL_SYS_EXIT], btf__find_by_name_kind(b->theirs, "btf_trace_sys_exit", BTF_KIND_TYPEDEF));
	assert_int_equal(kernel_types_target(&b->ours, "iter.s/task"), btf__find_by_name_kind(b->theirs, "bpf_iter_task", BTF_KIND_FUNC));
	assert_int_equal(kernel_types_target(&b->ours, "tp_btf/no_such_point"), 0);
	int cast = btf__find_by_name_kind(b->theirs, "bpf_rdonly_cast", BTF_KIND_FUNC);
	assert_int_equal(b->ours.id[KERNEL_RDONLY_CAST], cast < 0 ? 0 : cast);
}

/* The same id, and each member with the same name, place and size. */
static void same_struct(struct both *b, const char *name)
{
	int id = btf__find_by_name_kind(b->theirs, name, BTF_KIND_STRUCT);
	const struct btf_type *from = btf__type_by_id(b->theirs, (uint32_t)id), *to = btf__type_by_id(b->subset, (uint32_t)id);

	assert_true(id > 0 && to && btf_is_struct(to));
	assert_string_equal(btf__name_by_offset(b->subset, to->name_off), name);
	assert_int_equal(to->size, from->size);
	assert_int_equal(btf_vlen(to), btf_vlen(from));
	for (unsigned i = 0; i < btf_vlen(to); i++) {
		const struct btf_member *m = btf_members(to) + i, *of = btf_members(from) + i;
		assert_string_equal(btf__name_by_offset(b->subset, m->name_off), btf__name_by_offset(b->theirs, of->name_off));
		assert_int_equal(m->offset, of->offset);
		assert_int_equal(btf__resolve_size(b->subset, m->type), btf__resolve_size(b->theirs, of->type));
	}
}

static void test_subset(void **state)
{
	struct both *b = *state;
	unsigned kept = 0;

	if (!b)
		skip();
	same_struct(b, "task_struct");
	same_struct(b, "inode");
	same_struct(b, "list_head");           /* it is inside of others */
	assert_int_equal(btf__find_by_name_kind(b->subset, "cgroup_subsys_id", BTF_KIND_ENUM),
		btf__find_by_name_kind(b->theirs, "cgroup_subsys_id", BTF_KIND_ENUM));
	assert_true(btf__find_by_name_kind(b->subset, "super_block", BTF_KIND_STRUCT) < 0);    /* behind a pointer */
	for (uint32_t id = 1; id < btf__type_cnt(b->subset); id++)
		kept += btf__type_by_id(b->subset, id)->name_off != 0;
	assert_true(kept < 2000 && kept < btf__type_cnt(b->theirs) / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_whole), cmocka_unit_test(test_asked), cmocka_unit_test(test_subset) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, read_both, free_both);
}
