/* Two files: `spool`, a stream of HELLO, a STAT whose `alerts.in` is how many alerts came before its first, and ALERTs; and
 * `spool.index`, mapped, with the marks of the outputs and the alerts that came last. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "known.h"
#include "wire/hello.h"
#include "wire/log.h"
#include "wire/stat.h"

enum { COMPACT = 4 << 20 };                    /* bytes that must be won to write the file anew */
static const char magic[8] = "spool 1";

struct index {
	char magic[8];
	struct spool_mark marks[SPOOL_OUTPUTS];
	struct known_file known;
};

struct spool {
	char folder[PATH_MAX - 32];
	int fd, index_fd;                      /* -1: in memory only */
	struct index *index;
	struct known known;
	bool asked[SPOOL_OUTPUTS];
	uint64_t base, next;                   /* numbers of the first alert in the file and of the next one */
	uint64_t *offsets;                     /* where each of them begins */
	size_t offsets_cap;
	size_t size, written;                  /* of the file with what is pending, and without */
	struct pack pending;
	struct source source;
	struct source_buf source_buf;
	bool failing;
};

static void path_of(const struct spool *s, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", s->folder, name);
}

static int open_in(const struct spool *s, const char *name, int flags)
{
	char path[PATH_MAX];

	path_of(s, name, path);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | flags, 0600);
}

static int write_all(int fd, const uint8_t *data, size_t n, size_t at)
{
	while (n > 0) {
		ssize_t did = pwrite(fd, data, n, (off_t)at);
		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			return -1;
		data += did;
		n -= (size_t)did;
		at += (size_t)did;
	}
	return 0;
}

static void pack_header(struct spool *s, uint64_t base, struct pack *p)
{
	struct hello_content hello = { .program = "emit", .source = s->source, .recorded = true, .eventless = true };
	struct stat_writer w = {0};

	hello_frame(p, &hello);
	stat_add(&w, stat_defs[STAT_ALERTS_IN].name, base);
	stat_frame(p, &s->source, "emit", &w);
	pack_free(&w.body);
}

/* When the disk refuses, alerts go on as without a folder: they must not wait for it. */
static void fail(struct spool *s, const char *what)
{
	if (!s->failing)
		log_warn("spool: %s; until it works, alerts that outputs have not taken die with emit", what);
	s->failing = true;
}

/* Begins the file anew behind what every output has taken. Dying in the middle leaves a file without alerts, behind the marks. */
static void empty(struct spool *s)
{
	struct pack p = {0};

	pack_header(s, s->next, &p);
	s->base = s->next;
	s->size = s->written = p.len;
	if (s->fd >= 0 && (ftruncate(s->fd, 0) != 0 || write_all(s->fd, p.data, p.len, 0) != 0))
		fail(s, "writing");
	pack_free(&p);
}

static int open_index(struct spool *s, char *err, size_t errlen)
{
	struct stat st;
	bool fresh;

	s->index_fd = open_in(s, "spool.index", 0);
	if (s->index_fd < 0 || fstat(s->index_fd, &st) != 0) {
		snprintf(err, errlen, "%s/spool.index: %s", s->folder, strerror(errno));
		return -1;
	}
	if (flock(s->index_fd, LOCK_EX | LOCK_NB) != 0) {
		snprintf(err, errlen, "%s/spool.index: %s", s->folder, errno == EWOULDBLOCK ? "another emit uses it" : strerror(errno));
		return -1;
	}
	fresh = st.st_size != sizeof *s->index;
	if (fresh && (ftruncate(s->index_fd, 0) != 0 || ftruncate(s->index_fd, sizeof *s->index) != 0)) {
		snprintf(err, errlen, "%s/spool.index: %s", s->folder, strerror(errno));
		return -1;
	}
	if (fresh && st.st_size)
		log_warnx("%s/spool.index: found %lld bytes, expected %zu; it begins anew", s->folder, (long long)st.st_size, sizeof *s->index);
	s->index = mmap(NULL, sizeof *s->index, PROT_READ | PROT_WRITE, MAP_SHARED, s->index_fd, 0);
	if (s->index != MAP_FAILED)
		return 0;
	s->index = NULL;
	snprintf(err, errlen, "%s/spool.index: %s", s->folder, strerror(errno));
	return -1;
}

struct spool *spool_open(const char *folder, char *err, size_t errlen)
{
	struct spool *s = calloc(1, sizeof *s);

	if (!s)
		diex(EX_OSERR, "out of memory: the spool");
	s->fd = s->index_fd = -1;
	s->source = source_here("emit", &s->source_buf);
	snprintf(s->folder, sizeof s->folder, "%s", folder);
	if (*folder) {
		if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
			snprintf(err, errlen, "emit.state_dir: %s: %s", folder, strerror(errno));
			spool_free(s);
			return NULL;
		}
		if (open_index(s, err, errlen) != 0) {
			spool_free(s);
			return NULL;
		}
		s->fd = open_in(s, "spool", 0);
		if (s->fd < 0) {
			snprintf(err, errlen, "%s/spool: %s", folder, strerror(errno));
			spool_free(s);
			return NULL;
		}
	} else {
		s->index = mmap(NULL, sizeof *s->index, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (s->index == MAP_FAILED)
			diex(EX_OSERR, "out of memory: the spool");
	}
	if (memcmp(s->index->magic, magic, sizeof magic) != 0) {
		memset(s->index, 0, sizeof *s->index);
		memcpy(s->index->magic, magic, sizeof magic);
	}
	known_open(&s->known, &s->index->known);
	return s;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	if (s->index) {
		known_close(&s->known);
		munmap(s->index, sizeof *s->index);
	}
	if (s->fd >= 0)
		close(s->fd);
	if (s->index_fd >= 0)
		close(s->index_fd);
	pack_free(&s->pending);
	free(s->offsets);
	free(s);
}

struct spool_mark *spool_output(struct spool *s, const char *name)
{
	struct spool_mark *unused = NULL;

	for (int i = 0; i < SPOOL_OUTPUTS; i++) {
		struct spool_mark *m = &s->index->marks[i];
		if (strncmp(m->name, name, sizeof m->name - 1) == 0 && m->name[0]) {
			s->asked[i] = true;
			return m;
		}
		if (!unused && !m->name[0])
			unused = m;
	}
	if (!unused)
		return NULL;
	s->asked[unused - s->index->marks] = true;
	*unused = (struct spool_mark){ .next = UINT64_MAX };
	snprintf(unused->name, sizeof unused->name, "%s", name);
	return unused;
}

static void note_offset(struct spool *s, uint64_t offset)
{
	size_t n = (size_t)(s->next - s->base);

	if (n == s->offsets_cap) {
		s->offsets_cap = s->offsets_cap ? s->offsets_cap * 2 : 256;
		s->offsets = realloc(s->offsets, s->offsets_cap * sizeof *s->offsets);
		if (!s->offsets)
			diex(EX_OSERR, "out of memory: %zu alerts in the spool", s->offsets_cap);
	}
	s->offsets[n] = offset;
}

/* `alerts.in` of the STAT in front. */
static uint64_t read_base(const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value v = { .type = VALUE_NIL }, key;

	for (int i = 0; i < 6; i++)
		if (value_next(&c, &v) != 1)
			return 0;
	for (uint32_t i = 0; v.type == VALUE_MAP && i < v.a.count; i++) {
		struct value n;
		if (value_next(&v.a.inside, &key) != 1 || value_next(&v.a.inside, &n) != 1)
			return 0;
		if (key.type == VALUE_STR && key.s.len == 9 && memcmp(key.s.data, "alerts.in", 9) == 0 && n.type == VALUE_UINT)
			return n.u;
	}
	return 0;
}

/* Reads the file as far as it is whole. */
static void read_file(struct spool *s, const uint8_t *data, size_t size, void (*take)(void *, const struct frame *, uint64_t), void *arg)
{
	struct frame f;
	struct alert a;
	char err[256];
	size_t need, at = 0, bad;
	int rc;

	while ((rc = frame_parse(data + at, size - at, at, &f, &need, err, sizeof err)) == 1) {
		if (f.kind == FRAME_STAT && s->next == 0)
			s->base = s->next = read_base(&f);
		if (f.kind == FRAME_ALERT && alert_decode(&f, &a, &bad, err, sizeof err) == 0) {
			/* Committed, but its writer died before it had remembered it. */
			known_alert(&s->known, &a);
			note_offset(s, at);
			take(arg, &f, s->next++);
		} else if (f.kind == FRAME_ALERT) {
			log_warnx("%s/spool: byte %zu: %s", s->folder, at + FRAME_HEADER + bad, err);
			break;
		}
		at += f.size;
	}
	if (rc < 0)
		log_warnx("%s/spool: %s; what is behind it is lost", s->folder, err);
	known_keep(&s->known);
	s->size = s->written = at;
}

void spool_replay(struct spool *s, void (*take)(void *arg, const struct frame *f, uint64_t number), void *arg)
{
	struct stat st = { .st_size = 0 };
	uint8_t *data = NULL;
	uint64_t last = 0;

	for (int i = 0; i < SPOOL_OUTPUTS; i++)
		if (!s->asked[i])
			s->index->marks[i] = (struct spool_mark){0};
	if (s->fd >= 0 && fstat(s->fd, &st) == 0 && st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, s->fd, 0);
	if (data && data != MAP_FAILED) {
		read_file(s, data, (size_t)st.st_size, take, arg);
		munmap(data, (size_t)st.st_size);
	}
	for (int i = 0; i < SPOOL_OUTPUTS; i++) {
		struct spool_mark *m = &s->index->marks[i];
		if (!s->asked[i])
			continue;
		if (m->next == UINT64_MAX)
			m->next = s->next;
		if (m->next > last)
			last = m->next;
	}
	if (s->next < last)
		s->base = s->next = last;
	if (s->base == s->next)
		empty(s);
	else if (s->fd >= 0 && ftruncate(s->fd, (off_t)s->size) != 0)
		fail(s, "cutting what was written half");
}

bool spool_known(struct spool *s, const struct alert *a)
{
	return known_alert(&s->known, a);
}

uint64_t spool_add(struct spool *s, const struct frame *f)
{
	note_offset(s, s->size);
	s->size += f->size;
	frame_copy(&s->pending, f);
	return s->next++;
}

size_t spool_pending(const struct spool *s)
{
	return s->pending.len;
}

void spool_commit(struct spool *s)
{
	if (!s->pending.len)
		return;
	if (s->fd >= 0 && write_all(s->fd, s->pending.data, s->pending.len, s->written) != 0)
		fail(s, "writing");
	else
		s->failing = false;
	s->written = s->size;
	s->pending.len = 0;
	known_keep(&s->known);
}

static uint64_t first_needed(const struct spool *s)
{
	uint64_t first = s->next;

	for (int i = 0; i < SPOOL_OUTPUTS; i++)
		if (s->asked[i] && s->index->marks[i].next < first)
			first = s->index->marks[i].next;
	return first;
}

/* Writes what is needed into a new file, which takes the place of the old one. */
static void compact(struct spool *s, uint64_t first)
{
	char path[PATH_MAX], new_path[PATH_MAX];
	struct pack p = {0};
	size_t from = (size_t)s->offsets[first - s->base], n = s->size - from;
	int fd = open_in(s, "spool.new", O_TRUNC);

	pack_header(s, first, &p);
	size_t header = p.len;
	uint8_t *room = pack_room(&p, n);
	ssize_t did = pread(s->fd, room, n, (off_t)from);
	path_of(s, "spool", path);
	path_of(s, "spool.new", new_path);
	if (fd < 0 || did != (ssize_t)n || write_all(fd, p.data, header + n, 0) != 0 || rename(new_path, path) != 0) {
		fail(s, "writing it anew");
		if (fd >= 0)
			close(fd);
		pack_free(&p);
		return;
	}
	pack_free(&p);
	close(s->fd);
	s->fd = fd;
	for (uint64_t i = first; i < s->next; i++)
		s->offsets[i - first] = s->offsets[i - s->base] - from + header;
	s->base = first;
	s->size = s->written = header + n;
}

void spool_trim(struct spool *s)
{
	uint64_t first = first_needed(s);

	if (s->base == s->next || s->pending.len)
		return;
	if (first == s->next || s->fd < 0) {
		empty(s);
		return;
	}
	/* An output that hangs does not keep the file from being bounded: what it has queued is in memory as well. */
	if (s->size > SPOOL_MAX && first < s->base + (s->next - s->base) / 2)
		first = s->base + (s->next - s->base) / 2;
	if (first > s->base && s->offsets[first - s->base] > COMPACT && s->offsets[first - s->base] > s->size / 2)
		compact(s, first);
}

bool spool_lasts(const struct spool *s)
{
	return s->fd >= 0 && !s->failing;
}
