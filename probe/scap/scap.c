/* A capture from its first block to its last: what it says of the machine becomes definitions, then one event follows the
 * other. */
#include "scap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "scap_write.h"
#include "wire/frame.h"
#include "wire/hello.h"
#include "wire/log.h"
#include "wire/signals.h"

enum { FLUSH_AT = 256 << 10, STREAM_MAGIC = 0xc9, CONTAINER = 324, PROCEXIT = 186 };

/* A section is what one run of the writer left: files may hold several, one behind the other. */
struct reading {
	struct scap_file *file;
	struct output *output;
	struct scap_world world;
	struct scap_writer writer;
	struct source source;
	uint64_t number;               /* of the last event */
	uint64_t time, beat;           /* of the last event, and when the next heartbeat is due */
	uint64_t duration, until;      /* nanoseconds that are read, and the time of the event that is no more; 0: all */
	bool begun;                    /* HELLO has been written */
	bool over;                     /* the duration is */
	bool both;                     /* the beginning of a call is an event too, as it was in 0.28 */
	int signals;
};

static bool interrupted(const struct reading *r)
{
	struct signalfd_siginfo info;

	return read(r->signals, &info, sizeof info) > 0;
}

/* False when nobody reads any more, which is an ordinary end, or when writing fails. */
static bool flush(struct reading *r, int *status)
{
	if (output_flush(r->output, &r->writer.out) == 0)
		return true;
	if (errno != EPIPE) {
		log_warn("output");
		*status = EX_IOERR;
	}
	return false;
}

static void end_section(struct reading *r)
{
	scap_threads_free(&r->world.threads);
	scap_interfaces_free(&r->world.interfaces);
	map_free(&r->writer.cgroups);
	r->world = (struct scap_world){0};
	r->number = r->beat = 0;
	r->begun = false;
}

/* Sockets of the snapshot have their own end as the source. That whose port the process listens on is the server's. */
static void fix_roles(struct scap_fds *fds)
{
	for (size_t i = 0; i < fds->by_number.cap; i++) {
		struct scap_fd *fd = fds->by_number.slots[i].value;
		if (fd && (fd->kind == FD_IPV4 || fd->kind == FD_IPV6) && fd->address.family && !fd->listening)
			scap_snapshot_role(fds, fd);
	}
}

static void write_hello(struct reading *r, uint64_t first_event)
{
	struct hello_content h = { .program = "probe", .recorded = true, .clock_offset = (int64_t)r->world.machine.boot };
	uint16_t types[EVENT_TYPES];
	struct pack names = r->writer.out;

	for (uint16_t i = 0; i < EVENT_TYPES; i++)
		if (event_type(i) && event_type(i)->kind != EVENT_ENTER)
			types[h.ntypes++] = i;
	h.types = types;
	r->source = (struct source){ r->world.machine.host, "", "syscall", first_event };
	h.source = r->source;
	/* The definitions that have come so far follow it. */
	r->writer.out = (struct pack){0};
	hello_frame(&r->writer.out, &h);
	pack_raw(&r->writer.out, names.data, names.len);
	pack_free(&names);
}

static void begin_events(struct reading *r, uint64_t first_event)
{
	for (size_t i = 0; i < r->world.threads.by_pid.cap; i++) {
		struct scap_process *p = r->world.threads.by_pid.slots[i].value;
		if (p)
			fix_roles(p->fds);
	}
	write_hello(r, first_event);
	scap_write_changes(&r->writer);
	r->begun = true;
}

static void write_stat(struct reading *r)
{
	struct stat_writer w = {0};

	stat_add(&w, stat_defs[STAT_PROBE_EVENTS].name, r->writer.events);
	stat_frame_at(&r->writer.out, &r->source, "probe", &w, r->time, (int64_t)r->world.machine.boot);
	pack_free(&w.body);
}

/* As a live source has them: with the first event, and each that comes more than a second after the one before. */
static void heartbeat(struct reading *r, uint64_t time)
{
	enum { SECOND = 1000000000 };

	r->time = time;
	if (time <= r->beat)
		return;
	r->beat = time + SECOND;
	write_stat(r);
	if (r->duration && !r->until)
		r->until = time + r->duration;
}

/* The thread goes when its event has been told. */
static void end_thread(struct reading *r, const struct scap_event *e, struct scap_thread *t)
{
	int64_t reaper = scap_has(e, 4) ? scap_int(e, 4) : 0;

	scap_thread_die(&r->world.threads, t, reaper);
	scap_write_exit(&r->writer, t, e->time, scap_int(e, 0));
	scap_thread_reap(&r->world.threads, t);
}

/* Events that only tell of users and groups are no events for rules. */
static bool is_definition(unsigned code)
{
	enum { USER_ADDED = 354, GROUP_DELETED = 360 };

	return code >= USER_ADDED && code <= GROUP_DELETED;
}

static void show(struct reading *r, struct scap_now *now)
{
	if (now->e->code == CONTAINER)
		now->process = scap_write_container(&r->writer, scap_string(now->e, 0));
	scap_write_name_event(&r->writer, now->e);
	scap_write_changes(&r->writer);
	if (!now->e->hidden && !is_definition(now->e->code))
		scap_write_event(&r->writer, now, r->number);
	struct scap_thread *dead = scap_after(now);
	if (dead)
		end_thread(r, now->e, dead);
}

static void show_beginning(struct reading *r, const struct scap_stored *stored)
{
	struct scap_event e;
	uint8_t *room = NULL;

	if (scap_beginning(&e, stored, &room)) {
		struct scap_now now = { .w = &r->world, .e = &e, .type = event_type(e.code) };
		scap_enter(&now);
		scap_write_changes(&r->writer);
		scap_write_event(&r->writer, &now, r->number);
	}
	free(room);
}

static int read_event(struct reading *r, const struct scap_block *b)
{
	struct scap_event e;
	uint8_t *room = NULL;
	int rc = scap_event_read(r->file, b, &e);

	if (rc <= 0)
		return rc;
	if (!r->begun)
		begin_events(r, e.time);
	r->over = r->until && e.time >= r->until;
	if (r->over)
		return 0;
	heartbeat(r, e.time);
	struct scap_thread *t = scap_thread_find(&r->world.threads, e.tid);
	bool timed = r->both && t && t->enter.any && t->enter.event.code + 1u == e.code && e.time > t->enter.event.time;
	uint64_t latency = timed ? e.time - t->enter.event.time : 0;
	enum scap_verdict verdict = scap_convert(&e, t ? &t->enter : NULL, &room);
	r->number += verdict == SCAP_ENTER || verdict == SCAP_SHOW || (verdict == SCAP_KEEP && r->both);
	if (verdict == SCAP_KEEP || verdict == SCAP_ENTER) {
		if (!t)
			t = scap_thread_invalid(&r->world.threads, e.tid, e.time);
		scap_stored_set(&t->enter, &e);
		if (r->both)
			show_beginning(r, &t->enter);
	} else if (verdict == SCAP_SHOW && event_type(e.code)) {
		struct scap_now now = { .w = &r->world, .e = &e, .type = event_type(e.code), .latency = latency };
		scap_before(&now);
		show(r, &now);
		t = scap_thread_find(&r->world.threads, e.tid);
		if (t && e.code % 2)
			t->enter.any = false;
	}
	free(room);
	return 0;
}

static int read_block(struct reading *r, const struct scap_block *b)
{
	if (b->kind != SCAP_EVENTS && b->kind != SCAP_SECTION && b->kind != SCAP_OTHER && r->begun)
		return scap_bad(r->file, b->offset - 8, "found a block of type 0x%X behind the first event, expected events", b->type);
	switch (b->kind) {
	case SCAP_SECTION:
		if (r->begun)
			end_section(r);
		return scap_read_section(r->file, b);
	case SCAP_MACHINE:
		if (scap_read_machine(r->file, b, &r->world.machine) < 0)
			return -1;
		r->world.threads.boot = r->world.machine.boot;
		return 0;
	case SCAP_INTERFACES: return scap_read_interfaces(r->file, b, &r->world.interfaces);
	case SCAP_USERS: return scap_read_users(r->file, b, scap_write_name, &r->writer);
	case SCAP_PROCESSES: return scap_read_processes(r->file, b, &r->world.threads);
	case SCAP_FDS: return scap_read_fds(r->file, b, &r->world.threads);
	case SCAP_EVENTS: return read_event(r, b);
	case SCAP_OTHER: return 0;
	}
	return 0;
}

static void write_end(struct reading *r)
{
	write_stat(r);
	end_frame(&r->writer.out, NULL);
}

/* Said before the length of a block that is none is believed. */
static int check_beginning(struct reading *r)
{
	enum { SECTION_TYPE = 0x0A0D0D0A, MAGIC_AT = 8 };
	static const uint8_t other_order[4] = { 0x1A, 0x2B, 0x3C, 0x4D };
	uint8_t b[MAGIC_AT + sizeof other_order];

	if (scap_peek(r->file, b, sizeof b) < sizeof b)
		return 0;
	if (memcmp(b + MAGIC_AT, other_order, sizeof other_order) == 0)
		return scap_bad(r->file, MAGIC_AT, "found a capture of a machine with the other byte order, expected little-endian");
	uint32_t type = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	if (type == SECTION_TYPE)
		return 0;
	return scap_bad(r->file, 0, "found 0x%08X, expected the 0x%08X that a capture begins with", type, SECTION_TYPE);
}

/* What was read before something bad is written out all the same. */
static int read_all(struct reading *r)
{
	struct scap_block b;
	bool any = false;
	int rc = check_beginning(r), status = 0;

	while (rc == 0 && !r->over && (rc = scap_next(r->file, &b)) == 1) {
		rc = read_block(r, &b);
		if (rc < 0)
			break;
		any |= r->begun;
		if (r->begun && r->writer.out.len >= FLUSH_AT && (!flush(r, &status) || interrupted(r)))
			break;
	}
	if (status == 0 && rc < 0)
		status = EX_DATAERR;
	else if (status == 0 && !any)
		status = scap_bad(r->file, 0, "found no event, expected at least one") ? EX_DATAERR : 0;
	if (status == EX_DATAERR)
		log_warnx("%s", scap_error(r->file));
	if (any) {
		if (status == 0)
			write_end(r);
		flush(r, &status);
	}
	return status;
}

int scap_run(const struct options *o, const char *path, uint64_t duration)
{
	struct reading r = { .signals = -1, .duration = duration * 1000000000, .both = strcmp(conf_text(&o->conf, CONF_COMPAT), "0.28") == 0 };
	char err[512];
	uint8_t first = 0;
	int status;

	signal(SIGPIPE, SIG_IGN);
	r.file = scap_open(path, err, sizeof err, &status);
	if (r.file)
		r.output = output_open(o->output, err, sizeof err, &status);
	if (!r.output) {
		log_warnx("%s", err);
		scap_close(r.file);
		return status;
	}
	r.signals = signals_open((const int[]){ SIGINT, SIGTERM, 0 });
	r.writer.w = &r.world;
	options_notify(o, "ready");
	scap_peek(r.file, &first, 1);
	status = first == STREAM_MAGIC ? replay_run(r.file, r.output) : read_all(&r);
	end_section(&r);
	scap_writer_free(&r.writer);
	output_free(r.output);
	scap_close(r.file);
	close(r.signals);
	return status;
}
