/* Joining and folding of paths, by text alone: no link is followed. */
#include "path.h"

#include <stdbool.h>
#include <string.h>

struct joined {
	char *out;
	size_t n, cap;                 /* cap leaves room for the NUL */
	bool absolute;
};

static bool push(struct joined *j, const char *name, size_t len)
{
	bool slash = j->absolute || j->n > 0;

	if (j->cap - j->n < len + slash)
		return false;
	if (slash)
		j->out[j->n++] = '/';
	memcpy(j->out + j->n, name, len);
	j->n += len;
	return true;
}

static const char *last_slash(const struct joined *j)
{
	return j->n ? memrchr(j->out, '/', j->n) : NULL;
}

/* A relative path keeps the `..` that it can not resolve. */
static bool up(struct joined *j)
{
	const char *slash = last_slash(j);
	const char *name = slash ? slash + 1 : j->out;
	size_t len = (size_t)(j->out + j->n - name);

	if (!j->absolute && (len == 0 || (len == 2 && memcmp(name, "..", 2) == 0)))
		return push(j, "..", 2);
	j->n = slash ? (size_t)(slash - j->out) : 0;
	return true;
}

static bool add(struct joined *j, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *slash = memchr(s, '/', (size_t)(end - s));
		size_t n = (size_t)((slash ? slash : end) - s);
		if (n == 2 && s[0] == '.' && s[1] == '.') {
			if (!up(j))
				return false;
		} else if (n > 0 && !(n == 1 && s[0] == '.')) {
			if (!push(j, s, n))
				return false;
		}
		s = slash ? slash + 1 : end;
	}
	return true;
}

size_t path_join(char *out, size_t cap, const char *base, size_t base_len, const char *passed, size_t passed_len)
{
	if (cap == 0)
		return 0;
	if (passed_len && passed[0] == '/')
		base_len = 0;
	struct joined j = { .out = out, .cap = cap - 1,
		.absolute = base_len ? base[0] == '/' : passed_len && passed[0] == '/' };
	bool fits = (!base_len || add(&j, base, base_len)) && (!passed_len || add(&j, passed, passed_len));
	if (fits && j.n == 0 && j.cap > 0)
		out[j.n++] = j.absolute ? '/' : '.';
	if (!fits)
		j.n = 0;
	out[j.n] = '\0';
	return j.n;
}
