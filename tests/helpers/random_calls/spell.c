/* Paths, written in many ways. */
#include "spell.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char unreachable[] = "(unreachable)";

struct place spell_pick(struct actor *a, int types)
{
	struct world *w = &a->world;

	for (int tries = 0; tries < 12; tries++) {
		struct node *n = w->alive[actor_random(a, (unsigned)w->count)];
		int mount = (int)actor_random(a, (unsigned)w->mount_count);
		if (!world_below(n, w->mounts[mount].root))
			mount = 0;
		struct place p = world_through(w, (struct place){ mount, n });
		if ((p.node->type & types) && world_visible(w, p))
			return p;
	}
	return (struct place){ 0, NULL };
}

struct node *spell_new(struct actor *a, char name[NAME_SIZE], char out[PATH_SIZE], struct place *folder)
{
	static const char *const forms[] = { "n%d", "file-%d.txt", ".hidden%d", "with space %d", "quote\"%d", "z\xc3\xbcrich%d", "back\\%d" };
	char path[PATH_SIZE];

	*folder = spell_pick(a, NODE_FOLDER);
	if (!folder->node)
		return NULL;
	snprintf(name, NAME_SIZE, forms[actor_random(a, sizeof forms / sizeof forms[0])], a->name_count++);
	world_path(&a->world, *folder, path);
	if (strlen(path) > PATH_SIZE / 4)
		return NULL;
	snprintf(out, PATH_SIZE, "%.*s/%s", PATH_SIZE / 2, strcmp(path, "/") ? path : "", name);
	return folder->node;
}

/* From `base` to `to`; false when no way of `..` leads there. */
static bool relative(const char *base, const char *to, char out[PATH_SIZE])
{
	size_t same = 0, i;
	char *end = out;

	if (strcmp(base, "/") == 0)
		base = "";
	if ((strncmp(base, unreachable, sizeof unreachable - 1) == 0) != (strncmp(to, unreachable, sizeof unreachable - 1) == 0))
		return false;
	for (i = 0; base[i] && base[i] == to[i]; i++)
		if (base[i] == '/')
			same = i;
	if (!base[i] && (to[i] == '/' || !to[i]))
		same = i;
	out[0] = '\0';
	for (const char *p = base + same; *p; p++)
		if (*p == '/')
			end += sprintf(end, "%s..", end > out ? "/" : "");
	if (to[same] == '/' && to[same + 1])
		end += sprintf(end, "%s%s", end > out ? "/" : "", to + same + 1);
	if (end == out)
		strcpy(out, ".");
	return true;
}

/* The same path with more in it: `/./`, `//`, and `/name/../name` where no link stands. */
static void decorate(struct actor *a, const char *from, bool through_link, char out[PATH_SIZE])
{
	char *o = out;

	for (const char *p = from; *p; p++) {
		*o++ = *p;
		if (*p != '/' || o - out > PATH_SIZE / 2)
			continue;
		const char *end = strchr(p + 1, '/');
		unsigned what = actor_random(a, 24);
		if (what == 0)
			o = stpcpy(o, "./");
		else if (what == 1)
			o = stpcpy(o, "/");
		else if (what == 2 && !through_link && end && end > p + 1 && p[1] != '.')
			o += sprintf(o, "%.*s/../", (int)(end - p - 1), p + 1);
	}
	*o = '\0';
}

/* A link that leads to a folder on the way, as it is written in the link. */
static bool through(struct actor *a, char to[PATH_SIZE])
{
	struct world *w = &a->world;
	char path[PATH_SIZE], text[2 * PATH_SIZE];

	for (int i = 0; i < w->count; i++) {
		struct node *n = w->alive[i];
		if (n->type != NODE_LINK || !n->text || actor_one_in(a, 2) || !world_visible(w, (struct place){ 0, n }))
			continue;
		size_t len = strlen(n->text);
		world_path(w, (struct place){ 0, n }, path);
		if (strncmp(to, n->text, len) != 0 || to[len] != '/' || path[0] != '/')
			continue;
		snprintf(text, sizeof text, "%s%s", path, to + len);
		if (strlen(text) > PATH_SIZE / 2)
			continue;
		strcpy(to, text);
		return true;
	}
	return false;
}

static void pick_folder(struct actor *a, struct spelling *s)
{
	struct desc *d = actor_pick(a, "d");

	s->dirfd = AT_FDCWD;
	if (d && d->place.node->alive && world_visible(&a->world, d->place) && actor_one_in(a, 2)) {
		s->dirfd = d->fd;
		world_path(&a->world, d->place, s->folder);
	}
}

bool spell(struct actor *a, const char *to, int how, struct spelling *s)
{
	char cwd[PATH_SIZE], way[PATH_SIZE];
	bool linked = false;

	*s = (struct spelling){ .dirfd = AT_FDCWD };
	snprintf(s->joined, sizeof s->joined, "%s", to);
	if (how & SPELL_DIRFD)
		pick_folder(a, s);
	if (how & SPELL_THROUGH)
		linked = through(a, s->joined);
	if (how & SPELL_ABSOLUTE || actor_one_in(a, 3)) {
		if (s->joined[0] != '/')
			return false;
		decorate(a, s->joined, linked, s->passed);
		return true;
	}
	world_path(&a->world, a->world.cwd, cwd);
	bool usable = s->dirfd != AT_FDCWD || (a->world.cwd.node->alive && world_visible(&a->world, a->world.cwd));
	if (!usable || !relative(s->dirfd == AT_FDCWD ? cwd : s->folder, s->joined, way))
		return false;
	decorate(a, way, linked, s->passed);
	return true;
}

void spell_want(struct actor *a, const char *param, const struct spelling *s)
{
	char field[64];

	snprintf(field, sizeof field, "evt.arg.%s", param);
	log_want(&a->log, field, "%s", s->joined);
	snprintf(field, sizeof field, "evt.rawarg.%s", param);
	log_want(&a->log, field, "%s", s->passed);
}

void spell_want_dirfd(struct actor *a, const char *param, const struct spelling *s)
{
	char field[64];

	snprintf(field, sizeof field, "evt.arg.%s", param);
	if (s->dirfd == AT_FDCWD)
		log_want(&a->log, field, "AT_FDCWD");
	else
		log_want(&a->log, field, "<d>%s", s->folder);
}

void spell_collapse(const char *text, char out[PATH_SIZE])
{
	char *o = out;

	for (const char *p = text; *p; p++)
		if (*p != '/' || o == out || o[-1] != '/')
			*o++ = *p;
	*o = '\0';
}
