/* Fields made of argv and the environment. */
#include <string.h>

#include "field_get.h"
#include "wire/fact.h"

/* The arguments of a process one after the other. */
struct args {
	struct cursor c;
	uint32_t size;                 /* no more bytes than this, all together */
};

static struct args args_of(const struct process *p, const struct thread *t, enum fact n)
{
	struct value v;

	if (!process_fact(p, t, n, &v) || v.type != VALUE_ARRAY)
		return (struct args){0};
	return (struct args){ v.a.inside, (uint32_t)(v.a.inside.end - v.a.inside.p) };
}

static bool next_arg(struct args *a, const char **p, uint32_t *n)
{
	struct value v;

	if (value_next(&a->c, &v) != 1)
		return false;
	if (!field_bytes(&v, p, n)) {
		*p = "";
		*n = 0;
	}
	return true;
}

/* Without argv[0]. */
static struct args arguments(const struct process *p, const struct thread *t)
{
	struct args a = args_of(p, t, FACT_ARGV);
	const char *s;
	uint32_t n;

	next_arg(&a, &s, &n);
	return a;
}

int field_argv(struct context *c, const struct process *p, const struct thread *thread, enum argv_form form,
	struct field_value *out)
{
	struct args a = arguments(p, thread);
	struct field_value first = { .s = { "", 0 } };
	const char *s;
	uint32_t n;
	bool blank = form == ARGV_CMDLINE;

	/* The name goes with the arguments: a thread that has none of its own has the process's command line. */
	if (form != ARGV_ARGS)
		field_fact_text(&first, p, thread_has(thread, FACT_ARGV) ? thread : NULL, form == ARGV_CMDLINE ? FACT_COMM : FACT_EXE);
	struct text t = text_new(&c->arena, first.s.n + a.size + 1);
	text_add(&t, first.s.p, first.s.n);
	if (form == ARGV_EXELINE)
		text_puts(&t, " ");
	while (next_arg(&a, &s, &n)) {
		if (blank)
			text_puts(&t, " ");
		text_add(&t, s, n);
		blank = true;
	}
	return text_value(&t, out);
}

static int argv_field(const struct field_ref *f, struct context *c, enum argv_form form, struct field_value *out)
{
	const struct thread *t;
	const struct process *p = field_subject(c, f->def->what, &t);

	return p ? field_argv(c, p, t, form, out) : -1;
}

int get_cmdline(const struct field_ref *f, struct context *c, struct field_value *out)
{
	return argv_field(f, c, ARGV_CMDLINE, out);
}

int get_exeline(const struct field_ref *f, struct context *c, struct field_value *out)
{
	return argv_field(f, c, ARGV_EXELINE, out);
}

int get_args(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const char *s = "";
	uint32_t n = 0;

	if (!f->has_index || !c->process)
		return argv_field(f, c, ARGV_ARGS, out);
	struct args a = arguments(c->process, c->thread);
	bool found = f->index >= 0;
	for (int64_t i = 0; found && i <= f->index; i++)
		found = next_arg(&a, &s, &n);
	return found ? field_text(out, s, n) : field_puts(out, "");
}

static int count_args(const struct context *c, struct field_value *out, bool bytes)
{
	const char *s;
	uint32_t n;

	if (!c->process)
		return -1;
	out->u = 0;
	for (struct args a = arguments(c->process, c->thread); next_arg(&a, &s, &n); )
		out->u += bytes ? n : 1;
	return 1;
}

int get_args_count(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return count_args(c, out, false);
}

int get_args_bytes(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return count_args(c, out, true);
}

static int trimmed(struct field_value *out, const char *s, uint32_t n)
{
	while (n && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return field_text(out, s, n);
}

static int variable(struct args *a, const char *name, struct field_value *out)
{
	size_t len = strlen(name);
	const char *s;
	uint32_t n;

	while (next_arg(a, &s, &n))
		if (n > len && s[len] == '=' && memcmp(s, name, len) == 0)
			return trimmed(out, s + len + 1, n - (uint32_t)len - 1);
	return 0;
}

int field_env(struct context *c, const struct process *p, const char *name, struct field_value *out)
{
	struct args a = args_of(p, NULL, FACT_ENV);
	const char *s;
	uint32_t n;

	if (name)
		return variable(&a, name, out);
	struct text t = text_new(&c->arena, a.size);
	for (bool first = true; next_arg(&a, &s, &n); first = false) {
		if (!first)
			text_puts(&t, " ");
		text_add(&t, s, n);
	}
	return text_value(&t, out);
}

int get_env(const struct field_ref *f, struct context *c, struct field_value *out)
{
	if (!c->process)
		return -1;
	return field_env(c, c->process, f->has_arg ? f->key : NULL, out) ? 1 : field_puts(out, "");
}
