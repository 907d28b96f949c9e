/* Deeds on names: rename, link, and change modes and owners. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spell.h"

struct two {
	struct spelling old, new;
	char old_path[PATH_SIZE], new_path[PATH_SIZE], name[NAME_SIZE];
	struct place from, folder;
	struct node *over;             /* what is at the new place already */
};

/* Something that is there, and a name that is not; or, now and then, is. Relative paths are read after the call: what moves
 * the ground under them is written absolute. */
static bool choose(struct actor *a, struct two *t, int types, int how)
{
	*t = (struct two){ .from = spell_pick(a, types) };
	if (!t->from.node || !t->from.node->parent)
		return false;
	world_path(&a->world, t->from, t->old_path);
	if (actor_one_in(a, 6)) {
		struct place over = spell_pick(a, types);
		if (!over.node || !over.node->parent || over.node == a->world.mounts[over.mount].root)
			return false;
		world_path(&a->world, over, t->new_path);
		t->over = over.node;
		t->folder = (struct place){ over.mount, over.node->parent };
		strcpy(t->name, over.node->name);
	} else if (!spell_new(a, t->name, t->new_path, &t->folder)) {
		return false;
	}
	if (types & NODE_FOLDER && t->from.node->type == NODE_FOLDER)
		how = SPELL_ABSOLUTE;
	if (t->over && world_below(a->world.cwd.node, t->over))
		return false;
	return spell(a, t->old_path, how, &t->old) && spell(a, t->new_path, how, &t->new);
}

static void want_paths(struct actor *a, const char *source, const char *target, long result)
{
	if (result != 0) {
		log_missing(&a->log, "fs.path.source");
		log_missing(&a->log, "fs.path.target");
		return;
	}
	log_want(&a->log, "fs.path.source", "%s", source);
	log_want(&a->log, "fs.path.target", "%s", target);
}

bool deed_rename(struct actor *a)
{
	enum call c = CALL_RENAME + actor_random(a, 3);
	long flags = 0, result;
	struct two t;

	if (!call_name(c) || !choose(a, &t, NODE_ANY, c == CALL_RENAME ? 0 : SPELL_DIRFD))
		return false;
	/* Two names of one file are no rename at all. */
	if (t.over && t.over->inode == t.from.node->inode)
		return false;
	actor_begin(a, c);
	spell_want(a, "oldpath", &t.old);
	spell_want(a, "newpath", &t.new);
	char *old = actor_text(a, t.old.passed), *new = actor_text(a, t.new.passed);
	if (c == CALL_RENAME) {
		result = actor_call(a, c, old, new);
	} else {
		spell_want_dirfd(a, "olddirfd", &t.old);
		spell_want_dirfd(a, "newdirfd", &t.new);
		if (c == CALL_RENAMEAT2) {
			flags = actor_one_in(a, 3) ? RENAME_NOREPLACE : 0;
			log_want(&a->log, "evt.rawarg.flags", "%lX", flags);
		}
		result = actor_call(a, c, actor_wide(a, t.old.dirfd), old, actor_wide(a, t.new.dirfd), new, flags);
	}
	if (result == 0)
		world_move(&a->world, t.from.node, t.folder.node, t.name);
	want_paths(a, t.old.joined, t.new.joined, result);
	actor_end(a, result);
	return true;
}

static bool hard_link(struct actor *a)
{
	enum call c = actor_one_in(a, 2) ? CALL_LINK : CALL_LINKAT;
	struct two t;
	long result;

	if (!call_name(c) || !choose(a, &t, NODE_FILE, c == CALL_LINK ? 0 : SPELL_DIRFD))
		return false;
	actor_begin(a, c);
	spell_want(a, "oldpath", &t.old);
	spell_want(a, "newpath", &t.new);
	char *old = actor_text(a, t.old.passed), *new = actor_text(a, t.new.passed);
	if (c == CALL_LINK) {
		result = actor_call(a, c, old, new);
	} else {
		spell_want_dirfd(a, "olddir", &t.old);
		spell_want_dirfd(a, "newdir", &t.new);
		log_want(&a->log, "evt.rawarg.flags", "0");
		result = actor_call(a, c, (long)t.old.dirfd, old, (long)t.new.dirfd, new, 0L);
	}
	if (result == 0)
		world_add(&a->world, t.folder.node, t.name, NODE_FILE)->inode = t.from.node->inode;
	/* Source and target are the other way round with links. */
	want_paths(a, t.new.joined, t.old.joined, result);
	actor_end(a, result);
	return true;
}

static bool symbolic_link(struct actor *a)
{
	enum call c = actor_one_in(a, 2) ? CALL_SYMLINK : CALL_SYMLINKAT;
	struct two t;
	long result;

	if (!call_name(c) || !choose(a, &t, NODE_FOLDER, SPELL_ABSOLUTE) || t.over || t.old_path[0] != '/' ||
		!spell(a, t.new_path, c == CALL_SYMLINK ? 0 : SPELL_DIRFD, &t.new))
		return false;
	actor_begin(a, c);
	log_want(&a->log, "evt.arg.target", "%s", t.old_path);
	spell_want(a, "linkpath", &t.new);
	char *text = actor_text(a, t.old_path), *new = actor_text(a, t.new.passed);
	if (c == CALL_SYMLINK) {
		result = actor_call(a, c, text, new);
	} else {
		spell_want_dirfd(a, "linkdirfd", &t.new);
		result = actor_call(a, c, text, (long)t.new.dirfd, new);
	}
	if (result == 0) {
		struct node *n = world_add(&a->world, t.folder.node, t.name, NODE_LINK);
		n->text = strdup(t.old_path);
	}
	want_paths(a, t.new.joined, t.old_path, result);
	actor_end(a, result);
	return true;
}

bool deed_link(struct actor *a)
{
	if (a->world.count == WORLD_ALIVE)
		return false;
	return actor_one_in(a, 2) ? hard_link(a) : symbolic_link(a);
}

/* A path for a call that changes what is there, with the name that the call has for it. */
static bool changed(struct actor *a, enum call c, const char *param, struct spelling *s)
{
	struct place p = spell_pick(a, NODE_FILE | NODE_FOLDER);
	char path[PATH_SIZE];

	if (!p.node)
		return false;
	world_path(&a->world, p, path);
	if (actor_one_in(a, 10))
		strcat(path, path[1] ? "/none" : "none");
	if (!spell(a, path, SPELL_THROUGH | (c == CALL_FCHMODAT || c == CALL_FCHOWNAT ? SPELL_DIRFD : 0), s))
		return false;
	actor_begin(a, c);
	spell_want(a, param, s);
	if (s->dirfd != AT_FDCWD || c == CALL_FCHMODAT || c == CALL_FCHOWNAT)
		spell_want_dirfd(a, "dirfd", s);
	return true;
}

static bool end_change(struct actor *a, const char *name, long result)
{
	if (result == 0)
		log_want(&a->log, "fs.path.name", "%s", name);
	else
		log_missing(&a->log, "fs.path.name");
	actor_end(a, result);
	return true;
}

static bool on_descriptor(struct actor *a, enum call c, long x, long y)
{
	struct desc *d = actor_pick(a, "fd");
	char path[PATH_SIZE];

	if (!d)
		return false;
	actor_begin(a, c);
	actor_want_fd(a, d->fd, d);
	world_path(&a->world, d->place, path);
	if (c == CALL_FCHMOD) {
		log_want(&a->log, "evt.rawarg.mode", "%ld", x);
	} else {
		log_want(&a->log, "evt.rawarg.uid", "%ld", x);
		log_want(&a->log, "evt.rawarg.gid", "%ld", y);
	}
	return end_change(a, path, actor_call(a, c, actor_wide(a, d->fd), x, y));
}

bool deed_mode(struct actor *a)
{
	static const long modes[] = { 0700, 0755, 0777, 01777, 06755 };
	enum call c = CALL_CHMOD + actor_random(a, 3);
	long mode = modes[actor_random(a, sizeof modes / sizeof modes[0])];
	struct spelling s;

	if (!call_name(c))
		return false;
	if (c == CALL_FCHMOD)
		return on_descriptor(a, c, mode, 0);
	if (!changed(a, c, "filename", &s))
		return false;
	log_want(&a->log, "evt.rawarg.mode", "%ld", mode);
	return end_change(a, s.joined, c == CALL_CHMOD ? actor_call(a, c, actor_text(a, s.passed), mode) :
		actor_call(a, c, (long)s.dirfd, actor_text(a, s.passed), mode));
}

bool deed_owner(struct actor *a)
{
	enum call c = CALL_CHOWN + actor_random(a, 4);
	long uid = actor_one_in(a, 2) ? NOBODY : 0, gid = actor_one_in(a, 2) ? NOBODY : 0;
	struct spelling s;

	if (!call_name(c))
		return false;
	if (c == CALL_FCHOWN)
		return on_descriptor(a, c, uid, gid);
	if (!changed(a, c, c == CALL_FCHOWNAT ? "pathname" : "path", &s))
		return false;
	log_want(&a->log, "evt.rawarg.uid", "%ld", uid);
	log_want(&a->log, "evt.rawarg.gid", "%ld", gid);
	char *path = actor_text(a, s.passed);
	return end_change(a, s.joined, c == CALL_FCHOWNAT ? actor_call(a, c, (long)s.dirfd, path, uid, gid, 0L) :
		actor_call(a, c, path, uid, gid));
}
