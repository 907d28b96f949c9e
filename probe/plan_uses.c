/* What a test of a plan needs to be asked by the kernel side, and whether it can be. */
#include "plan_uses.h"

#include <string.h>

#include "kernel_values.h"
#include "plan_compiler.h"
#include "wire/plan/plan_event.h"

enum { TYPE_CONNECT = 23, TYPE_PROCEXIT = 186, TYPE_ACCEPT = 247, TYPE_EXECVE = 293, TYPE_ACCEPT4 = 389 };

static uint8_t argument_from(const struct captured *c, enum from from)
{
	for (unsigned i = 0; i < c->nparams; i++)
		if (c->params[i].from == from)
			return c->params[i].index;
	return RAW_NO_ARG;
}

uint8_t plan_flags_argument(const struct captured *c)
{
	return argument_from(c, FROM_OPEN_FLAGS);
}

uint8_t plan_mode_argument(const struct captured *c)
{
	return argument_from(c, FROM_OPEN_MODE);
}

uint8_t plan_file_argument(const struct captured *c)
{
	const struct event_type *t = event_type(c->type);
	bool opens = t->flags & EV_CREATES_FD;
	int fd = event_fd(t);

	if (fd < 0 || (!opens && plan_event_path(t, 0) >= 0))
		return RAW_NO_ARG;
	for (unsigned i = 0; i < RAW_STEPS && c->steps[i].kind; i++) {
		if (opens && c->steps[i].kind == STEP_NEW_FD && c->steps[i].param == fd)
			return RAW_FILE_NEW;
		if (!opens && c->steps[i].kind == STEP_FD && c->steps[i].param == fd)
			return c->steps[i].arg;
	}
	return RAW_NO_ARG;
}

uint8_t plan_fd_argument(const struct captured *c)
{
	uint8_t file = plan_file_argument(c);
	int fd = event_fd(event_type(c->type));

	/* Of what is closed the number may be another file's by now. */
	if (file != RAW_NO_ARG || fd < 0 || fd >= c->nparams || c->params[fd].from != FROM_FD_ARG || event_type(c->type)->flags & EV_DESTROYS_FD)
		return file;
	return c->params[fd].index;
}

static uint8_t path_argument(const struct captured *c, int n, unsigned kind)
{
	int path = plan_event_path(event_type(c->type), n);

	for (unsigned i = 0; i < RAW_STEPS && c->steps[i].kind; i++)
		if (c->steps[i].kind == kind && c->steps[i].param == path)
			return c->steps[i].arg;
	return RAW_NO_ARG;
}

uint8_t plan_passed_argument(const struct captured *c, int n)
{
	return path_argument(c, n, STEP_PATH);
}

uint8_t plan_base_argument(const struct captured *c, int n)
{
	return path_argument(c, n, STEP_BASE);
}

static const struct raw_step *text_step(const struct captured *c)
{
	for (unsigned i = 0; i < RAW_STEPS && c->steps[i].kind; i++)
		if (c->steps[i].kind == STEP_TEXT)
			return &c->steps[i];
	return NULL;
}

uint8_t plan_text_argument(const struct captured *c)
{
	const struct raw_step *step = text_step(c);

	return step ? step->arg : RAW_NO_ARG;
}

enum raw_place plan_place(const struct plan_test *t)
{
	switch (t->kind == PLAN_TEXT ? (int)t->subject : -1) {
	case PLAN_PATH: return RAW_PLACE_FILE;
	case PLAN_JOINED: return RAW_PLACE_FIRST;
	/* No call leaves a file under its second path. */
	case PLAN_PATH2: case PLAN_JOINED2: return RAW_PLACE_SECOND;
	default: return RAW_PLACES;
	}
}

/* The parameter of that name, or NULL. */
static const struct source_of *parameter(const struct captured *c, const char *name)
{
	const struct event_type *t = event_type(c->type);

	for (unsigned i = 0; i < c->nparams && i < t->nparams; i++)
		if (strcmp(t->params[i].name, name) == 0)
			return &c->params[i];
	return NULL;
}

/* Of these calls it is known which end the caller is. */
static bool knows_roles(const struct captured *c)
{
	return c->type == TYPE_CONNECT || c->type == TYPE_ACCEPT || c->type == TYPE_ACCEPT4;
}

uint8_t plan_end(const struct captured *c, unsigned subject)
{
	unsigned client = c->type == TYPE_CONNECT ? RAW_N_LOCAL : RAW_N_REMOTE, server = RAW_N_LOCAL + RAW_N_REMOTE - client;

	switch (subject) {
	case PLAN_ADDR_CLIENT: return (uint8_t)client;
	case PLAN_ADDR_SERVER: return (uint8_t)server;
	case PLAN_ADDR_LOCAL: return RAW_N_LOCAL;
	case PLAN_ADDR_REMOTE: return RAW_N_REMOTE;
	default: return RAW_N_EITHER;
	}
}

bool plan_number_of(const struct captured *c, const struct plan_test *t, uint8_t *what, uint8_t *arg)
{
	*arg = 0;
	switch (t->subject) {
	case PLAN_RESULT: *what = RAW_N_RESULT; return c->type != TYPE_PROCEXIT;
	case PLAN_PID: *what = RAW_N_PID; return true;
	case PLAN_VPID: *what = RAW_N_VPID; return true;
	case PLAN_UID: *what = RAW_N_UID; return true;
	case PLAN_GID: *what = RAW_N_GID; return true;
	case PLAN_LOGINUID: *what = RAW_N_LOGINUID; return true;
	case PLAN_PORT: case PLAN_PORT_CLIENT: case PLAN_PORT_SERVER: case PLAN_PORT_LOCAL: case PLAN_PORT_REMOTE:
		*what = plan_end(c, t->subject - PLAN_PORT + PLAN_ADDR);
		return knows_roles(c);
	case PLAN_ARG: break;
	default: return false;
	}
	const struct source_of *from = parameter(c, t->param);
	if (!from)
		return false;
	*arg = from->index;
	switch (from->from) {
	case FROM_RET: *what = RAW_N_RESULT; return true;
	case FROM_FD_RET: *what = RAW_N_RESULT; return true;
	case FROM_INT: case FROM_FD_ARG: *what = RAW_N_ARG; return true;
	case FROM_U32: *what = RAW_N_ARG_U32; return true;
	default: return false;
	}
}

int plan_number_uses(uint8_t what)
{
	return what >= RAW_N_LOCAL ? RAW_USES_SOCKET : what >= RAW_N_UID ? RAW_USES_TASK : RAW_USES_ARGS;
}

bool plan_is_sign(const struct plan_test *t, bool *negated)
{
	if (t->kind != PLAN_NUMBER || t->subject != PLAN_RESULT || t->n != 1)
		return false;
	bool failed = t->range[0].first <= -4095 && t->range[0].last == -1;
	*negated = t->negated != failed;
	return failed || (t->range[0].first == 0 && t->range[0].last >= INT32_MAX);
}

int plan_mask_of(const struct plan_test *t)
{
	switch (t->subject) {
	case PLAN_CAP_EFFECTIVE: return RAW_M_CAP_EFFECTIVE;
	case PLAN_CAP_PERMITTED: return RAW_M_CAP_PERMITTED;
	case PLAN_CAP_INHERITABLE: return RAW_M_CAP_INHERITABLE;
	case PLAN_PROTOCOL: return RAW_M_PROTOCOL;
	/* That the executable is not this or that can be told, and not always that it is. */
	case PLAN_EXE_FLAGS: return t->negated ? -1 : RAW_M_EXE;
	case PLAN_ARG_BITS: return RAW_M_ARG;
	default: return -1;
	}
}

uint64_t plan_argument_bits(const struct captured *c, const struct plan_test *t, uint8_t *arg)
{
	const struct source_of *from = parameter(c, t->param);
	uint64_t made = 0, bits = 0;

	if (!from || !value_has_bits(from->from))
		return 0;
	*arg = from->index;
	for (unsigned i = 0; i < 32; i++) {
		uint64_t makes = (value_argument(from->from, 1ull << i) ^ value_argument(from->from, 0)) & t->mask;
		bits |= makes ? 1ull << i : 0;
		made |= makes;
	}
	return made == t->mask && !(value_argument(from->from, 0) & t->mask) ? bits : 0;
}

static int mask_uses(const struct captured *c, const struct plan_test *t)
{
	uint8_t arg;
	int what = plan_mask_of(t);

	if (t->subject == PLAN_FD_KIND)
		return plan_fd_argument(c) == RAW_NO_ARG ? -1 : plan_file_argument(c) == RAW_NO_ARG ? RAW_USES_BASE : RAW_USES_KIND;
	switch (what) {
	case -1: return -1;
	case RAW_M_ARG: return plan_argument_bits(c, t, &arg) ? RAW_USES_ARGS : -1;
	case RAW_M_PROTOCOL: return plan_fd_argument(c) != RAW_NO_ARG ? RAW_USES_SOCKET : -1;
	case RAW_M_EXE: return c->type == TYPE_EXECVE ? RAW_USES_EXEC : -1;
	default: return RAW_USES_TASK;
	}
}

static bool is_argv(const struct plan_test *t)
{
	return t->subject == PLAN_ARGV0 || t->subject == PLAN_ARGS || t->subject == PLAN_CMDLINE || t->subject == PLAN_ENV ||
		t->subject == PLAN_PARENT_ARGV0;
}

bool plan_texts_fit(const struct plan_test *t)
{
	bool tail = t->subject == PLAN_PARENT_ARGV0 || plan_place(t) != RAW_PLACES;
	size_t room = tail ? RAW_TAIL : sizeof (uint64_t[RAW_TEXT_WORDS]);

	for (size_t i = 0; i < t->n; i++)
		if (t->text[i].n > room)
			return false;
	return true;
}

bool plan_parts_fit(const struct plan_test *t)
{
	bool path = plan_place(t) != RAW_PLACES;

	/* Of the environment more is taken for alike than is. */
	if ((!path && t->subject != PLAN_CMDLINE && (t->subject != PLAN_ENV || t->negated)) || t->n > RAW_PARTS)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (!t->text[i].n || (path && memchr(t->text[i].p, '/', t->text[i].n)) || (t->negated && t->text[i].n > sizeof (uint64_t)))
			return false;
	return true;
}

/* What a test of a path needs: the file, where the call has one that it is about, or what was passed. */
static int path_uses(const struct captured *c, const struct plan_test *t)
{
	bool takes = t->op == PLAN_CONTAINS ? plan_parts_fit(t) : plan_tree_takes(t);
	enum raw_place place = plan_place(t);

	if (!takes)
		return -1;
	if (place == RAW_PLACE_FILE && plan_file_argument(c) != RAW_NO_ARG)
		return plan_is_of_name(t) ? RAW_USES_NAME : RAW_USES_PATH;
	if (plan_passed_argument(c, place == RAW_PLACE_SECOND) == RAW_NO_ARG)
		return -1;
	return place == RAW_PLACE_SECOND ? RAW_USES_SECOND : RAW_USES_FIRST;
}

/* What a test of a text needs. Some are asked of a program alone that has just been executed. */
static int text_uses(const struct captured *c, const struct plan_test *t)
{
	const struct raw_step *step = text_step(c);

	if (plan_place(t) != RAW_PLACES)
		return path_uses(c, t);
	if (is_argv(t))
		return c->type == TYPE_EXECVE && (t->op == PLAN_CONTAINS ? plan_parts_fit(t) : plan_texts_fit(t)) ? RAW_USES_EXEC : -1;
	if (t->subject == PLAN_ARG_TEXT) {
		int param = event_param(event_type(c->type), t->param, strlen(t->param));
		return step && step->param == param && plan_texts_fit(t) ? RAW_USES_TEXT : -1;
	}
	if (!plan_tree_takes(t))
		return -1;
	return t->subject != PLAN_ANCESTOR && t->subject != PLAN_CWD ? RAW_USES_TASK : c->type == TYPE_EXECVE ? RAW_USES_EXEC : -1;
}

static int flag_uses(const struct captured *c, unsigned subject)
{
	bool opens = plan_flags_argument(c) != RAW_NO_ARG;

	switch (subject) {
	case PLAN_OK: return c->type == TYPE_PROCEXIT ? -1 : 0;
	case PLAN_READ: case PLAN_WRITE: return opens ? RAW_USES_ACCESS : -1;
	case PLAN_EXEC: return opens && plan_mode_argument(c) != RAW_NO_ARG ? RAW_USES_CREATE : -1;
	case PLAN_CREATE: return opens ? RAW_USES_CREATE : -1;
	case PLAN_DOTS: return plan_passed_argument(c, 0) == RAW_NO_ARG ? -1 : RAW_USES_PASSED;
	case PLAN_TTY: case PLAN_CONTAINER: return RAW_USES_TASK;
	default: return -1;
	}
}

int plan_test_uses(const struct captured *c, const struct plan_test *t)
{
	uint8_t what, arg;
	bool negated;

	if (plan_is_sign(t, &negated))
		return c->type == TYPE_PROCEXIT ? -1 : 0;
	switch (t->kind) {
	case PLAN_FLAG: return flag_uses(c, t->subject);
	case PLAN_NUMBER:
		if (!plan_number_of(c, t, &what, &arg))
			return -1;
		return plan_number_uses(what);
	case PLAN_NET: return knows_roles(c) ? RAW_USES_SOCKET : -1;
	case PLAN_MASK:
		return mask_uses(c, t);
	case PLAN_TEXT: return text_uses(c, t);
	default: return -1;
	}
}
