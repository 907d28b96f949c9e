/* YAML trees: what is read, where it stands, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/yaml_tree.h"

struct read {
	struct arena arena;
	struct source_file file;
	struct yaml_problem problem;
	struct node **documents;
	size_t n;
	int rc;
};

static struct read read_text(const char *text)
{
	struct read r = { .file = { "t.yaml", text, strlen(text) } };
	struct source_file *f = arena_alloc(&r.arena, sizeof *f);

	*f = r.file;
	r.rc = yaml_parse(f, &r.arena, &r.problem, &r.documents, &r.n);
	return r;
}

static void stands_at(const struct node *n, uint32_t line, uint32_t column)
{
	assert_int_equal(n->at.line, line);
	assert_int_equal(n->at.column, column);
}

static void places(void **state)
{
	struct read r = read_text("a: x\nb:\n  - {c: \"y\"}\n  - é: z\n");

	(void)state;
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.n, 1);
	const struct node *b = node_get(r.documents[0], "b");
	stands_at(node_get(r.documents[0], "a"), 1, 4);
	assert_int_equal(b->kind, NODE_SEQUENCE);
	assert_int_equal(b->nkids, 2);
	stands_at(node_get(b->kids[0], "c"), 3, 9);
	assert_false(node_get(b->kids[0], "c")->plain);
	stands_at(b->kids[1]->kids[1], 4, 8);           /* columns are of characters, not of bytes */
	assert_null(node_get(r.documents[0], "nosuch"));
	assert_null(node_get(b, "c"));
	struct place p = node_place(node_get(b->kids[0], "c"), 0);
	assert_int_equal(p.line, 3);
	assert_int_equal(p.column, 10);
	arena_free(&r.arena);
}

static void documents(void **state)
{
	struct read r = read_text("---\na\n---\n~\n---\n---\n[b]\n");

	(void)state;
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.documents[0]->text, "a");
	assert_int_equal(r.documents[1]->kind, NODE_SEQUENCE);
	arena_free(&r.arena);
	r = read_text("# nothing\n");
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.n, 0);
	arena_free(&r.arena);
}

static void nulls(void **state)
{
	struct read r = read_text("[~, null, Null, NULL, , 'null', \"\", nil, a]");
	struct read empty = read_text("{a: }");

	(void)state;
	assert_int_equal(r.rc, -1);                     /* two commas */
	arena_free(&r.arena);
	r = read_text("[~, null, Null, NULL, 'null', \"\", nil, [], {}]");
	assert_int_equal(r.rc, 0);
	for (size_t i = 0; i < r.documents[0]->nkids; i++)
		assert_int_equal(node_null(r.documents[0]->kids[i]), i < 4);
	assert_true(node_null(NULL));
	assert_true(node_null(node_get(empty.documents[0], "a")));
	arena_free(&r.arena);
	arena_free(&empty.arena);
}

static void aliases(void **state)
{
	struct read r = read_text("a: &x [1, 2]\nb: *x\nc: [*x, *x]\n");

	(void)state;
	assert_int_equal(r.rc, 0);
	assert_ptr_equal(node_get(r.documents[0], "a"), node_get(r.documents[0], "b"));
	assert_int_equal(node_get(r.documents[0], "c")->weight, 7);
	arena_free(&r.arena);
}

static void refused(void **state)
{
	static const struct { const char *text, *problem; uint32_t line, column; bool yaml; } cases[] = {
		{ "a: b: c\n", "mapping values are not allowed", 1, 5, false }, { "a: [\n", "did not find expected", 2, 1, false },
		{ "a: *b\n", "alias *b", 1, 4, true }, { "a: &a [*a]\n", "inside of its own anchor", 1, 8, true },
		{ "a: 1\n---\nb: *a\n", "alias *a", 3, 4, true }, { "\"a\\0b\"", "NUL", 1, 1, true }, { "a: \x01\n", "control characters", 1, 4, false },
		{ "\ta: b\n", "cannot start any token", 1, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct read r = read_text(cases[i].text);
		if (r.rc != -1 || !strstr(r.problem.text, cases[i].problem) || !r.problem.yaml_cpp != cases[i].yaml)
			fail_msg("%s: %d %s %s", cases[i].text, r.rc, r.problem.text, r.problem.yaml_cpp);
		if (cases[i].yaml) {
			assert_int_equal(r.problem.at.line, cases[i].line);
			assert_int_equal(r.problem.at.column, cases[i].column);
		}
		arena_free(&r.arena);
	}
}

/* Nesting is bounded, and so is what aliases stand for: ten lists of ten of the list before. */
static void bounds(void **state)
{
	char deep[300] = "", wide[600] = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n", line[100];

	(void)state;
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	struct read r = read_text(deep);
	assert_int_equal(r.rc, -1);
	assert_non_null(strstr(r.problem.text, "nested deeper than 64"));
	arena_free(&r.arena);
	for (int i = 1; i < 8; i++) {
		int p = i - 1;
		snprintf(line, sizeof line, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, p, p, p, p, p, p, p, p, p, p);
		strcat(wide, line);
	}
	r = read_text(wide);
	assert_int_equal(r.rc, -1);
	assert_non_null(strstr(r.problem.text, "aliases counted in full"));
	arena_free(&r.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places), cmocka_unit_test(documents), cmocka_unit_test(nulls), cmocka_unit_test(aliases),
		cmocka_unit_test(refused), cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
