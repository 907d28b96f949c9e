/* Which frames a ring record becomes. */
#include "encode.h"

#include "cgroups.h"

static void encode_cgroup(struct encoder *e, const struct raw_cgroup *c)
{
	const char *path = (const char *)(c + 1);

	if (c->path_len > c->h.len - sizeof *c) {
		e->bad++;
		return;
	}
	if (c->made) {
		cgroups_made(e->cgroups, c->id, path, c->path_len);
		cgroups_announce(e->cgroups, c->id, &e->out);
		return;
	}
	cgroups_gone(e->cgroups, c->id);
	cgroup_frame(&e->out, c->id, path, c->path_len, false);
}

void encode_record(struct encoder *e, const void *data, size_t size)
{
	struct record r;

	if (record_open(&r, data, size) != 0) {
		e->bad++;
		return;
	}
	switch (r.head->kind) {
	case RAW_EVENT: encode_event(e, &r); break;
	case RAW_PROC: encode_proc(e, &r); break;
	case RAW_THREAD: encode_thread(e, &r); break;
	case RAW_EXEC: encode_exec(e, &r); break;
	case RAW_EXIT: encode_exit(e, &r); break;
	case RAW_CGROUP: encode_cgroup(e, data); break;
	}
}
