/* What a live source says of itself: host, kernel, schema, captured types, symbolic links that rules may name. */
#include "hello.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum { LINKS_MAX = 2048 };

static void pack_param_schema(struct pack *out, const struct param *p)
{
	static const char *const formats[] = { "d", "x", "o" };
	static const char *const sets[SET_COUNT] = {
#define FLAGSET(name, entries) [SET_##name] = #name,
#include "wire/flags.def"
#undef FLAGSET
	};

	pack_array(out, 5);
	pack_str(out, p->name);
	pack_str(out, param_type_name(p->type));
	pack_str(out, formats[p->format]);
	pack_str(out, sets[p->set]);
	if (p->dir >= 0)
		pack_uint(out, (uint64_t)p->dir);
	else
		pack_nil(out);
}

static void pack_schema(struct pack *out)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		n += event_type(i) != NULL;
	pack_array(out, n);
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		if (!t)
			continue;
		pack_array(out, 4);
		pack_uint(out, t->number);
		pack_str(out, t->name);
		pack_str(out, t->category);
		pack_array(out, t->nparams);
		for (unsigned k = 0; k < t->nparams; k++)
			pack_param_schema(out, &t->params[k]);
	}
}

static void pack_types(struct pack *out, const bool types[EVENT_TYPES])
{
	uint32_t n = 0;

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		n += types[i];
	pack_array(out, n);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (types[i])
			pack_uint(out, i);
}

struct links {
	struct pack pairs;
	uint32_t count;
};

static void add_link(struct links *l, const char *path)
{
	char target[PATH_MAX];

	if (l->count >= LINKS_MAX || !realpath(path, target) || strcmp(target, path) == 0)
		return;
	if (strcmp(target, "/proc") == 0 || strncmp(target, "/proc/", 6) == 0)
		return;
	pack_array(&l->pairs, 2);
	pack_bin(&l->pairs, path, strlen(path));
	pack_bin(&l->pairs, target, strlen(target));
	l->count++;
}

/* The links in a folder, and in those below it down to `depth`. */
static void find_links(struct links *l, const char *folder, int depth)
{
	char path[PATH_MAX];
	DIR *d = opendir(folder);

	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		int n = snprintf(path, sizeof path, "%s/%s", folder[1] ? folder : "", e->d_name);
		if (n < 0 || n >= (int)sizeof path || strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0)
			continue;
		if (e->d_type == DT_LNK)
			add_link(l, path);
		else if (e->d_type == DT_DIR && depth > 0)
			find_links(l, path, depth - 1);
	}
	if (d)
		closedir(d);
}

void hello_live(struct pack *out, const struct source *s, int64_t offset, const bool types[EVENT_TYPES])
{
	struct utsname u;
	struct links links = {0};

	uname(&u);
	find_links(&links, "/", 1);
	size_t f = frame_begin(out, FRAME_HELLO);
	pack_uint(out, WIRE_VERSION);
	pack_str(out, "probe");
	pack_str(out, SAKER_VERSION);
	source_pack(out, s);
	pack_str(out, "live");
	pack_str(out, u.release);
	pack_str(out, u.machine);
	pack_int(out, offset);
	pack_schema(out);
	pack_types(out, types);
	pack_nil(out);
	pack_array(out, links.count);
	pack_raw(out, links.pairs.data, links.pairs.len);
	frame_end(out, f);
	pack_free(&links.pairs);
}
