/* evt.arg, evt.rawarg and evt.args. */
#include <string.h>

#include "field_paths.h"
#include "field_render.h"

enum { TYPE_GENERIC = 1 };

/* Index of the parameter that the reference means for this event, or -1. */
static int param_of(const struct field_ref *f, const struct context *c)
{
	int64_t i = f->has_index ? f->index : f->params && c->type ? f->params[c->type->number] : -1;

	return c->type && i >= 0 && i < c->nparams ? (int)i : -1;
}

int get_arg(const struct field_ref *f, struct context *c, struct field_value *out)
{
	int i = param_of(f, c);

	if (i < 0)
		return -1;
	struct rendered r = field_render(c, i);
	return text_value(r.resolved.n ? &r.resolved : &r.raw, out);
}

static int raw_number(const struct field_def *d, const struct value *v, struct field_value *out)
{
	if (d->type == TYPE_INT)
		return value_i64(v, &out->i) ? 1 : -1;
	if (v->type == VALUE_INT)
		out->u = (uint64_t)v->i;
	else if (!value_u64(v, &out->u))
		return -1;
	return 1;
}

static int raw_ip(const struct value *v, struct field_value *out)
{
	if (v->type != VALUE_BIN || (v->s.len != 4 && v->s.len != 16))
		return -1;
	out->ip.family = v->s.len == 4 ? 4 : 6;
	memcpy(out->ip.addr, v->s.data, v->s.len);
	return 1;
}

/* A descriptor is its number; what is empty counts as missing. */
int get_rawarg(const struct field_ref *f, struct context *c, struct field_value *out)
{
	int i = param_of(f, c);
	struct value v, number;

	if (i < 0 || c->params[i].type == VALUE_NIL)
		return -1;
	v = c->params[i];
	switch (f->def->type) {
	case TYPE_STRING: return field_path(c, &v, PATH_VERBATIM, out) == 1 && out->s.n ? 1 : -1;
	case TYPE_BYTES: return field_bytes(&v, &out->s.p, &out->s.n) && out->s.n ? 1 : -1;
	case TYPE_IP: return raw_ip(&v, out);
	default: break;
	}
	struct cursor in = v.a.inside;
	if (v.type != VALUE_ARRAY)
		return raw_number(f->def, &v, out);
	return value_next(&in, &number) == 1 ? raw_number(f->def, &number, out) : -1;
}

int get_args_text(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	if (!c->type)
		return -1;
	struct text t = text_new(&c->arena, 256);
	for (int i = 0; c->type->number != TYPE_GENERIC && i < (int)c->nparams; i++) {
		struct rendered r = field_render(c, i);
		if (i)
			text_puts(&t, " ");
		text_puts(&t, c->type->params[i].name);
		text_puts(&t, "=");
		text_add(&t, r.raw.p, r.raw.n);
		if (r.resolved.n) {
			text_puts(&t, "(");
			text_add(&t, r.resolved.p, r.resolved.n);
			text_puts(&t, ")");
		}
	}
	return text_value(&t, out);
}
