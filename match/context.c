/* Taking an EVENT or a JSON record apart, once, before its rules are looked at. */
#include "context.h"

#include <string.h>

#include "match/state/state.h"

static bool flag(const struct value *v)
{
	return v->type == VALUE_BOOL && v->boolean;
}

static bool value_is(const struct value *v, const char *text)
{
	const uint8_t *p;
	uint32_t n;

	return value_bytes(v, &p, &n) && n == strlen(text) && memcmp(p, text, n) == 0;
}

bool context_extra(const struct context *c, const char *name, struct value *v)
{
	struct cursor in = c->extra.a.inside;
	struct value key;

	if (c->extra.type != VALUE_MAP)
		return false;
	while (value_next(&in, &key) == 1 && value_next(&in, v) == 1)
		if (value_is(&key, name))
			return v->type != VALUE_NIL;
	return false;
}

int context_event(struct context *c, struct state *s, const struct frame *f, size_t *at)
{
	struct value v;

	if (event_decode(f, &c->event, at) < 0)
		return -1;
	c->state = s;
	c->source = "syscall";
	c->fd = NULL;
	c->hosts_missing = false;
	c->extra.type = VALUE_NIL;
	c->type = event_type(c->event.type);
	if (!c->first_time && c->type && c->type->kind != EVENT_META)
		c->first_time = c->event.time;
	struct cursor in = c->event.params;
	for (unsigned i = 0; c->type && i < c->type->nparams; i++) {
		*at = (size_t)(in.p - f->body);
		int rc = value_next(&in, &c->params[i]);
		if (rc < 0)
			return -1;
		if (rc == 0)
			c->params[i].type = VALUE_NIL;
	}
	*at = (size_t)(in.p - f->body);
	if (c->type && value_next(&in, &c->extra) < 0)
		return -1;
	c->nparams = c->type ? c->type->nparams : 0;
	if (context_extra(c, "params", &v) && v.type == VALUE_UINT && v.u < c->nparams)
		c->nparams = (unsigned)v.u;
	c->process = state_process(s, c->event.process);
	c->thread = c->process ? state_thread(s, c->event.task) : NULL;
	c->incomplete = !c->process || (context_extra(c, "incomplete", &v) && flag(&v));
	return 0;
}

int context_json(struct context *c, struct state *s, const struct frame *f, size_t *at)
{
	enum { TIME, ID, SOURCE, DOCUMENT, VALUES };
	struct cursor in = { f->body, f->body + f->len };
	struct context new = { .state = s, .arena = c->arena, .first_time = c->first_time, .old = c->old };
	struct value v[VALUES];

	for (int i = 0; i < VALUES; i++) {
		*at = (size_t)(in.p - f->body);
		if (value_next(&in, &v[i]) != 1)
			return -1;
	}
	*at = 0;
	if (!value_u64(&v[TIME], &new.event.time) || !value_u64(&v[ID], &new.event.id) || v[SOURCE].type != VALUE_STR ||
		v[DOCUMENT].type != VALUE_BIN)
		return -1;
	if (!new.first_time)
		new.first_time = new.event.time;
	new.source = arena_strn(&new.arena, (const char *)v[SOURCE].s.data, v[SOURCE].s.len);
	new.document = (struct document){ .text = (const char *)v[DOCUMENT].s.data, .n = v[DOCUMENT].s.len };
	*c = new;
	return 0;
}
