/* Fields of the acting task, its parent and the leaders of its session and groups. */
#include <string.h>

#include "field_get.h"
#include "wire/fact.h"

static bool fact_i64(const struct process *p, const struct thread *t, enum fact n, int64_t *i)
{
	struct value v;

	return process_fact(p, t, n, &v) && value_i64(&v, i);
}

static bool fact_u64(const struct process *p, const struct thread *t, enum fact n, uint64_t *u)
{
	struct value v;

	return process_fact(p, t, n, &v) && value_u64(&v, u);
}

bool field_bytes(const struct value *v, const char **p, uint32_t *n)
{
	const uint8_t *data;
	uint64_t whole;

	if (!value_cut(v, &data, n, &whole))
		return false;
	*p = (const char *)data;
	return true;
}

int field_fact_text(struct field_value *out, const struct process *p, const struct thread *t, enum fact n)
{
	struct value v;
	const char *s;
	uint32_t len;

	if (!process_fact(p, t, n, &v) || !field_bytes(&v, &s, &len))
		return field_puts(out, "");
	return field_text(out, s, len);
}

bool field_fact(const struct context *c, enum fact n, struct value *v)
{
	static const struct { enum fact fact; const char *name; } stand_ins[] = {
		{ FACT_PID, "pid" }, { FACT_COMM, "comm" }, { FACT_UID, "uid" }, { FACT_EUID, "uid" },
	};

	if (c->process)
		return process_fact(c->process, c->thread, n, v);
	for (size_t i = 0; i < sizeof stand_ins / sizeof stand_ins[0]; i++)
		if (stand_ins[i].fact == n)
			return context_extra(c, stand_ins[i].name, v);
	return false;
}

const struct process *field_parent(const struct context *c)
{
	struct value v;
	int64_t pid;

	if (c->process)
		return state_parent(c->state, c->process);
	return context_extra(c, "ppid", &v) && value_i64(&v, &pid) ? state_pid(c->state, pid) : NULL;
}

/* The eldest of the ancestors that have the same id without a gap. */
static const struct process *eldest(const struct context *c, enum fact n, int64_t id)
{
	const struct process *p = c->process, *found = NULL;
	int64_t other;

	for (int i = 0; i < FIELD_VALUES; i++) {
		p = state_parent(c->state, p);
		if (!p || p == c->process || !fact_i64(p, NULL, n, &other) || other != id)
			break;
		found = p;
	}
	return found;
}

static const struct process *leader(const struct context *c, enum subject who)
{
	enum fact n = who == OF_SESSION ? FACT_SID : who == OF_GROUP ? FACT_PGID : FACT_VPGID;
	const struct process *p = c->process, *found = NULL;
	int64_t id, pid, vpid;

	if (!fact_i64(p, c->thread, n, &id) || id <= 0)
		return NULL;
	/* In a capture the session of a process in a namespace of its own is a number that says nothing either. */
	bool inner = fact_i64(p, NULL, FACT_PID, &pid) && fact_i64(p, NULL, FACT_VPID, &vpid) && pid != vpid;
	if (who == OF_SESSION && inner && !fact_i64(p, NULL, FACT_VSID, &vpid))
		return eldest(c, n, id);
	if (who == OF_VGROUP && (!fact_i64(p, NULL, FACT_PID, &pid) || !fact_i64(p, NULL, FACT_VPID, &vpid) || pid != vpid)) {
		/* A number of another namespace says nothing here, but the group has one of the host's too. */
		if (fact_i64(p, c->thread, FACT_PGID, &pid) && pid > 0)
			found = state_pid(c->state, pid);
	} else {
		found = state_pid(c->state, id);
	}
	return found ? found : eldest(c, n, id);
}

const struct process *field_subject(const struct context *c, enum subject who, const struct thread **t)
{
	*t = who == OF_SELF ? c->thread : NULL;
	switch (who) {
	case OF_SELF: return c->process;
	case OF_PARENT: return field_parent(c);
	default: return c->process ? leader(c, who) : NULL;
	}
}

int get_text_fact(const struct field_ref *f, struct context *c, struct field_value *out)
{
	enum subject who = f->def->what >> 8;
	enum fact n = f->def->what & 0xff;
	const struct thread *t;
	const struct process *p = field_subject(c, who, &t);
	struct value v;
	const char *s;
	uint32_t len;

	if (p)
		return field_fact_text(out, p, t, n);
	if (who == OF_SELF && field_fact(c, n, &v) && field_bytes(&v, &s, &len))
		return field_text(out, s, len);
	return -1;
}

int get_cwd(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	if (!c->process)
		return -1;
	field_fact_text(out, c->process, c->thread, FACT_CWD);
	if (!out->s.n || out->s.p[out->s.n - 1] == '/')
		return 1;
	struct text t = text_new(&c->arena, out->s.n + 1);
	text_add(&t, out->s.p, out->s.n);
	text_puts(&t, "/");
	return text_value(&t, out);
}

int get_leader(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct thread *t;

	if (!c->process)
		return -1;
	const struct process *p = field_subject(c, f->def->what >> 8, &t);
	return p ? field_fact_text(out, p, NULL, f->def->what & 0xff) : field_puts(out, "");
}

/* The parent's pid is in the event even when nothing else is known of it. */
static bool extra_ppid(const struct context *c, enum subject who, enum fact n, struct value *v)
{
	return !c->process && who == OF_PARENT && n == FACT_PID && context_extra(c, "ppid", v);
}

int get_int_fact(const struct field_ref *f, struct context *c, struct field_value *out)
{
	enum subject who = f->def->what >> 8;
	enum fact n = f->def->what & 0xff;
	const struct thread *t;
	const struct process *p = field_subject(c, who, &t);
	struct value v;

	bool found = who == OF_SELF ? field_fact(c, n, &v) : (p && process_fact(p, t, n, &v)) || extra_ppid(c, who, n, &v);
	if (!found || !value_i64(&v, &out->i))
		return -1;
	/* Of these an unknown one is missing; a group of -1 is printed as it is. */
	if ((n == FACT_VPID && out->i == -1) || (n == FACT_EXE_INO && out->i == 0))
		return -1;
	return 1;
}

int get_time_fact(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value v;

	return field_fact(c, f->def->what & 0xff, &v) && value_u64(&v, &out->u) && out->u ? 1 : -1;
}

int get_tty(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value v, device;

	(void)f;
	if (!c->process)
		return -1;
	out->u = 0;
	if (!process_fact(c->process, c->thread, FACT_TTY, &v))
		return 1;
	if (v.type == VALUE_ARRAY) {
		struct cursor in = v.a.inside;
		if (value_next(&in, &device) == 1)
			value_u64(&device, &out->u);
	} else {
		value_u64(&v, &out->u);
	}
	return 1;
}

int get_caps(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value v;
	uint64_t set;

	if (!field_fact(c, f->def->what & 0xff, &v) || !value_u64(&v, &set))
		return -1;
	struct text t = text_new(&c->arena, 256);
	for (size_t i = 0; i < CAPABILITIES; i++)
		if (set >> i & 1) {
			if (t.n)
				text_puts(&t, " ");
			text_puts(&t, capability_names[i]);
		}
	return text_value(&t, out);
}

int get_flag_fact(const struct field_ref *f, struct context *c, struct field_value *out)
{
	uint64_t flags = 0;

	if (!c->process)
		return -1;
	fact_u64(c->process, NULL, FACT_EXE_FLAGS, &flags);
	out->b = flags & f->def->what;
	return 1;
}

int get_start(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct thread *t;
	const struct process *p = field_subject(c, f->def->what, &t);

	if (!p)
		return -1;
	if (fact_u64(p, t, FACT_START, &out->u) && out->u)
		return 1;
	out->u = 0;
	return f->def->what == OF_PARENT ? 1 : -1;     /* as Falco has it: of the parent 0 says that it is not known */
}

int get_duration(const struct field_ref *f, struct context *c, struct field_value *out)
{
	if (get_start(f, c, out) < 0 || !out->u)
		return -1;
	out->u = c->event.time > out->u ? c->event.time - out->u : 0;
	return 1;
}

/* From one fact to a later one; missing when it is not later. */
static int span(const struct process *p, enum fact from, enum fact to, struct field_value *out)
{
	uint64_t a, b;

	if (!p || !fact_u64(p, NULL, from, &a) || !fact_u64(p, NULL, to, &b) || !a || b <= a)
		return -1;
	out->u = b - a;
	return 1;
}

int get_ctime_to_start(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return span(c->process, FACT_EXE_CTIME, FACT_START, out);
}

int get_pidns_to_ctime(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return span(c->process, FACT_PIDNS_START, FACT_EXE_CTIME, out);
}

static bool same_fact(const struct process *p, enum fact a, enum fact b)
{
	int64_t i, k;

	return fact_i64(p, NULL, a, &i) && fact_i64(p, NULL, b, &k) && i == k;
}

int get_is_leader(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const struct process *p = c->process;
	int64_t vsid;

	if (!p)
		return -1;
	switch (f->def->what) {
	case OF_SESSION:
		out->b = fact_i64(p, NULL, FACT_VSID, &vsid) ?
			same_fact(p, FACT_SID, FACT_PID) || same_fact(p, FACT_VSID, FACT_VPID) : same_fact(p, FACT_SID, FACT_VPID);
		break;
	case OF_VGROUP: out->b = same_fact(p, FACT_VPGID, FACT_VPID); break;
	default: out->b = same_fact(p, FACT_PGID, FACT_PID); break;
	}
	return 1;
}

int get_tid(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	out->i = c->event.tid;
	return c->type ? 1 : -1;
}

int get_is_main(const struct field_ref *f, struct context *c, struct field_value *out)
{
	int64_t pid;

	(void)f;
	if (!c->process || !fact_i64(c->process, NULL, FACT_PID, &pid))
		return -1;
	out->b = pid == c->event.tid;
	return 1;
}

/* A thread that differs in nothing has no record, and then its number inside is known only where it is the same. */
int get_vtid(const struct field_ref *f, struct context *c, struct field_value *out)
{
	int64_t pid, vpid;

	(void)f;
	if (!c->process)
		return -1;
	if (c->thread && thread_vtid(c->thread) > 0)
		out->i = thread_vtid(c->thread);
	else if (!fact_i64(c->process, NULL, FACT_PID, &pid) || !fact_i64(c->process, NULL, FACT_VPID, &vpid) || vpid < 0)
		return -1;
	else if (pid == c->event.tid)
		out->i = vpid;
	else if (pid == vpid)
		out->i = c->event.tid;
	else
		return -1;
	return 1;
}

int get_nametid(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct field_value name;

	(void)f;
	if (!c->process)
		return -1;
	field_fact_text(&name, c->process, c->thread, FACT_COMM);
	struct text t = text_new(&c->arena, name.s.n + 24);
	text_add(&t, name.s.p, name.s.n);
	text_printf(&t, "%lld", (long long)c->event.tid);
	return text_value(&t, out);
}

/* The kinds of the standard descriptors come on demand. */
int get_fd_kind(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value map, key, v;
	const char *s;
	uint32_t n;

	if (!context_extra(c, "fd_kinds", &map) || map.type != VALUE_MAP)
		return -1;
	struct cursor in = map.a.inside;
	while (value_next(&in, &key) == 1 && value_next(&in, &v) == 1)
		if (key.type == VALUE_UINT && key.u == f->def->what)
			return field_bytes(&v, &s, &n) ? field_text(out, s, n) : -1;
	return -1;
}
