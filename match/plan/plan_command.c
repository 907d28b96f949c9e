/* match --plan, and --why: what a rule makes the kernel side send, and what would make it less. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "match/operand.h"
#include "plan.h"
#include "plan_want.h"
#include "wire/links.h"
#include "wire/log.h"
#include "wire/plan/plan_event.h"

/* Fields that count events or tell time since the one before: what a plan leaves out changes them. */
static const char *const counting[] = { "evt.num", "evt.deltatime", "evt.deltatime.s", "evt.deltatime.ns", "evt.reltime", "evt.reltime.s",
	"evt.reltime.ns", "fd.name_changed" };

static bool counts(const struct program *p, uint32_t slot, const char **name)
{
	const struct field_def *f = NULL;

	for (size_t i = 0; i < sizeof counting / sizeof *counting && !f; i++)
		f = operand_field(&p->slots, slot, 0, counting[i]);
	*name = f ? f->name : NULL;
	return f != NULL;
}

static const char *counted_in(const struct program *p, uint32_t edge)
{
	const struct expr *e = &p->exprs.node[edge / 2];
	const char *name = NULL;

	if (e->kind == EXPR_PREDICATE) {
		const struct predicate *check = &p->predicates.p[e->what];
		if (!counts(p, check->slot, &name) && check->right >= 0)
			counts(p, (uint32_t)check->right, &name);
	}
	for (uint32_t i = 0; (e->kind == EXPR_AND || e->kind == EXPR_OR) && i < e->n && !name; i++)
		name = counted_in(p, p->exprs.edges[e->first + i]);
	return name;
}

/* Comments in front of the plan: rules that it can not hold for. */
static void name_counting(const struct program *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->nrules; i++) {
		const char *name = p->rules[i].syscall ? counted_in(p, p->rules[i].edge) : NULL;
		if (name)
			strbuf_printf(out, "# %s: %s depends on events that the plan leaves out\n", p->rules[i].name, name);
	}
}

static void print_plan(const struct plan *plan, struct strbuf *out)
{
	struct pack text = {0};

	plan_print(plan, &text);
	strbuf_add(out, (const char *)text.data, text.len);
	pack_free(&text);
}

static bool tests(const struct plan_event *e, unsigned first, unsigned last)
{
	for (size_t i = 0; i < e->n; i++) {
		bool found = false;
		for (size_t k = 0; k < e->line[i].n; k++)
			found |= e->line[i].test[k].subject >= first && e->line[i].test[k].subject <= last;
		if (!found)
			return false;
	}
	return true;
}

/* The name of the type's first parameter of that kind, or NULL. */
static const char *parameter(const struct event_type *t, unsigned type)
{
	for (unsigned i = 0; i < t->nparams; i++)
		if (t->params[i].type == type)
			return t->params[i].name;
	return NULL;
}

/* Clauses on the file, the paths, the text, the connection of a type. */
static void advise_objects(const struct plan_event *e, const struct event_type *t, struct strbuf *out)
{
	int path = plan_event_path(t, 0);
	bool opens = event_param(t, "flags", 5) >= 0 && path >= 0 && t->flags & EV_CREATES_FD;
	bool connects = strcmp(t->name, "connect") == 0 || strncmp(t->name, "accept", 6) == 0;
	bool on_fd = path < 0 && event_fd(t) >= 0, has_tuple = event_param(t, "tuple", 5) >= 0;
	const char *text = parameter(t, PT_CHARBUF);

	if (opens && !tests(e, PLAN_READ, PLAN_EXEC))
		strbuf_puts(out, "    evt.is_open_write = true      or evt.is_open_read, evt.is_open_create\n");
	if ((opens || (on_fd && !has_tuple)) && !tests(e, PLAN_PATH, PLAN_PASSED2))
		strbuf_puts(out, "    fd.name startswith /folder/   or fd.name pmatch (/folder, …), fd.name in (/a/file, …)\n");
	if (path >= 0 && !opens && !tests(e, PLAN_PATH, PLAN_PASSED2))
		strbuf_printf(out, "    evt.arg.%s startswith /folder/   or pmatch, =, in, contains, of each path of the call\n", t->params[path].name);
	if (text && !tests(e, PLAN_ARG_TEXT, PLAN_ARG_TEXT))
		strbuf_printf(out, "    evt.arg.%s in (…)         or =, startswith\n", text);
	if (on_fd && !tests(e, PLAN_FD_KIND, PLAN_FD_KIND))
		strbuf_puts(out, "    fd.type in (ipv4, ipv6)       or file, directory, unix, pipe\n");
	if (connects && !tests(e, PLAN_PORT, PLAN_PORT_REMOTE) && !tests(e, PLAN_ADDR, PLAN_ADDR_REMOTE))
		strbuf_puts(out, "    fd.sip, fd.snet, fd.sport     with =, in or !=; fd.l4proto\n");
}

/* Clauses that the kernel side could test, and that no line of the type has. */
static void advise(const struct plan *plan, unsigned type, struct strbuf *out)
{
	const struct plan_event *e = &plan->event[type];

	if (!tests(e, PLAN_OK, PLAN_OK) && !tests(e, PLAN_RESULT, PLAN_RESULT))
		strbuf_puts(out, "    evt.failed = false            if only calls that succeed matter\n");
	advise_objects(e, event_type(type), out);
	if (!tests(e, PLAN_CONTAINER, PLAN_CONTAINER))
		strbuf_puts(out, "    container.id != host          or container.id = host\n");
	if (!tests(e, PLAN_COMM, PLAN_CWD) && !tests(e, PLAN_EXE, PLAN_EXE))
		strbuf_puts(out, "    proc.name in (…)              or proc.pname, proc.exepath, with =, in or startswith\n");
	if (!tests(e, PLAN_TTY, PLAN_TTY))
		strbuf_puts(out, "    proc.tty != 0                 if only processes with a terminal matter\n");
}

static unsigned wanted(const struct plan *plan)
{
	unsigned n = 0;

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		n += plan->event[i].wanted;
	return n;
}

static bool is_advised(const struct plan *plan, unsigned type)
{
	return plan->event[type].wanted && plan->event[type].n && event_type(type)->kind != EVENT_ENTER;
}

/* The names of the types from `first` on that the clauses are for, too. */
static void advise_names(const struct plan *plan, unsigned first, const struct strbuf *clauses, char said[EVENT_TYPES], struct strbuf *out)
{
	for (unsigned i = first; i < EVENT_TYPES; i++) {
		struct strbuf same = {0};
		if (said[i] || !is_advised(plan, i))
			continue;
		advise(plan, i, &same);
		if (same.n == clauses->n && memcmp(same.p, clauses->p, same.n) == 0) {
			strbuf_printf(out, "%s%s", i == first ? "" : ", ", event_type(i)->name);
			said[i] = true;
		}
		strbuf_free(&same);
	}
}

static void advise_all(const struct plan *plan, struct strbuf *out)
{
	enum { MANY = 100 };
	char said[EVENT_TYPES] = {0};

	if (wanted(plan) > MANY) {
		strbuf_puts(out, "It names no evt.type, so every event of every type may match. To send less, add:\n"
			"    evt.type in (…)               the types that it is about\n");
		return;
	}
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		struct strbuf clauses = {0};
		if (said[i] || !is_advised(plan, i))
			continue;
		advise(plan, i, &clauses);
		if (clauses.n) {
			strbuf_puts(out, "To send less of ");
			advise_names(plan, i, &clauses, said, out);
			strbuf_printf(out, ", add what fits of:\n%s", clauses.p);
		}
		strbuf_free(&clauses);
	}
	if (!out->n)
		strbuf_puts(out, "No other clause would make it less.\n");
}

/* What each event brings besides, and which fields of the rule are the reason. */
static void name_wants(const struct program *p, const struct rule *r, const struct plan *plan, struct strbuf *out)
{
	struct strbuf fields[PLAN_WANTS] = {0};
	struct plan *scratch = plan_new();
	uint32_t bytes = 0;
	bool any = false, enter = false;

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		if (!event_type(i) || !plan->event[i].wanted)
			continue;
		plan_want_fields(p, r, event_type(i), scratch, fields);
		bytes = plan->snaplen[i] > bytes ? plan->snaplen[i] : bytes;
		enter |= plan->event[i].enter;
	}
	for (unsigned i = 0; i < PLAN_WANTS; i++) {
		char want[32];
		if (!fields[i].n)
			continue;
		snprintf(want, sizeof want, i == PLAN_WANT_DATA ? "%s=%u" : "%s", plan_want_names[i], (unsigned)bytes);
		if (!any)
			strbuf_puts(out, "Events bring more, which costs time and room; without these fields they would not:\n");
		strbuf_printf(out, "    %-29s for %s\n", want, fields[i].p);
		any = true;
		strbuf_free(&fields[i]);
	}
	if (enter)
		strbuf_puts(out, "For fd.… of a call that closes it, calls are looked at before they are made; that makes every call dearer.\n");
	plan_free(scratch);
}

/* Prints what the rule makes the kernel side send, and what would make it less. Returns 0, or 64 when there is no such rule. */
static int plan_why(struct program *p, const char *rule, struct strbuf *out)
{
	const struct plan_options o = { .rule = rule };
	struct strbuf advice = {0};
	const struct rule *known = NULL;

	for (size_t i = 0; i < p->nrules; i++)
		if (p->rules[i].syscall && strcmp(p->rules[i].name, rule) == 0)
			known = &p->rules[i];
	if (!known) {
		strbuf_printf(out, "found no rule '%s' for events of system calls that runs", rule);
		return EX_USAGE;
	}
	struct plan *plan = plan_derive(p, &o);
	print_plan(plan, out);
	advise_all(plan, &advice);
	name_wants(p, known, plan, &advice);
	for (char *line = advice.p, *next; line && *line; line = next) {
		next = strchr(line, '\n') + 1;
		strbuf_puts(out, "# ");
		strbuf_add(out, line, (size_t)(next - line));
	}
	strbuf_free(&advice);
	plan_free(plan);
	return 0;
}

/* The plan is for streams of this host: its links, and those of containers. */
static void use_links(struct program *p)
{
	struct links *l = links_find();
	const char **pairs = calloc(2 * (size_t)l->count + 1, sizeof *pairs);

	if (!pairs)
		diex(EX_OSERR, "out of memory: links");
	for (unsigned i = 0; i < l->count; i++) {
		pairs[2 * i] = l->pair[i].link;
		pairs[2 * i + 1] = l->pair[i].target;
	}
	program_links(p, pairs, true);
	free(pairs);
	links_free(l);
}

/* Adds what the plan of a file wants. */
static int add_plan(struct plan *plan, const char *path)
{
	char err[512];
	struct plan *other = plan_read(path, err, sizeof err);

	if (!other) {
		log_warnx("--union: %s", err);
		return EX_CONFIG;
	}
	plan_union(plan, other);
	plan_free(other);
	return 0;
}

int plan_print_rules(struct program *p, const char *why, const char *with)
{
	const struct plan_options o = {0};
	struct strbuf out = {0};
	int status = 0;

	use_links(p);
	if (why) {
		status = plan_why(p, why, &out);
		if (status)
			log_warnx("--why: %s", out.p);
	} else {
		struct plan *plan = plan_derive(p, &o);
		name_counting(p, &out);
		status = with ? add_plan(plan, with) : 0;
		print_plan(plan, &out);
		plan_free(plan);
	}
	if (!status)
		fputs(out.p ? out.p : "", stdout);
	strbuf_free(&out);
	program_free(p);
	return status;
}
