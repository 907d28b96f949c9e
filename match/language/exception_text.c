/* Exceptions as text: `(condition) and not …`, the way Falco does it, before lists are substituted and the whole is parsed. */
#include "exceptions.h"

#include <string.h>

/* A text with a blank in it is quoted, unless it begins with a quote. */
static void put_item(struct cond_text *out, const struct node *item)
{
	bool quote = strchr(item->text, ' ') && item->text[0] != '"' && item->text[0] != '\'';

	if (quote)
		cond_text_puts(out, "\"", item);
	cond_text_add(out, item->text, item->n, item, 0, false);
	if (quote)
		cond_text_puts(out, "\"", item);
}

static int put_list(struct cond_text *out, const struct node *list, struct diag *d)
{
	cond_text_puts(out, "(", list);
	for (size_t i = 0; i < list->nkids; i++) {
		if (list->kids[i]->kind != NODE_SCALAR)
			return diag_error(d, list->kids[i]->at, LOAD_ERR_YAML_VALIDATE, "Expected values array to contain a list of strings");
		if (i)
			cond_text_puts(out, ", ", list);
		put_item(out, list->kids[i]);
	}
	cond_text_puts(out, ")", list);
	return 0;
}

static int put_member(struct cond_text *out, const struct node *value, bool list, struct diag *d)
{
	if (value->kind == NODE_SEQUENCE)
		return put_list(out, value, d);
	if (value->kind != NODE_SCALAR)
		return diag_error(d, value->at, LOAD_ERR_YAML_VALIDATE,
			"Value is not a scalar value or a sequence, expected a value of an exception");
	bool paren = list && value->text[0] != '(';
	if (paren)
		cond_text_puts(out, "(", value);
	put_item(out, value);
	if (paren)
		cond_text_puts(out, ")", value);
	return 0;
}

static int put_test(struct cond_text *out, const struct node *field, const struct node *comp, const char *otherwise,
	const struct node *value, struct diag *d)
{
	struct exception_op op;

	if (field->kind != NODE_SCALAR || (comp && comp->kind != NODE_SCALAR))
		return diag_error(d, field->at, LOAD_ERR_YAML_VALIDATE, "Value is not a scalar value, expected a field and an operator");
	if (!exception_comp(comp ? comp->text : otherwise, &op))
		return diag_error(d, comp->at, LOAD_ERR_VALIDATE, "'%s' is not a supported comparison operator", comp->text);
	cond_text_add(out, field->text, field->n, field, 0, false);
	cond_text_puts(out, " ", field);
	cond_text_add(out, op.text, op.n, comp ? comp : field, 0, true);
	cond_text_puts(out, " ", field);
	return put_member(out, value, op.list, d);
}

static int put_tuple(struct cond_text *out, const struct rule_exception *e, const struct node *tuple, struct diag *d)
{
	if (tuple->kind != NODE_SEQUENCE || tuple->nkids != e->fields->nkids) {
		diag_error(d, tuple->at, LOAD_ERR_VALIDATE, "Fields and values lists must have equal length");
		return diag_old(d, "Exception item %s: fields and values lists must have equal length", e->name);
	}
	if (e->comps && (e->comps->kind != NODE_SEQUENCE || e->comps->nkids != e->fields->nkids))
		return diag_error(d, e->comps->at, LOAD_ERR_VALIDATE, "Fields and comps lists must have equal length");
	cond_text_puts(out, "(", tuple);
	for (size_t i = 0; i < tuple->nkids; i++) {
		if (i)
			cond_text_puts(out, " and ", tuple);
		if (put_test(out, e->fields->kids[i], e->comps ? e->comps->kids[i] : NULL, "=", tuple->kids[i], d) != 0)
			return -1;
	}
	cond_text_puts(out, ")", tuple);
	return 0;
}

/* One field: all values are one list. */
static int put_single(struct cond_text *out, const struct rule_exception *e, struct diag *d)
{
	struct node **kids = arena_alloc(&out->arena, e->nvalues * sizeof *kids);
	struct node list = { .kind = NODE_SEQUENCE, .at = e->at, .kids = kids, .nkids = e->nvalues };

	for (size_t i = 0; i < e->nvalues; i++) {
		kids[i] = arena_alloc(&out->arena, sizeof **kids);
		*kids[i] = *e->values[i];
	}
	struct cond_text body = {0};
	int rc = put_test(&body, e->fields, e->comps, "in", &list, d);
	/* The list is a made-up node on the stack: what comes from it is said to come from the exception's fields. */
	for (size_t i = 0; i < body.nspans; i++)
		if (body.spans[i].from == &list)
			body.spans[i].from = e->fields;
	if (rc == 0)
		cond_text_copy(out, &body, 0, body.text.n);
	cond_text_free(&body);
	return rc;
}

static int put_exception(struct cond_text *out, const struct rule_exception *e, struct diag *d)
{
	int rc = 0;

	if (!e->fields)
		return diag_error(d, e->at, LOAD_ERR_YAML_VALIDATE, "Item has no mapping for key 'fields'");
	cond_text_puts(out, " and not (", e->fields);
	if (e->fields->kind == NODE_SCALAR)
		rc = put_single(out, e, d);
	for (size_t i = 0; rc == 0 && e->fields->kind == NODE_SEQUENCE && i < e->nvalues; i++) {
		if (i)
			cond_text_puts(out, " or ", e->fields);
		rc = put_tuple(out, e, e->values[i], d);
	}
	cond_text_puts(out, ")", e->fields);
	return rc;
}

int exceptions_text(const struct rule_def *r, struct cond_text *out, struct diag *d)
{
	if (!r->nexceptions) {
		cond_text_parts(out, &r->condition);
		return 0;
	}
	cond_text_puts(out, "(", r->condition.parts[0]);
	cond_text_parts(out, &r->condition);
	cond_text_puts(out, ")", r->condition.parts[0]);
	for (size_t i = 0; i < r->nexceptions; i++) {
		size_t depth = diag_enter(d, ITEM_EXCEPTIONS, "", r->exceptions[i].block);
		diag_enter(d, ITEM_EXCEPTION, r->exceptions[i].name, r->exceptions[i].at);
		if (r->exceptions[i].nvalues && put_exception(out, &r->exceptions[i], d) != 0)
			return -1;
		diag_leave(d, depth);
	}
	return 0;
}
