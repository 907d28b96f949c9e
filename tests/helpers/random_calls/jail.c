/* A life in a mount namespace of one's own: a file system, mounts of folders on folders, and roots inside of roots. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "spell.h"

static long mount_it(struct actor *a, const char *dev, const char *passed, const char *joined, const char *type, long flags,
	unsigned falco)
{
	actor_begin(a, CALL_MOUNT);
	log_want(&a->log, "evt.arg.dev", "%s", dev);
	log_want(&a->log, "evt.arg.dir", "%s", joined);
	log_want(&a->log, "evt.rawarg.dir", "%s", passed);
	log_want(&a->log, "evt.arg.type", "%s", type);
	log_want(&a->log, "evt.rawarg.flags", "%X", falco);
	long result = actor_call(a, CALL_MOUNT, actor_text(a, dev), actor_text(a, passed), actor_text(a, type), flags, 0L);
	if (result == 0) {
		log_want(&a->log, "fs.path.source", "%s", dev);
		log_want(&a->log, "fs.path.target", "%s", joined);
	}
	return result;
}

/* A folder shows up at another one too. */
static void bind_mount(struct actor *a)
{
	struct place from = spell_pick(a, NODE_FOLDER), at = spell_pick(a, NODE_FOLDER);
	char from_path[PATH_SIZE], at_path[PATH_SIZE];
	struct spelling s;

	if (!from.node || !at.node || a->world.mount_count == WORLD_MOUNTS ||
		(at.node == a->world.root.node && at.mount == a->world.root.mount))
		return;
	world_path(&a->world, from, from_path);
	world_path(&a->world, at, at_path);
	if (from_path[0] != '/' || !spell(a, at_path, SPELL_THROUGH, &s))
		return;
	long result = mount_it(a, from_path, s.passed, s.joined, "none", MS_BIND, 4096);
	if (result == 0)
		world_mount(&a->world, at, from.node);
	actor_end(a, result);
}

static bool is_used(const struct actor *a, int mount)
{
	bool used = a->world.root.mount == mount || a->world.cwd.mount == mount;

	for (int i = 0; i < ACTOR_FDS; i++)
		used |= a->fds[i].type && strchr("fd", a->fds[i].type) && a->fds[i].place.mount == mount;
	return used;
}

static void unmount(struct actor *a)
{
	struct world *w = &a->world;
	int last = w->mount_count - 1;
	struct place p = { last, w->mounts[last].root };
	char path[PATH_SIZE];
	struct spelling s;

	if (last < 1 || is_used(a, last) || !world_visible(w, p))
		return;
	world_path(w, p, path);
	if (!spell(a, path, SPELL_THROUGH, &s))
		return;
	long flags = actor_one_in(a, 2) ? MNT_DETACH : 0;
	actor_begin(a, CALL_UMOUNT2);
	spell_want(a, "name", &s);
	log_want(&a->log, "evt.rawarg.flags", "%lX", flags);
	long result = actor_call(a, CALL_UMOUNT2, actor_text(a, s.passed), flags);
	if (result == 0) {
		world_umount(w, p);
		log_want(&a->log, "fs.path.name", "%s", s.joined);
	}
	actor_end(a, result);
}

/* The working folder stays where it is, and is then out of reach or not. A relative path means something else afterwards,
 * which is when it is read: only what was passed is compared. */
static void change_root(struct actor *a)
{
	struct place p = spell_pick(a, NODE_FOLDER);
	char path[PATH_SIZE];
	struct spelling s;

	if (!p.node || (p.node == a->world.root.node && p.mount == a->world.root.mount))
		return;
	world_path(&a->world, p, path);
	if (!spell(a, path, SPELL_THROUGH, &s))
		return;
	actor_begin(a, CALL_CHROOT);
	if (s.passed[0] == '/')
		log_want(&a->log, "evt.arg.path", "%s", s.joined);
	log_want(&a->log, "evt.rawarg.path", "%s", s.passed);
	long result = actor_call(a, CALL_CHROOT, actor_text(a, s.passed));
	if (result == 0)
		a->world.root = p;
	actor_end(a, result);
}

static bool enter(struct actor *a)
{
	char path[PATH_SIZE];
	long result;

	snprintf(path, sizeof path, "%s-jail", a->folder);
	actor_begin(a, CALL_UNSHARE);
	log_want(&a->log, "evt.rawarg.flags", "%X", 32);
	result = actor_call(a, CALL_UNSHARE, (long)CLONE_NEWNS);
	actor_end(a, result);
	if (result == 0)
		actor_end(a, result = mount_it(a, "none", "/", "/", "none", MS_REC | MS_PRIVATE, 16384 | 262144));
	if (result == 0)
		actor_end(a, result = mount_it(a, "jail", path, path, "tmpfs", MS_NOSUID, 2));
	if (result != 0)
		return false;
	actor_begin(a, CALL_CHDIR);
	log_want(&a->log, "evt.arg.path", "%s", path);
	result = actor_call(a, CALL_CHDIR, actor_text(a, path));
	for (int i = 0; i < ACTOR_FDS; i++)
		if (a->fds[i].type && strchr("fd", a->fds[i].type))
			a->fds[i].type = 0;
	world_init(&a->world, path);
	actor_end(a, result);
	return result == 0;
}

void jail_live(struct actor *a)
{
	if (!enter(a))
		return;
	for (int i = 0; i < 4; i++)
		deed_make(a);
	for (int i = 0; i < 16; i++)
		switch (actor_random(a, 6)) {
		case 0: bind_mount(a); break;
		case 1: change_root(a); break;
		case 2: unmount(a); break;
		default: actor_act(a);
		}
}
