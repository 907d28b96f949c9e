/* `exceptions:` of rules: reading, checking, merging by name. What they become in a condition is in exception_text.c. */
#include "exceptions.h"

#include <string.h>

#include "cond.h"
#include "match/fields/field.h"
#include "item_value.h"
#include "match/operand.h"

enum { EXCEPTIONS_MAX = 10000 };      /* they are looked up one by one */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool exception_comp(const char *text, struct exception_op *out)
{
	size_t n = strlen(text), word;

	while (n && blank(text[n - 1]))
		n--;
	while (n && blank(*text))
		text++, n--;
	for (word = 0; word < n && !blank(text[word]); word++)
		;
	*out = (struct exception_op){ text, n, false };
	const struct cond_op_def *op = cond_op(text, word);
	if (!op)
		return false;
	if (word == n) {
		out->list = op->kind == OPERATOR_LIST;
		return true;
	}
	while (word < n && blank(text[word]))
		word++;
	out->list = true;
	return op->kind == OPERATOR_STRING && cond_modifier(text + word, n - word) != MODIFIER_NONE;
}

/* A field, or a transformer over fields. */
static bool known_operand(const struct ruleset *rs, const char *source, const struct node *field, struct arena *scratch)
{
	struct slots slots = {0};
	struct operand_scope scope = { source, &slots, scratch, rs->own };
	struct cond_error err;
	struct operand_error why;
	struct field_ref ref;
	size_t used;
	uint32_t slot;
	char text[256];

	if (!strchr(field->text, '('))
		return field_parse(rs->own, field->text, field->n, true, scratch, &ref, &used, text, sizeof text) == 1 &&
			field_serves(ref.def, source);
	const struct cond_operand *o = cond_operand_parse(field->text, field->n, scratch, &used, &err);
	return o && used == field->n && operand_slot(&scope, o, &slot, &why) == OPERAND_OK;
}

static int check_field(const struct ruleset *rs, const struct rule_def *r, const struct rule_exception *e, const struct node *field, struct diag *d)
{
	struct arena scratch = {0};
	int rc = 0;

	if (item_scalar(field, "fields", d) != 0)
		return -1;
	if (ruleset_knows(rs, r->source) && !known_operand(rs, r->source, field, &scratch))
		rc = diag_error(d, field->at, LOAD_ERR_VALIDATE, "'%s' is not a supported filter field", field->text);
	struct field_walk walk = { rs->own, 0 };
	const char *near = rc == 0 ? NULL : diag_nearest(field->text, field_next_name, &walk);
	if (near)
		diag_after(d, "; %s '%s'%s", strcmp(near, field->text) == 0 ? "rules of another source have" : "did you mean", near,
			strcmp(near, field->text) == 0 ? "" : "?");
	if (rc != 0)
		diag_old(d, "Rule exception item %s: field name %s is not a supported filter field", e->name, field->text);
	arena_free(&scratch);
	return rc;
}

static int check_op(const struct rule_exception *e, const struct node *comp, bool single, struct diag *d)
{
	struct exception_op op;

	if (item_scalar(comp, "comps", d) != 0)
		return -1;
	bool known = exception_comp(comp->text, &op);
	if (known && (!single || op.list))
		return 0;
	const struct cond_op_def *first = cond_ops;
	const char *near = known || strlen(comp->text) < 4 ? NULL : diag_nearest(comp->text, cond_op_next, &first);
	diag_error(d, comp->at, LOAD_ERR_VALIDATE, "'%s' is not a supported comparison operator", comp->text);
	if (near)
		diag_after(d, "; did you mean '%s'?", near);
	diag_old(d, "Rule exception item %s: comparison operator %s %s", e->name, comp->text,
		single ? "must be one of (in, pmatch, intersects)" : "is not a supported comparison operator");
	return known ? diag_after(d, " here, expected in, pmatch, intersects or one with oneof, anyof or allof") : -1;
}

static int check_lists(const struct ruleset *rs, const struct rule_def *r, const struct rule_exception *e, struct diag *d)
{
	if (item_scalars(e->fields, "fields", d) != 0)
		return -1;
	for (size_t i = 0; i < e->fields->nkids; i++)
		if (check_field(rs, r, e, e->fields->kids[i], d) != 0)
			return -1;
	if (!e->comps)
		return 0;
	if (e->comps->kind != NODE_SEQUENCE || e->comps->nkids != e->fields->nkids) {
		diag_error(d, e->comps->at, LOAD_ERR_VALIDATE, "Fields and comps lists must have equal length");
		return diag_old(d, "Rule exception item %s: fields and comps lists must have equal length", e->name);
	}
	for (size_t i = 0; i < e->comps->nkids; i++)
		if (check_op(e, e->comps->kids[i], false, d) != 0)
			return -1;
	return 0;
}

static int check(const struct ruleset *rs, const struct rule_def *r, const struct rule_exception *e, struct diag *d)
{
	if (e->fields->kind == NODE_SEQUENCE)
		return check_lists(rs, r, e, d);
	if (check_field(rs, r, e, e->fields, d) != 0)
		return -1;
	if (!e->comps)
		return 0;
	if (e->comps->kind == NODE_SEQUENCE) {
		diag_error(d, e->comps->at, LOAD_ERR_VALIDATE, "Fields and comps must both be strings");
		return diag_old(d, "Rule exception item %s: fields and comps must both be strings", e->name);
	}
	return check_op(e, e->comps, true, d);
}

static void add_values(struct ruleset *rs, struct rule_exception *e, const struct node *values)
{
	for (size_t i = 0; values && i < values->nkids; i++) {
		e->values = vec_room(&rs->arena, e->values, e->nvalues, &e->cap, sizeof *e->values);
		e->values[e->nvalues++] = values->kids[i];
	}
}

static struct rule_exception *named(struct rule_def *r, const char *name)
{
	for (size_t i = 0; i < r->nexceptions; i++)
		if (strcmp(r->exceptions[i].name, name) == 0)
			return &r->exceptions[i];
	return NULL;
}

static int merge(struct ruleset *rs, struct rule_exception *old, const struct node *item, const struct node *values, struct diag *d)
{
	if (node_get(item, "fields"))
		return diag_error(d, item->at, LOAD_ERR_VALIDATE, "Can not append exception fields to existing exception, only values");
	if (node_get(item, "comps"))
		return diag_error(d, item->at, LOAD_ERR_VALIDATE, "Can not append exception comps to existing exception, only values");
	add_values(rs, old, values);
	return 0;
}

static int define(struct ruleset *rs, struct rule_def *r, const struct node *block, const struct node *item, const char *name,
	const struct node *values, enum exceptions_how how, struct diag *d)
{
	struct rule_exception e = { .name = name, .at = item->at, .block = block->at, .fields = node_get(item, "fields"),
		.comps = node_get(item, "comps") };

	if (!e.fields || node_null(e.fields)) {
		item_missing(item, "fields", d);
		return diag_old(d, "Rule exception item %s: must have fields property with a list of fields", name);
	}
	if (e.comps && node_null(e.comps))
		e.comps = NULL;
	if (how != EXCEPTIONS_REPLACE && check(rs, r, &e, d) != 0)
		return -1;
	if (r->nexceptions == EXCEPTIONS_MAX)
		return diag_error(d, item->at, LOAD_ERR_VALIDATE, "found more than %d exceptions of a rule, expected fewer", EXCEPTIONS_MAX);
	add_values(rs, &e, values);
	r->exceptions = vec_room(&rs->arena, r->exceptions, r->nexceptions, &r->cap, sizeof *r->exceptions);
	r->exceptions[r->nexceptions++] = e;
	return 0;
}

static int bad_values(struct diag *d, struct place at, const char *key, const char *text)
{
	size_t depth = diag_enter(d, ITEM_VALUE_FOR, key, at);

	diag_error(d, at, LOAD_ERR_YAML_VALIDATE, "%s", text);
	diag_leave(d, depth);
	return -1;
}

/* An append to an exception that is not there was no error in 0.28. */
static int unknown_name(const struct rule_def *r, const struct node *name, struct diag *d)
{
	diag_warn(d, name->at, LOAD_APPEND_NO_VALUES, "Overriding/appending exception with no values");
	diag_old(d, "Rule %s with append=true: no set of fields matching name %s", r->name, name->text);
	return 0;
}

static int read_one(struct ruleset *rs, struct rule_def *r, const struct node *block, const struct node *item, enum exceptions_how how,
	struct diag *d)
{
	bool append = how == EXCEPTIONS_APPEND;
	const struct node *name = item_text(item, "name", d), *values = node_get(item, "values");

	if (!name)
		return -1;
	diag_named(d, name->text);
	if (values && node_null(values))
		values = NULL;
	if (values && values->kind != NODE_SEQUENCE)
		return bad_values(d, values->at, "values", "Value is not a sequence");
	struct rule_exception *old = named(r, name->text);
	if (append && !values)
		diag_warn(d, item->at, LOAD_APPEND_NO_VALUES, "Overriding/appending exception with no values");
	if (old && append)
		return merge(rs, old, item, values, d);
	if (old)
		diag_warn(d, name->at, LOAD_EXCEPTION_NAME_NOT_UNIQUE,
			"Multiple definitions of exception '%s' in the same exceptions block", name->text);
	if (append && !old && rs->old && !node_get(item, "fields"))
		return unknown_name(r, name, d);
	if (append && !node_get(item, "fields"))
		return diag_error(d, item->at, LOAD_ERR_VALIDATE, "Rule exception must have fields property with a list of fields");
	if (append && (!values || values->nkids == 0))
		return diag_error(d, item->at, LOAD_ERR_VALIDATE, "Rule exception must have values property with a list of values");
	return define(rs, r, block, item, name->text, values, how, d);
}

int exceptions_read(struct ruleset *rs, struct rule_def *rule, const struct node *value, enum exceptions_how how,
	struct diag *d)
{
	size_t outer = diag_enter(d, ITEM_EXCEPTIONS, "", value->at);

	if (value->kind != NODE_SEQUENCE)
		return bad_values(d, value->at, "exceptions", "Value is not a sequence");
	for (size_t i = 0; i < value->nkids; i++) {
		const struct node *item = value->kids[i];
		size_t depth = diag_enter(d, ITEM_EXCEPTION, "", item->at);
		if (item->kind != NODE_MAP)
			return diag_error(d, item->at, LOAD_ERR_YAML_VALIDATE, "Value is not a map, expected an exception");
		if (read_one(rs, rule, value, item, how, d) != 0)
			return -1;
		diag_leave(d, depth);
	}
	diag_leave(d, outer);
	return 0;
}
