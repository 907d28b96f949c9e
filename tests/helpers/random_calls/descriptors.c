/* Deeds on descriptors: copies, pipes and their like, reading, writing, closing. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actor.h"

static const struct place nowhere = { 0, NULL };

static unsigned falco_flags(unsigned flags)
{
	return (flags & O_NONBLOCK ? 64 : 0) | (flags & O_CLOEXEC ? 4096 : 0);
}

/* Numbers that no other thread of the process uses. */
static int own_number(struct actor *a)
{
	return 200 + 40 * a->number + (int)actor_random(a, 40);
}

static struct desc *copy(struct actor *a, const struct desc *d, int fd)
{
	struct desc *made = actor_add(a, fd, d->type, d->place, d->sock);

	memcpy(made->name, d->name, sizeof made->name);
	return made;
}

bool deed_dup(struct actor *a)
{
	enum call c = CALL_DUP + actor_random(a, 3);
	struct desc *d = actor_pick(a, NULL);
	int old = d ? d->fd : 0, to = own_number(a);
	unsigned flags = c == CALL_DUP3 && actor_one_in(a, 2) ? O_CLOEXEC : 0;
	struct desc kept;

	if (!call_name(c) || !d || old == to)
		return false;
	kept = *d;
	if (actor_one_in(a, 10))
		old = 20001;
	actor_begin(a, c);
	log_want(&a->log, "evt.rawarg.oldfd", "%d", old);
	if (c != CALL_DUP)
		log_want(&a->log, "evt.rawarg.newfd", "%d", to);
	if (c == CALL_DUP3)
		log_want(&a->log, "evt.rawarg.flags", "%X", falco_flags(flags));
	long fd = c == CALL_DUP ? actor_call(a, c, actor_wide(a, old)) :
		actor_call(a, c, actor_wide(a, old), actor_wide(a, to), (long)flags);
	if (fd >= 0) {
		actor_forget(a, (int)fd);
		actor_want_fd(a, fd, copy(a, &kept, (int)fd));
	} else {
		log_want(&a->log, "fd.num", "-1");
	}
	actor_end(a, fd);
	return true;
}

bool deed_close(struct actor *a)
{
	struct desc *d = actor_pick(a, NULL);

	if (!d)
		return false;
	actor_begin(a, CALL_CLOSE);
	log_want(&a->log, "evt.rawarg.fd", "%d", d->fd);
	actor_want_fd(a, d->fd, d);
	long result = actor_call(a, CALL_CLOSE, actor_wide(a, d->fd));
	d->type = 0;
	actor_end(a, result);
	return true;
}

static bool make_pipe(struct actor *a)
{
	enum call c = actor_one_in(a, 2) ? CALL_PIPE : CALL_PIPE2;
	unsigned flags = c == CALL_PIPE2 && actor_one_in(a, 2) ? O_CLOEXEC | O_NONBLOCK : 0;
	int none[2] = { -1, -1 };
	struct stat st;

	if (!call_name(c))
		return false;
	actor_begin(a, c);
	if (c == CALL_PIPE2)
		log_want(&a->log, "evt.rawarg.flags", "%X", falco_flags(flags));
	int *fds = actor_low(a, none, sizeof none);
	long result = actor_call(a, c, fds, (long)flags);
	if (result == 0 && fstat(fds[0], &st) == 0) {
		log_want(&a->log, "evt.rawarg.fd1", "%d", fds[0]);
		log_want(&a->log, "evt.rawarg.fd2", "%d", fds[1]);
		log_want(&a->log, "evt.rawarg.ino", "%llu", (unsigned long long)st.st_ino);
		actor_add(a, fds[0], 'p', nowhere, -1);
		actor_want_fd(a, fds[1], actor_add(a, fds[1], 'p', nowhere, -1));
	}
	actor_end(a, result);
	return true;
}

static bool make_one(struct actor *a, enum call c)
{
	bool closes = actor_one_in(a, 2);
	struct desc *d;
	char name[32] = "", type = 'l';
	long fd;

	actor_begin(a, c);
	if (c == CALL_EVENTFD2) {
		type = 'e';
		log_want(&a->log, "evt.rawarg.initval", "%d", 7);
		log_want(&a->log, "evt.rawarg.flags", "%X", closes ? 4096 : 0);
		fd = actor_call(a, c, 7L, closes ? (long)EFD_CLOEXEC : 0L);
	} else if (c == CALL_MEMFD) {
		type = 'm';
		snprintf(name, sizeof name, "memory-%d", a->name_count++);
		log_want(&a->log, "evt.arg.name", "%s", name);
		log_want(&a->log, "evt.rawarg.flags", "%X", closes ? 1 : 0);
		fd = actor_call(a, c, actor_text(a, name), closes ? (long)MFD_CLOEXEC : 0L);
	} else {
		log_want(&a->log, "evt.rawarg.flags", "%X", closes ? 1 : 0);
		fd = actor_call(a, c, closes ? (long)EPOLL_CLOEXEC : 0L);
	}
	if (fd >= 0) {
		d = actor_add(a, (int)fd, type, nowhere, -1);
		memcpy(d->name, name, sizeof d->name);
		actor_want_fd(a, fd, d);
	}
	actor_end(a, fd);
	return true;
}

bool deed_anonymous(struct actor *a)
{
	static const enum call calls[] = { CALL_EVENTFD2, CALL_MEMFD, CALL_EPOLL };

	return actor_one_in(a, 2) ? make_pipe(a) : make_one(a, calls[actor_random(a, 3)]);
}

bool deed_data(struct actor *a)
{
	struct desc *d = actor_pick(a, "f");
	enum call c = actor_one_in(a, 2) ? CALL_READ : CALL_WRITE;
	char data[64];
	long size = 1 + actor_random(a, sizeof data - 1);

	if (!d)
		return false;
	memset(data, 'x', sizeof data);
	actor_begin(a, c);
	log_want(&a->log, "evt.rawarg.size", "%ld", size);
	long result = actor_call(a, c, actor_wide(a, d->fd), actor_low(a, data, sizeof data), size);
	actor_want_fd(a, d->fd, d);
	actor_end(a, result);
	return true;
}
