/* Streams whose values are other than a probe would send: nil, cut, of other types, of other files. The property holds for them too. */
#ifndef TESTS_UNIT_MATCH_PLAN_HOSTILE_H
#define TESTS_UNIT_MATCH_PLAN_HOSTILE_H

#include "match_plan_random.h"
#include "match_plan_world.h"

enum { HOSTILE_SHARE = 4 };             /* one value of so many is another */

static inline void odd_text(struct random_rules *r, struct pack *p)
{
	static const char *const odd[] = { "", ".", "..", "../x", "x", "etc/passwd", "//etc//passwd", "/etc/../etc/passwd", "pipe:[1]",
		"(unreachable)/etc", "/etc/", "127.0.0.1:80", "/a b" };
	const char *s = draw(r, 2) ? DRAW(r, plan_paths) : draw(r, 2) ? DRAW(r, plan_names) : DRAW(r, odd);

	if (draw(r, 8) == 0)
		pack_cut(p, s, strlen(s), strlen(s) + 10);
	else if (draw(r, 8) == 0)
		pack_nil(p);
	else
		pack_bin(p, s, strlen(s));
}

static inline void odd_tuple(struct random_rules *r, struct pack *p)
{
	static const uint8_t addr[] = { 127, 0, 0, 1, 10, 0, 0, 1, 8, 8, 8, 8, 192, 168, 0, 1 };
	uint32_t family = draw(r, 3);

	pack_array(p, 7);
	pack_uint(p, family == 0 ? 1 : family == 1 ? 2 : 10);
	for (int i = 0; i < 2; i++) {
		if (family == 0)
			odd_text(r, p);
		else if (draw(r, 6) == 0)
			pack_nil(p);
		else
			pack_bin(p, family == 1 ? addr + 4 * draw(r, 4) : addr, family == 1 ? 4 : 16);
		pack_uint(p, draw(r, 3) ? draw(r, 2) ? 443 : 53 : 0);
	}
	pack_uint(p, draw(r, 2) ? 6 : 17);
	pack_uint(p, draw(r, 4));
}

static inline void odd_fd(struct random_rules *r, struct pack *p)
{
	uint32_t kind = draw(r, FD_KINDS + 1);

	pack_array(p, 8);
	pack_int(p, (int)draw(r, 6) - 2);
	pack_str(p, kind < FD_KINDS ? fd_kinds[kind].text : "nothing");
	odd_text(r, p);
	for (int i = 0; i < 4; i++)
		pack_uint(p, draw(r, 3));
	if (draw(r, 2))
		odd_tuple(r, p);
	else
		pack_nil(p);
}

static inline void odd_value(struct random_rules *r, struct pack *p)
{
	switch (draw(r, 8)) {
	case 0: pack_nil(p); break;
	case 1: pack_int(p, -(int64_t)draw(r, 200)); break;
	case 2: pack_uint(p, draw(r, 2) ? draw(r, 5000) : UINT64_MAX - draw(r, 3)); break;
	case 3: odd_tuple(r, p); break;
	case 4: odd_fd(r, p); break;
	case 5:
		pack_array(p, 3);
		for (int i = 0; i < 3; i++)
			odd_text(r, p);
		break;
	case 6: pack_bool(p, draw(r, 2)); break;
	default: odd_text(r, p); break;
	}
}

/* EVENT's first values, and PROC's keys, stay; of what follows some are others. */
static inline void odd_frame(struct random_rules *r, const struct frame *f, struct pack *out)
{
	unsigned keep = f->kind == FRAME_EVENT ? 7 : f->kind == FRAME_PROC ? 4 : 100;
	struct cursor c = { f->body, f->body + f->len };
	size_t begin = frame_begin(out, f->kind);
	struct value v;

	for (unsigned i = 0;; i++) {
		const uint8_t *at = c.p;
		if (value_next(&c, &v) != 1)
			break;
		if (i >= keep && draw(r, HOSTILE_SHARE) == 0 && !(f->kind == FRAME_EVENT && v.type == VALUE_MAP))
			odd_value(r, out);
		else
			pack_raw(out, at, (size_t)(c.p - at));
	}
	frame_end(out, begin);
}

static inline void hostile_stream(struct plan_stream *s, const struct plan_stream *of, uint64_t seed)
{
	struct random_rules r = { .seed = seed };

	s->name = of->name;
	s->live = of->live;
	for (size_t i = 0; i < of->n; i++)
		odd_frame(&r, &of->frame[i], &s->bytes);
	stream_index(s);
}

#endif
