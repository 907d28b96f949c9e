/* Other spellings of paths. */
#include "plan_links.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

enum { DEPTH = 3, PATH_MAX_LEN = 8192 };

static bool next_text(struct cursor *c, char **out)
{
	const uint8_t *p;
	struct value v;
	uint32_t n;

	*out = NULL;
	if (value_next(c, &v) != 1 || !value_bytes(&v, &p, &n) || n == 0 || memchr(p, '\0', n))
		return false;
	if (!(*out = strndup((const char *)p, n)))
		diex(EX_OSERR, "out of memory: links");
	return true;
}

void plan_links_add(struct plan_links *l, const struct value *v)
{
	struct cursor in = v->a.inside;
	struct value pair;

	while (v->type == VALUE_ARRAY && value_next(&in, &pair) == 1) {
		struct cursor c = pair.a.inside;
		struct plan_link new;
		if (pair.type != VALUE_ARRAY || !next_text(&c, &new.link))
			continue;
		if (!next_text(&c, &new.target)) {
			free(new.link);
			continue;
		}
		l->pair = realloc(l->pair, (l->n + 1) * sizeof *l->pair);
		if (!l->pair)
			diex(EX_OSERR, "out of memory: links");
		l->pair[l->n++] = new;
	}
}

void plan_links_free(struct plan_links *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->pair[i].link);
		free(l->pair[i].target);
	}
	free(l->pair);
	*l = (struct plan_links){0};
}

static bool under(const struct plan_text *t, const char *folder)
{
	size_t n = strlen(folder);

	return n > 1 && t->n >= n && memcmp(t->p, folder, n) == 0 && (t->n == n || t->p[n] == '/');
}

static bool any(const struct plan_links *l, const struct plan_text *path, plan_spelling *holds, const void *arg, int depth);

static bool spelled(const struct plan_links *l, const struct plan_text *path, const char *from, const char *to, plan_spelling *holds,
	const void *arg, int depth)
{
	size_t cut = strlen(from), put = strlen(to), n = path->n - cut + put;
	bool found = true;

	if (n > PATH_MAX_LEN)
		return true;
	char *p = malloc(n + 1);
	if (!p)
		diex(EX_OSERR, "out of memory: links");
	memcpy(p, to, put);
	memcpy(p + put, path->p + cut, path->n - cut);
	p[n] = '\0';
	const struct plan_text other = { p, n };
	if (!holds(arg, &other))
		found = any(l, &other, holds, arg, depth - 1);
	free(p);
	return found;
}

static bool any(const struct plan_links *l, const struct plan_text *path, plan_spelling *holds, const void *arg, int depth)
{
	for (size_t i = 0; depth && i < l->n; i++) {
		const struct plan_link *k = &l->pair[i];
		if ((under(path, k->link) && spelled(l, path, k->link, k->target, holds, arg, depth)) ||
			(under(path, k->target) && spelled(l, path, k->target, k->link, holds, arg, depth)))
			return true;
	}
	return false;
}

bool plan_links_any(const struct plan_links *l, const struct plan_text *path, plan_spelling *holds, const void *arg)
{
	return any(l, path, holds, arg, DEPTH);
}
