/* Walking a path through the tree, making what is not there. */
#include "assign.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

enum { ELEMENTS_MAX = 4096, NEW_ELEMENT = -1 };

struct walk {
	struct arena *arena;
	struct say *say;
	struct place at;                        /* of everything in the option */
	const char *option, *p, *end;           /* what is left of the path */
	bool old;
	struct strbuf key;
};

static struct node *plain(const struct walk *w, const char *text)
{
	struct node *n = tree_text(w->arena, text, w->at);

	n->plain = true;
	return n;
}

/* The list element that `[n]` or `[]` asks for, as an index; -2 when it is neither. */
static long index_of(struct walk *w)
{
	char *end;

	w->p++;
	if (*w->p == ']') {
		w->p++;
		return NEW_ELEMENT;
	}
	if (*w->p < '0' || *w->p > '9')
		return -2;
	long n = strtol(w->p, &end, 10);
	if (*end != ']' || n > ELEMENTS_MAX)
		return -2;
	w->p = end + 1;
	return n;
}

static int refuse(struct walk *w, const char *what)
{
	return say_error(w->say, (struct place){0}, "-O %s: %s", w->option, what);
}

/* What was nothing becomes what the path needs. */
static int become(struct walk *w, struct node *n, enum node_kind kind)
{
	if (n->kind == kind)
		return 0;
	if (!node_null(n))
		return refuse(w, kind == NODE_MAP ? "found a key inside of what is no object" : "found an index of what is no list");
	n->kind = kind;
	n->text = "";
	n->n = n->nkids = 0;
	return 0;
}

static struct node *step_index(struct walk *w, struct node *n)
{
	long i = index_of(w);

	if (i < NEW_ELEMENT) {
		refuse(w, "found what is no index, expected [] or a number up to 4096 in []");
		return NULL;
	}
	if (become(w, n, NODE_SEQUENCE) != 0)
		return NULL;
	if (i == NEW_ELEMENT || (size_t)i == n->nkids) {
		struct node *fresh = plain(w, "");
		tree_push(w->arena, n, fresh);
		return fresh;
	}
	if ((size_t)i < n->nkids)
		return n->kids[i];
	refuse(w, "found an index behind the end of the list");
	return NULL;
}

static struct node *step_key(struct walk *w, struct node *n)
{
	strbuf_reset(&w->key);
	for (; w->p < w->end && *w->p != '.' && *w->p != '['; w->p++) {
		if (*w->p == '\\' && w->p + 1 < w->end)
			w->p++;
		strbuf_add(&w->key, w->p, 1);
	}
	if (!w->key.n) {
		refuse(w, "found an empty key");
		return NULL;
	}
	if (become(w, n, NODE_MAP) != 0)
		return NULL;
	struct node *old = node_get(n, w->key.p);
	if (old)
		return old;
	struct node *fresh = plain(w, "");
	tree_put(w->arena, n, plain(w, w->key.p), fresh);
	return fresh;
}

static struct node *find(struct walk *w, struct node *n)
{
	n = step_key(w, n);
	while (n && w->p < w->end) {
		if (*w->p == '[')
			n = step_index(w, n);
		else if (*w->p++ == '.')
			n = step_key(w, n);
	}
	return n;
}

/* 0.28 has two levels, and everything behind the first point is the second. */
static struct node *find_old(struct walk *w, struct node *n)
{
	const char *point = memchr(w->p, '.', (size_t)(w->end - w->p));
	const char *parts[] = { w->p, point ? point + 1 : NULL };
	size_t lengths[] = { (size_t)((point ? point : w->end) - w->p), point ? (size_t)(w->end - point - 1) : 0 };

	for (int i = 0; i < 2 && n && parts[i]; i++) {
		const char *name = arena_strn(w->arena, parts[i], lengths[i]);
		if (become(w, n, NODE_MAP) != 0)
			return NULL;
		if (!node_get(n, name))
			tree_put(w->arena, n, plain(w, name), plain(w, ""));
		n = node_get(n, name);
	}
	return n;
}

/* A list is only read as such where the table has one: a text may begin with a bracket. */
static bool is_flow(const char *path, size_t n, const char *value)
{
	char name[128];

	if (*value == '{')
		return true;
	if (*value != '[' || n >= sizeof name)
		return false;
	memcpy(name, path, n);
	name[n] = '\0';
	enum conf_key k = conf_find(name);
	return k < CONF_KEYS && conf_defs[k].type >= CONF_TEXTS;
}

static struct node *read_value(struct walk *w, const char *value)
{
	struct source_file *f = arena_alloc(w->arena, sizeof *f);
	struct yaml_problem problem = {0};
	struct node **documents, *n;
	size_t count;

	if (w->old || !is_flow(w->option, (size_t)(w->end - w->option), value))
		return plain(w, value);
	*f = (struct source_file){ .path = w->option, .text = value, .n = strlen(value) };
	if (yaml_parse(f, w->arena, &problem, &documents, &count) != 0 || count != 1) {
		say_error(w->say, (struct place){0}, "-O %s: %s", w->option, problem.text ? problem.text : "found nothing, expected a value");
		return NULL;
	}
	n = tree_copy(w->arena, documents[0], false);
	n->at = w->at;
	return n;
}

static int assign(struct walk *w, struct node *root, bool old)
{
	w->p = w->option;
	w->old = old;
	w->end = strchr(w->option, '=');
	if (!w->end)
		return say_error(w->say, (struct place){0}, "Error parsing config option \"%s\". Must be of the form key=val or key.subkey=val",
			w->option);
	struct node *value = read_value(w, w->end + 1), *target = value ? old ? find_old(w, root) : find(w, root) : NULL;
	strbuf_free(&w->key);
	if (!target)
		return -1;
	*target = *value;
	return 0;
}

int assign_option(struct arena *a, struct node *root, const char *option, bool old, struct say *say)
{
	struct source_file *file = arena_alloc(a, sizeof *file);
	struct walk w = { .arena = a, .say = say, .at = { file, 0, 0 }, .option = option };

	file->path = arena_strn(a, option, strlen(option));
	return assign(&w, root, old);
}

int assign_own(struct arena *a, struct node *root, const char *option, struct say *say)
{
	struct walk w = { .arena = a, .say = say, .option = option };

	return assign(&w, root, false);
}
