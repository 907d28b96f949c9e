/* One ring record for each process, put together from /proc/PID and encoded like those of the kernel side. */
#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroups.h"

enum { TICKS_NS = 10000000, KEY_SHIFT = 22 };

/* A record under construction. */
struct draft {
	int dir;                               /* /proc/PID */
	size_t len;
	_Alignas(8) char data[RAW_MAX];
};

static struct raw_proc *draft_proc(struct draft *d)
{
	return (struct raw_proc *)d->data;
}

/* Reads a file of the process whole, as far as it fits; NUL-terminated. Returns how much there is, -1 when there is none. */
static ssize_t read_file(const struct draft *d, const char *name, char *buf, size_t cap)
{
	int fd = openat(d->dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0, got;

	if (fd < 0)
		return -1;
	while ((size_t)n < cap - 1 && (got = read(fd, buf + n, cap - 1 - (size_t)n)) > 0)
		n += got;
	close(fd);
	buf[n] = '\0';
	return n;
}

static void *item_add(struct draft *d, enum raw_form form, enum raw_fact fact, size_t len, uint32_t aux)
{
	size_t padded = (len + 7) & ~(size_t)7;

	if (d->len + sizeof(struct raw_item) + padded > sizeof d->data)
		return NULL;
	struct raw_item *it = (struct raw_item *)(d->data + d->len);
	*it = (struct raw_item){ .form = (uint8_t)form, .param = (uint8_t)fact, .len = (uint16_t)len, .aux = aux };
	d->len += sizeof *it + padded;
	return it + 1;
}

/* argv or the environment: whole up to RAW_TEXT, then cut with the whole length. */
static void add_texts(struct draft *d, const char *name, enum raw_fact fact)
{
	static const size_t cap = 1 << 20;
	char *buf = malloc(cap);
	ssize_t n = buf ? read_file(d, name, buf, cap) : -1;

	if (n > 0) {
		size_t kept = n < RAW_TEXT ? (size_t)n : RAW_TEXT;
		void *to = item_add(d, FORM_BYTES, fact, kept, (uint32_t)n);
		if (to)
			memcpy(to, buf, kept);
	}
	free(buf);
}

/* Components of an absolute path, leaf first, each with its NUL: as the walker writes them. Returns their length. */
static size_t components(char *out, const char *path)
{
	size_t n = 0, end = strlen(path);

	while (end > 0) {
		size_t begin = end;
		while (begin > 0 && path[begin - 1] != '/')
			begin--;
		if (end > begin) {
			memcpy(out + n, path + begin, end - begin);
			n += end - begin;
			out[n++] = '\0';
		}
		end = begin ? begin - 1 : 0;
	}
	return n;
}

static void add_link(struct draft *d, const char *name, enum raw_fact fact)
{
	char path[PATH_MAX + 1], names[PATH_MAX + 2];
	ssize_t n = readlinkat(d->dir, name, path, PATH_MAX);

	if (n <= 0)
		return;
	path[n] = '\0';
	size_t len = components(names, path);
	void *to = item_add(d, FORM_PATH, fact, len, PATH_ABSOLUTE);
	if (to)
		memcpy(to, names, len);
}

static int64_t timespec_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add_exe(struct draft *d)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX + 1], names[PATH_MAX + 2];
	ssize_t n = readlinkat(d->dir, "exe", path, PATH_MAX);
	struct stat st;
	struct statfs fs;
	int fd = openat(d->dir, "exe", O_PATH | O_CLOEXEC);

	if (n > 0 && fd >= 0 && fstat(fd, &st) == 0 && fstatfs(fd, &fs) == 0) {
		struct raw_file f = { .inode = st.st_ino, .ctime = timespec_ns(st.st_ctim), .mtime = timespec_ns(st.st_mtim),
			.device = (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev)), .magic = (uint32_t)fs.f_type,
			.mode = st.st_mode, .uid = st.st_uid, .gid = st.st_gid, .unlinked = st.st_nlink == 0 };
		path[n] = '\0';
		if (f.unlinked && (size_t)n > sizeof deleted && strcmp(path + n - (sizeof deleted - 1), deleted) == 0)
			path[n - (ssize_t)(sizeof deleted - 1)] = '\0';
		bool memfd = strncmp(path, "/memfd:", 7) == 0;
		f.path = memfd ? PATH_PSEUDO : PATH_ABSOLUTE;
		f.path_len = (uint16_t)(memfd ? (size_t)sprintf(names, "%s", path + 1) + 1 : components(names, path));
		char *to = item_add(d, FORM_FD, RAW_FACT_EXE, sizeof f + f.path_len, 0);
		if (to) {
			memcpy(to, &f, sizeof f);
			memcpy(to + sizeof f, names, f.path_len);
		}
	}
	if (fd >= 0)
		close(fd);
}

/* The fields of /proc/PID/stat behind the name, from `state` (field 3) on. Returns 0 or -1. */
static int read_stat(struct draft *d)
{
	struct raw_proc *p = draft_proc(d);
	char buf[1024], *name, *rest;
	int ppid, pgrp, session, tty;
	__u64 start;

	if (read_file(d, "stat", buf, sizeof buf) <= 0 || !(name = strchr(buf, '(')) || !(rest = strrchr(buf, ')')))
		return -1;
	if (sscanf(rest + 1, " %*c %d %d %d %d %*d %*u %llu %*u %llu %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ppid, &pgrp,
		   &session, &tty, &p->page_faults_minor, &p->page_faults_major, &start) != 7)
		return -1;
	*rest = '\0';
	memcpy(p->h.comm, name + 1, strnlen(name + 1, sizeof p->h.comm));
	p->h.ppid = (uint32_t)ppid;
	p->pgid = (uint32_t)pgrp;
	p->sid = (uint32_t)session;
	p->tty = (uint32_t)tty;
	p->start = start * TICKS_NS;
	p->h.process = p->h.task = start << KEY_SHIFT | p->h.pid;
	return 0;
}

/* The last number of a line such as "NSpid:\t71\t3". */
static uint32_t last_number(const char *line)
{
	const char *end = line + strcspn(line, "\n");

	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	while (end > line && end[-1] >= '0' && end[-1] <= '9')
		end--;
	return (uint32_t)strtoul(end, NULL, 10);
}

static void four_ids(const char *line, uint32_t *ids)
{
	/* Real, effective, saved, file system: the order of raw_proc.ids. */
	sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32, &ids[0], &ids[1], &ids[2], &ids[3]);
}

static void add_groups(struct draft *d, const char *line)
{
	uint32_t ids[RAW_GROUPS], n = 0;
	char *end;

	for (const char *s = line; n < RAW_GROUPS && *s != '\n'; s = end) {
		unsigned long id = strtoul(s, &end, 10);
		if (end == s)
			break;
		ids[n++] = (uint32_t)id;
	}
	void *to = n ? item_add(d, FORM_BYTES, RAW_FACT_GROUPS, n * sizeof *ids, n * (uint32_t)sizeof *ids) : NULL;
	if (to)
		memcpy(to, ids, n * sizeof *ids);
}

static void status_line(struct draft *d, const char *key, const char *value)
{
	struct raw_proc *p = draft_proc(d);
	const struct {
		const char *key;
		__u64 *set;
		__u64 *kib;
		uint32_t *last;
		uint32_t *number;
	} lines[] = {
		{ "CapInh", &p->cap_inheritable, NULL, NULL, NULL }, { "CapPrm", &p->cap_permitted, NULL, NULL, NULL },
		{ "CapEff", &p->cap_effective, NULL, NULL, NULL }, { "CapBnd", &p->cap_bounding, NULL, NULL, NULL },
		{ "VmSize", NULL, &p->vm_size, NULL, NULL }, { "VmRSS", NULL, &p->vm_rss, NULL, NULL },
		{ "VmSwap", NULL, &p->vm_swap, NULL, NULL }, { "NSpid", NULL, NULL, &p->vpid, NULL },
		{ "NSsid", NULL, NULL, &p->vsid, NULL }, { "NSpgid", NULL, NULL, &p->vpgid, NULL },
		{ "NoNewPrivs", NULL, NULL, NULL, &p->no_new_privs }, { "Seccomp", NULL, NULL, NULL, &p->seccomp },
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		if (strcmp(lines[i].key, key) != 0)
			continue;
		if (lines[i].set)
			*lines[i].set = strtoull(value, NULL, 16);
		else if (lines[i].kib)
			*lines[i].kib = strtoull(value, NULL, 10);
		else if (lines[i].last)
			*lines[i].last = last_number(value);
		else
			*lines[i].number = (uint32_t)strtoul(value, NULL, 10);
		return;
	}
	if (strcmp(key, "Uid") == 0)
		four_ids(value, p->ids);
	else if (strcmp(key, "Gid") == 0)
		four_ids(value, p->ids + 4);
	else if (strcmp(key, "Groups") == 0)
		add_groups(d, value);
}

static void read_status(struct draft *d)
{
	char buf[8192], key[64];

	if (read_file(d, "status", buf, sizeof buf) <= 0)
		return;
	for (const char *line = buf; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		size_t n = strcspn(line, ":\n");
		if (line[n] != ':' || n >= sizeof key)
			continue;
		memcpy(key, line, n);
		key[n] = '\0';
		status_line(d, key, line + n + 1);
	}
	draft_proc(d)->vtid = draft_proc(d)->vpid;
	draft_proc(d)->h.uid = draft_proc(d)->ids[1];
}

static void read_namespaces(struct draft *d)
{
	static const char *const names[8] = { "mnt", "pid", "net", "user", "uts", "ipc", "cgroup", "time" };
	char file[32], text[64];

	for (int i = 0; i < 8; i++) {
		snprintf(file, sizeof file, "ns/%s", names[i]);
		ssize_t n = readlinkat(d->dir, file, text, sizeof text - 1);
		text[n > 0 ? n : 0] = '\0';
		const char *number = strchr(text, '[');
		draft_proc(d)->ns[i] = number ? (uint32_t)strtoul(number + 1, NULL, 10) : 0;
	}
}

static uint32_t small_number(const struct draft *d, const char *file)
{
	char buf[32];

	return read_file(d, file, buf, sizeof buf) > 0 ? (uint32_t)strtoul(buf, NULL, 10) : UINT32_MAX;
}

static void read_limit(struct draft *d)
{
	char buf[4096];
	const char *line = read_file(d, "limits", buf, sizeof buf) > 0 ? strstr(buf, "Max open files") : NULL;

	if (line)
		draft_proc(d)->fdlimit = strtoull(line + strlen("Max open files"), NULL, 10);
}

/* The hierarchy of version 1 that has pids when the process is not at its root, else version 2: as the kernel side chooses. */
static void read_cgroup(struct encoder *e, struct draft *d)
{
	char buf[8192], controllers[256], path[4096], two[4096] = "";
	unsigned hierarchy;

	if (read_file(d, "cgroup", buf, sizeof buf) <= 0)
		return;
	for (const char *line = buf; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (sscanf(line, "0::%4095[^\n]", two) == 1)
			continue;
		if (sscanf(line, "%u:%255[^:]:%4095[^\n]", &hierarchy, controllers, path) == 3 &&
		    strcmp(controllers, "pids") == 0 && strcmp(path, "/") != 0) {
			draft_proc(d)->cgroup = cgroups_find(e->cgroups, hierarchy, path);
			return;
		}
	}
	draft_proc(d)->cgroup = cgroups_find(e->cgroups, 0, two);
}

/* The key of another process, 0 when it is not there. */
static uint64_t key_of(uint32_t pid)
{
	struct draft *d = calloc(1, sizeof *d);
	char name[32];
	uint64_t key = 0;

	snprintf(name, sizeof name, "/proc/%u", pid);
	if (d && pid && (d->dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		draft_proc(d)->h.pid = pid;
		if (read_stat(d) == 0)
			key = draft_proc(d)->h.process;
		close(d->dir);
	}
	free(d);
	return key;
}

/* When the first process of our own pid namespace began, if it is also the process's; of others /proc does not tell. */
static __u64 namespace_start(const struct draft *d)
{
	struct draft *init = calloc(1, sizeof *init);
	struct stat st;
	__u64 start = 0;

	if (init && (init->dir = open("/proc/1", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == ((const struct raw_proc *)d->data)->ns[1] && read_stat(init) == 0)
			start = ((struct raw_proc *)init->data)->start;
		close(init->dir);
	}
	free(init);
	return start;
}

static void process(struct encoder *e, struct draft *d, uint32_t pid)
{
	struct raw_proc *p = draft_proc(d);

	memset(p, 0, sizeof *p);
	d->len = sizeof *p;
	p->h.kind = RAW_PROC;
	p->h.pid = p->h.tid = pid;
	if (read_stat(d) != 0)
		return;
	read_status(d);
	read_namespaces(d);
	read_limit(d);
	read_cgroup(e, d);
	p->loginuid = small_number(d, "loginuid");
	p->sessionid = small_number(d, "sessionid");
	p->parent = key_of(p->h.ppid);
	p->pidns_start = namespace_start(d);
	add_exe(d);
	add_link(d, "cwd", RAW_FACT_CWD);
	add_link(d, "root", RAW_FACT_ROOT);
	add_texts(d, "cmdline", RAW_FACT_ARGV);
	add_texts(d, "environ", RAW_FACT_ENV);
	p->h.len = (uint32_t)d->len;
	encode_record(e, d->data, d->len);
}

static void one_process(struct encoder *e, struct draft *d, unsigned long pid)
{
	char name[32];

	snprintf(name, sizeof name, "/proc/%lu", pid);
	d->dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0)
		return;
	process(e, d, (uint32_t)pid);
	close(d->dir);
}

void procfs_init(struct encoder *e)
{
	struct draft *d = calloc(1, sizeof *d);

	if (d)
		one_process(e, d, 1);
	free(d);
}

void procfs_snapshot(struct encoder *e)
{
	struct draft *d = calloc(1, sizeof *d);
	DIR *proc = opendir("/proc");
	char *end;

	for (struct dirent *entry; d && proc && (entry = readdir(proc));) {
		unsigned long pid = strtoul(entry->d_name, &end, 10);
		if (end != entry->d_name && !*end)
			one_process(e, d, pid);
	}
	if (proc)
		closedir(proc);
	free(d);
}
