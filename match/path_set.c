/* pmatch: plain paths are found by hash for each prefix of the value, those with wildcards are tried one by one. */
#include "path_set.h"

#include <fnmatch.h>
#include <string.h>

enum { PATH_LENGTH = 8192, COMPONENT = 512 };

void path_set_init(struct path_set *s, size_t n, struct arena *a)
{
	*s = (struct path_set){0};
	text_set_init(&s->plain, n, a);
	s->globs = arena_alloc(a, (n + 1) * sizeof *s->globs);
}

/* The next component; false at the end. */
static bool component(const char **p, const char *end, const char **part, size_t *n)
{
	while (*p < end && **p == '/')
		(*p)++;
	*part = *p;
	while (*p < end && **p != '/')
		(*p)++;
	*n = (size_t)(*p - *part);
	return *n > 0;
}

static void add_glob(struct path_set *s, const char *path, size_t n, size_t parts, struct arena *a)
{
	const char **list = arena_alloc(a, parts * sizeof *list), *end = path + n, *part;
	size_t len;

	for (size_t i = 0; component(&path, end, &part, &len); i++)
		list[i] = arena_strn(a, part, len);
	s->globs[s->nglobs++] = (struct path_globs){ list, parts };
}

void path_set_add(struct path_set *s, const char *path, size_t n, struct arena *a)
{
	char *plain = arena_alloc(a, n + 2), *o = plain;
	const char *p = path, *end = path + n, *part;
	size_t len, parts = 0;
	bool glob = false;

	while (component(&p, end, &part, &len)) {
		*o++ = '/';
		memcpy(o, part, len);
		o += len;
		parts++;
		for (size_t i = 0; i < len; i++)
			glob |= strchr("?*[", part[i]) != NULL;
	}
	if (parts == 0)
		s->all = true;
	else if (glob)
		add_glob(s, path, n, parts, a);
	else {
		text_set_add(&s->plain, plain, (size_t)(o - plain));
		s->depths |= 1ull << (parts < 63 ? parts : 63);
	}
}

static bool glob_above(const struct path_globs *g, const char *value, size_t n)
{
	const char *p = value, *end = value + n, *part;
	char text[COMPONENT];
	size_t len;

	for (size_t i = 0; i < g->n; i++) {
		if (!component(&p, end, &part, &len) || len >= sizeof text)
			return false;
		memcpy(text, part, len);
		text[len] = '\0';
		if (fnmatch(g->part[i], text, 0) != 0)
			return false;
	}
	return true;
}

/* Each prefix of the value that ends with a component, in its normal form. */
static bool plain_above(const struct path_set *s, const char *value, size_t n)
{
	char normal[PATH_LENGTH], *o = normal;
	const char *p = value, *end = value + n, *part;
	size_t len;

	for (unsigned depth = 1; (s->depths >> (depth < 63 ? depth : 63)) && component(&p, end, &part, &len); depth++) {
		if ((size_t)(normal + sizeof normal - o) < len + 1)
			return false;
		*o++ = '/';
		memcpy(o, part, len);
		o += len;
		if ((s->depths >> (depth < 63 ? depth : 63) & 1) && text_set_has(&s->plain, normal, (size_t)(o - normal)))
			return true;
	}
	return false;
}

bool path_set_has(const struct path_set *s, const char *value, size_t n)
{
	if (s->all || plain_above(s, value, n))
		return true;
	for (size_t i = 0; i < s->nglobs; i++)
		if (glob_above(&s->globs[i], value, n))
			return true;
	return false;
}
