/* Counters by output. */
#include "own_stat.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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

/* In one write over what was there, which was as long or shorter: counters only grow. */
void own_stat_write(const char *folder, const struct source *self, uint64_t alerts, const struct sink sinks[SINKS], bool *said)
{
	char path[PATH_MAX];
	struct pack p = {0};

	if (!*folder)
		return;
	pack_account(&p, self, alerts, sinks);
	snprintf(path, sizeof path, "%s/stat", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	bool written = fd >= 0 && write(fd, p.data, p.len) == (ssize_t)p.len && ftruncate(fd, (off_t)p.len) == 0;
	if (!written && !*said) {
		log_warn("%s", path);
		*said = true;
	}
	if (fd >= 0)
		close(fd);
	pack_free(&p);
}
