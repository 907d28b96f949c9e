/* Counter names, sources, STAT and END. */
#include "stat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NO, YES };
const struct stat_def stat_defs[STAT_COUNT] = {
#define STAT(constant, name, per_type, meaning) { name, meaning, per_type },
#include "stat.def"
#undef STAT
};

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_wall(void)
{
	return now(CLOCK_REALTIME);
}

int64_t clock_offset(void)
{
	/* The tightest of a few pairs: a preemption between the two readings would be taken for an offset. */
	int64_t best = 0;
	uint64_t width = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t before = now(CLOCK_BOOTTIME), wall = now(CLOCK_REALTIME), after = now(CLOCK_BOOTTIME);
		if (after - before < width) {
			width = after - before;
			best = (int64_t)(wall - before - width / 2);
		}
	}
	return best;
}

struct source source_here(const char *name, struct source_buf *buf)
{
	const char *forced = getenv("FALCO_HOSTNAME");

	/* Falco's way to name the node instead of the pod that it runs in. */
	if (forced)
		snprintf(buf->host, sizeof buf->host, "%s", forced);
	else if (gethostname(buf->host, sizeof buf->host) != 0)
		buf->host[0] = '\0';
	buf->host[sizeof buf->host - 1] = '\0';
	ssize_t n = -1;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buf->boot, sizeof buf->boot - 1);
		close(fd);
	}
	buf->boot[n > 0 ? n : 0] = '\0';
	buf->boot[strcspn(buf->boot, "\n")] = '\0';
	return (struct source){ buf->host, buf->boot, name, clock_wall() };
}

void source_pack(struct pack *p, const struct source *s)
{
	pack_array(p, 4);
	pack_str(p, s->host);
	pack_str(p, s->boot);
	pack_str(p, s->name);
	pack_uint(p, s->start);
}

void stat_add(struct stat_writer *w, const char *name, uint64_t value)
{
	pack_str(&w->body, name);
	pack_uint(&w->body, value);
	w->pairs++;
}

void stat_frame(struct pack *p, const struct source *s, const char *stage, const struct stat_writer *w)
{
	stat_frame_at(p, s, stage, w, clock_wall(), clock_offset());
}

void stat_frame_at(struct pack *p, const struct source *s, const char *stage, const struct stat_writer *w, uint64_t time, int64_t offset)
{
	size_t f = frame_begin(p, FRAME_STAT);

	source_pack(p, s);
	pack_str(p, stage);
	pack_uint(p, s->start);
	pack_uint(p, time);
	pack_int(p, offset);
	pack_map(p, w->pairs);
	pack_raw(p, w->body.data, w->body.len);
	frame_end(p, f);
}

void stat_totals(struct pack *p, const struct source *s, const char *stage, const uint64_t totals[STAT_COUNT])
{
	struct stat_writer w = {0};

	for (int i = 0; i < STAT_COUNT; i++)
		if (totals[i])
			stat_add(&w, stat_defs[i].name, totals[i]);
	stat_frame(p, s, stage, &w);
	pack_free(&w.body);
}

bool end_is_last(const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value reason;

	return value_next(&c, &reason) != 1 || reason.type != VALUE_STR || reason.s.len != sizeof END_HOLDER_LOST - 1 ||
		memcmp(reason.s.data, END_HOLDER_LOST, reason.s.len) != 0;
}

void end_frame(struct pack *p, const char *reason)
{
	size_t f = frame_begin(p, FRAME_END);

	pack_str(p, reason);
	frame_end(p, f);
}
