/* Paths and names of events and tasks, compared as a plan's tests say. What is absent, cut, longer than any path or reached through
 * `..` by text alone is not known. */
#include "plan_text.h"

#include <string.h>

#include "wire/path.h"

enum { TEXT_MAX = 4096, OWN_MAX = TEXT_MAX + 32, ANCESTORS = 64 };       /* OWN_MAX: a task's name goes before the longest arguments */

struct text {
	const char *p;                 /* NULL: not known */
	size_t n;
	bool none;                     /* it is no path at all, but the ends of a connection */
	char own[OWN_MAX + 1];
};

static bool whole(const struct value *v, struct text *out)
{
	const uint8_t *p;
	uint32_t n;
	uint64_t had;

	out->p = NULL;
	if (!value_cut(v, &p, &n, &had) || had != n || n > TEXT_MAX)
		return false;
	out->p = (const char *)p;
	out->n = n;
	return true;
}

static bool climbs(const char *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (p[i] == '.' && p[i + 1] == '.' && (i == 0 || p[i - 1] == '/') && (i + 2 == n || p[i + 2] == '/'))
			return true;
	return false;
}

/* The parts of a path parameter: [as passed, base, object], or the text alone. */
static void path_parts(const struct value *v, struct value part[3])
{
	struct text t;

	part[0] = *v;
	part[1].type = part[2].type = VALUE_NIL;
	if (v->type != VALUE_ARRAY || whole(v, &t))
		return;
	struct cursor in = v->a.inside;
	for (int i = 0; i < 3; i++)
		if (value_next(&in, &part[i]) != 1)
			part[i].type = VALUE_NIL;
}

static void join(const struct plan_seen *s, const struct value part[3], struct text *out)
{
	struct text passed, base = {0};
	struct value cwd;

	out->p = NULL;
	if (!whole(&part[0], &passed) || passed.n == 0 || climbs(passed.p, passed.n))
		return;
	if (passed.p[0] != '/') {
		bool has = part[1].type != VALUE_NIL ? whole(&part[1], &base) :
			s->process && plan_process_fact(s->processes, s->process, s->event.task, FACT_CWD, &cwd) && whole(&cwd, &base);
		if (!has || base.n == 0 || climbs(base.p, base.n))
			return;
	}
	out->n = path_join(out->own, sizeof out->own, base.p, base.n, passed.p, passed.n);
	out->p = out->n && out->own[0] == '/' ? out->own : NULL;
}

enum form { OBJECT_OR_JOINED, JOINED, PASSED };

static void path_param(const struct plan_seen *s, int which, enum form form, struct text *out)
{
	int i = plan_event_path(s->type, which);
	struct value part[3];

	out->p = NULL;
	if (i < 0)
		return;
	path_parts(&s->param[i], part);
	if (form == PASSED)
		whole(&part[0], out);
	else if (form == OBJECT_OR_JOINED && part[2].type != VALUE_NIL)
		whole(&part[2], out);
	else
		join(s, part, out);
}

/* Calls that open have the file's path; others with a path have that, others with a descriptor its file's. */
static void main_path(const struct plan_seen *s, struct text *out)
{
	bool opens = s->type->flags & EV_CREATES_FD, has = plan_event_path(s->type, 0) >= 0;
	bool told = s->fd.has_path && s->fd.kind != FD_UNIX && !s->fd.has_socket;

	out->p = NULL;
	out->none = (opens || !has) && (s->fd.kind == FD_IPV4 || s->fd.kind == FD_IPV6) && s->fd.has_socket && !s->fd.has_path;
	if ((opens || !has) && told)
		whole(&s->fd.path, out);
	else if (has && !(opens && (s->fd.has_path || s->fd.has_socket)))
		path_param(s, 0, OBJECT_OR_JOINED, out);
}

static bool own_fact(const struct plan_seen *s, enum fact n, struct value *v)
{
	return s->process && plan_process_fact(s->processes, s->process, s->event.task, n, v);
}

/* Texts with blanks between them, as rules see them: of what is no text or cut what there is of it. They come behind what is in `out`;
 * `first`: without a blank before them. */
static void join_texts(struct cursor in, bool first, struct text *out)
{
	struct value one;
	uint64_t had;
	uint32_t n;
	const uint8_t *p;

	out->p = NULL;
	for (; value_next(&in, &one) == 1; first = false) {
		if (!value_cut(&one, &p, &n, &had))
			n = 0;
		if (out->n + !first + n > OWN_MAX)
			return;
		if (!first)
			out->own[out->n++] = ' ';
		if (n)
			memcpy(out->own + out->n, p, n);
		out->n += n;
	}
	out->p = out->own;
}

/* The arguments behind argv[0]. */
static void join_args(const struct plan_seen *s, bool first, struct text *out)
{
	struct value v;

	out->p = NULL;
	if (!own_fact(s, FACT_ARGV, &v) || v.type != VALUE_ARRAY)
		return;
	struct cursor in = v.a.inside;
	if (value_skip(&in) == 1)
		join_texts(in, first, out);
}

/* Of a process that is known to have none it is empty. */
static void join_env(const struct plan_seen *s, struct text *out)
{
	struct value v = { .type = VALUE_NIL };

	out->p = s->process ? out->own : NULL;
	out->n = 0;
	if (s->process && plan_process_fact(s->processes, s->process, 0, FACT_ENV, &v) && v.type == VALUE_ARRAY)
		join_texts(v.a.inside, true, out);
	for (size_t i = 0; out->p && i < out->n; i++)
		if (out->own[i] >= 'A' && out->own[i] <= 'Z')
			out->own[i] = (char)(out->own[i] + ('a' - 'A'));
}

/* A thread may have a name of its own, and no arguments. */
static void join_cmdline(const struct plan_seen *s, struct text *out)
{
	struct text name;
	struct value v;

	out->p = NULL;
	if (s->event.task != s->event.process || !own_fact(s, FACT_COMM, &v) || !whole(&v, &name))
		return;
	memcpy(out->own, name.p, name.n);
	out->n = name.n;
	join_args(s, false, out);
}

static void with_slash(struct text *t)
{
	if (!t->p || t->n == 0 || t->p[t->n - 1] == '/')
		return;
	if (t->n == TEXT_MAX) {
		t->p = NULL;
		return;
	}
	memcpy(t->own, t->p, t->n);
	t->own[t->n++] = '/';
	t->p = t->own;
}

static void subject(const struct plan_seen *s, const struct plan_test *t, struct text *out)
{
	const struct plan_process *parent;
	struct value v = { .type = VALUE_NIL };
	int i;

	switch (t->subject) {
	case PLAN_PATH: main_path(s, out); return;
	case PLAN_PATH2: path_param(s, 1, OBJECT_OR_JOINED, out); return;
	case PLAN_JOINED: path_param(s, 0, JOINED, out); return;
	case PLAN_JOINED2: path_param(s, 1, JOINED, out); return;
	case PLAN_PASSED: path_param(s, 0, PASSED, out); return;
	case PLAN_PASSED2: path_param(s, 1, PASSED, out); return;
	case PLAN_EXE: own_fact(s, FACT_EXEPATH, &v); break;
	case PLAN_COMM: own_fact(s, FACT_COMM, &v); break;
	case PLAN_ARGV0: own_fact(s, FACT_EXE, &v); break;
	case PLAN_ARGS:
		out->n = 0;
		join_args(s, true, out);
		return;
	case PLAN_CMDLINE: join_cmdline(s, out); return;
	case PLAN_ENV: join_env(s, out); return;
	case PLAN_CWD:
		own_fact(s, FACT_CWD, &v);
		whole(&v, out);
		with_slash(out);
		return;
	case PLAN_PARENT: case PLAN_PARENT_ARGV0:
		parent = s->process ? plan_process_parent(s->processes, s->process) : NULL;
		if (parent)
			plan_process_fact(s->processes, parent, 0, t->subject == PLAN_PARENT ? FACT_COMM : FACT_EXE, &v);
		break;
	default:
		i = event_param(s->type, t->param, strlen(t->param));
		if (i >= 0)
			v = s->param[i];
		break;
	}
	whole(&v, out);
}

enum plan_answer plan_text_dots(const struct plan_seen *s)
{
	struct text t;

	path_param(s, 0, PASSED, &t);
	return !t.p ? ANSWER_UNKNOWN : memmem(t.p, t.n, "..", 2) ? ANSWER_YES : ANSWER_NO;
}

static bool starts(const struct plan_text *t, const struct plan_text *with)
{
	return t->n >= with->n && memcmp(t->p, with->p, with->n) == 0;
}

static bool equal(const struct plan_text *t, const struct plan_text *c)
{
	return t->n == c->n && memcmp(t->p, c->p, c->n) == 0;
}

static bool below(const struct plan_text *t, const struct plan_text *c)
{
	return starts(t, c) && (t->n == c->n || t->p[c->n] == '/' || (c->n && c->p[c->n - 1] == '/'));
}

static struct plan_text part_of(const struct plan_text *t, unsigned op)
{
	const char *slash = t->n ? memrchr(t->p, '/', t->n) : NULL;
	struct plan_text part;

	if (op == PLAN_FOLDER_IS) {
		part.p = !slash || slash == t->p ? "/" : t->p;
		part.n = !slash || slash == t->p ? 1 : (size_t)(slash - t->p);
	} else {
		part.p = slash ? slash + 1 : t->p;
		part.n = (size_t)(t->p + t->n - part.p);
	}
	return part;
}

static bool holds(const struct plan_text *t, unsigned op, const struct plan_text *c)
{
	switch (op) {
	case PLAN_UNDER: return below(t, c);
	case PLAN_PREFIX: case PLAN_NAME_PREFIX: return starts(t, c);
	case PLAN_CONTAINS: return memmem(t->p, t->n, c->p, c->n) != NULL;
	case PLAN_NAME_SUFFIX: return t->n >= c->n && memcmp(t->p + t->n - c->n, c->p, c->n) == 0;
	default: return equal(t, c);
	}
}

/* Of a directory the folder is the path itself; what else is not a file has none. */
static enum plan_answer folder_form(const struct plan_seen *s, const struct plan_test *t, bool *itself)
{
	bool fd = t->subject == PLAN_PATH && s->fd.applies && (s->type->flags & EV_CREATES_FD || plan_event_path(s->type, 0) < 0);

	*itself = fd && s->fd.known && s->fd.kind == FD_DIRECTORY;
	return !fd || !s->fd.known || s->fd.kind == FD_FILE || *itself ? ANSWER_YES : ANSWER_UNKNOWN;
}

static bool any_text(const struct plan_test *t, const struct plan_text *whole, bool itself)
{
	struct plan_text part = *whole;

	if (t->op >= PLAN_NAME_IS && !itself)
		part = part_of(whole, t->op);
	for (size_t i = 0; i < t->n; i++)
		if (holds(&part, t->op, &t->text[i]))
			return true;
	return false;
}

struct spelling {
	const struct plan_test *test;
	bool itself;
};

static bool spelling_holds(const void *arg, const struct plan_text *path)
{
	const struct spelling *s = arg;

	return any_text(s->test, path, s->itself);
}

/* Of the ancestors any, from the parent on; what is not known of one may be what is looked for. */
static enum plan_answer ancestor_test(const struct plan_seen *s, const struct plan_test *t)
{
	const struct plan_process *p = s->process;
	bool lost = !p;
	struct text name;
	struct value v;

	for (int i = 0; p && i < ANCESTORS; i++) {
		uint64_t key = plan_process_parent_key(p);
		if (!key)
			return lost ? ANSWER_UNKNOWN : ANSWER_NO;
		p = plan_process_parent(s->processes, p);
		if (p == s->process)
			break;
		if (!p || !plan_process_fact(s->processes, p, 0, FACT_COMM, &v) || !whole(&v, &name)) {
			lost = true;
			continue;
		}
		const struct plan_text text = { name.p, name.n };
		if (any_text(t, &text, false))
			return ANSWER_YES;
	}
	return ANSWER_UNKNOWN;
}

enum plan_answer plan_text_test(const struct plan_seen *s, const struct plan_test *t)
{
	bool itself = false, path = t->subject >= PLAN_PATH && t->subject <= PLAN_JOINED2, name;
	struct text text;

	if (t->subject == PLAN_ANCESTOR)
		return ancestor_test(s, t);
	text.none = false;
	subject(s, t, &text);
	/* What can be said of it only when it is a path, and whatever it is called by. */
	name = plan_is_of_name(t) || t->op == PLAN_CONTAINS;
	if (text.none)
		return name ? ANSWER_UNKNOWN : ANSWER_NO;
	if (!text.p || (path && (!text.n || (name && text.p[0] != '/'))))
		return ANSWER_UNKNOWN;
	bool passed = t->subject == PLAN_PASSED || t->subject == PLAN_PASSED2;
	if ((t->op == PLAN_UNDER || passed) && memmem(text.p, text.n, "//", 2))
		return ANSWER_UNKNOWN;
	if (t->op == PLAN_UNDER && (!text.n || text.p[0] != '/') && (!path || passed))
		return ANSWER_UNKNOWN;
	if (t->op == PLAN_FOLDER_IS && folder_form(s, t, &itself) == ANSWER_UNKNOWN)
		return ANSWER_UNKNOWN;
	const struct plan_text all = { text.p, text.n };
	const struct spelling spelling = { t, itself };
	if (any_text(t, &all, itself))
		return ANSWER_YES;
	/* Rules may mean the file by another name. */
	bool kernel = t->subject == PLAN_PATH || t->subject == PLAN_PATH2 || t->subject == PLAN_EXE || t->subject == PLAN_CWD ||
		t->subject == PLAN_ARG_TEXT;
	if (kernel && !name && plan_links_any(&s->processes->links, &all, spelling_holds, &spelling))
		return ANSWER_UNKNOWN;
	return ANSWER_NO;
}
