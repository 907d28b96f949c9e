/* Frames to a capture. It begins with what was there before its events, of which a live stream tells while they come: so they wait in
 * a file of their own until the stream ends. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "job.h"
#include "scap_out.h"
#include "wire/log.h"
#include "wire/signals.h"

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

enum { SPOOL_AT = 1 << 20 };

struct run {
	struct job *job;
	struct scap_world world;
	struct pack events;                    /* that are not in the spool yet */
	FILE *spool;
	int signals;
	unsigned interrupted;
};

static void to_spool(struct run *r)
{
	if (!r->spool)
		r->spool = tmpfile();
	if (!r->spool || (r->events.len && fwrite(r->events.data, r->events.len, 1, r->spool) != 1))
		die(EX_CANTCREAT, "a temporary file for the events");
	r->events.len = 0;
}

/* False when nobody reads any more. */
static bool from_spool(struct run *r)
{
	size_t n;

	if (!r->spool)
		return true;
	to_spool(r);
	if (fflush(r->spool) != 0 || fseek(r->spool, 0, SEEK_SET) != 0)
		die(EX_IOERR, "a temporary file for the events");
	do {
		n = fread(pack_room(&r->job->out, SPOOL_AT), 1, SPOOL_AT, r->spool);
		r->job->out.len += n;
		if (!job_flush(r->job))
			return false;
	} while (n);
	if (ferror(r->spool))
		die(EX_IOERR, "a temporary file for the events");
	return true;
}

static void write_all(struct run *r)
{
	scap_world_write(&r->world, &r->job->out);
	if (!job_flush(r->job) || !from_spool(r))
		return;
	pack_raw(&r->job->out, r->events.data, r->events.len);
	job_flush(r->job);
}

/* 1: that was the last one wanted; 0: on; -1: the record is malformed. */
static int take(struct run *r, const struct frame *f)
{
	size_t at = 0;
	int rc = 0;

	if (f->kind == FRAME_EVENT)
		rc = scap_event_out(&r->events, f, &r->world, &at);
	else
		rc = scap_world_take(&r->world, f, &at);
	if (r->events.len >= SPOOL_AT)
		to_spool(r);
	if (rc < 0)
		log_warnx("byte %llu: found no value that the wire knows, in a record of kind %d",
			(unsigned long long)f->offset + FRAME_HEADER + at, f->kind);
	return rc < 0 ? -1 : f->kind == FRAME_EVENT && job_counted(r->job);
}

/* The first SIGINT is for the head of the line, whose END ends us. SIGTERM and the next one mean that what has come is all. */
static bool told_to_end(struct run *r)
{
	struct signalfd_siginfo info;

	while (read(r->signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo == SIGTERM || r->interrupted++)
			return true;
	return false;
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
		if (rc == INPUT_EMPTY && input_wait(in, -1, r->signals) && told_to_end(r))
			return 0;
	}
}

int to_scap_run(struct job *j)
{
	struct run r = { .job = j, .signals = signals_open((const int[]){ SIGINT, SIGTERM, 0 }) };
	int status;
	struct input *in = job_input(j, &status);

	if (!in)
		return status;
	status = run(&r, in);
	if (r.world.first)
		write_all(&r);
	if (status == 0 && !r.world.first)
		log_warnx("the stream has no event: nothing was written");
	close(r.signals);
	if (r.spool)
		fclose(r.spool);
	pack_free(&r.events);
	scap_world_free(&r.world);
	input_free(in);
	return status;
}
