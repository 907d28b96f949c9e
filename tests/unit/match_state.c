/* The state of a source: what is defined is found, borrowed argv outlive their lenders, the dead are kept within bounds. */
#include "match_frames.h"

static const uint64_t init_key = (uint64_t)1 << 22 | 1, shell_key = (uint64_t)500 << 22 | 100, child_key = (uint64_t)600 << 22 | 101;

static const struct proc init = { .key = 1 << 22 | 1, .pid = 1, .comm = "systemd", .argv = { "/sbin/init" } };
static const struct proc shell = { .key = (uint64_t)500 << 22 | 100, .parent = 1 << 22 | 1, .pid = 100, .comm = "bash",
	.argv = { "bash", "-l" }, .env = { "A=1", "B=two" }, .exepath = "/usr/bin/bash" };

static int setup(void **state)
{
	*state = state_new();
	return 0;
}

static int teardown(void **state)
{
	state_free(*state);
	return 0;
}

static void assert_text(const struct process *p, const struct thread *t, enum fact n, const char *text)
{
	struct value v;

	assert_true(process_fact(p, t, n, &v));
	assert_int_equal(v.s.len, strlen(text));
	assert_memory_equal(v.s.data, text, v.s.len);
}

/* The last argument says enough of an argv. */
static void assert_last_arg(const struct state *s, uint64_t key, const char *text)
{
	struct value v, item;

	assert_true(process_fact(state_process(s, key), NULL, FACT_ARGV, &v));
	assert_int_equal(v.type, VALUE_ARRAY);
	while (value_next(&v.a.inside, &item) == 1)
		;
	assert_int_equal(item.s.len, strlen(text));
	assert_memory_equal(item.s.data, text, item.s.len);
}

static void test_facts(void **state)
{
	struct state *s = *state;
	struct value v;

	give_proc(s, &init);
	give_proc(s, &shell);
	const struct process *p = state_process(s, shell_key);
	assert_non_null(p);
	assert_int_equal(process_key(p), shell_key);
	assert_int_equal(process_parent_key(p), init_key);
	assert_ptr_equal(state_parent(s, p), state_process(s, init_key));
	assert_null(state_parent(s, state_process(s, init_key)));
	assert_ptr_equal(state_pid(s, 100), p);
	assert_null(state_pid(s, 101));
	assert_null(state_process(s, child_key));
	assert_text(p, NULL, FACT_COMM, "bash");
	assert_text(p, NULL, FACT_EXEPATH, "/usr/bin/bash");
	assert_false(process_fact(p, NULL, FACT_TTY, &v));
	assert_false(process_fact(p, NULL, FACT_PTRACER, &v));
	assert_true(process_fact(p, NULL, FACT_FDLIMIT, &v));
	assert_int_equal(v.u, 1024);
	assert_int_equal(state_processes(s), 2);
}

static void test_replaced(void **state)
{
	struct state *s = *state;
	struct proc changed = shell;

	give_proc(s, &shell);
	changed.comm = "renamed";
	changed.pid = 200;
	give_proc(s, &changed);
	assert_text(state_process(s, shell_key), NULL, FACT_COMM, "renamed");
	assert_null(state_pid(s, 100));
	assert_non_null(state_pid(s, 200));
	assert_int_equal(state_processes(s), 1);
}

static struct proc child_of(uint64_t key, int64_t pid, uint64_t lender)
{
	return (struct proc){ .key = key, .parent = lender, .pid = pid, .comm = "bash", .argv_of = lender };
}

static void test_argv_after_exec_of_lender(void **state)
{
	struct state *s = *state;
	struct proc child = child_of(child_key, 101, shell_key), grandchild = child_of(child_key + 1, 102, child_key);
	struct proc again = shell;

	give_proc(s, &shell);
	give_proc(s, &child);
	give_proc(s, &grandchild);
	again.argv[1] = "other";
	give_proc(s, &again);
	assert_last_arg(s, shell_key, "other");
	assert_last_arg(s, child_key, "-l");
	assert_last_arg(s, child_key + 1, "-l");
	/* Described again with the same lender, the child still has what it had at the fork. */
	child.cwd = "/tmp";
	give_proc(s, &child);
	assert_last_arg(s, child_key, "-l");
	/* A later child has the new one. */
	struct proc later = child_of(child_key + 2, 103, shell_key);
	give_proc(s, &later);
	assert_last_arg(s, child_key + 2, "other");
	/* Its own exec ends the loan. */
	child.argv_of = 0;
	child.argv[0] = "own";
	give_proc(s, &child);
	assert_last_arg(s, child_key, "own");
	assert_text(state_process(s, child_key), NULL, FACT_EXE, "own");
	assert_text(state_process(s, child_key + 1), NULL, FACT_EXE, "bash");
	assert_last_arg(s, child_key + 1, "-l");
}

static void test_argv_after_death_of_lender(void **state)
{
	struct state *s = *state;
	struct proc child = child_of(child_key, 101, shell_key);

	give_proc(s, &shell);
	give_proc(s, &child);
	give_exit(s, shell_key);
	assert_last_arg(s, child_key, "-l");
	assert_text(state_process(s, child_key), NULL, FACT_EXE, "bash");
	assert_non_null(state_process(s, shell_key));
	assert_null(state_pid(s, 100));
}

/* The lender became known only afterwards: it helps unless it has called execve since. */
static void test_argv_of_late_lender(void **state)
{
	struct state *s = *state;
	struct proc child = child_of(child_key, 101, shell_key), late = shell;
	struct value v;

	child.start = NOW;
	give_proc(s, &child);
	assert_false(process_fact(state_process(s, child_key), NULL, FACT_ARGV, &v));
	late.exec = NOW + 1;
	give_proc(s, &late);
	assert_false(process_fact(state_process(s, child_key), NULL, FACT_ARGV, &v));
	late.exec = NOW - 1;
	give_proc(s, &late);
	assert_last_arg(s, child_key, "-l");
	/* Nobody borrows from itself. */
	struct proc self = child_of(child_key, 101, child_key);
	give_proc(s, &self);
	assert_false(process_fact(state_process(s, child_key), NULL, FACT_ARGV, &v));
}

/* A chain of any length is let go without recursion. */
static void test_long_chain(void **state)
{
	struct state *s = *state;
	struct pack p = {0};

	for (uint64_t i = 1; i <= 200000; i++) {
		size_t begin = frame_begin(&p, FRAME_PROC);
		pack_uint(&p, i);
		pack_nil(&p);
		pack_nil(&p);
		for (int n = 0; n < FACT_ARGV; n++)
			pack_nil(&p);
		/* One borrows the environment of the one before, which has none but its own argv, and so on. */
		if (i % 2 && i > 1)
			pack_uint(&p, i - 1);
		else
			pack_array(&p, 0);
		if (i % 2 == 0)
			pack_uint(&p, i - 1);
		else
			pack_array(&p, 0);
		give(s, &p, begin);
	}
	assert_int_equal(state_processes(s), 200000);
	pack_free(&p);
}

static void test_pid_reuse(void **state)
{
	struct state *s = *state;
	struct proc second = shell;

	second.key = (uint64_t)900 << 22 | 100;
	give_proc(s, &shell);
	give_proc(s, &second);
	assert_ptr_equal(state_pid(s, 100), state_process(s, second.key));
	/* The old one's EXIT comes late, or its PROC again. */
	give_exit(s, shell_key);
	assert_ptr_equal(state_pid(s, 100), state_process(s, second.key));
	give_proc(s, &shell);
	assert_ptr_equal(state_pid(s, 100), state_process(s, second.key));
	give_exit(s, second.key);
	assert_null(state_pid(s, 100));
}

static void give_thread(struct state *s, uint64_t key, uint64_t process, const char *comm, int64_t uid)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_THREAD);

	pack_uint(&p, key);
	pack_uint(&p, process);
	pack_int(&p, 111);
	pack_int(&p, 11);
	pack_map(&p, 4);
	pack_uint(&p, FACT_UID);               /* not in order, and one that is not known */
	pack_int(&p, uid);
	pack_uint(&p, FACT_COMM);
	pack_text(&p, comm);
	pack_uint(&p, 99);
	pack_uint(&p, 1);
	pack_uint(&p, FACT_FDLIMIT);
	pack_nil(&p);
	give(s, &p, begin);
	pack_free(&p);
}

static void test_threads(void **state)
{
	struct state *s = *state;
	const uint64_t key = (uint64_t)501 << 22 | 111;
	struct value v;

	give_thread(s, key, shell_key, "early", 7);
	assert_null(state_thread(s, key));
	give_proc(s, &shell);
	give_thread(s, key, shell_key, "worker", 7);
	const struct process *p = state_process(s, shell_key);
	const struct thread *t = state_thread(s, key);
	assert_non_null(t);
	assert_int_equal(thread_vtid(t), 11);
	assert_text(p, t, FACT_COMM, "worker");
	assert_text(p, NULL, FACT_COMM, "bash");
	assert_text(p, t, FACT_EXEPATH, "/usr/bin/bash");
	assert_true(process_fact(p, t, FACT_UID, &v));
	assert_int_equal(v.u, 7);
	assert_false(process_fact(p, t, FACT_FDLIMIT, &v));
	give_thread(s, key, shell_key, "again", 8);
	assert_text(p, state_thread(s, key), FACT_COMM, "again");
	give_thread(s, key + 1, shell_key, "other", 9);
	give_exit(s, key);
	assert_null(state_thread(s, key));
	assert_text(p, state_thread(s, key + 1), FACT_COMM, "other");
	assert_non_null(state_pid(s, 100));
}

static void give_many(struct state *s, uint64_t first, unsigned n, uint64_t parent)
{
	for (unsigned i = 0; i < n; i++) {
		struct proc p = { .key = first + i, .parent = parent, .pid = (int64_t)(first + i), .comm = "p" };
		give_proc(s, &p);
	}
}

/* A dead parent is kept for its living child, however many others die after it. */
static void test_dead_parent(void **state)
{
	struct state *s = *state;
	const uint64_t many = 1 << 20;
	struct proc child = child_of(child_key, 101, shell_key);

	give_proc(s, &shell);
	give_proc(s, &child);
	give_exit(s, shell_key);
	for (unsigned i = 0; i < 20000; i++) {
		give_many(s, many + i, 1, 0);
		give_exit(s, many + i);
	}
	assert_ptr_equal(state_parent(s, state_process(s, child_key)), state_process(s, shell_key));
	assert_non_null(state_process(s, shell_key));
	assert_null(state_process(s, many));
	assert_non_null(state_process(s, many + 19999));
	assert_true(state_processes(s) < 17000);
	assert_int_equal(state_forgotten(s), 0);
	/* When the child gets another parent, or goes itself, nothing holds the dead one any more. */
	child.parent = 0;
	give_proc(s, &child);
	for (unsigned i = 0; i < 17000; i++) {
		give_many(s, 2 * many + i, 1, 0);
		give_exit(s, 2 * many + i);
	}
	assert_null(state_process(s, shell_key));
	assert_last_arg(s, child_key, "-l");
	assert_int_equal(state_forgotten(s), 0);
}

/* Who has ended is kept as long as a record of it may be under way, by the stream's clock; a parent longer. */
static void test_dead_time(void **state)
{
	struct state *s = *state;
	const uint64_t others = 1 << 20, second = 1000000000;
	struct proc child = child_of(child_key, 101, shell_key);

	give_proc(s, &shell);
	give_proc(s, &child);
	give_many(s, others, 4, 0);
	give_exit_at(s, shell_key, NOW);
	give_exit_at(s, others, NOW);
	give_exit_at(s, others + 1, NOW + 5 * second);
	assert_non_null(state_process(s, others));
	give_exit_at(s, others + 2, NOW + 12 * second);
	assert_null(state_process(s, others));
	assert_non_null(state_process(s, others + 1));
	assert_non_null(state_process(s, shell_key));
	/* The child ends: from now on the parent is one of those who have ended just now. */
	give_exit_at(s, child_key, NOW + 12 * second);
	give_exit_at(s, others + 3, NOW + 30 * second);
	assert_null(state_process(s, child_key));
	assert_null(state_process(s, others + 2));
	give_many(s, others + 4, 1, 0);
	give_exit_at(s, others + 4, NOW + 45 * second);
	assert_null(state_process(s, shell_key));
	/* A clock that was put back. */
	give_many(s, others + 5, 1, 0);
	give_exit_at(s, others + 5, NOW);
	assert_null(state_process(s, others + 4));
	assert_int_equal(state_forgotten(s), 0);
}

/* Over the bound the longest dead go, although they have children, and are counted. */
static void test_dead_bounds(void **state)
{
	struct state *s = *state;
	const uint64_t parents = 1 << 20, children = 2 << 20;
	struct proc big = { .comm = "big" };
	static char text[512 * 1024];
	const unsigned n = 200;

	memset(text, 'x', sizeof text - 1);
	big.cwd = text;
	for (unsigned i = 0; i < n; i++) {
		big.key = parents + i;
		big.pid = (int64_t)i + 1000;
		give_proc(s, &big);
		give_many(s, children + i, 1, parents + i);
		give_exit(s, parents + i);
	}
	assert_null(state_process(s, parents));
	assert_null(state_parent(s, state_process(s, children)));
	assert_non_null(state_process(s, parents + n - 1));
	uint64_t kept = state_processes(s) - n;
	assert_in_range(kept, 120, 128);
	assert_int_equal(state_forgotten(s), n - kept);
	/* The children of what was forgotten go in peace. */
	for (unsigned i = 0; i < n; i++)
		give_exit(s, children + i);
	give_many(s, parents, 1, 0);
	give_many(s, children, 1, 0);
	assert_non_null(state_process(s, parents));
}

static void give_hello(struct state *s, const char *name, uint64_t start, const char *mode, const char *target)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_HELLO);

	pack_uint(&p, 1);
	pack_str(&p, "probe");
	pack_str(&p, "0");
	pack_array(&p, 4);
	pack_str(&p, "h");
	pack_str(&p, "b");
	pack_str(&p, name);
	pack_uint(&p, start);
	pack_str(&p, mode);
	pack_str(&p, "6.1");
	pack_str(&p, "x86_64");
	pack_int(&p, -5);
	pack_array(&p, 0);
	pack_array(&p, 3);
	pack_uint(&p, 3);
	pack_uint(&p, 307);
	pack_uint(&p, 9999);
	pack_nil(&p);
	pack_array(&p, 2);
	pack_uint(&p, 1);
	pack_array(&p, 2);
	pack_str(&p, "/bin");
	pack_str(&p, target);
	give(s, &p, begin);
	pack_free(&p);
}

static void test_hello(void **state)
{
	struct state *s = *state;

	assert_false(state_hello(s)->seen);
	give_hello(s, "probe", 5, "live", "/usr/bin");
	const struct hello *h = state_hello(s);
	assert_true(h->seen);
	assert_false(h->recorded);
	assert_string_equal(h->host, "h");
	assert_string_equal(h->kernel, "6.1");
	assert_int_equal(h->clock_offset, -5);
	assert_true(h->types[307 / 8] >> 307 % 8 & 1);
	assert_false(h->types[308 / 8] >> 308 % 8 & 1);
	assert_string_equal(h->links[0], "/bin");
	assert_string_equal(h->links[1], "/usr/bin");
	assert_null(h->links[2]);
	give_proc(s, &shell);
	give_hello(s, "probe", 5, "recorded", "/elsewhere");
	assert_non_null(state_process(s, shell_key));
	assert_true(state_hello(s)->recorded);
	assert_string_equal(state_hello(s)->links[1], "/elsewhere");
	give_hello(s, "probe", 6, "live", "/usr/bin");
	assert_null(state_process(s, shell_key));
	give_proc(s, &shell);
	give_hello(s, "other", 6, "live", "/usr/bin");
	assert_null(state_process(s, shell_key));
}

static void give_name(struct state *s, const char *scope, const char *type, uint64_t number, const char *name)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_NAME);

	pack_str(&p, scope);
	pack_str(&p, type);
	pack_uint(&p, number);
	pack_text(&p, name);
	pack_text(&p, "/home/x");
	pack_nil(&p);
	give(s, &p, begin);
	pack_free(&p);
}

static void test_names(void **state)
{
	struct state *s = *state;
	struct name n;

	give_name(s, NULL, "user", 1000, "ada");
	give_name(s, "c0ffee", "user", 1000, "eve");
	give_name(s, NULL, "group", 1000, "staff");
	assert_true(state_name(s, NULL, false, 1000, &n));
	assert_memory_equal(n.name.s.data, "ada", 3);
	assert_int_equal(n.shell.type, VALUE_NIL);
	assert_true(state_name(s, "c0ffee", false, 1000, &n));
	assert_memory_equal(n.name.s.data, "eve", 3);
	assert_true(state_name(s, NULL, true, 1000, &n));
	assert_memory_equal(n.name.s.data, "staff", 5);
	assert_false(state_name(s, "c0ffee", true, 1000, &n));
	give_name(s, NULL, "user", 1000, "bob");
	assert_true(state_name(s, NULL, false, 1000, &n));
	assert_memory_equal(n.name.s.data, "bob", 3);
	give_name(s, NULL, "user", 1000, NULL);
	assert_false(state_name(s, NULL, false, 1000, &n));
	assert_true(state_name(s, "c0ffee", false, 1000, &n));
}

static void give_container(struct state *s, const char *id, const char *image)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_CONTAINER);

	pack_str(&p, id);
	pack_map(&p, 2);
	pack_str(&p, "image");
	pack_str(&p, image);
	pack_str(&p, "name");
	pack_nil(&p);
	pack_str(&p, "docker:disk");
	give(s, &p, begin);
	pack_free(&p);
}

static void test_containers(void **state)
{
	struct state *s = *state;
	struct value v;

	give_container(s, "aaa", "one");
	give_container(s, "bbb", "two");
	give_container(s, "aaa", "three");
	assert_true(state_container(s, "aaaX", 3, "image", &v));
	assert_memory_equal(v.s.data, "three", 5);
	assert_false(state_container(s, "aaa", 3, "name", &v));
	assert_false(state_container(s, "aaa", 3, "im", &v));
	assert_false(state_container(s, "ccc", 3, "image", &v));
	assert_true(state_container(s, "bbb", 3, "image", &v));
}

/* Every cut of a well-formed body is taken or refused within its bounds. */
static void test_cut_bodies(void **state)
{
	struct state *s = *state;
	struct pack p = {0};
	size_t begin = proc_frame(&p, &shell), at;

	assert_int_equal(frame_end(&p, begin), 0);
	struct frame f = frame_of(&p, begin);
	for (uint32_t n = 0; n < f.len; n++) {
		uint8_t *copy = test_malloc(n + 1);
		memcpy(copy, f.body, n);
		struct frame cut = f;
		cut.body = copy;
		cut.len = n;
		if (state_frame(s, &cut, &at) < 0)
			assert_in_range(at, 0, n);
		test_free(copy);
	}
	/* The parent's key is a text: an error at its place. */
	begin = frame_begin(&p, FRAME_PROC);
	pack_uint(&p, 5);
	pack_str(&p, "x");
	frame_end(&p, begin);
	f = frame_of(&p, begin);
	assert_int_equal(state_frame(s, &f, &at), -1);
	assert_int_equal(at, 1);
	pack_free(&p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_facts), TEST(test_replaced), TEST(test_argv_after_exec_of_lender), TEST(test_argv_after_death_of_lender),
		TEST(test_argv_of_late_lender), TEST(test_long_chain), TEST(test_pid_reuse), TEST(test_threads),
		TEST(test_dead_parent), TEST(test_dead_time), TEST(test_dead_bounds), TEST(test_hello), TEST(test_names), TEST(test_containers),
		TEST(test_cut_bodies),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
