/* Changes to a rule that exists: `append: true` and `override`. */
#include "item_value.h"
#include "ruleset.h"

#include <string.h>

int rule_append(struct ruleset *rs, const struct node *item, struct diag *d)
{
	const struct node *condition = node_get(item, "condition"), *exceptions = node_get(item, "exceptions");
	const struct node *name = node_get(item, "rule");
	struct rule_def *r = ruleset_rule(rs, name->text);

	diag_warn(d, node_get(item, "append")->at, LOAD_DEPRECATED_ITEM,
		"'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.");
	if (!condition && !exceptions)
		diag_error(d, item->at, LOAD_ERR_VALIDATE, "Appended rule must have exceptions or condition property");
	else if (!r)
		diag_error(d, name->at, LOAD_ERR_VALIDATE,
			"Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists");
	if (!r && (condition || exceptions))
		ruleset_no_earlier(rs, ITEM_RULE, name->text, d);
	if (!condition && !exceptions)
		return diag_old(d, "Rule must have exceptions or condition property");
	if (!r)
		return diag_old(d, "Rule %s has 'append' key but no rule by that name already exists", name->text);
	r->items = vec_room(&rs->arena, r->items, r->nitems, &r->capitems, sizeof *r->items);
	r->items[r->nitems++] = item;
	if (node_get(item, "source")) {
		const struct node *source = item_text(item, "source", d);
		if (!source)
			return -1;
		if (strcmp(source->text, r->source) != 0)
			return diag_error(d, source->at, LOAD_ERR_VALIDATE, "Rule has been re-defined with a different source");
	}
	if (condition) {
		if (!item_text(item, "condition", d))
			return -1;
		rule_text_append(rs, &r->condition, condition);
	}
	r->visibility = rs->counter;
	return exceptions && !node_null(exceptions) ? exceptions_read(rs, r, exceptions, EXCEPTIONS_APPEND, d) : 0;
}

/* Texts, with what both operations do to them. */
static int update_text(struct ruleset *rs, struct rule_text *t, const struct node *item, const char *key, struct diag *d)
{
	enum item_override o = item_override(item, key);
	const struct node *v = o == OVERRIDE_NONE ? NULL : item_text(item, key, d);

	if (o == OVERRIDE_NONE)
		return 0;
	if (!v)
		return -1;
	if (o == OVERRIDE_APPEND)
		rule_text_append(rs, t, v);
	else
		rule_text_set(rs, t, v);
	return 0;
}

static int update_exceptions(struct ruleset *rs, struct rule_def *r, const struct node *item, struct diag *d)
{
	enum item_override o = item_override(item, "exceptions");
	const struct node *v = node_get(item, "exceptions");

	if (o == OVERRIDE_NONE)
		return 0;
	if (o == OVERRIDE_REPLACE) {
		r->exceptions = NULL;
		r->nexceptions = r->cap = 0;
	}
	return node_null(v) ? 0 : exceptions_read(rs, r, v, o == OVERRIDE_APPEND ? EXCEPTIONS_APPEND : EXCEPTIONS_REPLACE, d);
}

static int update_flags(const struct ruleset *rs, struct rule_def *r, const struct node *item, struct diag *d)
{
	const struct { const char *key; bool *value; } flags[] = {
		{ "enabled", &r->enabled }, { "warn_evttypes", &r->warn_evttypes }, { "skip-if-unknown-filter", &r->skip_unknown },
		{ "capture", &r->capture }
	};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (item_override(item, flags[i].key) != OVERRIDE_NONE && item_bool(item, flags[i].key, flags[i].value, d) != 0)
			return -1;
	if (item_override(item, "capture_duration") != OVERRIDE_NONE &&
		item_u32(item, "capture_duration", &r->capture_duration, d) != 0)
		return -1;
	if (item_override(item, "priority") == OVERRIDE_NONE)
		return 0;
	const struct node *v = item_text(item, "priority", d);
	return v ? rule_priority(rs, v, r, d) : -1;
}

int rule_update(struct ruleset *rs, struct rule_def *r, const struct node *item, struct diag *d)
{
	enum item_override tags = item_override(item, "tags");

	if (update_text(rs, &r->condition, item, "condition", d) != 0 || update_text(rs, &r->output, item, "output", d) != 0 ||
		update_text(rs, &r->desc, item, "desc", d) != 0 || update_exceptions(rs, r, item, d) != 0)
		return -1;
	if (item_override(item, "output") == OVERRIDE_REPLACE)
		r->trim_output = false;
	if (tags != OVERRIDE_NONE && rule_tags(rs, node_get(item, "tags"), tags == OVERRIDE_APPEND, r, d) != 0)
		return -1;
	return update_flags(rs, r, item, d);
}
