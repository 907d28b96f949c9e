/* Looking at nodes: keys of maps, null, and where a byte of a scalar stands in its file. */
#include <string.h>

#include "yaml_tree.h"

struct node *node_get(const struct node *map, const char *key)
{
	if (map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i + 1 < map->nkids; i += 2)
		if (map->kids[i]->kind == NODE_SCALAR && strcmp(map->kids[i]->text, key) == 0)
			return map->kids[i + 1];
	return NULL;
}

bool node_null(const struct node *n)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (!n)
		return true;
	if (n->kind != NODE_SCALAR || !n->plain)
		return false;
	for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
		if (strcmp(n->text, nulls[i]) == 0)
			return true;
	return false;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the content begins: behind a quote, or behind the header line of a block scalar. */
static const char *content(const struct node *n, const char *p, const char *end)
{
	if (p < end && (*p == '|' || *p == '>') && !n->plain) {
		while (p < end && *p != '\n')
			p++;
		return p;
	}
	return p < end && (*p == '"' || *p == '\'') && !n->plain ? p + 1 : p;
}

static struct place place_of(const struct source_file *f, const char *at)
{
	const char *start = at;
	struct place p = { f, 1, 1 };

	for (const char *c = f->text; c < at; c++)
		p.line += *c == '\n';
	while (start > f->text && start[-1] != '\n')
		start--;
	for (const char *c = start; c < at; c++)
		p.column += ((unsigned char)*c & 0xc0) != 0x80;
	return p;
}

/* Folding only touches blanks, so the k-th byte that is no blank is the k-th in the file too. Escapes in double quotes shift it a
 * little: a backslash that the text does not have is skipped. */
struct place node_place(const struct node *n, size_t offset)
{
	const char *end = n->at.file->text + n->end, *p = content(n, n->at.file->text + n->start, end);

	for (size_t i = 0; i < n->n; i++) {
		bool space = blank(n->text[i]);
		if (!space) {
			while (p < end && (blank(*p) || (*p == '\\' && n->text[i] != '\\')))
				p++;
		}
		if (i >= offset)
			break;
		if (!space && p < end)
			p++;
	}
	while (offset < n->n && p < end && blank(*p) && !blank(n->text[offset]))
		p++;
	if (offset >= n->n)
		while (p > n->at.file->text + n->start && blank(p[-1]))
			p--;
	return place_of(n->at.file, p);
}
