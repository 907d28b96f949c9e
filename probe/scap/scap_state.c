/* One event against what is known. */
#include "scap_state.h"

#include <string.h>

#include "wire/path.h"

enum {
	SWITCH = 152, CLONE = 223, FORK = 225, VFORK = 227, CLONE3 = 335, PROCEXIT = 186, CLOSE = 5, CLOSE_RANGE = 451,
	AT_CWD = -100
};

int scap_param(const struct scap_now *now, const char *name)
{
	return event_param(now->type, name, strlen(name));
}

bool scap_result(const struct scap_now *now, int64_t *result)
{
	int i = scap_param(now, "res");

	if (now->type->kind != EVENT_SYSCALL)
		return false;
	if (i < 0 && now->type->flags & EV_CREATES_FD)
		i = scap_param(now, "fd");
	if (!scap_has(now->e, i))
		return false;
	*result = scap_int(now->e, i);
	return true;
}

struct scap_bytes scap_base(const struct scap_now *now, int dir)
{
	static const uint8_t unknown[] = "<UNKNOWN>";
	struct scap_bytes none = { unknown, sizeof unknown - 1 };
	int64_t number = dir < 0 ? AT_CWD : scap_int(now->e, dir);

	if (number == AT_CWD)
		return (struct scap_bytes){0};
	const struct scap_fd *fd = now->thread ? scap_fd_find(now->thread->process->fds, number) : NULL;
	return fd && fd->name.n ? (struct scap_bytes){ (const uint8_t *)fd->name.p, fd->name.n } : none;
}

size_t scap_path(const struct scap_now *now, struct scap_bytes passed, int dir, char *out, size_t cap)
{
	struct scap_bytes base = scap_base(now, dir);

	/* What a descriptor that is not known holds stands before the path as it is: Falco joins nothing there. */
	if (base.n && base.p[0] == '<' && cap > base.n && !(passed.n && passed.p[0] == '/')) {
		memcpy(out, base.p, base.n);
		return base.n + path_join(out + base.n, cap - base.n, NULL, 0, (const char *)passed.p, passed.n);
	}
	if (!base.n && now->thread)
		base = (struct scap_bytes){ (const uint8_t *)now->thread->process->cwd.p, now->thread->process->cwd.n };
	return path_join(out, cap, (const char *)base.p, base.n, (const char *)passed.p, passed.n);
}

/* Of calls that make a descriptor the new one (of a pair the second), else the one in `fd`, else the first. */
static int64_t number_of(const struct scap_now *now)
{
	const struct event_type *t = now->type;
	int i = t->flags & EV_CREATES_FD ? -1 : scap_param(now, "fd");

	if (!(t->flags & (EV_CREATES_FD | EV_USES_FD | EV_DESTROYS_FD)))
		return -1;
	for (unsigned k = 0; i < 0 && k < t->nparams; k++)
		if (t->params[k].type == PT_FD && strcmp(t->params[k].name, "fd1") != 0)
			i = (int)k;
	if (i < 0 && t->flags & EV_CREATES_FD)
		i = 0;
	return scap_has(now->e, i) ? scap_int(now->e, i) : -1;
}

static void find_thread(struct scap_now *now)
{
	uint16_t code = now->e->code;

	now->thread = scap_thread_find(&now->w->threads, now->e->tid);
	/* Of these an unknown thread is no reason to make one up. */
	bool quiet = now->type->kind == EVENT_META || code == CLONE || code == FORK || code == VFORK || code == CLONE3 ||
		code == PROCEXIT || code == SWITCH;
	if (!now->thread && !quiet && now->e->tid >= 0)
		now->thread = scap_thread_invalid(&now->w->threads, now->e->tid, now->e->time);
}

/* What a descriptor's name is made of. The text is kept by its hash: the event may replace it. */
struct look {
	enum fd_kind kind;
	struct scap_address address;
	bool listening;
	uint32_t n;
	uint64_t hash;
};

static struct look look_at(const struct scap_fd *fd)
{
	struct look l = { .hash = 1469598103934665603u };

	if (!fd)
		return l;
	l.kind = fd->kind;
	l.address = fd->address;
	l.listening = fd->listening;
	l.n = fd->name.n;
	for (uint32_t i = 0; i < fd->name.n; i++)
		l.hash = (l.hash ^ (uint8_t)fd->name.p[i]) * 1099511628211u;
	return l;
}

static bool same_look(const struct look *a, const struct look *b)
{
	return a->kind == b->kind && a->listening == b->listening && a->n == b->n && a->hash == b->hash &&
		scap_same_ends(&a->address, &b->address) && a->address.source_socket == b->address.source_socket &&
		a->address.target_socket == b->address.target_socket;
}

/* Of a copy the name is no news. */
static bool is_copy(unsigned code)
{
	enum { DUP = 367, DUP2 = 363, DUP3 = 365, PIDFD_GETFD = 407 };

	return code == DUP || code == DUP2 || code == DUP3 || code == PIDFD_GETFD;
}

static bool has_name(const struct scap_fd *fd)
{
	return fd->name.n || fd->address.family;
}

void scap_before(struct scap_now *now)
{
	find_thread(now);
	now->changed = false;
	now->number = number_of(now);
	bool made = now->type->flags & EV_CREATES_FD;
	struct scap_fds *fds = now->thread ? now->thread->process->fds : NULL;
	struct look before = look_at(made ? NULL : scap_fd_find(fds, now->number));
	(void)(scap_life(now) || scap_files(now) || scap_sockets(now) || scap_facts(now));
	now->fd = scap_fd_find(now->thread ? now->thread->process->fds : NULL, now->number);
	struct look after = look_at(now->fd);
	if (now->fd && !is_copy(now->e->code))
		now->changed = made ? has_name(now->fd) : !same_look(&before, &after);
}

void scap_enter(struct scap_now *now)
{
	find_thread(now);
	now->enters = true;
	now->number = number_of(now);
	now->fd = scap_fd_find(now->thread ? now->thread->process->fds : NULL, now->number);
}

static void close_range(struct scap_now *now)
{
	enum { CLOEXEC = 4, O_CLOSE_ON_EXEC = 4096 };
	struct scap_fds *fds = now->thread->process->fds;
	uint64_t first = scap_unsigned(now->e, 1), last = scap_unsigned(now->e, 2);
	bool later = scap_unsigned(now->e, 3) & CLOEXEC;

	for (size_t i = 0; i < fds->by_number.cap;) {
		uint64_t number = fds->by_number.slots[i].key;
		struct scap_fd *fd = fds->by_number.slots[i].value;
		if (fd && number >= first && number <= last && !later) {
			scap_fd_remove(fds, (int64_t)number);
			continue;
		}
		if (fd && number >= first && number <= last)
			fd->flags |= O_CLOSE_ON_EXEC;
		i++;
	}
}

struct scap_thread *scap_after(struct scap_now *now)
{
	int64_t result;

	if (!now->thread)
		return NULL;
	if (now->e->code == PROCEXIT)
		return now->thread;
	if (scap_result(now, &result) && result >= 0) {
		if (now->e->code == CLOSE)
			scap_fd_remove(now->thread->process->fds, now->number);
		else if (now->e->code == CLOSE_RANGE)
			close_range(now);
	}
	return NULL;
}
