/* Deeds on files: open them in every way, make and remove, and go elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "spell.h"

struct bit {
	unsigned kernel, falco;
};
static const struct bit open_bits[] = {
	{ O_CREAT, 4 }, { O_APPEND, 8 }, { O_EXCL, 32 }, { O_NONBLOCK, 64 }, { O_TRUNC, 256 }, { O_DIRECTORY, 1024 }, { O_CLOEXEC, 4096 },
};

static unsigned falco_flags(unsigned flags)
{
	unsigned out = (flags & O_ACCMODE) + 1;

	for (size_t i = 0; i < sizeof open_bits / sizeof open_bits[0]; i++)
		if (flags & open_bits[i].kernel)
			out |= open_bits[i].falco;
	return out;
}

/* What is behind the new descriptor, and where. */
struct opened {
	char path[PATH_SIZE];
	struct node *folder, *node;    /* node is NULL when it is not there yet */
	struct place place;
	char name[NAME_SIZE];
};

static bool choose(struct actor *a, struct opened *o)
{
	if (actor_one_in(a, 3)) {
		struct place in;
		o->node = NULL;
		o->folder = spell_new(a, o->name, o->path, &in);
		o->place = (struct place){ in.mount, NULL };
		return o->folder;
	}
	o->place = spell_pick(a, NODE_FILE | NODE_FOLDER);
	o->node = o->place.node;
	if (o->node)
		world_path(&a->world, o->place, o->path);
	return o->node;
}

static void want_result(struct actor *a, long fd, const struct spelling *s, const struct opened *o, unsigned flags)
{
	bool created = fd >= 0 && !o->node;
	char raw[PATH_SIZE];

	spell_collapse(s->passed, raw);
	log_want(&a->log, "fd.nameraw", "%s", raw);
	if (flags != ~0u) {
		log_want(&a->log, "evt.rawarg.flags", "%X", falco_flags(flags) | (created ? 16384 : 0));
		log_want(&a->log, "evt.is_open_read", "%s", (flags & O_ACCMODE) != O_WRONLY ? "true" : "false");
		log_want(&a->log, "evt.is_open_write", "%s", (flags & O_ACCMODE) != O_RDONLY ? "true" : "false");
		log_want(&a->log, "evt.is_open_create", "%s", created ? "true" : "false");
	}
	if (fd < 0) {
		const char *slash = strrchr(s->joined, '/');
		log_want(&a->log, "fd.num", "-1");
		log_want(&a->log, "fd.name", "%s", s->joined);
		log_want(&a->log, "fd.directory", "%.*s", (int)(slash == s->joined ? 1 : slash - s->joined), s->joined);
		log_missing(&a->log, "fd.ino");
		return;
	}
	if (flags != ~0u) {
		log_want(&a->log, "fs.path.name", "%s", o->path);
		log_want(&a->log, "fs.path.nameraw", "%s", s->passed);
	}
	struct stat st;
	if (fstat((int)fd, &st) == 0) {
		log_want(&a->log, "fd.ino", "%llu", (unsigned long long)st.st_ino);
		log_want(&a->log, "fd.dev.major", "%u", major(st.st_dev));
		log_want(&a->log, "fd.dev.minor", "%u", minor(st.st_dev));
		log_want(&a->log, "evt.rawarg.ino", "%llu", (unsigned long long)st.st_ino);
	}
}

static bool finish_open(struct actor *a, long fd, struct opened *o, const struct spelling *s, unsigned flags)
{
	want_result(a, fd, s, o, flags);
	if (fd >= 0) {
		if (!o->node)
			o->node = world_add(&a->world, o->folder, o->name, NODE_FILE);
		o->place.node = o->node;
		actor_want_fd(a, fd, actor_add(a, (int)fd, o->node->type == NODE_FOLDER ? 'd' : 'f', o->place, -1));
	}
	actor_end(a, fd);
	return true;
}

static bool open_in(struct actor *a, enum call c, struct opened *o, unsigned flags, unsigned mode)
{
	struct spelling s;
	struct open_how how = { .flags = flags, .mode = mode };
	long fd;

	if (!spell(a, o->path, SPELL_THROUGH | (c == CALL_OPENAT || c == CALL_OPENAT2 ? SPELL_DIRFD : 0), &s))
		return false;
	if (o->node && o->node->type == NODE_FOLDER && actor_one_in(a, 8) && strlen(s.passed) < PATH_SIZE / 2)
		strcat(s.passed, "/");
	if (!s.passed[0])
		return false;
	actor_begin(a, c);
	spell_want(a, "name", &s);
	if (c != CALL_CREAT)
		log_want(&a->log, "evt.rawarg.mode", "%u", mode);
	char *passed = actor_text(a, s.passed);
	if (c == CALL_OPEN) {
		fd = actor_call(a, c, passed, (long)flags, (long)mode);
	} else if (c == CALL_CREAT) {
		log_want(&a->log, "evt.rawarg.mode", "%u", mode);
		fd = actor_call(a, c, passed, (long)mode);
	} else {
		spell_want_dirfd(a, "dirfd", &s);
		log_want(&a->log, "evt.abspath", "%s", s.joined);
		long dirfd = s.dirfd == AT_FDCWD ? AT_FDCWD : actor_wide(a, s.dirfd);
		if (c == CALL_OPENAT)
			fd = actor_call(a, c, dirfd, passed, (long)flags, (long)mode);
		else
			fd = actor_call(a, c, dirfd, passed, actor_low(a, &how, sizeof how), sizeof how);
	}
	return finish_open(a, fd, o, &s, c == CALL_CREAT ? ~0u : flags);
}

bool deed_open(struct actor *a)
{
	static const enum call calls[] = { CALL_OPENAT, CALL_OPENAT, CALL_OPEN, CALL_OPEN, CALL_OPENAT2, CALL_CREAT };
	static const unsigned modes[] = { 0600, 0644, 0755, 0666, 04711 };
	enum call c = calls[actor_random(a, sizeof calls / sizeof calls[0])];
	unsigned flags = actor_random(a, 3), mode = 0;
	struct opened o;

	/* A full model takes no new file. */
	if (!call_name(c) || a->world.count == WORLD_ALIVE || !choose(a, &o))
		return false;
	for (size_t i = 0; i < sizeof open_bits / sizeof open_bits[0]; i++)
		if (actor_one_in(a, open_bits[i].kernel == O_DIRECTORY ? 12 : 3))
			flags |= open_bits[i].kernel;
	if (flags & O_CREAT)
		flags &= ~(unsigned)O_DIRECTORY;
	if (flags & O_CREAT || c == CALL_CREAT)
		mode = modes[actor_random(a, sizeof modes / sizeof modes[0])];
	return open_in(a, c, &o, flags, mode);
}

bool deed_make(struct actor *a)
{
	static const enum call calls[] = { CALL_MKDIR, CALL_MKDIRAT, CALL_MKDIR, CALL_MKDIRAT, CALL_MKNOD, CALL_MKNODAT };
	enum call c = calls[actor_random(a, 6)];
	bool is_folder = c == CALL_MKDIR || c == CALL_MKDIRAT, at = c == CALL_MKDIRAT || c == CALL_MKNODAT;
	unsigned mode = (is_folder ? 0 : S_IFREG) | (actor_one_in(a, 4) ? 0700 : 0777);
	char path[PATH_SIZE], name[NAME_SIZE];
	struct place in, there = { 0, NULL };
	struct spelling s;

	if (!call_name(c) || a->world.count == WORLD_ALIVE)
		return false;
	struct node *folder = spell_new(a, name, path, &in);
	/* Now and then it is there already. */
	if (folder && actor_one_in(a, 8) && (there = spell_pick(a, NODE_ANY)).node)
		world_path(&a->world, there, path);
	if (!folder || !spell(a, path, SPELL_THROUGH | (at ? SPELL_DIRFD : 0), &s))
		return false;
	actor_begin(a, c);
	spell_want(a, "path", &s);
	log_want(&a->log, "evt.rawarg.mode", "%u", mode);
	if (at)
		spell_want_dirfd(a, "dirfd", &s);
	long result = !at ? actor_call(a, c, actor_text(a, s.passed), (long)mode, 0L) :
		actor_call(a, c, (long)s.dirfd, actor_text(a, s.passed), (long)mode, 0L);
	if (result == 0)
		world_add(&a->world, folder, name, is_folder ? NODE_FOLDER : NODE_FILE);
	if (result == 0 && is_folder) {
		log_want(&a->log, "fs.path.name", "%s", s.joined);
		log_want(&a->log, "fs.path.nameraw", "%s", s.passed);
	} else {
		log_missing(&a->log, "fs.path.name");
	}
	actor_end(a, result);
	return true;
}

bool deed_unlink(struct actor *a)
{
	struct place p = spell_pick(a, NODE_ANY);
	bool is_folder = p.node && p.node->type == NODE_FOLDER;
	enum call c = actor_one_in(a, 2) ? CALL_UNLINKAT : is_folder ? CALL_RMDIR : CALL_UNLINK;
	char path[PATH_SIZE];
	struct spelling s;

	/* What the task stands on stays, as does the top. */
	if (!p.node || !call_name(c) || !p.node->parent || world_below(a->world.cwd.node, p.node))
		return false;
	world_path(&a->world, p, path);
	if (!spell(a, path, SPELL_THROUGH | (c == CALL_UNLINKAT ? SPELL_DIRFD : 0), &s) || (is_folder && strcmp(s.passed, ".") == 0))
		return false;
	actor_begin(a, c);
	spell_want(a, c == CALL_UNLINKAT ? "name" : "path", &s);
	long flags = c == CALL_UNLINKAT && (is_folder != actor_one_in(a, 8)) ? AT_REMOVEDIR : 0, result;
	if (c == CALL_UNLINKAT) {
		spell_want_dirfd(a, "dirfd", &s);
		log_want(&a->log, "evt.rawarg.flags", "%lX", flags);
		result = actor_call(a, c, (long)s.dirfd, actor_text(a, s.passed), flags);
	} else {
		result = actor_call(a, c, actor_text(a, s.passed));
	}
	if (result == 0) {
		world_remove(&a->world, p.node);
		log_want(&a->log, "fs.path.name", "%s", s.joined);
	} else {
		log_missing(&a->log, "fs.path.name");
	}
	actor_end(a, result);
	return true;
}

bool deed_chdir(struct actor *a)
{
	struct desc *d = actor_pick(a, "d");
	struct spelling s;
	char path[PATH_SIZE];
	long result;

	if (!a->own_fs)
		return false;
	if (actor_one_in(a, 3)) {
		if (!d || !d->place.node->alive)
			return false;
		actor_begin(a, CALL_FCHDIR);
		result = actor_call(a, CALL_FCHDIR, actor_wide(a, d->fd));
		actor_want_fd(a, d->fd, d);
		if (result == 0)
			a->world.cwd = d->place;
		actor_end(a, result);
		return true;
	}
	struct place p = spell_pick(a, actor_one_in(a, 8) ? NODE_FILE : NODE_FOLDER);
	if (!p.node)
		return false;
	world_path(&a->world, p, path);
	if (!spell(a, path, SPELL_THROUGH, &s))
		return false;
	actor_begin(a, CALL_CHDIR);
	log_want(&a->log, "evt.arg.path", "%s", s.passed);
	result = actor_call(a, CALL_CHDIR, actor_text(a, s.passed));
	if (result == 0)
		a->world.cwd = p;
	actor_end(a, result);
	return true;
}
