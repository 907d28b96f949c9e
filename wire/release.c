/* What leaves the backlog: it becomes a definition, is safe, or is set aside for who has excepted it. */
#include "log.h"
#include "output_parts.h"

static void safe(struct output *out, const struct frame_ref *ref, uint64_t n)
{
	if (out->upstream)
		input_safe(out->upstream, ref, n);
}

/* Frames [index, index + n) of a run have left; those that were set aside are not safe yet. */
static void safe_each(struct output *out, const struct rest_run *run, uint64_t n)
{
	struct frame_ref ref = run->ref;

	if (out->asides.n == 0) {
		safe(out, &ref, n);
		return;
	}
	for (uint64_t i = 0; i < n; i++, ref.position++)
		if (!asides_find(&out->asides, run->index + i))
			safe(out, &ref, 1);
}

static void settle(struct output *out)
{
	struct rest_run *run;

	while ((run = rests_first(&out->rests)) && run->index < out->backlog.tail_index) {
		uint64_t left = out->backlog.tail_index - run->index, n = left < run->n ? left : run->n;
		if (!run->all) {
			safe_each(out, run, n);
			run->ref.position += n;
		}
		run->index += n;
		run->n -= n;
		if (run->n)
			return;
		struct rest_run done = *run;
		rests_pop(&out->rests);
		if (done.all && !asides_rest_on(&out->asides, &done.ref))
			safe(out, &done.ref, 1);
	}
}

/* Who has this frame, and who wants it kept. Returns whether it may leave. */
static bool pass(struct output *out, const struct frame *f)
{
	uint64_t had = UINT64_MAX, waiting = 0, index = out->backlog.tail_index;

	for (unsigned i = 0; i < out->nslots; i++) {
		struct consumer *c = &out->consumers[i];
		if (c->present && c->nexcept && consumer_excepts(c, index))
			waiting |= 1ull << i;
	}
	if (waiting && !asides_room(&out->asides, f->size, out->full))
		return false;
	for (unsigned i = 0; i < out->nslots; i++) {
		struct consumer *c = &out->consumers[i];
		if (c->present && !consumer_leaves(c, &out->backlog, f))
			had &= ~(1ull << i);
	}
	if (waiting)
		asides_add(&out->asides, index, f, waiting, rests_find(&out->rests, index));
	else
		definitions_note(out->definitions, f, had);
	backlog_pop(&out->backlog, f);
	return true;
}

void release(struct output *out, uint64_t give_way)
{
	struct backlog *b = &out->backlog;
	uint64_t index = b->head_index, bytes = b->head, before = b->tail_index;

	if (!out->npresent)
		return;
	for (unsigned i = 0; i < out->nslots; i++) {
		const struct consumer *c = &out->consumers[i];
		if (!c->present)
			continue;
		if (c->stance == OBSERVER && c->cursor < bytes)
			bytes = c->cursor;
		if (c->stance != OBSERVER && c->acked < index)
			index = c->acked;
	}
	for (unsigned i = 0; i < out->nowed; i++)
		if (out->owed[i] < index)
			index = out->owed[i];
	if (bytes < give_way)
		bytes = give_way;
	while (b->tail_index < index && b->tail < b->head) {
		struct frame f = backlog_frame(b, b->tail);
		if (b->tail + f.size > bytes || !pass(out, &f))
			break;
	}
	if (b->tail_index == before)
		return;
	for (unsigned i = 0; i < out->nslots; i++)
		if (out->consumers[i].present)
			consumer_follow(&out->consumers[i], b);
	settle(out);
}

void release_aside(struct output *out, uint64_t index, const struct consumer *c)
{
	struct aside *a = asides_find(&out->asides, index);
	const struct rest_run *first = rests_first(&out->rests);
	struct frame f;
	char err[128];
	size_t need;

	if (!a)
		return;
	a->waiting &= ~(1ull << c->number);
	if (a->waiting || a->owed)
		return;
	struct aside gone = *a;
	if (frame_parse(a->frame.data, a->frame.len, 0, &f, &need, err, sizeof err) == 1)
		definitions_note(out->definitions, &f, UINT64_MAX);
	asides_remove(&out->asides, a);
	if (!gone.rests)
		return;
	/* Another frame that rests on the same may be on its way. */
	bool more = gone.all && first && first->all && first->ref.position == gone.ref.position &&
		first->ref.connection == gone.ref.connection && first->ref.stream == gone.ref.stream;
	if (!more && !asides_rest_on(&out->asides, &gone.ref))
		safe(out, &gone.ref, 1);
}

/* Somebody who acknowledged has not come back while another one did all the time. */
static bool forget_owed(struct output *out)
{
	bool other = false;

	for (unsigned i = 0; i < out->nslots; i++)
		other |= out->consumers[i].present && out->consumers[i].stance == ACKNOWLEDGING;
	if (!out->nowed || !other)
		return false;
	out->nowed = 0;
	for (size_t i = out->asides.n; i-- > 0;) {
		out->asides.v[i].owed = false;
		if (!out->asides.v[i].waiting)
			asides_remove(&out->asides, &out->asides.v[i]);
	}
	if (!out->forgotten)
		log_warnx("%s: a consumer that acknowledged has not come back; nothing is kept for it any more", out->spec.text);
	out->forgotten = true;
	return true;
}

void release_room(struct output *out)
{
	release(out, out->backlog.tail + GIVE_WAY);
	if (backlog_used(&out->backlog) >= out->full && forget_owed(out))
		release(out, out->backlog.tail + GIVE_WAY);
}
