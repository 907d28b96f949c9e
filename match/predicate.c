/* Making predicates, and whether they hold. */
#include "predicate.h"

#include <stdio.h>
#include <string.h>

#include "match/fields/audit_old.h"

/* From how many texts on a set is faster than looking at each. */
enum { SET_MIN = 4 };

static uint8_t operator_cost(const struct cond *c)
{
	switch (c->op) {
	case OP_REGEX: return 20;
	case OP_ICONTAINS: case OP_GLOB: case OP_IGLOB: return 6;
	case OP_CONTAINS: case OP_BCONTAINS: case OP_PMATCH: return 3;
	default: return 1;
	}
}

static float chance(const struct cond *c, enum field_type type)
{
	if (c->nvalues == 0 && c->op != OP_EXISTS && !c->right)
		return 0;
	switch (c->op) {
	case OP_EXISTS: return 0.8f;
	case OP_NE: return type == TYPE_BOOL ? 0.6f : 0.9f;
	case OP_EQ: return type == TYPE_BOOL ? 0.4f : 0.05f;
	case OP_LT: case OP_LE: case OP_GT: case OP_GE: return 0.5f;
	default: return 0.1f;
	}
}

static enum predicate_mode mode(const struct cond *c, const struct field_def *f, bool old)
{
	enum field_type type = (enum field_type)f->type;
	bool in = c->op == OP_IN || c->op == OP_INTERSECTS;

	if (old && audit_old_field(f))
		return PREDICATE_OLD;
	if (c->op == OP_EXISTS)
		return PREDICATE_EXISTS;
	if (c->right)
		return PREDICATE_RIGHT;
	if (c->op == OP_PMATCH)
		return PREDICATE_PATHS;
	if (c->modifier == MODIFIER_ONEOF)
		return PREDICATE_ONEOF;
	if (c->modifier == MODIFIER_ALLOF)
		return PREDICATE_ALLOF;
	if (in && (type == TYPE_STRING || type == TYPE_BYTES) && c->nvalues >= SET_MIN)
		return PREDICATE_SET;
	return c->nvalues == 1 ? PREDICATE_ONE : PREDICATE_ANYOF;
}

static enum predicate_values quantifier(const struct field_ref *ref, const struct cond *c)
{
	if (!ref->has_arg && ref->def->flags & FIELD_ANY)
		return VALUES_ANY;
	if (ref->def->flags & FIELD_EITHER)
		return c->op == OP_NE ? VALUES_ALL : VALUES_ANY;
	if (!(ref->def->flags & FIELD_LIST))
		return VALUES_ONE;
	return c->op == OP_INTERSECTS ? VALUES_ANY : VALUES_ALL;
}

/* A text that is the same for equal checks; NULL when a constant has a NUL in it. */
static char *key(uint32_t slot, int64_t right, const struct cond *c, struct strbuf *b)
{
	strbuf_printf(b, "%u %lld %d %d", slot, (long long)right, (int)c->op, (int)c->modifier);
	for (size_t i = 0; i < c->nvalues; i++) {
		if (memchr(c->values[i].p, '\0', c->values[i].n))
			return NULL;
		strbuf_printf(b, " %zu:", c->values[i].n);
		strbuf_add(b, c->values[i].p, c->values[i].n);
	}
	return b->p;
}

static int constants(struct predicate *p, const struct field_def *f, const struct cond *c, enum cond_operator op, struct arena *a,
	char *err, size_t errlen, int *bad)
{
	p->constants = arena_alloc(a, (c->nvalues + 1) * sizeof *p->constants);
	for (; p->n < c->nvalues; p->n++) {
		*bad = (int)p->n;
		if (constant_parse(f, op, &c->values[p->n], a, &p->constants[p->n], err, errlen) != 0)
			return -1;
	}
	*bad = -1;
	return 0;
}

static void free_regexes(struct predicate *p)
{
	for (size_t i = 0; p->op == OP_REGEX && i < p->n; i++)
		regex_free(p->constants[i].regex);
}

/* May these two be compared with each other? */
static bool right_fits(const struct field_def *left, const struct field_def *right, enum cond_operator op, char *err,
	size_t errlen)
{
	bool lists = left->flags & FIELD_LIST, other = right->flags & FIELD_LIST;

	if (right->flags & FIELD_NO_RHS)
		snprintf(err, errlen, "field '%.80s' can't be used as a right-hand side field", right->name);
	else if (left->flags & FIELD_NO_RHS)
		snprintf(err, errlen, "field '%.80s' can't be compared with a right-hand side field", left->name);
	else if (op == OP_PMATCH || op == OP_REGEX)
		snprintf(err, errlen, "'%s' operator does not support a right-hand side field", cond_op_name(op));
	else if (left->type == TYPE_NET || right->type == TYPE_NET)
		snprintf(err, errlen, "field '%.80s' of type 'IPNET' can't be compared with a right-hand side field", left->name);
	else if (left->type != right->type || lists != other)
		snprintf(err, errlen, "field '%.80s' has type '%s%s' while the right-hand side field '%.80s' has incompatible type '%s%s'",
			left->name, lists ? "LIST of " : "", field_type_name(left), right->name, other ? "LIST of " : "", field_type_name(right));
	else
		return true;
	return false;
}

/* evt.around[T]=D means "within D of T": its values are distances. And host names are looked up, not compared as texts. */
static bool special(const struct field_ref *ref, const struct cond *c, enum cond_operator *op, char *err, size_t errlen)
{
	bool host = ref->def->flags & FIELD_EITHER && ref->def->type == TYPE_STRING, around = strcmp(ref->def->name, "evt.around") == 0;

	if (host && c->op != OP_EQ && c->op != OP_NE && c->op != OP_IN && c->op != OP_INTERSECTS && c->op != OP_EXISTS)
		snprintf(err, errlen, "filter error: '%s' operator not supported for '%.40s', expected =, != or in", cond_op_name(c->op),
			ref->def->name);
	else if (around && (c->op != OP_EQ || c->modifier != MODIFIER_NONE || c->right))
		snprintf(err, errlen, "filter error: '%s' operator not supported for 'evt.around', expected = with a number of ms",
			cond_op_name(c->op));
	else if (around && (!ref->key[0] || ref->key[strspn(ref->key, "0123456789")]))
		snprintf(err, errlen, "%.200s is not a valid number, expected ns since the epoch", ref->key);
	else {
		*op = around ? OP_LE : c->op;
		return true;
	}
	return false;
}

int64_t predicates_intern(struct predicates *ps, const struct slots *slots, uint32_t slot, int64_t right,
	const struct cond *check, struct arena *a, char *err, size_t errlen, int *bad)
{
	const struct slot *s = &slots->slot[slot];
	const struct field_def *f = s->ref.def;
	struct strbuf text = {0};
	const char *k = key(slot, right, check, &text);
	int64_t number = k ? names_find(&ps->by_text, k) : -1;

	*bad = -1;
	if (number >= 0) {
		strbuf_free(&text);
		return number;
	}
	enum cond_operator op = check->op;
	if (!special(&s->ref, check, &op, err, errlen)) {
		strbuf_free(&text);
		return -1;
	}
	struct predicate p = { .slot = slot, .right = right, .op = op, .mode = (uint8_t)mode(check, f, ps->old),
		.values = (uint8_t)quantifier(&s->ref, check), .differs = check->op == OP_NE,
		.cost = (uint8_t)(s->cost + operator_cost(check)), .chance = chance(check, (enum field_type)f->type) };
	bool known = p.mode == PREDICATE_OLD ? audit_old_operator(f, op, err, errlen) :
		constant_operator(f, f->flags & FIELD_LIST, op, check->modifier != MODIFIER_NONE, err, errlen);
	if (!known ||
		(right >= 0 && !right_fits(f, slots->slot[right].ref.def, check->op, err, errlen)) ||
		constants(&p, f, check, op, a, err, errlen, bad) != 0) {
		free_regexes(&p);
		strbuf_free(&text);
		return -1;
	}
	ps->p = vec_room(a, ps->p, ps->n, &ps->cap, sizeof *ps->p);
	ps->p[ps->n] = p;
	if (k)
		names_add(&ps->by_text, a, arena_strn(a, text.p, text.n), (uint32_t)ps->n);
	strbuf_free(&text);
	return (int64_t)ps->n++;
}

void predicates_free(struct predicates *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		free_regexes(&ps->p[i]);
}

static bool spelled_op(enum cond_operator op)
{
	switch (op) {
	case OP_EQ: case OP_NE: case OP_IN: case OP_INTERSECTS: case OP_PMATCH: case OP_STARTSWITH: case OP_GLOB: case OP_CONTAINS:
		return true;
	default:
		return false;
	}
}

/* Other spellings of one constant become constants of their own behind it. Of `contains` they count only at the start of a value:
 * there alone is what follows the link itself. */
static void chain(struct predicate *p, struct constant *c, const struct spelled *more, size_t n, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		struct constant *other = arena_alloc(a, sizeof *other);
		*other = *c;
		other->s.p = more[i].p;
		other->s.n = more[i].n;
		other->also = c->also;
		if (p->op == OP_CONTAINS)
			other->test = compare_test(TYPE_STRING, OP_STARTSWITH);
		c->also = other;
	}
}

static void spell_constant(struct predicate *p, struct constant *c, const struct spellings *s, struct arena *a)
{
	struct spelled all[SPELLINGS_MAX];
	size_t n = spellings_of(s, c->s.p, c->s.n, a, all);

	p->self |= s->live && spelling_self(c->s.p, c->s.n);
	for (size_t i = 0; i < n; i++) {
		if (p->mode == PREDICATE_SET)
			text_set_add(&p->set, all[i].p, all[i].n);
		else if (p->mode == PREDICATE_PATHS || (p->mode == PREDICATE_OLD && p->op == OP_PMATCH))
			path_set_add(&p->paths, all[i].p, all[i].n, a);
	}
	c->also = NULL;
	if (p->mode != PREDICATE_SET && p->mode != PREDICATE_PATHS)
		chain(p, c, all + 1, n - 1, a);
}

/* How many texts a set must hold. */
static size_t spelled_count(const struct predicate *p, const struct spellings *s, struct arena *a)
{
	struct spelled all[SPELLINGS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < p->n; i++)
		count += s->n ? spellings_of(s, p->constants[i].s.p, p->constants[i].s.n, a, all) : 1;
	return count;
}

void predicate_spell(struct predicate *p, const struct slots *slots, const struct spellings *s, struct arena *a)
{
	static const struct spellings none;
	const struct slot *slot = &slots->slot[p->slot];

	if (slot->ref.def->type != TYPE_STRING && slot->ref.def->type != TYPE_BYTES)
		return;
	if (!slot->path || !spelled_op(p->op))
		s = &none;
	p->self = false;
	if (p->mode == PREDICATE_SET)
		text_set_init(&p->set, spelled_count(p, s, a), a);
	if (p->mode == PREDICATE_PATHS || (p->mode == PREDICATE_OLD && p->op == OP_PMATCH))
		path_set_init(&p->paths, spelled_count(p, s, a), a);
	for (size_t i = 0; p->op != OP_REGEX && p->mode != PREDICATE_RIGHT && i < p->n; i++)
		spell_constant(p, &p->constants[i], s, a);
}

static bool matches(const struct predicate *p, size_t i, const struct field_value *v, const struct field_value *self)
{
	bool match = constant_matches(&p->constants[i], v) || (self && constant_matches(&p->constants[i], self));

	return match != p->differs;
}

bool predicate_holds_right(const struct predicate *p, const struct slots *slots, const struct field_value *v,
	const struct field_value *right, int n, struct arena *a)
{
	enum field_type type = (enum field_type)slots->slot[p->slot].ref.def->type;

	for (int i = 0; i < n; i++) {
		struct constant c;
		constant_of(type, p->op, &right[i], a, &c);
		if (c.test(&c, v) != p->differs)
			return true;
	}
	return false;
}

bool predicate_holds(const struct predicate *p, const struct field_value *v, const struct field_value *self)
{
	size_t count = 0;

	switch (p->mode) {
	case PREDICATE_ONE:
		return matches(p, 0, v, self);
	case PREDICATE_SET:
		return text_set_has(&p->set, v->s.p, v->s.n) || (self && text_set_has(&p->set, self->s.p, self->s.n));
	case PREDICATE_PATHS:
		return path_set_has(&p->paths, v->s.p, v->s.n) || (self && path_set_has(&p->paths, self->s.p, self->s.n));
	case PREDICATE_EXISTS:
		return true;
	default:
		for (size_t i = 0; i < p->n && (p->mode != PREDICATE_ANYOF || count == 0); i++)
			count += matches(p, i, v, self);
		return p->mode == PREDICATE_ONEOF ? count == 1 : p->mode == PREDICATE_ALLOF ? count == p->n && p->n : count > 0;
	}
}
