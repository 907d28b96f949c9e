/* Syntax trees as text. */
#include <string.h>

#include "cond.h"

static void print_value(const struct cond_value *v, bool always, struct strbuf *out)
{
	bool quote = always || v->n == 0 || memchr(v->p, '\0', v->n);

	for (size_t i = 0; i < v->n && !quote; i++)
		quote = strchr(" \t\r\n\f\b=\\\"'", v->p[i]) != NULL;
	if (quote)
		strbuf_puts(out, "\"");
	for (size_t i = 0; i < v->n; i++) {
		if (quote && (v->p[i] == '"' || v->p[i] == '\\'))
			strbuf_puts(out, "\\");
		strbuf_add(out, &v->p[i], 1);
	}
	if (quote)
		strbuf_puts(out, "\"");
}

/* A field; its argument in quotes where it could not be read back without. */
static void print_field(const struct cond_operand *o, struct strbuf *out)
{
	const char *bracket = memchr(o->text, '[', o->n);
	size_t name = bracket ? (size_t)(bracket - o->text) + 1 : o->n, arg = bracket ? o->n - name - 1 : 0;
	bool quote = bracket && (arg == 0 || strcspn(o->text + name, "[]\"' \t\r\n") < arg);

	strbuf_add(out, o->text, name);
	if (quote)
		print_value(&(struct cond_value){ o->text + name, arg, 0 }, true, out);
	else
		strbuf_add(out, o->text + name, arg);
	strbuf_puts(out, bracket ? "]" : "");
}

void cond_print_operand(const struct cond_operand *o, struct strbuf *out)
{
	if (o->kind == OPERAND_TEXT) {
		print_value(&(struct cond_value){ o->text, o->n, 0 }, strspn(o->text, "0123456789") != o->n, out);
		return;
	}
	if (o->kind == OPERAND_FIELD) {
		print_field(o, out);
		return;
	}
	strbuf_add(out, o->text, o->n);
	strbuf_puts(out, "(");
	for (size_t i = 0; i < o->nargs; i++) {
		if (i)
			strbuf_puts(out, ",");
		cond_print_operand(o->args[i], out);
	}
	strbuf_puts(out, ")");
	if (o->arg)
		strbuf_printf(out, "[%s]", o->arg);
}

static void print_right(const struct cond *c, struct strbuf *out)
{
	static const char *const modifiers[] = { "", "oneof ", "anyof ", "allof " };
	bool list = c->op == OP_IN || c->op == OP_INTERSECTS || c->op == OP_PMATCH || c->modifier != MODIFIER_NONE;

	strbuf_puts(out, " ");
	if (c->right) {
		strbuf_puts(out, c->right->kind == OPERAND_FIELD ? "val(" : "");
		cond_print_operand(c->right, out);
		strbuf_puts(out, c->right->kind == OPERAND_FIELD ? ")" : "");
		return;
	}
	strbuf_puts(out, modifiers[c->modifier]);
	strbuf_puts(out, list ? "(" : "");
	for (size_t i = 0; i < c->nvalues; i++) {
		if (i)
			strbuf_puts(out, ", ");
		print_value(&c->values[i], false, out);
	}
	strbuf_puts(out, list ? ")" : "");
}

static void print_chain(const struct cond *c, const char *word, struct strbuf *out)
{
	strbuf_puts(out, "(");
	for (size_t i = 0; i < c->nkids; i++) {
		if (i)
			strbuf_puts(out, word);
		cond_print(c->kids[i], out);
	}
	strbuf_puts(out, ")");
}

void cond_print(const struct cond *c, struct strbuf *out)
{
	switch (c->kind) {
	case COND_AND: print_chain(c, " and ", out); break;
	case COND_OR: print_chain(c, " or ", out); break;
	case COND_NOT:
		strbuf_puts(out, "not ");
		cond_print(c->kids[0], out);
		break;
	case COND_MACRO: strbuf_add(out, c->macro.p, c->macro.n); break;
	case COND_CHECK:
		cond_print_operand(c->left, out);
		strbuf_printf(out, " %s", c->op_text);
		if (c->op != OP_EXISTS)
			print_right(c, out);
		break;
	}
}
