/* Text substitution of lists. */
#include "lists.h"

#include <string.h>

enum { LISTS_MAX = 64 << 20 };      /* of items in all conditions together */

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

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool delimiter(char c)
{
	return blank(c) || c == '(' || c == ')' || c == ',' || c == '=';
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

/* A text while names in it are replaced. */
struct rewrite {
	struct cond_text *from, to;
	const char *done;               /* up to where `from` is in `to` */
};

static const char *end_of(const struct cond_text *t)
{
	return t->text.p + t->text.n;
}

/* Puts the list in place of its name at `p`, and of the blanks around it. */
static void put_in(struct rewrite *w, const struct list_items *l, const char *p)
{
	const char *start = w->from->text.p, *end = end_of(w->from), *from = p, *to = p + l->name_len;
	size_t offset;
	const struct node *origin = cond_text_origin(w->from, (size_t)(p - start), &offset);

	while (from > w->done && blank(from[-1]))
		from--;
	while (to < end && blank(*to))
		to++;
	eat_comma(l, w->done, &from, &to, end);
	cond_text_copy(&w->to, w->from, (size_t)(w->done - start), (size_t)(from - start));
	cond_text_add(&w->to, l->text, l->len, origin, offset, true);
	w->done = to;
}

/* The text rewritten becomes the text. */
static void finish(struct rewrite *w)
{
	if (w->done == w->from->text.p) {
		cond_text_free(&w->to);
		return;
	}
	cond_text_copy(&w->to, w->from, (size_t)(w->done - w->from->text.p), w->from->text.n);
	cond_text_free(w->from);
	*w->from = w->to;
}

/* Replaces names of lists from number `first` on, up to `room` bytes of items. Returns where it stopped for want of room, or NULL. */
static const char *replace(struct lists *l, size_t first, struct cond_text *t, size_t *room)
{
	struct rewrite w = { .from = t, .done = t->text.p };
	const char *end = end_of(t), *stop = NULL;

	for (const char *p = t->text.p; p < end && !stop;) {
		const char *word = p;
		while (p < end && !delimiter(*p))
			p++;
		int64_t i = p > word ? names_find_n(l->names, word, (size_t)(p - word)) : -1;
		if (i < (int64_t)first) {
			p += p < end;
			continue;
		}
		struct list_items *list = &l->list[i];
		list->used = true;
		if (list->endless || list->len > *room) {
			stop = word;
			continue;
		}
		*room -= list->len;
		put_in(&w, list, word);
		p = w.done;
	}
	if (stop)
		cond_text_free(&w.to);
	else
		finish(&w);
	return stop;
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

/* A list whose name is several words. */
static void replace_odd(struct list_items *l, struct cond_text *t)
{
	struct rewrite w = { .from = t, .done = t->text.p };

	for (const char *p = w.done; (p = find(p, t->text.p, end_of(t), l)); p = w.done) {
		put_in(&w, l, p);
		l->used = true;
	}
	finish(&w);
}

/* The items as they stand, and which lists they name. */
static void resolve_one(struct lists *l, const struct ruleset *rs, size_t i, struct strbuf *b, struct arena *a)
{
	struct list_items *s = &l->list[i];

	strbuf_reset(b);
	s->name = rs->lists[i].name;
	s->name_len = strlen(s->name);
	s->empty = !put_list(b, rs, &rs->lists[i]);
	s->text = arena_strn(a, b->p, b->n);
	s->len = b->n;
	for (const char *c = s->name; *c; c++)
		s->odd |= delimiter(*c);
	l->nodd += s->odd;
	for (size_t j = 0; j < rs->lists[i].nitems; j++) {
		int64_t other = names_find(&rs->list_names, rs->lists[i].items[j]->text);
		if (other >= 0)
			l->list[other].used = true;
	}
}

/* What the passes of the lists behind this one would make of its items. */
static void put_in_later(struct lists *l, size_t i, struct arena *a, size_t *room)
{
	struct list_items *s = &l->list[i];
	struct cond_text t = {0};

	cond_text_add(&t, s->text, s->len, NULL, 0, true);
	size_t before = *room;
	s->endless = replace(l, i + 1, &t, room) != NULL;
	if (*room != before && !s->endless) {
		s->text = arena_strn(a, t.text.p, t.text.n);
		s->len = t.text.n;
		s->empty = strspn(s->text, " \t\r\n") == s->len;
	}
	cond_text_free(&t);
}

void lists_resolve(struct lists *l, const struct ruleset *rs, struct arena *a)
{
	struct strbuf b = {0};
	size_t room = LISTS_MAX;

	*l = (struct lists){ .n = rs->nlists, .names = &rs->list_names };
	l->list = arena_alloc(a, (l->n + 1) * sizeof *l->list);
	for (size_t i = 0; i < l->n; i++)
		resolve_one(l, rs, i, &b, a);
	for (size_t i = l->n; i-- > 0;)
		put_in_later(l, i, a, &room);
	strbuf_free(&b);
}

int lists_substitute(struct lists *l, struct cond_text *t, struct diag *d)
{
	size_t room = LISTS_MAX - l->put_in;
	const char *stop = t->text.p ? replace(l, 0, t, &room) : NULL;

	if (stop)
		return diag_error(d, cond_text_place(t, (size_t)(stop - t->text.p)), LOAD_ERR_COMPILE_CONDITION,
			"found more than %d MiB of lists in conditions, expected less", LISTS_MAX >> 20);
	l->put_in = LISTS_MAX - room;
	for (size_t i = 0; l->nodd && i < l->n && t->text.p; i++)
		if (l->list[i].odd)
			replace_odd(&l->list[i], t);
	return 0;
}
