/* What an ALERT says: the formatted output, the fields in it as values, the ancestors, and what was lost. */
#include "alert.h"

#include <stdio.h>
#include <string.h>

#include "match/state/state.h"
#include "wire/stat.h"

enum { ANCESTRY_MAX = 20, LOST_MAX = 3 };

/* Length of the UTF-8 sequence at p, 0 when it is not one. */
static size_t utf8_sequence(const unsigned char *p, size_t n)
{
	static const struct { unsigned char mask, lead; uint32_t least; } forms[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
	};

	for (size_t len = 1; len <= 4 && len <= n; len++) {
		if ((p[0] & forms[len - 1].mask) != forms[len - 1].lead)
			continue;
		uint32_t c = p[0] & (unsigned char)~forms[len - 1].mask;
		for (size_t i = 1; i < len; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[i] & 0x3f);
		}
		return c < forms[len - 1].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : len;
	}
	return 0;
}

static bool valid_utf8(const char *s, size_t n)
{
	size_t len;

	for (; n; s += len, n -= len)
		if (!(len = utf8_sequence((const unsigned char *)s, n)))
			return false;
	return true;
}

static void pack_text(struct pack *p, const char *s, size_t n)
{
	if (valid_utf8(s, n))
		pack_strn(p, s, n);
	else
		pack_bin(p, s, n);
}

static void pack_printed(struct pack *p, const struct field_ref *ref, const struct field_value *v, int n)
{
	struct strbuf b = {0};

	field_print(ref, v, n, false, &b);
	pack_text(p, b.p ? b.p : "", b.n);
	strbuf_free(&b);
}

/* Times that print as text are numbers in the fields, like Falco's JSON. */
static bool is_time(const char *name)
{
	return strncmp(name, "evt.time", 8) == 0 || strncmp(name, "evt.datetime", 12) == 0;
}

static void pack_one(struct pack *p, const struct field_ref *ref, const struct field_value *v)
{
	if (ref->def->flags & FIELD_HEX) {
		pack_printed(p, ref, v, 1);
		return;
	}
	switch (ref->def->type) {
	case TYPE_STRING: pack_text(p, v->s.p, v->s.n); break;
	case TYPE_BOOL: pack_bool(p, v->b); break;
	case TYPE_INT: pack_int(p, v->i); break;
	case TYPE_UINT: case TYPE_PORT: case TYPE_RELTIME: case TYPE_ABSTIME: pack_uint(p, v->u); break;
	case TYPE_DOUBLE: pack_float(p, v->d); break;
	default: pack_printed(p, ref, v, 1); break;
	}
}

static void pack_field(struct pack *p, struct eval *e, uint32_t slot)
{
	const struct field_ref *ref = eval_ref(e, slot);
	const struct field_value *v;
	int n = format_slot(e, slot, &v);

	pack_array(p, 2);
	pack_str(p, ref->text);
	/* Falco works its JSON out after the text, and then no time has passed since the last look at the same event. */
	if (strncmp(ref->def->name, "evt.deltatime", 13) == 0)
		pack_uint(p, 0);
	else if (is_time(ref->def->name))
		pack_uint(p, e->context->event.time);
	else if (n < 0)
		pack_nil(p);
	else if (ref->def->flags & FIELD_LIST && !e->context->old) {
		pack_array(p, (uint32_t)n);
		for (int i = 0; i < n; i++)
			pack_one(p, ref, &v[i]);
	} else if (n == 1)
		pack_one(p, ref, v);
	else
		pack_printed(p, ref, v, n);
}

/* Is the field of piece `i` named for the first time? evt.time stands in front anyway. */
static bool first(const struct format *f, size_t i, const struct eval *e)
{
	if (f->piece[i].slot < 0 || strcmp(eval_ref(e, (uint32_t)f->piece[i].slot)->text, "evt.time") == 0)
		return false;
	for (size_t j = 0; j < i; j++)
		if (f->piece[j].slot == f->piece[i].slot)
			return false;
	return true;
}

/* Does the output name the field that the configuration adds? */
static bool in_output(const struct format *f, const struct extra_field *extra, const struct eval *e)
{
	if (strcmp(extra->name, "evt.time") == 0)
		return true;
	for (size_t i = 0; i < f->n; i++)
		if (f->piece[i].slot >= 0 && strcmp(eval_ref(e, (uint32_t)f->piece[i].slot)->text, extra->name) == 0)
			return true;
	return false;
}

static void pack_extra(struct pack *p, struct eval *e, const struct extra_field *extra)
{
	struct strbuf b = {0};

	if (extra->raw) {
		pack_field(p, e, (uint32_t)extra->format.piece[0].slot);
		return;
	}
	pack_array(p, 2);
	pack_str(p, extra->name);
	format_print(&extra->format, e, &b);
	pack_text(p, b.p ? b.p : "", b.n);
	strbuf_free(&b);
}

static void pack_fields(struct pack *p, struct eval *e, const struct rule *r)
{
	uint32_t n = 1;

	for (size_t i = 0; i < r->output.n; i++)
		n += first(&r->output, i, e);
	for (size_t i = 0; i < r->nextra; i++)
		n += !in_output(&r->output, &r->extra[i], e);
	pack_array(p, n);
	pack_array(p, 2);
	pack_str(p, "evt.time");
	pack_uint(p, e->context->event.time);
	for (size_t i = 0; i < r->output.n; i++)
		if (first(&r->output, i, e))
			pack_field(p, e, (uint32_t)r->output.piece[i].slot);
	for (size_t i = 0; i < r->nextra; i++)
		if (!in_output(&r->output, &r->extra[i], e))
			pack_extra(p, e, &r->extra[i]);
}

static void pack_fact(struct pack *p, const struct process *proc, enum fact n)
{
	const uint8_t *data;
	uint32_t len;
	uint64_t whole;
	struct value v;

	if (process_fact(proc, NULL, n, &v) && value_cut(&v, &data, &len, &whole))
		pack_bin(p, data, len);
	else
		pack_nil(p);
}

/* The process and its ancestors. Returns the number of the first ancestor that is missing though a key names it, or 0. */
static unsigned pack_ancestry(struct pack *p, const struct context *c)
{
	const struct process *chain[ANCESTRY_MAX], *at = c->process;
	unsigned n = 0;

	for (; at && n < ANCESTRY_MAX; at = state_parent(c->state, at))
		chain[n++] = at;
	pack_array(p, n);
	for (unsigned i = 0; i < n; i++) {
		pack_array(p, 3);
		pack_uint(p, process_key(chain[i]));
		pack_fact(p, chain[i], FACT_COMM);
		pack_fact(p, chain[i], FACT_EXEPATH);
	}
	return n && !at && process_parent_key(chain[n - 1]) ? n : 0;
}

static bool pack_lost(struct pack *p, const struct context *c, unsigned ancestor)
{
	const char *lost[LOST_MAX];
	char text[40];
	uint32_t n = 0;

	if (c->incomplete)
		lost[n++] = "process";
	if (document_bad(&c->document))
		lost[n++] = "document";
	if (ancestor) {
		snprintf(text, sizeof text, "ancestor %u", ancestor);
		lost[n++] = text;
	}
	pack_bool(p, n == 0);
	pack_array(p, n);
	for (uint32_t i = 0; i < n; i++)
		pack_str(p, lost[i]);
	return n == 0;
}

static void pack_origin(struct pack *p, const struct context *c)
{
	const struct hello *h = state_hello(c->state);
	struct source s = { "", "", "", 0 };

	if (h->seen)
		s = (struct source){ h->host, h->boot, h->name, h->start };
	pack_array(p, 2);
	source_pack(p, &s);
	pack_uint(p, c->event.id);
}

static void pack_rule(struct pack *p, const struct rule *r)
{
	pack_str(p, r->name);
	pack_uint(p, (uint64_t)r->priority);
	pack_str(p, r->source);
	pack_array(p, (uint32_t)r->ntags);
	for (size_t i = 0; i < r->ntags; i++)
		pack_str(p, r->tags[i]);
}

bool alert_frame(struct pack *out, struct eval *e, const struct rule *r, struct strbuf *text, bool *written)
{
	const struct context *c = e->context;
	size_t frame = frame_begin(out, FRAME_ALERT);

	pack_uint(out, c->event.time);
	pack_origin(out, c);
	pack_rule(out, r);
	strbuf_reset(text);
	format_print(&r->output, e, text);
	pack_bin(out, text->p ? text->p : "", text->n);
	pack_fields(out, e, r);
	pack_str(out, r->desc);
	pack_nil(out);
	unsigned ancestor = pack_ancestry(out, c);
	bool complete = pack_lost(out, c, ancestor);
	if (r->severity)
		pack_str(out, r->severity);
	*written = frame_end(out, frame) == 0;
	return complete;
}
