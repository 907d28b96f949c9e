/* Random conditions, with lists and macros, against random events: what is compiled and evaluated must be what the naive
 * evaluator of match_naive.h says. 50,000 pairs, a million with SAKER_SOAK=1. The seed is printed; SAKER_SEED sets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <arpa/inet.h>

#include <cmocka.h>

#include "match_naive.h"
#include "match/eval.h"

enum { CONDITIONS = 50, EVENTS = 20, MACROS = 3, LISTS = 3, ROUNDS = 50, SOAK = 1000 };

struct world {
	struct fixture *f;
	struct arena arena;
	struct ruleset rs;
	struct source_file file;
	struct term *condition[CONDITIONS], *macro[MACROS];
	const char *list[LISTS][TERM_VALUES];
	int nlist[LISTS];
	uint64_t seed;
};

static uint32_t pick(struct world *w, uint32_t n)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->seed >> 33) % n;
}
#define PICK(w, list) list[pick(w, sizeof list / sizeof *list)]

static const char *const texts[] = { "cat", "bash", "CAT", "systemd", "sshd", "ada", "toor", "c0ffee", "/etc/shadow", "/etc/x",
	"/etc",
	"/usr/bin/cat", "/home/u", "/home/u/x", "a", "s", "at", "", "/", "etc", "shadow", "x y", "a\"b" };
static const char *const patterns[] = { "c*", "*", "/etc/*", "[bc]a*", "?at", "/*/x", "*SH", "" };
static const char *const regexes[] = { "c.*", "[a-z]+", "/etc/(shadow|x)", ".*t", "(/[a-z]+)*", "" };
static const char *const hexes[] = { "636174", "2f", "61", "00", "2F657463", "6200" };
static const char *const kinds[] = { "file", "ipv4", "unix", "pipe" };
static const char *const types[] = { "open", "openat", "connect", "getuid", "close", "write" };
static const char *const numbers[] = { "0", "1", "3", "7", "101", "-1", "443", "1000", "5" };
static const char *const ports[] = { "0", "443", "80", "65535", "7" };       /* -1 is none */
static const char *const addresses[] = { "93.184.216.34", "10.0.0.7", "::1", "127.0.0.1" };
static const char *const networks[] = { "93.184.0.0/16", "10.0.0.0/8", "0.0.0.0/0", "::/0", "127.0.0.1/32" };
static const char *const booleans[] = { "true", "false" };
static const char *const text_fields[] = { "proc.name", "proc.pname", "fd.name", "fd.directory", "evt.arg.name", "user.name",
	"container.id", "proc.env[HOME]", "proc.cwd", "proc.exepath", "fd.filename", "evt.res" };
static const char *const number_fields[] = { "proc.pid", "proc.vpid", "fd.num", "evt.num", "evt.rawres", "user.uid", "fd.sport",
	"proc.ppid", "proc.duration", "evt.rawtime", "evt.reltime.s", "evt.deltatime", "proc.fdusage" };
static const char *const text_ops[] = { "=", "==", "!=", "contains", "icontains", "startswith", "endswith", "in", "intersects",
	"pmatch",
	"glob", "iglob", "regex", "exists" };
static const char *const number_ops[] = { "=", "!=", "<", "<=", ">", ">=", "in", "intersects", "exists" };
static const char *const bytes_ops[] = { "=", "==", "!=", "contains", "startswith", "endswith", "in", "intersects", "exists", "bcontains",
	"bstartswith" };
static const char *const list_ops[] = { "in", "intersects", "exists" };
static const char *const few_ops[] = { "=", "!=", "in", "intersects", "exists" };
static const char *const modifiers[] = { "oneof", "anyof", "allof" };

static bool takes_list(const char *op)
{
	return is(op, "in") || is(op, "intersects") || is(op, "pmatch");
}

static void values(struct world *w, struct term *t, const char *const *pool, uint32_t n)
{
	t->nvalues = takes_list(t->op) || *t->modifier ? 1 + (int)pick(w, TERM_VALUES - 1) : 1;
	for (int i = 0; i < t->nvalues; i++)
		t->value[i] = pool[pick(w, n)];
}
#define VALUES(w, t, pool) values(w, t, pool, sizeof pool / sizeof *pool)

static void text_check(struct world *w, struct term *t)
{
	static const char *const functions[] = { "toupper", "tolower", "basename" }, *const ancestors[] = { "proc.aname",
		"proc.aname[2]" };

	bool any = pick(w, 8) == 0;
	t->left.field = any ? PICK(w, ancestors) : PICK(w, text_fields);
	t->op = PICK(w, text_ops);
	bool order = takes_list(t->op) || is(t->op, "exists");
	if (pick(w, 4) == 0 && !any)
		t->left.function = PICK(w, functions);
	if (pick(w, 5) == 0 && !order && !is(t->op, "regex") && !any) {
		t->right.field = PICK(w, text_fields);
		return;
	}
	if (pick(w, 5) == 0 && !order)
		t->modifier = PICK(w, modifiers);
	if (is(t->op, "regex"))
		VALUES(w, t, regexes);
	else if (is(t->op, "glob") || is(t->op, "iglob"))
		VALUES(w, t, patterns);
	else
		VALUES(w, t, texts);
	if (is(t->op, "in") && pick(w, 3) == 0) {
		t->list = (int)pick(w, LISTS);
		t->nvalues = w->nlist[t->list];
		memcpy(t->value, w->list[t->list], sizeof t->value);
	}
}

static void other_check(struct world *w, struct term *t)
{
	switch (pick(w, 8)) {
	case 6:
		t->left.field = "evt.buffer";
		t->op = PICK(w, bytes_ops);
		if (is(t->op, "bcontains") || is(t->op, "bstartswith"))
			VALUES(w, t, hexes);
		else
			VALUES(w, t, texts);
		break;
	case 7:
		t->left = (struct operand){ pick(w, 3) ? NULL : "toupper", pick(w, 4) ? "fd.types" : "fd.types[1]" };
		t->op = PICK(w, list_ops);
		VALUES(w, t, kinds);
		break;
	case 0:
		t->left.field = "evt.type";
		t->op = PICK(w, few_ops);
		VALUES(w, t, types);
		break;
	case 1:
		t->left.field = pick(w, 2) ? "fd.sip" : "fd.ip";
		t->op = PICK(w, few_ops);
		VALUES(w, t, addresses);
		break;
	case 2:
		t->left.field = pick(w, 2) ? "fd.snet" : "fd.net";
		t->op = PICK(w, few_ops);
		VALUES(w, t, networks);
		break;
	case 3:
		t->left.field = "evt.is_open_read";
		t->op = PICK(w, few_ops);
		VALUES(w, t, booleans);
		break;
	case 4:
		t->left = (struct operand){ "len", PICK(w, text_fields) };
		t->op = PICK(w, number_ops);
		VALUES(w, t, numbers);
		break;
	default:
		t->left.field = PICK(w, number_fields);
		t->op = PICK(w, number_ops);
		if (is(t->left.field, "fd.sport"))
			VALUES(w, t, ports);
		else
			VALUES(w, t, numbers);
		if (is(t->left.field, "proc.pid") && !takes_list(t->op) && pick(w, 3) == 0)
			t->right.field = "proc.vpid";
	}
}

static struct term *term(struct world *w, unsigned depth, int macros)
{
	struct term *t = arena_alloc(&w->arena, sizeof *t);
	uint32_t kind = depth ? pick(w, 8) : 7;

	*t = (struct term){ .kind = TERM_CHECK, .modifier = "", .list = -1 };
	if (kind < 5) {
		t->kind = kind < 2 ? TERM_AND : kind < 4 ? TERM_OR : TERM_NOT;
		t->nkids = t->kind == TERM_NOT ? 1 : 2 + (int)pick(w, TERM_KIDS - 1);
		for (int i = 0; i < t->nkids; i++)
			t->kid[i] = term(w, depth - 1, macros);
	} else if (kind == 5 && macros) {
		t->kind = TERM_MACRO;
		t->macro = (int)pick(w, (uint32_t)macros);
		t->kid[0] = w->macro[t->macro];
	} else if (pick(w, 2)) {
		text_check(w, t);
	} else {
		other_check(w, t);
	}
	return t;
}

static void print_value(struct world *w, const char *v, struct strbuf *out)
{
	/* Behind an order operator a number may not be quoted. */
	bool number = *v && v[strspn(v, "-0123456789")] == '\0';
	bool bare = number || (*v && v[strcspn(v, " ()\"'=,")] == '\0' && pick(w, 2));

	if (bare) {
		strbuf_puts(out, v);
		return;
	}
	strbuf_puts(out, "\"");
	for (; *v; v++) {
		if (*v == '"')
			strbuf_puts(out, "\\");
		strbuf_add(out, v, 1);
	}
	strbuf_puts(out, "\"");
}

static void print_operand(const struct operand *o, const char *plain, struct strbuf *out)
{
	const char *function = o->function ? o->function : plain;

	strbuf_printf(out, *function ? "%s(%s)" : "%s%s", function, o->field);
}

static void print_check(struct world *w, const struct term *t, struct strbuf *out)
{
	bool list = takes_list(t->op) || *t->modifier;

	print_operand(&t->left, "", out);
	strbuf_printf(out, " %s%s%s ", t->op, *t->modifier ? " " : "", t->modifier);
	if (is(t->op, "exists"))
		return;
	if (t->right.field) {
		print_operand(&t->right, "val", out);
		return;
	}
	strbuf_puts(out, list ? "(" : "");
	for (int i = 0; i < (t->list >= 0 ? 1 : t->nvalues); i++) {
		strbuf_puts(out, i ? ", " : "");
		if (t->list >= 0)
			strbuf_printf(out, "list%d", t->list);
		else
			print_value(w, t->value[i], out);
	}
	strbuf_puts(out, list ? ")" : "");
}

static void print(struct world *w, const struct term *t, struct strbuf *out)
{
	switch (t->kind) {
	case TERM_CHECK: print_check(w, t, out); break;
	case TERM_MACRO: strbuf_printf(out, "macro%d", t->macro); break;
	case TERM_NOT:
		strbuf_puts(out, pick(w, 2) ? "not (" : "not(");
		print(w, t->kid[0], out);
		strbuf_puts(out, ")");
		break;
	default:
		strbuf_puts(out, "(");
		for (int i = 0; i < t->nkids; i++) {
			strbuf_puts(out, !i ? "" : t->kind == TERM_AND ? " and " : " or ");
			print(w, t->kid[i], out);
		}
		strbuf_puts(out, ")");
	}
}

static struct node *scalar(struct world *w, const char *text)
{
	struct node *n = arena_alloc(&w->arena, sizeof *n);

	*n = (struct node){ .kind = NODE_SCALAR, .at = { &w->file, 1, 1 }, .text = text, .n = strlen(text) };
	return n;
}

static const struct node *condition_node(struct world *w, const struct term *t)
{
	struct strbuf b = {0};

	print(w, t, &b);
	const struct node *n = scalar(w, arena_strn(&w->arena, b.p, b.n));
	strbuf_free(&b);
	return n;
}

static void make_lists(struct world *w)
{
	for (int i = 0; i < LISTS; i++) {
		char name[16];
		snprintf(name, sizeof name, "list%d", i);
		w->rs.counter++;
		struct rule_list *l = ruleset_add_list(&w->rs, arena_strn(&w->arena, name, strlen(name)));
		l->item = scalar(w, name);
		l->visibility = w->rs.counter;
		w->nlist[i] = 1 + (int)pick(w, TERM_VALUES);
		l->items = arena_alloc(&w->rs.arena, TERM_VALUES * sizeof *l->items);
		for (int j = 0; j < w->nlist[i]; j++) {
			/* What has quotes or is empty could not stand in a list as it is. */
			do
				w->list[i][j] = PICK(w, texts);
			while (!*w->list[i][j] || strchr(w->list[i][j], '"'));
			l->items[l->nitems++] = scalar(w, w->list[i][j]);
		}
	}
}

static void make_rules(struct world *w)
{
	for (int i = 0; i < MACROS; i++) {
		char name[16];
		snprintf(name, sizeof name, "macro%d", i);
		w->rs.counter++;
		w->macro[i] = term(w, 2, i);
		struct rule_macro *m = ruleset_add_macro(&w->rs, arena_strn(&w->arena, name, strlen(name)));
		m->visibility = w->rs.counter;
		m->item = scalar(w, name);
		rule_text_set(&w->rs, &m->condition, condition_node(w, w->macro[i]));
	}
	for (int i = 0; i < CONDITIONS; i++) {
		char name[16];
		snprintf(name, sizeof name, "%d", i);
		w->rs.counter++;
		w->condition[i] = term(w, 4, MACROS);
		struct rule_def *r = ruleset_add_rule(&w->rs, arena_strn(&w->arena, name, strlen(name)));
		r->source = "syscall";
		r->enabled = true;
		r->item = scalar(w, name);
		rule_text_set(&w->rs, &r->condition, condition_node(w, w->condition[i]));
		rule_text_set(&w->rs, &r->output, scalar(w, "o"));
		rule_text_set(&w->rs, &r->desc, scalar(w, "d"));
	}
}

static void open_event(struct world *w, uint64_t process)
{
	static const char *const paths[] = { "/etc/shadow", "/etc/x", "/home/u/x", "/usr/bin/cat", "x y", "/" };
	const char *path = PICK(w, paths);
	int64_t result = pick(w, 3) ? (int64_t)pick(w, 8) : -2;
	struct pack *p = begin_event(w->f, 307, process, result);

	pack_int(p, result);
	pack_int(p, -100);
	pack_path(p, path, NULL, result >= 0 && pick(w, 2) ? path : NULL);
	pack_uint(p, 1 + pick(w, 3));
	pack_uint(p, 0);
	ready(w->f);
}

static void connect_event(struct world *w, uint64_t process)
{
	static const uint8_t ends[][4] = { { 93, 184, 216, 34 }, { 10, 0, 0, 7 }, { 127, 0, 0, 1 } };
	struct pack *p = begin_event(w->f, 23, process, 0);

	pack_int(p, 0);
	pack_array(p, 7);
	pack_uint(p, AF_INET);
	pack_bin(p, PICK(w, ends), 4);
	pack_int(p, 1000);
	pack_bin(p, PICK(w, ends), 4);
	pack_int(p, pick(w, 2) ? 443 : 7);
	pack_int(p, 6);
	pack_int(p, (int64_t)pick(w, 2));
	pack_int(p, 5);
	pack_nil(p);
	ready(w->f);
}

/* Data that is no text, and the kinds of some descriptors. */
static void write_event(struct world *w, uint64_t process)
{
	static const char data[][8] = { "cat", "", "/etc/x", "a\0b", "b\0cat", "CAT" };
	uint32_t which = pick(w, 6), n = pick(w, 3);
	struct pack *p = begin_event(w->f, 9, process, 3);

	pack_int(p, 3);
	pack_bin(p, data[which], which == 3 ? 3 : which == 4 ? 5 : strlen(data[which]));
	pack_array(p, 3);
	pack_int(p, 1);
	pack_str(p, "file");
	pack_bin(p, "/home/u/x", 9);
	pack_uint(p, 3);
	if (pick(w, 4)) {
		pack_map(p, 1);
		pack_str(p, "fd_kinds");
		pack_map(p, n);
		for (uint32_t i = 0; i < n; i++) {
			pack_uint(p, i);
			pack_str(p, PICK(w, kinds));
		}
	}
	ready(w->f);
}

static void event(struct world *w)
{
	static const uint64_t processes[] = { 1 << 22 | 1, 10 << 22 | 50, 20 << 22 | 100, 30 << 22 | 101, 99 << 22 | 7 };
	uint64_t process = PICK(w, processes);

	switch (pick(w, 4)) {
	case 3: write_event(w, process); break;
	case 0: open_event(w, process); break;
	case 1: connect_event(w, process); break;
	default: plain(w->f, process);
	}
	w->f->c.number = 1 + pick(w, 5);
}

static void compare(struct world *w, struct eval *e)
{
	bool fired[CONDITIONS] = { false };
	const struct rule *r;

	event(w);
	eval_begin(e, &w->f->c);
	while ((r = eval_next(e)))
		fired[atoi(r->name)] = true;
	for (int i = 0; i < CONDITIONS; i++) {
		if (naive_holds(w->condition[i], &w->f->c) != fired[i])
			fail_msg("%s for %s: %s holds", w->rs.rules[i].condition.parts[0]->text, w->f->c.type->name, fired[i] ? "compiled" : "naive");
	}
}

static void round_of(struct world *w)
{
	struct diag d = {0};
	struct eval e;
	const struct program_options o = { .priority = 7 };

	make_lists(w);
	make_rules(w);
	struct program *p = program_new(&w->rs, &o, &d);
	if (!p) {
		struct strbuf said = {0};
		diag_print(&d, true, false, &said);
		fail_msg("%s", said.p);
	}
	eval_init(&e, p);
	for (int i = 0; i < EVENTS; i++)
		compare(w, &e);
	eval_free(&e);
	program_free(p);
	diag_free(&d);
	ruleset_free(&w->rs);
	arena_free(&w->arena);
}

static void test_property(void **state)
{
	const char *seed = getenv("SAKER_SEED"), *soak = getenv("SAKER_SOAK");
	int rounds = soak && *soak == '1' ? SOAK : ROUNDS;
	struct world w = { .f = *state, .file = { .path = "random", .text = "" } };

	w.seed = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	print_message("# SAKER_SEED=%llu, %d pairs\n", (unsigned long long)w.seed, rounds * CONDITIONS * EVENTS);
	for (int i = 0; i < rounds; i++)
		round_of(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_property) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
