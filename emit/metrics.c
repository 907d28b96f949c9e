/* Snapshots of counters. */
#include "metrics.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sysexits.h>
#include <unistd.h>

#include "format.h"
#include "jsontext.h"
#include "wire/log.h"
#include "wire/stat.h"

enum { RULES = 4096, NAME_MAX_LEN = 128 };
#define NS UINT64_C(1000000000)

struct rule_count {
	char name[NAME_MAX_LEN];               /* falco.rules.<name>, of which what is not a letter or digit is _ */
	uint64_t n;
};

struct metrics {
	struct metrics_policy policy;
	const char *host;
	uint64_t start, last, next, reloaded, outputs, alerts, samples;
	struct drops_count now, before;
	struct rule_count *rules;
	size_t nrules;
	struct utsname system;
	/* While fields are written: */
	struct pack fields;
	uint32_t nfields;
};

struct metrics *metrics_new(const struct metrics_policy *p, const char *host, uint64_t start)
{
	struct metrics *m = calloc(1, sizeof *m);

	if (!m || !(m->rules = calloc(RULES, sizeof *m->rules)))
		diex(EX_OSERR, "out of memory");
	m->policy = *p;
	m->host = host;
	m->start = m->reloaded = start;
	m->next = start + p->interval;
	uname(&m->system);
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	pack_free(&m->fields);
	free(m->rules);
	free(m);
}

void metrics_alert(struct metrics *m, const struct value *rule)
{
	char name[NAME_MAX_LEN];
	size_t n = rule->s.len < sizeof name ? rule->s.len : sizeof name - 1, i;

	for (i = 0; i < n; i++)
		name[i] = isalnum(rule->s.data[i]) ? (char)rule->s.data[i] : '_';
	name[n] = '\0';
	m->alerts++;
	for (i = 0; i < m->nrules && strcmp(m->rules[i].name, name) != 0; i++)
		;
	if (i == RULES)
		return;
	if (i == m->nrules)
		memcpy(m->rules[m->nrules++].name, name, sizeof name);
	m->rules[i].n++;
}

void metrics_kernel(struct metrics *m, const struct drops_count *now)
{
	m->now = *now;
}

void metrics_set(struct metrics *m, const struct metrics_policy *p, uint64_t time)
{
	m->policy = *p;
	m->reloaded = time;
	m->next = p->enabled ? time + p->interval : UINT64_MAX;
}

void metrics_dropped(struct metrics *m, uint64_t outputs)
{
	m->outputs = outputs;
}

bool metrics_due(struct metrics *m, uint64_t wall)
{
	return wall >= m->next;
}

static void name(struct metrics *m, const char *text)
{
	pack_array(&m->fields, 2);
	pack_str(&m->fields, text);
	m->nfields++;
}

static void put_text(struct metrics *m, const char *what, const char *value)
{
	name(m, what);
	pack_str(&m->fields, value);
}

static void put(struct metrics *m, const char *what, uint64_t value)
{
	if (value == 0 && !m->policy.empty)
		return;
	name(m, what);
	pack_uint(&m->fields, value);
}

static void put_real(struct metrics *m, const char *what, double value)
{
	if (value == 0 && !m->policy.empty)
		return;
	name(m, what);
	pack_float(&m->fields, value);
}

static void put_rules(struct metrics *m)
{
	char field[NAME_MAX_LEN + 16];

	put(m, "falco.rules.matches_total", m->alerts);
	for (size_t i = 0; i < m->nrules; i++) {
		snprintf(field, sizeof field, "falco.rules.%s", m->rules[i].name);
		put(m, field, m->rules[i].n);
	}
}

static double rate(uint64_t now, uint64_t before, uint64_t ns)
{
	return ns && now >= before ? (double)(now - before) * (double)NS / (double)ns : 0;
}

static void put_kernel(struct metrics *m, uint64_t ns)
{
	const struct drops_count *now = &m->now, *before = &m->before;
	uint64_t full = 0;
	char field[64];

	put(m, "falco.num_evts", now->events - now->drops);
	put(m, "falco.num_evts_prev", before->events - before->drops);
	put_real(m, "falco.evts_rate_sec", rate(now->events - now->drops, before->events - before->drops, ns));
	put_text(m, "scap.engine_name", "modern_bpf");
	put(m, "scap.n_evts", now->events);
	put_real(m, "scap.evts_rate_sec", rate(now->events, before->events, ns));
	put(m, "scap.n_drops", now->drops);
	put_real(m, "scap.evts_drop_rate_sec", rate(now->drops, before->drops, ns));
	name(m, "scap.n_drops_perc");
	pack_float(&m->fields, now->events ? 100.0 * (double)now->drops / (double)now->events : 0);
	for (int g = 0; g < DROPS_GROUPS; g++) {
		snprintf(field, sizeof field, "scap.n_drops_buffer_%s_exit", drops_group_name((enum drops_group)g));
		put(m, field, now->full[g]);
		full += now->full[g];
	}
	put(m, "scap.n_drops_buffer_total", full);
	put(m, "scap.n_drops_scratch_map", now->scratch);
	put(m, "scap.n_drops_bug", now->missed);
}

/* What is not there is 0. */
static uint64_t read_line(const char *path, const char *format)
{
	FILE *f = fopen(path, "re");
	char line[512];
	unsigned long n = 0;

	while (f && fgets(line, sizeof line, f) && sscanf(line, format, &n) != 1)
		;
	if (f)
		fclose(f);
	return n;
}

static void put_memory(struct metrics *m, const char *what, uint64_t kib)
{
	char field[64];

	snprintf(field, sizeof field, "falco.memory_%s_%s", what, m->policy.megabytes ? "mb" : "bytes");
	if (m->policy.megabytes)
		put_real(m, field, (double)kib / 1024);
	else
		put(m, field, kib * 1024);
}

static void put_resources(struct metrics *m)
{
	put(m, "falco.host_procs_running", read_line("/proc/stat", "procs_running %lu"));
	put(m, "falco.host_open_fds", read_line("/proc/sys/fs/file-nr", "%lu"));
	put_memory(m, "rss", read_line("/proc/self/status", "VmRSS: %lu"));
	put_memory(m, "vsz", read_line("/proc/self/status", "VmSize: %lu"));
	put_memory(m, "pss", read_line("/proc/self/smaps_rollup", "Pss: %lu"));
}

/* A line of its own in the file, as Falco writes it. */
static void append_line(struct metrics *m, const struct value *fields)
{
	struct pack line = {0};
	char end[48];
	int fd = open(m->policy.file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);

	jsontext_raw(&line, "{\"output_fields\":");
	format_object(fields, &line);
	snprintf(end, sizeof end, ",\"sample\":%" PRIu64 "}\n", m->samples);
	jsontext_raw(&line, end);
	if (fd < 0 || write(fd, line.data, line.len) != (ssize_t)line.len)
		log_warn("metrics.output_file: %s", m->policy.file);
	if (fd >= 0)
		close(fd);
	pack_free(&line);
}

void metrics_fields(struct metrics *m, uint64_t wall, struct pack *p)
{
	uint64_t ns = m->last ? wall - m->last : 0;

	m->fields.len = 0;
	m->nfields = 0;
	put(m, "evt.time", wall);
	put_text(m, "evt.hostname", m->host);
	put_text(m, "evt.source", "syscall");
	put_text(m, "falco.version", SAKER_VERSION);
	put(m, "falco.start_ts", m->start);
	put(m, "falco.reload_ts", m->reloaded);
	put(m, "falco.duration_sec", (wall - m->start) / NS);
	put_text(m, "falco.kernel_release", m->system.release);
	put(m, "falco.host_boot_ts", (uint64_t)clock_offset());
	put(m, "falco.host_num_cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	put(m, "falco.outputs_queue_num_drops", m->outputs);
	if (m->policy.rules)
		put_rules(m);
	if (m->policy.kernel)
		put_kernel(m, ns);
	if (m->policy.resources)
		put_resources(m);
	size_t list = p->len;
	pack_array(p, m->nfields);
	pack_raw(p, m->fields.data, m->fields.len);
	struct cursor c = { p->data + list, p->data + p->len };
	struct value fields;
	if (m->policy.file && *m->policy.file && value_next(&c, &fields) == 1)
		append_line(m, &fields);
	m->samples++;
	m->before = m->now;
	m->last = wall;
	m->next = wall + m->policy.interval;
}
