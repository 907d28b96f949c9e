/* The containers of the host: the cgroups that lead to them, and the records that describe them. */
#include "containers.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "names_job.h"
#include "wire/cgroup.h"
#include "wire/log.h"

#define MS 1000000ull

enum {
	CGROUPS_MAX = 262144,
	QUICK_MS = 100, GIVE_UP_MS = 10000,    /* how long a look-up is repeated at once, and at all, */
	SLOW_MS = 900,                         /* and how often in between */
	NAMES_EVERY_MS = 1000,                 /* how often a container's passwd is looked at, */
	NAMES_FIRST_MS = 10                    /* and as long as it could not be read */
};

struct container {
	struct container_id id;
	uint64_t serial;
	unsigned cgroups;                      /* how many lead to it */
	uint64_t first_try, last_try;
	bool settled;                          /* no further tries */
	enum lookup result;
	struct json_problem problem;
	bool complained;                       /* it has been reported */
	struct pack record;                    /* the CONTAINER frame */
	bool sent;
	uint64_t held, holding_since;          /* ns that the stream has been held for it; since when it is */
	struct names names;
	struct root root;
	bool names_known, reading;
	uint64_t names_asked;
};

struct cgroup {
	uint64_t id;
	struct container *container;           /* NULL: the host's */
};

struct containers {
	struct cgroup *cgroups;                /* ascending ids */
	size_t ncgroups, cgroups_cap;
	struct container **v;                  /* ascending full ids */
	size_t n, cap;
	uint64_t serial;
	uv_loop_t *loop;
	struct engines *engines;
	struct pack *out;
	void (*woken)(void *);
	void *arg;
};

static void *grown(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 64;
	p = realloc(p, *cap * size);
	if (!p)
		diex(EX_OSERR, "out of memory: %zu containers or cgroups", *cap);
	return p;
}

/* The place of a cgroup, or where it would be. */
static size_t cgroup_place(const struct containers *cs, uint64_t id)
{
	size_t low = 0, high = cs->ncgroups;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (cs->cgroups[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same for a container, by its full id or the beginning of it. */
static size_t container_place(const struct containers *cs, const char *full)
{
	size_t low = 0, high = cs->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(cs->v[middle]->id.full, full) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t age_ms(uint64_t since)
{
	return (uv_hrtime() - since) / MS;
}

static void container_free(struct container *c)
{
	pack_free(&c->record);
	names_free(&c->names);
	free(c);
}

static void remove_container(struct containers *cs, struct container *c)
{
	size_t at = container_place(cs, c->id.full);

	memmove(&cs->v[at], &cs->v[at + 1], (--cs->n - at) * sizeof *cs->v);
	container_free(c);
}

/* The record is sent (again) when the container was told already and there is more to say now. */
static void take_record(struct containers *cs, struct container *c, struct pack *record)
{
	if (record->len == c->record.len && memcmp(record->data, c->record.data, record->len) == 0) {
		pack_free(record);
		return;
	}
	pack_free(&c->record);
	c->record = *record;
	if (c->sent)
		pack_raw(cs->out, record->data, record->len);
}

static void look_up(struct containers *cs, struct container *c)
{
	struct metadata m;
	struct pack record = {0};
	const char *found = "cgroup";

	metadata_init(&m);
	metadata_set(&m, META_FULL_ID, c->id.full);
	metadata_set(&m, META_TYPE, c->id.runtime);
	c->problem.text[0] = '\0';
	c->result = engines_lookup(cs->engines, c->id.runtime, c->id.full, &m, &found, &c->problem);
	metadata_pack(&record, c->id.id, &m, m.text[META_NAME] ? found : "cgroup");
	metadata_free(&m);
	take_record(cs, c, &record);
	c->last_try = uv_hrtime();
	if (!c->first_try)
		c->first_try = c->last_try;
	c->settled = c->result == LOOKUP_WHOLE || age_ms(c->first_try) >= GIVE_UP_MS;
}

static struct container *add_container(struct containers *cs, const struct container_id *id)
{
	size_t at = container_place(cs, id->full);

	if (at < cs->n && strcmp(cs->v[at]->id.full, id->full) == 0)
		return cs->v[at];
	struct container *c = calloc(1, sizeof *c);
	if (!c)
		diex(EX_OSERR, "out of memory: a container");
	c->id = *id;
	c->serial = ++cs->serial;
	cs->v = grown(cs->v, cs->n, &cs->cap, sizeof *cs->v);
	memmove(&cs->v[at + 1], &cs->v[at], (cs->n++ - at) * sizeof *cs->v);
	cs->v[at] = c;
	look_up(cs, c);
	return c;
}

static void leave(struct containers *cs, struct container *c)
{
	if (c && --c->cgroups == 0)
		remove_container(cs, c);
}

static void cgroup_made(struct containers *cs, uint64_t cgroup, const char *path, size_t len)
{
	struct container_id id;
	struct container *c = cgroup_container(path, len, &id) ? add_container(cs, &id) : NULL;
	size_t at = cgroup_place(cs, cgroup);
	bool there = at < cs->ncgroups && cs->cgroups[at].id == cgroup;

	if (c)
		c->cgroups++;
	if (there) {
		leave(cs, cs->cgroups[at].container);
	} else if (cs->ncgroups == CGROUPS_MAX) {
		leave(cs, c);
		return;
	} else {
		cs->cgroups = grown(cs->cgroups, cs->ncgroups, &cs->cgroups_cap, sizeof *cs->cgroups);
		memmove(&cs->cgroups[at + 1], &cs->cgroups[at], (cs->ncgroups++ - at) * sizeof *cs->cgroups);
	}
	cs->cgroups[at] = (struct cgroup){ cgroup, c };
}

static void cgroup_gone(struct containers *cs, uint64_t cgroup)
{
	size_t at = cgroup_place(cs, cgroup);

	if (at == cs->ncgroups || cs->cgroups[at].id != cgroup)
		return;
	leave(cs, cs->cgroups[at].container);
	memmove(&cs->cgroups[at], &cs->cgroups[at + 1], (--cs->ncgroups - at) * sizeof *cs->cgroups);
}

void containers_cgroup(struct containers *cs, uint64_t cgroup, const char *path, size_t len, bool made)
{
	if (made)
		cgroup_made(cs, cgroup, path, len);
	else
		cgroup_gone(cs, cgroup);
}

struct container *containers_by_cgroup(const struct containers *cs, uint64_t cgroup, bool *known)
{
	size_t at = cgroup_place(cs, cgroup);

	*known = at < cs->ncgroups && cs->cgroups[at].id == cgroup;
	return *known ? cs->cgroups[at].container : NULL;
}

struct container *containers_by_id(const struct containers *cs, const char *id, size_t len)
{
	char text[CONTAINER_ID_MAX + 1] = {0};

	if (len == 0 || len > CONTAINER_ID_MAX)
		return NULL;
	memcpy(text, id, len);
	size_t at = container_place(cs, text);
	return at < cs->n && strcmp(cs->v[at]->id.id, text) == 0 ? cs->v[at] : NULL;
}

const char *container_short_id(const struct container *c)
{
	return c->id.id;
}

static void names_done(struct names_job *job, void *arg)
{
	struct containers *cs = arg;
	size_t at = container_place(cs, job->full);
	struct container *c = at < cs->n && cs->v[at]->serial == job->serial ? cs->v[at] : NULL;

	if (c)
		c->reading = false;
	if (c && job->found) {
		c->names_known = true;
		c->root = job->root;
		names_apply(&c->names, &job->look, c->id.id, cs->out);
	}
	names_drop(&job->look);
	cs->woken(cs->arg);
}

static void ask_names(struct containers *cs, struct container *c, int64_t pid)
{
	uint64_t every = c->names_known ? NAMES_EVERY_MS : NAMES_FIRST_MS;

	if (pid <= 0 || c->reading || (c->names_asked && age_ms(c->names_asked) < every))
		return;
	struct names_job *job = calloc(1, sizeof *job);
	if (!job)
		diex(EX_OSERR, "out of memory: a container's names");
	memcpy(job->full, c->id.full, sizeof c->id.full);
	job->pid = pid;
	job->serial = c->serial;
	job->root = c->root;
	job->done = names_done;
	job->arg = cs;
	names_begin(&c->names, &job->look);
	c->names_asked = uv_hrtime();
	c->reading = true;
	names_job_start(cs->loop, job);
}

static bool may_hold(struct container *c)
{
	uint64_t now = uv_hrtime();

	if (!c->holding_since)
		c->holding_since = now;
	return c->held + (now - c->holding_since) < CONTAINERS_HOLD_MS * MS;
}

static void held_enough(struct container *c)
{
	if (c->holding_since)
		c->held += uv_hrtime() - c->holding_since;
	c->holding_since = 0;
}

bool containers_ready(struct containers *cs, struct container *c, int64_t pid)
{
	if (!c->sent && c->result == LOOKUP_NONE)
		look_up(cs, c);
	ask_names(cs, c, pid);
	bool wanting = (!c->sent && c->result == LOOKUP_PART) || (c->reading && !c->names_known);
	if (wanting && may_hold(c))
		return false;
	held_enough(c);
	if (!c->sent) {
		pack_raw(cs->out, c->record.data, c->record.len);
		c->sent = true;
	}
	return true;
}

static bool in_hurry(const struct container *c)
{
	return !c->settled && c->result == LOOKUP_PART && age_ms(c->first_try) < QUICK_MS;
}

/* Once, when trying again at once has not helped. */
static void complain(struct container *c)
{
	if (!c->complained && c->result == LOOKUP_PART && c->problem.text[0])
		log_warnx("container %s: %s", c->id.id, c->problem.text);
	c->complained = true;
}

static void retry(struct containers *cs, struct container *c)
{
	bool hurried = in_hurry(c);

	if (c->settled || (!hurried && age_ms(c->last_try) < SLOW_MS))
		return;
	if (!hurried)
		complain(c);
	look_up(cs, c);
}

void containers_retry(struct containers *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		retry(cs, cs->v[i]);
}

bool containers_hurry(const struct containers *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		if (in_hurry(cs->v[i]))
			return true;
	return false;
}

struct containers *containers_new(uv_loop_t *loop, struct engines *engines, struct pack *out, void (*woken)(void *),
	void *arg)
{
	struct containers *cs = calloc(1, sizeof *cs);

	if (!cs)
		diex(EX_OSERR, "out of memory: containers");
	cs->loop = loop;
	cs->engines = engines;
	cs->out = out;
	cs->woken = woken;
	cs->arg = arg;
	return cs;
}

bool containers_reading(const struct containers *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		if (cs->v[i]->reading)
			return true;
	return false;
}

void containers_reset(struct containers *cs)
{
	for (size_t i = 0; i < cs->n; i++)
		container_free(cs->v[i]);
	cs->n = cs->ncgroups = 0;
}

void containers_free(struct containers *cs)
{
	if (!cs)
		return;
	for (size_t i = 0; i < cs->n; i++)
		complain(cs->v[i]);
	containers_reset(cs);
	free(cs->cgroups);
	free(cs->v);
	free(cs);
}
