/* What a rule needs its plan wants: each field of the table gives the same of an event as of what the plan of a rule with that
 * field leaves of it. */
#include "match_fixture.h"
#include "match_plan_world.h"

#include "wire/plan/plan_strip.h"

enum { DUP2 = 363, WRITE = 9, RECVMSG = 53, SENDTO = 31, MKDIR = 277, INIT_MODULE = 411, READV = 421 };
static const unsigned types[] = { DUP2, WRITE, RECVMSG, SENDTO, MKDIR, INIT_MODULE, READV };

static void pack_file(struct pack *p, int64_t number, const char *kind, const char *path)
{
	pack_array(p, 7);
	pack_int(p, number);
	pack_str(p, kind);
	pack_text(p, path);
	for (int i = 0; i < 4; i++)
		pack_uint(p, 1);
}

static void pack_number(struct pack *p, const char *name, uint64_t u)
{
	pack_str(p, name);
	pack_uint(p, u);
}

/* All that there is, with values that no field has without them. */
static void pack_facts(struct pack *p)
{
	static const char *const numbers[] = { "fd_count", "threads", "children", "vm_size", "vm_rss", "vm_swap", "page_faults_major",
		"page_faults_minor" };
	static const char *const kinds[] = { "file", "pipe", "unix", "event", "inotify" };

	pack_map(p, 13);
	pack_str(p, "fd_kinds");
	pack_map(p, 5);
	for (unsigned i = 0; i < 5; i++) {
		pack_uint(p, i);
		pack_str(p, kinds[i]);
	}
	pack_str(p, "fds");
	pack_array(p, 3);
	for (int i = 0; i < 3; i++)
		pack_file(p, i, "file", "/dev/x");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		pack_number(p, numbers[i], 1000 + i);
	pack_str(p, "name_changed");
	pack_bool(p, true);
	pack_str(p, "connected");
	pack_bool(p, true);
	pack_str(p, "server");
	pack_bool(p, true);
}

/* An event that has each parameter that may be large, and all facts. */
static void whole_event(struct fixture *f, unsigned type)
{
	const struct event_type *t = event_type(type);
	struct pack *p = begin_event(f, type, k_cat, 3);

	for (unsigned i = 0; i < t->nparams; i++)
		switch (t->params[i].type) {
		case PT_BYTEBUF: pack_bin(p, "some data", 9); break;
		case PT_FD: case PT_FD32: pack_file(p, 4, "file", "/tmp/x"); break;
		case PT_CHARBUF: pack_bin(p, "text", 4); break;
		case PT_FSPATH: case PT_FSRELPATH: pack_path(p, "/tmp/x", NULL, NULL); break;
		case PT_SOCKTUPLE: pack_nil(p); break;
		default: pack_uint(p, 3); break;
		}
	pack_facts(p);
	ready(f);
}

/* The text of a field of the event at hand. */
static char *text_of(struct fixture *f, const char *name)
{
	struct field_value v[FIELD_VALUES];
	struct field_ref ref;
	char err[256];
	size_t used;

	if (field_parse(NULL, name, strlen(name), true, &f->c.arena, &ref, &used, err, sizeof err) != 1)
		return NULL;
	strbuf_reset(&f->out);
	int n = ref.def->flags & FIELD_ABSENT ? -1 : ref.def->get(&ref, &f->c, v);
	if (n >= 0)
		field_print(&ref, v, n, false, &f->out);
	return strdup(n < 0 ? "missing" : f->out.p ? f->out.p : "");
}

/* The plan of a rule of the type that has the field in its output, or, where that is not allowed, in its condition. */
static struct plan *plan_with(const char *field, unsigned type, bool in_output)
{
	char text[512];

	snprintf(text, sizeof text, in_output ? "- {rule: r, desc: d, condition: 'evt.type = %s', output: '%%%s', priority: ERROR}\n" :
		"- {rule: r, desc: d, condition: 'evt.type = %s and %s exists', output: o, priority: ERROR}\n", event_type(type)->name, field);
	struct program *p = rules_text(text, true);
	struct plan *plan = p ? plan_of(p, MUTATION_NONE) : NULL;
	program_free(p);
	return plan;
}

/* The event at hand as the plan leaves it. */
static void strip(struct fixture *f, const struct plan *plan, struct pack *out)
{
	struct frame frame = frame_of(&f->p, f->begin);
	size_t at;

	plan_strip(plan, &frame, out);
	arena_reset(&f->c.arena);
	assert_int_equal(context_event(&f->c, f->s, &frame, &at), 0);
}

/* Returns whether the field needs anything of what is on demand. */
static bool check(struct fixture *f, const char *field, unsigned type, const struct plan *nothing)
{
	struct plan *plan = plan_with(field, type, true);
	struct pack left = {0};

	if (!plan)
		plan = plan_with(field, type, false);
	if (!plan)
		return false;
	whole_event(f, type);
	char *whole = text_of(f, field);
	strip(f, plan, &left);
	char *with = text_of(f, field);
	whole_event(f, type);
	strip(f, nothing, &left);
	char *without = text_of(f, field);
	if (!whole || !with || !without || strcmp(whole, with) != 0)
		fail_msg("%s of %s is '%s', and '%s' when only what its plan wants is told", field, event_type(type)->name, whole,
			with);
	bool needs = strcmp(whole, without) != 0;
	pack_free(&left);
	plan_free(plan);
	free(whole);
	free(with);
	free(without);
	return needs;
}

static void every_field(void **state)
{
	static const char *const more[] = { "evt.arg.data", "evt.rawarg.data", "evt.arg[1]", "evt.arg.img", "evt.arg.msgcontrol", "fd.types[0]",
		"fd.types[2]", "fd.types[4]", "fd.types" };
	struct plan *nothing = plan_new();
	unsigned needing = 0, all = 0;

	for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
		for (unsigned i = 0; i < field_count; i++)
			if (!(field_defs[i].flags & (FIELD_ARG_REQUIRED | FIELD_ABSENT)) && field_defs[i].get) {
				needing += check(*state, field_defs[i].name, types[k], nothing);
				all++;
			}
		for (size_t i = 0; i < sizeof more / sizeof *more; i++)
			needing += check(*state, more[i], types[k], nothing);
	}
	print_message("# %u fields of events, %u need what is on demand\n", all, needing);
	assert_in_range(needing, 100, all);
	plan_free(nothing);
}

/* Exactly what is wanted is left. */
static void what_is_left(void **state)
{
	static const struct {
		const char *want, *facts;
	} cases[] = {
		{ "", "" }, { "want fd-kinds-0-2 write\n", "fd_kinds=3 " }, { "want fd-kinds write\n", "fd_kinds=5 " },
		{ "want fds-0-2 write\n", "fds=3 " }, { "want threads write\n", "threads=1001 children=1002 " },
		{ "want socket write\n", "name_changed=1 connected=1 server=1 " }, { "want data=9 write\n", "data " },
		{ "want memory mkdir\n", "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256], err[256], found[256] = "";
		struct value key, v;
		struct pack left = {0};
		snprintf(text, sizeof text, "plan 1\nevent write mkdir\n  all\n%s", cases[i].want);
		struct plan *plan = plan_parse("test", text, strlen(text), err, sizeof err);
		assert_non_null(plan);
		whole_event(f, WRITE);
		strip(f, plan, &left);
		if (f->c.params[1].type == VALUE_BIN)
			strcat(found, "data ");
		struct cursor in = f->c.extra.a.inside;
		for (uint32_t k = 0; f->c.extra.type == VALUE_MAP && k < f->c.extra.a.count; k++) {
			assert_true(value_next(&in, &key) == 1 && value_next(&in, &v) == 1);
			sprintf(found + strlen(found), "%.*s=%llu ", (int)key.s.len, key.s.data, (unsigned long long)(v.type == VALUE_UINT ? v.u :
				v.type == VALUE_BOOL ? v.boolean : v.a.count));
		}
		assert_string_equal(found, cases[i].facts);
		pack_free(&left);
		plan_free(plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(every_field), TEST(what_is_left) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
