/* The event table and the flag sets: against the reference when it is there (SAKER_REFERENCE, or ../shared/reference),
 * and in themselves. */
#include <stdio.h>
#include <stdlib.h>

#include "wire_records.h"
#include "wire/event.h"

static FILE *reference(const char *name)
{
	const char *folder = getenv("SAKER_REFERENCE");
	char path[512];

	snprintf(path, sizeof path, "%s/%s", folder ? folder : "../shared/reference", name);
	return fopen(path, "re");
}

/* The text behind `mark` in a parameter of the reference, up to one of `end`; empty when there is none. */
static void part(const char *param, const char *mark, const char *end, char *out, size_t cap)
{
	const char *at = strpbrk(param, mark);

	snprintf(out, cap, "%.*s", at ? (int)strcspn(at + 1, end) : 0, at ? at + 1 : "");
}

static const char *set_name(unsigned set)
{
	static const char *const names[SET_COUNT] = {
#define FLAGSET(name, entries) [SET_##name] = #name,
#include "wire/flags.def"
#undef FLAGSET
	};
	return names[set] ? names[set] : "";
}

/* `text` is name:TYPE[/format][@dir][{set}] */
static void check_param(const struct event_type *t, const struct param *p, const char *text)
{
	static const char formats[] = { 'd', 'x', 'o' };
	char name[64], type[64], format[8], dir[8], set[64];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(text, ":"), text);
	part(text, ":", "/@{", type, sizeof type);
	part(text, "/", "@{", format, sizeof format);
	part(text, "@", "{", dir, sizeof dir);
	part(text, "{", "}", set, sizeof set);
	if (strcmp(set, "dyn") == 0)
		set[0] = '\0';
	if (strcmp(p->name, name) != 0 || strcmp(param_type_name(p->type), type) != 0 ||
			(format[0] ? format[0] : 'd') != formats[p->format] || (dir[0] ? atoi(dir) : -1) != p->dir ||
			strcmp(set_name(p->set), set) != 0)
		fail_msg("%u %s: parameter %s differs from the reference's %s", t->number, t->name, p->name, text);
}

static void check_event(const struct event_type *t, char **column)
{
	char *save, *text = strcmp(column[5], "–") == 0 ? NULL : strtok_r(column[5], ",", &save);
	unsigned n = 0;

	assert_string_equal(t->name, column[1]);
	assert_int_equal(strncmp(t->category, column[3], strcspn(column[3], "/")), 0);
	assert_int_equal(t->kind == EVENT_ENTER, column[2][0] == 'E' && !strchr(column[3], '/'));
	for (; text; text = strtok_r(NULL, ",", &save), n++) {
		assert_true(n < t->nparams);
		check_param(t, &t->params[n], text + strspn(text, " "));
	}
	assert_int_equal(n, t->nparams);
}

static void every_current_event_is_there(void **state)
{
	FILE *fp = reference("events-table.txt");
	char line[4096], *column[6];
	unsigned current = 0, known = 0;

	(void)state;
	if (!fp)
		skip();
	while (fgets(line, sizeof line, fp)) {
		if (line[0] == '#')
			continue;
		line[strcspn(line, "\n")] = '\0';
		char *rest = line;
		for (int i = 0; i < 6; i++)
			assert_non_null(column[i] = strsep(&rest, "|"));
		bool old = strpbrk(column[4], "O-") != NULL;
		const struct event_type *t = event_type((unsigned)atoi(column[0]));
		if (!t != old)
			fail_msg("%s %s: %s", column[0], column[1], old ? "is an old version" : "is missing");
		current += !old;
		if (t)
			check_event(t, column);
	}
	fclose(fp);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		known += event_type(i) != NULL;
	assert_int_equal(known, current);
}

static void check_set(unsigned set, char *entries)
{
	const struct flag *f = flag_sets[set];
	char *save;

	for (char *entry = strtok_r(entries, " \n", &save); entry; entry = strtok_r(NULL, " \n", &save), f++) {
		char *value = strchr(entry, '=');
		assert_non_null(value);
		*value++ = '\0';
		assert_non_null(f->name);
		assert_string_equal(f->name, entry);
		assert_int_equal(f->value, strtoul(value, NULL, 0));
	}
	assert_null(f->name);
}

static void every_flag_set_is_there(void **state)
{
	FILE *fp = reference("flag-sets.txt");
	char line[16384];

	(void)state;
	if (!fp)
		skip();
	while (fgets(line, sizeof line, fp)) {
		char *entries = strchr(line, ':');
		if (line[0] == '#' || !entries)
			continue;
		*entries++ = '\0';
		unsigned set = SET_NONE + 1;
		while (set < SET_COUNT && strcmp(set_name(set), line) != 0)
			set++;
		if (set == SET_COUNT)
			fail_msg("flag set %s is missing", line);
		check_set(set, entries);
	}
	fclose(fp);
}

static void the_table_is_sound(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		if (!t)
			continue;
		assert_int_equal(t->number, i);
		assert_true(t->nparams <= EVENT_PARAMS);
		assert_true(t->class <= 3);
		for (int k = 0; k < t->nparams; k++) {
			assert_int_equal(event_param(t, t->params[k].name, strlen(t->params[k].name)), k);
			assert_true(t->params[k].dir < t->nparams);
			assert_non_null(param_type_name(t->params[k].type));
		}
	}
	assert_null(event_type(EVENT_TYPES));
	assert_null(event_type(UINT32_MAX));
	assert_null(param_type_name(PT_TYPES));
}

static void names_lead_to_the_event_at_exit(void **state)
{
	(void)state;
	assert_int_equal(event_type_named("open", 4)->number, 3);
	assert_int_equal(event_type_named("openat2", 7)->number, 327);
	assert_int_equal(event_type_named("openat", 6)->number, 307);
	assert_null(event_type_named("opena", 5));
	assert_null(event_type_named("", 0));
	assert_int_equal(event_param(event_type(307), "name", 4), 2);
	assert_int_equal(event_param(event_type(307), "nam", 3), -1);
}

static void every_syscall_has_an_event(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SYSCALLS; i++) {
		if (!syscalls[i].name)
			fail_msg("system call %u is missing", i);
		assert_non_null(event_type(syscalls[i].type));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_current_event_is_there),
		cmocka_unit_test(every_flag_set_is_there),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(names_lead_to_the_event_at_exit),
		cmocka_unit_test(every_syscall_has_an_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
