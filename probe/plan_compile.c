/* From a plan to what the BPF programs read: lines become bits, tests the sets of lines that they do not rule out. */
#include "plan_compiler.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "plan_uses.h"
#include "types.h"
#include "wire/fact.h"
#include "wire/log.h"

_Static_assert((int)RAW_EXE_WRITABLE == (int)EXE_WRITABLE && (int)RAW_EXE_UPPER_LAYER == (int)EXE_UPPER_LAYER &&
	(int)RAW_EXE_FROM_MEMFD == (int)EXE_FROM_MEMFD && (int)RAW_EXE_LOWER_LAYER == (int)EXE_LOWER_LAYER &&
	(int)RAW_EXE_UNLINKED == (int)EXE_UNLINKED, "the kernel side has the same numbers");

static size_t values_of(const struct plan_test *t)
{
	return t->kind == PLAN_MASK ? 1 : t->n;
}

bool plan_place_value(struct compiler *c, unsigned line, const struct plan_test *t, struct raw_lines *first, size_t step, size_t room)
{
	struct placed *p = c->placed, *end = p + c->n_placed;

	while (p < end && (p->type != c->line[line].type || p->step != step || !plan_test_equal(p->test, t)))
		p++;
	if (p == end && values_of(t) > room)
		return false;
	if (p == end)
		c->placed[c->n_placed++] = (struct placed){ t, c->line[line].type, first, step };
	for (size_t i = 0; i < values_of(t); i++)
		raw_set((struct raw_lines *)((char *)p->lines + i * step), line);
	return p == end;
}

static bool same_line(const struct plan_made *a, const struct plan_made *b)
{
	if (a->n != b->n || ((a->of_type || b->of_type) && a->type != b->type))
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!plan_test_equal(a->test[i], b->test[i]))
			return false;
	return true;
}

/* The number of a line, which may be another type's, too; RAW_LINES when there is no room. */
static unsigned line_number(struct compiler *c, const struct plan_made *made)
{
	for (unsigned i = 0; i < c->n; i++)
		if (same_line(&c->line[i], made))
			return i;
	if (c->n == RAW_LINES)
		return RAW_LINES;
	c->line[c->n] = *made;
	return c->n++;
}

static void pass_whole(struct raw_plan_type *t)
{
	t->all = 1;
	t->uses = 0;
}

static void compile_type(struct compiler *c, const struct plan_event *e, unsigned type)
{
	struct raw_plan_type *out = &c->out->raw.types[type];
	const struct captured *captured = captured_type(type);

	out->open_flags = plan_flags_argument(captured);
	out->file = plan_file_argument(captured);
	out->fd = plan_fd_argument(captured);
	out->mode = plan_mode_argument(captured);
	out->text = plan_text_argument(captured);
	for (int i = 0; i < 2; i++) {
		out->passed[i] = plan_passed_argument(captured, i);
		out->base[i] = plan_base_argument(captured, i);
	}
	for (size_t i = 0; i < e->n; i++) {
		struct plan_made made = { .type = type };
		int all_uses = 0;
		for (size_t k = 0; k < e->line[i].n && made.n < PLAN_TESTS_MAX; k++) {
			const struct plan_test *t = &e->line[i].test[k];
			int uses = plan_test_uses(captured, t);
			if (uses < 0)
				continue;
			made.test[made.n++] = t;
			made.of_type |= t->subject == PLAN_ARG || t->subject == PLAN_ARG_BITS || (uses == RAW_USES_SOCKET && t->kind != PLAN_MASK);
			all_uses |= uses;
		}
		unsigned n = made.n ? line_number(c, &made) : RAW_LINES;
		c->out->widened += made.n && n == RAW_LINES;
		if (n == RAW_LINES) {
			pass_whole(out);
			return;
		}
		out->uses |= (uint16_t)all_uses;
		out->lines.w[n / 64] |= 1ull << (n % 64);
	}
	/* Whoever asks for the ends asks for the kind, too. */
	if (out->uses & RAW_USES_SOCKET)
		out->uses &= (uint16_t)~(RAW_USES_KIND | RAW_USES_BASE);
}

static void rule_out(struct raw_lines *l, unsigned line)
{
	l->w[line / 64] &= ~(1ull << (line % 64));
}

/* A flag's two sets of lines: of those that do not have it, and of those that do. */
static void add_flag(struct raw_lines *no, struct raw_lines *yes, unsigned line, bool negated)
{
	rule_out(negated ? yes : no, line);
}

static void compile_flag(struct raw_plan *p, unsigned line, const struct plan_test *t)
{
	switch (t->subject) {
	case PLAN_OK: add_flag(&p->result[0], &p->result[1], line, t->negated); break;
	case PLAN_DOTS:
		if (!t->negated)
			rule_out(&p->plain, line);
		raw_set(&p->dots, line);
		break;
	case PLAN_EXEC: add_flag(&p->exec[0], &p->exec[1], line, t->negated); break;
	case PLAN_CREATE: add_flag(&p->create[0], &p->create[1], line, t->negated); break;
	case PLAN_TTY: add_flag(&p->tty[0], &p->tty[1], line, t->negated); break;
	case PLAN_CONTAINER: add_flag(&p->container[RAW_CLASS_HOST], &p->container[RAW_CLASS_CONTAINER], line, t->negated); break;
	case PLAN_READ: case PLAN_WRITE:
		/* O_RDONLY, O_WRONLY, O_RDWR; what the fourth means is the driver's. */
		for (int i = 0; i < 3; i++)
			if ((i == 2 || (i == 0) == (t->subject == PLAN_READ)) == t->negated)
				rule_out(&p->access[i], line);
		break;
	}
}

static void add_nets(struct compiler *c, unsigned line, const struct plan_test *t)
{
	struct raw_plan *p = &c->out->raw;
	struct raw_net *n = p->nets + p->n_nets;

	raw_set(&p->addresses, line);
	if (!plan_place_value(c, line, t, &n->lines, sizeof *n, RAW_NETS - p->n_nets))
		return;
	for (size_t i = 0; i < t->n; i++, n++) {
		n->len = t->net[i].len;
		n->negated = t->negated;
		n->ends = i + 1 == t->n;
		n->what = plan_end(captured_type(c->line[line].type), t->subject);
		memcpy(n->addr, t->net[i].addr, sizeof n->addr);
		for (unsigned bit = 0; bit < t->net[i].bits; bit++)
			((uint8_t *)n->bits)[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	p->n_nets += (uint32_t)t->n;
}

#define KIND(k) ((uint64_t)1 << FD_##k)

/* The kinds of descriptors that a file may be. Devices, memfds and what has no name look alike. */
static const uint64_t kinds[RAW_FD_NONE] = {
	[RAW_FD_DIRECTORY] = KIND(DIRECTORY), [RAW_FD_PIPE] = KIND(PIPE), [RAW_FD_UNIX] = KIND(UNIX), [RAW_FD_IPV4] = KIND(IPV4),
	[RAW_FD_IPV6] = KIND(IPV6), [RAW_FD_IP] = KIND(IPV4) | KIND(IPV6), [RAW_FD_SOCKET] = KIND(NETLINK) | KIND(PACKET) | KIND(OTHER),
	[RAW_FD_FILE] = ~(KIND(DIRECTORY) | KIND(PIPE) | KIND(UNIX) | KIND(IPV4) | KIND(IPV6) | KIND(NETLINK) | KIND(PACKET)),
};

static void add_kinds(struct raw_plan *p, unsigned line, const struct plan_test *t)
{
	for (unsigned i = 0; i < RAW_FD_NONE; i++)
		if (i == RAW_FD_ABSENT ? !t->negated && !(t->mask & ~PLAN_SOCKET_KINDS) : !(kinds[i] & (t->negated ? ~t->mask : t->mask)))
			rule_out(&p->kind[i], line);
}

/* Those of one RAW_USES_* value. */
static void add_masks(struct compiler *c, int uses, uint32_t *used)
{
	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; k < c->line[i].n; k++) {
			const struct plan_test *t = c->line[i].test[k];
			int what = t->kind == PLAN_MASK ? plan_mask_of(t) : -1;
			const struct captured *type = captured_type(c->line[i].type);
			struct raw_mask *m = c->out->raw.masks + *used;
			if (what < 0 || plan_test_uses(type, t) != uses)
				continue;
			if (what == RAW_M_ARG)
				raw_set(&c->out->raw.bits, i);
			if (!plan_place_value(c, i, t, &m->lines, sizeof *m, RAW_MASKS - *used))
				continue;
			m->what = (uint8_t)what;
			m->negated = t->negated;
			m->mask = what == RAW_M_ARG ? plan_argument_bits(type, t, &m->arg) : t->mask;
			++*used;
		}
}

static void compile_tests(struct compiler *c)
{
	struct raw_plan *p = &c->out->raw;

	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; k < c->line[i].n; k++) {
			const struct plan_test *t = c->line[i].test[k];
			bool negated;
			if (t->kind == PLAN_FLAG)
				compile_flag(p, i, t);
			if (plan_is_sign(t, &negated))
				add_flag(&p->result[0], &p->result[1], i, negated);
			p->wants_exe |= t->kind == PLAN_TEXT && t->subject == PLAN_EXE;
			if (t->kind == PLAN_TEXT && t->subject == PLAN_CWD)
				raw_set(&p->with_cwd, i);
			if (t->kind == PLAN_TEXT && t->subject == PLAN_ANCESTOR)
				raw_set(&p->with_ancestors, i);
			if (t->kind == PLAN_NET)
				add_nets(c, i, t);
			if (t->kind == PLAN_MASK && t->subject == PLAN_FD_KIND)
				add_kinds(p, i, t);
		}
	add_masks(c, RAW_USES_TASK, &p->task_masks);
	p->socket_masks = p->task_masks;
	add_masks(c, RAW_USES_SOCKET, &p->socket_masks);
	p->exe_masks = p->socket_masks;
	add_masks(c, RAW_USES_EXEC, &p->exe_masks);
	p->arg_masks = p->exe_masks;
	add_masks(c, RAW_USES_ARGS, &p->arg_masks);
}

static struct compiled *compiled_new(uint32_t serial)
{
	struct compiled *c = calloc(1, sizeof *c);

	if (!c)
		diex(EX_OSERR, "out of memory: a plan");
	struct raw_plan *p = &c->raw;
	memset(p->result, 0xff, sizeof p->result);
	memset(p->access, 0xff, sizeof p->access);
	memset(&p->plain, 0xff, sizeof p->plain);
	memset(p->tty, 0xff, sizeof p->tty);
	memset(p->container, 0xff, sizeof p->container);
	memset(p->exec, 0xff, sizeof p->exec);
	memset(p->create, 0xff, sizeof p->create);
	memset(p->kind, 0xff, sizeof p->kind);
	p->serial = serial;
	return c;
}

_Static_assert(RAW_WANT_KINDS == 1 << PLAN_WANT_FD_KINDS && RAW_WANT_ALL_KINDS == 1 << PLAN_WANT_ALL_KINDS &&
	RAW_WANT_FDS == 1 << PLAN_WANT_FDS && RAW_WANT_FD_COUNT == 1 << PLAN_WANT_FD_COUNT &&
	RAW_WANT_THREADS == 1 << PLAN_WANT_THREADS && RAW_WANT_MEMORY == 1 << PLAN_WANT_MEMORY &&
	RAW_WANT_FAULTS == 1 << PLAN_WANT_FAULTS && RAW_WANT_SOCKET == 1 << PLAN_WANT_SOCKET && PLAN_WANT_DATA == 8,
	"the kernel side's bits are the plan's");

/* What a plan asks for besides which events pass. A class is never lower than that of events.def. */
static void compile_wants(struct raw_plan *p, const struct plan *plan)
{
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		if (!t)
			continue;
		p->types[i].class = plan_class(plan, i) > t->class ? (uint8_t)plan_class(plan, i) : t->class;
		p->types[i].wants = plan->wants[i] & ((1 << PLAN_WANT_DATA) - 1);
		if (plan->wants[i] >> PLAN_WANT_DATA & 1)
			p->types[i].data = plan->snaplen[i] < RAW_TEXT ? (uint16_t)plan->snaplen[i] : RAW_TEXT;
	}
}

struct compiled *plan_compile(const struct plan *plan, uint32_t serial)
{
	struct compiler *c = calloc(1, sizeof *c);

	if (!c)
		diex(EX_OSERR, "out of memory: a plan");
	struct compiled *out = c->out = compiled_new(serial);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (plan->event[i].wanted && captured_type(i))
			compile_type(c, &plan->event[i], i);
	compile_tests(c);
	plan_texts_add(c);
	plan_numbers_add(c);
	plan_trees(out, c->line, c->n, serial);
	compile_wants(&out->raw, plan);
	free(c);
	return out;
}

struct compiled *plan_compile_all(const bool types[EVENT_TYPES], uint32_t wants, uint32_t data, uint32_t serial)
{
	struct compiled *c = compiled_new(serial);

	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		if (!event_type(i))
			continue;
		c->raw.types[i].class = event_type(i)->class;
		c->raw.types[i].wants = (uint8_t)(wants | RAW_WANT_SOCKET | (captured_copies(i) ? RAW_WANT_KINDS : 0));
		c->raw.types[i].data = data < RAW_TEXT ? (uint16_t)data : RAW_TEXT;
		if (types[i])
			pass_whole(&c->raw.types[i]);
	}
	return c;
}

void compiled_free(struct compiled *c)
{
	if (c)
		free(c->nodes);
	free(c);
}
