/* An output that takes up where another process left off. */
#include "kept.h"

#include "output_parts.h"

struct output *output_open_kept(const char *spec, const struct kept *kept, char *err, size_t errlen, int *status)
{
	struct output *out = output_new(spec, kept, err, errlen, status);

	if (!out)
		return NULL;
	out->full = kept->full;
	out->asides.keeper = kept->keeper;
	out->safe = kept->safe > out->backlog.tail_index ? kept->safe : out->backlog.tail_index;
	if (kept->owed)
		out->owed[out->nowed++] = out->safe;
	for (uint64_t at = out->backlog.tail; at < out->backlog.head;) {
		struct frame f = backlog_frame(&out->backlog, at);
		out->ended = f.kind == FRAME_END;
		at += f.size;
	}
	return out;
}

struct backlog *output_backlog(struct output *out)
{
	return &out->backlog;
}

void output_feed(struct output *out)
{
	out->ended |= out->backlog.last_kind == FRAME_END;
	output_accept(out);
	consumers_feed(out);
}

void output_owe_aside(struct output *out, uint64_t index, const struct frame *f, uint64_t token)
{
	asides_restore(&out->asides, index, f, token);
}

void output_define(struct output *out, const uint8_t *frames, size_t n)
{
	struct frame f;
	char err[128];
	size_t need;

	for (size_t at = 0; at < n && frame_parse(frames + at, n - at, at, &f, &need, err, sizeof err) == 1; at += f.size)
		definitions_note(out->definitions, &f, 0);
}

uint64_t output_safe(const struct output *out)
{
	return out->safe;
}

bool output_owes(const struct output *out)
{
	for (unsigned i = 0; i < out->nslots; i++)
		if (out->consumers[i].present && out->consumers[i].stance == ACKNOWLEDGING)
			return true;
	return out->nowed > 0;
}
