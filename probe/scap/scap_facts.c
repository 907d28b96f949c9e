/* What calls do to ids, limits, capabilities and memory. */
#include "scap_state.h"

enum { NOFILE = 7, NEWUSER = 1048576, SUBREAPER_SET = 36, SUBREAPER_GET = 37, LAST_CAP = 40 };

static bool succeeded(const struct scap_now *now)
{
	return now->thread && scap_has(now->e, 0) && scap_int(now->e, 0) >= 0;
}

static void set_id(struct scap_now *now, uint32_t *id, int param)
{
	if (!succeeded(now) || !scap_has(now->e, param))
		return;
	*id = (uint32_t)scap_unsigned(now->e, param);
	scap_thread_changed(&now->w->threads, now->thread);
}

static void set_limit(struct scap_now *now, int resource, int value, int pid)
{
	struct scap_thread *t = now->thread;

	if (!succeeded(now) || scap_unsigned(now->e, resource) != NOFILE)
		return;
	if (pid >= 0 && scap_int(now->e, pid) > 0)
		t = scap_thread_find(&now->w->threads, scap_int(now->e, pid));
	if (pid >= 0 && scap_int(now->e, value) == -1)
		value += 2;                    /* nothing was set: the old one is told */
	if (!t || !scap_has(now->e, value))
		return;
	t->fdlimit = scap_int(now->e, value);
	scap_thread_changed(&now->w->threads, t);
}

static void set_caps(struct scap_now *now)
{
	static const int places[3] = { 2, 3, 1 };

	if (!succeeded(now))
		return;
	for (int i = 0; i < 3; i++)
		now->thread->caps[i] = scap_unsigned(now->e, places[i]);
	scap_thread_changed(&now->w->threads, now->thread);
}

static void new_namespace(struct scap_now *now, int flags)
{
	if (!succeeded(now) || !(scap_unsigned(now->e, flags) & NEWUSER))
		return;
	for (int i = 0; i < 3; i++)
		now->thread->caps[i] = ((uint64_t)1 << (LAST_CAP + 1)) - 1;
	scap_thread_changed(&now->w->threads, now->thread);
}

/* Memory is the process's. */
static void set_memory(struct scap_now *now, int first)
{
	if (!now->thread || !scap_has(now->e, first))
		return;
	struct scap_thread *t = scap_thread_speaker(now->thread);
	t->vm_size = (uint32_t)scap_unsigned(now->e, first);
	t->vm_rss = (uint32_t)scap_unsigned(now->e, first + 1);
	t->vm_swap = (uint32_t)scap_unsigned(now->e, first + 2);
}

static void switched(struct scap_now *now)
{
	if (!now->thread || !scap_has(now->e, 1))
		return;
	now->thread->pf_major = scap_unsigned(now->e, 1);
	now->thread->pf_minor = scap_unsigned(now->e, 2);
	set_memory(now, 3);
}

bool scap_facts(struct scap_now *now)
{
	struct scap_thread *t = now->thread;

	if (!t)
		return false;
	switch (now->e->code) {
	case 199: set_id(now, &t->uid, 1); return true;
	case 193: case 427: set_id(now, &t->uid, 2); return true;
	case 201: set_id(now, &t->gid, 1); return true;
	case 195: case 429: set_id(now, &t->gid, 2); return true;
	case 275:
		if (succeeded(now)) {
			t->sid = scap_int(now->e, 0);
			scap_thread_changed(&now->w->threads, t);
		}
		return true;
	case 141: case 143: set_limit(now, 3, 1, -1); return true;
	case 145: set_limit(now, 6, 1, 5); return true;
	case 353: set_caps(now); return true;
	case 285: new_namespace(now, 1); return true;
	case 241: new_namespace(now, 2); return true;
	case 159: case 161: case 163: case 165: set_memory(now, 1); return true;
	case 152: switched(now); return true;
	case 401:
		if (succeeded(now) && (scap_unsigned(now->e, 1) == SUBREAPER_SET || scap_unsigned(now->e, 1) == SUBREAPER_GET))
			t->reaper = scap_int(now->e, 3) != 0;
		return true;
	}
	return false;
}
