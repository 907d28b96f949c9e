/* PROC, THREAD, EXIT, CGROUP and NAME of a capture. Facts that it does not have are nil. */
#include <stdlib.h>
#include <string.h>

#include "scap_write.h"
#include "wire/cgroup.h"
#include "wire/frame.h"

enum { DEPTH_MAX = 64 };

void scap_writer_free(struct scap_writer *o)
{
	pack_free(&o->out);
	map_free(&o->cgroups);
}

static void pack_blob(struct pack *out, const struct scap_blob *b)
{
	pack_bin(out, b->n ? b->p : NULL, b->n);
}

static void pack_text(struct pack *out, struct scap_bytes b)
{
	pack_bin(out, b.p, b.n);
}

static void write_name(struct pack *out, const struct scap_name *n, struct scap_bytes scope)
{
	size_t f = frame_begin(out, FRAME_NAME);

	if (scope.n)
		pack_strn(out, (const char *)scope.p, scope.n);
	else
		pack_nil(out);
	pack_str(out, n->group ? "group" : "user");
	pack_uint(out, n->number);
	pack_text(out, n->name);
	pack_text(out, n->home);
	pack_text(out, n->shell);
	frame_end(out, f);
}

void scap_write_name(void *writer, const struct scap_name *n)
{
	write_name(&((struct scap_writer *)writer)->out, n, (struct scap_bytes){0});
}

void scap_write_name_event(struct scap_writer *o, const struct scap_event *e)
{
	enum { USER_ADDED = 354, USER_DELETED = 356, GROUP_ADDED = 358, GROUP_DELETED = 360 };
	bool user = e->code == USER_ADDED || e->code == USER_DELETED, gone = e->code == USER_DELETED || e->code == GROUP_DELETED;
	struct scap_name n = { .group = !user, .number = (uint32_t)scap_unsigned(e, 0) };

	if (!user && e->code != GROUP_ADDED && e->code != GROUP_DELETED)
		return;
	if (!gone) {
		n.name = scap_string(e, user ? 2 : 1);
		n.home = scap_string(e, user ? 3 : -1);
		n.shell = scap_string(e, user ? 4 : -1);
	}
	write_name(&o->out, &n, scap_string(e, user ? 5 : 2));
}

/* Texts that end with NUL, one behind the other. */
struct texts {
	const char *p;
	uint32_t left;
};

static bool next_text(struct texts *t, const char **p, uint32_t *n)
{
	if (!t->left)
		return false;
	*p = t->p;
	*n = (uint32_t)strnlen(t->p, t->left);
	uint32_t step = *n + (*n < t->left);
	t->p += step;
	t->left -= step;
	return true;
}

static uint32_t count_texts(const struct scap_blob *b)
{
	struct texts t = { b->p, b->n };
	const char *p;
	uint32_t n, count = 0;

	while (next_text(&t, &p, &n))
		count++;
	return count;
}

static void pack_texts(struct pack *out, const struct scap_blob *b)
{
	struct texts t = { b->p, b->n };
	const char *p;
	uint32_t n;

	while (next_text(&t, &p, &n))
		pack_bin(out, p, n);
}

/* "cpu=/docker/ID": the name of the hierarchy, and the path. */
static bool next_cgroup(struct texts *t, struct scap_bytes *name, struct scap_bytes *path)
{
	const char *p;
	uint32_t n;

	if (!next_text(t, &p, &n))
		return false;
	const char *equals = memchr(p, '=', n);
	/* The kernel has two names for it. */
	static const char io[] = "io", blkio[] = "blkio";
	uint32_t at = equals ? (uint32_t)(equals - p) : n;
	bool is_io = at == sizeof io - 1 && memcmp(p, io, at) == 0;
	*name = (struct scap_bytes){ (const uint8_t *)(is_io ? blkio : p), is_io ? sizeof blkio - 1 : at };
	*path = (struct scap_bytes){ (const uint8_t *)p + at + (equals != NULL), n - at - (equals != NULL) };
	return true;
}

/* The path that names a container, else the first. */
static bool container_of(const struct scap_thread *t, struct scap_bytes *path, struct container_id *id)
{
	struct texts texts = { t->cgroups.p, t->cgroups.n };
	struct scap_bytes name, p;
	bool any = false;

	*path = (struct scap_bytes){ (const uint8_t *)"/", 1 };
	while (next_cgroup(&texts, &name, &p)) {
		if (cgroup_container((const char *)p.p, p.n, id)) {
			*path = p;
			return true;
		}
		if (!any && p.n)
			*path = p;
		any = true;
	}
	return false;
}

/* Cgroups have no numbers in a capture: they are numbered by what their text is. */
static void write_cgroup(struct scap_writer *o, struct scap_thread *t)
{
	struct texts texts = { t->cgroups.p, t->cgroups.n };
	struct scap_bytes name, path;
	struct container_id id;
	uint64_t hash = 1469598103934665603u;

	if (t->cgroup || !t->cgroups.n)
		return;
	for (uint32_t i = 0; i < t->cgroups.n; i++)
		hash = (hash ^ (uint8_t)t->cgroups.p[i]) * 1099511628211u;
	t->cgroup = hash ? hash : 1;
	if (map_get(&o->cgroups, t->cgroup))
		return;
	map_put(&o->cgroups, t->cgroup, o);
	container_of(t, &path, &id);
	size_t f = frame_begin(&o->out, FRAME_CGROUP);
	pack_uint(&o->out, t->cgroup);
	pack_text(&o->out, path);
	pack_bool(&o->out, true);
	pack_array(&o->out, count_texts(&t->cgroups));
	while (next_cgroup(&texts, &name, &path)) {
		pack_array(&o->out, 2);
		pack_strn(&o->out, (const char *)name.p, name.n);
		pack_text(&o->out, path);
	}
	frame_end(&o->out, f);
}

static void pack_known(struct pack *out, uint64_t u)
{
	if (u)
		pack_uint(out, u);
	else
		pack_nil(out);
}

static void pack_terminal(struct pack *out, uint32_t tty)
{
	if (!tty) {
		pack_nil(out);
		return;
	}
	pack_array(out, 2);
	pack_uint(out, tty);
	pack_nil(out);
}

/* A lone NUL is how writers say that there is nothing. */
static struct scap_blob without_lone_nul(struct scap_blob b)
{
	return b.n == 1 && *b.p == '\0' ? (struct scap_blob){0} : b;
}

static void pack_argv(struct pack *out, const struct scap_thread *t)
{
	struct scap_blob args = without_lone_nul(t->args);

	pack_array(out, 1 + count_texts(&args));
	pack_bin(out, t->exe.n ? t->exe.p : "", t->exe.n);
	pack_texts(out, &args);
}

static void pack_environment(struct pack *out, const struct scap_blob *env)
{
	pack_array(out, count_texts(env));
	pack_texts(out, env);
}

/* Without a slash at the end, as the wire has it. */
static void pack_folder(struct pack *out, const struct scap_blob *b)
{
	uint32_t n = b->n;

	while (n > 1 && b->p[n - 1] == '/')
		n--;
	pack_bin(out, n ? b->p : NULL, n);
}

static void pack_container(struct pack *out, const struct scap_thread *t)
{
	struct container_id id;
	struct scap_bytes path;

	if (container_of(t, &path, &id))
		pack_str(out, id.id);
	else
		pack_nil(out);
}

static void pack_fact(struct pack *out, const struct scap_thread *t, enum fact n)
{
	switch (n) {
	case FACT_PID: pack_int(out, t->flags & SCAP_INVALID ? -1 : t->process->pid); break;
	case FACT_VPID: pack_int(out, t->vpid); break;
	case FACT_SID: pack_int(out, t->sid); break;
	case FACT_PGID: pack_int(out, t->pgid); break;
	case FACT_VPGID: pack_int(out, t->vpgid); break;
	case FACT_TTY: pack_terminal(out, t->tty); break;
	case FACT_COMM: pack_blob(out, &t->comm); break;
	case FACT_EXE: pack_blob(out, &t->exe); break;
	case FACT_ARGV: pack_argv(out, t); break;
	case FACT_ENV: pack_environment(out, &t->process->env); break;
	case FACT_EXEPATH: pack_blob(out, &t->exepath); break;
	case FACT_EXE_INO: pack_known(out, t->exe_ino); break;
	case FACT_EXE_CTIME: pack_known(out, t->exe_ctime); break;
	case FACT_EXE_MTIME: pack_known(out, t->exe_mtime); break;
	case FACT_EXE_FLAGS: pack_uint(out, t->exe_flags); break;
	case FACT_CWD: pack_folder(out, &t->process->cwd); break;
	case FACT_ROOT: pack_folder(out, &t->root); break;
	case FACT_EUID: pack_uint(out, t->uid); break;
	case FACT_EGID: pack_uint(out, t->gid); break;
	case FACT_LOGINUID: pack_int(out, (int32_t)t->loginuid); break;
	case FACT_CAP_PERMITTED: pack_uint(out, t->caps[0]); break;
	case FACT_CAP_EFFECTIVE: pack_uint(out, t->caps[1]); break;
	case FACT_CAP_INHERITABLE: pack_uint(out, t->caps[2]); break;
	case FACT_PIDNS_START: pack_known(out, t->pidns_start); break;
	case FACT_CGROUP: pack_known(out, t->cgroup); break;
	case FACT_CONTAINER: pack_container(out, t); break;
	case FACT_START: pack_known(out, t->start); break;
	case FACT_EXEC: pack_known(out, t->exec); break;
	case FACT_FDLIMIT: pack_int(out, t->fdlimit); break;
	default: pack_nil(out); break;
	}
}

static uint64_t parent_key(const struct scap_writer *o, const struct scap_thread *t)
{
	const struct scap_thread *parent = scap_thread_parent(&o->w->threads, t);

	return parent && parent->process != t->process ? parent->process->key : 0;
}

static void write_proc(struct scap_writer *o, struct scap_thread *t)
{
	write_cgroup(o, t);
	size_t f = frame_begin(&o->out, FRAME_PROC);
	pack_uint(&o->out, t->process->key);
	pack_known(&o->out, parent_key(o, t));
	pack_nil(&o->out);
	for (int n = 0; n < FACT_COUNT; n++)
		pack_fact(&o->out, t, (enum fact)n);
	frame_end(&o->out, f);
}

/* Those facts that differ from the process's, found by packing both. A thread of another name has a command line of its own. */
static void write_thread(struct scap_writer *o, struct scap_thread *t)
{
	struct pack own = {0}, process = {0}, facts = {0};
	uint32_t count = 0;
	bool named = false;

	write_cgroup(o, t);
	for (unsigned n = 0; n < FACT_COUNT; n++) {
		own.len = process.len = 0;
		pack_fact(&own, t, (enum fact)n);
		pack_fact(&process, scap_thread_speaker(t), (enum fact)n);
		bool same = own.len == process.len && memcmp(own.data, process.data, own.len) == 0;
		named |= n == FACT_COMM && !same;
		if (same && !(n == FACT_ARGV && named))
			continue;
		pack_uint(&facts, n);
		pack_raw(&facts, own.data, own.len);
		count++;
	}
	size_t f = frame_begin(&o->out, FRAME_THREAD);
	pack_uint(&o->out, t->key);
	pack_uint(&o->out, t->process->key);
	pack_int(&o->out, t->tid);
	pack_int(&o->out, t->vtid);
	pack_map(&o->out, count);
	pack_raw(&o->out, facts.data, facts.len);
	frame_end(&o->out, f);
	pack_free(&own);
	pack_free(&process);
	pack_free(&facts);
}

static void write_changed(struct scap_writer *o, struct scap_thread *t, int depth)
{
	if (!(t->flags & SCAP_CHANGED))
		return;
	t->flags &= ~(unsigned)SCAP_CHANGED;
	struct scap_thread *parent = scap_thread_parent(&o->w->threads, t);
	if (parent && depth < DEPTH_MAX)
		write_changed(o, parent, depth + 1);
	if (scap_thread_speaker(t) == t) {
		write_proc(o, t);
		return;
	}
	write_changed(o, t->process->leader, depth + 1);
	write_thread(o, t);
}

/* When a process is another one, what its threads have of their own is to be told again. */
static void touch_threads(struct scap_writer *o)
{
	struct scap_threads *all = &o->w->threads;

	for (size_t i = 0; i < all->nchanged; i++) {
		struct scap_thread *t = scap_thread_find(all, all->changed[i]);
		if (!t || scap_thread_speaker(t) != t || t->process->threads < 2)
			continue;
		for (size_t k = 0; k < all->by_tid.cap; k++) {
			struct scap_thread *other = all->by_tid.slots[k].value;
			if (other && other->process == t->process)
				scap_thread_changed(all, other);
		}
	}
}

void scap_write_changes(struct scap_writer *o)
{
	struct scap_threads *all = &o->w->threads;

	touch_threads(o);
	for (size_t i = 0; i < all->nchanged; i++) {
		struct scap_thread *t = scap_thread_find(all, all->changed[i]);
		if (t)
			write_changed(o, t, 0);
	}
	all->nchanged = 0;
}

static void write_exit(struct scap_writer *o, uint64_t key, uint64_t time, int64_t status)
{
	size_t f = frame_begin(&o->out, FRAME_EXIT);

	pack_uint(&o->out, key);
	pack_uint(&o->out, time);
	pack_int(&o->out, status);
	frame_end(&o->out, f);
}

void scap_write_exit(struct scap_writer *o, const struct scap_thread *t, uint64_t time, int64_t status)
{
	if (t->key != t->process->key)
		write_exit(o, t->key, time, status);
	if (t->process->alive == 0)
		write_exit(o, t->process->key, time, status);
}
