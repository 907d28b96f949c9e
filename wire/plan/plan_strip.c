/* Takes from events what a plan does not want. */
#include "plan_strip.h"

#include <string.h>

#include "wire/value.h"

enum { STANDARD_FDS = 3 };

static const struct { const char *fact; uint32_t wants; } facts[] = {
	{ "fd_kinds", 1 << PLAN_WANT_FD_KINDS | 1 << PLAN_WANT_ALL_KINDS }, { "fds", 1 << PLAN_WANT_FDS },
	{ "fd_count", 1 << PLAN_WANT_FD_COUNT },
	{ "threads", 1 << PLAN_WANT_THREADS }, { "children", 1 << PLAN_WANT_THREADS }, { "vm_size", 1 << PLAN_WANT_MEMORY },
	{ "vm_rss", 1 << PLAN_WANT_MEMORY }, { "vm_swap", 1 << PLAN_WANT_MEMORY }, { "page_faults_major", 1 << PLAN_WANT_FAULTS },
	{ "page_faults_minor", 1 << PLAN_WANT_FAULTS }, { "connected", 1 << PLAN_WANT_SOCKET }, { "name_changed", 1 << PLAN_WANT_SOCKET },
	{ "server", 1 << PLAN_WANT_SOCKET },
};

bool plan_is_data(const struct event_type *t, unsigned param)
{
	static const char *const names[] = { "data", "img", "msgcontrol" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (t->params[param].type == PT_BYTEBUF && strcmp(t->params[param].name, names[i]) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct value *fact, uint32_t wants)
{
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		if (fact->type == VALUE_STR && fact->s.len == strlen(facts[i].fact) && memcmp(fact->s.data, facts[i].fact, fact->s.len) == 0)
			return wants & facts[i].wants;
	return true;
}

/* The kinds of descriptors, of all or of the standard ones. */
static void put_kinds(struct pack *out, const struct value *map, uint32_t wants)
{
	struct pack kept = {0};
	struct value key, kind;
	uint32_t n = 0;

	if (map->type != VALUE_MAP || wants >> PLAN_WANT_ALL_KINDS & 1) {
		pack_value(out, map);
		return;
	}
	for (struct cursor in = map->a.inside; n < map->a.count && value_next(&in, &key) == 1 && value_next(&in, &kind) == 1;) {
		if (key.type != VALUE_UINT || key.u >= STANDARD_FDS)
			continue;
		pack_value(&kept, &key);
		pack_value(&kept, &kind);
		n++;
	}
	pack_map(out, n);
	pack_raw(out, kept.data, kept.len);
	pack_free(&kept);
}

static void put_facts(struct pack *out, const struct value *map, uint32_t wants)
{
	struct pack kept = {0};
	struct cursor in = map->a.inside;
	struct value key, fact;
	uint32_t n = 0;

	for (uint32_t i = 0; i < map->a.count && value_next(&in, &key) == 1 && value_next(&in, &fact) == 1; i++) {
		if (!is_wanted(&key, wants))
			continue;
		pack_value(&kept, &key);
		if (key.type == VALUE_STR && key.s.len == 8 && memcmp(key.s.data, "fd_kinds", 8) == 0)
			put_kinds(&kept, &fact, wants);
		else
			pack_value(&kept, &fact);
		n++;
	}
	if (n) {
		pack_map(out, n);
		pack_raw(out, kept.data, kept.len);
	}
	pack_free(&kept);
}

void plan_strip(const struct plan *p, struct frame *f, struct pack *out)
{
	const struct event_type *t = f->kind == FRAME_EVENT ? event_type(event_frame_type(f)) : NULL;
	struct event e;
	struct value v;
	size_t at;
	int rc = 1;

	if (!t || !plan_kind(t) || event_decode(f, &e, &at) != 0)
		return;
	uint32_t wants = p->wants[t->number];
	struct cursor in = e.params;
	out->len = 0;
	size_t begin = frame_begin(out, FRAME_EVENT);
	pack_raw(out, f->body, (size_t)(in.p - f->body));
	for (unsigned i = 0; i < t->nparams && rc == 1; i++) {
		const uint8_t *start = in.p;
		rc = value_skip(&in);
		if (plan_is_data(t, i) && !(wants >> PLAN_WANT_DATA & 1) && rc == 1)
			pack_nil(out);
		else
			pack_raw(out, start, (size_t)(in.p - start));
	}
	const uint8_t *rest = in.p;
	if (rc == 1 && (rc = value_next(&in, &v)) == 1 && v.type == VALUE_MAP) {
		put_facts(out, &v, wants);
		rest = in.p;
	}
	pack_raw(out, rest, (size_t)(f->body + f->len - rest));
	if (rc < 0 || frame_end(out, begin) != 0)
		return;
	f->start = out->data;
	f->body = out->data + FRAME_HEADER;
	f->size = out->len;
	f->len = (uint32_t)(out->len - FRAME_HEADER);
}
