/* The profile of match: which folders a reload reads, and what the endpoints need. */
#include "privileges.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "services.h"
#include "vec.h"
#include "wire/confine.h"
#include "wire/log.h"
#include "wire/spec.h"

struct folders {
	struct arena *arena;
	const char **path;
	size_t n, cap;
};

static void add(struct folders *f, const char *folder)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->path[i], folder) == 0)
			return;
	f->path = vec_room(f->arena, f->path, f->n, &f->cap, sizeof *f->path);
	f->path[f->n++] = arena_strn(f->arena, folder, strlen(folder));
}

/* The folder that holds it: another file, or another link, may take its place there. */
static void add_holder(struct folders *f, const char *path)
{
	add(f, dirname(arena_strn(f->arena, path, strlen(path))));
}

static void add_target(struct folders *f, const char *path)
{
	char *target = realpath(path, NULL);

	if (target)
		add_holder(f, target);
	free(target);
}

static void rules_folders(const struct load *l, struct folders *f)
{
	struct diag d = {0};
	struct stat st;
	const char **files;
	size_t n;

	for (unsigned i = 0; i < l->n; i++) {
		bool folder = stat(l->paths[i], &st) == 0 && S_ISDIR(st.st_mode);
		if (folder)
			add(f, l->paths[i]);
		if (!folder || (lstat(l->paths[i], &st) == 0 && S_ISLNK(st.st_mode)))
			add_holder(f, l->paths[i]);
	}
	load_paths(l, f->arena, &d, &files, &n);
	for (size_t i = 0; i < n; i++)
		add_target(f, files[i]);
	diag_free(&d);
}

/* The socket of a listening endpoint is removed at the end. */
static void need_endpoint(struct confine *c, struct folders *sockets, const char *text)
{
	char err[256];
	struct spec spec;

	if (spec_parse(&spec, text, err, sizeof err) != 0)
		return;
	c->connect |= spec.kind == SPEC_CONNECT;
	c->accept |= spec.kind == SPEC_LISTEN;
	if (spec.kind == SPEC_LISTEN)
		add_holder(sockets, spec.addr.sun_path);
}

void privileges_drop(const struct load *l, const struct options *o)
{
	struct arena a = {0};
	struct folders rules = { .arena = &a }, sockets = { .arena = &a };
	struct confine c = {0};

	tzset();
	services_read();
	rules_folders(l, &rules);
	/* The generation that comes next lies beside this one (saker-conf(1)), behind the same link. */
	if (o->line.path)
		add_holder(&rules, dirname(arena_strn(&a, o->line.path, strlen(o->line.path))));
	for (unsigned i = 0; i < o->ninputs; i++)
		need_endpoint(&c, &sockets, o->inputs[i]);
	if (o->output)
		need_endpoint(&c, &sockets, o->output);
	for (size_t i = 0; i < rules.n; i++)
		log_debug("from here on can read files below %s", rules.path[i]);
	c.read = rules.path;
	c.nread = rules.n;
	c.unlink = sockets.path;
	c.nunlink = sockets.n;
	confine(&c);
	arena_free(&a);
}
