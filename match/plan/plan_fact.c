/* Checks of yes and no, of kinds, capabilities, containers and addresses; and of what the type alone says. */
#include <arpa/inet.h>
#include <string.h>

#include "match/context.h"
#include "plan_leaf.h"

static void swap(struct leaf *out)
{
	struct cover c = out->yes;

	out->yes = out->no;
	out->no = c;
}

/* A field that is true exactly when the test holds. */
static void by_bool(struct derivation *d, const struct predicate *p, const struct plan_test *t, struct leaf *out)
{
	struct field_value yes = { .b = true }, no = { .b = false };
	bool when_true = predicate_holds(p, &yes, NULL), when_false = predicate_holds(p, &no, NULL);

	if (when_true == when_false) {
		if (!when_true)
			leaf_missing(d, out);
		return;
	}
	leaf_exact(d, out, t);
	if (when_false)
		swap(out);
}

void leaf_failed(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	const struct plan_test failed = { .kind = PLAN_FLAG, .subject = PLAN_OK };
	struct field_value yes = { .b = true }, no = { .b = false };

	(void)f;
	by_bool(d, p, &failed, out);
	if (predicate_holds(p, &yes, NULL) != predicate_holds(p, &no, NULL))
		swap(out);
}

void leaf_bool(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	enum { OPEN = 3, CREAT = 59, OPENAT = 307, OPENAT2 = 327, BY_HANDLE = 337 };
	static const struct { const char *field; enum plan_subject subject; } subjects[] = {
		{ "evt.is_open_read", PLAN_READ }, { "evt.is_open_write", PLAN_WRITE }, { "evt.is_open_create", PLAN_CREATE },
		{ "evt.is_open_exec", PLAN_EXEC },
	};
	struct plan_test t = { .kind = PLAN_FLAG };
	unsigned n = d->type->number;

	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (strcmp(subjects[i].field, f->def->name) == 0)
			t.subject = subjects[i].subject;
	bool opens = n == OPEN || n == OPENAT || n == OPENAT2;
	if (opens || (t.subject == PLAN_EXEC ? n == CREAT : n == BY_HANDLE))
		by_bool(d, p, &t, out);
	else if (predicate_holds(p, &(struct field_value){ .b = false }, NULL))
		out->no = cover_false(), out->tested = true;
	else
		leaf_missing(d, out);
}

void leaf_exe_flag(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	const struct plan_test t = { .kind = PLAN_MASK, .subject = PLAN_EXE_FLAGS, .mask = f->def->what };

	by_bool(d, p, &t, out);
}

/* The capabilities with the text in their name. */
void leaf_caps(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct plan_test t = { .kind = PLAN_MASK, .subject = PLAN_CAP_EFFECTIVE };

	if (strstr(f->def->name, "permitted"))
		t.subject = PLAN_CAP_PERMITTED;
	else if (strstr(f->def->name, "inheritable"))
		t.subject = PLAN_CAP_INHERITABLE;
	if (p->op != OP_CONTAINS)
		return;
	for (size_t i = 0; i < p->n; i++) {
		const struct constant *c = &p->constants[i];
		if (c->s.n == 0 || memchr(c->s.p, ' ', c->s.n))
			return;
		for (unsigned bit = 0; bit < 64; bit++) {
			const char *name = plan_bit_name(t.subject, bit);
			if (name && memmem(name, strlen(name), c->s.p, c->s.n))
				t.mask |= (uint64_t)1 << bit;
		}
	}
	if (t.mask)
		leaf_exact(d, out, &t);
	else
		leaf_missing(d, out);
}

void leaf_container(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	static const struct plan_test container = { .kind = PLAN_FLAG, .subject = PLAN_CONTAINER };
	struct field_value host = { .s = { "host", 4 } };

	(void)f;
	if (p->op == OP_REGEX)
		return;
	bool on_host = predicate_holds(p, &host, NULL);
	bool others = p->op == OP_NE ? true : p->n != 1 || p->constants[0].s.n != 4 || !on_host;
	/* What holds for the host holds for nothing else only where the host is all that is named. */
	if (!on_host)
		out->yes = cover_test(d, &container, false);
	else if ((p->op == OP_EQ || p->op == OP_IN) && !others)
		out->yes = cover_test(d, &container, true);
	if (on_host)
		out->no = cover_test(d, &container, false);
	else if (p->op == OP_NE && p->n == 1 && p->constants[0].s.n == 4 && memcmp(p->constants[0].s.p, "host", 4) == 0)
		out->no = cover_test(d, &container, true);
	out->tested = true;
}

/* `<NA>` is what kinds without a name are called. */
static bool mask_of(const struct predicate *p, bool character, uint64_t *mask)
{
	*mask = 0;
	if (p->op != OP_EQ && p->op != OP_IN && p->op != OP_NE)
		return false;
	for (size_t i = 0; i < p->n; i++)
		for (unsigned k = 0; k < FD_KINDS; k++) {
			bool named = k != FD_OTHER && k != FD_PACKET;
			const char *text = character ? &fd_kinds[k].character : named ? fd_kinds[k].text : "<NA>";
			size_t n = character ? 1 : strlen(text);
			if (p->constants[i].s.n == n && memcmp(text, p->constants[i].s.p, n) == 0)
				*mask |= (uint64_t)1 << k;
		}
	return true;
}

static void by_mask(struct derivation *d, const struct predicate *p, uint64_t mask, uint64_t all, struct leaf *out)
{
	const struct plan_test t = { .kind = PLAN_MASK, .subject = PLAN_FD_KIND, .mask = p->op == OP_NE ? all & ~mask : mask };

	if (t.mask)
		leaf_exact(d, out, &t);
	else
		leaf_missing(d, out);
}

void leaf_kind(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	uint64_t mask;

	(void)f;
	if (mask_of(p, false, &mask) && (mask || p->op == OP_NE))
		by_mask(d, p, mask, ((uint64_t)1 << FD_KINDS) - 1, out);
}

/* A kind that is not known has a character too; then the test is not known either. */
void leaf_kind_char(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	uint64_t mask;

	(void)f;
	if (mask_of(p, true, &mask) && mask)
		by_mask(d, p, mask, ((uint64_t)1 << FD_KINDS) - 1, out);
}

void leaf_family(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	const uint64_t ip = (uint64_t)1 << FD_IPV4 | (uint64_t)1 << FD_IPV6, local = (uint64_t)1 << FD_UNIX;
	uint64_t mask = 0;

	(void)f;
	if (p->op != OP_EQ && p->op != OP_IN && p->op != OP_NE)
		return;
	for (size_t i = 0; i < p->n; i++)
		mask |= strcmp(p->constants[i].s.p, "ip") == 0 ? ip : strcmp(p->constants[i].s.p, "unix") == 0 ? local : 0;
	by_mask(d, p, mask, ip | local, out);
}

void leaf_protocol(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	static const struct { const char *name; uint64_t bits; } names[] = {
		{ "tcp", (uint64_t)1 << 6 }, { "udp", (uint64_t)1 << 17 }, { "icmp", (uint64_t)1 << 1 | (uint64_t)1 << 58 },
	};
	struct plan_test t = { .kind = PLAN_MASK, .subject = PLAN_PROTOCOL };
	bool known = true;

	(void)f;
	if (p->op != OP_EQ && p->op != OP_IN && p->op != OP_NE)
		return;
	for (size_t i = 0; i < p->n; i++) {
		uint64_t bits = 0;
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (strcmp(names[k].name, p->constants[i].s.p) == 0)
				bits = names[k].bits;
		known &= bits != 0;
		t.mask |= bits;
	}
	if (!t.mask || (p->op == OP_NE && !known))
		return;
	struct cover is = cover_test(d, &t, false), is_not = cover_test(d, &t, true);
	/* != does not hold where there is no protocol, and what has none satisfies its negation. */
	if (p->op == OP_NE) {
		out->yes = is_not;
	} else {
		out->yes = known ? is : cover_true(d);
		out->no = is_not;
	}
	out->tested = true;
}

void leaf_address(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	static const char ends[] = "?cslr";
	const char *end = strchr(ends, f->def->name[3]);
	struct plan_test t = { .kind = PLAN_NET, .subject = (uint8_t)(PLAN_ADDR + (end && end > ends ? end - ends : 0)) };

	if ((p->op != OP_EQ && p->op != OP_IN && p->op != OP_NE) || !p->n)
		return;
	t.net = arena_alloc(&d->arena, p->n * sizeof *t.net);
	for (size_t i = 0; i < p->n; i++) {
		const struct constant *c = &p->constants[i];
		struct plan_net *n = &t.net[t.n++];
		*n = (struct plan_net){ .len = c->net.family == 4 ? 4 : 16, .bits = c->net.bits };
		for (unsigned k = 0; k < n->len; k++) {
			unsigned keep = n->bits > 8 * k ? n->bits - 8 * k : 0;
			n->addr[k] = keep >= 8 ? c->net.addr[k] : (uint8_t)(c->net.addr[k] & 0xff << (8 - keep));
		}
	}
	struct cover in = cover_test(d, &t, false), out_of = cover_test(d, &t, true);
	if (p->op == OP_NE) {
		out->yes = out_of;
	} else {
		out->yes = in;
		out->no = out_of;
	}
	out->tested = true;
}

/* The value that all events of the type have. */
static int value_of_type(const struct derivation *d, const struct field_ref *f, struct arena *a, struct field_value *v)
{
	struct context c = { .source = "syscall", .type = d->type, .arena = *a };

	if (strncmp(f->def->name, "evt.category", 12) == 0 && strncmp(d->type->category, "IO_", 3) == 0)
		return 0;
	int n = f->def->get(f, &c, v);
	*a = c.arena;
	return n;
}

void leaf_static(struct derivation *d, const struct predicate *p, const struct field_ref *f, struct leaf *out)
{
	struct field_value v;

	/* The names of these types are in their events. */
	if (evttypes_open(d->type->number))
		return;
	int n = value_of_type(d, f, &d->arena, &v);
	if (n == 0)
		return;
	if (n < 0 || !predicate_holds(p, &v, NULL)) {
		leaf_missing(d, out);
	} else {
		out->no = cover_false();
		out->tested = true;
	}
}
