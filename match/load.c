/* Loading rules files. */
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "match/language/required.h"
#include "match/language/ruleset.h"

struct files {
	struct arena *arena;
	const char **path;
	size_t n, cap;
	bool any;                       /* whatever their names end in, as 0.28 */
};

static void add(struct files *f, const char *path)
{
	f->path = vec_room(f->arena, f->path, f->n, &f->cap, sizeof *f->path);
	f->path[f->n++] = arena_strn(f->arena, path, strlen(path));
}

static bool is_yaml(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_folder(struct files *f, const char *folder, struct diag *d)
{
	DIR *dir = opendir(folder);
	size_t first = f->n;
	struct strbuf path = {0};
	struct stat st;

	if (!dir)
		return diag_error(d, (struct place){0}, LOAD_ERR_FILE_READ, "%s: can not be opened: %s", folder, strerror(errno));
	for (struct dirent *e; (e = readdir(dir));) {
		strbuf_reset(&path);
		strbuf_printf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", e->d_name);
		if ((f->any || is_yaml(e->d_name)) && stat(path.p, &st) == 0 && S_ISREG(st.st_mode))
			add(f, path.p);
	}
	closedir(dir);
	strbuf_free(&path);
	if (f->n > first)
		qsort(f->path + first, f->n - first, sizeof *f->path, by_path);
	return 0;
}

static int list_files(const struct load *l, struct files *f, struct diag *d)
{
	struct stat st;

	for (unsigned i = 0; i < l->n; i++) {
		if (stat(l->paths[i], &st) != 0)
			return diag_error(d, (struct place){0}, LOAD_ERR_FILE_READ, "%s: can not be opened: %s", l->paths[i], strerror(errno));
		if (!S_ISDIR(st.st_mode))
			add(f, l->paths[i]);
		else if (add_folder(f, l->paths[i], d) != 0)
			return -1;
	}
	if (!f->n)
		return diag_error(d, (struct place){0}, LOAD_ERR_FILE_READ, "You must specify at least one rules file/directory via -r");
	return 0;
}

/* That a plugin is missing says more than what is wrong with rules that were written for it. */
static bool plugins_missing(const struct ruleset *rs, struct diag *d)
{
	struct diag probe = {0};
	bool missing = required_check(rs, &probe) != 0;

	diag_free(&probe);
	if (!missing)
		return false;
	if (d->failed)
		diag_rewind(d, d->n - 1);
	required_check(rs, d);
	return true;
}

/* Each file must make sense with those before it alone; only what the last compilation warns of is kept. */
static struct program *load_files(const struct files *f, const struct program_options *o, struct ruleset *rs, struct diag *d)
{
	struct program *p = NULL;

	for (size_t i = 0; i < f->n; i++) {
		program_free(p);
		p = NULL;
		if (ruleset_load(rs, f->path[i], NULL, d) != 0)
			break;
		size_t messages = d->n;
		if (!(p = program_new(rs, o, d)))
			break;
		if (i + 1 < f->n)
			diag_rewind(d, messages);
	}
	if (!plugins_missing(rs, d))
		return p;
	program_free(p);
	return NULL;
}

static bool named_before(const struct event_type *const *types, size_t n, const struct event_type *t)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(types[i]->name, t->name) == 0)
			return true;
	return false;
}

static void summarize_types(const struct program *p, struct strbuf *out)
{
	const struct event_type *types[EVENT_TYPES];
	size_t n = 0, all = 0;

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		bool wanted = false;
		for (size_t r = 0; t && !wanted && r < p->nrules; r++)
			wanted = p->rules[r].syscall && type_bit(p->rules[r].types, i);
		all += t && !evttypes_open(i);
		if (wanted && !evttypes_open(i) && !named_before(types, n, t))
			types[n++] = t;
	}
	strbuf_puts(out, "; event types");
	if (n > all / 2)
		strbuf_puts(out, " all");
	for (size_t i = 0; i < n && n <= all / 2; i++)
		strbuf_printf(out, " %s", types[i]->name);
	if (!n)
		strbuf_puts(out, " none");
}

static void summarize(const struct program *p, const struct files *f, struct strbuf *out)
{
	strbuf_reset(out);
	strbuf_printf(out, "%zu rules, %zu macros, %zu lists from", p->nrules, p->nmacros, p->nlists);
	for (size_t i = 0; i < f->n; i++)
		strbuf_printf(out, " %s", f->path[i]);
	summarize_types(p, out);
}

struct program *load_with(const struct load *l, const struct program_options *o, struct ruleset *rs, struct diag *d)
{
	struct files f = { .any = l->old, .arena = &rs->arena };

	rs->old = l->old;
	rs->own = l->own;
	return list_files(l, &f, d) == 0 ? load_files(&f, o, rs, d) : NULL;
}

struct program *load_program(const struct load *l, struct ruleset *rs, struct diag *d, struct strbuf *summary)
{
	const struct program_options options = { .priority = l->priority, .settings = l->settings };
	struct files f = { .any = l->old, .arena = &rs->arena };
	struct program *p = load_with(l, &options, rs, d);

	if (p && list_files(l, &f, d) == 0)
		summarize(p, &f, summary);
	return p;
}

int load_paths(const struct load *l, struct arena *a, struct diag *d, const char ***paths, size_t *n)
{
	struct files f = { .any = l->old, .arena = a };
	int rc = list_files(l, &f, d);

	*paths = f.path;
	*n = rc == 0 ? f.n : 0;
	return rc;
}
