/* Birth, exec and death. */
#include <string.h>

#include "scap_state.h"

enum {
	CLONE = 223, FORK = 225, VFORK = 227, CLONE3 = 335, EXECVE = 293, EXECVEAT = 331, PROCEXIT = 186,
	STALE_NS = 2000000000
};
enum { CL_FILES = 1, CL_PARENT = 256, CL_THREAD = 8192, CL_NEWPID = 64, CL_VFORK = 134217728, CL_IN_PIDNS = 536870912 };
/* Parameters that clone and execve have alike, and those of each. */
enum { P_RES, P_EXE, P_ARGS, P_TID, P_PID, P_PTID, P_CWD, P_FDLIMIT, P_PF_MAJOR, P_PF_MINOR, P_VM_SIZE, P_VM_RSS, P_VM_SWAP,
	P_COMM, P_CGROUPS };
enum { C_FLAGS = 15, C_UID, C_GID, C_VTID, C_VPID, C_PIDNS };
enum { X_ENV = 15, X_TTY, X_VPGID, X_LOGINUID, X_FLAGS, X_CAPS, X_INO = 23, X_CTIME, X_MTIME, X_UID, X_EXEPATH, X_PGID, X_GID,
	X_FILENAME };

static void keep(struct scap_blob *to, const struct scap_event *e, int param)
{
	scap_blob_set(to, e->p[param].p, (unsigned)param < e->n ? e->p[param].n : 0);
}

static void keep_text(struct scap_blob *to, const struct scap_event *e, int param)
{
	struct scap_bytes b = scap_string(e, param);

	scap_blob_set(to, b.p, b.n);
}

/* What both kinds of events tell of the thread. */
static void take_common(const struct scap_now *now, struct scap_thread *t)
{
	const struct scap_event *e = now->e;

	keep_text(&t->exe, e, P_EXE);
	keep(&t->args, e, P_ARGS);
	t->fdlimit = scap_int(e, P_FDLIMIT);
	t->pf_major = scap_unsigned(e, P_PF_MAJOR);
	t->pf_minor = scap_unsigned(e, P_PF_MINOR);
	t->vm_size = (uint32_t)scap_unsigned(e, P_VM_SIZE);
	t->vm_rss = (uint32_t)scap_unsigned(e, P_VM_RSS);
	t->vm_swap = (uint32_t)scap_unsigned(e, P_VM_SWAP);
	if (scap_has(e, P_COMM))
		keep_text(&t->comm, e, P_COMM);
	if (scap_has(e, P_CGROUPS)) {
		keep(&t->cgroups, e, P_CGROUPS);
		t->cgroup = 0;
	}
	scap_thread_changed(&now->w->threads, t);
}

/* Older captures know no names of their own: that of the program stands in. */
static void take_ids(struct scap_thread *t, const struct scap_event *e, int64_t tid, int64_t pid)
{
	t->uid = (uint32_t)scap_unsigned(e, C_UID);
	t->gid = (uint32_t)scap_unsigned(e, C_GID);
	t->vtid = scap_has(e, C_VTID) ? scap_int(e, C_VTID) : tid;
	t->vpid = scap_has(e, C_VPID) ? scap_int(e, C_VPID) : pid;
	t->pidns_start = scap_unsigned(e, C_PIDNS);
}

static bool newborn(const struct scap_thread *t, uint64_t now)
{
	return t && t->start && !(t->flags & SCAP_INVALID) && now - t->start < STALE_NS;
}

/* A process gets a copy of its parent's descriptors, folder and environment; a thread is in its process. */
static void share(struct scap_thread *child, const struct scap_thread *parent, uint64_t flags)
{
	struct scap_process *p = child->process;

	if (!parent || parent->process == p)
		return;
	scap_fds_unref(p->fds);
	p->fds = flags & CL_FILES ? parent->process->fds : scap_fds_clone(parent->process->fds);
	p->fds->refs += (flags & CL_FILES) != 0;
	scap_blob_copy(&p->cwd, &parent->process->cwd);
	scap_blob_copy(&p->env, &parent->process->env);
}

static struct scap_thread *bear(const struct scap_now *now, int64_t tid, int64_t pid, int64_t ptid,
	struct scap_thread *model)
{
	const struct scap_event *e = now->e;
	struct scap_thread *t = scap_thread_add(&now->w->threads, tid, pid, e->time, e->time);

	t->ptid = ptid;
	take_common(now, t);
	if (!model)
		return t;
	share(t, model, scap_unsigned(e, C_FLAGS));
	scap_thread_inherit(t, model);
	if (t->process == model->process)
		t->exec = model->exec;
	if (!scap_has(e, P_COMM))
		scap_blob_copy(&t->comm, &model->comm);
	if (!scap_has(e, P_CGROUPS)) {
		scap_blob_copy(&t->cgroups, &model->cgroups);
		t->cgroup = model->cgroup;
	}
	return t;
}

/* The parent's side tells of the child, unless the number is of another namespace or the child tells of itself. */
static void clone_by_parent(struct scap_now *now, int64_t child)
{
	const struct scap_event *e = now->e;
	uint64_t flags = scap_unsigned(e, C_FLAGS);
	struct scap_thread *t = now->thread;

	if (!t)
		t = now->thread = scap_thread_invalid(&now->w->threads, e->tid, e->time);
	if (t->flags & SCAP_INVALID) {
		scap_thread_move(&now->w->threads, t, scap_int(e, P_PID), e->time);
		t->ptid = scap_int(e, P_PTID);
		take_common(now, t);
		take_ids(t, e, t->tid, t->process->pid);
		t->flags &= ~(unsigned)SCAP_INVALID;
	}
	if (flags & (CL_IN_PIDNS | CL_NEWPID | CL_PARENT | CL_VFORK) || e->code == VFORK || t->tid != t->vtid ||
		newborn(scap_thread_find(&now->w->threads, child), e->time))
		return;
	bool thread = flags & CL_THREAD;
	t = bear(now, child, thread ? t->process->pid : child, thread ? t->ptid : t->tid, t);
	take_ids(t, e, child, child);
	t->vtid = child;
	t->vpid = t->process->pid;
}

static void clone_by_child(struct scap_now *now)
{
	const struct scap_event *e = now->e;
	int64_t pid = scap_int(e, P_PID), ptid = scap_int(e, P_PTID);

	if (newborn(now->thread, e->time))
		return;
	struct scap_thread *model = scap_thread_find(&now->w->threads, scap_unsigned(e, C_FLAGS) & CL_THREAD ? pid : ptid);
	if (model == now->thread)
		model = NULL;
	struct scap_thread *t = bear(now, e->tid, pid, ptid, model);
	take_ids(t, e, e->tid, pid);
	now->thread = t;
}

static void clone_event(struct scap_now *now)
{
	int64_t result = scap_int(now->e, P_RES);

	if (result > 0)
		clone_by_parent(now, result);
	else if (result == 0)
		clone_by_child(now);
}

/* Other threads of the process end with exec. */
static void alone(const struct scap_now *now, const struct scap_thread *t)
{
	for (size_t i = 0; i < now->w->threads.by_tid.cap;) {
		struct scap_thread *other = now->w->threads.by_tid.slots[i].value;
		if (other && other != t && other->process == t->process)
			scap_thread_remove(&now->w->threads, other);
		else
			i++;
	}
}

/* Captures that do not tell it have the file as it was passed, if that. */
static void take_exepath(struct scap_now *now, struct scap_thread *t)
{
	const struct scap_event *e = now->e;
	const struct scap_event *enter = t->enter.any && t->enter.event.code + 1u == e->code ? &t->enter.event : NULL;
	struct scap_bytes file = scap_string(e, X_EXEPATH);
	char path[4096];

	if (file.n) {
		scap_blob_set(&t->exepath, file.p, file.n);
		return;
	}
	if (!enter)
		return;
	file = scap_string(enter, e->code == EXECVEAT ? 1 : 0);
	scap_blob_set(&t->exepath, "<NA>", 4);
	if (!file.n || (file.n == 4 && memcmp(file.p, "<NA>", 4) == 0))
		return;
	struct scap_now then = *now;
	then.e = &t->enter.event;
	size_t n = scap_path(&then, file, e->code == EXECVEAT ? 0 : -1, path, sizeof path);
	scap_blob_set(&t->exepath, path, n);
}

static void exec_event(struct scap_now *now)
{
	const struct scap_event *e = now->e;
	struct scap_thread *t = now->thread;

	if (scap_int(e, P_RES) < 0 || !t)
		return;
	alone(now, t);
	if (t->flags & SCAP_INVALID)
		scap_blob_set(&t->process->cwd, NULL, 0);
	if (t->flags & SCAP_INVALID || scap_int(e, P_PID) != t->process->pid) {
		scap_thread_move(&now->w->threads, t, scap_int(e, P_PID), e->time);
		t->ptid = scap_int(e, P_PTID);
		if (t->vtid < 0) {
			t->vtid = t->tid;
			t->vpid = t->process->pid;
		}
	}
	take_exepath(now, t);
	take_common(now, t);
	if (scap_has(e, X_ENV))
		keep(&t->process->env, e, X_ENV);
	t->tty = (uint32_t)scap_unsigned(e, X_TTY);
	if (scap_has(e, X_VPGID))
		t->vpgid = scap_int(e, X_VPGID);
	t->pgid = scap_has(e, X_PGID) ? scap_int(e, X_PGID) : -1;
	if (scap_has(e, X_LOGINUID))
		t->loginuid = (uint32_t)scap_unsigned(e, X_LOGINUID);
	t->exe_flags = (uint32_t)scap_unsigned(e, X_FLAGS);
	if (scap_has(e, X_CAPS)) {
		t->caps[2] = scap_unsigned(e, X_CAPS);
		t->caps[0] = scap_unsigned(e, X_CAPS + 1);
		t->caps[1] = scap_unsigned(e, X_CAPS + 2);
	}
	t->exe_ino = scap_unsigned(e, X_INO);
	t->exe_ctime = scap_unsigned(e, X_CTIME);
	t->exe_mtime = scap_unsigned(e, X_MTIME);
	if (scap_has(e, X_UID))
		t->uid = (uint32_t)scap_unsigned(e, X_UID);
	if (scap_has(e, X_GID))
		t->gid = (uint32_t)scap_unsigned(e, X_GID);
	t->exec = e->time;
	t->process->alive += (t->flags & SCAP_DEAD) != 0;      /* a leader that had ended takes its place again */
	t->flags &= ~(unsigned)(SCAP_INVALID | SCAP_DEAD);
	scap_fds_close_on_exec(t->process->fds);
}

bool scap_life(struct scap_now *now)
{
	switch (now->e->code) {
	case CLONE: case FORK: case VFORK: case CLONE3:
		clone_event(now);
		return true;
	case EXECVE: case EXECVEAT:
		exec_event(now);
		return true;
	case PROCEXIT:
		if (now->thread)
			scap_thread_dead(now->thread);
		return true;
	}
	return false;
}
