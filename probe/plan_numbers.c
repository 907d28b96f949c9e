/* The plan's tests of numbers, for the BPF programs: ranges of the event's, the task's and the socket's, and gates. */
#include "plan_compiler.h"
#include "plan_uses.h"

/* Adds a test of numbers of one line if it is of that use. One for which there is no room is left out. */
static void add_ranges(struct compiler *c, unsigned line, const struct captured *type, const struct plan_test *t, int uses,
	uint32_t *used)
{
	struct raw_range *r = c->out->raw.ranges + *used;
	uint8_t what, arg;
	bool negated;

	if (plan_is_sign(t, &negated) || !plan_number_of(type, t, &what, &arg) || plan_number_uses(what) != uses)
		return;
	if (uses == RAW_USES_SOCKET)
		raw_set(&c->out->raw.ports, line);
	if (!plan_place_value(c, line, t, &r->lines, sizeof *r, RAW_RANGES - *used))
		return;
	for (size_t i = 0; i < t->n; i++, r++) {
		r->first = t->range[i].first;
		r->last = t->range[i].last;
		r->what = what;
		r->arg = arg;
		r->negated = t->negated;
		r->ends = i + 1 == t->n;
	}
	*used += (uint32_t)t->n;
}

/* Which of the event's ranges a type's lines have. */
static void find_ranges(const struct raw_plan *p, struct raw_plan_type *t)
{
	for (uint32_t i = 0; i < p->event_ranges; i++) {
		bool has = false;
		for (int w = 0; w < RAW_LINE_WORDS; w++)
			has |= (t->lines.w[w] & p->ranges[i].lines.w[w]) != 0;
		if (!has)
			continue;
		if (!t->end_range)
			t->first_range = (uint8_t)i;
		t->end_range = (uint8_t)(i + 1);
	}
}

/* A range outside of which a test of that number rules a line out; false when it has no such test. */
static bool line_gate(const struct captured *type, const struct plan_made *line, enum raw_gate gate, struct plan_range *out)
{
	for (unsigned k = 0; k < line->n; k++) {
		const struct plan_test *t = line->test[k];
		uint8_t what, arg;
		if (t->kind != PLAN_NUMBER || t->negated || !plan_number_of(type, t, &what, &arg))
			continue;
		if (gate == RAW_GATE_RESULT ? what != RAW_N_RESULT : (what != RAW_N_ARG && what != RAW_N_ARG_U32) || arg != 0)
			continue;
		*out = (struct plan_range){ t->range[0].first, t->range[t->n - 1].last };
		if (out->first >= (what == RAW_N_ARG_U32 ? 0 : INT32_MIN) && out->last <= INT32_MAX)
			return true;
	}
	return false;
}

/* The gate of a type that every line of it has a test for. */
static void find_gate(const struct compiler *c, unsigned type, enum raw_gate gate)
{
	struct raw_plan_type *t = &c->out->raw.types[type];
	int64_t first = INT32_MAX, last = INT32_MIN;
	unsigned n = 0;

	if (t->all || t->gate != RAW_GATE_NONE)
		return;
	for (unsigned i = 0; i < c->n; i++) {
		struct plan_range r;
		if (!(t->lines.w[i / 64] >> i % 64 & 1))
			continue;
		if (!line_gate(captured_type(type), &c->line[i], gate, &r))
			return;
		first = r.first < first ? r.first : first;
		last = r.last > last ? r.last : last;
		n++;
	}
	if (!n)
		return;
	t->gate = (uint8_t)gate;
	t->gate_first = (int32_t)first;
	t->gate_last = (int32_t)last;
}

/* Those of the event first, then those of the task, then those of the socket. */
void plan_numbers_add(struct compiler *c)
{
	static const int uses[] = { RAW_USES_ARGS, RAW_USES_TASK, RAW_USES_SOCKET };
	uint32_t *ends[] = { &c->out->raw.event_ranges, &c->out->raw.task_ranges, &c->out->raw.socket_ranges }, used = 0;

	for (int n = 0; n < 3; n++) {
		for (unsigned i = 0; i < c->n; i++)
			for (unsigned k = 0; k < c->line[i].n; k++)
				if (c->line[i].test[k]->kind == PLAN_NUMBER)
					add_ranges(c, i, captured_type(c->line[i].type), c->line[i].test[k], uses[n], &used);
		*ends[n] = used;
	}
	for (unsigned i = 0; i < RAW_TYPES; i++) {
		find_ranges(&c->out->raw, &c->out->raw.types[i]);
		find_gate(c, i, RAW_GATE_ARG);
		find_gate(c, i, RAW_GATE_RESULT);
	}
}
