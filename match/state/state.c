/* The state of one source: frames go to the part that keeps them; HELLO decides whether it is still the same source. */
#include "state.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "state_parts.h"
#include "wire/event.h"
#include "wire/log.h"

void *state_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		diex(EX_OSERR, "out of memory: %zu bytes", n);
	return p;
}

struct reader reader_open(const struct frame *f, size_t *at)
{
	*at = 0;
	return (struct reader){ f, { f->body, f->body + f->len }, at };
}

bool reader_value(struct reader *r, struct value *v)
{
	*r->at = (size_t)(r->c.p - r->f->body);
	return value_next(&r->c, v) == 1;
}

bool reader_u64(struct reader *r, uint64_t *u)
{
	struct value v;

	return reader_value(r, &v) && value_u64(&v, u);
}

bool reader_key(struct reader *r, uint64_t *key)
{
	struct value v;

	*key = 0;
	return reader_value(r, &v) && (v.type == VALUE_NIL || value_u64(&v, key));
}

bool reader_bytes(struct reader *r, const char **p, uint32_t *n)
{
	struct value v;
	const uint8_t *data;

	*p = "";
	*n = 0;
	if (!reader_value(r, &v))
		return false;
	if (v.type == VALUE_NIL)
		return true;
	if (!value_bytes(&v, &data, n))
		return false;
	*p = (const char *)data;
	return true;
}

struct state *state_new(void)
{
	return state_alloc(sizeof(struct state));
}

static void forget(struct state *s)
{
	state_process_free(&s->processes);
	state_names_free(&s->names);
	state_cgroups_free(&s->cgroups);
	s->hello = (struct hello){0};
	arena_reset(&s->hello_memory);
}

void state_free(struct state *s)
{
	if (!s)
		return;
	forget(s);
	arena_free(&s->hello_memory);
	free(s);
}

static void take_types(struct hello *h, const struct value *list)
{
	struct cursor c = list->a.inside;
	struct value v;

	memset(h->types, 0, sizeof h->types);
	if (list->type != VALUE_ARRAY)
		return;
	while (value_next(&c, &v) == 1)
		if (v.type == VALUE_UINT && v.u < EVENT_TYPES)
			h->types[v.u / 8] |= (uint8_t)(1u << v.u % 8);
}

/* Pairs that are not two texts are left out. */
static const char *const *take_links(struct arena *a, const struct value *list)
{
	if (list->type != VALUE_ARRAY)
		return NULL;
	const char **links = arena_alloc(a, (2 * (size_t)list->a.count + 1) * sizeof *links);
	struct cursor c = list->a.inside;
	struct value pair, v[2];
	size_t n = 0;

	while (value_next(&c, &pair) == 1) {
		struct cursor in = pair.a.inside;
		const uint8_t *p[2];
		uint32_t len[2];
		if (pair.type != VALUE_ARRAY || value_next(&in, &v[0]) != 1 || value_next(&in, &v[1]) != 1 ||
			!value_bytes(&v[0], &p[0], &len[0]) || !value_bytes(&v[1], &p[1], &len[1]))
			continue;
		links[n++] = arena_strn(a, (const char *)p[0], len[0]);
		links[n++] = arena_strn(a, (const char *)p[1], len[1]);
	}
	return links;
}

struct source_texts {
	const char *host, *boot, *name;
	uint32_t host_len, boot_len, name_len;
	uint64_t start;
};

static bool same_text(const char *a, const char *b, uint32_t len)
{
	return strlen(a) == len && memcmp(a, b, len) == 0;
}

static bool same_source(const struct hello *h, const struct source_texts *t)
{
	return h->seen && h->start == t->start && same_text(h->host, t->host, t->host_len) &&
		same_text(h->boot, t->boot, t->boot_len) && same_text(h->name, t->name, t->name_len);
}

static bool read_source(struct reader *r, struct source_texts *t)
{
	struct value source;

	if (!reader_value(r, &source) || source.type != VALUE_ARRAY)
		return false;
	struct reader in = { r->f, source.a.inside, r->at };
	return reader_bytes(&in, &t->host, &t->host_len) && reader_bytes(&in, &t->boot, &t->boot_len) &&
		reader_bytes(&in, &t->name, &t->name_len) && reader_u64(&in, &t->start);
}

static int hello(struct state *s, const struct frame *f, size_t *at)
{
	struct reader r = reader_open(f, at);
	struct source_texts t;
	struct value v, schema, types, plan, links = { .type = VALUE_NIL };
	const char *text, *mode, *kernel;
	uint32_t len, mode_len, kernel_len;
	uint64_t version;
	int64_t clock_offset;

	if (!reader_u64(&r, &version) || version != WIRE_VERSION)
		return -1;
	if (!reader_bytes(&r, &text, &len) || !reader_bytes(&r, &text, &len) || !read_source(&r, &t) ||
		!reader_bytes(&r, &mode, &mode_len) || !reader_bytes(&r, &kernel, &kernel_len) ||
		!reader_bytes(&r, &text, &len) || !reader_value(&r, &v) || !value_i64(&v, &clock_offset) ||
		!reader_value(&r, &schema) || !reader_value(&r, &types))
		return -1;
	if (reader_value(&r, &plan) && !reader_value(&r, &links))
		links.type = VALUE_NIL;

	if (same_source(&s->hello, &t))
		arena_reset(&s->hello_memory);
	else
		forget(s);
	struct arena *a = &s->hello_memory;
	s->hello = (struct hello){ .seen = true, .recorded = !(mode_len == 4 && memcmp(mode, "live", 4) == 0),
		.host = arena_strn(a, t.host, t.host_len), .boot = arena_strn(a, t.boot, t.boot_len),
		.name = arena_strn(a, t.name, t.name_len), .kernel = arena_strn(a, kernel, kernel_len),
		.start = t.start, .clock_offset = clock_offset, .links = take_links(a, &links) };
	take_types(&s->hello, &types);
	return 0;
}

/* PLAN says what has changed of HELLO: the captured types. */
static int plan_changed(struct state *s, const struct frame *f, size_t *at)
{
	struct reader r = reader_open(f, at);
	struct value text, hash, types;

	if (!reader_value(&r, &text) || !reader_value(&r, &hash) || !reader_value(&r, &types))
		return -1;
	take_types(&s->hello, &types);
	return 0;
}

int state_frame(struct state *s, const struct frame *f, size_t *at)
{
	*at = 0;
	switch (f->kind) {
	case FRAME_HELLO: return hello(s, f, at);
	case FRAME_PLAN: return plan_changed(s, f, at);
	case FRAME_PROC: return state_process_define(&s->processes, f, at);
	case FRAME_THREAD: return state_process_thread(&s->processes, f, at);
	case FRAME_EXIT: return state_process_exit(&s->processes, f, at);
	case FRAME_CGROUP: return state_cgroups_take(&s->cgroups, f, at);
	case FRAME_CONTAINER: return state_names_container(&s->names, f, at);
	case FRAME_NAME: return state_names_user(&s->names, f, at);
	case FRAME_HOST: return state_names_host(&s->names, f, at);
	default: return 0;
	}
}

const struct hello *state_hello(const struct state *s)
{
	return &s->hello;
}
