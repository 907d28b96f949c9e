/* Definitions: PROC, THREAD, and what goes with the end of a task. */
#include "encode.h"

#include <string.h>
#include <sys/stat.h>

#include "cgroups.h"
#include "kernel_values.h"

/* What facts are packed from. */
struct view {
	const struct encoder *e;
	const struct record *r;
	const struct raw_proc *p;
	const struct raw_file *exe;            /* NULL: none (a kernel thread) */
	char exe_path[PATH_TEXT];
	size_t exe_len;
};

static void view_open(struct view *v, const struct encoder *e, const struct record *r)
{
	const struct raw_item *exe = r->value[RAW_FACT_EXE];

	*v = (struct view){ .e = e, .r = r, .p = (const void *)r->head };
	if (exe)
		v->exe = item_file(exe, v->exe_path, &v->exe_len);
	/* A program stays what it was when it was started: a chroot afterwards does not change its path. */
	size_t mark = sizeof PATH_OUTSIDE - 1;
	if (v->exe && v->exe->path == PATH_UNREACHABLE && v->exe_len > mark + 1) {
		v->exe_len -= mark;
		memmove(v->exe_path, v->exe_path + mark, v->exe_len + 1);
	}
}

static void pack_time(struct pack *out, const struct view *v, uint64_t boot)
{
	if (boot)
		pack_uint(out, boot + (uint64_t)v->e->clock_offset);
	else
		pack_nil(out);
}

static void pack_key(struct pack *out, uint64_t key)
{
	if (key)
		pack_uint(out, key);
	else
		pack_nil(out);
}

static void pack_plain_path(struct pack *out, const struct raw_item *it)
{
	char path[PATH_TEXT];
	size_t n = it ? record_path(path, item_data(it), it->len, it->aux) : 0;

	pack_bin(out, n ? path : NULL, n);
}

static bool in_group(const struct view *v, uint32_t gid)
{
	const struct raw_item *g = v->r->value[RAW_FACT_GROUPS];
	const uint32_t *ids = g ? item_data(g) : NULL;

	if (gid == v->p->ids[7])
		return true;
	for (unsigned i = 0; g && i < g->len / 4u; i++)
		if (ids[i] == gid)
			return true;
	return false;
}

/* May the one who runs it write the executable? As Falco asks: by the permission bits, or by CAP_DAC_OVERRIDE. */
static bool exe_writable(const struct view *v)
{
	enum { CAP_DAC_OVERRIDE = 1 };

	if (v->p->cap_effective >> CAP_DAC_OVERRIDE & 1)
		return true;
	if (v->exe->uid == v->p->ids[3])
		return v->exe->mode & S_IWUSR;
	return v->exe->mode & (in_group(v, v->exe->gid) ? S_IWGRP : S_IWOTH);
}

static uint32_t exe_flags(const struct view *v)
{
	uint32_t flags = 0;

	if (!v->exe)
		return 0;
	bool memfd = v->exe->path == PATH_PSEUDO && strncmp(v->exe_path, "memfd:", 6) == 0;
	if (exe_writable(v))
		flags |= EXE_WRITABLE;
	if (v->exe->layer)
		flags |= v->exe->layer == 1 ? EXE_UPPER_LAYER : EXE_LOWER_LAYER;
	if (memfd)
		flags |= EXE_FROM_MEMFD;
	if (v->exe->unlinked && !memfd)
		flags |= EXE_UNLINKED;
	return flags;
}

static void pack_texts_of(struct pack *out, const struct view *v, enum raw_fact which)
{
	const struct raw_item *it = v->r->value[which];

	if (v->p->argv_of)
		pack_uint(out, v->p->argv_of);
	else if (it)
		encode_texts(out, it);
	else
		pack_nil(out);
}

static void pack_exe_fact(struct pack *out, const struct view *v, enum fact n)
{
	if (!v->exe) {
		pack_nil(out);
		return;
	}
	switch (n) {
	case FACT_EXEPATH: pack_bin(out, v->exe_len ? v->exe_path : NULL, v->exe_len); break;
	case FACT_EXE_DEV: pack_uint(out, v->exe->device); break;
	case FACT_EXE_INO: pack_uint(out, v->exe->inode); break;
	case FACT_EXE_CTIME: pack_uint(out, (uint64_t)v->exe->ctime); break;
	case FACT_EXE_MTIME: pack_uint(out, (uint64_t)v->exe->mtime); break;
	default: pack_uint(out, exe_flags(v)); break;
	}
}

static void pack_groups(struct pack *out, const struct view *v)
{
	const struct raw_item *g = v->r->value[RAW_FACT_GROUPS];
	const uint32_t *ids = g ? item_data(g) : NULL;
	uint32_t n = g ? g->len / 4u : 0;

	pack_array(out, n);
	for (uint32_t i = 0; i < n; i++)
		pack_uint(out, ids[i]);
}

static void pack_container(struct pack *out, const struct view *v)
{
	const char *id;

	switch (cgroups_container(v->e->cgroups, v->p->cgroup, &id)) {
	case CGROUP_CONTAINER: pack_str(out, id); break;
	case CGROUP_HOST: pack_nil(out); break;
	case CGROUP_UNKNOWN: pack_bool(out, false); break;
	}
}

static void pack_terminal(struct pack *out, const struct raw_proc *p)
{
	if (!p->tty) {
		pack_nil(out);
		return;
	}
	pack_array(out, 2);
	pack_uint(out, p->tty);
	pack_bin(out, p->tty_name, strnlen(p->tty_name, sizeof p->tty_name));
}

static void pack_fact(struct pack *out, const struct view *v, enum fact n)
{
	const struct raw_proc *p = v->p;

	switch (n) {
	case FACT_PID: pack_uint(out, p->h.pid); break;
	case FACT_VPID: pack_uint(out, p->vpid); break;
	case FACT_SID: pack_uint(out, p->sid); break;
	case FACT_VSID: pack_uint(out, p->vsid); break;
	case FACT_PGID: pack_uint(out, p->pgid); break;
	case FACT_VPGID: pack_uint(out, p->vpgid); break;
	case FACT_TTY: pack_terminal(out, p); break;
	case FACT_COMM: pack_bin(out, p->h.comm, strnlen(p->h.comm, RAW_COMM)); break;
	case FACT_EXE:
		if (p->argv_of)
			pack_nil(out);
		else
			encode_first_text(out, v->r->value[RAW_FACT_ARGV]);
		break;
	case FACT_ARGV: pack_texts_of(out, v, RAW_FACT_ARGV); break;
	case FACT_ENV: pack_texts_of(out, v, RAW_FACT_ENV); break;
	case FACT_EXEPATH: case FACT_EXE_DEV: case FACT_EXE_INO: case FACT_EXE_CTIME: case FACT_EXE_MTIME: case FACT_EXE_FLAGS:
		pack_exe_fact(out, v, n);
		break;
	case FACT_CWD: pack_plain_path(out, v->r->value[RAW_FACT_CWD]); break;
	case FACT_ROOT: pack_plain_path(out, v->r->value[RAW_FACT_ROOT]); break;
	case FACT_UID: case FACT_EUID: case FACT_SUID: case FACT_FSUID: case FACT_GID: case FACT_EGID: case FACT_SGID:
	case FACT_FSGID: pack_uint(out, p->ids[n - FACT_UID]); break;
	case FACT_GROUPS: pack_groups(out, v); break;
	case FACT_LOGINUID: pack_int(out, (int32_t)p->loginuid); break;
	case FACT_SESSIONID: pack_int(out, (int32_t)p->sessionid); break;
	case FACT_CAP_PERMITTED: pack_uint(out, p->cap_permitted); break;
	case FACT_CAP_EFFECTIVE: pack_uint(out, p->cap_effective); break;
	case FACT_CAP_INHERITABLE: pack_uint(out, p->cap_inheritable); break;
	case FACT_CAP_BOUNDING: pack_uint(out, p->cap_bounding); break;
	case FACT_NAMESPACES:
		pack_array(out, 8);
		for (int i = 0; i < 8; i++)
			pack_uint(out, p->ns[i]);
		break;
	case FACT_PIDNS_START: pack_time(out, v, p->pidns_start); break;
	case FACT_CGROUP: pack_uint(out, p->cgroup); break;
	case FACT_CONTAINER: pack_container(out, v); break;
	case FACT_START: pack_time(out, v, p->start); break;
	case FACT_EXEC: pack_time(out, v, p->exec); break;
	case FACT_FDLIMIT: pack_uint(out, p->fdlimit); break;
	case FACT_NO_NEW_PRIVS: pack_bool(out, p->no_new_privs); break;
	case FACT_SECCOMP: pack_uint(out, p->seccomp); break;
	case FACT_PTRACER: pack_key(out, p->ptracer); break;
	case FACT_COUNT: break;
	}
}

void encode_proc(struct encoder *e, const struct record *r)
{
	struct view v;

	view_open(&v, e, r);
	cgroups_announce(e->cgroups, v.p->cgroup, &e->out);
	size_t f = frame_begin(&e->out, FRAME_PROC);
	pack_uint(&e->out, v.p->h.process);
	pack_key(&e->out, v.p->parent);
	pack_key(&e->out, v.p->fork_parent);
	for (int n = 0; n < FACT_COUNT; n++)
		pack_fact(&e->out, &v, n);
	frame_end(&e->out, f);
}

/* Which facts belong to which difference. */
static const struct {
	uint32_t bit;
	uint8_t first, last;
} groups[] = {
	{ DIFFERS_COMM, FACT_COMM, FACT_COMM }, { DIFFERS_CWD, FACT_CWD, FACT_CWD }, { DIFFERS_ROOT, FACT_ROOT, FACT_ROOT },
	{ DIFFERS_CRED, FACT_UID, FACT_GROUPS }, { DIFFERS_AUDIT, FACT_LOGINUID, FACT_SESSIONID },
	{ DIFFERS_CRED, FACT_CAP_PERMITTED, FACT_CAP_BOUNDING }, { DIFFERS_NS, FACT_NAMESPACES, FACT_NAMESPACES },
	{ DIFFERS_CGROUP, FACT_CGROUP, FACT_CONTAINER }, { DIFFERS_NNP, FACT_NO_NEW_PRIVS, FACT_NO_NEW_PRIVS },
	{ DIFFERS_SECCOMP, FACT_SECCOMP, FACT_SECCOMP }, { DIFFERS_PTRACER, FACT_PTRACER, FACT_PTRACER },
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

void encode_thread(struct encoder *e, const struct record *r)
{
	struct view v;
	uint32_t count = 0;

	view_open(&v, e, r);
	if (v.p->differs & DIFFERS_CGROUP)
		cgroups_announce(e->cgroups, v.p->cgroup, &e->out);
	for (unsigned i = 0; i < GROUPS; i++)
		if (v.p->differs & groups[i].bit)
			count += groups[i].last - groups[i].first + 1u;
	size_t f = frame_begin(&e->out, FRAME_THREAD);
	pack_uint(&e->out, v.p->h.task);
	pack_uint(&e->out, v.p->h.process);
	pack_uint(&e->out, v.p->h.tid);
	pack_uint(&e->out, v.p->vtid);
	pack_map(&e->out, count);
	for (unsigned i = 0; i < GROUPS; i++)
		for (unsigned n = groups[i].first; v.p->differs & groups[i].bit && n <= groups[i].last; n++) {
			pack_uint(&e->out, n);
			pack_fact(&e->out, &v, n);
		}
	frame_end(&e->out, f);
}

static void encode_exit_frame(struct encoder *e, uint64_t key, const struct raw_head *h, int32_t code)
{
	size_t f = frame_begin(&e->out, FRAME_EXIT);

	pack_uint(&e->out, key);
	pack_uint(&e->out, h->time + (uint64_t)e->clock_offset);
	pack_int(&e->out, code);
	frame_end(&e->out, f);
}

static void encode_exit_event(struct encoder *e, const struct record *r, int32_t code)
{
	size_t f = frame_begin(&e->out, FRAME_EVENT);

	encode_event_head(e, r->head, false, 0);
	pack_int(&e->out, code);
	pack_uint(&e->out, (uint32_t)code >> 8 & 0xff);
	pack_uint(&e->out, (uint32_t)code & 0x7f);
	pack_uint(&e->out, (uint32_t)code >> 7 & 1);
	pack_nil(&e->out);                     /* who inherits the children is not known yet at this point */
	encode_extra(e, r);
	frame_end(&e->out, f);
	e->events++;
}

void encode_exit(struct encoder *e, const struct record *r)
{
	const struct raw_exit *x = (const void *)r->head;

	if (!(x->h.flags & RAW_UNWANTED))
		encode_exit_event(e, r, x->code);
	if (x->thread_key)
		encode_exit_frame(e, x->thread_key, &x->h, x->code);
	if (x->last)
		encode_exit_frame(e, x->h.process, &x->h, x->code);
}

/* A path that the kernel tells and nobody passed. */
static void pack_exe_path(struct pack *out, const struct view *v, const struct raw_item *passed)
{
	pack_array(out, 3);
	encode_bytes(out, passed);
	pack_nil(out);
	pack_bin(out, v->exe_len ? v->exe_path : NULL, v->exe_len);
}

/* The parameters of a successful execve, in the order of its schema. */
static void encode_exec_event(struct encoder *e, const struct record *r)
{
	struct view v;
	struct pack *out = &e->out;

	view_open(&v, e, r);
	const struct raw_proc *p = v.p;
	const uint64_t numbers[] = { p->fdlimit, p->page_faults_major, p->page_faults_minor, p->vm_size, p->vm_rss, p->vm_swap };
	size_t f = frame_begin(out, FRAME_EVENT);
	encode_event_head(e, r->head, true, 0);
	pack_uint(out, 0);
	encode_first_text(out, r->value[RAW_FACT_ARGV]);
	encode_other_texts(out, r->value[RAW_FACT_ARGV]);
	pack_uint(out, p->h.tid);
	pack_uint(out, p->h.pid);
	pack_uint(out, p->h.ppid);
	pack_fact(out, &v, FACT_CWD);
	for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		pack_uint(out, numbers[i]);
	pack_fact(out, &v, FACT_COMM);
	pack_nil(out);                                         /* cgroups: CGROUP tells them */
	encode_bytes(out, r->value[RAW_FACT_ENV]);
	pack_uint(out, p->tty);
	pack_uint(out, p->vpgid);
	pack_int(out, (int32_t)p->loginuid);
	pack_uint(out, exe_flags(&v) & ~(uint32_t)EXE_UNLINKED);
	pack_uint(out, p->cap_inheritable);
	pack_uint(out, p->cap_permitted);
	pack_uint(out, p->cap_effective);
	pack_fact(out, &v, FACT_EXE_INO);
	pack_fact(out, &v, FACT_EXE_CTIME);
	pack_fact(out, &v, FACT_EXE_MTIME);
	pack_uint(out, p->ids[1]);
	pack_exe_path(out, &v, NULL);
	pack_uint(out, p->pgid);
	pack_uint(out, p->ids[5]);
	pack_exe_path(out, &v, r->passed[RAW_FACT_FILENAME]);
	encode_extra(e, r);
	frame_end(out, f);
	e->events++;
}

void encode_exec(struct encoder *e, const struct record *r)
{
	const struct raw_proc *p = (const void *)r->head;

	encode_proc(e, r);
	if (p->old_task && p->old_task != p->h.process)
		encode_exit_frame(e, p->old_task, &p->h, 0);
	if (!(p->h.flags & RAW_UNWANTED))
		encode_exec_event(e, r);
}
