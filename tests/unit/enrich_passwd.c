/* passwd and group: ordinary files, hostile ones, and what is told when they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "enrich/names.h"
#include "enrich_tree.h"

static void parse(struct name_table *t, enum names_type type, const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	passwd_parse(t, type, copy, len);
}

#define PARSE(t, type, literal) parse(t, type, literal, sizeof(literal) - 1)

static void assert_text(struct name_text t, const char *expected)
{
	if (!expected) {
		assert_null(t.p);
		return;
	}
	assert_int_equal(t.len, strlen(expected));
	assert_memory_equal(t.p, expected, t.len);
}

static void assert_name(const struct name_table *t, uint32_t number, const char *name, const char *home, const char *shell)
{
	const struct name *e = passwd_find(t, number);

	assert_non_null(e);
	assert_text(e->name, name);
	assert_text(e->home, home);
	assert_text(e->shell, shell);
}

static void reads_users(void **state)
{
	struct name_table t;

	(void)state;
	PARSE(&t, NAMES_USER, "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000:A, B:/home/alice:/bin/zsh\nnohome:x:7:7::\n");
	assert_int_equal(t.n, 3);
	assert_name(&t, 0, "root", "/root", "/bin/sh");
	assert_name(&t, 1000, "alice", "/home/alice", "/bin/zsh");
	assert_name(&t, 7, "nohome", "", NULL);
	assert_null(passwd_find(&t, 1));
	passwd_free(&t);
}

static void reads_groups(void **state)
{
	struct name_table t;

	(void)state;
	PARSE(&t, NAMES_GROUP, "root:x:0:\nwheel:x:10:alice,bob");
	assert_int_equal(t.n, 2);
	assert_name(&t, 10, "wheel", NULL, NULL);
	passwd_free(&t);
}

static void takes_the_first_of_a_number(void **state)
{
	struct name_table t;

	(void)state;
	PARSE(&t, NAMES_USER, "toor:x:0:0::/r:/s\nbob:x:5:5::/b:/s\nroot:x:0:0::/root:/bin/sh\n");
	assert_int_equal(t.n, 2);
	assert_name(&t, 0, "toor", "/r", "/s");
	passwd_free(&t);
}

static void passes_over_what_is_no_entry(void **state)
{
	struct name_table t;

	(void)state;
	PARSE(&t, NAMES_USER,
		"\n:\n::::::\n#c:x:1:1::/:/s\n+nis::::::\n-x:x:2:2::/:/s\nname\nname:x\nname:x:\nname:x:-1:0::/:/s\n"
		"name:x:1x:0::/:/s\nname:x:0x1:0::/:/s\nname:x:4294967295:0::/:/s\nname:x:4294967296:0::/:/s\n"
		"name:x:99999999999999999999:0::/:/s\n:x:3:3::/:/s\nnul\0l:x:4:4::/:/s\nname:x: 5:0::/:/s\n"
		"good:x:4294967294:0::/:/s:and:more");
	assert_int_equal(t.n, 1);
	assert_name(&t, 4294967294u, "good", "/", "/s");
	passwd_free(&t);
}

static void bounds_lines_and_entries(void **state)
{
	struct name_table t;
	size_t cap = (NAMES_MAX + 100) * 20, len = 0;
	char *text = malloc(cap);

	(void)state;
	for (int i = 0; i < NAMES_MAX + 100; i++)
		len += (size_t)snprintf(text + len, cap - len, "u:x:%d:0\n", i);
	passwd_parse(&t, NAMES_USER, text, len);
	assert_int_equal(t.n, NAMES_MAX);
	passwd_free(&t);

	text = malloc(NAME_LINE_MAX + 100);
	memset(text, 'n', NAME_LINE_MAX + 100);
	memcpy(text + NAME_LINE_MAX, ":x:1:1::/:/s\n", 13);
	passwd_parse(&t, NAMES_USER, text, NAME_LINE_MAX + 13);
	assert_int_equal(t.n, 0);
	passwd_free(&t);
}

static void look(struct names *n, const struct tree *tree, struct pack *out)
{
	struct names_look l;
	int root = open(tree->path, O_PATH | O_DIRECTORY);

	assert_true(root >= 0);
	out->len = 0;
	names_begin(n, &l);
	names_read(&l, root, NAMES_FILE_MAX);
	names_apply(n, &l, "3ad7b26ded6d", out);
	close(root);
}

/* Checks the next NAME in `out` and takes it away. */
static void expect(struct pack *out, const char *type, uint64_t number, const char *name)
{
	struct frame f = tree_frame(out);
	struct cursor c = { f.body, f.body + f.len };
	struct value v;
	uint64_t n;

	assert_int_equal(f.kind, FRAME_NAME);
	assert_int_equal(value_next(&c, &v), 1);
	assert_memory_equal(v.s.data, "3ad7b26ded6d", 12);
	assert_int_equal(value_next(&c, &v), 1);
	assert_memory_equal(v.s.data, type, strlen(type));
	assert_int_equal(value_next(&c, &v), 1);
	assert_true(value_u64(&v, &n));
	assert_int_equal(n, number);
	assert_int_equal(value_next(&c, &v), 1);
	if (name) {
		assert_int_equal(v.type, VALUE_BIN);
		assert_int_equal(v.s.len, strlen(name));
		assert_memory_equal(v.s.data, name, v.s.len);
	} else {
		assert_int_equal(v.type, VALUE_NIL);
	}
	memmove(out->data, out->data + f.size, out->len - f.size);
	out->len -= f.size;
}

static void tells_changes_only(void **state)
{
	struct tree tree;
	struct names n = {0};
	struct pack out = {0};

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "etc/passwd", "a:x:1:1::/:/s\nb:x:2:2::/:/s\nc:x:3:3::/:/s\n");
	tree_write(&tree, "etc/group", "g:x:1:\n");
	look(&n, &tree, &out);
	expect(&out, "user", 1, "a");
	expect(&out, "user", 2, "b");
	expect(&out, "user", 3, "c");
	expect(&out, "group", 1, "g");
	assert_int_equal(out.len, 0);
	look(&n, &tree, &out);
	assert_int_equal(out.len, 0);
	tree_write(&tree, "etc/passwd", "a:x:1:1::/:/s\nb:x:2:2::/:/other\nd:x:4:4::/:/s\n");
	look(&n, &tree, &out);
	expect(&out, "user", 2, "b");
	expect(&out, "user", 4, "d");
	expect(&out, "user", 3, NULL);
	assert_int_equal(out.len, 0);
	tree_remove(&tree);
	tree_make(&tree);
	look(&n, &tree, &out);
	expect(&out, "user", 1, NULL);
	expect(&out, "user", 2, NULL);
	expect(&out, "user", 4, NULL);
	expect(&out, "group", 1, NULL);
	assert_int_equal(out.len, 0);
	names_free(&n);
	pack_free(&out);
	tree_remove(&tree);
}

/* What a hostile container may put at etc/passwd. */
static void stays_in_the_root(void **state)
{
	static const char *const targets[] = { "/etc/passwd", "../../../../../../etc/passwd", "/proc/self/root/etc/passwd" };
	struct tree tree;
	struct names n = {0};
	struct pack out = {0};
	char path[128];

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "etc/other", "");
	snprintf(path, sizeof path, "%s/etc/passwd", tree.path);
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		assert_int_equal(symlink(targets[i], path), 0);
		look(&n, &tree, &out);
		assert_int_equal(out.len, 0);
		unlink(path);
	}
	assert_int_equal(symlink("/etc/other", path), 0);
	tree_write(&tree, "etc/other", "in:x:1:1::/:/s\n");
	look(&n, &tree, &out);
	expect(&out, "user", 1, "in");
	names_free(&n);
	pack_free(&out);
	tree_remove(&tree);
}

static void reads_regular_files_only(void **state)
{
	struct file_stamp stamp = {0};
	char *text;
	size_t len;
	struct tree tree;
	struct names n = {0};
	struct pack out = {0};
	char path[128];

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "etc/other", "");
	snprintf(path, sizeof path, "%s/etc/passwd", tree.path);
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_int_equal(file_read(-1, path, NAMES_FILE_MAX, &stamp, &text, &len), -1);
	assert_int_equal(errno, EINVAL);
	look(&n, &tree, &out);
	assert_int_equal(out.len, 0);
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	look(&n, &tree, &out);
	assert_int_equal(out.len, 0);
	rmdir(path);
	tree_write(&tree, "etc/passwd", "a:x:1:1::/:/s\n");
	assert_int_equal(truncate(path, NAMES_FILE_MAX + 1), 0);
	look(&n, &tree, &out);
	assert_int_equal(out.len, 0);
	names_free(&n);
	pack_free(&out);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_users), cmocka_unit_test(reads_groups), cmocka_unit_test(takes_the_first_of_a_number),
		cmocka_unit_test(passes_over_what_is_no_entry), cmocka_unit_test(bounds_lines_and_entries),
		cmocka_unit_test(tells_changes_only), cmocka_unit_test(stays_in_the_root),
		cmocka_unit_test(reads_regular_files_only),
	};

	return cmocka_run_group_tests_name("enrich_passwd", tests, NULL, NULL);
}
