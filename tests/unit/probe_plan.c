/* What a place in the kernel side's tree of names says of a test of paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/plan_compile.h"
#include "probe/plan_verdict.h"

static struct plan *read_plan(const char *text)
{
	char err[256] = "";
	struct plan *p = plan_parse("test", text, strlen(text), err, sizeof err);

	if (!p)
		fail_msg("%s", err);
	return p;
}

/* The verdict of the first test of openat's first line at a place: `o` e, 1 or + for the outcome. */
static int verdict(const char *test, const char *path, char o)
{
	char text[256];

	snprintf(text, sizeof text, "plan 1\nevent openat\n  pass %s\n", test);
	struct plan *p = read_plan(text);
	int v = path_verdict(&p->event[307].line[0].test[0], path, strlen(path),
		o == 'e' ? OUTCOME_END : o == '1' ? OUTCOME_ONE : OUTCOME_MORE);
	plan_free(p);
	return v;
}

static void paths(void **state)
{
	static const struct {
		const char *test, *path;
		char outcome;
		enum verdict expected;
	} cases[] = {
		{ "path-is /etc/shadow /x", "/etc/shadow", 'e', VERDICT_YES }, { "path-is /etc/shadow", "/etc", 'e', VERDICT_NO },
		{ "path-is /etc/shadow", "/etc", '1', VERDICT_NO }, { "path-is /", "", 'e', VERDICT_YES },
		{ "path-under /etc", "/etc", 'e', VERDICT_YES }, { "path-under /etc", "/etc", '+', VERDICT_YES },
		{ "path-under /etc", "", '+', VERDICT_NO }, { "path-under /etc/ssh", "/etc", '1', VERDICT_NO },
		{ "path-under /etc", "/etc/ssh", 'e', VERDICT_YES }, { "path-under /", "", '+', VERDICT_YES },
		{ "path-under /etc/", "/etc", 'e', VERDICT_NO }, { "path-under /etc/", "/etc", '1', VERDICT_YES },
		{ "path-prefix /etc/", "/etc", 'e', VERDICT_NO }, { "path-prefix /etc/", "/etc", '1', VERDICT_YES },
		{ "path-prefix /etc/ss", "/etc", '1', VERDICT_UNKNOWN }, { "path-prefix /etc/ss/x", "/etc", '+', VERDICT_NO },
		{ "path-prefix /etc/ss", "/etc/ssh", 'e', VERDICT_YES }, { "path-prefix /e", "", '+', VERDICT_UNKNOWN },
		{ "path-folder-is /etc", "/etc", '1', VERDICT_UNKNOWN }, { "path-folder-is /etc", "/etc", '+', VERDICT_NO },
		{ "path-folder-is /etc", "/etc/ssh", 'e', VERDICT_UNKNOWN }, { "path-folder-is /etc", "/usr", 'e', VERDICT_NO },
		{ "path-folder-is /", "", '1', VERDICT_UNKNOWN }, { "path-name-is shadow", "/etc/shadow", 'e', VERDICT_YES },
		{ "cwd-is /dev/shm/", "/dev/shm", 'e', VERDICT_YES }, { "cwd-is /dev/shm", "/dev/shm", 'e', VERDICT_NO },
		{ "cwd-is /", "", 'e', VERDICT_YES }, { "cwd-is /dev/shm/", "/dev/shm", '1', VERDICT_NO },
		{ "cwd-prefix /dev/shm/", "/dev/shm", 'e', VERDICT_YES }, { "cwd-prefix /dev/shm/", "/dev/shm", '+', VERDICT_YES },
		{ "cwd-prefix /dev/shm/", "/dev", 'e', VERDICT_NO }, { "cwd-prefix /dev/sh", "/dev", '1', VERDICT_UNKNOWN },
		{ "cwd-under /dev/shm/", "/dev/shm", 'e', VERDICT_YES }, { "cwd-under /dev", "/dev/shm", 'e', VERDICT_YES },
		{ "path-name-is shadow", "/etc", '1', VERDICT_UNKNOWN }, { "path-name-suffix dow", "/etc/shadow", 'e', VERDICT_YES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (verdict(cases[i].test, cases[i].path, cases[i].outcome) != (int)cases[i].expected)
			fail_msg("%s at %s (%c): %d", cases[i].test, cases[i].path, cases[i].outcome,
				verdict(cases[i].test, cases[i].path, cases[i].outcome));
}

/* A line that has a test which the kernel side can not make passes what its other tests let through. */
static void lines(void **state)
{
	struct plan *p = read_plan("plan 1\n"
		"event openat\n  pass ok path-is /a\n  pass write not path-under /b\n"
		"event unlink\n  pass path-is /a\n"
		"event linkat\n  pass path2-is /a\n"
		"event close\n  pass ok fd-kind ipv4\n"
		"event unlinkat\n  pass ok fd-kind ipv4\n"
		"event mkdir\n  pass ok passed-is /a\n"
		"event connect\n  pass ok server-port 80\n");
	struct compiled *c = plan_compile(p, 7);
	const struct raw_plan_type *t = c->raw.types;

	(void)state;
	assert_int_equal(t[307].all, 0);
	assert_int_equal(t[307].file, RAW_FILE_NEW);
	assert_int_equal(t[307].lines.w[0], 48);                /* behind those of types with lower numbers */
	assert_int_equal(c->raw.result[0].w[0] & 48, 32);
	assert_int_equal(c->raw.access[0].w[0] & 48, 16);
	assert_int_equal(c->nnodes, 3);
	assert_int_equal(c->raw.roots[RAW_TREE_PATH].more.w[0] & 48, 32);
	assert_int_equal(t[301].all, 0);                       /* unlink: the path as it was passed */
	assert_int_equal(t[301].uses, RAW_USES_FIRST);
	assert_int_equal(t[301].file, RAW_NO_ARG);
	assert_int_equal(t[311].uses, RAW_USES_SECOND);        /* linkat */
	assert_int_equal(t[311].passed[1], 3);
	assert_int_equal(t[311].base[1], 2);
	assert_int_equal(t[5].uses, 0);                        /* close: what was closed is gone */
	assert_int_equal(t[5].fd, RAW_NO_ARG);
	assert_int_equal(t[303].fd, 0);                        /* unlinkat: what the path is relative to */
	assert_int_equal(t[303].uses, RAW_USES_BASE);
	assert_int_equal(t[277].all, 0);                       /* mkdir: the result is left */
	assert_int_equal(t[277].uses, 0);
	assert_int_equal(t[23].uses, RAW_USES_SOCKET);
	assert_int_equal(t[59].all, 0);
	assert_int_equal(t[59].lines.w[0], 0);                 /* not in the plan: nothing passes */
	assert_int_equal(c->widened, 0);
	compiled_free(c);
	plan_free(p);
}

/* A type that all lines ask one number of is ruled out by it alone. */
static void gates(void **state)
{
	struct plan *p = read_plan("plan 1\n"
		"event socket\n  pass arg domain 17 container\n  pass arg domain 2..3 9 uid 0\n"
		"event dup2\n  pass result 0..2 container\n"
		"event dup3\n  pass result 0.. container\n"
		"event dup\n  pass not result 0..2\n"
		"event ptrace\n  pass arg request 4\n  pass uid 0\n"
		"event setuid\n  pass arg uid 0..70000\n");
	struct compiled *c = plan_compile(p, 7);
	static const struct {
		const char *name;
		int gate, first, last;
	} cases[] = { { "socket", RAW_GATE_ARG, 2, 17 }, { "dup2", RAW_GATE_RESULT, 0, 2 }, { "dup3", RAW_GATE_NONE, 0, 0 }, { "dup", RAW_GATE_NONE, 0, 0 },
		{ "ptrace", RAW_GATE_NONE, 0, 0 }, { "setuid", RAW_GATE_ARG, 0, 70000 }, { "openat", RAW_GATE_NONE, 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct raw_plan_type *t = &c->raw.types[event_type_named(cases[i].name, strlen(cases[i].name))->number];
		if (t->gate != cases[i].gate || t->gate_first != cases[i].first || t->gate_last != cases[i].last)
			fail_msg("%s: %d, %d to %d", cases[i].name, t->gate, t->gate_first, t->gate_last);
	}
	compiled_free(c);
	plan_free(p);
}

/* What a plan asks for besides: never a lower class than the type has, facts and data for the types that are named alone. */
static void wants(void **state)
{
	struct plan *p = read_plan("plan 1\n"
		"event openat class 3\n  all\n"
		"event setuid class 0\n  all\n"
		"event write\n  all\n"
		"want data=200 write\nwant data=60000 read\nwant fd-kinds-0-2 openat write\nwant threads write\nwant socket sendto\n");
	struct compiled *c = plan_compile(p, 7);
	const struct raw_plan_type *t = c->raw.types;
	bool types[EVENT_TYPES] = { [9] = true };

	(void)state;
	assert_int_equal(event_type(199)->class, 3);
	assert_true(event_type(307)->class < 3);
	assert_int_equal(t[307].class, 3);
	assert_int_equal(t[199].class, 3);                      /* setuid: not lowered */
	assert_int_equal(t[9].class, event_type(9)->class);
	assert_int_equal(t[301].class, event_type(301)->class); /* unlink: not in the plan */
	assert_int_equal(t[9].data, 200);
	assert_int_equal(t[7].data, RAW_TEXT);
	assert_int_equal(t[119].data, 0);
	assert_int_equal(t[9].wants, RAW_WANT_KINDS | RAW_WANT_THREADS);
	assert_int_equal(t[307].wants, RAW_WANT_KINDS);
	assert_int_equal(t[31].wants, RAW_WANT_SOCKET);
	assert_int_equal(t[33].wants, 0);
	compiled_free(c);
	plan_free(p);
	c = plan_compile_all(types, RAW_WANT_MEMORY, 80, 1);
	assert_int_equal(c->raw.types[9].data, 80);
	assert_int_equal(c->raw.types[9].wants, RAW_WANT_MEMORY | RAW_WANT_SOCKET);
	assert_int_equal(c->raw.types[363].wants, RAW_WANT_MEMORY | RAW_WANT_SOCKET | RAW_WANT_KINDS);
	assert_int_equal(c->raw.types[293].class, 3);
	compiled_free(c);
}

/* What is asked of a program that was executed is asked of nothing else, and what is too long of nothing. */
static void executed(void **state)
{
	struct plan *p = read_plan("plan 1\n"
		"event execve\n  pass argv0-prefix ./ not args-is a \"b c\"\n  pass ancestor-in sshd exe-flags memfd cwd-is /a/\n"
		"  pass uid 0 not ancestor-in cron parent-argv0-suffix java\n"
		"event openat\n  pass ok argv0-prefix ./\n"
		"event procexit\n  pass argv0-is xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
	struct compiled *c = plan_compile(p, 7);
	const struct raw_plan *r = &c->raw;
	uint64_t lines = r->types[293].lines.w[0];

	(void)state;
	assert_int_equal(r->types[293].uses, RAW_USES_EXEC | RAW_USES_TASK);
	assert_int_equal(__builtin_popcountll(lines), 3);
	assert_int_equal(r->types[307].uses, 0);
	assert_int_equal(r->types[186].all, 1);
	assert_int_equal(r->argv0_texts, 1);
	assert_int_equal(r->args_texts, 3);
	assert_int_equal(r->parent_texts, 4);
	assert_memory_equal(r->texts[0].text, "./", 2);
	assert_int_equal(r->texts[0].whole, 0);
	assert_int_equal(r->texts[0].mask[0], 0xffff);
	assert_int_equal(r->texts[1].whole && r->texts[1].negated && !r->texts[1].ends && r->texts[2].ends, 1);
	assert_memory_equal((const char *)r->texts[3].text + RAW_TAIL - 4, "java", 4);
	assert_int_equal(r->exe_masks - r->socket_masks, 1);
	assert_true(r->with_cwd.w[0] && r->with_ancestors.w[0]);
	/* One line looks for an ancestor, another for that there is none. */
	assert_int_equal(__builtin_popcountll(r->ancestors.w[0]), 1);
	for (size_t i = 0; i < c->nnodes; i++) {
		const struct plan_node *n = &c->nodes[i];
		bool sshd = memcmp(n->key.name, "sshd", 5) == 0;
		if (!sshd && memcmp(n->key.name, "cron", 5) != 0)
			continue;
		assert_int_equal(n->node.end.w[0], sshd ? r->ancestors.w[0] : 0);
		assert_int_equal(__builtin_popcountll(n->node.one.w[0]), sshd ? 0 : 1);
	}
	compiled_free(c);
	plan_free(p);
}

/* More lines than there are bits widen their types. */
static void too_many(void **state)
{
	char text[32768] = "plan 1\nevent openat\n", *at = text + strlen(text);

	(void)state;
	for (int i = 0; i < 300; i++)
		at += sprintf(at, "  pass uid %d pid %d path-is /f%d\n", i, i + 1, i);
	struct plan *p = read_plan(text);
	struct compiled *c = plan_compile(p, 1);
	assert_int_equal(c->raw.types[307].all, 1);
	assert_int_equal(c->widened, 1);
	compiled_free(c);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(paths), cmocka_unit_test(lines), cmocka_unit_test(gates), cmocka_unit_test(wants),
		cmocka_unit_test(executed), cmocka_unit_test(too_many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
