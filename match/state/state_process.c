/* Processes and threads by key: defined by PROC and THREAD, dead by EXIT, kept after death while they may be asked for. */
#include "state_body.h"

#include <stdlib.h>
#include <string.h>

/* Dead processes without known children that are kept all the same, and how long: records that enrich held back, or that another
 * process of a stage sends again, may come after EXIT. */
enum { RECENT_MAX = 16384 };
static const uint64_t recent_ns = 10000000000u;

struct process {
	uint64_t key, parent;                   /* 0: none */
	uint64_t since;                         /* when it came to the list of the dead that it is in */
	int64_t pid;
	const struct state_processes *all;
	struct body *body;
	struct thread *threads;
	struct process *older, *newer;          /* among the dead */
	uint32_t children;                      /* processes that count here */
	bool dead, counted;                     /* counted: the parent counts this one */
};

struct thread {
	uint64_t key, mask;                     /* mask: facts that differ, by number */
	int64_t tid, vtid;
	struct process *process;
	struct thread *next, **link;            /* the process's list; link points to what points here */
	const uint8_t *data;
	uint32_t len, at[];                     /* offsets of the facts, in the order of their numbers */
};

static void dead_add(struct dead_list *l, struct process *p)
{
	p->since = p->all->clock;
	p->older = l->newest;
	p->newer = NULL;
	*(l->newest ? &l->newest->newer : &l->oldest) = p;
	l->newest = p;
	l->n++;
}

static void dead_take(struct dead_list *l, struct process *p)
{
	*(p->older ? &p->older->newer : &l->oldest) = p->newer;
	*(p->newer ? &p->newer->older : &l->newest) = p->older;
	l->n--;
}

static struct dead_list *dead_list(struct state_processes *all, const struct process *p)
{
	return p->children ? &all->asked : &all->recent;
}

/* The parent may have been forgotten, and described again, since it was counted. */
static void count_child(struct state_processes *all, struct process *parent, int by)
{
	if (!parent || (by < 0 && !parent->children))
		return;
	if (parent->dead)
		dead_take(dead_list(all, parent), parent);
	parent->children += (uint32_t)by;
	if (parent->dead)
		dead_add(dead_list(all, parent), parent);
}

static void set_parent(struct state_processes *all, struct process *p, uint64_t key)
{
	if (p->counted && p->parent == key)
		return;
	if (p->counted)
		count_child(all, map_get(&all->by_key, p->parent), -1);
	struct process *parent = key && key != p->key ? map_get(&all->by_key, key) : NULL;
	p->parent = key;
	p->counted = parent != NULL;
	count_child(all, parent, 1);
}

static void thread_free(struct state_processes *all, struct thread *t)
{
	map_remove(&all->threads, t->key);
	if (map_get(&all->by_tid, (uint64_t)t->tid) == t)
		map_remove(&all->by_tid, (uint64_t)t->tid);
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	free(t);
}

static void revive(struct state_processes *all, struct process *p)
{
	if (!p->dead)
		return;
	dead_take(dead_list(all, p), p);
	all->dead_bytes -= p->body->size;
	p->dead = false;
}

static void forget_pid(struct state_processes *all, const struct process *p)
{
	if (map_get(&all->by_pid, (uint64_t)p->pid) == p)
		map_remove(&all->by_pid, (uint64_t)p->pid);
}

static void process_free(struct state_processes *all, struct process *p)
{
	revive(all, p);
	set_parent(all, p, 0);
	while (p->threads)
		thread_free(all, p->threads);
	forget_pid(all, p);
	map_remove(&all->by_key, p->key);
	body_free(&all->pieces, p->body);
	free(p);
}

/* Time as the stream has it, which may jump. */
static bool is_recent(const struct state_processes *all, const struct process *p)
{
	uint64_t ago = all->clock > p->since ? all->clock - p->since : p->since - all->clock;

	return ago <= recent_ns;
}

/* The longest dead leave first; those with children only when nothing else is left. */
static void trim(struct state_processes *all)
{
	while (all->recent.n > RECENT_MAX || (all->recent.n && !is_recent(all, all->recent.oldest)))
		process_free(all, all->recent.oldest);
	while (all->recent.n + all->asked.n > STATE_DEAD_MAX || all->dead_bytes > STATE_DEAD_BYTES) {
		struct process *p = all->recent.n ? all->recent.oldest : all->asked.oldest;
		all->forgotten += p->children > 0;
		process_free(all, p);
	}
}

static struct process *process_add(struct state_processes *all, uint64_t key)
{
	struct process *p = state_alloc(sizeof *p);

	p->key = key;
	p->all = all;
	map_put(&all->by_key, key, p);
	return p;
}

/* What is borrowed stays what it was while the lender's key is the same: the lender may have called execve since. */
static void borrow(struct state_processes *all, const struct process *p, struct body *b)
{
	for (int i = 0; i < BORROWS; i++) {
		const struct body *old = p->body;
		if (!b->lender[i])
			continue;
		if (old && old->lender[i] == b->lender[i] && old->from[i]) {
			body_borrow(b, i, old);
			continue;
		}
		const struct process *lender = map_get(&all->by_key, b->lender[i]);
		if (lender && lender != p)
			body_borrow(b, i, lender->body);
	}
}

static void die(struct state_processes *all, struct process *p)
{
	if (p->dead)
		return;
	p->dead = true;
	all->dead_bytes += p->body->size;
	dead_add(dead_list(all, p), p);
	forget_pid(all, p);
	trim(all);
}

/* A pid belongs to one living process: that which began last. The EXIT of the other was lost. */
static void claim_pid(struct state_processes *all, struct process *p)
{
	struct value v;
	int64_t pid = 0;

	if (body_value(p->body, FACT_PID, &v))
		value_i64(&v, &pid);
	if (pid != p->pid)
		forget_pid(all, p);
	p->pid = pid;
	struct process *other = map_get(&all->by_pid, (uint64_t)pid);
	if (pid <= 0 || other == p || (other && other->key > p->key))
		return;
	map_put(&all->by_pid, (uint64_t)pid, p);
	if (other)
		die(all, other);
}

int state_process_define(struct state_processes *all, const struct frame *f, size_t *at)
{
	struct reader r = reader_open(f, at);
	uint64_t key, parent, fork_parent;

	if (!reader_u64(&r, &key) || !reader_key(&r, &parent) || !reader_key(&r, &fork_parent))
		return -1;
	struct body *b = body_new(&all->pieces, &r);
	if (!b)
		return -1;
	struct process *p = map_get(&all->by_key, key);
	if (!p)
		p = process_add(all, key);
	else
		revive(all, p);
	borrow(all, p, b);
	body_free(&all->pieces, p->body);
	p->body = b;
	set_parent(all, p, parent);
	claim_pid(all, p);
	return 0;
}

/* Reads the map of facts; offsets are from the start of the map's content. */
static bool read_facts(struct reader *r, uint64_t *mask, uint32_t at[FACT_COUNT], struct cursor *content)
{
	struct value map, n;

	if (!reader_value(r, &map) || map.type != VALUE_MAP)
		return false;
	*content = map.a.inside;
	struct reader in = { r->f, map.a.inside, r->at };
	while (in.c.p < in.c.end) {
		if (!reader_value(&in, &n))
			return false;
		uint32_t offset = (uint32_t)(in.c.p - content->p);
		if (value_skip(&in.c) != 1)
			return false;
		if (n.type == VALUE_UINT && n.u < FACT_COUNT) {
			*mask |= (uint64_t)1 << n.u;
			at[n.u] = offset;
		}
	}
	return true;
}

static struct thread *thread_new(uint64_t mask, const uint32_t at[FACT_COUNT], struct cursor content)
{
	size_t len = (size_t)(content.end - content.p), n = (size_t)__builtin_popcountll(mask);
	struct thread *t = state_alloc(sizeof *t + n * sizeof t->at[0] + len);
	uint8_t *data = (uint8_t *)(t->at + n);

	t->mask = mask;
	t->len = (uint32_t)len;
	t->data = data;
	if (len)
		memcpy(data, content.p, len);
	for (unsigned i = 0, k = 0; i < FACT_COUNT; i++)
		if (mask >> i & 1)
			t->at[k++] = at[i];
	return t;
}

int state_process_thread(struct state_processes *all, const struct frame *f, size_t *at)
{
	struct reader r = reader_open(f, at);
	uint64_t key, process, mask = 0;
	uint32_t facts[FACT_COUNT];
	struct cursor content;
	struct value tid, vtid;

	if (!reader_u64(&r, &key) || !reader_u64(&r, &process) || !reader_value(&r, &tid) || !reader_value(&r, &vtid) ||
		!read_facts(&r, &mask, facts, &content))
		return -1;
	struct thread *old = map_get(&all->threads, key);
	struct process *p = map_get(&all->by_key, process);
	if (old)
		thread_free(all, old);
	/* Without its process a thread would never be forgotten. */
	if (!p)
		return 0;
	struct thread *t = thread_new(mask, facts, content);
	t->key = key;
	t->process = p;
	if (!value_i64(&tid, &t->tid))
		t->tid = -1;
	if (!value_i64(&vtid, &t->vtid))
		t->vtid = -1;
	t->link = &p->threads;
	t->next = p->threads;
	if (t->next)
		t->next->link = &t->next;
	p->threads = t;
	map_put(&all->threads, key, t);
	map_put(&all->by_tid, (uint64_t)t->tid, t);
	return 0;
}

int state_process_exit(struct state_processes *all, const struct frame *f, size_t *at)
{
	struct reader r = reader_open(f, at);
	uint64_t key, time;

	if (!reader_u64(&r, &key))
		return -1;
	if (value_next_u64(&r.c, &time) && time)
		all->clock = time;
	struct process *p = map_get(&all->by_key, key);
	struct thread *t = map_get(&all->threads, key);
	if (p)
		die(all, p);
	else if (t)
		thread_free(all, t);
	return 0;
}

void state_process_free(struct state_processes *all)
{
	for (size_t i = 0; i < all->by_key.cap; i++) {
		struct process *p = all->by_key.slots[i].value;
		if (!p)
			continue;
		for (struct thread *t = p->threads, *next; t; t = next) {
			next = t->next;
			free(t);
		}
		body_free(&all->pieces, p->body);
		free(p);
	}
	pieces_free(&all->pieces);
	map_free(&all->by_key);
	map_free(&all->by_pid);
	map_free(&all->threads);
	map_free(&all->by_tid);
	*all = (struct state_processes){0};
}

const struct process *state_process(const struct state *s, uint64_t key)
{
	return map_get(&s->processes.by_key, key);
}

const struct process *state_parent(const struct state *s, const struct process *p)
{
	return p->parent && p->parent != p->key ? map_get(&s->processes.by_key, p->parent) : NULL;
}

const struct process *state_pid(const struct state *s, int64_t pid)
{
	return map_get(&s->processes.by_pid, (uint64_t)pid);
}

const struct process *state_task(const struct state *s, int64_t tid, const struct thread **t)
{
	const struct process *p = state_pid(s, tid);

	*t = p ? NULL : map_get(&s->processes.by_tid, (uint64_t)tid);
	return *t ? (*t)->process : p;
}

const struct thread *state_thread(const struct state *s, uint64_t key)
{
	return map_get(&s->processes.threads, key);
}

uint64_t state_processes(const struct state *s)
{
	return s->processes.by_key.n;
}

uint64_t state_forgotten(const struct state *s)
{
	return s->processes.forgotten;
}

uint64_t process_key(const struct process *p)
{
	return p->key;
}

uint64_t process_parent_key(const struct process *p)
{
	return p->parent;
}

int64_t thread_vtid(const struct thread *t)
{
	return t->vtid;
}

bool thread_has(const struct thread *t, enum fact n)
{
	return t && t->mask >> n & 1;
}

static bool time_fact(const struct body *b, enum fact n, uint64_t *ns)
{
	struct value v;

	return body_value(b, n, &v) && value_u64(&v, ns);
}

/* A lender that became known only after the borrower. What it ran when it forked is lost when it has called execve since. */
static bool late_loan(const struct process *p, int which, enum fact n, struct value *v)
{
	const struct process *lender = map_get(&p->all->by_key, p->body->lender[which]);
	uint64_t exec = 0, start = 0;

	if (!lender || lender == p)
		return false;
	time_fact(p->body, FACT_START, &start);
	if (time_fact(lender->body, FACT_EXEC, &exec) && exec > start)
		return false;
	const struct piece *piece = body_lends(lender->body, which);
	return piece && piece_value(piece, n, v);
}

static bool thread_fact(const struct thread *t, enum fact n, struct value *v)
{
	unsigned i = (unsigned)__builtin_popcountll(t->mask & (((uint64_t)1 << n) - 1));
	struct cursor c = { t->data + t->at[i], t->data + t->len };

	return value_next(&c, v) == 1 && v->type != VALUE_NIL;
}

/* What a fact is borrowed with: argv[0] with argv, unless it is there. BORROWS: with nothing. */
static int loan_of(enum fact n)
{
	return n == FACT_ARGV || n == FACT_EXE ? BORROW_ARGV : n == FACT_ENV ? BORROW_ENV : BORROWS;
}

bool process_fact(const struct process *p, const struct thread *t, enum fact n, struct value *v)
{
	const struct body *b = p->body;

	if (thread_has(t, n))
		return thread_fact(t, n, v);
	int which = loan_of(n);
	if (which == BORROWS || !b->lender[which] || (n == FACT_EXE && b->piece[PIECE_ARGV]))
		return body_value(b, n, v);
	return b->from[which] ? piece_value(b->from[which], n, v) : late_loan(p, which, n, v);
}
