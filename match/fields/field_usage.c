/* What a task uses: memory, descriptors, threads, cgroups. The event brings the numbers on demand. */
#include <string.h>

#include "field_get.h"
#include "wire/fact.h"

enum { TYPE_PROCINFO = 234, KIB = 1024 };

static bool usage(const struct context *c, enum usage what, uint64_t *u)
{
	static const char *const names[] = {
		[USAGE_FDS] = "fd_count", [USAGE_VM_SIZE] = "vm_size", [USAGE_VM_RSS] = "vm_rss", [USAGE_VM_SWAP] = "vm_swap",
		[USAGE_PF_MAJOR] = "page_faults_major", [USAGE_PF_MINOR] = "page_faults_minor", [USAGE_THREADS] = "threads",
		[USAGE_CHILDREN] = "children",
	};
	struct value v;

	return context_extra(c, names[what], &v) && value_u64(&v, u);
}

int get_usage(const struct field_ref *f, struct context *c, struct field_value *out)
{
	return usage(c, f->def->what, &out->u) ? 1 : -1;
}

/* Per cent of the limit. */
int get_fd_usage(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value v;
	int64_t limit;
	uint64_t n;

	(void)f;
	if (!usage(c, USAGE_FDS, &n) || !field_fact(c, FACT_FDLIMIT, &v) || !value_i64(&v, &limit))
		return -1;
	out->d = limit > 0 ? (double)n * 100 / (double)limit : 0;
	return 1;
}

static bool is_main(const struct context *c)
{
	struct value v;
	int64_t pid;

	return c->process && process_fact(c->process, NULL, FACT_PID, &v) && value_i64(&v, &pid) && pid == c->event.tid;
}

/* Memory is the process's: threads other than the first have none of their own. */
int get_main_memory(const struct field_ref *f, struct context *c, struct field_value *out)
{
	if (!usage(c, f->def->what & ~(uint32_t)MEMORY_BYTES, &out->u))
		return -1;
	if (!is_main(c))
		out->u = 0;
	if (f->def->what & MEMORY_BYTES)
		out->u *= KIB;
	return 1;
}

static bool is_procinfo(const struct context *c)
{
	return c->type && c->type->number == TYPE_PROCINFO;
}

/* What the event tells is a total since the start of the thread, not a share of now: Falco prints 0 there. */
int get_cpu_share(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->d = 0;
	return is_procinfo(c) && c->process ? 1 : -1;
}

int get_exec_time(const struct field_ref *f, struct context *c, struct field_value *out)
{
	out->u = 0;
	return f->def->what == TIME_OF_ALL && !c->process ? -1 : 1;
}

int get_procinfo_count(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->u = 1;
	return is_procinfo(c) ? 1 : -1;
}

static bool hierarchies(const struct context *c, struct cursor *list)
{
	struct value v;
	uint64_t id;

	if (!field_fact(c, FACT_CGROUP, &v) || !value_u64(&v, &id) || !state_cgroup(c->state, id, &v))
		return false;
	*list = v.a.inside;
	return true;
}

static bool next_hierarchy(struct cursor *list, struct field_value *name, struct field_value *path)
{
	struct value pair, v;

	if (value_next(list, &pair) != 1 || pair.type != VALUE_ARRAY)
		return false;
	struct cursor in = pair.a.inside;
	return value_next(&in, &v) == 1 && field_bytes(&v, &name->s.p, &name->s.n) && value_next(&in, &v) == 1 &&
		field_bytes(&v, &path->s.p, &path->s.n);
}

int get_cgroups(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct field_value name, path;
	struct cursor list;

	(void)f;
	if (!hierarchies(c, &list))
		return -1;
	struct text t = text_new(&c->arena, 256);
	while (next_hierarchy(&list, &name, &path)) {
		if (t.n)
			text_puts(&t, " ");
		text_add(&t, name.s.p, name.s.n);
		text_puts(&t, "=");
		text_add(&t, path.s.p, path.s.n);
	}
	return t.n ? text_value(&t, out) : -1;
}

int get_cgroup(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct field_value name;
	struct cursor list;

	if (!hierarchies(c, &list))
		return -1;
	while (next_hierarchy(&list, &name, out))
		if (name.s.n == strlen(f->key) && memcmp(name.s.p, f->key, name.s.n) == 0)
			return 1;
	return -1;
}
