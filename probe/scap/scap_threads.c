/* Threads and processes by number. */
#include "scap_threads.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

enum { TICK_NS = 10000000, KEY_SHIFT = 22 };

static void *zeroed(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		diex(EX_OSERR, "out of memory: what a capture tells");
	return p;
}

/* Processes that were there before the capture have no known start. */
static uint64_t key_of(const struct scap_threads *all, int64_t tid, uint64_t at)
{
	uint64_t ticks = at > all->boot ? (at - all->boot) / TICK_NS : 0;

	return ticks << KEY_SHIFT | ((uint64_t)tid & ((1u << KEY_SHIFT) - 1));
}

struct scap_thread *scap_thread_find(const struct scap_threads *all, int64_t tid)
{
	return map_get(&all->by_tid, (uint64_t)tid);
}

void scap_thread_changed(struct scap_threads *all, struct scap_thread *t)
{
	if (t->flags & SCAP_CHANGED)
		return;
	if (all->nchanged == all->cap) {
		all->cap = all->cap ? all->cap * 2 : 64;
		all->changed = reallocarray(all->changed, all->cap, sizeof *all->changed);
		if (!all->changed)
			diex(EX_OSERR, "out of memory: %zu threads", all->cap);
	}
	all->changed[all->nchanged++] = t->tid;
	t->flags |= SCAP_CHANGED;
}

static struct scap_process *process_of(struct scap_threads *all, int64_t pid, uint64_t at)
{
	struct scap_process *p = map_get(&all->by_pid, (uint64_t)pid);

	if (p)
		return p;
	p = zeroed(sizeof *p);
	p->pid = pid;
	p->key = key_of(all, pid, at);
	p->fds = scap_fds_new();
	map_put(&all->by_pid, (uint64_t)pid, p);
	return p;
}

static void leave(struct scap_threads *all, struct scap_thread *t)
{
	struct scap_process *p = t->process;

	p->alive -= !(t->flags & SCAP_DEAD);
	if (p->leader == t)
		p->leader = NULL;
	if (--p->threads)
		return;
	map_remove(&all->by_pid, (uint64_t)p->pid);
	scap_fds_unref(p->fds);
	free(p->cwd.p);
	free(p->env.p);
	free(p);
}

static void join(struct scap_thread *t, struct scap_process *p)
{
	t->process = p;
	p->threads++;
	p->alive += !(t->flags & SCAP_DEAD);
	if (t->tid == p->pid)
		p->leader = t;
}

struct scap_thread *scap_thread_add(struct scap_threads *all, int64_t tid, int64_t pid, uint64_t start, uint64_t at)
{
	struct scap_thread *old = scap_thread_find(all, tid), *t = zeroed(sizeof *t);

	if (old)
		scap_thread_remove(all, old);
	*t = (struct scap_thread){ .tid = tid, .ptid = -1, .sid = -1, .vpgid = -1, .pgid = -1, .vtid = -1, .vpid = -1,
		.loginuid = UINT32_MAX, .start = start };
	t->key = tid == pid ? 0 : key_of(all, tid, at);
	join(t, process_of(all, pid, at));
	if (tid == pid)
		t->key = t->process->key;
	map_put(&all->by_tid, (uint64_t)tid, t);
	scap_thread_changed(all, t);
	return t;
}

struct scap_thread *scap_thread_invalid(struct scap_threads *all, int64_t tid, uint64_t at)
{
	struct scap_thread *t = scap_thread_add(all, tid, tid, 0, at);

	t->uid = t->gid = UINT32_MAX;
	scap_blob_set(&t->process->cwd, ".", 1);
	scap_blob_set(&t->comm, "<NA>", 4);
	scap_blob_set(&t->exe, "<NA>", 4);
	t->flags |= SCAP_INVALID;
	return t;
}

static void thread_free(struct scap_thread *t)
{
	struct scap_blob *blobs[] = { &t->comm, &t->exe, &t->exepath, &t->args, &t->cgroups, &t->root };

	for (size_t i = 0; i < sizeof blobs / sizeof blobs[0]; i++)
		free(blobs[i]->p);
	scap_stored_free(&t->enter);
	free(t);
}

void scap_thread_remove(struct scap_threads *all, struct scap_thread *t)
{
	if (scap_thread_find(all, t->tid) == t)
		map_remove(&all->by_tid, (uint64_t)t->tid);
	leave(all, t);
	thread_free(t);
}

void scap_thread_move(struct scap_threads *all, struct scap_thread *t, int64_t pid, uint64_t at)
{
	if (t->process->pid == pid)
		return;
	leave(all, t);
	t->key = key_of(all, t->tid, at);
	join(t, process_of(all, pid, at));
	if (t->tid == pid)
		t->key = t->process->key;
	scap_thread_changed(all, t);
}

struct scap_thread *scap_thread_speaker(struct scap_thread *t)
{
	return t->process->leader ? t->process->leader : t;
}

struct scap_thread *scap_thread_parent(const struct scap_threads *all, const struct scap_thread *t)
{
	struct scap_thread *parent = scap_thread_find(all, t->ptid);

	return parent ? scap_thread_speaker(parent) : NULL;
}

/* A living thread of the same process, else the nearest ancestor that takes orphans, else the first process. */
static int64_t heir(const struct scap_threads *all, const struct scap_thread *t)
{
	enum { DEPTH_MAX = 1024, FIRST = 1 };
	const struct scap_thread *p = t;

	for (size_t i = 0; t->process->alive && i < all->by_tid.cap; i++) {
		const struct scap_thread *other = all->by_tid.slots[i].value;
		if (other && other->process == t->process && !(other->flags & SCAP_DEAD))
			return other->tid;
	}
	for (int i = 0; i < DEPTH_MAX && (p = scap_thread_parent(all, p)); i++)
		if (p->reaper)
			return p->tid;
	return FIRST;
}

void scap_thread_dead(struct scap_thread *t)
{
	if (!(t->flags & SCAP_DEAD))
		t->process->alive--;
	t->flags |= SCAP_DEAD;
}

void scap_thread_die(struct scap_threads *all, struct scap_thread *t, int64_t reaper)
{
	scap_thread_dead(t);
	int64_t parent = reaper > 0 && scap_thread_find(all, reaper) ? reaper : heir(all, t);
	for (size_t i = 0; i < all->by_tid.cap; i++) {
		struct scap_thread *child = all->by_tid.slots[i].value;
		if (!child || child->ptid != t->tid || child == t || child->tid == parent)
			continue;
		child->ptid = parent;
		scap_thread_changed(all, child);
	}
}

void scap_thread_reap(struct scap_threads *all, struct scap_thread *t)
{
	struct scap_process *p = t->process;
	bool last = p->alive == 0;

	if (p->leader == t && !last)
		return;
	if (last && p->leader && p->leader != t)
		scap_thread_remove(all, p->leader);
	scap_thread_remove(all, t);
}

void scap_thread_inherit(struct scap_thread *to, const struct scap_thread *from)
{
	scap_blob_copy(&to->exepath, &from->exepath);
	scap_blob_copy(&to->root, &from->root);
	to->sid = from->sid;
	to->vpgid = from->vpgid;
	to->pgid = from->pgid;
	to->tty = from->tty;
	to->loginuid = from->loginuid;
	memcpy(to->caps, from->caps, sizeof to->caps);
	to->exe_flags = from->exe_flags;
	to->exe_ino = from->exe_ino;
	to->exe_ctime = from->exe_ctime;
	to->exe_mtime = from->exe_mtime;
}

void scap_threads_free(struct scap_threads *all)
{
	for (size_t i = 0; i < all->by_tid.cap; i++) {
		struct scap_thread *t = all->by_tid.slots[i].value;
		if (!t)
			continue;
		leave(all, t);
		thread_free(t);
	}
	map_free(&all->by_tid);
	map_free(&all->by_pid);
	free(all->changed);
	*all = (struct scap_threads){0};
}
