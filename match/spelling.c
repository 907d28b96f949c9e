/* Rewriting the link at the beginning of a path to its target and back. */
#include "spelling.h"

#include <string.h>

#include "vec.h"

void spellings_add(struct spellings *s, struct arena *a, const char *link, const char *target)
{
	for (size_t i = 0; i < s->n; i += 2)
		if (strcmp(s->pairs[i], link) == 0 && strcmp(s->pairs[i + 1], target) == 0)
			return;
	s->pairs = vec_room(a, s->pairs, s->n, &s->cap, sizeof *s->pairs);
	s->pairs[s->n++] = arena_strn(a, link, strlen(link));
	s->pairs[s->n++] = arena_strn(a, target, strlen(target));
}

void spellings_common(struct spellings *s, struct arena *a)
{
	static const char *const pairs[][2] = {
		{ "/bin", "/usr/bin" }, { "/sbin", "/usr/sbin" }, { "/lib", "/usr/lib" }, { "/lib64", "/usr/lib64" },
		{ "/var/run", "/run" }, { "/var/lock", "/run/lock" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		spellings_add(s, a, pairs[i][0], pairs[i][1]);
}

static bool under(const struct spelled *t, const char *folder)
{
	size_t n = strlen(folder);

	return n > 1 && t->n >= n && memcmp(t->p, folder, n) == 0 && (t->n == n || t->p[n] == '/');
}

static size_t add(struct spelled *out, size_t n, const struct spelled *t, const char *from, const char *to, struct arena *a)
{
	size_t cut = strlen(from), put = strlen(to), len = t->n - cut + put;

	if (n == SPELLINGS_MAX)
		return n;
	char *p = arena_alloc(a, len + 1);
	memcpy(p, to, put);
	memcpy(p + put, t->p + cut, t->n - cut);
	for (size_t i = 0; i < n; i++)
		if (out[i].n == len && memcmp(out[i].p, p, len) == 0)
			return n;
	out[n] = (struct spelled){ p, len };
	return n + 1;
}

size_t spellings_of(const struct spellings *s, const char *text, size_t n, struct arena *a, struct spelled out[SPELLINGS_MAX])
{
	size_t count = 1;

	out[0] = (struct spelled){ text, n };
	/* What was found is looked at again: /var/lock is /run/lock is /var/run/lock. */
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < s->n; j += 2) {
			if (under(&out[i], s->pairs[j]))
				count = add(out, count, &out[i], s->pairs[j], s->pairs[j + 1], a);
			if (under(&out[i], s->pairs[j + 1]))
				count = add(out, count, &out[i], s->pairs[j + 1], s->pairs[j], a);
		}
	}
	return count;
}

bool spelling_self(const char *text, size_t n)
{
	return under(&(struct spelled){ text, n }, "/proc/self");
}
