/* What output prints of a field: mostly its value, but fields that mean several values in a condition are one text here. */
#include "field_output.h"

#include <string.h>

#include "field_get.h"

/* With a blank between them, as soon as there is something to set apart. */
static int joined(struct context *c, const struct field_value *v, int n, struct field_value *out)
{
	struct text t = text_new(&c->arena, 0);

	for (int i = 0; i < n; i++) {
		if (t.n)
			text_puts(&t, " ");
		text_add(&t, v[i].s.p, v[i].s.n);
	}
	return t.n ? text_value(&t, out) : -1;
}

/* A parameter that the event's type has and the event does not: no value in a condition, but Falco prints a number of nothing as 0. */
static bool empty_number(const struct field_ref *f, const struct context *c)
{
	bool numeric = f->def->type == TYPE_INT || f->def->type == TYPE_UINT || f->def->type == TYPE_RELTIME || f->def->type == TYPE_ABSTIME;

	return f->def->get == get_rawarg && numeric && f->params && c->type && f->params[c->type->number] >= 0;
}

int field_output(const struct field_ref *f, struct context *c, const struct field_value **v, int n)
{
	const struct field_def *d = f->def;
	struct field_value *out = arena_alloc(&c->arena, sizeof *out);
	bool any = d->flags & FIELD_ANY && !f->has_arg;

	/* Of these two output prints the task's own. */
	if (any && d->get == get_ancestor && (d->what == ANCESTOR_PID || d->what == ANCESTOR_ENV)) {
		*v = out;
		return d->what == ANCESTOR_PID ? get_own_pid(f, c, out) : get_env(f, c, out);
	}
	if (n < 0 && empty_number(f, c)) {
		*v = out;
		return 1;
	}
	if (d->flags & FIELD_FILTER_ONLY || n < 0)
		return -1;
	/* An address that nobody has given a name. */
	if (d->flags & FIELD_EITHER && d->type == TYPE_STRING && n == 1 && v[0]->s.n == 0)
		return -1;
	if (!any)
		return n;
	const struct field_value *values = *v;
	*v = out;
	return joined(c, values, n, out);
}
