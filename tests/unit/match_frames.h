/* Frames for the tests of match/: processes from a table of facts, and events. */
#ifndef TESTS_UNIT_MATCH_FRAMES_H
#define TESTS_UNIT_MATCH_FRAMES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "match/state/state.h"
#include "wire/frame.h"
#include "wire/pack.h"

enum { SECOND = 1000000000 };
#define NOW ((uint64_t)1700000000 * SECOND)

static inline struct frame frame_of(const struct pack *p, size_t begin)
{
	struct frame f;
	size_t need;
	char err[128];

	assert_int_equal(frame_parse(p->data + begin, p->len - begin, 0, &f, &need, err, sizeof err), 1);
	return f;
}

/* Gives the frame from `begin` on to the state, which must take it. */
static inline void give(struct state *s, struct pack *p, size_t begin)
{
	size_t at;

	assert_int_equal(frame_end(p, begin), 0);
	struct frame f = frame_of(p, begin);
	assert_int_equal(state_frame(s, &f, &at), 0);
	p->len = begin;
}

static inline uint64_t key_of(uint64_t start, uint64_t pid)
{
	return start << 22 | pid;
}

/* A process in few words; what is zero has an ordinary value. Texts end with NULL in argv and env. */
struct proc {
	uint64_t key, parent;
	int64_t pid, vpid, sid, pgid, vpgid;
	const char *comm, *exepath, *cwd, *container;
	const char *argv[8], *env[8];
	uint64_t argv_of;                      /* key of the lender of argv and env */
	uint64_t start, exec;
	uint64_t uid, exe_flags, caps, tty, pidns_start, ctime, mtime;
	int64_t loginuid;
	bool no_container_yet;
};

static inline void pack_texts(struct pack *p, const char *const *list, uint64_t lender)
{
	uint32_t n = 0;

	if (lender) {
		pack_uint(p, lender);
		return;
	}
	while (list[n])
		n++;
	if (!n) {
		pack_nil(p);
		return;
	}
	pack_array(p, n);
	for (uint32_t i = 0; i < n; i++)
		pack_bin(p, list[i], strlen(list[i]));
}

static inline void pack_text(struct pack *p, const char *s)
{
	pack_bin(p, s, s ? strlen(s) : 0);
}

static inline void pack_or_nil(struct pack *p, uint64_t u)
{
	if (u)
		pack_uint(p, u);
	else
		pack_nil(p);
}

static inline void pack_proc_files(struct pack *p, const struct proc *d)
{
	pack_text(p, d->comm);
	pack_text(p, d->argv[0]);
	pack_texts(p, d->argv, d->argv_of);
	pack_texts(p, d->env, d->argv_of);
	pack_text(p, d->exepath);
	pack_uint(p, 8u << 20 | 1);
	pack_uint(p, 4711);
	pack_or_nil(p, d->ctime);
	pack_or_nil(p, d->mtime);
	pack_uint(p, d->exe_flags);
	pack_text(p, d->cwd ? d->cwd : "/");
	pack_text(p, "/");
}

static inline size_t proc_frame(struct pack *p, const struct proc *d)
{
	size_t begin = frame_begin(p, FRAME_PROC);
	int64_t ids[] = { d->pid, d->vpid ? d->vpid : d->pid, d->sid ? d->sid : d->pid, d->sid ? d->sid : d->pid,
		d->pgid ? d->pgid : d->pid, d->vpgid ? d->vpgid : d->pgid ? d->pgid : d->pid };

	pack_uint(p, d->key);
	pack_or_nil(p, d->parent);
	pack_or_nil(p, d->parent);
	for (int i = 0; i < 6; i++)
		pack_int(p, ids[i]);
	if (d->tty) {
		pack_array(p, 2);
		pack_uint(p, d->tty);
		pack_text(p, "pts/0");
	} else {
		pack_nil(p);
	}
	pack_proc_files(p, d);
	for (int i = 0; i < 8; i++)            /* uid to fsgid */
		pack_uint(p, d->uid);
	pack_array(p, 0);
	pack_int(p, d->loginuid);
	pack_int(p, -1);
	for (int i = 0; i < 4; i++)
		pack_uint(p, d->caps);
	pack_nil(p);                           /* namespaces */
	pack_or_nil(p, d->pidns_start);
	pack_uint(p, 1);
	if (d->no_container_yet)
		pack_bool(p, false);
	else
		pack_str(p, d->container);
	pack_uint(p, d->start ? d->start : NOW - 60 * (uint64_t)SECOND);
	pack_or_nil(p, d->exec);
	pack_uint(p, 1024);
	pack_bool(p, false);
	pack_uint(p, 0);
	pack_nil(p);
	return begin;
}

static inline void give_proc(struct state *s, const struct proc *d)
{
	struct pack p = {0};

	give(s, &p, proc_frame(&p, d));
	pack_free(&p);
}

static inline void give_exit_at(struct state *s, uint64_t key, uint64_t time)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_EXIT);

	pack_uint(&p, key);
	pack_uint(&p, time);
	pack_int(&p, 0);
	give(s, &p, begin);
	pack_free(&p);
}

static inline void give_exit(struct state *s, uint64_t key)
{
	give_exit_at(s, key, NOW);
}

/* EVENT up to its parameters, which the caller adds. */
static inline size_t event_begin(struct pack *p, unsigned type, uint64_t process, uint64_t task, int64_t tid, int64_t result)
{
	size_t begin = frame_begin(p, FRAME_EVENT);

	pack_fix64(p, NOW);
	pack_fix64(p, 77);
	pack_fix16(p, (uint16_t)type);
	pack_fix64(p, process);
	pack_fix64(p, task);
	pack_int(p, tid);
	pack_int(p, 1);
	pack_int(p, result);
	return begin;
}

#endif
