/* Live definitions: a hash table of the last record for each key, and a list of them in the order in which they
 * came. Which consumer has which one is a bit in each. */
#include "definitions.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "event.h"
#include "fact.h"
#include "log.h"

enum {
	REFERENCES = 4,                        /* of a process: parent, parent at fork, owners of argv and environment */
	DEAD_MIN = 128, DEAD_PART = 4          /* so many dead, and as many more as a part of all, may wait to be looked through */
};

/* Of what is not a task: the values that tell it apart, with which the body of its record begins. */
struct name {
	const uint8_t *data;
	size_t len;
};

struct definition {
	struct definition *chain;              /* in its bucket */
	struct definition *prev, *next;        /* by age */
	struct definition *todo;               /* worklist of whoever walks references */
	uint64_t sent;                         /* by consumer */
	uint64_t key, references[REFERENCES];  /* of PROC and THREAD; 0: none */
	uint8_t *frames;                       /* the record, and EXIT behind it when the process is gone; no byte more: there are many */
	uint32_t len, hash;
	uint32_t name_len;                     /* of its name */
	uint8_t kind;
	bool dead, marked;
};

struct definitions {
	struct definition **buckets, *first, *last;
	size_t nbuckets, count, dead, bytes, max;
	struct pack hello, plan, source;       /* source: the value in HELLO that tells streams apart */
	bool warned;
};

/* How many leading values tell the records of a kind apart; 0: not a definition of this table. */
static const uint8_t key_values[FRAME_KINDS] = {
	[FRAME_PROC] = 1, [FRAME_THREAD] = 1, [FRAME_CONTAINER] = 1, [FRAME_NAME] = 3, [FRAME_HOST] = 1, [FRAME_CGROUP] = 1,
};

static bool of_task(int kind)
{
	return kind == FRAME_PROC || kind == FRAME_THREAD;
}

static void *checked(void *memory)
{
	if (!memory)
		diex(EX_OSERR, "out of memory for definitions");
	return memory;
}

struct definitions *definitions_new(size_t max)
{
	struct definitions *d = checked(calloc(1, sizeof *d));

	d->max = max;
	d->nbuckets = 4096;
	d->buckets = checked(calloc(d->nbuckets, sizeof *d->buckets));
	return d;
}

static void definition_free(struct definition *e)
{
	free(e->frames);
	free(e);
}

/* Appends the frame to those of the definition. */
static void keep(struct definitions *d, struct definition *e, const struct frame *f)
{
	e->frames = checked(realloc(e->frames, e->len + f->size));
	memcpy(e->frames + e->len, f->start, f->size);
	e->len += (uint32_t)f->size;
	d->bytes += f->size;
}

static void clear(struct definitions *d)
{
	for (struct definition *e = d->first, *next; e; e = next) {
		next = e->next;
		definition_free(e);
	}
	memset(d->buckets, 0, d->nbuckets * sizeof *d->buckets);
	d->first = d->last = NULL;
	d->count = d->dead = d->bytes = 0;
	d->plan.len = 0;
}

void definitions_free(struct definitions *d)
{
	if (!d)
		return;
	clear(d);
	pack_free(&d->hello);
	pack_free(&d->plan);
	pack_free(&d->source);
	free(d->buckets);
	free(d);
}

static uint32_t hash_of(int kind, uint64_t key, const struct name *name)
{
	uint64_t h = (key ^ (uint64_t)kind << 56) * 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < name->len; i++)
		h = (h ^ name->data[i]) * 0x100000001b3u;
	return (uint32_t)(h >> 32);
}

static struct definition *find(const struct definitions *d, int kind, uint64_t key, const struct name *name)
{
	uint32_t hash = hash_of(kind, key, name);

	for (struct definition *e = d->buckets[hash & (d->nbuckets - 1)]; e; e = e->chain)
		if (e->hash == hash && e->kind == kind && e->key == key && e->name_len == name->len &&
				(name->len == 0 || memcmp(e->frames + FRAME_HEADER, name->data, name->len) == 0))
			return e;
	return NULL;
}

static struct definition *find_task(const struct definitions *d, int kind, uint64_t key)
{
	return key ? find(d, kind, key, &(struct name){0}) : NULL;
}

static void unlink_age(struct definitions *d, struct definition *e)
{
	*(e->prev ? &e->prev->next : &d->first) = e->next;
	*(e->next ? &e->next->prev : &d->last) = e->prev;
}

static void link_age(struct definitions *d, struct definition *e)
{
	e->prev = d->last;
	e->next = NULL;
	*(d->last ? &d->last->next : &d->first) = e;
	d->last = e;
}

static void drop(struct definitions *d, struct definition *e)
{
	struct definition **at = &d->buckets[e->hash & (d->nbuckets - 1)];

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_age(d, e);
	d->bytes -= e->len;
	d->count--;
	d->dead -= e->dead;
	definition_free(e);
}

static void grow(struct definitions *d)
{
	size_t n = d->nbuckets * 2;
	struct definition **buckets = checked(calloc(n, sizeof *buckets));

	for (struct definition *e = d->first; e; e = e->next) {
		e->chain = buckets[e->hash & (n - 1)];
		buckets[e->hash & (n - 1)] = e;
	}
	free(d->buckets);
	d->buckets = buckets;
	d->nbuckets = n;
}

static struct definition *insert(struct definitions *d, int kind, uint64_t key, const struct name *name)
{
	struct definition *e = checked(calloc(1, sizeof *e));

	if (d->count >= d->nbuckets)
		grow(d);
	e->kind = (uint8_t)kind;
	e->key = key;
	e->name_len = (uint32_t)name->len;
	e->hash = hash_of(kind, key, name);
	e->chain = d->buckets[e->hash & (d->nbuckets - 1)];
	d->buckets[e->hash & (d->nbuckets - 1)] = e;
	link_age(d, e);
	d->count++;
	return e;
}

/* Marks what `e` leads to, over any number of steps. */
static void mark_from(struct definitions *d, struct definition *e)
{
	e->todo = NULL;
	for (struct definition *todo = e; todo;) {
		struct definition *at = todo;
		todo = at->todo;
		for (int i = 0; i < REFERENCES; i++) {
			struct definition *r = find_task(d, FRAME_PROC, at->references[i]);
			if (!r || r->marked)
				continue;
			r->marked = true;
			r->todo = todo;
			todo = r;
		}
	}
}

/* Forgets the dead that no live process leads to. */
static void sweep(struct definitions *d)
{
	for (struct definition *e = d->first; e; e = e->next)
		e->marked = false;
	for (struct definition *e = d->first; e; e = e->next)
		if (!e->dead && e->kind == FRAME_PROC)
			mark_from(d, e);
	for (struct definition *e = d->first, *next; e; e = next) {
		next = e->next;
		if (e->dead && !e->marked)
			drop(d, e);
	}
}

static void bound(struct definitions *d)
{
	if (d->bytes <= d->max)
		return;
	sweep(d);
	if (d->bytes <= d->max)
		return;
	if (!d->warned)
		log_warnx("the live definitions take more than %zu bytes: who connects late will miss the oldest", d->max);
	d->warned = true;
	while (d->first && d->bytes > d->max - d->max / 8)
		drop(d, d->first);
}

/* The keys that a PROC's body leads to; `c` is behind its own key. */
static void read_references(struct definition *e, struct cursor c)
{
	struct value v;

	for (int i = 0; i < 2; i++)
		e->references[i] = value_next(&c, &v) == 1 && v.type == VALUE_UINT ? v.u : 0;
	for (int i = 0; i < FACT_ARGV; i++)
		if (value_skip(&c) != 1)
			return;
	for (int i = 2; i < 4; i++)
		e->references[i] = value_next(&c, &v) == 1 && v.type == VALUE_UINT ? v.u : 0;
}

static bool read_key(int kind, struct cursor *c, uint64_t *key, struct name *name)
{
	const uint8_t *begin = c->p;
	struct value v;

	*key = 0;
	*name = (struct name){0};
	for (int i = 0; i < key_values[kind]; i++) {
		if (value_next(c, &v) != 1)
			return false;
		if (!of_task(kind))
			*name = (struct name){ begin, (size_t)(c->p - begin) };
		else if (v.type == VALUE_UINT)
			*key = v.u;
		else
			return false;
	}
	return true;
}

static void replace(struct definitions *d, const struct frame *f, uint64_t key, const struct name *name,
	struct cursor rest, uint64_t had)
{
	struct definition *e = find(d, f->kind, key, name);

	if (!e) {
		e = insert(d, f->kind, key, name);
	} else {
		/* To the end, so that a late consumer sees replacements in the order in which they came. */
		unlink_age(d, e);
		link_age(d, e);
		d->bytes -= e->len;
		d->dead -= e->dead;
		e->dead = false;
		e->len = 0;
	}
	keep(d, e, f);
	e->sent = had;
	if (f->kind == FRAME_PROC)
		read_references(e, rest);
	bound(d);
}

/* A cgroup that is gone is no longer a definition. */
static bool cgroup_gone(const struct frame *f, struct cursor rest)
{
	struct value v;

	return f->kind == FRAME_CGROUP && value_skip(&rest) == 1 && value_next(&rest, &v) == 1 &&
		v.type == VALUE_BOOL && !v.boolean;
}

static void note_definition(struct definitions *d, const struct frame *f, uint64_t had)
{
	struct cursor c = { f->body, f->body + f->len };
	struct name name;
	uint64_t key;

	if (read_key(f->kind, &c, &key, &name)) {
		if (cgroup_gone(f, c)) {
			struct definition *e = find(d, f->kind, key, &name);
			if (e)
				drop(d, e);
		} else {
			replace(d, f, key, &name, c, had);
		}
	}
}

/* A process that has ended stays, EXIT included, while a live one may lead to it: its child may have its argv by
 * its key. */
static void note_exit(struct definitions *d, const struct frame *f, uint64_t had)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value v;

	if (value_next(&c, &v) != 1 || v.type != VALUE_UINT)
		return;
	struct definition *thread = find_task(d, FRAME_THREAD, v.u), *proc = find_task(d, FRAME_PROC, v.u);
	if (thread)
		drop(d, thread);
	if (!proc || proc->dead)
		return;
	keep(d, proc, f);
	proc->sent &= had;
	proc->dead = true;
	if (++d->dead > DEAD_MIN + d->count / DEAD_PART)
		sweep(d);
}

static void note_hello(struct definitions *d, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	const uint8_t *source = c.p;

	for (int i = 0; i < 4; i++) {
		source = c.p;
		if (value_skip(&c) != 1)
			break;
	}
	size_t n = (size_t)(c.p - source);
	if (n != d->source.len || memcmp(source, d->source.data, n) != 0)
		clear(d);
	d->source.len = d->hello.len = d->plan.len = 0;
	pack_raw(&d->source, source, n);
	frame_copy(&d->hello, f);
}

void definitions_note(struct definitions *d, const struct frame *f, uint64_t had)
{
	if (f->kind == FRAME_EVENT || f->kind <= 0 || f->kind >= FRAME_KINDS)
		return;
	if (f->kind == FRAME_HELLO) {
		note_hello(d, f);
	} else if (f->kind == FRAME_PLAN) {
		d->plan.len = 0;
		frame_copy(&d->plan, f);
	} else if (f->kind == FRAME_EXIT) {
		note_exit(d, f, had);
	} else if (key_values[f->kind]) {
		note_definition(d, f, had);
	}
}

static void send(struct definition *e, uint64_t bit, struct pack *p)
{
	e->sent |= bit;
	pack_raw(p, e->frames, e->len);
}

void definitions_begin(struct definitions *d, unsigned consumer, struct pack *p)
{
	uint64_t bit = 1ull << consumer;

	sweep(d);
	pack_raw(p, d->hello.data, d->hello.len);
	pack_raw(p, d->plan.data, d->plan.len);
	/* What processes rest on is little, and goes first. */
	for (struct definition *e = d->first; e; e = e->next) {
		e->sent &= ~bit;
		if (!of_task(e->kind))
			send(e, bit, p);
	}
}

bool definitions_more(struct definitions *d, unsigned consumer, struct pack *p, size_t some)
{
	uint64_t bit = 1ull << consumer;
	size_t begin = p->len;

	for (struct definition *e = d->first; e; e = e->next) {
		if (e->sent & bit)
			continue;
		if (p->len - begin >= some)
			return true;
		send(e, bit, p);
	}
	return p->len > begin;
}

/* The process and everything that it leads to. */
static void send_process(struct definitions *d, uint64_t key, uint64_t bit, struct pack *p)
{
	struct definition *todo = find_task(d, FRAME_PROC, key);

	if (!todo || todo->sent & bit)
		return;
	todo->todo = NULL;
	todo->sent |= bit;
	while (todo) {
		struct definition *at = todo;
		todo = at->todo;
		send(at, bit, p);
		for (int i = 0; i < REFERENCES; i++) {
			struct definition *r = find_task(d, FRAME_PROC, at->references[i]);
			if (!r || r->sent & bit)
				continue;
			r->sent |= bit;
			r->todo = todo;
			todo = r;
		}
	}
}

void definitions_before(struct definitions *d, unsigned consumer, const struct frame *f, struct pack *p)
{
	uint64_t bit = 1ull << consumer;
	struct event e;
	size_t at;

	/* A process must not seem to come to life after its end. */
	if (f->kind == FRAME_EXIT) {
		struct cursor c = { f->body, f->body + f->len };
		struct value v;
		if (value_next(&c, &v) == 1 && v.type == VALUE_UINT)
			send_process(d, v.u, bit, p);
		return;
	}
	if (f->kind != FRAME_EVENT || event_decode(f, &e, &at) != 0)
		return;
	send_process(d, e.process, bit, p);
	struct definition *thread = e.task != e.process ? find_task(d, FRAME_THREAD, e.task) : NULL;
	if (thread && !(thread->sent & bit))
		send(thread, bit, p);
}

void definitions_had(struct definitions *d, unsigned consumer, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	struct name name;
	uint64_t key;

	if (f->kind <= 0 || f->kind >= FRAME_KINDS || !key_values[f->kind])
		return;
	struct definition *e = read_key(f->kind, &c, &key, &name) ? find(d, f->kind, key, &name) : NULL;
	if (e)
		e->sent |= 1ull << consumer;
}

size_t definitions_bytes(const struct definitions *d)
{
	return d->bytes;
}
