/* `rule` items: which of the forms it is, and a full definition. */
#include <string.h>

#include "item_value.h"
#include "ruleset.h"

enum { TAGS_MAX = 10000 };      /* they are moved for every new one */

int rule_priority(const struct ruleset *rs, const struct node *value, struct rule_def *r, struct diag *d)
{
	size_t depth;

	if (item_scalar(value, "priority", d) != 0)
		return -1;
	r->severity = value->text;
	r->priority = rs->old ? priority_number_old(value->text) : priority_number(value->text);
	if (r->priority >= 0)
		return 0;
	depth = diag_enter(d, ITEM_PRIORITY, "", value->at);
	diag_error(d, value->at, LOAD_ERR_YAML_VALIDATE, "Invalid priority");
	diag_leave(d, depth);
	diag_old(d, "Invalid priority level: %s", value->text);
	const char *near = priority_nearest(value->text);
	return diag_after(d, ": found '%s', expected emergency, alert, critical, error, warning, notice, informational (info) or debug"
		"%s%s%s", value->text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Puts a tag into its place among those that are sorted already. */
static void add_tag(struct ruleset *rs, struct rule_def *rule, const char *tag)
{
	size_t low = 0, high = rule->ntags;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(tag, rule->tags[middle]);
		if (order == 0)
			return;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	rule->tags = vec_room(&rs->arena, rule->tags, rule->ntags, &rule->captags, sizeof *rule->tags);
	memmove(rule->tags + low + 1, rule->tags + low, (rule->ntags - low) * sizeof *rule->tags);
	rule->tags[low] = tag;
	rule->ntags++;
}

int rule_tags(struct ruleset *rs, const struct node *value, bool keep, struct rule_def *rule, struct diag *d)
{
	if (!keep) {
		rule->tags = NULL;
		rule->ntags = rule->captags = 0;
	}
	if (node_null(value))
		return 0;
	if (item_scalars(value, "tags", d) != 0)
		return -1;
	for (size_t i = 0; i < value->nkids; i++) {
		if (rule->ntags == TAGS_MAX)
			return diag_error(d, value->at, LOAD_ERR_VALIDATE, "found more than %d tags of a rule, expected fewer", TAGS_MAX);
		add_tag(rs, rule, value->kids[i]->text);
	}
	return 0;
}

static int same_source(const struct rule_def *old, const struct node *item, const char *source, struct diag *d)
{
	if (old && strcmp(old->source, source) != 0)
		diag_error(d, item->at, LOAD_ERR_VALIDATE, "Rule has been re-defined with a different source");
	else
		return 0;
	return diag_after(d, ": found '%s', expected '%s'", source, old->source);
}

static int optional_keys(struct ruleset *rs, struct rule_def *r, const struct node *item, struct diag *d)
{
	const struct node *tags = node_get(item, "tags"), *exceptions = node_get(item, "exceptions");

	if (item_bool(item, "enabled", &r->enabled, d) != 0 || item_bool(item, "warn_evttypes", &r->warn_evttypes, d) != 0 ||
		item_bool(item, "skip-if-unknown-filter", &r->skip_unknown, d) != 0 ||
		item_bool(item, "capture", &r->capture, d) != 0 ||
		item_u32(item, "capture_duration", &r->capture_duration, d) != 0)
		return -1;
	if (tags && rule_tags(rs, tags, false, r, d) != 0)
		return -1;
	return exceptions && !node_null(exceptions) ? exceptions_read(rs, r, exceptions, EXCEPTIONS_DEFINE, d) : 0;
}

static int define(struct ruleset *rs, const struct node *item, const struct node *name, struct diag *d)
{
	const struct node *condition = item_text(item, "condition", d), *output = condition ? item_text(item, "output", d) : NULL;
	const struct node *desc = output ? item_text(item, "desc", d) : NULL;
	const struct node *priority = desc ? item_text(item, "priority", d) : NULL;
	struct rule_def *old = ruleset_rule(rs, name->text);
	struct rule_def r = { .name = name->text, .at = name->at, .item = item, .enabled = true, .trim_output = true,
		.warn_evttypes = true, .source = "syscall", .index = old ? old->index : rs->counter, .visibility = rs->counter };

	if (!priority || rule_priority(rs, priority, &r, d) != 0)
		return -1;
	if (node_get(item, "source")) {
		const struct node *source = item_text(item, "source", d);
		if (!source)
			return -1;
		r.source = source->text;
	}
	if (same_source(old, item, r.source, d) != 0 || optional_keys(rs, &r, item, d) != 0)
		return -1;
	rule_text_set(rs, &r.condition, condition);
	rule_text_set(rs, &r.output, output);
	rule_text_set(rs, &r.desc, desc);
	if (!old)
		old = ruleset_add_rule(rs, name->text);
	r.items = vec_room(&rs->arena, r.items, r.nitems, &r.capitems, sizeof *r.items);
	r.items[r.nitems++] = item;
	*old = r;
	return 0;
}

static int enable_only(struct ruleset *rs, const struct node *item, const struct node *name, struct diag *d)
{
	struct rule_def *r = ruleset_rule(rs, name->text);

	if (!item_text(item, "enabled", d))
		return -1;
	if (!r) {
		diag_error(d, name->at, LOAD_ERR_VALIDATE, "Rule has 'enabled' key but no rule by that name already exists");
		return ruleset_no_earlier(rs, ITEM_RULE, name->text, d);
	}
	diag_warn(d, name->at, LOAD_DEPRECATED_ITEM,
		"The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry "
		"under the 'override' key (i.e. 'enabled: replace').");
	r->visibility = rs->counter;
	return item_bool(item, "enabled", &r->enabled, d);
}

static const struct override_key override_keys[] = {
	{ "condition", true, true }, { "output", true, true }, { "desc", true, true }, { "tags", true, true },
	{ "exceptions", true, true }, { "priority", false, true }, { "enabled", false, true }, { "warn_evttypes", false, true },
	{ "skip-if-unknown-filter", false, true }, { "capture", false, true }, { "capture_duration", false, true },
	{ NULL, false, false }
};

static int no_earlier(const struct ruleset *rs, const struct node *item, const struct node *name, struct diag *d)
{
	const struct override_key *k = override_keys;

	while (k->name && item_override(item, k->name) != OVERRIDE_APPEND)
		k++;
	if (k->name)
		diag_error(d, name->at, LOAD_ERR_VALIDATE, "Rule uses 'append' or 'override.%s: append' but no rule by that name already exists",
			k->name);
	else
		diag_error(d, name->at, LOAD_ERR_VALIDATE,
			"An 'override.<key>: replace' to a rule was requested but no rule by that name already exists");
	return ruleset_no_earlier(rs, ITEM_RULE, name->text, d);
}

static int override(struct ruleset *rs, const struct node *item, const struct node *name, struct diag *d)
{
	struct rule_def *r = ruleset_rule(rs, name->text);

	if (!r)
		return no_earlier(rs, item, name, d);
	if (node_get(item, "source") && item_override(item, "condition") != OVERRIDE_NONE) {
		const struct node *source = item_text(item, "source", d);
		if (!source || same_source(r, item, source->text, d) != 0)
			return -1;
	}
	r->visibility = rs->counter;
	return rule_update(rs, r, item, d);
}

int rule_item(struct ruleset *rs, const struct node *item, struct diag *d)
{
	static const char *const known[] = { "rule", "desc", "condition", "output", "priority", "source", "enabled", "tags",
		"exceptions", "warn_evttypes", "skip-if-unknown-filter", "capture", "capture_duration", "append", "override", NULL };
	const struct node *name = item_text(item, "rule", d);
	bool append = false;
	int overrides;

	if (!name)
		return -1;
	diag_named(d, name->text);
	item_unknown_keys(item, known, d);
	if ((overrides = rs->old ? 0 : item_overrides(item, override_keys, d)) < 0 || item_bool(item, "append", &append, d) != 0)
		return -1;
	if (overrides)
		return override(rs, item, name, d);
	if (append)
		return rule_append(rs, item, d);
	if (!node_get(item, "condition") && !node_get(item, "output") && !node_get(item, "desc") && !node_get(item, "priority"))
		return enable_only(rs, item, name, d);
	return define(rs, item, name, d);
}
