/* The lists of processes and of their descriptors, of every version. */
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "scap_lists.h"

enum { SUB_LENGTH = 9, WITH_TTY = 29 };        /* first version with lengths; bytes behind the root when there is a terminal */

static void keep(struct scap_blob *to, struct scap_bytes b)
{
	scap_blob_set(to, b.p, b.n);
}

/* A path from /proc says so when the file is gone. */
static struct scap_bytes without_mark(struct scap_bytes b)
{
	static const char mark[] = " (deleted)";
	uint32_t n = sizeof mark - 1;

	if (b.n > n && memcmp(b.p + b.n - n, mark, n) == 0)
		b.n -= n;
	return b;
}

/* What the later writers of version 9 add: each part only when the one before is there. */
static void read_tail(struct scap_cursor *c, struct scap_thread *t)
{
	if (scap_left(c) > WITH_TTY) {
		t->pidns_start = scap_uint(c, 8, "the start of a pid namespace");
		t->tty = (uint32_t)scap_uint(c, 4, "a process's terminal");
	}
	if (scap_left(c) < 29)
		return;
	t->loginuid = (uint32_t)scap_uint(c, 4, "a process's login user");
	t->exe_flags |= scap_uint(c, 1, "a process's flags") ? EXE_WRITABLE : 0;
	t->caps[2] = scap_uint(c, 8, "capabilities");
	t->caps[0] = scap_uint(c, 8, "capabilities");
	t->caps[1] = scap_uint(c, 8, "capabilities");
	if (scap_left(c) < 25)
		return;
	t->exe_flags |= scap_uint(c, 1, "a process's flags") ? EXE_UPPER_LAYER : 0;
	t->exe_ino = scap_uint(c, 8, "an executable's inode");
	t->exe_ctime = scap_uint(c, 8, "an executable's time");
	t->exe_mtime = scap_uint(c, 8, "an executable's time");
	if (scap_left(c) < 1)
		return;
	t->exe_flags |= scap_uint(c, 1, "a process's flags") ? EXE_FROM_MEMFD : 0;
	if (scap_left(c) < 1)
		return;
	t->exe_flags |= scap_uint(c, 1, "a process's flags") ? EXE_LOWER_LAYER : 0;
	if (scap_left(c) >= 8)
		t->pgid = (int64_t)scap_uint(c, 8, "a process group");
}

static void read_numbers(struct scap_cursor *c, struct scap_thread *t, unsigned version)
{
	t->fdlimit = (int64_t)scap_uint(c, 8, "a limit of descriptors");
	scap_uint(c, 4, "a process's flags");
	t->uid = (uint32_t)scap_uint(c, 4, "a process's user");
	t->gid = (uint32_t)scap_uint(c, 4, "a process's group");
	if (version < 2)
		return;
	t->vm_size = (uint32_t)scap_uint(c, 4, "a process's memory");
	t->vm_rss = (uint32_t)scap_uint(c, 4, "a process's memory");
	t->vm_swap = (uint32_t)scap_uint(c, 4, "a process's memory");
	t->pf_major = scap_uint(c, 8, "a process's page faults");
	t->pf_minor = scap_uint(c, 8, "a process's page faults");
}

static int read_process(struct scap_cursor *c, unsigned version, struct scap_threads *all)
{
	int64_t tid = (int64_t)scap_uint(c, 8, "a thread's number"), pid = (int64_t)scap_uint(c, 8, "a process's number");
	int64_t ptid = (int64_t)scap_uint(c, 8, "a parent's number");

	if (c->bad)
		return -1;
	struct scap_thread *t = scap_thread_add(all, tid, pid, 0, 0);
	t->ptid = ptid;
	if (version >= 6)
		t->sid = (int64_t)scap_uint(c, 8, "a session");
	if (version >= 8)
		t->vpgid = (int64_t)scap_uint(c, 8, "a process group");
	keep(&t->comm, scap_text(c, "a process's name"));
	keep(&t->exe, scap_text(c, "a process's first argument"));
	if (version >= 7)
		keep(&t->exepath, without_mark(scap_text(c, "a process's executable")));
	keep(&t->args, scap_text(c, "a process's arguments"));
	struct scap_bytes cwd = scap_text(c, "a process's folder"), env = {0};
	read_numbers(c, t, version);
	if (version >= 3)
		env = scap_text(c, "a process's environment");
	if (version >= 4) {
		t->vtid = (int64_t)scap_uint(c, 8, "a thread's number in its namespace");
		t->vpid = (int64_t)scap_uint(c, 8, "a process's number in its namespace");
		keep(&t->cgroups, scap_text(c, "a process's cgroups"));
	}
	if (version >= 5)
		keep(&t->root, scap_text(c, "a process's root"));
	if (version >= SUB_LENGTH)
		read_tail(c, t);
	if (tid == pid || !t->process->leader) {
		keep(&t->process->cwd, cwd);
		keep(&t->process->env, env);
	}
	return c->bad ? -1 : 0;
}

int scap_read_processes(struct scap_file *f, const struct scap_block *b, struct scap_threads *all)
{
	struct scap_cursor c = scap_cursor(f, b);

	while (!scap_at_end(&c)) {
		if (b->version < SUB_LENGTH) {
			if (read_process(&c, b->version, all) < 0)
				return -1;
			continue;
		}
		uint64_t len = scap_uint(&c, 4, "a process's length");
		if (len < 4 && !c.bad)
			return scap_bad(f, c.offset - 4, "found a process of %llu bytes, expected at least 4", (unsigned long long)len);
		struct scap_cursor in = scap_part(&c, len - 4, "a process");
		if (in.bad || read_process(&in, b->version, all) < 0)
			return -1;
	}
	return c.bad ? -1 : 0;
}

static const struct {
	uint8_t kind;
	uint8_t as;                    /* enum fd_kind */
} named[] = {
	{ 1, FD_FILE }, { 2, FD_DIRECTORY }, { 7, FD_PIPE }, { 9, FD_EVENT }, { 10, FD_OTHER }, { 11, FD_SIGNALFD },
	{ 12, FD_EVENTPOLL }, { 13, FD_INOTIFY }, { 14, FD_TIMERFD }, { 15, FD_NETLINK }, { 17, FD_BPF }, { 18, FD_USERFAULTFD },
	{ 19, FD_IO_URING }, { 20, FD_MEMFD }, { 21, FD_PIDFD },
};

static uint8_t protocol_of(uint64_t number)
{
	static const uint8_t protocols[] = { 0, 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_RAW };

	return number < sizeof protocols ? protocols[number] : 0;
}

static void take_address(struct scap_cursor *c, uint8_t to[16], unsigned size)
{
	struct scap_bytes b = scap_take(c, size, "a socket's address");

	if (b.n)
		memcpy(to, b.p, b.n);
}

static void read_socket(struct scap_cursor *c, struct scap_fd *fd, bool six, bool listening)
{
	struct scap_address *a = &fd->address;
	unsigned size = six ? 16 : 4;

	fd->kind = six ? FD_IPV6 : FD_IPV4;
	a->family = six ? AF_INET6 : AF_INET;
	fd->listening = listening;
	if (!listening)
		take_address(c, a->source, size);
	take_address(c, a->target, size);
	if (!listening)
		a->source_port = (uint16_t)scap_uint(c, 2, "a socket's port");
	a->target_port = (uint16_t)scap_uint(c, 2, "a socket's port");
	fd->protocol = protocol_of(scap_uint(c, 1, "a socket's protocol"));
}

/* As the file has it; what comes of it is decided when its owner is known. */
static int read_fd(struct scap_cursor *c, bool counted, int64_t *number, struct scap_fd *fd)
{
	*number = (int64_t)scap_uint(c, 8, "a descriptor's number");
	fd->ino = scap_uint(c, 8, "a descriptor's inode");
	uint64_t offset = c->offset, kind = scap_uint(c, 1, "a descriptor's kind");

	if (c->bad)
		return -1;
	fd->kind = FD_OTHER;
	switch (kind) {
	case 0: return 0;
	case 3: case 4: read_socket(c, fd, kind == 4, false); return c->bad ? -1 : 0;
	case 5: case 6: read_socket(c, fd, kind == 6, true); return c->bad ? -1 : 0;
	case 8:
		fd->kind = FD_UNIX;
		fd->address.source_socket = scap_uint(c, 8, "a unix socket's address");
		fd->address.target_socket = scap_uint(c, 8, "a unix socket's address");
		break;
	case 16:
		fd->kind = FD_FILE;
		fd->flags = (uint32_t)scap_uint(c, 4, "a file's flags");
		break;
	default:
		for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
			if (named[i].kind == kind)
				fd->kind = named[i].as;
		if (kind > 21 && !counted)
			return scap_bad(c->file, offset, "found a descriptor of kind %llu, expected 0 to 21", (unsigned long long)kind);
	}
	keep(&fd->name, scap_text(c, "a descriptor's name"));
	if (kind == 16 && counted && scap_left(c) >= 4)
		fd->dev = (uint32_t)scap_uint(c, 4, "a file's device");
	return c->bad ? -1 : 0;
}

int scap_read_fds(struct scap_file *f, const struct scap_block *b, struct scap_threads *all)
{
	struct scap_cursor c = scap_cursor(f, b);
	int64_t tid = (int64_t)scap_uint(&c, 8, "the thread of a list of descriptors");
	struct scap_thread *t = scap_thread_find(all, tid);

	while (!scap_at_end(&c)) {
		uint64_t len = b->version > 1 ? scap_uint(&c, 4, "a descriptor's length") : 0;
		if (b->version > 1 && len < 4 && !c.bad)
			return scap_bad(f, c.offset - 4, "found a descriptor of %llu bytes, expected at least 4", (unsigned long long)len);
		struct scap_cursor in = b->version > 1 ? scap_part(&c, len - 4, "a descriptor") : c;
		struct scap_fd fd = {0};
		int64_t number = -1;
		int rc = in.bad ? -1 : read_fd(&in, b->version > 1, &number, &fd);
		if (rc == 0 && t && number >= 0)
			scap_fd_copy(scap_fd_add(t->process->fds, number), &fd);
		scap_blob_set(&fd.name, NULL, 0);
		if (rc < 0)
			return -1;
		if (b->version == 1)
			c = in;
	}
	return c.bad ? -1 : 0;
}
