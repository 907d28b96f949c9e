/* JSON lines to frames. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "compose.h"
#include "job.h"
#include "lines.h"
#include "wire/log.h"

static int bad_line(const struct lines *l, size_t column, const char *what)
{
	log_warnx("standard input: line %llu, column %zu: %s", (unsigned long long)l->number, column, what);
	return -1;
}

/* Where a member's name stands in the line; 1 when it is not found. */
static size_t column_of(const char *line, size_t len, const char *member)
{
	char quoted[80];
	int n = snprintf(quoted, sizeof quoted, "\"%s\"", member);
	const char *at = *member ? memmem(line, len, quoted, (size_t)n) : NULL;

	return at ? (size_t)(at - line) + 1 : 1;
}

/* Appends the line's frame when it is selected. Returns 1 when it was, 0 when not, -1 when the line is wrong. */
static int take(struct job *j, const struct lines *l, const char *line, size_t len)
{
	json_error_t error;
	struct compose_error wrong;
	struct frame f;
	size_t begin = j->out.len, need;

	if (strspn(line, " \t\r") >= len)
		return 0;
	json_t *object = json_loadb(line, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
	if (!object)
		return bad_line(l, error.column > 0 ? (size_t)error.column : 1, error.text);
	int rc = compose_frame(&j->vocabulary, object, &j->out, &wrong);
	json_decref(object);
	if (rc != 0)
		return bad_line(l, column_of(line, len, wrong.member), wrong.text);
	if (frame_parse(j->out.data + begin, j->out.len - begin, 0, &f, &need, wrong.text, sizeof wrong.text) != 1)
		return bad_line(l, 1, wrong.text);
	vocabulary_learn(&j->vocabulary, &f);
	if (job_selected(j, f.kind))
		return 1;
	j->out.len = begin;
	return 0;
}

static int run(struct job *j, struct lines *l)
{
	const char *line;
	size_t len;

	for (;;) {
		enum lines_result rc = lines_next(l, &line, &len);
		if (rc == LINES_LONG) {
			l->number++;
			bad_line(l, LINES_MAX, "the line is too long");
		}
		int taken = rc == LINES_LINE ? take(j, l, line, len) : 0;
		bool last = rc == LINES_DONE || (taken == 1 && job_counted(j));
		bool bad = rc == LINES_LONG || taken < 0;
		bool written = (last || bad || rc == LINES_EMPTY || j->out.len >= JOB_BATCH) ? job_flush(j) : true;
		if (bad)
			return EX_DATAERR;
		if (last || !written)
			return 0;
		if (rc == LINES_EMPTY && lines_wait(l, -1, -1) < 0) {
			log_warn("standard input");
			return EX_NOINPUT;
		}
	}
}

int encode_run(struct job *j)
{
	struct lines l = { .fd = STDIN_FILENO };
	int status = run(j, &l);

	lines_free(&l);
	return status;
}
