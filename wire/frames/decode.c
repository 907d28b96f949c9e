/* Frames to JSON lines. */
#include <sysexits.h>

#include "job.h"
#include "render.h"
#include "wire/log.h"

enum step { STEP_ON, STEP_LAST, STEP_BAD };

static enum step take(struct job *j, struct frame *f)
{
	size_t at = 0;

	vocabulary_learn(&j->vocabulary, f);
	if (!sieve_passes(&j->sieve, f))
		return STEP_ON;
	if (!job_selected(j, f->kind))
		return STEP_ON;
	if (j->binary) {
		frame_copy(&j->out, f);
	} else if (render_frame(&j->vocabulary, f, &j->out, &at) != 0) {
		job_flush(j);
		log_warnx("byte %llu: found no value that the wire knows, in a record of kind %d",
			(unsigned long long)f->offset + FRAME_HEADER + at, f->kind);
		return STEP_BAD;
	}
	return job_counted(j) ? STEP_LAST : STEP_ON;
}

static int finish(struct job *j, const struct input *in, enum input_result end)
{
	job_flush(j);
	if (end == INPUT_BAD) {
		log_warnx("%s", input_error(in));
		return EX_DATAERR;
	}
	return input_status(in);
}

static int run(struct job *j, struct input *in)
{
	struct frame f;

	for (;;) {
		enum input_result rc = input_next(in, &f);
		if (rc == INPUT_DONE || rc == INPUT_BAD)
			return finish(j, in, rc);
		if (rc == INPUT_FRAME) {
			enum step step = take(j, &f);
			if (step == STEP_BAD)
				return EX_DATAERR;
			if (step == STEP_LAST)
				return job_flush(j), 0;
		}
		if ((rc == INPUT_EMPTY || j->out.len >= JOB_BATCH) && !job_flush(j))
			return 0;
		if (rc == INPUT_EMPTY)
			input_wait(in, -1, -1);
	}
}

int decode_run(struct job *j)
{
	int status;
	struct input *in = job_input(j, &status);

	if (!in)
		return status;
	status = run(j, in);
	input_free(in);
	return status;
}
