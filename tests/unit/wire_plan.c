/* Plans as text: what is read is printed, what is printed is read, errors say where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "wire/plan/plan.h"

static struct plan *parsed(const char *text)
{
	char err[256];
	struct plan *p = plan_parse("test", text, strlen(text), err, sizeof err);

	if (!p)
		print_error("%s\n", err);
	assert_non_null(p);
	return p;
}

static void assert_prints(const struct plan *p, const char *expected)
{
	struct pack out = {0};

	plan_print(p, &out);
	pack_raw(&out, "", 1);
	assert_string_equal((const char *)out.data, expected);
	pack_free(&out);
}

static const char sample[] =
	"plan 1\n"
	"event open creat openat openat2\n"
	"  pass ok read path-is /etc/shadow /etc/sudoers     # Read sensitive file\n"
	"  pass ok write path-under /bin /sbin /usr/bin      # Write below binary dir\n"
	"event connect class 2\n"
	"  pass result EINPROGRESS 0.. not protocol tcp udp not remote-addr 10.0.0.0/8 127.0.0.1 fe80::/10\n"
	"event execve execveat class 3 enter\n"
	"  all                                               # Run shell untrusted: proc.cmdline\n"
	"  pass host not tty uid ..-5 0 7..9 cap-effective CAP_NET_RAW CAP_SYS_ADMIN exe-flags memfd comm-in \"a b\" \"not\" \"ok\" x\n"
	"  pass failed arg flags 3 arg-bits flags 0x10 arg-is target \"\\x00\\\"\\\\\" fd-kind ipv4 ipv6\n"
	"  pass cwd-prefix /a/ cwd-under /b args-is \"\" -c argv0-prefix ./ ancestor-in sshd a not ancestor-prefix x parent-argv0-suffix java\n"
	"event ptrace\n"
	"  pass arg request 5 PTRACE_PEEKUSR 99 PTRACE_POKEUSR 4 7..8\n"
	"event mprotect mmap\n"
	"  pass arg-bits prot 0x4 PROT_SEM 0x80000000\n"
	"want fd-kinds-0-2 dup2 dup3 dup\n"
	"want data=80 write\n"
	"want data=200 sendto\n";

static const char canonical[] =
	"plan 1\n"
	"event open creat openat openat2\n"
	"  pass ok read path-is /etc/shadow /etc/sudoers     # Read sensitive file\n"
	"  pass ok write path-under /bin /sbin /usr/bin      # Write below binary dir\n"
	"event connect class 2\n"
	"  pass result EINPROGRESS 0.. not protocol tcp udp not remote-addr 10.0.0.0/8 127.0.0.1 fe80::/10\n"
	"event mmap mprotect\n"
	"  pass arg-bits prot PROT_EXEC PROT_SEM 0x80000000\n"
	"event ptrace\n"
	"  pass arg request PTRACE_PEEKUSR PTRACE_POKETEXT PTRACE_POKEUSR PTRACE_CONT 99\n"
	"event execve execveat class 3 enter\n"
	"  all                                               # Run shell untrusted: proc.cmdline\n"
	"  pass ancestor-in a sshd not ancestor-prefix x argv0-prefix ./ args-is \"\" -c cwd-under /b cwd-prefix /a/ parent-argv0-suffix java\n"
	"  pass failed arg flags 3 arg-bits flags 0x10 fd-kind ipv4 ipv6 arg-is target \"\\x00\\\"\\\\\"\n"
	"  pass host not tty uid ..-5 0 7..9 cap-effective CAP_NET_RAW CAP_SYS_ADMIN exe-flags memfd comm-in \"a b\" \"not\" \"ok\" x\n"
	"want fd-kinds-0-2 dup2 dup3 dup\n"
	"want data=80 write\n"
	"want data=200 sendto\n";

static void printed_is_read(void **state)
{
	struct plan *p = parsed(sample), *again;
	char a[17], b[17];

	(void)state;
	assert_prints(p, canonical);
	again = parsed(canonical);
	assert_prints(again, canonical);
	plan_hash(p, a);
	plan_hash(again, b);
	assert_string_equal(a, b);
	plan_free(p);
	plan_free(again);
}

static void errors_say_where(void **state)
{
	static const struct { const char *text, *err; } cases[] = {
		{ "", "t:0:1: found no line, expected 'plan 1'" },
		{ "# only a note\n", "t:1:1: found no line, expected 'plan 1'" },
		{ "plan 2\n", "t:1:6: found '2', expected version 1" },
		{ "event open\n", "t:1:1: found 'event', expected 'plan 1'" },
		{ "plan 1\n  pass ok\n", "t:2:1: found a line before the first event, expected 'event'" },
		{ "plan 1\nevent opem\n", "t:2:7: found 'opem', expected the name of an event type" },
		{ "plan 1\nevent\n", "t:2:6: found the end of the line, expected the name of an event type" },
		{ "plan 1\nevent open\nevent creat open\n", "t:3:1: found 'open' a second time, expected each type once" },
		{ "plan 1\nevent open class 4\n", "t:2:18: found '4', expected a class from 0 to 3" },
		{ "plan 1\nevent open\n pass\n", "t:3:6: found the end of the line, expected a test" },
		{ "plan 1\nevent open\n pass okay\n", "t:3:7: found 'okay', expected the name of a test, see saker-plan(5)" },
		{ "plan 1\nevent open\n pass not\n", "t:3:10: found the end of the line, expected the name of a test, see saker-plan(5)" },
		{ "plan 1\nevent open\n pass path-is ok\n", "t:3:15: found 'ok', expected a value" },
		{ "plan 1\nevent open\n pass path-is \"a\n", "t:3:17: found the end of the line, expected '\"'" },
		{ "plan 1\nevent open\n pass path-is \"\\q\"\n", "t:3:17: found an unknown escape, expected \\\", \\\\ or \\x and two digits" },
		{ "plan 1\nevent open\n pass path-is a\"b\n", "t:3:16: found '\"' inside a word, expected the whole word in quotes" },
		{ "plan 1\nevent open\n pass uid 1..0\n", "t:3:11: found '1..0', expected a number or a range (1..9, 1.., ..9)" },
		{ "plan 1\nevent open\n pass uid EPERM\n", "t:3:11: found 'EPERM', expected a number or a range (1..9, 1.., ..9)" },
		{ "plan 1\nevent open\n pass addr 1.2.3\n", "t:3:12: found '1.2.3', expected an address or a network (10.0.0.0/8, fe80::/10)" },
		{ "plan 1\nevent open\n pass addr 1.2.3.4/33\n", "t:3:12: found '1.2.3.4/33', expected an address or a network (10.0.0.0/8, fe80::/10)" },
		{ "plan 1\nevent open\n pass fd-kind disk\n", "t:3:15: found 'disk', expected the name of a bit, or bits as 0x…" },
		{ "plan 1\nevent ptrace\n pass arg request PTRACE_X\n", "t:3:19: found 'PTRACE_X', expected a number or a range (1..9, 1.., ..9)" },
		{ "plan 1\nevent open\n pass arg\n", "t:3:10: found the end of the line, expected the name of a parameter" },
		{ "plan 1\nevent open unlinkat\n pass arg-bits flags AT_REMOVEDIR\n",
			"t:3:22: found 'AT_REMOVEDIR', expected the name of a bit, or bits as 0x…" },
		{ "plan 1\nevent open\n all ok\n", "t:3:6: found 'ok', expected the end of the line" },
		{ "plan 1\nwant all open\n", "t:2:6: found 'all', expected a fact, see saker-plan(5)" },
		{ "plan 1\nwant data open\n", "t:2:6: found 'data', expected data=N, with 1 to 65535 bytes" },
		{ "plan 1\nwant threads=3 open\n", "t:2:6: found 'threads=3', expected a fact without a number" },
		{ "plan 1\nwant threads\n", "t:2:13: found the end of the line, expected the name of an event type" },
		{ "plan 1\ncatch open\n", "t:2:1: found 'catch', expected event, pass, all or want" },
	};
	char err[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(plan_parse("t", cases[i].text, strlen(cases[i].text), err, sizeof err));
		assert_string_equal(err, cases[i].err);
	}
}

static void union_passes_both(void **state)
{
	struct plan *a = parsed("plan 1\nevent open\n pass ok path-under /etc  # one\n pass ok write  # two\nwant data=10 write\n");
	struct plan *b = parsed("plan 1\nevent open class 3\n pass ok  path-is /etc/x # three\n pass write  # four\nevent kill\n"
		" all  # five\nwant data=90 write\n");

	(void)state;
	plan_union(a, b);
	assert_prints(a, "plan 1\nevent open class 3\n"
		"  pass ok path-under /etc                           # one, three\n"
		"  pass write                                        # four, two\n"
		"event kill\n"
		"  all                                               # five\n"
		"want data=90 write\n");
	plan_free(a);
	plan_free(b);
}

static void lines_are_merged(void **state)
{
	struct plan *p = parsed("plan 1\nevent open\n"
		" pass ok path-is /a  # one\n pass ok path-is /b  # two\n"            /* differ in one list */
		" pass failed write  # three\n pass failed not write uid 3 # four\n"   /* not alike: stay */
		" pass failed read uid 1  # five\n pass failed read not uid 1  # six\n"      /* a test and its negation */
		" pass not path-is /c host # seven\n pass not path-is /c /d host # eight\n");       /* one covers the other */

	(void)state;
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		plan_event_simplify(p, &p->event[i]);
	assert_prints(p, "plan 1\nevent open\n"
		"  pass failed not write uid 3                       # four\n"
		"  pass failed read                                  # five, six\n"
		"  pass failed write                                 # three\n"
		"  pass host not path-is /c                          # seven, eight\n"
		"  pass ok path-is /a /b                             # one, two\n");
	plan_free(p);
}

/* Whatever is not a plan is an error, not a crash; what is one is printed and read again. */
static void bytes_are_survived(void **state)
{
	char text[sizeof sample], err[256];
	unsigned seed = 7, read = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		memcpy(text, sample, sizeof text);
		for (int k = 0; k <= i % 3; k++) {
			seed = seed * 1103515245 + 12345;
			text[(seed >> 8) % (sizeof text - 1)] = "\n\" #x9\\.-\0o"[(seed >> 4) % 11];
		}
		struct plan *p = plan_parse("t", text, sizeof text - 1 - (i % 2 ? seed % 40 : 0), err, sizeof err), *again;
		if (!p) {
			if (!strstr(err, "expected"))
				fail_msg("%s", err);
			continue;
		}
		struct pack one = {0}, two = {0};
		plan_print(p, &one);
		again = plan_parse("t", (const char *)one.data, one.len, err, sizeof err);
		assert_non_null(again);
		plan_print(again, &two);
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.data, two.data, one.len);
		pack_free(&one);
		pack_free(&two);
		plan_free(p);
		plan_free(again);
		read++;
	}
	assert_in_range(read, 100, 19999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed_is_read), cmocka_unit_test(errors_say_where), cmocka_unit_test(union_passes_both),
		cmocka_unit_test(lines_are_merged), cmocka_unit_test(bytes_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
