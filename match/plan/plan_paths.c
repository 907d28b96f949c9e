/* Checks of paths and names. A positive test takes a constant in all spellings of links, a negated one in its own alone: so either
 * passes at least what the check passes, whatever links the stream has. */
#include <stdio.h>
#include <string.h>

#include "plan_leaf.h"
#include "match/spelling.h"

enum { CONSTANT_MAX = 4000 };

struct texts {
	struct plan_test yes, no;               /* all spellings; the own */
	bool all;                               /* a constant that holds for more than can be said: `yes` is true */
	bool self;                              /* a constant names /proc/self */
};

static void add_text(struct derivation *d, struct plan_test *t, size_t cap, const char *s, size_t n)
{
	if (!t->text)
		t->text = arena_alloc(&d->arena, (cap + 1) * sizeof *t->text);
	t->text[t->n++] = (struct plan_text){ arena_strn(&d->arena, s, n), n };
}

static size_t special(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && !strchr("?*[\\", s[i]))
		i++;
	return i;
}

/* A path of pmatch in its normal form, up to the first component with a wildcard. Returns whether that is all of it. */
static bool normal(const char *s, size_t n, char *out, size_t *len)
{
	const char *end = s + n;

	for (*len = 0;;) {
		while (s < end && *s == '/')
			s++;
		size_t part = 0;
		while (s + part < end && s[part] != '/')
			part++;
		if (!part)
			return true;
		if (special(s, part) < part)
			return false;
		out[(*len)++] = '/';
		memcpy(out + *len, s, part);
		*len += part;
		s += part;
	}
}

/* What has no folder but looks so: pipe:[1], the ends of a connection, (unreachable). */
static bool odd(const char *path, size_t n)
{
	const char *end = memchr(path + 1, '/', n - 1);
	size_t part = end ? (size_t)(end - path) : n;

	return memchr(path, ':', part) || path[1] == '(';
}

/* Puts the constant's text, as the operator takes it, into `out`. Returns false when nothing can be said of the whole check. */
static bool constant_text(struct derivation *d, const struct text_form *form, enum cond_operator op, const char *s, size_t n, bool exact,
	size_t cap, struct texts *out)
{
	char plain[CONSTANT_MAX + 2];
	size_t len;

	if (n > CONSTANT_MAX)
		return false;
	if (op == OP_PMATCH) {
		bool whole = normal(s, n, plain, &len);
		if (len == 0 || odd(plain, len)) {
			out->all = true;
			return len > 0 || !whole;
		}
		add_text(d, &out->yes, cap, plain, len);
		if (whole && exact)
			add_text(d, &out->no, cap, plain, len);
		return true;
	}
	if (form->rooted && (n == 0 || s[0] != '/'))
		return false;
	if (op == OP_STARTSWITH && n == 0)
		return false;
	add_text(d, &out->yes, cap, s, n);
	if (exact)
		add_text(d, &out->no, cap, s, n);
	return true;
}

static bool collect(struct derivation *d, const struct predicate *p, const struct text_form *form, enum cond_operator op, struct texts *out)
{
	static const struct spellings none;
	const struct spellings *s = &d->program->spellings;
	struct spelled all[SPELLINGS_MAX];
	size_t n = d->mutation == MUTATION_CHOICE && p->n > 1 ? 1 : p->n, cap = n * SPELLINGS_MAX;

	if (!d->program->slots.slot[p->slot].path || form->name || d->mutation == MUTATION_SPELLINGS)
		s = &none;
	for (size_t i = 0; i < n; i++) {
		const struct constant *c = &p->constants[i];
		size_t spelled = spellings_of(s, c->s.p, c->s.n, &d->arena, all);
		out->self |= s->live && spelling_self(c->s.p, c->s.n);
		for (size_t k = 0; k < spelled; k++)
			if (!constant_text(d, form, op, all[k].p, all[k].n, k == 0 || d->mutation == MUTATION_NEGATED_SPELLINGS, cap, out))
				return false;
	}
	plan_test_settle(&out->yes);
	plan_test_settle(&out->no);
	return true;
}

/* Of the ends of paths those are tested that lie in the last component. */
static bool suffix(struct derivation *d, const struct predicate *p, const struct text_form *form, struct leaf *out)
{
	const char *s = p->constants[0].s.p;
	size_t n = p->constants[0].s.n;
	const char *slash = n ? memrchr(s, '/', n) : NULL;
	const char *name = slash ? slash + 1 : s;
	size_t len = (size_t)(s + n - name);
	struct plan_text text = { name, len };
	struct plan_test t = { .kind = PLAN_TEXT, .subject = form->subject, .op = slash ? PLAN_NAME_IS : PLAN_NAME_SUFFIX, .param = form->param,
		.text = &text, .n = 1 };

	if (p->n != 1 || len == 0 || n > CONSTANT_MAX ||
		(form->subject >= PLAN_COMM && form->subject <= PLAN_ARG_TEXT))
		return false;
	out->yes = cover_test(d, &t, false);
	/* What stands before the name must be only the slash, or the test says more than the check. */
	if ((!slash || (slash == s && !form->name)) && form->subject != PLAN_PASSED && form->subject != PLAN_PASSED2 && (!form->name || !slash))
		out->no = cover_test(d, &t, true);
	return true;
}

/* In a path a text without a slash lies in a component, and has no other spelling. */
static bool contains(struct derivation *d, const struct predicate *p, const struct text_form *form, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_TEXT, .subject = form->subject, .op = d->mutation == MUTATION_PREFIX ? PLAN_NAME_IS : PLAN_CONTAINS };
	bool cmdline = form->subject == PLAN_CMDLINE;

	if (form->name || (form->subject > PLAN_EXE && !cmdline))
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const struct constant *c = &p->constants[i];
		if (!c->s.n || c->s.n > CONSTANT_MAX || (!cmdline && memchr(c->s.p, '/', c->s.n)))
			return false;
		add_text(d, &t, p->n, c->s.p, c->s.n);
	}
	plan_test_settle(&t);
	out->yes = cover_test(d, &t, false);
	out->no = cover_test(d, &t, true);
	return true;
}

static enum plan_op plan_op(const struct derivation *d, const struct text_form *form, enum cond_operator op)
{
	bool broken = d->mutation == MUTATION_PREFIX;

	if (form->folder)
		return op == OP_PMATCH ? PLAN_UNDER : op == OP_STARTSWITH ? PLAN_PREFIX : PLAN_FOLDER_IS;
	switch (op) {
	case OP_PMATCH: return broken ? PLAN_IS : PLAN_UNDER;
	case OP_STARTSWITH: return broken ? PLAN_IS : form->name ? PLAN_NAME_PREFIX : PLAN_PREFIX;
	default: return form->name ? PLAN_NAME_IS : PLAN_IS;
	}
}

/* glob is startswith its beginning, when it holds. */
static bool glob(struct derivation *d, const struct predicate *p, const struct text_form *form, struct leaf *out)
{
	const struct constant *c = &p->constants[0];
	struct plan_test t = { .kind = PLAN_TEXT, .subject = form->subject, .param = form->param };
	struct spelled all[SPELLINGS_MAX];
	static const struct spellings none;
	bool path = d->program->slots.slot[p->slot].path && d->mutation != MUTATION_SPELLINGS;
	size_t n = p->n == 1 ? spellings_of(path ? &d->program->spellings : &none, c->s.p, c->s.n, &d->arena, all) : 0;

	t.op = form->name ? PLAN_NAME_PREFIX : PLAN_PREFIX;
	for (size_t i = 0; i < n; i++) {
		size_t plain = special(all[i].p, all[i].n);
		if (plain == 0 || plain > CONSTANT_MAX || (form->rooted && all[i].p[0] != '/'))
			return false;
		add_text(d, &t, n, all[i].p, plain);
	}
	if (!n || (path && spelling_self(c->s.p, c->s.n)))
		return false;
	out->yes = cover_test(d, &t, false);
	return true;
}

/* /proc/self is the own /proc/PID too. */
static void or_self(struct derivation *d, const struct text_form *form, struct cover *c)
{
	struct plan_text proc = { "/proc/", 6 };
	const struct plan_test t = { .kind = PLAN_TEXT, .subject = form->subject, .op = PLAN_PREFIX, .param = form->param,
		.text = &proc, .n = 1 };
	struct cover also = cover_test(d, &t, false);

	*c = cover_or(d, c, &also);
}

void plan_texts(struct derivation *d, const struct predicate *p, const struct text_form *form, struct leaf *out)
{
	enum cond_operator op = p->op;
	struct texts t = { .yes = { .kind = PLAN_TEXT, .subject = form->subject, .param = form->param } };

	if (op == OP_ENDSWITH && p->n && !form->folder) {
		out->tested |= suffix(d, p, form, out);
		return;
	}
	if (op == OP_CONTAINS && p->n && !form->folder) {
		out->tested |= contains(d, p, form, out);
		return;
	}
	if (op == OP_GLOB && !form->folder) {
		out->tested |= glob(d, p, form, out);
		return;
	}
	if (op != OP_EQ && op != OP_IN && op != OP_NE && op != OP_STARTSWITH && op != OP_PMATCH)
		return;
	if (!p->n) {
		leaf_missing(d, out);
		return;
	}
	t.yes.op = (uint8_t)plan_op(d, form, op);
	t.no = t.yes;
	if (!collect(d, p, form, op, &t))
		return;
	struct cover yes = t.all || !t.yes.n ? cover_true(d) : cover_test(d, &t.yes, false);
	struct cover no = t.no.n ? cover_test(d, &t.no, true) : cover_true(d);
	if (t.self)
		or_self(d, form, &yes);
	out->yes = op == OP_NE ? no : yes;
	out->no = op == OP_NE ? yes : no;
	out->tested = true;
}

void leaf_comm(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	(void)f;
	if (p->op != OP_PMATCH)
		plan_texts(d, p, &(struct text_form){ .subject = PLAN_COMM }, out);
}

void leaf_parent(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	(void)f;
	if (p->op != OP_PMATCH)
		plan_texts(d, p, &(struct text_form){ .subject = PLAN_PARENT }, out);
}

/* Any ancestor: without a number, and that one differs says nothing of the others. */
void leaf_ancestor(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	if (!f->has_arg && p->op != OP_PMATCH && p->op != OP_NE)
		plan_texts(d, p, &(struct text_form){ .subject = PLAN_ANCESTOR }, out);
}

void leaf_argv0(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	(void)f;
	if (p->op != OP_PMATCH)
		plan_texts(d, p, &(struct text_form){ .subject = PLAN_ARGV0 }, out);
}

/* Of the parent only the end. */
void leaf_parent_argv0(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_TEXT, .subject = PLAN_PARENT_ARGV0, .op = PLAN_NAME_SUFFIX };

	(void)f;
	if (p->op != OP_ENDSWITH || p->n != 1 || !p->constants[0].s.n || memchr(p->constants[0].s.p, '/', p->constants[0].s.n))
		return;
	add_text(d, &t, 1, p->constants[0].s.p, p->constants[0].s.n);
	leaf_exact(d, out, &t);
}

void leaf_args(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	if (!f->has_arg && p->op != OP_PMATCH)
		plan_texts(d, p, &(struct text_form){ .subject = PLAN_ARGS }, out);
}

static bool executes(const struct event_type *t)
{
	return strncmp(t->name, "execve", 6) == 0;
}

/* What the kernel side can not tell, of other calls, would only make more lines; and so would lists of command lines, which rules have for
 * what they except. */
void leaf_cmdline(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	(void)f;
	if (executes(d->type) && (p->op == OP_CONTAINS || p->op == OP_STARTSWITH || p->op == OP_GLOB))
		plan_texts(d, p, &(struct text_form){ .subject = PLAN_CMDLINE }, out);
}

/* Whatever the case of letters, so only that a text is not there says something. */
void leaf_env(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_TEXT, .subject = PLAN_ENV, .op = PLAN_CONTAINS };

	if (f->has_arg || !executes(d->type) || (p->op != OP_CONTAINS && p->op != OP_ICONTAINS))
		return;
	for (size_t i = 0; i < p->n; i++) {
		const struct constant *c = &p->constants[i];
		if (!c->s.n || c->s.n > CONSTANT_MAX)
			return;
		char *lower = arena_strn(&d->arena, c->s.p, c->s.n);
		for (size_t k = 0; k < c->s.n; k++)
			if (lower[k] >= 'A' && lower[k] <= 'Z')
				lower[k] = (char)(lower[k] + ('a' - 'A'));
		add_text(d, &t, p->n, lower, c->s.n);
	}
	plan_test_settle(&t);
	out->yes = cover_test(d, &t, false);
	out->no = cover_true(d);
	out->tested = true;
}

void leaf_cwd(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	(void)f;
	plan_texts(d, p, &(struct text_form){ .subject = PLAN_CWD, .rooted = true }, out);
}

void leaf_exe(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	(void)f;
	plan_texts(d, p, &(struct text_form){ .subject = PLAN_EXE, .rooted = p->op == OP_ENDSWITH }, out);
}

/* Of calls that only use a descriptor beside a path, as unlinkat, its file is another. */
static bool is_main_path(const struct event_type *t)
{
	return t->flags & EV_CREATES_FD || plan_event_path(t, 0) < 0;
}

void leaf_fd_name(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	(void)f;
	if (is_main_path(d->type))
		plan_texts(d, p, &(struct text_form){ .subject = PLAN_PATH, .rooted = true }, out);
}

/* Does the check hold only of texts with `..` in them? */
static bool climbs(const struct predicate *p)
{
	bool all = p->n && (p->op == OP_CONTAINS || p->op == OP_GLOB || p->op == OP_ENDSWITH || p->op == OP_STARTSWITH || p->op == OP_EQ);

	for (size_t i = 0; i < p->n && all; i++) {
		const struct constant *c = &p->constants[i];
		all = memmem(c->s.p, c->s.n, "..", 2) && (p->op != OP_GLOB || !strpbrk(c->s.p, "[\\"));
	}
	return all;
}

void leaf_fd_raw(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	static const struct plan_test dots = { .kind = PLAN_FLAG, .subject = PLAN_DOTS };

	(void)f;
	if (!(d->type->flags & EV_CREATES_FD) || plan_event_path(d->type, 0) < 0)
		return;
	if (climbs(p)) {
		out->yes = cover_test(d, &dots, false);
		out->tested = true;
	} else if (p->op != OP_PMATCH) {
		plan_texts(d, p, &(struct text_form){ .subject = PLAN_PASSED, .passed = true }, out);
	}
}

static struct plan_test kinds(uint64_t mask)
{
	return (struct plan_test){ .kind = PLAN_MASK, .subject = PLAN_FD_KIND, .mask = mask };
}

/* That a path begins with a folder says that its folder does, not the other way round. */
static void strictly_below(struct derivation *d, const struct predicate *p, struct leaf *out)
{
	struct plan_test below = { .kind = PLAN_TEXT, .subject = PLAN_PATH, .op = PLAN_PREFIX };
	char path[CONSTANT_MAX + 2];
	size_t n;

	out->no = cover_true(d);
	for (size_t i = 0; p->op == OP_PMATCH && i < p->n; i++) {
		if (p->constants[i].s.n > CONSTANT_MAX || !normal(p->constants[i].s.p, p->constants[i].s.n, path, &n) || n == 0)
			continue;
		path[n++] = '/';
		add_text(d, &below, p->n, path, n);
	}
	if (below.n)
		out->no = cover_test(d, &below, true);
}

void leaf_folder(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	const struct plan_test files = kinds((uint64_t)1 << FD_FILE | (uint64_t)1 << FD_DIRECTORY);

	(void)f;
	if (!is_main_path(d->type))
		return;
	plan_texts(d, p, &(struct text_form){ .subject = PLAN_PATH, .rooted = true, .folder = true }, out);
	if (!out->tested)
		return;
	if (p->op == OP_PMATCH || p->op == OP_STARTSWITH)
		strictly_below(d, p, out);
	leaf_guard(d, out, &files, false);
}

void leaf_filename(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	const struct plan_test file = kinds((uint64_t)1 << FD_FILE);

	(void)f;
	if (!is_main_path(d->type) || p->op == OP_PMATCH)
		return;
	plan_texts(d, p, &(struct text_form){ .subject = PLAN_PATH, .name = true }, out);
	if (out->tested)
		leaf_guard(d, out, &file, false);
}

/* Which path of the event: the parameter, or the descriptor's file (-1). */
static bool fs_param(const struct event_type *t, const char *what, int *param)
{
	static const struct { const char *event, *name, *source, *target; } events[] = {
		{ "mkdir", "path", NULL, NULL }, { "mkdirat", "path", NULL, NULL }, { "rmdir", "path", NULL, NULL },
		{ "unlink", "path", NULL, NULL }, { "unlinkat", "name", NULL, NULL }, { "open", "name", NULL, NULL },
		{ "openat", "name", NULL, NULL }, { "openat2", "name", NULL, NULL }, { "chmod", "filename", NULL, NULL },
		{ "fchmod", "", NULL, NULL }, { "fchmodat", "filename", NULL, NULL }, { "chown", "path", NULL, NULL },
		{ "lchown", "path", NULL, NULL }, { "fchown", "", NULL, NULL }, { "fchownat", "pathname", NULL, NULL },
		{ "umount", "name", NULL, NULL }, { "umount2", "name", NULL, NULL }, { "rename", NULL, "oldpath", "newpath" },
		{ "renameat", NULL, "oldpath", "newpath" }, { "renameat2", NULL, "oldpath", "newpath" },
		{ "link", NULL, "newpath", "oldpath" }, { "linkat", NULL, "newpath", "oldpath" },
		{ "symlink", NULL, "linkpath", "target" }, { "symlinkat", NULL, "linkpath", "target" }, { "mount", NULL, "dev", "dir" },
	};

	for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
		if (strcmp(events[i].event, t->name) != 0)
			continue;
		const char *name = what[0] == 'n' ? events[i].name : what[0] == 's' ? events[i].source : events[i].target;
		*param = name && *name ? event_param(t, name, strlen(name)) : -1;
		return name != NULL;
	}
	return false;
}

void leaf_fs_path(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	static const uint8_t nth[2][2] = { { PLAN_PATH, PLAN_PATH2 }, { PLAN_PASSED, PLAN_PASSED2 } };
	const char *what = f->def->name + strlen("fs.path.");
	bool raw = strcmp(what + strlen(what) - 3, "raw") == 0, opens = d->type->flags & EV_CREATES_FD;
	struct text_form form = { .subject = PLAN_PATH, .rooted = true };
	struct plan_range lost = { -1, -1 };
	const struct plan_test ok = { .kind = PLAN_FLAG, .subject = PLAN_OK };
	const struct plan_test none = { .kind = PLAN_NUMBER, .subject = PLAN_RESULT, .range = &lost, .n = 1 };
	int param;

	/* quotactl has a special file there, which none of the tests looks at. */
	if (strcmp(d->type->name, "quotactl") == 0)
		return;
	if (!fs_param(d->type, what, &param)) {
		leaf_missing(d, out);
		return;
	}
	if (param >= 0 && d->type->params[param].type == PT_CHARBUF)
		form = (struct text_form){ .subject = PLAN_ARG_TEXT, .param = d->type->params[param].name };
	else if (param >= 0 && !opens)
		form.subject = nth[raw][param == plan_event_path(d->type, 1)];
	else if (raw && opens)
		form.subject = PLAN_PASSED;
	form.rooted = form.subject == PLAN_PATH || form.subject == PLAN_PATH2;
	form.passed = form.subject == PLAN_PASSED || form.subject == PLAN_PASSED2;
	if (p->op == OP_PMATCH && !form.rooted)
		return;
	plan_texts(d, p, &form, out);
	if (opens)
		leaf_guard(d, out, &none, true);
	else
		leaf_guard(d, out, &ok, false);
}

void leaf_abspath(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	static const char *const events[] = { "openat", "openat2", "open_by_handle_at", "renameat", "renameat2", "linkat",
		"symlinkat", "unlinkat", "mkdirat", "fchmodat", "fchownat" };
	bool second = f->has_arg && strcmp(f->key, "dst") == 0, listed = false;

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		listed |= strcmp(events[i], d->type->name) == 0;
	if (!listed || plan_event_path(d->type, second) < 0)
		leaf_missing(d, out);
	else
		plan_texts(d, p, &(struct text_form){ .subject = second ? PLAN_JOINED2 : PLAN_JOINED, .rooted = true }, out);
}
