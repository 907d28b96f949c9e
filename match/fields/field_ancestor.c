/* Fields of ancestors, one of them or all. */
#include "field_get.h"
#include "wire/fact.h"

enum { ENV_LEVELS = 20 };

static int of_ancestor(const struct field_ref *f, struct context *c, const struct process *p, struct field_value *out)
{
	struct value v;

	switch ((enum ancestor_what)f->def->what) {
	case ANCESTOR_NAME: return field_fact_text(out, p, NULL, FACT_COMM);
	case ANCESTOR_EXE: return field_fact_text(out, p, NULL, FACT_EXE);
	case ANCESTOR_EXEPATH: return field_fact_text(out, p, NULL, FACT_EXEPATH);
	case ANCESTOR_CMDLINE: return field_argv(c, p, NULL, ARGV_CMDLINE, out);
	case ANCESTOR_ARGS: return field_argv(c, p, NULL, ARGV_ARGS, out);
	case ANCESTOR_PID: return process_fact(p, NULL, FACT_PID, &v) && value_i64(&v, &out->i) ? 1 : -1;
	case ANCESTOR_ENV: return field_env(c, p, NULL, out);
	}
	return -1;
}

/* From the parent on. A loop ends where it comes back to the process itself. */
static const struct process *next_ancestor(const struct context *c, const struct process *p)
{
	p = p ? state_parent(c->state, p) : field_parent(c);
	return p != c->process ? p : NULL;
}

static const struct process *ancestor(const struct context *c, int64_t n)
{
	const struct process *p = n == 0 ? c->process : NULL;

	if (n < 0 || n > FIELD_VALUES)
		return NULL;
	for (int64_t i = 0; i < n; i++) {
		p = next_ancestor(c, p);
		if (!p)
			return NULL;
	}
	return p;
}

static int all_ancestors(const struct field_ref *f, struct context *c, struct field_value *out)
{
	int n = 0;

	for (const struct process *p = next_ancestor(c, NULL); p && n < FIELD_VALUES; p = next_ancestor(c, p))
		n += of_ancestor(f, c, p, &out[n]) == 1;
	return n ? n : -1;
}

/* The first ancestor that has the variable. */
static int inherited_variable(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct process *p = next_ancestor(c, NULL);

	for (int i = 0; p && i < ENV_LEVELS; i++, p = next_ancestor(c, p))
		if (field_env(c, p, f->key, out))
			return 1;
	return -1;
}

int get_ancestor(const struct field_ref *f, struct context *c, struct field_value *out)
{
	if (!f->has_arg)
		return all_ancestors(f, c, out);
	if (!f->has_index)
		return inherited_variable(f, c, out);
	const struct process *p = ancestor(c, f->index);
	return p ? of_ancestor(f, c, p, out) : -1;
}

int get_own_pid(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value v;

	(void)f;
	return field_fact(c, FACT_PID, &v) && value_i64(&v, &out->i) ? 1 : -1;
}

int get_login_shell(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct process *p = c->process;
	struct field_value name;
	struct value v;
	int found = -1;

	(void)f;
	for (int i = 0; p && i < FIELD_VALUES; i++, p = next_ancestor(c, p)) {
		field_fact_text(&name, p, NULL, FACT_COMM);
		bool shell = name.s.n >= 2 && name.s.p[name.s.n - 2] == 's' && name.s.p[name.s.n - 1] == 'h';
		if (shell && process_fact(p, NULL, FACT_PID, &v) && value_i64(&v, &out->i))
			found = 1;
	}
	return found;
}
