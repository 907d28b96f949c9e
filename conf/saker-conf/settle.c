/* One walk over the tree, with the table of keys beside it. */
#include "settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf/nearest.h"
#include "refusal.h"
#include "wire/log.h"

void settled_set(struct settled *s, enum conf_key k, const char *value)
{
	free(s->conf.text[k]);
	s->conf.text[k] = strdup(value);
	if (!s->conf.text[k])
		diex(EX_OSERR, "out of memory");
}

/* The words that YAML has for true and false; NULL for others. */
static const char *as_bool(const char *text)
{
	static const char *const words[][2] = { { "true", "false" }, { "yes", "no" }, { "on", "off" }, { "y", "n" } };
	static const char *const values[] = { "true", "false" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		for (int v = 0; v < 2; v++)
			if (strcasecmp(text, words[i][v]) == 0)
				return values[v];
	return NULL;
}

/* As YAML has it: also hexadecimal and octal. */
static bool as_count(const char *text, char out[32])
{
	char *end;

	if (*text == '+')
		text++;
	if (*text < '0' || *text > '9')
		return false;
	unsigned long long n = strtoull(text, &end, 0);
	snprintf(out, 32, "%llu", n);
	return *end == '\0';
}

static bool lower(const char *text, char *out, size_t n)
{
	size_t i = 0;

	for (; text[i] && i + 1 < n; i++)
		out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
	out[i] = '\0';
	return !text[i];
}

/* Falco of today forgives it, and takes the default: 1. */
static int wrong_type(struct settled *s, enum conf_key k, const struct node *v, const char *expected)
{
	static const char *const kinds[] = { "a text", "a list", "an object" };

	if (s->say->falco && !s->say->old) {
		if (!s->misfit && v->at.file && v->at.line) {
			s->misfit = v->at.file;
			snprintf(s->misfit_text, sizeof s->misfit_text, "failed for %s: Value type not permitted by 'type' constraint.",
				refusal_schema_path(conf_defs[k].name));
		}
		return 1;
	}
	if (s->say->falco)
		return say_error(s->say, v->at, "yaml-cpp: error at line %u, column %u: bad conversion", v->at.line, v->at.column);
	if (v->kind == NODE_SCALAR)
		return say_error(s->say, v->at, "%s: found '%s', expected %s", conf_defs[k].name, v->text, expected);
	return say_error(s->say, v->at, "%s: found %s, expected %s", conf_defs[k].name, kinds[v->kind], expected);
}

/* A scalar in the form that stages read. */
static int take_scalar(struct settled *s, enum conf_key k, const struct node *v)
{
	static const char *const expected[] = { [CONF_SIZE] = "a number", [CONF_COUNT] = "a number", [CONF_NUMBER] = "a number",
		[CONF_BOOL] = "true or false", [CONF_TEXT] = "a text", [CONF_ENUM] = "a word", [CONF_DURATION] = "a duration" };
	const struct conf_def *d = &conf_defs[k];
	char number[32], word[64], err[256], *end;
	const char *text = v->text;

	if (v->kind != NODE_SCALAR)
		return wrong_type(s, k, v, expected[d->type]);
	switch (d->type) {
	case CONF_BOOL:
		if (!(text = as_bool(text)))
			return wrong_type(s, k, v, expected[d->type]);
		break;
	case CONF_SIZE: case CONF_COUNT:
		if (!as_count(text, number))
			return wrong_type(s, k, v, expected[d->type]);
		text = number;
		break;
	case CONF_NUMBER:
		strtod(text, &end);
		if (end == text || *end)
			return wrong_type(s, k, v, expected[d->type]);
		snprintf(number, sizeof number, "%.15g", strtod(text, NULL));
		text = number;
		break;
	case CONF_ENUM:
		if (k == CONF_MATCH_PRIORITY && lower(text, word, sizeof word))
			text = word;
		break;
	default: break;
	}
	if (conf_check(d, text, err, sizeof err) != 0)
		return refusal_say(s, k, v, err);
	settled_set(s, k, text);
	return 0;
}

static void take_flow(struct settled *s, enum conf_key k, struct node *v)
{
	struct strbuf b = {0};

	tree_flow(v, &b);
	settled_set(s, k, b.p);
	strbuf_free(&b);
	s->node[k] = v;
}

/* One text alone is a list of one. */
static struct node *as_list(struct settled *s, struct node *v)
{
	struct arena *a = (struct arena *)&s->sources->arena;
	struct node *list = tree_new(a, NODE_SEQUENCE, v->at);

	tree_push(a, list, v);
	return list;
}

static int take_texts(struct settled *s, enum conf_key k, struct node *v)
{
	if (v->kind == NODE_SCALAR)
		v = as_list(s, v);
	if (v->kind != NODE_SEQUENCE)
		return wrong_type(s, k, v, "a list of texts");
	for (size_t i = 0; i < v->nkids; i++) {
		const struct node *e = v->kids[i];
		char err[256];
		if (e->kind != NODE_SCALAR)
			return wrong_type(s, k, e, "a text");
		if (conf_defs[k].words && (strchr(e->text, ' ') || !conf_has_word(conf_defs[k].words, e->text))) {
			snprintf(err, sizeof err, "%s: found '%s', expected one of: %s", conf_defs[k].name, e->text, conf_defs[k].words);
			return refusal_say(s, k, e, err);
		}
	}
	take_flow(s, k, v);
	return 0;
}

/* Does the form of a record, `name* other`, have the key? */
static bool record_has(const char *form, const char *key, size_t n)
{
	for (const char *p = form + (*form == '+'); *p; p += strcspn(p, " "), p += *p == ' ')
		if (strncmp(p, key, n) == 0 && strcspn(p, "* ") == n)
			return true;
	return false;
}

static int check_record(struct settled *s, enum conf_key k, const struct node *e)
{
	const char *form = conf_defs[k].words;

	if (*form == '+' && e->kind == NODE_SCALAR)
		return 0;
	if (e->kind != NODE_MAP)
		return wrong_type(s, k, e, "an object");
	for (size_t i = 0; i < e->nkids; i += 2)
		if (e->kids[i]->kind != NODE_SCALAR || !record_has(form, e->kids[i]->text, e->kids[i]->n))
			say_warn(s->say, e->kids[i]->at, "%s: unknown key '%s'; known are: %s", conf_defs[k].name, e->kids[i]->text, form + (*form == '+'));
	for (const char *p = form + (*form == '+'); *p; p += strcspn(p, " "), p += *p == ' ') {
		size_t n = strcspn(p, "* ");
		char name[32];
		snprintf(name, sizeof name, "%.*s", (int)n, p);
		if (p[n] == '*' && node_null(node_get(e, name)))
			return say_error(s->say, e->at, "%s: found no %s in an entry, expected one", conf_defs[k].name, name);
	}
	return 0;
}

static int take_records(struct settled *s, enum conf_key k, struct node *v)
{
	if (v->kind != NODE_SEQUENCE && (v->kind == NODE_MAP || *conf_defs[k].words == '+'))
		v = as_list(s, v);
	if (v->kind != NODE_SEQUENCE)
		return wrong_type(s, k, v, "a list of objects");
	for (size_t i = 0; i < v->nkids; i++) {
		int rc = check_record(s, k, v->kids[i]);
		if (rc != 0)
			return rc;
	}
	take_flow(s, k, v);
	return 0;
}

static int take_map(struct settled *s, enum conf_key k, struct node *v)
{
	if (v->kind != NODE_MAP)
		return wrong_type(s, k, v, "an object");
	for (size_t i = 0; i < v->nkids; i++)
		if (v->kids[i]->kind != NODE_SCALAR)
			return wrong_type(s, k, v->kids[i], "a text");
	take_flow(s, k, v);
	return 0;
}

/* 0 when the value was taken. */
static int take(struct settled *s, enum conf_key k, struct node *v)
{
	if (node_null(v))
		return 0;
	s->at[k] = v->at;
	switch (conf_defs[k].type) {
	case CONF_TEXTS: return take_texts(s, k, v);
	case CONF_RECORDS: return take_records(s, k, v);
	case CONF_MAP: return take_map(s, k, v);
	default: return take_scalar(s, k, v);
	}
}

static bool is_section(const char *name)
{
	size_t n = strlen(name);

	for (int i = 0; i < CONF_KEYS; i++)
		if (strncmp(conf_defs[i].name, name, n) == 0 && conf_defs[i].name[n] == '.')
			return true;
	return false;
}

/* A key that the version in question does not have is unknown to it. */
static bool is_known(const struct settled *s, enum conf_key k, const struct node *v)
{
	if (k == CONF_KEYS)
		return false;
	return !s->say->falco || !s->say->old || conf_defs[k].known != CONF_NOW || !v->at.file;
}

/* Inside of a section that there is, the nearest is one of its keys. */
static void unknown(struct settled *s, const struct node *key, const char *name)
{
	const char *nearest = NULL, *point = strrchr(name, '.');
	size_t n = point ? (size_t)(point - name) + 1 : 0;

	for (int i = 0; i < CONF_KEYS; i++)
		if (strncmp(conf_defs[i].name, name, n) == 0 &&
			(!nearest || nearest_distance(name, conf_defs[i].name) < nearest_distance(name, nearest)))
			nearest = conf_defs[i].name;
	say_warn(s->say, key->at, "unknown key '%s'; did you mean '%s'?", name, nearest ? nearest : conf_nearest(name));
}

static int walk(struct settled *s, struct node *map, const char *section)
{
	for (size_t i = 0; i + 1 < map->nkids; i += 2) {
		struct node *key = map->kids[i], *value = map->kids[i + 1];
		char name[256];
		if (key->kind != NODE_SCALAR) {
			say_warn(s->say, key->at, "found a key that is no text; it does nothing");
			continue;
		}
		if (node_get(map, key->text) != value) {
			say_warn(s->say, key->at, "found the key '%s' again; the first one counts", key->text);
			continue;
		}
		snprintf(name, sizeof name, "%s%s%s", section, *section ? "." : "", key->text);
		enum conf_key k = conf_find(name);
		int rc = 0;
		if (is_known(s, k, value))
			rc = take(s, k, value);
		else if (k == CONF_KEYS && is_section(name) && value->kind == NODE_MAP)
			rc = walk(s, value, name);
		else if (k == CONF_KEYS && is_section(name) && !node_null(value))
			rc = s->say->falco ? 0 : say_error(s->say, value->at, "%s: found %s, expected an object", name, value->kind == NODE_SCALAR ? "a text" : "a list");
		else if (k == CONF_KEYS && !is_section(name))
			unknown(s, key, name);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* What is honoured later is warned about when it does something: a section by its switch, another key when it is not the default. */
static bool is_switched_on(const struct settled *s, enum conf_key k)
{
	const struct conf_def *d = &conf_defs[k];
	const char *point = strrchr(d->name, '.');
	char enabled[160];

	if (!s->conf.text[k])
		return false;
	if (point && strcmp(point, ".enabled") == 0)
		return settled_bool(s, k);
	snprintf(enabled, sizeof enabled, "%.*s.enabled", (int)(point ? point - d->name : 0), d->name);
	return conf_find(enabled) == CONF_KEYS && strcmp(settled_text(s, k), d->value) != 0;
}

/* What does nothing here is said with what to use instead; or only named, when it has the value that everyone ships. */
static void warn_of(struct settled *s, enum conf_key k, struct strbuf *idle)
{
	const struct conf_def *d = &conf_defs[k];

	if (strcmp(d->program, "later") == 0 && is_switched_on(s, k))
		say_warn(s->say, s->at[k], "%s: honoured by a later version", d->name);
	if (strcmp(d->program, "no") != 0 || !s->conf.text[k])
		return;
	if (strcmp(s->conf.text[k], d->value) == 0)
		strbuf_printf(idle, "%s%s", idle->n ? ", " : "", d->name);
	else
		say_warn(s->say, s->at[k], "%s does nothing here: %s", d->name, d->meaning);
}

int settle(struct settled *s)
{
	if (walk(s, s->sources->root, "") != 0)
		return -1;
	struct strbuf idle = {0};
	for (int k = 0; k < CONF_KEYS; k++)
		warn_of(s, (enum conf_key)k, &idle);
	if (idle.n)
		say_warn(s->say, (struct place){0}, "do nothing here, whatever their value (saker.yaml(5) says what does): %s", idle.p);
	strbuf_free(&idle);
	return 0;
}

const char *settled_text(const struct settled *s, enum conf_key k)
{
	if (s->conf.text[k])
		return s->conf.text[k];
	return s->say->falco ? conf_defs[k].falco : conf_defs[k].value;
}

bool settled_bool(const struct settled *s, enum conf_key k)
{
	return strcmp(settled_text(s, k), "true") == 0;
}

uint64_t settled_number(const struct settled *s, enum conf_key k)
{
	return strtoull(settled_text(s, k), NULL, 10);
}

void settled_free(struct settled *s)
{
	conf_free(&s->conf);
}
