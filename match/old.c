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

static const char *start_of(const struct node *item)
{
	const struct source_file *f = item->at.file;
	const char *p = f->text, *end = p + f->n, *line;

	for (uint32_t i = 1; i < item->at.line && p < end; i++)
		next_line(&p, end, &line);
	return p;
}

/* Up to the line that begins the next item or ends the document, without blank lines and comments at the end. */
static void add_lines(struct strbuf *out, const struct node *item)
{
	const char *p = start_of(item), *end = item->at.file->text + item->at.file->n, *line;
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
	if (c->kind == COND_MACRO)
		walk(s, macros_find(s->c, &c->macro)->tree);
	for (size_t i = 0; i < c->nkids; i++)
		walk(s, c->kids[i]);
}

bool old_all_types(struct compiler *c, const struct cond *tree)
{
	struct search s = { .c = c };

	walk(&s, tree);
	return !s.found_type || s.behind;
}
