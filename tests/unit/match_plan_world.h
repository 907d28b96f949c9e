/* Streams in memory, rules from text, and the property of plans: no event that a rule matches is rejected. */
#ifndef TESTS_UNIT_MATCH_PLAN_WORLD_H
#define TESTS_UNIT_MATCH_PLAN_WORLD_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "match/eval.h"
#include "match/load.h"
#include "match/plan/plan.h"
#include "match/state/state.h"
#include "wire/links.h"
#include "wire/plan/plan_filter.h"
#include "wire/plan/plan_strip.h"

enum { STREAMS_MAX = 32 };

struct plan_stream {
	const char *name;
	struct pack bytes;
	struct frame *frame;
	size_t n;
	bool live;
};
struct plan_count {
	uint64_t events, rejected, wanted, wanted_rejected, matched, lost;      /* lost: matched, and rejected */
};

static inline void stream_index(struct plan_stream *s)
{
	size_t at = 0, need, cap = 0;
	char err[256];
	struct frame f;

	while (at < s->bytes.len && frame_parse(s->bytes.data + at, s->bytes.len - at, at, &f, &need, err, sizeof err) == 1) {
		if (s->n == cap)
			s->frame = realloc(s->frame, (cap = cap ? 2 * cap : 1024) * sizeof f);
		s->frame[s->n++] = f;
		at += f.size;
	}
	assert_int_equal(at, s->bytes.len);
}

static inline void stream_read(struct plan_stream *s, FILE *in, const char *name)
{
	size_t n;

	assert_non_null(in);
	s->name = name;
	while ((n = fread(pack_room(&s->bytes, 65536), 1, 65536, in)) > 0)
		s->bytes.len += n;
	stream_index(s);
}

static inline void stream_free(struct plan_stream *s)
{
	pack_free(&s->bytes);
	free(s->frame);
}

/* NULL when the rules are wrong, which is said when `quiet` is false. */
static inline struct program *rules_load(const char *const *paths, unsigned n, bool quiet)
{
	struct load l = { .priority = 7 };
	struct program_options o = { .priority = 7 };
	struct diag d = {0};
	struct ruleset rs = {0};
	struct strbuf said = {0};

	for (unsigned i = 0; i < n; i++)
		l.paths[l.n++] = paths[i];
	struct program *p = load_with(&l, &o, &rs, &d);
	if (!p && !quiet) {
		diag_print(&d, true, false, &said);
		print_error("%s\n", said.p ? said.p : "");
	}
	strbuf_free(&said);
	diag_free(&d);
	ruleset_free(&rs);
	return p;
}

static inline struct program *rules_text(const char *text, bool quiet)
{
	char path[] = "/tmp/plan-rules-XXXXXX.yaml";
	const char *const paths[] = { path };
	int fd = mkstemps(path, 5);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	struct program *p = rules_load(paths, 1, quiet);
	unlink(path);
	return p;
}

/* As match --plan does it: with the links of this host. */
static inline struct plan *plan_of(struct program *p, enum plan_mutation mutation)
{
	static const char *pairs[2 * LINKS_MAX + 1];
	const struct plan_options o = { .mutation = mutation };
	struct links *l = pairs[0] ? NULL : links_find();
	struct pack text = {0};
	char err[256], one[17], two[17];

	/* Kept until the end. */
	for (unsigned i = 0; l && i < l->count; i++) {
		pairs[2 * i] = l->pair[i].link;
		pairs[2 * i + 1] = l->pair[i].target;
	}
	program_links(p, pairs, true);
	struct plan *plan = plan_derive(p, &o), *read;
	plan_print(plan, &text);
	read = plan_parse("derived", (const char *)text.data, text.len, err, sizeof err);
	if (!read)
		fail_msg("%s in:\n%.*s", err, (int)text.len, text.data);
	plan_hash(plan, one);
	plan_hash(read, two);
	assert_string_equal(one, two);
	pack_free(&text);
	plan_free(plan);
	return read;
}

static inline void report_loss(const struct plan_stream *s, const struct frame *f, const struct rule *r, const struct plan *plan, unsigned type)
{
	struct pack text = {0};

	plan_print(plan, &text);
	print_error("%s: byte %llu: an event of type %s matches '%s' and is rejected by:\n%.*s\n", s->name,
		(unsigned long long)f->offset, event_type(type)->name, r->name, (int)text.len, text.data);
	pack_free(&text);
}

/* Does the rule fire on what the plan leaves of the event, too? */
static inline bool fires_of_rest(struct eval *e, const struct rule *r, struct context *c, struct state *state, const struct frame *f,
	const struct plan *plan, struct pack *rest)
{
	struct frame left = *f;
	size_t at;

	plan_strip(plan, &left, rest);
	arena_reset(&c->arena);
	assert_int_equal(context_event(c, state, &left, &at), 0);
	eval_begin(e, c);
	return eval_next(e) == r;
}

/* Evaluates the rules on the stream, and asks the filter of each event. Links add up in `p`: recorded streams come first. */
static inline void stream_check(const struct plan_stream *s, struct program *p, const struct plan *plan, struct plan_count *count, bool report)
{
	struct plan_filter *filter = plan_filter_new(plan);
	struct state *state = state_new();
	struct context c = {0};
	struct pack rest = {0};
	struct eval e;
	size_t at;

	program_links(p, NULL, s->live);
	eval_init(&e, p);
	for (size_t i = 0; i < s->n; i++) {
		const struct frame *f = &s->frame[i];
		struct plan_verdict v = plan_filter_take(filter, f);
		if (f->kind != FRAME_EVENT) {
			state_frame(state, f, &at);
			if (f->kind == FRAME_HELLO && s->live)
				program_links(p, state_hello(state)->links, true);
			continue;
		}
		arena_reset(&c.arena);
		if (context_event(&c, state, f, &at) != 0 || !c.type || v.type < 0)
			continue;
		c.number++;
		eval_begin(&e, &c);
		const struct rule *r = eval_next(&e);
		count->events++;
		count->rejected += !v.passes;
		bool wanted = program_type(p, (unsigned)v.type)->n > 0;
		count->wanted += wanted;
		count->wanted_rejected += wanted && !v.passes;
		count->matched += r != NULL;
		if (!r)
			continue;
		if (v.passes)
			v.passes = fires_of_rest(&e, r, &c, state, f, plan, &rest);
		if (!v.passes && count->lost++ == 0 && report)
			report_loss(s, f, r, plan, (unsigned)v.type);
	}
	eval_free(&e);
	arena_free(&c.arena);
	pack_free(&rest);
	state_free(state);
	plan_filter_free(filter);
}

#endif
