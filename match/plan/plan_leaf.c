/* Which field is tested how. A check of a field that is not here can not be tested, and passes both ways. */
#include "plan_leaf.h"

#include <string.h>

/* Of more a check is not tested: the kernel side would not hold them. */
enum { CONSTANTS_MAX = 4096 };

static const struct { const char *field; leaf_handler *handle; } handlers[] = {
	/* The type alone tells these. */
	{ "evt.dir", leaf_static }, { "syscall.type", leaf_static }, { "evt.category", leaf_static }, { "evt.is_io", leaf_static },
	{ "evt.is_io_read", leaf_static }, { "evt.is_io_write", leaf_static }, { "evt.io_dir", leaf_static },
	{ "evt.is_wait", leaf_static }, { "evt.is_async", leaf_static }, { "evt.count", leaf_static }, { "evt.source", leaf_static },
	{ "evt.count.exit", leaf_static }, { "evt.latency", leaf_static }, { "evt.type.is", leaf_static },
	/* The event */
	{ "evt.failed", leaf_failed }, { "evt.rawres", leaf_result }, { "evt.res", leaf_errno }, { "evt.is_open_read", leaf_bool },
	{ "evt.is_open_write", leaf_bool }, { "evt.is_open_create", leaf_bool }, { "evt.is_open_exec", leaf_bool },
	{ "evt.arg", leaf_arg }, { "evt.rawarg", leaf_raw }, { "evt.abspath", leaf_abspath },
	/* The task */
	{ "proc.name", leaf_comm }, { "proc.pname", leaf_parent }, { "proc.exepath", leaf_exe },
	{ "proc.aname", leaf_ancestor }, { "proc.exe", leaf_argv0 }, { "proc.args", leaf_args }, { "proc.cmdline", leaf_cmdline }, { "proc.env", leaf_env },
	{ "proc.cwd", leaf_cwd },
	{ "proc.pexe", leaf_parent_argv0 }, { "proc.pid", leaf_number },
	{ "proc.vpid", leaf_number }, { "user.uid", leaf_number }, { "group.gid", leaf_number }, { "user.loginuid", leaf_number },
	{ "proc.tty", leaf_tty }, { "container.id", leaf_container }, { "proc.is_exe_writable", leaf_exe_flag },
	{ "proc.is_exe_upper_layer", leaf_exe_flag }, { "proc.is_exe_lower_layer", leaf_exe_flag },
	{ "proc.is_exe_from_memfd", leaf_exe_flag }, { "thread.cap_effective", leaf_caps }, { "thread.cap_permitted", leaf_caps },
	{ "thread.cap_inheritable", leaf_caps },
	/* Files */
	{ "fd.num", leaf_fd_number }, { "fd.name", leaf_fd_name }, { "fd.nameraw", leaf_fd_raw }, { "fd.directory", leaf_folder },
	{ "fd.filename", leaf_filename }, { "fs.path.name", leaf_fs_path }, { "fs.path.nameraw", leaf_fs_path },
	{ "fs.path.source", leaf_fs_path }, { "fs.path.sourceraw", leaf_fs_path }, { "fs.path.target", leaf_fs_path },
	{ "fs.path.targetraw", leaf_fs_path }, { "fd.type", leaf_kind }, { "fd.typechar", leaf_kind_char },
	/* Sockets */
	{ "fd.sockfamily", leaf_family }, { "fd.l4proto", leaf_protocol }, { "fd.ip", leaf_address }, { "fd.cip", leaf_address },
	{ "fd.sip", leaf_address }, { "fd.lip", leaf_address }, { "fd.rip", leaf_address }, { "fd.net", leaf_address },
	{ "fd.cnet", leaf_address }, { "fd.snet", leaf_address }, { "fd.lnet", leaf_address }, { "fd.rnet", leaf_address },
	{ "fd.port", leaf_port }, { "fd.proto", leaf_port }, { "fd.cport", leaf_port }, { "fd.sport", leaf_port },
	{ "fd.lport", leaf_port }, { "fd.rport", leaf_port }, { "fd.cproto", leaf_port_text }, { "fd.sproto", leaf_port_text },
	{ "fd.lproto", leaf_port_text }, { "fd.rproto", leaf_port_text },
};

void leaf_exact(struct derivation *d, struct leaf *out, const struct plan_test *t)
{
	out->yes = cover_test(d, t, false);
	out->no = cover_test(d, t, true);
	out->tested = true;
}

/* A check of what the events of the type never have is false. */
void leaf_missing(struct derivation *d, struct leaf *out)
{
	out->yes = cover_false();
	out->no = cover_true(d);
	out->tested = true;
}

void leaf_guard(struct derivation *d, struct leaf *out, const struct plan_test *guard, bool negated)
{
	struct cover with = cover_test(d, guard, negated), without = cover_test(d, guard, !negated);

	out->yes = cover_and(d, &out->yes, &with);
	if (d->mutation != MUTATION_MISSING)
		out->no = cover_or(d, &out->no, &without);
	out->tested = true;
}

/* No field of a descriptor exists where there is none. */
static bool needs_descriptor(const char *name)
{
	return strncmp(name, "fd.", 3) == 0 && strcmp(name, "fd.uid") != 0;
}

void plan_leaf(struct derivation *d, const struct predicate *p, struct leaf *out)
{
	const struct slot *s = &d->program->slots.slot[p->slot];

	*out = (struct leaf){ cover_true(d), cover_true(d), false };
	if (s->transform || p->mode == PREDICATE_RIGHT || p->mode == PREDICATE_OLD)
		return;
	if (needs_descriptor(s->ref.def->name) && event_fd(d->type) < 0) {
		leaf_missing(d, out);
		return;
	}
	if (p->mode == PREDICATE_ONEOF || p->mode == PREDICATE_ALLOF || p->mode == PREDICATE_EXISTS)
		return;
	if (p->n > CONSTANTS_MAX)
		return;
	/* != anyof holds where any of them differs. */
	if (p->op == OP_NE && p->n != 1)
		return;
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (strcmp(handlers[i].field, s->ref.def->name) == 0)
			handlers[i].handle(d, p, &s->ref, out);
}
