/* What a test of text says of what the kernel side has seen of it. */
#include "plan_verdict.h"

#include <string.h>

enum { PLACE_MAX = 4096 };

bool verdict_rules_out(const struct plan_test *t, enum verdict v)
{
	return v != VERDICT_UNKNOWN && (v == VERDICT_YES) == t->negated;
}

/* Is the text one of the values? They ascend. */
static bool has(const struct plan_test *t, const char *s, size_t n)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;
		const struct plan_text *v = &t->text[i];
		int rc = memcmp(v->p, s, v->n < n ? v->n : n);
		if (rc == 0 && v->n == n)
			return true;
		if (rc < 0 || (rc == 0 && v->n < n))
			low = i + 1;
		else
			high = i;
	}
	return false;
}

static bool begins(const char *s, size_t n, const struct plan_text *with)
{
	return n >= with->n && memcmp(s, with->p, with->n) == 0;
}

static bool ends(const char *s, size_t n, const struct plan_text *with)
{
	return n >= with->n && memcmp(s + n - with->n, with->p, with->n) == 0;
}

static bool any_prefix(const struct plan_test *t, const char *s, size_t n)
{
	for (size_t i = 0; i < t->n; i++)
		if (begins(s, n, &t->text[i]))
			return true;
	return false;
}

/* Is a value the path with a slash behind it? */
static bool has_slashed(const struct plan_test *t, const char *path, size_t n)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->text[i].n == n + 1 && memcmp(t->text[i].p, path, n) == 0 && t->text[i].p[n] == '/')
			return true;
	return false;
}

/* Is the path, or a folder above it, one of the values? A value that ends with a slash is above only. */
static bool under(const struct plan_test *t, const char *path, size_t n, enum outcome o)
{
	for (size_t i = 1; i <= n; i++)
		if ((i == n || path[i] == '/') && has(t, path, i))
			return true;
	for (size_t i = 0; i < n; i++)
		if (path[i] == '/' && has(t, path, i + 1))
			return true;
	return (o != OUTCOME_END || n == 0 || t->subject == PLAN_CWD) && has_slashed(t, path, n);
}

/* A path that goes on behind the place: it begins with a value when the place and a slash do. Where a value goes on in the
 * middle of the next component, that one is not known. */
static enum verdict prefix_beyond(const struct plan_test *t, const char *path, size_t n)
{
	enum verdict v = VERDICT_NO;

	for (size_t i = 0; i < t->n; i++) {
		const struct plan_text *with = &t->text[i];
		if (with->n <= n + 1) {
			if (memcmp(with->p, path, with->n <= n ? with->n : n) == 0 && (with->n <= n || with->p[n] == '/'))
				return VERDICT_YES;
		} else if (memcmp(with->p, path, n) == 0 && with->p[n] == '/' && !memchr(with->p + n + 1, '/', with->n - n - 1)) {
			v = VERDICT_UNKNOWN;
		}
	}
	return v;
}

enum verdict name_verdict(const struct plan_test *t, const char *name, size_t n)
{
	bool yes = false;

	if (t->op == PLAN_IS || t->op == PLAN_NAME_IS)
		yes = has(t, name, n);
	for (size_t i = 0; i < t->n && !yes; i++)
		yes = t->op == PLAN_NAME_SUFFIX ? ends(name, n, &t->text[i]) :
			(t->op == PLAN_PREFIX || t->op == PLAN_NAME_PREFIX) && begins(name, n, &t->text[i]);
	return yes ? VERDICT_YES : VERDICT_NO;
}

enum verdict other_verdict(const struct plan_test *t, size_t longest)
{
	if (t->op != PLAN_IS && t->op != PLAN_NAME_IS)
		return VERDICT_UNKNOWN;
	for (size_t i = 0; i < t->n; i++)
		if (t->text[i].n > longest)
			return VERDICT_UNKNOWN;
	return VERDICT_NO;
}

/* Whether the object is a directory is not known: then the folder may be the path itself or the one above. */
static enum verdict folder_verdict(const struct plan_test *t, const char *path, size_t n, enum outcome o)
{
	const char *slash = memrchr(path, '/', n);
	size_t above = slash ? (size_t)(slash - path) : 0;
	bool may_be = o != OUTCOME_MORE && has(t, n ? path : "/", n ? n : 1);

	if (o == OUTCOME_END && n)
		may_be |= has(t, above ? path : "/", above ? above : 1);
	return may_be ? VERDICT_UNKNOWN : VERDICT_NO;
}

enum verdict path_verdict(const struct plan_test *t, const char *path, size_t n, enum outcome o)
{
	char folder[PLACE_MAX];

	/* Working directories end with a slash. */
	if (t->subject == PLAN_CWD && o == OUTCOME_END && n && t->op != PLAN_UNDER) {
		if (n >= sizeof folder)
			return VERDICT_UNKNOWN;
		memcpy(folder, path, n);
		folder[n++] = '/';
		path = folder;
	}
	const char *slash = memrchr(path, '/', n), *name = slash ? slash + 1 : path;

	switch (t->op) {
	case PLAN_IS: return o == OUTCOME_END && has(t, n ? path : "/", n ? n : 1) ? VERDICT_YES : VERDICT_NO;
	case PLAN_UNDER: return under(t, path, n, o) ? VERDICT_YES : VERDICT_NO;
	case PLAN_PREFIX:
		if (o == OUTCOME_END)
			return any_prefix(t, n ? path : "/", n ? n : 1) ? VERDICT_YES : VERDICT_NO;
		return prefix_beyond(t, path, n);
	case PLAN_FOLDER_IS: return folder_verdict(t, path, n, o);
	default: return o == OUTCOME_END ? name_verdict(t, name, n - (size_t)(name - path)) : VERDICT_UNKNOWN;
	}
}
