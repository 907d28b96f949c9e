/* Processes and threads of a stream, for the reference filter: the bytes of their last record. The dead are forgotten at once: what
 * is not known passes. */
#include "plan_process.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

struct plan_process {
	uint64_t key, parent;
	uint32_t at[FACT_COUNT];       /* offset in `body`, 0: not there */
	uint8_t *body;
	size_t n;
	uint64_t lender;               /* whose argv it has since fork; 0: its own */
	uint8_t *lent;                 /* that, as it was then, NULL: not known; argv[0] begins at `lent_exe` */
	size_t nlent, lent_exe;
};
struct plan_thread {
	uint32_t at[FACT_COUNT];
	bool differs[FACT_COUNT];
	uint8_t *body;
	size_t n;
};

static void *room(size_t n)
{
	void *p = calloc(1, n + 1);

	if (!p)
		diex(EX_OSERR, "out of memory: %zu bytes", n);
	return p;
}

static void process_free(struct plan_process *p)
{
	free(p->body);
	free(p->lent);
	free(p);
}

static void process_forget(struct plan_processes *all, uint64_t key)
{
	struct plan_process *p = map_get(&all->by_key, key);

	if (!p)
		return;
	map_remove(&all->by_key, key);
	process_free(p);
}

static void thread_forget(struct plan_processes *all, uint64_t key)
{
	struct plan_thread *t = map_get(&all->threads, key);

	if (!t)
		return;
	map_remove(&all->threads, key);
	free(t->body);
	free(t);
}

static bool next_u64(struct cursor *c, uint64_t *u)
{
	struct value v;

	*u = 0;
	return value_next(c, &v) == 1 && (value_u64(&v, u) || v.type == VALUE_NIL);
}

static bool value_at(const uint8_t *body, size_t n, uint32_t at, struct value *v)
{
	struct cursor c = { body + at, body + n };

	return at && value_next(&c, v) == 1 && v->type != VALUE_NIL;
}

/* The bytes of a value, none where it is not there. */
static size_t bytes_at(const struct plan_process *p, enum fact n, const uint8_t **from)
{
	struct cursor c = { p->body + p->at[n], p->body + p->n };

	*from = c.p;
	return p->at[n] && value_skip(&c) == 1 ? (size_t)(c.p - *from) : 0;
}

/* What is lent stays what it was while the lender is the same: it may have executed another program since. */
static void borrow(const struct plan_processes *all, struct plan_process *p, struct plan_process *old)
{
	const struct plan_process *lender;
	const uint8_t *argv, *exe;
	struct value v;

	if (!value_at(p->body, p->n, p->at[FACT_ARGV], &v) || v.type != VALUE_UINT)
		return;
	p->lender = v.u;
	if (old && old->lender == p->lender && old->lent) {
		p->lent = old->lent;
		p->nlent = old->nlent;
		p->lent_exe = old->lent_exe;
		old->lent = NULL;
		return;
	}
	lender = map_get(&all->by_key, p->lender);
	if (!lender || lender == old || (lender->lender && (!lender->lent || value_at(lender->body, lender->n, lender->at[FACT_EXE], &v))))
		return;
	size_t nargv = bytes_at(lender, FACT_ARGV, &argv), nexe = bytes_at(lender, FACT_EXE, &exe);
	if (lender->lent) {
		argv = lender->lent;
		nargv = lender->lent_exe;
		exe = argv + nargv;
		nexe = lender->nlent - nargv;
	}
	p->lent = room(nargv + nexe);
	memcpy(p->lent, argv, nargv);
	memcpy(p->lent + nargv, exe, nexe);
	p->nlent = nargv + nexe;
	p->lent_exe = nargv;
}

static void process_take(struct plan_processes *all, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	uint64_t key, parent, fork_parent;

	if (!next_u64(&c, &key) || !next_u64(&c, &parent) || !next_u64(&c, &fork_parent))
		return;
	struct plan_process *p = room(sizeof *p);
	p->key = key;
	p->parent = parent;
	p->n = f->len;
	p->body = room(f->len);
	memcpy(p->body, f->body, f->len);
	for (unsigned i = 0; i < FACT_COUNT && c.p < c.end; i++) {
		p->at[i] = (uint32_t)(c.p - f->body);
		if (value_skip(&c) != 1)
			p->at[i] = 0;
	}
	borrow(all, p, map_get(&all->by_key, key));
	process_forget(all, key);
	map_put(&all->by_key, key, p);
}

static void thread_take(struct plan_processes *all, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	uint64_t key, process;
	struct value v;

	if (!next_u64(&c, &key) || !next_u64(&c, &process) || value_skip(&c) != 1 || value_skip(&c) != 1 ||
		value_next(&c, &v) != 1 || v.type != VALUE_MAP)
		return;
	thread_forget(all, key);
	if (!plan_process(all, process))
		return;
	struct plan_thread *t = room(sizeof *t);
	t->n = f->len;
	t->body = room(f->len);
	memcpy(t->body, f->body, f->len);
	struct cursor in = v.a.inside;
	while (value_next(&in, &v) == 1) {
		if (v.type == VALUE_UINT && v.u < FACT_COUNT) {
			t->differs[v.u] = true;
			t->at[v.u] = (uint32_t)(in.p - f->body);
		}
		if (value_skip(&in) != 1)
			break;
	}
	map_put(&all->threads, key, t);
}

static void exit_take(struct plan_processes *all, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	uint64_t key;

	if (!next_u64(&c, &key))
		return;
	process_forget(all, key);
	thread_forget(all, key);
}

static void forget_all(struct plan_processes *all)
{
	for (size_t i = 0; i < all->by_key.cap; i++) {
		struct plan_process *p = all->by_key.slots[i].value;
		if (p)
			process_free(p);
	}
	for (size_t i = 0; i < all->threads.cap; i++) {
		struct plan_thread *t = all->threads.slots[i].value;
		if (t)
			free(t->body);
		free(t);
	}
	map_free(&all->by_key);
	map_free(&all->threads);
}

/* Program, its version, source, mode, kernel, architecture, clock, schema, types, plan: links are the last of twelve. */
static void links_take(struct plan_processes *all, struct cursor c)
{
	struct value v;

	for (int i = 0; i < 11; i++)
		if (value_skip(&c) != 1)
			return;
	if (value_next(&c, &v) == 1)
		plan_links_add(&all->links, &v);
}

/* version, program, its version, source */
static void hello_take(struct plan_processes *all, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	const uint8_t *at = c.p;

	links_take(all, c);
	for (int i = 0; i < 4; i++) {
		at = c.p;
		if (value_skip(&c) != 1)
			return;
	}
	size_t n = (size_t)(c.p - at);
	if (all->source && n == all->nsource && memcmp(all->source, at, n) == 0)
		return;
	forget_all(all);
	free(all->source);
	all->source = room(n);
	all->nsource = n;
	memcpy(all->source, at, n);
}

void plan_processes_take(struct plan_processes *all, const struct frame *f)
{
	switch (f->kind) {
	case FRAME_HELLO: hello_take(all, f); break;
	case FRAME_PROC: process_take(all, f); break;
	case FRAME_THREAD: thread_take(all, f); break;
	case FRAME_EXIT: exit_take(all, f); break;
	default: break;
	}
}

void plan_processes_free(struct plan_processes *all)
{
	forget_all(all);
	plan_links_free(&all->links);
	free(all->source);
	*all = (struct plan_processes){0};
}

const struct plan_process *plan_process(const struct plan_processes *all, uint64_t key)
{
	return map_get(&all->by_key, key);
}

const struct plan_process *plan_process_parent(const struct plan_processes *all, const struct plan_process *p)
{
	return p->parent && p->parent != p->key ? map_get(&all->by_key, p->parent) : NULL;
}

uint64_t plan_process_parent_key(const struct plan_process *p)
{
	return p->parent != p->key ? p->parent : 0;
}

bool plan_process_fact(const struct plan_processes *all, const struct plan_process *p, uint64_t task, enum fact n, struct value *v)
{
	const struct plan_thread *t = task ? map_get(&all->threads, task) : NULL;

	if (t && t->differs[n])
		return value_at(t->body, t->n, t->at[n], v);
	bool own = value_at(p->body, p->n, p->at[n], v);
	if (!p->lent || !(n == FACT_ARGV || (n == FACT_EXE && !own)))
		return own;
	struct cursor c = { p->lent + (n == FACT_EXE ? p->lent_exe : 0), p->lent + p->nlent };
	return value_next(&c, v) == 1 && v->type != VALUE_NIL;
}
