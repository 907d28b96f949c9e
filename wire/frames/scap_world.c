/* The blocks with which a capture begins: section, machine, users and groups, processes. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "scap_out.h"
#include "wire/log.h"

enum {
	SECTION = 0x0A0D0D0A, MAGIC = 0x1A2B3C4D, MACHINE = 0x201, USERS = 0x220, PROCESSES = 0x215, TEXT_MAX = 1024, LIST_MAX = 4096,
	CLONE_THREAD = 8192, CLONE_FILES = 1, CLONE_FS = 2, CLONE_VM = 32768
};
#define NUMBER_MASK (((uint64_t)1 << 22) - 1)  /* the part of a key that is the thread's number */

struct scap_body {
	uint32_t n;
	uint8_t data[];
};

static void remember(struct map *m, uint64_t key, const struct frame *f)
{
	struct scap_body *b = malloc(sizeof *b + f->len);

	if (!b)
		diex(EX_OSERR, "out of memory: a definition of %u bytes", f->len);
	b->n = f->len;
	memcpy(b->data, f->body, f->len);
	free(map_get(m, key));
	map_put(m, key, b);
}

static void forget_all(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].value);
	map_free(m);
}

static struct cursor cursor_of(const struct scap_body *b)
{
	return (struct cursor){ b->data, b->data + b->n };
}

static void take_user(struct scap_world *w, struct cursor c)
{
	struct value v[6];

	for (int i = 0; i < 6; i++)
		if (value_next(&c, &v[i]) != 1)
			return;
	struct span type = scap_span(&v[1]), name = scap_span(&v[3]), home = scap_span(&v[4]), shell = scap_span(&v[5]);
	bool group = type.n == 5;
	if (v[0].type != VALUE_NIL || v[2].type != VALUE_UINT || !name.p)
		return;
	size_t texts = 2 + (name.n < TEXT_MAX ? name.n : TEXT_MAX);
	if (!group)
		texts += 4 + (home.n < TEXT_MAX ? home.n : TEXT_MAX) + (shell.n < TEXT_MAX ? shell.n : TEXT_MAX);
	scap_put(&w->users, 4 + 1 + 4 + (group ? 0 : 4) + texts, 4);
	scap_put(&w->users, group, 1);
	scap_put(&w->users, v[2].u, 4);
	if (!group)
		scap_put(&w->users, 0, 4);
	scap_put_text(&w->users, name.p, name.n, TEXT_MAX);
	if (group)
		return;
	scap_put_text(&w->users, home.p, home.n, TEXT_MAX);
	scap_put_text(&w->users, shell.p, shell.n, TEXT_MAX);
}

static bool has_births(const struct value *types)
{
	enum { CLONE = 223, FORK = 225, VFORK = 227, CLONE3 = 335 };
	struct cursor c = types->a.inside;
	struct value v;

	while (types->type == VALUE_ARRAY && value_next(&c, &v) == 1)
		if (v.type == VALUE_UINT && (v.u == CLONE || v.u == FORK || v.u == VFORK || v.u == CLONE3))
			return true;
	return false;
}

/* Host and clock of the first source. */
static void take_hello(struct scap_world *w, struct cursor c)
{
	enum { SOURCE = 3, OFFSET = 7, TYPES = 9 };
	struct value v, host;

	for (int i = 0; i <= TYPES && value_next(&c, &v) == 1; i++) {
		struct cursor in = v.a.inside;
		if (i == SOURCE && v.type == VALUE_ARRAY && value_next(&in, &host) == 1 && !w->host[0]) {
			struct span s = scap_span(&host);
			memcpy(w->host, s.p ? s.p : (const uint8_t *)"", s.n < sizeof w->host ? s.n : sizeof w->host - 1);
		}
		if (i == OFFSET && v.type == VALUE_UINT && !w->boot)
			w->boot = v.u;
		if (i == TYPES)
			w->births |= has_births(&v);
	}
}

/* Facts by number; VALUE_NIL where one is not there. */
struct facts {
	uint64_t parent;
	struct value v[FACT_COUNT];
};

static void read_facts(struct cursor c, struct facts *out)
{
	struct value v;

	*out = (struct facts){0};
	value_next(&c, &v);
	if (value_next(&c, &v) == 1)
		value_u64(&v, &out->parent);
	value_next(&c, &v);
	for (int i = 0; i < FACT_COUNT; i++)
		if (value_next(&c, &out->v[i]) != 1)
			out->v[i].type = VALUE_NIL;
}

/* Was it there when the first event came, and is it told of for the first time since? */
static bool was_there(struct scap_world *w, uint64_t key, struct cursor body)
{
	struct facts f;
	uint64_t start;

	read_facts(body, &f);
	if (f.v[FACT_PID].type != VALUE_UINT)
		return true;
	if (w->first && (map_get(&w->procs, key) || map_get(&w->pids, f.v[FACT_PID].u)))
		return false;
	if (w->first && w->births && value_u64(&f.v[FACT_START], &start) && start > w->first)
		return false;
	map_put(&w->pids, f.v[FACT_PID].u, w);
	return true;
}

int scap_world_take(struct scap_world *w, const struct frame *f, size_t *at)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value key;

	*at = 0;
	switch (f->kind) {
	case FRAME_HELLO: take_hello(w, c); return 0;
	case FRAME_NAME: take_user(w, c); return 0;
	case FRAME_PROC: case FRAME_THREAD: case FRAME_CGROUP: break;
	default: return 0;
	}
	if (value_next(&c, &key) != 1 || key.type != VALUE_UINT)
		return -1;
	if (f->kind == FRAME_PROC && !was_there(w, key.u, (struct cursor){ f->body, f->body + f->len }))
		return 0;
	/* Of a thread that came with its process later it is not known which of the two was first. */
	if (f->kind == FRAME_THREAD && w->first)
		return 0;
	remember(f->kind == FRAME_PROC ? &w->procs : f->kind == FRAME_THREAD ? &w->threads : &w->cgroups, key.u, f);
	return 0;
}

/* argv and environment may be those of another process. */
static void borrow(const struct scap_world *w, struct facts *facts, enum fact n)
{
	struct facts other;

	if (facts->v[n].type != VALUE_UINT)
		return;
	const struct scap_body *lender = map_get(&w->procs, facts->v[n].u);
	if (lender)
		read_facts(cursor_of(lender), &other);
	facts->v[n] = lender && other.v[n].type == VALUE_ARRAY ? other.v[n] : (struct value){ .type = VALUE_NIL };
	if (n == FACT_ARGV && lender && facts->v[FACT_EXE].type == VALUE_NIL)
		facts->v[FACT_EXE] = other.v[FACT_EXE];
}

static void put_fact(struct pack *out, const struct value *v, unsigned size, uint64_t otherwise)
{
	scap_put(out, v->type == VALUE_UINT ? v->u : v->type == VALUE_INT ? (uint64_t)v->i : otherwise, size);
}

static void put_fact_text(struct pack *out, const struct value *v)
{
	struct span s = scap_span(v);

	scap_put_text(out, s.p, s.n, TEXT_MAX);
}

/* Texts with their NULs, from the `skip`th on. */
static void put_list(struct pack *out, const struct value *v, int skip)
{
	struct pack texts = {0};
	struct cursor c = v->a.inside;
	struct value text;

	for (int i = 0; v->type == VALUE_ARRAY && value_next(&c, &text) == 1; i++) {
		struct span s = scap_span(&text);
		if (i < skip)
			continue;
		pack_raw(&texts, s.p, s.n);
		scap_put(&texts, 0, 1);
	}
	scap_put_text(out, texts.data, texts.len, LIST_MAX);
	pack_free(&texts);
}

static void add_cgroup(struct pack *texts, struct span name, struct span path)
{
	pack_raw(texts, name.p, name.n);
	scap_put(texts, '=', 1);
	pack_raw(texts, path.p, path.n);
	scap_put(texts, 0, 1);
}

/* "cpu=/path" for each hierarchy; where only one path is known it goes by the name of one that every container has. */
static void put_cgroups(struct pack *out, const struct scap_world *w, const struct value *id)
{
	static const uint8_t pids[] = "pids";
	const struct scap_body *b = id->type == VALUE_UINT ? map_get(&w->cgroups, id->u) : NULL;
	struct pack texts = {0};
	struct value v[4] = {0}, pair, name, path;

	if (b) {
		struct cursor c = cursor_of(b);
		for (int i = 0; i < 4; i++)
			if (value_next(&c, &v[i]) != 1)
				v[i].type = VALUE_NIL;
		struct cursor list = v[3].a.inside;
		while (v[3].type == VALUE_ARRAY && value_next(&list, &pair) == 1) {
			struct cursor in = pair.a.inside;
			if (pair.type == VALUE_ARRAY && value_next(&in, &name) == 1 && value_next(&in, &path) == 1)
				add_cgroup(&texts, scap_span(&name), scap_span(&path));
		}
		if (!texts.len)
			add_cgroup(&texts, (struct span){ pids, sizeof pids - 1 }, scap_span(&v[1]));
	}
	scap_put_text(out, texts.data, texts.len, LIST_MAX);
	pack_free(&texts);
}

/* Whom an entry is for. */
struct who {
	uint64_t tid, pid, vtid;
	bool thread;
};

static uint64_t terminal(const struct value *v)
{
	struct cursor c = v->a.inside;
	struct value device;

	return v->type == VALUE_ARRAY && value_next(&c, &device) == 1 && device.type == VALUE_UINT ? device.u : 0;
}

static uint64_t flag_of(const struct facts *f, uint64_t flag)
{
	return f->v[FACT_EXE_FLAGS].type == VALUE_UINT && f->v[FACT_EXE_FLAGS].u & flag;
}

/* In the order of the process list's newest version. */
static void put_entry(struct pack *out, const struct scap_world *w, const struct facts *f, const struct who *who)
{
	size_t begin = out->len;

	scap_put(out, 0, 4);
	scap_put(out, who->tid, 8);
	scap_put(out, who->pid, 8);
	scap_put(out, f->parent & NUMBER_MASK, 8);
	put_fact(out, &f->v[FACT_SID], 8, UINT64_MAX);
	put_fact(out, &f->v[FACT_VPGID], 8, UINT64_MAX);
	put_fact_text(out, &f->v[FACT_COMM]);
	put_fact_text(out, &f->v[FACT_EXE]);
	put_fact_text(out, &f->v[FACT_EXEPATH]);
	put_list(out, &f->v[FACT_ARGV], 1);
	put_fact_text(out, &f->v[FACT_CWD]);
	put_fact(out, &f->v[FACT_FDLIMIT], 8, 0);
	scap_put(out, who->thread ? CLONE_THREAD | CLONE_FILES | CLONE_FS | CLONE_VM : 0, 4);
	put_fact(out, &f->v[FACT_EUID], 4, 0);
	put_fact(out, &f->v[FACT_EGID], 4, 0);
	scap_put(out, 0, 3 * 4 + 2 * 8);               /* memory and page faults */
	put_list(out, &f->v[FACT_ENV], 0);
	scap_put(out, who->vtid, 8);
	put_fact(out, &f->v[FACT_VPID], 8, UINT64_MAX);
	put_cgroups(out, w, &f->v[FACT_CGROUP]);
	put_fact_text(out, &f->v[FACT_ROOT]);
	put_fact(out, &f->v[FACT_PIDNS_START], 8, 0);
	scap_put(out, terminal(&f->v[FACT_TTY]), 4);
	put_fact(out, &f->v[FACT_LOGINUID], 4, UINT32_MAX);
	scap_put(out, flag_of(f, EXE_WRITABLE), 1);
	put_fact(out, &f->v[FACT_CAP_INHERITABLE], 8, 0);
	put_fact(out, &f->v[FACT_CAP_PERMITTED], 8, 0);
	put_fact(out, &f->v[FACT_CAP_EFFECTIVE], 8, 0);
	scap_put(out, flag_of(f, EXE_UPPER_LAYER), 1);
	put_fact(out, &f->v[FACT_EXE_INO], 8, 0);
	put_fact(out, &f->v[FACT_EXE_CTIME], 8, 0);
	put_fact(out, &f->v[FACT_EXE_MTIME], 8, 0);
	scap_put(out, flag_of(f, EXE_FROM_MEMFD), 1);
	scap_put(out, flag_of(f, EXE_LOWER_LAYER), 1);
	put_fact(out, &f->v[FACT_PGID], 8, UINT64_MAX);
	for (int i = 0; i < 4; i++)
		out->data[begin + (size_t)i] = (uint8_t)((out->len - begin) >> 8 * i);
}

static void put_proc(struct pack *out, const struct scap_world *w, const struct scap_body *b)
{
	struct facts f;

	read_facts(cursor_of(b), &f);
	borrow(w, &f, FACT_ARGV);
	borrow(w, &f, FACT_ENV);
	if (f.v[FACT_PID].type != VALUE_UINT)
		return;
	uint64_t vpid = f.v[FACT_VPID].type == VALUE_UINT ? f.v[FACT_VPID].u : UINT64_MAX;
	put_entry(out, w, &f, &(struct who){ f.v[FACT_PID].u, f.v[FACT_PID].u, vpid, false });
}

/* The facts of its process, with those of its own in their places. */
static void put_thread(struct pack *out, const struct scap_world *w, const struct scap_body *b)
{
	struct cursor c = cursor_of(b);
	struct value v[5], n, fact;
	struct facts f;

	for (int i = 0; i < 5; i++)
		if (value_next(&c, &v[i]) != 1)
			return;
	const struct scap_body *process = v[1].type == VALUE_UINT ? map_get(&w->procs, v[1].u) : NULL;
	if (!process || v[2].type != VALUE_UINT)
		return;
	read_facts(cursor_of(process), &f);
	struct value pid = f.v[FACT_PID];
	struct cursor in = v[4].a.inside;
	while (v[4].type == VALUE_MAP && value_next(&in, &n) == 1 && value_next(&in, &fact) == 1)
		if (n.type == VALUE_UINT && n.u < FACT_COUNT)
			f.v[n.u] = fact;
	borrow(w, &f, FACT_ARGV);
	borrow(w, &f, FACT_ENV);
	if (pid.type == VALUE_UINT)
		put_entry(out, w, &f, &(struct who){ v[2].u, pid.u, v[3].type == VALUE_UINT ? v[3].u : UINT64_MAX, true });
}

static void put_machine(struct pack *out, const struct scap_world *w)
{
	size_t b = scap_block_begin(out, SECTION);

	scap_put(out, MAGIC, 4);
	scap_put(out, 1, 2);
	scap_put(out, 2, 2);
	scap_put(out, UINT64_MAX, 8);
	scap_block_end(out, b);
	b = scap_block_begin(out, MACHINE);
	scap_put(out, 1, 4);
	scap_put(out, 0, 8);
	scap_put(out, NUMBER_MASK, 8);
	pack_raw(out, w->host, sizeof w->host);
	scap_put(out, w->boot, 8);
	scap_put(out, 0, 3 * 8);
	scap_block_end(out, b);
}

void scap_world_write(struct scap_world *w, struct pack *out)
{
	put_machine(out, w);
	size_t b = scap_block_begin(out, USERS);
	pack_raw(out, w->users.data, w->users.len);
	scap_block_end(out, b);
	b = scap_block_begin(out, PROCESSES);
	for (size_t i = 0; i < w->procs.cap; i++)
		if (w->procs.slots[i].value)
			put_proc(out, w, w->procs.slots[i].value);
	for (size_t i = 0; i < w->threads.cap; i++)
		if (w->threads.slots[i].value)
			put_thread(out, w, w->threads.slots[i].value);
	scap_block_end(out, b);
	for (size_t i = 0; i < w->procs.cap; i++)
		if (w->procs.slots[i].value)
			scap_fds_write(&w->fds, w->procs.slots[i].key, w->procs.slots[i].key & NUMBER_MASK, out);
}

void scap_world_free(struct scap_world *w)
{
	forget_all(&w->procs);
	forget_all(&w->threads);
	forget_all(&w->cgroups);
	map_free(&w->pids);
	scap_fds_free(&w->fds);
	pack_free(&w->users);
}
