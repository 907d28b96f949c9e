/* Any JSON log as a stream: HELLO, a JSON record for each line, END; and STAT every second, as every stage writes
 * it. */
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "job.h"
#include "lines.h"
#include "wire/hello.h"
#include "wire/jsontext.h"
#include "wire/log.h"
#include "wire/moment.h"
#include "wire/signals.h"
#include "wire/stat.h"

#define SECOND UINT64_C(1000000000)

struct reader {
	struct job *job;
	struct lines lines;
	struct source source;
	uint64_t totals[STAT_COUNT];
	uint64_t next_stat;
	int signals;
};

static int bad_line(const struct reader *r, int column, const char *what)
{
	log_warnx("standard input: line %llu, column %d: %s", (unsigned long long)r->lines.number, column > 0 ? column : 1,
			what);
	return -1;
}

static bool is_audit(const struct reader *r)
{
	return strcmp(r->job->source, "k8s_audit") == 0;
}

/* Of an audit event the time is where Kubernetes puts it. */
static int time_of(const struct reader *r, const json_t *document, uint64_t *time)
{
	char what[300];
	const char *pointer = r->job->time;

	*time = clock_wall();
	if (!pointer && is_audit(r))
		moment_read(moment_find(document, "/stageTimestamp"), time);
	if (!pointer)
		return 0;
	if (moment_read(moment_find(document, pointer), time))
		return 0;
	snprintf(what, sizeof what, "%.200s: found no time there (RFC 3339, or a number since the epoch)", pointer);
	return bad_line(r, 1, what);
}

static int write_record(struct reader *r, const char *line, size_t len, uint64_t time)
{
	struct pack *p = &r->job->out;
	size_t frame = frame_begin(p, FRAME_JSON);

	pack_uint(p, time);
	pack_uint(p, r->totals[STAT_OUT] + 1);
	pack_str(p, r->job->source);
	pack_bin(p, line, len);
	if (frame_end(p, frame) != 0)
		return bad_line(r, FRAME_MAX_JSON, "the document is over the limit of 16 MiB");
	r->totals[STAT_OUT]++;
	return 0;
}

static bool counted_out(const struct reader *r)
{
	return r->job->count != 0 && r->totals[STAT_OUT] == r->job->count;
}

static int write_document(struct reader *r, const json_t *document, const char *text, size_t len)
{
	uint64_t time;

	return time_of(r, document, &time) == 0 ? write_record(r, text, len, time) : -1;
}

/* The events of an audit batch: of an EventList or an array, which may hold lists; NULL when the document is an event itself. */
static json_t *batch_of(const json_t *document)
{
	const char *kind = json_string_value(json_object_get(document, "kind"));

	return json_is_array(document) ? (json_t *)document : kind && strcmp(kind, "EventList") == 0 ?
		json_object_get(document, "items") : NULL;
}

static int take_batch(struct reader *r, json_t *items, bool inside)
{
	json_t *one;
	size_t i;
	int rc = 0;

	if (!json_is_array(items) && !json_is_null(items))
		return bad_line(r, 1, "found no list in the items of an EventList");
	json_array_foreach(items, i, one) {
		if (rc != 0 || counted_out(r))
			break;
		json_t *more = batch_of(one);
		if (!json_is_object(one) || (more && inside))
			return bad_line(r, 1, "found a batch of which not all are audit events");
		char *text = more ? NULL : json_dumps(one, JSON_COMPACT);
		rc = more ? take_batch(r, more, true) : text ? write_document(r, one, text, strlen(text)) : -1;
		free(text);
	}
	return rc;
}

static int take(struct reader *r, const char *line, size_t len)
{
	json_error_t error;

	while (len > 0 && strchr(" \t\r", line[len - 1]))
		len--;
	if (len == 0)
		return 0;
	json_t *document = jsontext_load(line, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (!document)
		return bad_line(r, error.column, error.text);
	json_t *batch = is_audit(r) ? batch_of(document) : NULL;
	int rc = batch ? take_batch(r, batch, false) : write_document(r, document, line, len);
	json_decref(document);
	return rc;
}

static void heartbeat(struct reader *r)
{
	if (clock_wall() < r->next_stat)
		return;
	stat_totals(&r->job->out, &r->source, "frames", r->totals);
	r->next_stat = clock_wall() + SECOND;
}

/* Waits for a line, a signal or the next STAT. Returns whether to go on. */
static bool wait_for_more(struct reader *r, int *status)
{
	uint64_t now = clock_wall();
	uint64_t left = r->next_stat > now ? r->next_stat - now : 0;
	int rc = lines_wait(&r->lines, left > SECOND ? 1000 : (int)(left / 1000000) + 1, r->signals);

	if (rc < 0) {
		log_warn("standard input");
		*status = EX_NOINPUT;
	}
	return rc == 0;
}

static int run(struct reader *r)
{
	const char *line;
	size_t len;
	int status = 0;

	for (bool on = true; on;) {
		enum lines_result rc = lines_next(&r->lines, &line, &len);
		if (rc == LINES_LONG)
			bad_line(r, LINES_MAX, "the line is too long");
		if (rc == LINES_LONG || (rc == LINES_LINE && take(r, line, len) != 0))
			status = EX_DATAERR;
		on = status == 0 && rc != LINES_DONE && !counted_out(r);
		if (rc == LINES_EMPTY || r->job->out.len >= JOB_BATCH) {
			heartbeat(r);
			if (!job_flush(r->job))
				return 0;
		}
		if (rc == LINES_EMPTY && on)
			on = wait_for_more(r, &status);
	}
	return status;
}

static void write_hello(struct reader *r)
{
	struct stat st;
	struct hello_content hello = { .program = "frames", .source = r->source,
		.recorded = fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) };

	hello_frame(&r->job->out, &hello);
}

int source_run(struct job *j)
{
	struct source_buf buf;
	struct reader r = { .job = j, .lines = { .fd = STDIN_FILENO }, .source = source_here(j->source, &buf),
		.signals = signals_open((const int[]){ SIGINT, SIGTERM, 0 }) };

	write_hello(&r);
	r.next_stat = clock_wall() + SECOND;
	int status = run(&r);
	stat_totals(&j->out, &r.source, "frames", r.totals);
	end_frame(&j->out, status ? "malformed input" : "");
	job_flush(j);
	lines_free(&r.lines);
	return status;
}
