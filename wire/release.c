/* What is safe, and what leaves the backlog: it becomes a definition, or was set aside for who has excepted it. */
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

	while ((run = rests_first(&out->rests)) && run->index < out->safe) {
		uint64_t left = out->safe - run->index, n = left < run->n ? left : run->n;
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

static uint64_t excepting(const struct output *out, uint64_t index)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < out->nslots; i++)
		if (out->consumers[i].present && out->consumers[i].nexcept && consumer_excepts(&out->consumers[i], index))
			bits |= 1ull << i;
	return bits;
}

/* What waits there waits here, too. */
static void put_aside(struct output *out, uint64_t index, const struct frame *f, uint64_t waiting)
{
	asides_add(&out->asides, index, f, waiting, rests_find(&out->rests, index));
	const struct aside *a = &out->asides.v[out->asides.n - 1];
	if (a->rests && out->upstream)
		input_hold(out->upstream, &a->ref);
}

/* Sets aside what somebody excepts of the frames below `index`. Returns the index below which this is done: less when too much
 * is set aside already. */
static uint64_t set_aside(struct output *out, uint64_t index)
{
	const struct backlog *b = &out->backlog;
	bool any = false;

	for (unsigned i = 0; i < out->nslots; i++)
		any |= out->consumers[i].present && out->consumers[i].nexcept;
	if (!any)
		return index;
	uint64_t at = b->tail;
	for (uint64_t i = b->tail_index; i < index; i++) {
		struct frame f = backlog_frame(b, at);
		/* What everything rests on is sent again in any case. */
		bool kept = i < out->safe || f.kind == FRAME_HELLO || f.kind == FRAME_PLAN;
		uint64_t bits = kept ? 0 : excepting(out, i);
		if (bits && !asides_room(&out->asides, f.size, out->full))
			return i;
		if (bits)
			put_aside(out, i, &f, bits);
		at += f.size;
	}
	return index;
}

/* What everybody who acknowledges has acknowledged is safe. Returns false when there is nobody who does. */
static bool find_safe(struct output *out)
{
	uint64_t index = out->backlog.head_index;
	bool any = out->nowed > 0;

	for (unsigned i = 0; i < out->nslots; i++) {
		const struct consumer *c = &out->consumers[i];
		if (!c->present || c->stance == OBSERVER)
			continue;
		any = true;
		if (c->acked < index)
			index = c->acked;
	}
	for (unsigned i = 0; i < out->nowed; i++)
		if (out->owed[i] < index)
			index = out->owed[i];
	if (any && index > out->safe) {
		out->safe = set_aside(out, index);
		settle(out);
	}
	return any;
}

/* The oldest frame leaves. */
static void pass(struct output *out, const struct frame *f)
{
	uint64_t had = UINT64_MAX;

	for (unsigned i = 0; i < out->nslots; i++) {
		struct consumer *c = &out->consumers[i];
		if (c->present && !consumer_leaves(c, &out->backlog, f))
			had &= ~(1ull << i);
	}
	/* What is set aside becomes a definition when it is safe: until then what was before it holds. */
	if (out->asides.n == 0 || !asides_find(&out->asides, out->backlog.tail_index))
		definitions_note(out->definitions, f, had);
	backlog_pop(&out->backlog, f);
}

void release(struct output *out, uint64_t give_way)
{
	struct backlog *b = &out->backlog;
	uint64_t bytes = b->head, before = b->tail_index;

	if (!out->npresent)
		return;
	bool acknowledged = find_safe(out);
	/* With observers only, what was here is safe; whoever is before us must not wait until all of our room is taken. */
	if (!acknowledged && backlog_used(b) > out->full / 2 && give_way < b->tail + GIVE_WAY)
		give_way = b->tail + GIVE_WAY;
	for (unsigned i = 0; i < out->nslots; i++) {
		const struct consumer *c = &out->consumers[i];
		if (c->present && c->stance == OBSERVER && c->cursor < bytes)
			bytes = c->cursor;
	}
	if (bytes < give_way)
		bytes = give_way;
	while (b->tail_index < (acknowledged ? out->safe : b->head_index) && b->tail < b->head) {
		struct frame f = backlog_frame(b, b->tail);
		if (b->tail + f.size > bytes)
			break;
		pass(out, &f);
	}
	if (out->safe < b->tail_index) {
		out->safe = b->tail_index;
		settle(out);
	}
	for (unsigned i = 0; i < out->nslots && b->tail_index != before; i++)
		if (out->consumers[i].present)
			consumer_follow(&out->consumers[i], b);
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
	if (index < out->backlog.tail_index && frame_parse(a->frame.data, a->frame.len, 0, &f, &need, err, sizeof err) == 1)
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
