/* The probe's tables against the event table and the flag sets that they must agree with. */
#include <fcntl.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>

#include <cmocka.h>

#include "probe/kernel_values.h"
#include "probe/types.h"
#include "wire/event.h"

/* Every row has a source for each parameter, and events.def marks just these types as captured. */
static void test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		const struct captured *c = captured_type(i);
		if (!t) {
			assert_null(c);
			continue;
		}
		if (t->captured != (c != NULL))
			fail_msg("%s (%u): events.def and types.c differ on whether it is captured", t->name, i);
		if (c)
			assert_int_equal(c->nparams, t->nparams);
	}
}

static void test_directories(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		const struct captured *c = captured_type(i);
		for (unsigned n = 0; c && n < t->nparams; n++)
			if (t->params[n].dir >= 0)
				assert_int_equal(c->params[n].from, FROM_PATH);
	}
}

/* The text of a value in a flag set, as rules see it. */
static const char *flags_text(enum flag_set set, uint32_t value, char *out)
{
	*out = '\0';
	for (const struct flag *f = flag_sets[set]; f->name; f++)
		if (f->value && (value & f->value) == f->value) {
			value &= ~f->value;
			sprintf(out + strlen(out), "%s%s", *out ? "|" : "", f->name);
		}
	return out;
}

static void test_open_flags(void **state)
{
	char out[512];

	(void)state;
	assert_string_equal(flags_text(SET_OPEN, value_open_flags(O_RDONLY), out), "O_RDONLY");
	assert_string_equal(flags_text(SET_OPEN, value_open_flags(O_WRONLY | O_CREAT | O_TRUNC), out), "O_TRUNC|O_CREAT|O_WRONLY");
	assert_string_equal(flags_text(SET_OPEN, value_open_flags(O_RDWR | O_APPEND | O_CLOEXEC), out),
		"O_APPEND|O_RDWR|O_CLOEXEC");
	assert_true(value_open_flags(O_DIRECTORY | O_NONBLOCK) == (1 | 1024 | 64));
	assert_int_equal(value_open_mode(O_RDONLY, 0644), 0);
	assert_int_equal(value_open_mode(O_CREAT, 0100644), 0644);
	assert_int_equal(value_open_mode(O_TMPFILE | O_RDWR, 0600), 0600);
	/* O_TMPFILE contains O_DIRECTORY: that alone creates nothing. */
	assert_int_equal(value_open_mode(O_DIRECTORY, 0600), 0);
}

static void test_other_values(void **state)
{
	char out[512];

	(void)state;
	assert_string_equal(flags_text(SET_CLONE, value_clone_flags(CLONE_THREAD | CLONE_VM | CLONE_NEWUSER), out),
		"CLONE_THREAD|CLONE_VM|CLONE_NEWUSER");
	assert_int_equal(value_ptrace_request(PTRACE_ATTACH), 11);
	assert_int_equal(value_ptrace_request(PTRACE_TRACEME), 1);
	assert_int_equal(value_ptrace_request(999999), 0);
	assert_int_equal(value_device(8u << 20 | 1), 0x801);
	assert_int_equal(value_device(8u << 20 | 0x12345), 0x12300845);
}

static void test_kinds(void **state)
{
	(void)state;
	assert_int_equal(value_fd_kind(0100644, 0xef53, 0, "x", 1), FD_FILE);
	assert_int_equal(value_fd_kind(0100644, 0x01021994, 0, "memfd:x", 7), FD_MEMFD);
	assert_int_equal(value_fd_kind(0040755, 0xef53, 0, "/", 1), FD_DIRECTORY);
	assert_int_equal(value_fd_kind(0010600, 0x50495045, 0, "", 0), FD_PIPE);
	assert_int_equal(value_fd_kind(0600, 0x09041934, 0, "[eventfd]", 9), FD_EVENT);
	assert_int_equal(value_fd_kind(0100600, 0x09041934, 0, "[eventpoll]", 11), FD_EVENTPOLL);
	assert_int_equal(value_fd_kind(0140777, 0x534f434b, 10, "", 0), FD_IPV6);
	assert_int_equal(value_fd_kind(0140777, 0x534f434b, 17, "", 0), FD_PACKET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_directories), cmocka_unit_test(test_open_flags),
		cmocka_unit_test(test_other_values), cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
