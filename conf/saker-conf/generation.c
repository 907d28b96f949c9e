/* Everything is written into a folder of another name, which gets its number when it is whole. */
#include "generation.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "folder.h"
#include "shipped.h"
#include "stage.h"
#include "watch.h"

static const char *const stages[] = { "probe", "frames", "enrich", "match", "emit", "log" };
enum { STAGES = sizeof stages / sizeof *stages };

struct making {
	const char *rundir;
	struct settled *s;
	const struct rules *rules;
	const struct run *run;
	char folder[PATH_MAX];                  /* the new one, under its first name */
	char final[PATH_MAX];                   /* and its last */
	struct strbuf types;
	bool names;                             /* there are host names */
};

static int refuse(struct making *m, const char *what)
{
	return say_error(m->s->say, (struct place){0}, "%s: %s: %s", m->folder, what, strerror(errno));
}

/* STAGE=USER,...: whose the arguments of a stage are. */
static int owner_of(const char *owners, const char *stage, long *owner)
{
	size_t n = strlen(stage);

	for (const char *p = owners; *p; p += strcspn(p, ","), p += *p == ',') {
		char *end;
		if (strncmp(p, stage, n) != 0 || p[n] != '=' || !isdigit((unsigned char)p[n + 1]))
			continue;
		*owner = strtol(p + n + 1, &end, 10);
		return *end == ',' || !*end ? 0 : -1;
	}
	return -1;
}

static int put(struct making *m, const char *name, const char *data, size_t n)
{
	return folder_put(m->folder, name, data, n) == 0 ? 0 : refuse(m, name);
}

static int put_text(struct making *m, const char *name, const struct strbuf *b)
{
	return put(m, name, b->p ? b->p : "", b->n);
}

/* There may be passwords among the keys: who is to have them has them alone, where it was said who that is. `stage` NULL: only we. */
static int put_private(struct making *m, const char *name, const char *stage, const struct strbuf *b)
{
	char path[PATH_MAX + 32];
	long owner = -1;

	if (put_text(m, name, b) != 0)
		return -1;
	if (!m->run->owners)
		return 0;
	snprintf(path, sizeof path, "%s/%s", m->folder, name);
	if (stage && owner_of(m->run->owners, stage, &owner) != 0)
		return say_error(m->s->say, (struct place){0}, "-u: found '%s', expected the user of %s among them", m->run->owners, stage);
	return chmod(path, stage ? 0400 : 0600) == 0 && (!stage || chown(path, (uid_t)owner, (gid_t)-1) == 0) ? 0 : refuse(m, name);
}

/* A copy of each rules file, under its full path in `rules`. */
static int copy_rules(struct making *m)
{
	for (unsigned i = 0; i < m->rules->nfiles; i++) {
		char name[PATH_MAX + 16], *full = folder_absolute(m->rules->files[i]);
		snprintf(name, sizeof name, "rules%s", full ? full : "");
		free(full);
		if (!full || folder_copy(m->rules->files[i], m->folder, name) != 0)
			return say_error(m->s->say, (struct place){0}, "%s: can not be copied: %s", m->rules->files[i], strerror(errno));
	}
	return 0;
}

static void add_rules(const struct making *m, const char *folder, struct strbuf *arguments)
{
	for (unsigned i = 0; i < m->rules->nfiles; i++) {
		char *full = folder_absolute(m->rules->files[i]);
		arguments_add(arguments, "-r");
		strbuf_printf(arguments, "%s/rules%s", folder, full ? full : "");
		strbuf_add(arguments, "", 1);
		free(full);
	}
}

/* A stage has its own defaults, which are the table's: only what differs is said. */
static void add_keys(const struct making *m, const char *stage, struct strbuf *arguments)
{
	for (int k = 0; k < CONF_KEYS; k++) {
		const char *value = settled_text(m->s, (enum conf_key)k);
		if (conf_has_word(conf_defs[k].program, stage) && strcmp(value, conf_defs[k].value) != 0)
			arguments_key(arguments, conf_defs[k].name, value);
	}
}

/* What a program says of the copies is said of the originals. */
static void pass_on(const struct making *m, const char *text)
{
	char prefix[PATH_MAX + 16];
	size_t n = (size_t)snprintf(prefix, sizeof prefix, "%s/rules", m->folder);

	for (const char *hit; (hit = strstr(text, prefix)); text = hit + n)
		fwrite(text, 1, (size_t)(hit - text), stderr);
	fputs(text, stderr);
}

/* What match is asked of the rules, and where in the generation the answer goes. */
struct question {
	const char *option, *before, *name;     /* before: a plan that the one of the rules is joined with, or NULL */
	struct stage stage;
	struct strbuf out, err;
};

static void ask_match(const struct making *m, struct question *q)
{
	struct strbuf arguments = {0};

	add_rules(m, m->folder, &arguments);
	add_keys(m, "match", &arguments);
	arguments_add(&arguments, q->option);
	if (q->before) {
		arguments_add(&arguments, "--union");
		arguments_add(&arguments, q->before);
	}
	stage_start(&q->stage, "match", &arguments, &q->out, &q->err);
	strbuf_free(&arguments);
}

/* Only the first answer that is bad is passed on: it is the same mistake that the others complain of. */
static int take_answer(struct making *m, struct question *q, int rc)
{
	int status = stage_finish(&q->stage);

	if (rc == 0 && status != 0) {
		pass_on(m, q->err.p ? q->err.p : "");
		say_error(m->s->say, (struct place){0}, "match %s ended with status %d", q->option, status);
	}
	strbuf_free(&q->err);
	return rc == 0 && status == 0 ? put_text(m, q->name, &q->out) : -1;
}

/* The plan, and its union with that of the generation in force: while some stages have the old rules yet, both are needed. Without
 * one in force it is the plan. */
static int ask_rules(struct making *m)
{
	enum { TYPES, NAMES, PLAN, UNION, ASKED };
	char before[PATH_MAX + 32];
	struct question q[ASKED] = { { .option = "--event-types", .name = "event-types" }, { .option = "--names", .name = "names" },
		{ .option = "--plan", .name = "plan" }, { .option = "--plan", .before = before, .name = "plan.union" } };
	struct stat st;
	int n = settled_bool(m->s, CONF_PROBE_PLAN) ? ASKED : PLAN, rc = 0;

	snprintf(before, sizeof before, "%s/current/plan", m->rundir);
	if (n == ASKED && (stat(before, &st) != 0 || st.st_size == 0))
		n = UNION;
	/* The last ones take longest. */
	for (int i = n; i-- > 0;)
		ask_match(m, &q[i]);
	for (int i = 0; i < n; i++)
		rc = take_answer(m, &q[i], rc);
	if (rc == 0 && n == PLAN)
		rc = put(m, "plan", "", 0);
	if (rc == 0 && n < ASKED)
		rc = put_text(m, "plan.union", &q[PLAN].out);
	m->names = q[NAMES].out.n > 0;
	m->types = q[TYPES].out;
	for (int i = NAMES; i < ASKED; i++)
		strbuf_free(&q[i].out);
	return rc;
}

/* What the probe captures: what the rules need, unless something else was asked for. */
static void add_capture(const struct making *m, struct strbuf *a)
{
	const char *types = m->run->types ? m->run->types : m->types.p ? m->types.p : "";
	size_t n = strcspn(types, "\n");

	if (m->run->all_types) {
		arguments_add(a, "-a");
	} else if (!m->run->types && settled_bool(m->s, CONF_PROBE_PLAN)) {
		arguments_add(a, "-p");
		strbuf_printf(a, "%s/plan", m->rundir);
		strbuf_add(a, "", 1);
	} else if (n) {
		arguments_add(a, "-e");
		strbuf_add(a, types, n);
		strbuf_add(a, "", 1);
	}
}

static void add_own(const struct making *m, const char *stage, struct strbuf *a)
{
	char path[PATH_MAX + 16];

	if (strcmp(stage, "probe") == 0 && m->run->input && strcmp(m->run->head, "probe") == 0) {
		arguments_add(a, "-r");
		arguments_add(a, m->run->input);
		if (m->run->duration) {
			snprintf(path, sizeof path, "%llu", m->run->duration);
			arguments_add(a, "--duration");
			arguments_add(a, path);
		}
	} else if (strcmp(stage, "probe") == 0) {
		add_capture(m, a);
	}
	if (strcmp(stage, "frames") == 0) {
		arguments_add(a, "--json-source");
		arguments_add(a, "k8s_audit");
	}
	if (strcmp(stage, "enrich") == 0 && m->names) {
		snprintf(path, sizeof path, "%s/names", m->final);
		arguments_add(a, "-N");
		arguments_add(a, path);
	}
	if (strcmp(stage, "match") == 0)
		add_rules(m, m->final, a);
	if (strcmp(stage, "emit") == 0 && m->run->statistics) {
		snprintf(path, sizeof path, "%llu", m->run->interval);
		arguments_add(a, "--samples");
		arguments_add(a, m->run->statistics);
		arguments_add(a, "--samples-interval");
		arguments_add(a, path);
	}
	if (m->run->verbose && strcmp(stage, "log") != 0 && strcmp(stage, "frames") != 0)
		arguments_add(a, "-v");
}

static int write_arguments(struct making *m)
{
	for (int i = 0; i < STAGES; i++) {
		struct strbuf a = {0};
		char name[32];
		add_own(m, stages[i], &a);
		add_keys(m, stages[i], &a);
		snprintf(name, sizeof name, "%s.args", stages[i]);
		int rc = put_private(m, name, stages[i], &a);
		strbuf_free(&a);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* One line each, so that a shell can read them with `read -r key value`. */
static int put_line(struct making *m, struct strbuf *b, const char *key, const char *value)
{
	if (!value)
		return 0;
	if (strchr(value, '\n'))
		return say_error(m->s->say, (struct place){0}, "%s: found an end of line in '%s', expected none", key, value);
	strbuf_printf(b, "%s %s\n", key, value);
	return 0;
}

static int write_run(struct making *m)
{
	const struct run *r = m->run;
	char duration[32], interval[32];
	struct strbuf b = {0};

	snprintf(duration, sizeof duration, "%llu", r->duration);
	snprintf(interval, sizeof interval, "%llu", r->interval);
	const struct { const char *key, *value; } lines[] = {
		{ "head", r->head }, { "input", r->input }, { "compat", settled_text(m->s, CONF_COMPAT) },
		{ "falco", m->s->say->falco ? "true" : "false" }, { "watch", settled_text(m->s, CONF_WATCH_FILES) },
		{ "verbose", r->verbose ? "true" : "false" }, { "daemon", r->daemon ? "true" : "false" },
		{ "nice", settled_text(m->s, CONF_NICE) },
		{ "pidfile", r->pidfile }, { "duration", r->duration ? duration : NULL }, { "statistics", r->statistics },
		{ "statistics-interval", r->statistics ? interval : NULL }, { "writefile", r->writefile },
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (put_line(m, &b, lines[i].key, lines[i].value) != 0) {
			strbuf_free(&b);
			return -1;
		}
	int rc = put_text(m, "run", &b);
	strbuf_free(&b);
	return rc;
}

static int write_config(struct making *m)
{
	struct strbuf b = {0};

	shipped_values(m->s, &b);
	int rc = put_private(m, "config.yaml", NULL, &b);
	strbuf_free(&b);
	return rc;
}

static int write_watched(struct making *m)
{
	struct strbuf b = {0};

	/* With watch_config_files=false there is nothing whose change would be waited for. */
	if (settled_bool(m->s, CONF_WATCH_FILES))
		watch_list(m->s, m->rules, &b);
	int rc = put_text(m, "watched", &b);
	strbuf_free(&b);
	return rc;
}

static long next_number(const char *rundir)
{
	DIR *d = opendir(rundir);
	long last = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		char *end;
		long n = strtol(e->d_name, &end, 10);
		if (!*end && n > last && n < LONG_MAX)
			last = n;
	}
	if (d)
		closedir(d);
	return last + 1;
}

static int make(struct making *m, long number)
{
	if (write_watched(m) != 0 || copy_rules(m) != 0 || ask_rules(m) != 0 || write_arguments(m) != 0 || write_run(m) != 0 || write_config(m) != 0)
		return -1;
	if (rename(m->folder, m->final) != 0)
		return refuse(m, m->final);
	char name[32], plan[PATH_MAX];
	snprintf(name, sizeof name, "%ld", number);
	if (folder_link(m->rundir, "latest", name) != 0)
		return refuse(m, "latest");
	/* The probe reads a link that stays, which the supervisor moves. */
	snprintf(plan, sizeof plan, "%.*s/plan", PATH_MAX - 16, m->rundir);
	return symlink("current/plan", plan) == 0 || errno == EEXIST ? 0 : refuse(m, "plan");
}

long generation_write(const char *rundir, struct settled *s, const struct rules *rules, const struct run *run)
{
	char *full = NULL;
	struct making m = { .s = s, .rules = rules, .run = run };
	int lock = -1;
	long number = -1;

	if (mkdir(rundir, 0700) == 0 || errno == EEXIST)
		full = realpath(rundir, NULL);
	if (!full)
		return say_error(s->say, (struct place){0}, "%s: %s", rundir, strerror(errno));
	m.rundir = full;
	lock = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) != 0 || strlen(full) > PATH_MAX / 2) {
		say_error(s->say, (struct place){0}, "%s: can not be locked: %s", full, strerror(errno));
		goto out;
	}
	number = next_number(full);
	snprintf(m.folder, sizeof m.folder, "%s/.new", full);
	snprintf(m.final, sizeof m.final, "%s/%ld", full, number);
	folder_remove(m.folder);
	if (mkdir(m.folder, 0755) != 0)
		number = refuse(&m, "can not be made");
	else if (make(&m, number) != 0)
		number = -1;
	if (number < 0)
		folder_remove(m.folder);
out:
	if (lock >= 0)
		close(lock);
	strbuf_free(&m.types);
	free(full);
	return number;
}
