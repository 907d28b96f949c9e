/* Descriptions of rules, macros and lists, in the shape that Falco gives them. */
#include "describe.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "describe_cond.h"
#include "match/language/exceptions.h"
#include "match/language/text_json.h"
#include "wire/log.h"

enum { NAME_WIDTH = 50, TEXT_INDENT = 51, TEXT_WIDTH = 110 };
#define BLANKS " \t\r\n"

/* trim: the first part without the blanks at its ends, as an output is printed. */
static json_t *joined(const struct rule_text *t, bool trim)
{
	struct strbuf b = {0};

	for (size_t i = 0; i < t->n; i++) {
		const char *p = t->parts[i]->text;
		size_t skip = trim && i == 0 ? strspn(p, BLANKS) : 0, n = strlen(p + skip);
		while (trim && i == 0 && n && strchr(BLANKS, p[skip + n - 1]))
			n--;
		strbuf_printf(&b, "%s%.*s", i ? " " : "", (int)n, p + skip);
	}
	json_t *text = json_string(b.p ? b.p : "");
	strbuf_free(&b);
	return text;
}

/* The names of event types; every rule is tried for asynchronous events too, one that is never true as well. */
static json_t *events(const uint8_t *types, bool all, bool rule)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (event_type(i) && (all || type_bit(types, i)) && event_type(i)->kind != EVENT_PLUGIN)
			describe_add(list, event_type(i)->name);
	if (rule)
		describe_add(list, "asyncevent");
	return list;
}

static json_t *plugins(const char *source, const json_t *fields)
{
	static const char *const owners[][2] = { { "container.", "container" }, { "k8s.", "container" }, { "k8smeta.", "k8smeta" },
		{ "ka.", "k8saudit" }, { "json.", "json" }, { "jevt.", "json" } };
	json_t *list = json_array(), *field;
	size_t i;

	if (source && strcmp(source, "k8s_audit") == 0)
		describe_add(list, "k8saudit");
	json_array_foreach(fields, i, field)
		for (size_t j = 0; j < sizeof owners / sizeof *owners; j++)
			if (strncmp(json_string_value(field), owners[j][0], strlen(owners[j][0])) == 0)
				describe_add(list, owners[j][1]);
	return list;
}

static json_t *output_fields(const struct program *p, const struct format *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++)
		if (f->piece[i].slot >= 0)
			describe_add(list, p->slots.slot[f->piece[i].slot].ref.text);
	return list;
}

static void add_texts(json_t *list, const struct node *v)
{
	if (v && v->kind == NODE_SCALAR)
		describe_add(list, v->text);
	for (size_t i = 0; v && i < v->nkids; i++)
		add_texts(list, v->kids[i]);
}

static void add_exceptions(json_t *details, const struct rule_def *def)
{
	json_t *names = json_array(), *fields = json_array(), *operators = json_array();

	for (size_t i = 0; i < def->nexceptions; i++) {
		const struct rule_exception *e = &def->exceptions[i];
		describe_add(names, e->name);
		add_texts(fields, e->fields);
		add_texts(operators, e->comps);
		if (!e->comps)
			describe_add(operators, e->fields && e->fields->kind == NODE_SEQUENCE ? "=" : "in");
	}
	json_object_set_new(details, "exception_names", names);
	json_object_set_new(details, "exception_fields", fields);
	json_object_set_new(details, "exception_operators", operators);
}

static json_t *rule_info(const struct rule_def *def)
{
	json_t *tags = json_array();

	for (size_t i = 0; i < def->ntags; i++)
		json_array_append_new(tags, json_string(def->tags[i]));
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:b, s:s, s:b, s:I, s:o}", "name", def->name,
		"condition", joined(&def->condition, false), "priority", priority_name(def->priority),
		"output", joined(&def->output, def->trim_output), "description", joined(&def->desc, false), "enabled", def->enabled,
		"source", def->source, "capture", def->capture, "capture_duration", (json_int_t)def->capture_duration, "tags", tags);
}

static json_t *rule_json(struct compiler *c, const struct rule *r)
{
	json_t *details = json_object();
	struct cond_text text = {0};
	size_t depth = c->d->depth;
	const struct cond *tree = compile_tree(c, r->def, &text);

	diag_leave(c->d, depth);

	describe_references(c, details, &r->def->condition);
	describe_tree(details, describe_expand(c, tree));
	add_exceptions(details, r->def);
	json_object_set_new(details, "output_fields", output_fields(c->program, &r->output));
	json_object_set_new(details, "output_compiled", text_json(r->output_text));
	json_object_set_new(details, "events", r->syscall ? events(r->types, r->all_types, true) :
		json_pack("[s,s]", "asyncevent", "pluginevent"));
	json_object_set_new(details, "plugins", plugins(r->source, json_object_get(details, "condition_fields")));
	if (r->nextra) {
		json_t *extra = json_array();
		for (size_t i = 0; i < r->nextra; i++)
			describe_add(extra, r->extra[i].name);
		json_object_set_new(details, "extra_output_formatted_fields", extra);
	}
	cond_text_free(&text);
	return json_pack("{s:o, s:o}", "info", rule_info(r->def), "details", details);
}

static json_t *macro_json(struct compiler *c, size_t i)
{
	const struct rule_macro *m = &c->rs->macros[i];
	json_t *details = json_object();
	uint8_t types[TYPE_BITS] = {0};

	json_object_set_new(details, "used", json_boolean(c->macros[i].used));
	describe_references(c, details, &m->condition);
	describe_tree(details, describe_expand(c, c->macros[i].tree));
	if (c->macros[i].compiled)
		evttypes_edge(c->program, c->macros[i].edge, types);
	json_object_set_new(details, "events", events(types, false, false));
	json_object_set_new(details, "plugins", json_array());
	return json_pack("{s:{s:s, s:o}, s:o}", "info", "name", m->name, "condition", joined(&m->condition, false), "details", details);
}

static json_t *list_json(const struct compiler *c, size_t i)
{
	const struct rule_list *l = &c->rs->lists[i];
	json_t *items = json_array(), *lists = json_array(), *compiled = json_array();

	for (size_t j = 0; j < l->nitems; j++) {
		int64_t other = names_find(&c->rs->list_names, l->items[j]->text);
		json_array_append_new(items, json_string(l->items[j]->text));
		if (other < 0 || c->rs->lists[other].index >= l->visibility) {
			json_array_append_new(compiled, json_string(l->items[j]->text));
			continue;
		}
		describe_add(lists, l->items[j]->text);
		for (size_t k = 0; k < c->rs->lists[other].nitems; k++)
			json_array_append_new(compiled, json_string(c->rs->lists[other].items[k]->text));
	}
	return json_pack("{s:{s:s, s:o}, s:{s:b, s:o, s:o, s:[]}}", "info", "name", l->name, "items", items,
		"details", "used", c->lists.list[i].used, "lists", lists, "items_compiled", compiled, "plugins");
}

static json_t *plugin_versions(const struct ruleset *rs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rs->nplugins; i++) {
		const struct node *e = rs->plugins[i], *others = node_get(e, "alternatives");
		json_t *alternatives = json_array();
		for (size_t j = 0; others && j < others->nkids; j++)
			json_array_append_new(alternatives, json_pack("{s:s, s:s}", "name", node_get(others->kids[j], "name")->text,
				"version", node_get(others->kids[j], "version")->text));
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name", node_get(e, "name")->text,
			"version", node_get(e, "version")->text, "alternatives", alternatives));
	}
	return list;
}

struct visit {
	const char *name;               /* that rule alone; NULL: everything */
	enum describe_form form;
	json_t *rules, *macros, *lists;
	struct strbuf text;
};

/* The description behind the name, broken at TEXT_WIDTH. */
static void wrapped(struct strbuf *out, const char *name, const char *text)
{
	size_t column = TEXT_INDENT, blank = 0;

	strbuf_printf(out, "%-*s ", NAME_WIDTH, name);
	for (const char *word = text + strspn(text, " \n\t"); *word; word += strspn(word, " \n\t")) {
		size_t n = strcspn(word, " \n\t");
		if (blank && column + 1 + n > TEXT_WIDTH) {
			strbuf_printf(out, "\n%*s", TEXT_INDENT, "");
			column = TEXT_INDENT;
			blank = 0;
		}
		strbuf_puts(out, blank ? " " : "");
		strbuf_add(out, word, n);
		column += n + blank;
		blank = 1;
		word += n;
	}
	strbuf_puts(out, "\n\n");
}

static void visit(void *arg, struct compiler *c)
{
	struct visit *v = arg;

	for (size_t i = 0; i < c->program->nrules; i++) {
		const struct rule *r = &c->program->rules[i];
		if (v->name && strcmp(v->name, r->name) != 0)
			continue;
		json_array_append_new(v->rules, rule_json(c, r));
		wrapped(&v->text, r->name, r->desc);
	}
	for (size_t i = 0; i < c->rs->nmacros; i++)
		json_array_append_new(v->macros, macro_json(c, i));
	for (size_t i = 0; i < c->rs->nlists; i++)
		json_array_append_new(v->lists, list_json(c, i));
	if (describe_cut(c))
		log_warnx("found conditions that are too large to be written out: some of their macros stand by name");
}

static void print(const struct visit *v, const struct ruleset *rs)
{
	if (v->form == DESCRIBE_LIST) {
		printf("%-*s %s\n%-*s %s\n%s", NAME_WIDTH, "Rule", "Description", NAME_WIDTH, "----", "-----------",
			v->text.p ? v->text.p : "");
		return;
	}
	char version[40];
	snprintf(version, sizeof version, "%u.%u.%u", rs->engine[0], rs->engine[1], rs->engine[2]);
	json_t *root = v->name ? json_pack("{s:O}", "rules", v->rules) :
		json_pack("{s:s, s:o, s:O, s:O, s:O}", "required_engine_version", version, "required_plugin_versions", plugin_versions(rs),
			"rules", v->rules, "macros", v->macros, "lists", v->lists);
	json_dumpf(root, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(root);
}

int describe_rules(const struct load *l, enum describe_form form, const char *name)
{
	struct visit v = { .name = name, .form = form, .rules = json_array(), .macros = json_array(), .lists = json_array() };
	struct program_options o = { .priority = l->priority, .settings = l->settings, .all = true, .visit = visit, .visitor = &v };
	struct ruleset rs = {0};
	struct diag d = {0};
	struct strbuf said = {0};
	struct program *p = load_with(l, &o, &rs, &d);
	int status = p ? 0 : EX_CONFIG;

	diag_print(&d, true, false, &said);
	log_text(LEVEL_ERROR, said.p ? said.p : "");
	if (p && name && json_array_size(v.rules) == 0) {
		log_warnx("Rule \"%s\" is not loaded", name);
		status = EX_CONFIG;
	} else if (p) {
		print(&v, &rs);
	}
	program_free(p);
	json_decref(v.rules);
	json_decref(v.macros);
	json_decref(v.lists);
	strbuf_free(&v.text);
	strbuf_free(&said);
	diag_free(&d);
	ruleset_free(&rs);
	return status;
}

void describe_events(void)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		if (!t)
			continue;
		printf("%c %s(", t->kind == EVENT_SYSCALL ? '<' : '>', t->name);
		for (unsigned j = 0; j < t->nparams; j++)
			printf("%s%s %s", j ? ", " : "", param_type_name(t->params[j].type), t->params[j].name);
		printf(")\n");
	}
}
