/* Paths: as passed, joined, and as the kernel has them; the fields fs.path.* and evt.abspath. */
#include "field_paths.h"

#include <string.h>

#include "field_fd.h"
#include "wire/fact.h"
#include "wire/path.h"

/* [as passed, base, object], or the text alone. */
struct path {
	const char *passed, *base, *object;     /* NULL: nil */
	uint32_t passed_len, base_len, object_len;
};

static void next_text(struct cursor *c, const char **p, uint32_t *n)
{
	struct value v;

	*p = NULL;
	*n = 0;
	if (value_next(c, &v) == 1)
		field_bytes(&v, p, n);
}

/* A cut text [bin, whole] is an array too: its second element is a number. */
static bool read_path(const struct value *v, struct path *out)
{
	*out = (struct path){0};
	if (field_bytes(v, &out->passed, &out->passed_len))
		return true;
	if (v->type != VALUE_ARRAY)
		return false;
	struct cursor c = v->a.inside;
	next_text(&c, &out->passed, &out->passed_len);
	next_text(&c, &out->base, &out->base_len);
	next_text(&c, &out->object, &out->object_len);
	return out->passed || out->object;
}

/* What captures have for a folder whose descriptor is not known. */
static bool base_unknown(const struct path *p)
{
	static const char text[] = "<UNKNOWN>";

	return p->base && p->base_len == sizeof text - 1 && memcmp(p->base, text, sizeof text - 1) == 0;
}

/* As Falco names the object of such a path: nothing is joined. */
static int unjoined(struct context *c, const struct path *p, struct field_value *out)
{
	struct text t = text_new(&c->arena, p->base_len + p->passed_len);

	text_add(&t, p->base, p->base_len);
	text_add(&t, p->passed, p->passed_len);
	return text_value(&t, out);
}

static int joined(struct context *c, const struct path *p, struct field_value *out)
{
	const char *base = p->base;
	uint32_t base_len = p->base_len;
	struct value cwd;

	if (!p->passed)
		return -1;
	bool absolute = p->passed_len && p->passed[0] == '/';
	if (!absolute && !base && c->process && process_fact(c->process, c->thread, FACT_CWD, &cwd))
		field_bytes(&cwd, &base, &base_len);
	size_t cap = (size_t)base_len + p->passed_len + 4;
	char *text = arena_alloc(&c->arena, cap);
	return field_text(out, text, path_join(text, cap, base, base ? base_len : 0, p->passed, p->passed_len));
}

static int collapsed(struct context *c, const struct path *p, struct field_value *out)
{
	if (!p->passed)
		return -1;
	if (!memmem(p->passed, p->passed_len, "//", 2))
		return field_text(out, p->passed, p->passed_len);
	char *text = arena_alloc(&c->arena, p->passed_len);
	size_t n = 0;
	for (uint32_t i = 0; i < p->passed_len; i++)
		if (p->passed[i] != '/' || n == 0 || text[n - 1] != '/')
			text[n++] = p->passed[i];
	return field_text(out, text, n);
}

int field_path(struct context *c, const struct value *v, enum path_form form, struct field_value *out)
{
	struct path p;

	if (!read_path(v, &p))
		return -1;
	switch (form) {
	case PATH_VERBATIM: return p.passed ? field_text(out, p.passed, p.passed_len) : -1;
	case PATH_AS_PASSED: return collapsed(c, &p, out);
	case PATH_OBJECT_OR_JOINED:
		if (p.object)
			return field_text(out, p.object, p.object_len);
		if (p.passed && base_unknown(&p))
			return unjoined(c, &p, out);
		break;
	case PATH_RESOLVED:
		if (base_unknown(&p))
			return -1;
		break;
	case PATH_JOINED: break;
	}
	return joined(c, &p, out);
}

const struct value *field_param(const struct context *c, const char *name)
{
	int i = c->type ? event_param(c->type, name, strlen(name)) : -1;

	return i < 0 ? NULL : &c->params[i];
}

bool field_param_i64(const struct context *c, const char *name, int64_t *i)
{
	const struct value *v = field_param(c, name);

	return v && value_i64(v, i);
}

const struct value *field_open_path(const struct context *c)
{
	for (int i = 0; i < c->type->nparams; i++)
		if (c->type->params[i].type == PT_FSPATH || c->type->params[i].type == PT_FSRELPATH)
			return &c->params[i];
	return NULL;
}

/* Which parameters fs.path.name, .source and .target are, by event. `@fd` is the name of the descriptor's file. */
struct path_params {
	const char *event, *name, *source, *target;
};
static const struct path_params path_events[] = {
	{ "mkdir", "path", NULL, NULL }, { "mkdirat", "path", NULL, NULL }, { "rmdir", "path", NULL, NULL },
	{ "unlink", "path", NULL, NULL }, { "unlinkat", "name", NULL, NULL }, { "open", "name", NULL, NULL },
	{ "openat", "name", NULL, NULL }, { "openat2", "name", NULL, NULL }, { "chmod", "filename", NULL, NULL },
	{ "fchmod", "@fd", NULL, NULL }, { "fchmodat", "filename", NULL, NULL }, { "chown", "path", NULL, NULL },
	{ "lchown", "path", NULL, NULL }, { "fchown", "@fd", NULL, NULL }, { "fchownat", "pathname", NULL, NULL },
	{ "quotactl", "special", NULL, NULL }, { "umount", "name", NULL, NULL }, { "umount2", "name", NULL, NULL },
	{ "rename", NULL, "oldpath", "newpath" }, { "renameat", NULL, "oldpath", "newpath" },
	{ "renameat2", NULL, "oldpath", "newpath" }, { "link", NULL, "newpath", "oldpath" },
	{ "linkat", NULL, "newpath", "oldpath" }, { "symlink", NULL, "linkpath", "target" },
	{ "symlinkat", NULL, "linkpath", "target" }, { "mount", NULL, "dev", "dir" },
};

static const char *path_param(const struct event_type *t, enum path_what what)
{
	for (size_t i = 0; i < sizeof path_events / sizeof path_events[0]; i++) {
		const struct path_params *p = &path_events[i];
		if (strcmp(p->event, t->name) == 0)
			return what == PATH_NAME ? p->name : what == PATH_SOURCE ? p->source : p->target;
	}
	return NULL;
}

static bool succeeded(const struct context *c)
{
	if (!c->event.has_result)
		return false;
	/* Of calls that open Falco takes any result but -1 for a descriptor. */
	return c->event.result >= 0 || (c->type->flags & EV_CREATES_FD && c->event.result != -1);
}

/* The text of a link and the device of a mount are not paths from here: they stay as they are. */
static bool holds_path(const struct context *c, const char *name)
{
	int i = event_param(c->type, name, strlen(name));

	return i >= 0 && (c->type->params[i].type == PT_FSPATH || c->type->params[i].type == PT_FSRELPATH);
}

int get_fs_path(const struct field_ref *f, struct context *c, struct field_value *out)
{
	bool raw = f->def->what & PATH_RAW;
	const char *name = c->type ? path_param(c->type, f->def->what & ~(uint32_t)PATH_RAW) : NULL;

	if (!name || !succeeded(c))
		return -1;
	if (strcmp(name, "@fd") == 0)
		return get_fd_name(f, c, out);
	const struct value *v = field_param(c, name);
	if (!v)
		return -1;
	if (raw || !holds_path(c, name))
		return field_path(c, v, PATH_VERBATIM, out);
	if (c->type->flags & EV_CREATES_FD)
		return get_fd_name(f, c, out);
	return field_path(c, v, PATH_OBJECT_OR_JOINED, out);
}

/* The first or the second of the paths that are relative to a descriptor. */
int get_abspath(const struct field_ref *f, struct context *c, struct field_value *out)
{
	static const char *const events[] = { "openat", "openat2", "open_by_handle_at", "renameat", "renameat2", "linkat",
		"symlinkat", "unlinkat", "mkdirat", "fchmodat", "fchownat" };
	bool listed = false;
	int skip = f->has_arg && strcmp(f->key, "dst") == 0;

	for (size_t i = 0; c->type && i < sizeof events / sizeof events[0]; i++)
		listed |= strcmp(c->type->name, events[i]) == 0;
	for (int i = 0; listed && i < c->type->nparams; i++) {
		bool is_path = c->type->params[i].type == PT_FSRELPATH || c->type->params[i].type == PT_FSPATH;
		if (is_path && skip-- == 0)
			return field_path(c, &c->params[i], PATH_JOINED, out);
	}
	return -1;
}
