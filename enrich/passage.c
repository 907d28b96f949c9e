/* What each kind of frame causes: most go on as they lie in the input, some are held, changed, or followed by what is known. */
#include "run_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "records.h"
#include "rootfile.h"
#include "wire/log.h"

/* Frames behind one another in the input are written as they lie there; others are gathered. */
void passage_gather(struct run *r)
{
	size_t begin = r->batch.pack.len;

	pack_raw(&r->batch.pack, r->span, r->span_len);
	batch_mark(&r->batch, begin, &r->span_ref, false);
	r->span_len = 0;
}

static void pass(struct run *r, const struct frame *f)
{
	if (r->span_len && r->span + r->span_len != f->start)
		passage_gather(r);
	if (!r->span_len) {
		r->span = f->start;
		r->span_ref = frame_ref(f);
	}
	r->span_len += f->size;
}

void passage_write(struct run *r)
{
	int rc;

	if (r->batch.pack.len) {
		passage_gather(r);
		rc = output_batch(r->out, &r->batch);
	} else {
		rc = output_pass(r->out, r->span, r->span_len, &r->span_ref);
		r->span_len = 0;
	}
	if (rc == 0)
		return;
	if (errno != EPIPE)
		log_warn("output");
	r->unread = true;
	run_end(r, errno == EPIPE ? 0 : EX_OSERR, NULL);
}

static void malformed(struct run *r, const struct frame *f, size_t at)
{
	snprintf(r->reason, sizeof r->reason, "byte %llu: malformed %s record",
		(unsigned long long)(f->offset + FRAME_HEADER + at), frame_kind_name(f->kind));
	log_warnx("%s", r->reason);
	run_end(r, EX_DATAERR, NULL);
}

void passage_names(struct run *r)
{
	struct names_look look;
	int root = host_root_open();

	names_begin(&r->names, &look);
	names_read(&look, root, NAMES_HOST_FILE_MAX);
	names_apply(&r->names, &look, NULL, &r->batch.pack);
	if (root >= 0)
		close(root);
}

/* A source that goes on is known to all that follow; a new one knows nothing. */
static void begin_source(struct run *r, struct stream *s, const struct hello *h)
{
	if (s->source && s->source_len == h->source_len && memcmp(s->source, h->source, h->source_len) == 0)
		return;
	free(s->source);
	s->source = malloc(h->source_len);
	if (!s->source)
		diex(EX_OSERR, "out of memory: a source of %zu bytes", h->source_len);
	memcpy(s->source, h->source, h->source_len);
	s->source_len = h->source_len;
	containers_reset(r->containers);
	names_free(&r->names);
	passage_names(r);
	if (r->hosts)
		hosts_send(r->hosts, &r->batch.pack);
}

static bool is_this_boot(const struct run *r, const struct hello *h)
{
	size_t len = strlen(r->source.boot);

	return len && h->boot_len == len && memcmp(h->boot, r->source.boot, len) == 0;
}

static bool take_hello(struct run *r, const struct frame *f, struct stream *s)
{
	struct hello h;
	size_t at;

	if (hello_read(f, &h, &at) != 0) {
		malformed(r, f, at);
		return true;
	}
	pass(r, f);
	r->told = true;
	s->live = !input_recorded(r->in, f->stream) && is_this_boot(r, &h);
	if (s->live) {
		passage_gather(r);
		begin_source(r, s, &h);
	}
	return true;
}

static bool take_cgroup(struct run *r, const struct frame *f, struct stream *s)
{
	struct cgroup_record c;
	size_t at;

	(void)s;
	if (cgroup_read(f, &c, &at) != 0) {
		malformed(r, f, at);
		return true;
	}
	pass(r, f);
	passage_gather(r);
	containers_cgroup(r->containers, c.id, c.path, c.len, c.made);
	return true;
}

static struct container *container_of(struct run *r, struct proc *p)
{
	bool known = false;
	struct container *c = NULL;

	if (p->container == PROC_NAMED)
		return containers_by_id(r->containers, (const char *)p->id, p->id_len);
	if (p->container == PROC_UNKNOWN && p->cgroup)
		c = containers_by_cgroup(r->containers, p->cgroup, &known);
	/* A cgroup that nobody has told of stays unknown. */
	if (p->container == PROC_UNKNOWN && !known)
		p->container = PROC_ABSENT;
	return c;
}

static bool take_proc(struct run *r, const struct frame *f, struct stream *s)
{
	struct proc p;
	size_t at;

	(void)s;
	if (proc_read(f, &p, &at) != 0) {
		malformed(r, f, at);
		return true;
	}
	struct container *c = container_of(r, &p);
	if (c) {
		passage_gather(r);
		if (!containers_ready(r->containers, c, p.pid) && !r->over && !r->forced) {
			r->waiting = c;
			return false;
		}
	}
	if (p.container == PROC_UNKNOWN) {
		struct frame_ref ref = frame_ref(f);
		passage_gather(r);
		size_t begin = r->batch.pack.len;
		proc_rewrite(&r->batch.pack, f, &p, c ? container_short_id(c) : NULL);
		batch_mark(&r->batch, begin, &ref, true);
	} else {
		pass(r, f);
	}
	return true;
}

/* Own END goes out when every input has ended. */
static bool take_end(struct run *r, const struct frame *f, struct stream *s)
{
	struct frame_ref ref = frame_ref(f);

	(void)s;
	end_reason(f, r->reason, sizeof r->reason);
	input_safe(r->in, &ref, 1);
	return true;
}

static bool take_stat(struct run *r, const struct frame *f, struct stream *s)
{
	(void)s;
	pass(r, f);
	r->beat = true;
	return true;
}

/* What kinds of frames cause more than being counted or passed on. False: the frame is to be held. */
static const struct {
	bool (*take)(struct run *, const struct frame *, struct stream *);
	bool live_only, counted;
} kinds[FRAME_KINDS] = {
	[FRAME_HELLO] = { .take = take_hello },
	[FRAME_PROC] = { .take = take_proc, .live_only = true },
	[FRAME_CGROUP] = { .take = take_cgroup, .live_only = true },
	[FRAME_END] = { .take = take_end },
	[FRAME_STAT] = { .take = take_stat },
	[FRAME_EVENT] = { .counted = true },
	[FRAME_JSON] = { .counted = true },
};

static bool take_now(struct run *r, const struct frame *f)
{
	struct stream *s = &r->streams[f->stream % STREAMS];
	int kind = f->kind > 0 && f->kind < FRAME_KINDS ? f->kind : 0;

	if (kinds[kind].take && (s->live || !kinds[kind].live_only))
		return kinds[kind].take(r, f, s);
	r->totals[STAT_IN] += kinds[kind].counted;
	r->totals[STAT_OUT] += kinds[kind].counted;
	pass(r, f);
	return true;
}

static bool counted(const struct frame *f)
{
	return f->kind == FRAME_EVENT || f->kind == FRAME_JSON;
}

/* Sets the frame aside, which an ACK can say of it; else the stream has to wait with it. */
static bool hold(struct run *r, struct hold *at, const struct frame *f)
{
	const struct frame_ref ref = frame_ref(f);

	if (!at)
		return false;
	if (!input_hold(r->in, &ref) || !holds_add(&r->holds, at, f)) {
		if (at->first == at->n)
			holds_pop(&r->holds, at);
		return false;
	}
	r->totals[STAT_IN] += counted(f);
	r->totals[STAT_HELD] += counted(f);
	return true;
}

/* Lets go what a hold has as far as it is known. */
static void release(struct run *r, struct hold *at)
{
	bool over = false;

	while (!over) {
		struct frame f = holds_first(at);
		r->totals[STAT_IN] -= counted(&f);
		r->totals[STAT_HELD] -= counted(&f);
		if (!take_now(r, &f)) {
			r->totals[STAT_IN] += counted(&f);
			r->totals[STAT_HELD] += counted(&f);
			return;
		}
		passage_gather(r);
		over = holds_pop(&r->holds, at);
	}
}

void passage_release(struct run *r, bool forced)
{
	r->forced = forced;
	for (unsigned i = r->holds.n; i-- > 0;)
		release(r, r->holds.v[i]);
	r->forced = false;
}

/* Returns false when the stream has to wait with the frame. */
bool passage_take(struct run *r, const struct frame *f)
{
	struct hold *at = holds_of(&r->holds, f);

	if (at)
		return hold(r, at, f);
	if (f->kind == FRAME_HELLO && r->holds.n) {
		passage_gather(r);
		passage_release(r, true);
	}
	if (take_now(r, f))
		return true;
	const char *id = container_short_id(r->waiting);
	return f->connection && hold(r, holds_for(&r->holds, id, strlen(id)), f);
}
