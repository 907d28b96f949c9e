/* Items as they stand in their files, and the event types of conditions as 0.28 found them. */
#include "old.h"

#include <string.h>

/* The next line; `p` is behind it afterwards. */
static size_t next_line(const char **p, const char *end, const char **line)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));

	*line = *p;
	*p = nl ? nl + 1 : end;
	return (size_t)((nl ? nl : end) - *line);
}

/* Up to the line that begins the next item or ends the document, without blank lines and comments at the end. */
static void add_lines(struct strbuf *out, const struct node *item)
{
	const char *p = diag_line(item->at.file, item->at.line), *end = item->at.file->text + item->at.file->n, *line;
	size_t keep, n;

	for (bool first = true; p < end; first = false) {
		n = next_line(&p, end, &line);
		if (!first && n && *line == '-')
			break;
		strbuf_add(out, line, n);
		strbuf_puts(out, "\n");
	}
	for (keep = out->n; keep; keep = n) {
		for (n = keep - 1; n && out->p[n - 1] != '\n'; n--)
			;
		if (out->p[n] != '\n' && out->p[n] != '#')
			break;
	}
	out->n = keep;
	out->p[keep] = '\0';
}

void old_items(struct diag *d, const struct node *const *items, size_t n)
{
	struct strbuf out = {0};

	if (!d->n)
		return;
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_puts(&out, "\n");
		add_lines(&out, items[i]);
	}
	if (out.n)
		d->message[d->n - 1].items = arena_strn(&d->arena, out.p, out.n);
	strbuf_free(&out);
}

void old_lines(struct diag *d, const struct source_file *f, uint32_t number, unsigned n)
{
	const char *p = diag_line(f, number), *end = f->text + f->n, *line;
	struct strbuf out = {0};

	if (!d->n)
		return;
	for (; n && p < end; n--) {
		size_t length = next_line(&p, end, &line);
		strbuf_add(&out, line, length);
		strbuf_puts(&out, "\n");
	}
	if (out.n)
		d->message[d->n - 1].items = arena_strn(&d->arena, out.p, out.n);
	strbuf_free(&out);
}

struct search {
	struct compiler *c;
	bool found_not, found_type, behind;
};

static void walk(struct search *s, const struct cond *c)
{
	s->found_not |= c->kind == COND_NOT || (c->kind == COND_CHECK && c->op == OP_NE);
	if (c->kind == COND_CHECK && (strcmp(c->left->text, "evt.type") == 0 || strcmp(c->left->text, "syscall.type") == 0)) {
		s->found_type = true;
		s->behind |= s->found_not;
	}
	if (c->kind == COND_MACRO) {
		struct macro_code *m = macros_find(s->c, &c->macro);
		if (m->walked[s->found_not] == s->c->walks)
			return;
		m->walked[s->found_not] = s->c->walks;
		walk(s, m->tree);
	}
	for (size_t i = 0; i < c->nkids; i++)
		walk(s, c->kids[i]);
}

bool old_all_types(struct compiler *c, const struct cond *tree)
{
	struct search s = { .c = c };

	c->walks++;
	walk(&s, tree);
	return !s.found_type || s.behind;
}
