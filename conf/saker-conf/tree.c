/* Trees: copies, changes, references to the environment, flow text. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

/* A variable may refer to itself: Falco would go on for ever. */
enum { EXPANSIONS_MAX = 1000, EXPANDED_MAX = 1 << 16 };

struct node *tree_new(struct arena *a, enum node_kind kind, struct place at)
{
	struct node *n = arena_alloc(a, sizeof *n);

	n->kind = kind;
	n->at = at;
	n->text = "";
	return n;
}

struct node *tree_text(struct arena *a, const char *text, struct place at)
{
	struct node *n = tree_new(a, NODE_SCALAR, at);

	n->n = strlen(text);
	n->text = arena_strn(a, text, n->n);
	return n;
}

/* Replaces `n` bytes at `at`. */
static void splice(struct strbuf *b, size_t at, size_t n, const char *with)
{
	struct strbuf rest = {0};

	strbuf_puts(&rest, b->p + at + n);
	b->n = at;
	strbuf_puts(b, with);
	strbuf_puts(b, rest.p);
	strbuf_free(&rest);
}

/* `$${NAME}` stands for `${NAME}`; a $ before anything else ends the search; what was inserted is searched as well. */
static const char *tree_expand(struct arena *a, const char *text)
{
	struct strbuf b = {0};
	size_t at = 0;
	unsigned times = 0;

	if (!strchr(text, '$'))
		return text;
	strbuf_puts(&b, text);
	for (const char *dollar; (dollar = strchr(b.p + at, '$')); times++) {
		at = (size_t)(dollar - b.p);
		bool literal = strncmp(dollar, "$${", 3) == 0;
		const char *end = literal || strncmp(dollar, "${", 2) == 0 ? strchr(dollar, '}') : NULL;
		if (!end)
			break;
		size_t n = (size_t)(end - dollar) + 1;
		if (literal) {
			splice(&b, at, 1, "");
			at += n - 1;
			continue;
		}
		char *name = arena_strn(a, dollar + 2, n - 3);
		const char *value = getenv(name);
		splice(&b, at, n, value ? value : "");
		if (times == EXPANSIONS_MAX || b.n > EXPANDED_MAX) {
			strbuf_free(&b);
			return NULL;
		}
	}
	const char *done = arena_strn(a, b.p, b.n);
	strbuf_free(&b);
	return done;
}

struct node *tree_copy(struct arena *a, const struct node *n, bool expand)
{
	struct node *c = tree_new(a, n->kind, n->at);

	c->plain = n->plain;
	c->text = n->text;
	if (n->kind == NODE_SCALAR) {
		c->text = expand ? tree_expand(a, n->text) : n->text;
		c->n = c->text ? strlen(c->text) : 0;
		return c->text ? c : NULL;
	}
	for (size_t i = 0; i < n->nkids; i++) {
		bool key = n->kind == NODE_MAP && i % 2 == 0;
		struct node *kid = tree_copy(a, n->kids[i], expand && !key);
		if (!kid)
			return NULL;
		tree_push(a, c, kid);
	}
	return c;
}

/* Capacity is the power of two from 8 on that holds `nkids`: nothing else makes these lists. */
void tree_push(struct arena *a, struct node *list, struct node *n)
{
	size_t cap = list->nkids ? 8 : 0;

	while (cap && cap < list->nkids)
		cap *= 2;
	list->kids = vec_room(a, list->kids, list->nkids, &cap, sizeof *list->kids);
	list->kids[list->nkids++] = n;
}

void tree_put(struct arena *a, struct node *map, struct node *key, struct node *value)
{
	for (size_t i = 0; i + 1 < map->nkids; i += 2) {
		if (map->kids[i]->kind == NODE_SCALAR && strcmp(map->kids[i]->text, key->text) == 0) {
			map->kids[i + 1] = value;
			return;
		}
	}
	tree_push(a, map, key);
	tree_push(a, map, value);
}

void tree_quote(const char *text, size_t n, struct strbuf *out)
{
	strbuf_puts(out, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			strbuf_printf(out, "\\%c", c);
		else if (c == '\n')
			strbuf_puts(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			strbuf_printf(out, "\\u%04x", c);
		else
			strbuf_add(out, text + i, 1);
	}
	strbuf_puts(out, "\"");
}

/* Is a plain scalar that means something else than its text, or one that needs no quotes? */
static bool stays_plain(const struct node *n)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-/";

	return n->plain && n->n && strspn(n->text, safe) == n->n;
}

void tree_flow(const struct node *n, struct strbuf *out)
{
	bool map = n->kind == NODE_MAP;

	if (n->kind == NODE_SCALAR) {
		if (node_null(n))
			strbuf_puts(out, "null");
		else if (stays_plain(n))
			strbuf_add(out, n->text, n->n);
		else
			tree_quote(n->text, n->n, out);
		return;
	}
	strbuf_puts(out, map ? "{" : "[");
	for (size_t i = 0; i < n->nkids; i++) {
		if (i)
			strbuf_puts(out, map && i % 2 ? ": " : ", ");
		tree_flow(n->kids[i], out);
	}
	strbuf_puts(out, map ? "}" : "]");
}
