/* Reading HELLO, PROC, CGROUP and END, and writing a PROC again. */
#include "records.h"

#include <string.h>

#include "wire/fact.h"
#include "wire/value.h"

enum {
	HELLO_SOURCE = 3, SOURCE_BOOT = 1,
	PROC_FACTS = 3                         /* facts begin behind key, parent and parent at fork */
};

static struct cursor body(const struct frame *f)
{
	return (struct cursor){ f->body, f->body + f->len };
}

static int bad(const struct frame *f, const struct cursor *c, size_t *at)
{
	*at = (size_t)(c->p - f->body);
	return -1;
}

static int skip(struct cursor *c, unsigned n)
{
	while (n--)
		if (value_skip(c) <= 0)
			return -1;
	return 0;
}

int hello_read(const struct frame *f, struct hello *h, size_t *at)
{
	struct cursor c = body(f), inside;
	struct value source, boot;

	*h = (struct hello){0};
	if (skip(&c, HELLO_SOURCE) != 0)
		return bad(f, &c, at);
	h->source = c.p;
	if (value_next(&c, &source) != 1 || source.type != VALUE_ARRAY)
		return bad(f, &c, at);
	h->source_len = (size_t)(c.p - h->source);
	inside = source.a.inside;
	if (skip(&inside, SOURCE_BOOT) != 0 || value_next(&inside, &boot) != 1 ||
			!value_bytes(&boot, &h->boot, &h->boot_len))
		return bad(f, &inside, at);
	return 0;
}

static int read_container(struct cursor *c, const struct frame *f, struct proc *p)
{
	struct value v;
	const uint8_t *start = c->p;
	int rc = value_next(c, &v);

	if (rc <= 0)
		return rc;
	p->fact_at = (size_t)(start - f->body);
	p->fact_len = (size_t)(c->p - start);
	if (value_bytes(&v, &p->id, &p->id_len))
		p->container = PROC_NAMED;
	else if (v.type == VALUE_BOOL && !v.boolean)
		p->container = PROC_UNKNOWN;
	else if (v.type == VALUE_NIL)
		p->container = PROC_HOST;
	return 1;
}

/* Trailing facts may be missing; what is there must be whole. */
int proc_read(const struct frame *f, struct proc *p, size_t *at)
{
	struct cursor c = body(f);
	struct value v;
	int rc = 1;

	*p = (struct proc){0};
	for (int i = -PROC_FACTS; i < FACT_CONTAINER && rc > 0; i++) {
		if (i != FACT_PID && i != FACT_CGROUP) {
			rc = value_skip(&c);
			continue;
		}
		rc = value_next(&c, &v);
		if (rc > 0 && i == FACT_PID)
			value_i64(&v, &p->pid);
		else if (rc > 0)
			value_u64(&v, &p->cgroup);
	}
	if (rc > 0)
		rc = read_container(&c, f, p);
	return rc < 0 ? bad(f, &c, at) : 0;
}

void proc_rewrite(struct pack *out, const struct frame *f, const struct proc *p, const char *id)
{
	size_t frame = frame_begin(out, FRAME_PROC), after = p->fact_at + p->fact_len;

	pack_raw(out, f->body, p->fact_at);
	pack_str(out, id);
	pack_raw(out, f->body + after, f->len - after);
	/* A body at its limit that gets longer: the PROC as it was is better than none. */
	if (frame_end(out, frame) != 0)
		frame_copy(out, f);
}

static bool take_cgroup_id(const struct value *v, struct cgroup_record *r)
{
	return value_u64(v, &r->id);
}

static bool take_path(const struct value *v, struct cgroup_record *r)
{
	const uint8_t *path;
	bool bytes = value_bytes(v, &path, &r->len);

	r->path = bytes ? (const char *)path : NULL;
	return bytes;
}

static bool take_made(const struct value *v, struct cgroup_record *r)
{
	r->made = v->type == VALUE_BOOL && v->boolean;
	return v->type == VALUE_BOOL;
}

int cgroup_read(const struct frame *f, struct cgroup_record *r, size_t *at)
{
	static bool (*const take[])(const struct value *, struct cgroup_record *) = {
		take_cgroup_id, take_path, take_made,
	};
	struct cursor c = body(f);
	struct value v;

	*r = (struct cgroup_record){0};
	for (size_t i = 0; i < sizeof take / sizeof *take; i++) {
		struct cursor start = c;
		if (value_next(&c, &v) != 1 || !take[i](&v, r))
			return bad(f, &start, at);
	}
	return 0;
}

void end_reason(const struct frame *f, char *reason, size_t len)
{
	struct cursor c = body(f);
	struct value v;
	const uint8_t *text;
	uint32_t n;

	reason[0] = '\0';
	if (value_next(&c, &v) != 1 || !value_bytes(&v, &text, &n))
		return;
	if (n >= len)
		n = (uint32_t)len - 1;
	memcpy(reason, text, n);
	reason[n] = '\0';
}
