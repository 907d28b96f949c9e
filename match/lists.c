/* Text substitution of lists. */
#include "lists.h"

#include <string.h>

static void put_item(struct strbuf *b, const struct node *item, bool *any)
{
	bool quote = strchr(item->text, ' ') && item->text[0] != '"' && item->text[0] != '\'';

	strbuf_puts(b, *any ? ", " : " ");
	*any = true;
	if (quote)
		strbuf_puts(b, "\"");
	strbuf_add(b, item->text, item->n);
	if (quote)
		strbuf_puts(b, "\"");
}

/* An item that names a list which was defined before this one was last touched stands for that list's raw items: one level. */
static bool put_list(struct strbuf *b, const struct ruleset *rs, const struct rule_list *l)
{
	bool any = false;

	for (size_t i = 0; i < l->nitems; i++) {
		int64_t other = names_find(&rs->list_names, l->items[i]->text);
		if (other >= 0 && rs->lists[other].index < l->visibility) {
			const struct rule_list *inner = &rs->lists[other];
			for (size_t j = 0; j < inner->nitems; j++)
				put_item(b, inner->items[j], &any);
		} else {
			put_item(b, l->items[i], &any);
		}
	}
	strbuf_puts(b, " ");
	return any;
}

void lists_resolve(struct lists *l, const struct ruleset *rs, struct arena *a)
{
	struct strbuf b = {0};

	l->n = rs->nlists;
	l->list = arena_alloc(a, (l->n + 1) * sizeof *l->list);
	for (size_t i = 0; i < l->n; i++) {
		struct list_items *s = &l->list[i];
		strbuf_reset(&b);
		s->name = rs->lists[i].name;
		s->name_len = strlen(s->name);
		s->empty = !put_list(&b, rs, &rs->lists[i]);
		s->text = arena_strn(a, b.p, b.n);
		s->len = b.n;
		for (size_t j = 0; j < rs->lists[i].nitems; j++) {
			int64_t other = names_find(&rs->list_names, rs->lists[i].items[j]->text);
			if (other >= 0)
				l->list[other].used = true;
		}
	}
	strbuf_free(&b);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool delimiter(char c)
{
	return blank(c) || c == '(' || c == ')' || c == ',' || c == '=';
}

/* The next occurrence between delimiters, or NULL. */
static const char *find(const char *p, const char *start, const char *end, const struct list_items *l)
{
	while ((p = memmem(p, (size_t)(end - p), l->name, l->name_len))) {
		const char *after = p + l->name_len;
		if ((p == start || delimiter(p[-1])) && (after == end || delimiter(*after)))
			return p;
		p++;
	}
	return NULL;
}

/* An empty list takes a comma beside it with it, the left one first. */
static void eat_comma(const struct list_items *l, const char *start, const char **from, const char **to, const char *end)
{
	if (!l->empty)
		return;
	if (*from > start && (*from)[-1] == ',')
		(*from)--;
	else if (*to < end && **to == ',')
		(*to)++;
}

static void substitute(struct list_items *l, struct cond_text *t)
{
	const char *start = t->text.p, *end = start + t->text.n, *done = start, *p = start;
	struct cond_text out = {0};

	while ((p = find(p, start, end, l))) {
		const char *from = p, *to = p + l->name_len;
		size_t offset;
		const struct node *origin = cond_text_origin(t, (size_t)(p - start), &offset);

		while (from > done && blank(from[-1]))
			from--;
		while (to < end && blank(*to))
			to++;
		eat_comma(l, done, &from, &to, end);
		cond_text_copy(&out, t, (size_t)(done - start), (size_t)(from - start));
		cond_text_add(&out, l->text, l->len, origin, offset, true);
		done = p = to;
	}
	if (done == start)
		return;
	l->used = true;
	cond_text_copy(&out, t, (size_t)(done - start), t->text.n);
	cond_text_free(t);
	*t = out;
}

void lists_substitute(struct lists *l, struct cond_text *t)
{
	for (size_t i = 0; i < l->n && t->text.p; i++)
		substitute(&l->list[i], t);
}
