/* Frames to a capture: definitions until the first event, then one event after the other. */
#include <string.h>
#include <sysexits.h>

#include "job.h"
#include "scap_out.h"
#include "wire/log.h"

void scap_put(struct pack *out, uint64_t u, unsigned size)
{
	uint8_t *p = pack_room(out, size);

	for (unsigned i = 0; i < size; i++)
		p[i] = i < 8 ? (uint8_t)(u >> 8 * i) : 0;
	out->len += size;
}

void scap_put_text(struct pack *out, const void *p, size_t n, size_t max)
{
	if (n > max)
		n = max;
	scap_put(out, n, 2);
	pack_raw(out, p, n);
}

size_t scap_block_begin(struct pack *out, uint32_t type)
{
	size_t begin = out->len;

	scap_put(out, type, 4);
	scap_put(out, 0, 4);
	return begin;
}

void scap_block_end(struct pack *out, size_t begin)
{
	scap_put(out, 0, (unsigned)((begin - out->len) & 3));
	uint32_t total = (uint32_t)(out->len - begin + 4);
	scap_put(out, total, 4);
	for (int i = 0; i < 4; i++)
		out->data[begin + 4 + (size_t)i] = (uint8_t)(total >> 8 * i);
}

struct span scap_span(const struct value *v)
{
	struct span s = {0};
	uint64_t whole;

	if (!value_cut(v, &s.p, &s.n, &whole))
		s = (struct span){0};
	return s;
}

struct run {
	struct job *job;
	struct scap_world world;
	bool begun;
};

/* 1: that was the last one wanted; 0: on; -1: the record is malformed. */
static int take(struct run *r, const struct frame *f)
{
	size_t at = 0;
	int rc = 0;

	if (f->kind == FRAME_EVENT) {
		if (!r->begun)
			scap_world_write(&r->world, &r->job->out);
		r->begun = true;
		rc = scap_event_out(&r->job->out, f, &at);
	} else if (!r->begun) {
		rc = scap_world_take(&r->world, f, &at);
	}
	if (rc < 0)
		log_warnx("byte %llu: found no value that the wire knows, in a record of kind %d",
			(unsigned long long)f->offset + FRAME_HEADER + at, f->kind);
	return rc < 0 ? -1 : f->kind == FRAME_EVENT && job_counted(r->job);
}

static int run(struct run *r, struct input *in)
{
	struct frame f;

	for (;;) {
		enum input_result rc = input_next(in, &f);
		int step = rc == INPUT_FRAME ? take(r, &f) : 0;
		if (step)
			return step > 0 ? 0 : EX_DATAERR;
		if (rc == INPUT_BAD) {
			log_warnx("%s", input_error(in));
			return EX_DATAERR;
		}
		if (rc == INPUT_DONE)
			return input_status(in);
		if ((rc == INPUT_EMPTY || r->job->out.len >= JOB_BATCH) && !job_flush(r->job))
			return 0;
		if (rc == INPUT_EMPTY)
			input_wait(in, -1, -1);
	}
}

int to_scap_run(struct job *j)
{
	struct run r = { .job = j };
	char err[400];
	int status;
	struct input *in = input_open(j->inputs, j->ninputs, err, sizeof err, &status);

	if (!in) {
		log_warnx("%s", err);
		return status;
	}
	status = run(&r, in);
	job_flush(j);
	if (status == 0 && !r.begun)
		log_warnx("the stream has no event: nothing was written");
	scap_world_free(&r.world);
	input_free(in);
	return status;
}
