/* What calls do to descriptors that are not sockets, and to folders. */
#include <stdio.h>
#include <string.h>

#include "scap_state.h"

enum { O_CLOSE_ON_EXEC = 4096, O_FOLDER = 1024, UPPER = 32768, LOWER = 65536, PATH_ROOM = 8192 };
enum { F_DUP = 1, F_SET_FLAGS = 3, F_DUP_CLOEXEC = 26 };

static struct scap_fds *fds_of(const struct scap_now *now)
{
	return now->thread ? now->thread->process->fds : NULL;
}

/* The name that the enter event had is what was opened: the program may have changed it since. */
static struct scap_bytes opened_name(const struct scap_now *now, int name)
{
	const struct scap_stored *s = &now->thread->enter;
	const struct event_type *enter = s->any && s->event.code + 1u == now->e->code ? event_type(s->event.code) : NULL;
	int i = enter ? event_param(enter, "name", 4) : -1;
	struct scap_bytes b = i >= 0 ? scap_string(&s->event, i) : (struct scap_bytes){0};

	return b.n ? b : scap_string(now->e, name);
}

static void open_event(struct scap_now *now)
{
	int name = scap_param(now, "name"), dir = scap_param(now, "dirfd"), flags = scap_param(now, "flags");
	char path[PATH_ROOM];

	if (now->number < 0 || !now->thread)
		return;
	if (name < 0)
		name = scap_param(now, "path");
	struct scap_bytes passed = opened_name(now, name);
	size_t n = scap_path(now, passed, dir, path, sizeof path);
	struct scap_fd *fd = scap_fd_add(fds_of(now), now->number);
	fd->flags = (uint32_t)scap_unsigned(now->e, flags);
	fd->kind = fd->flags & O_FOLDER ? FD_DIRECTORY : FD_FILE;
	fd->dev = (uint32_t)scap_unsigned(now->e, scap_param(now, "dev"));
	fd->ino = scap_unsigned(now->e, scap_param(now, "ino"));
	uint64_t layer = scap_unsigned(now->e, scap_param(now, "creat_flags"));
	fd->layer = layer ? (uint8_t)layer : fd->flags & UPPER ? 1 : fd->flags & LOWER ? 2 : 0;
	scap_blob_set(&fd->name, path, n);
}

static void copy_fd(struct scap_now *now, int64_t from, int64_t to, bool close_on_exec)
{
	struct scap_fds *fds = fds_of(now);
	const struct scap_fd *old = scap_fd_find(fds, from);

	if (to < 0 || !fds || from == to)
		return;
	if (!old) {
		scap_fd_remove(fds, to);
		return;
	}
	struct scap_fd copy = {0};
	scap_fd_copy(&copy, old);
	copy.flags = close_on_exec ? copy.flags | O_CLOSE_ON_EXEC : copy.flags & ~(uint32_t)O_CLOSE_ON_EXEC;
	scap_fd_copy(scap_fd_add(fds, to), &copy);
	scap_blob_set(&copy.name, NULL, 0);
}

static void fcntl_event(struct scap_now *now)
{
	uint64_t command = scap_unsigned(now->e, 2);
	struct scap_fd *fd = scap_fd_find(fds_of(now), scap_int(now->e, 1));

	if (scap_int(now->e, 0) < 0)
		return;
	if (command == F_DUP || command == F_DUP_CLOEXEC)
		copy_fd(now, scap_int(now->e, 1), scap_int(now->e, 0), command == F_DUP_CLOEXEC);
	else if (command == F_SET_FLAGS && fd)
		fd->flags = scap_unsigned(now->e, 3) & 1 ? fd->flags | O_CLOSE_ON_EXEC : fd->flags & ~(uint32_t)O_CLOSE_ON_EXEC;
}

static void pipe_event(struct scap_now *now)
{
	if (scap_int(now->e, 0) < 0 || !now->thread)
		return;
	for (int i = 1; i <= 2; i++) {
		if (scap_int(now->e, i) < 0)
			continue;
		struct scap_fd *fd = scap_fd_add(fds_of(now), scap_int(now->e, i));
		fd->kind = FD_PIPE;
		fd->ino = scap_unsigned(now->e, 3);
		fd->flags = (uint32_t)scap_unsigned(now->e, 4);
	}
}

/* Calls whose descriptor is of one kind and has no path; `name` is a parameter that names it, or -1. */
static void special_event(struct scap_now *now, enum fd_kind kind, int name)
{
	struct scap_bytes text = scap_string(now->e, name);

	if (scap_int(now->e, 0) < 0 || !now->thread)
		return;
	struct scap_fd *fd = scap_fd_add(fds_of(now), scap_int(now->e, 0));
	fd->kind = kind;
	fd->flags = (uint32_t)scap_unsigned(now->e, scap_param(now, "flags")) & O_CLOSE_ON_EXEC;
	scap_blob_set(&fd->name, text.p, text.n);
}

/* Its name is that of the process it stands for. */
static void pidfd_event(struct scap_now *now)
{
	char name[32];

	if (now->number < 0 || !now->thread)
		return;
	special_event(now, FD_PIDFD, -1);
	int n = snprintf(name, sizeof name, "/proc/%lld", (long long)scap_int(now->e, 1));
	scap_blob_set(&scap_fd_find(fds_of(now), now->number)->name, name, (size_t)n);
}

/* A descriptor of the process that a pidfd stands for. */
static void getfd_event(struct scap_now *now)
{
	const struct scap_fd *pidfd = scap_fd_find(fds_of(now), scap_int(now->e, 1));
	char name[32];
	long long pid;

	if (now->number < 0 || !pidfd || pidfd->kind != FD_PIDFD)
		return;
	snprintf(name, sizeof name, "%.*s", (int)pidfd->name.n, pidfd->name.p);
	const struct scap_thread *t = sscanf(name, "/proc/%lld", &pid) == 1 ? scap_thread_find(&now->w->threads, pid) : NULL;
	const struct scap_fd *target = t ? scap_fd_find(t->process->fds, scap_int(now->e, 2)) : NULL;
	struct scap_fd copy = {0};
	if (!target)
		return;
	scap_fd_copy(&copy, target);
	scap_fd_copy(scap_fd_add(fds_of(now), now->number), &copy);
	scap_blob_set(&copy.name, NULL, 0);
}

static bool special(struct scap_now *now)
{
	static const struct { uint16_t code; uint8_t kind; int8_t name; } kinds[] = {
		{ 63, FD_EVENT, -1 }, { 397, FD_EVENT, -1 }, { 127, FD_SIGNALFD, -1 }, { 399, FD_SIGNALFD, -1 }, { 137, FD_TIMERFD, -1 },
		{ 139, FD_INOTIFY, -1 }, { 395, FD_INOTIFY, -1 }, { 375, FD_EVENTPOLL, -1 }, { 377, FD_EVENTPOLL, -1 },
		{ 369, FD_BPF, -1 },
		{ 321, FD_USERFAULTFD, -1 }, { 339, FD_IO_URING, -1 }, { 405, FD_MEMFD, 1 },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].code == now->e->code) {
			special_event(now, kinds[i].kind, kinds[i].name);
			return true;
		}
	return false;
}

static void set_folder(struct scap_now *now, const char *path, size_t n)
{
	struct scap_process *p = now->thread->process;

	scap_blob_set(&p->cwd, path, n);
	scap_thread_changed(&now->w->threads, p->leader ? p->leader : now->thread);
}

static void folder_event(struct scap_now *now)
{
	enum { CHDIR = 95, FCHDIR = 97, CHROOT = 267 };
	char path[PATH_ROOM];
	size_t n;

	if (scap_int(now->e, 0) < 0 || !now->thread)
		return;
	if (now->e->code == FCHDIR) {
		const struct scap_fd *fd = scap_fd_find(fds_of(now), scap_int(now->e, 1));
		if (fd)
			set_folder(now, fd->name.n ? fd->name.p : "/", fd->name.n ? fd->name.n : 1);
		return;
	}
	n = scap_path(now, scap_string(now->e, 1), -1, path, sizeof path);
	if (!n)
		return;
	if (now->e->code != CHROOT) {
		set_folder(now, path, n);
		return;
	}
	scap_blob_set(&now->thread->root, path, n);
	scap_thread_changed(&now->w->threads, now->thread);
}

bool scap_files(struct scap_now *now)
{
	switch (now->e->code) {
	case 3: case 59: case 307: case 327: case 337: open_event(now); return true;
	case 367: copy_fd(now, scap_int(now->e, 1), scap_int(now->e, 0), false); return true;
	case 363: copy_fd(now, scap_int(now->e, 1), scap_int(now->e, 0), false); return true;
	case 365:
		copy_fd(now, scap_int(now->e, 1), scap_int(now->e, 0), scap_unsigned(now->e, 3) & O_CLOSE_ON_EXEC);
		return true;
	case 151: fcntl_event(now); return true;
	case 407: getfd_event(now); return true;
	case 409: pidfd_event(now); return true;
	case 61: case 393: pipe_event(now); return true;
	case 93: case 95: case 97: case 267: folder_event(now); return true;
	}
	return special(now);
}
