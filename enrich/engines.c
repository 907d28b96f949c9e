/* The list of engines and their roots. */
#include "engines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "rootfile.h"
#include "wire/log.h"

static const struct engine_def *const defs[] = { &docker_engine, &podman_engine };

static void add(struct engines *e, const struct engine_def *def, const char *root, size_t len)
{
	e->v = realloc(e->v, (e->n + 1) * sizeof *e->v);
	char *copy;
	if (asprintf(&copy, "%s%.*s", host_root(), (int)len, root) < 0)
		copy = NULL;
	if (!e->v || !copy)
		diex(EX_OSERR, "out of memory: engine roots");
	e->v[e->n++] = (struct engine){ .def = def, .root = copy };
}

void engines_open(struct engines *e, const struct conf *conf)
{
	*e = (struct engines){0};
	for (size_t i = 0; i < sizeof defs / sizeof *defs; i++) {
		const char *roots = conf_text(conf, (enum conf_key)defs[i]->roots_key);
		while (*roots) {
			size_t len = strcspn(roots, ":");
			if (len)
				add(e, defs[i], roots, len);
			roots += len + (roots[len] == ':');
		}
	}
}

enum lookup engines_lookup(struct engines *e, const char *runtime, const char *full, struct metadata *m,
	const char **found, struct json_problem *problem)
{
	for (unsigned i = 0; i < e->n; i++) {
		if (strcmp(e->v[i].def->name, runtime) != 0)
			continue;
		enum lookup result = e->v[i].def->lookup(&e->v[i], full, m, problem);
		if (result == LOOKUP_NONE)
			continue;
		*found = e->v[i].def->found;
		return result;
	}
	return LOOKUP_NONE;
}

static bool is_there(const struct engine *e)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", e->root, e->def->mark);
	return access(path, F_OK) == 0;
}

void engines_describe(const struct engines *e, char *text, size_t len)
{
	size_t n = 0;

	snprintf(text, len, "none");
	for (unsigned i = 0; i < e->n && n < len; i++)
		if (is_there(&e->v[i]))
			n += (size_t)snprintf(text + n, len - n, "%s%s (%s)", n ? ", " : "", e->v[i].def->name,
				e->v[i].root);
}

void engines_close(struct engines *e)
{
	for (unsigned i = 0; i < e->n; i++) {
		json_cache_free(&e->v[i].images);
		json_cache_free(&e->v[i].containers);
		free(e->v[i].root);
	}
	free(e->v);
	*e = (struct engines){0};
}
