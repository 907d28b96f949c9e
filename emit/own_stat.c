/* Counters by output. */
#include "own_stat.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/hello.h"
#include "wire/log.h"

static void add(struct stat_writer *w, enum counter c, const struct sink *s, uint64_t n)
{
	char name[128];

	snprintf(name, sizeof name, "%s.%s", stat_defs[c].name, s->kind->name);
	stat_add(w, name, n);
}

static void pack_account(struct pack *p, const struct source *self, uint64_t alerts, const struct sink sinks[SINKS])
{
	const struct hello_content hello = { .program = "emit", .source = *self, .eventless = true };
	struct stat_writer w = {0};

	hello_frame(p, &hello);
	stat_add(&w, stat_defs[STAT_ALERTS_IN].name, alerts);
	for (int i = 0; i < SINKS; i++) {
		if (!sinks[i].kind || sinks[i].off)
			continue;
		add(&w, STAT_ALERTS_WRITTEN, &sinks[i], sinks[i].written);
		add(&w, STAT_ALERTS_DROPPED, &sinks[i], sink_dropped(&sinks[i]));
		add(&w, STAT_ALERTS_QUEUED, &sinks[i], sinks[i].queued);
	}
	stat_frame(p, self, "emit", &w);
	pack_free(&w.body);
}

/* Somebody may have removed it. */
static int open_file(struct own_stat *o, const char *path)
{
	struct stat st;

	if (o->fd > 0 && fstat(o->fd, &st) == 0 && st.st_nlink)
		return o->fd;
	own_stat_close(o);
	o->len = SIZE_MAX;
	return o->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
}

/* In one write over what was there, which is cut off behind it when it was longer. */
void own_stat_write(struct own_stat *o, const char *folder, const struct source *self, uint64_t alerts, const struct sink sinks[SINKS])
{
	char path[PATH_MAX];
	struct pack p = {0};

	if (!*folder)
		return;
	pack_account(&p, self, alerts, sinks);
	snprintf(path, sizeof path, "%s/stat", folder);
	int fd = open_file(o, path);
	bool written = fd > 0 && pwrite(fd, p.data, p.len, 0) == (ssize_t)p.len && (p.len >= o->len || ftruncate(fd, (off_t)p.len) == 0);
	if (written)
		o->len = p.len;
	else if (!o->said)
		log_warn("%s", path);
	o->said |= !written;
	pack_free(&p);
}

void own_stat_close(struct own_stat *o)
{
	if (o->fd > 0)
		close(o->fd);
	o->fd = 0;
}
