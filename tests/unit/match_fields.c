/* Fields of processes, users and containers; reading references; the table as a whole and the rules of others. */
#include "match_fixture.h"

#include <ctype.h>
#include <stdio.h>

#include "wire/event.h"

static void test_process(void **state)
{
	struct fixture *f = *state;

	plain(f, k_cat);
	assert_false(f->c.incomplete);
	EXPECT(f, { "proc.name", "cat" }, { "proc.exe", "cat" }, { "proc.exepath", "/usr/bin/cat" }, { "proc.pid", "101" },
		{ "proc.vpid", "7" }, { "proc.ppid", "100" }, { "proc.pname", "bash" }, { "proc.pexe", "-bash" },
		{ "proc.pexepath", "/usr/bin/bash" }, { "proc.args", "-n  /etc/x" }, { "proc.args[0]", "-n" }, { "proc.args[1]", "" },
		{ "proc.args[2]", "/etc/x" }, { "proc.args[3]", "" }, { "proc.args[-1]", "" }, { "proc.cmdline", "cat -n  /etc/x" },
		{ "proc.pcmdline", "bash" }, { "proc.exeline", "cat -n  /etc/x" }, { "proc.cmdnargs", "3" },
		{ "proc.cmdlenargs", "8" }, { "proc.cwd", "/home/u/" }, { "proc.tty", "34816" }, { "proc.env[HOME]", "/root" },
		{ "proc.env[\"T\"]", "x" }, { "proc.env[E]", "" }, { "proc.env[NOPE]", "" }, { "proc.env", "HOME=/root T= x  E=" },
		{ "proc.duration", "5000000000" }, { "proc.ppid.duration", "9000000000" }, { "proc.pid.ts", "1699999995000000000" },
		{ "proc.is_exe_upper_layer", "true" }, { "proc.is_exe_writable", "false" }, { "proc.is_exe_from_memfd", "false" },
		{ "proc.exe_ino", "4711" }, { "proc.exe_ino.ctime", "1699999992000000000" },
		{ "proc.exe_ino.ctime_duration_proc_start", "3000000000" }, { "proc.exe_ino.ctime_duration_pidns_start", "92000000000" },
		{ "thread.cap_effective", "CAP_CHOWN CAP_SYS_ADMIN" }, { "proc.fdlimit", "1024" }, { "thread.tid", "101" },
		{ "thread.vtid", "7" }, { "thread.ismain", "true" }, { "thread.nametid", "cat101" }, { "proc.loginshellid", "100" },
		{ "proc.nthreads", "missing" }, { "proc.vmsize", "missing" });
	plain(f, k_init);
	EXPECT(f, { "proc.pname", "missing" }, { "proc.ppid", "missing" }, { "proc.pcmdline", "missing" },
		{ "proc.ppid.duration", "missing" }, { "proc.tty", "0" }, { "proc.cmdline", "systemd" }, { "proc.args", "" },
		{ "proc.exeline", "/sbin/init " }, { "proc.env", "" }, { "proc.env[X]", "" }, { "proc.cwd", "/" },
		{ "proc.exe_ino.ctime", "missing" }, { "proc.exe_ino.ctime_duration_proc_start", "missing" },
		{ "thread.cap_permitted", "" }, { "proc.loginshellid", "missing" }, { "thread.vtid", "1" });
}

static void test_ancestors(void **state)
{
	struct fixture *f = *state;

	plain(f, k_cat);
	EXPECT(f, { "proc.aname[0]", "cat" }, { "proc.aname[1]", "bash" }, { "proc.aname[2]", "sshd" }, { "proc.aname[3]", "systemd" },
		{ "proc.aname[4]", "missing" }, { "proc.aname[9999999999]", "missing" }, { "proc.aname[-1]", "missing" },
		{ "proc.aname", "bash sshd systemd" }, { "proc.apid", "100 50 1" }, { "proc.apid[0]", "101" },
		{ "proc.aexe[2]", "sshd:" }, { "proc.aexepath[2]", "/usr/sbin/sshd" }, { "proc.acmdline[2]", "sshd u" },
		{ "proc.aenv[SSH]", "1" }, { "proc.aenv[HOME]", "/home/u" }, { "proc.aenv[NOPE]", "missing" },
		{ "proc.aenv[2]", "SSH=1" }, { "proc.aargs[2]", "u" });
	plain(f, k_init);
	EXPECT(f, { "proc.aname", "missing" }, { "proc.aname[0]", "systemd" }, { "proc.aname[1]", "missing" });
}

/* Parents in a circle: every walk ends. */
static void test_loop(void **state)
{
	struct fixture *f = *state;
	struct proc a = { .key = 5 << 22 | 300, .parent = 5 << 22 | 301, .pid = 300, .sid = 999, .comm = "a" };
	struct proc b = { .key = 5 << 22 | 301, .parent = 5 << 22 | 300, .pid = 301, .sid = 999, .comm = "b" };

	give_proc(f->s, &a);
	give_proc(f->s, &b);
	plain(f, a.key);
	EXPECT(f, { "proc.aname", "b" }, { "proc.aname[2]", "missing" }, { "proc.sname", "b" }, { "proc.loginshellid", "missing" });
}

static void test_leaders(void **state)
{
	struct fixture *f = *state;
	struct proc p = procs[3];

	plain(f, k_cat);
	EXPECT(f, { "proc.sid", "100" }, { "proc.sname", "bash" }, { "proc.sid.exe", "-bash" }, { "proc.sid.exepath", "/usr/bin/bash" },
		{ "proc.vpgid", "7" }, { "proc.pgid", "101" }, { "proc.vpgid.name", "cat" }, { "proc.vpgid.exe", "cat" },
		{ "proc.pgid.name", "cat" }, { "proc.is_vpgid_leader", "true" }, { "proc.is_sid_leader", "false" },
		{ "proc.is_pgid_leader", "true" });
	/* No process has that number, nor has an ancestor the same session: an empty text, not missing. */
	p.sid = 4242;
	give_proc(f->s, &p);
	plain(f, k_cat);
	EXPECT(f, { "proc.sname", "" }, { "proc.sid.exe", "" });
	/* The leader has gone, the eldest ancestor of the session stands for it. */
	struct proc bash = procs[2], sshd = procs[1];
	bash.sid = sshd.sid = 4242;
	give_proc(f->s, &bash);
	give_proc(f->s, &sshd);
	plain(f, k_cat);
	EXPECT(f, { "proc.sname", "sshd" });
	plain(f, k_init);
	EXPECT(f, { "proc.is_sid_leader", "true" }, { "proc.sname", "systemd" });
}

static void test_thread(void **state)
{
	struct fixture *f = *state;
	const uint64_t key = 31 << 22 | 110;
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_THREAD);

	pack_uint(&p, key);
	pack_uint(&p, k_cat);
	pack_uint(&p, 110);
	pack_uint(&p, 12);
	pack_map(&p, 3);
	pack_uint(&p, FACT_COMM);
	pack_text(&p, "worker");
	pack_uint(&p, FACT_CWD);
	pack_text(&p, "/w");
	pack_uint(&p, FACT_EUID);
	pack_uint(&p, 0);
	give(f->s, &p, begin);
	pack_free(&p);
	f->p.len = 0;
	f->begin = event_begin(&f->p, 203, k_cat, key, 110, 0);
	pack_uint(&f->p, 0);
	ready(f);
	EXPECT(f, { "proc.name", "worker" }, { "proc.cwd", "/w/" }, { "user.uid", "0" }, { "thread.tid", "110" }, { "thread.vtid", "12" },
		{ "thread.ismain", "false" }, { "proc.pid", "101" }, { "proc.aname[0]", "cat" }, { "proc.cmdline", "cat -n  /etc/x" },
		{ "proc.exepath", "/usr/bin/cat" });
}

static void test_users(void **state)
{
	struct fixture *f = *state;

	plain(f, k_cat);
	EXPECT(f, { "user.uid", "1000" }, { "user.name", "ada" }, { "user.homedir", "/home/u" }, { "user.shell", "/bin/sh" },
		{ "user.loginuid", "1000" }, { "user.loginname", "ada" }, { "group.gid", "1000" }, { "group.name", "<NA>" });
	struct proc p = procs[3];
	p.container = NULL;
	p.loginuid = -1;
	give_proc(f->s, &p);
	plain(f, k_cat);
	EXPECT(f, { "user.name", "<NA>" }, { "user.homedir", "<NA>" }, { "user.shell", "<NA>" }, { "user.loginuid", "-1" },
		{ "user.loginname", "<NA>" });
	plain(f, k_init);
	EXPECT(f, { "user.name", "toor" }, { "group.name", "root" }, { "user.loginname", "toor" });
	give_name(f->s, NULL, "user", 0, NULL);
	EXPECT(f, { "user.name", "root" }, { "user.homedir", "/root" }, { "user.shell", "<NA>" });
}

static void test_container(void **state)
{
	struct fixture *f = *state;
	struct proc p = procs[3];

	plain(f, k_cat);
	EXPECT(f, { "container.id", "c0ffee" }, { "container.name", "web" }, { "container.image.repository", "docker.io/library/nginx" },
		{ "container.image.tag", "missing" }, { "container.privileged", "true" }, { "k8s.ns.name", "prod" },
		{ "k8s.pod.name", "missing" }, { "container.mounts", "/proc:/host/proc:ro:false:private,/srv/data:/data:ro:true:private" },
		{ "container.mount.dest[/proc*]", "/host/proc" }, { "container.mount.dest[/nope]", "missing" },
		{ "container.mount.source[/data]", "/srv/data" }, { "container.mount[1]", "/srv/data:/data:ro:true:private" },
		{ "container.mount[2]", "missing" }, { "container.mount.rdwr[0]", "false" },
		{ "container.start_ts", "1699999900000000000" }, { "container.duration", "100000000000" });
	plain(f, k_bash);
	EXPECT(f, { "container.id", "host" }, { "container.name", "host" }, { "container.image.repository", "missing" },
		{ "container.privileged", "missing" }, { "container.mounts", "missing" }, { "container.start_ts", "missing" },
		{ "k8s.ns.name", "missing" });
	p.container = "unknown";
	give_proc(f->s, &p);
	plain(f, k_cat);
	EXPECT(f, { "container.id", "unknown" }, { "container.name", "missing" }, { "container.image.repository", "missing" });
	p.no_container_yet = true;
	give_proc(f->s, &p);
	plain(f, k_cat);
	EXPECT(f, { "container.id", "missing" }, { "container.name", "missing" });
}

/* The process is not known: what the event brings along stands in. */
static void test_incomplete(void **state)
{
	struct fixture *f = *state;
	struct pack *p = begin_event(f, 203, 77 << 22 | 777, 0);

	pack_uint(p, 0);
	pack_map(p, 5);
	pack_str(p, "incomplete");
	pack_bool(p, true);
	pack_str(p, "pid");
	pack_uint(p, 777);
	pack_str(p, "ppid");
	pack_uint(p, 100);
	pack_str(p, "uid");
	pack_uint(p, 0);
	pack_str(p, "comm");
	pack_text(p, "ghost");
	ready(f);
	assert_true(f->c.incomplete);
	EXPECT(f, { "proc.name", "ghost" }, { "proc.pid", "777" }, { "proc.ppid", "100" }, { "proc.pname", "bash" },
		{ "proc.aname[2]", "sshd" }, { "proc.aname", "bash sshd systemd" }, { "user.uid", "0" }, { "user.name", "toor" },
		{ "proc.cmdline", "missing" }, { "proc.exepath", "missing" }, { "container.id", "missing" }, { "proc.tty", "missing" },
		{ "user.loginuid", "missing" }, { "proc.sname", "missing" }, { "thread.tid", "777" }, { "proc.cwd", "missing" },
		{ "proc.aname[0]", "missing" }, { "proc.loginshellid", "missing" }, { "group.gid", "missing" });
	plain(f, 78 << 22 | 778);
	assert_true(f->c.incomplete);
	EXPECT(f, { "proc.name", "missing" }, { "proc.pname", "missing" }, { "user.uid", "missing" }, { "evt.rawres", "1000" });
}

static int parse(struct fixture *f, const char *text, bool whole, struct field_ref *ref, size_t *used, char err[128])
{
	err[0] = '\0';
	return field_parse(NULL, text, strlen(text), whole, &f->c.arena, ref, used, err, 128);
}

static void test_parse(void **state)
{
	static const struct { const char *text; bool whole; int rc; const char *name, *rest; } cases[] = {
		{ "proc.name", true, 1, "proc.name", "" }, { "proc.nam", true, 0, NULL, NULL }, { "proc.names", true, 0, NULL, NULL },
		{ "proc.names", false, 1, "proc.name", "s" }, { "fd.name[0]", true, 0, NULL, NULL }, { "fd.name[0]", false, 1, "fd.name", "[0]" },
		{ "fd.name_changed", true, 1, "fd.name_changed", "" }, { "EVT.TYPE", true, 0, NULL, NULL },
		{ "evt.arg.name,", false, 1, "evt.arg", "," }, { "evt.arg.nosuch", true, -1, "unknown event argument nosuch", NULL },
		{ "evt.arg.newpathx", true, -1, "unknown event argument newpathx", NULL },
		{ "evt.arg", true, -1, "filter syntax error: evt.arg", NULL }, { "evt.arg[name]", true, -1, "name is not a valid number", NULL },
		{ "proc.aname[x]", true, -1, "x is not a valid number", NULL }, { "proc.aname[ 1]", true, -1, " 1 is not a valid number", NULL },
		{ "proc.aname[\"1\"]", true, 1, "proc.aname", "" }, { "proc.env.SHELL", true, 0, NULL, NULL }, { "proc.aname.1", true, 0, NULL, NULL },
		{ "proc.env[SHELL", true, -1, "the field argument of 'proc.env' has no closing ']'", NULL },
		{ "container.mount.dest[/proc*]", true, 1, "container.mount.dest", "" }, { "container.mount.dest", true, -1,
			"filter syntax error: container.mount.dest", NULL },
		{ "ka.uri.param[command]", true, 1, "ka.uri.param", "" }, { "jevt.value[/a/b]", true, 1, "jevt.value", "" },
		{ "k8smeta.pod.label[a.b/c]", true, 1, "k8smeta.pod.label", "" }, { "", true, 0, NULL, NULL },
	};
	struct fixture *f = *state;
	struct field_ref ref;
	char err[128];
	size_t used;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int rc = parse(f, cases[i].text, cases[i].whole, &ref, &used, err);
		if (rc != cases[i].rc)
			fail_msg("%s: %d %s", cases[i].text, rc, err);
		if (rc < 0)
			assert_string_equal(err, cases[i].name);
		if (rc <= 0)
			continue;
		assert_string_equal(ref.def->name, cases[i].name);
		assert_string_equal(cases[i].text + used, cases[i].rest);
		assert_memory_equal(ref.text, cases[i].text, used);
	}
	/* The same parameter has the same number whatever field names it. */
	assert_int_equal(parse(f, "evt.arg.flags", true, &ref, &used, err), 1);
	int number = ref.param;
	assert_int_equal(parse(f, "evt.rawarg.flags", true, &ref, &used, err), 1);
	assert_int_equal(ref.param, number);
	assert_int_equal(ref.def->type, TYPE_UINT);
	assert_int_equal(parse(f, "evt.rawarg.name", true, &ref, &used, err), 1);
	assert_int_equal(ref.def->type, TYPE_STRING);
	assert_int_equal(parse(f, "evt.rawarg.res", true, &ref, &used, err), 1);
	assert_int_equal(ref.def->type, TYPE_INT);
}

/* Each field has a getter or says that it is absent, a name of its own, and lives through events of every type. */
static void test_table(void **state)
{
	struct fixture *f = *state;
	struct field_value v[FIELD_VALUES];
	uint64_t memory = 0;

	for (unsigned i = 0; i < field_count; i++) {
		assert_true((field_defs[i].get == NULL) == !!(field_defs[i].flags & FIELD_ABSENT));
		assert_true(field_defs[i].desc[0]);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(field_defs[i].name, field_defs[k].name);
	}
	for (unsigned type = 0; type < EVENT_TYPES; type++) {
		const struct event_type *t = event_type(type);
		for (int shape = 0; t && shape < 4; shape++) {
			struct pack *p = begin_event(f, type, k_cat, -1);
			for (int n = 0; n < t->nparams && shape; n++)
				if (shape == 1)
					pack_uint(p, UINT64_MAX);
				else if (shape == 2)
					pack_bin(p, "\0x", 2);
				else
					pack_path(p, "a", NULL, "b");
			ready(f);
			for (unsigned i = 0; i < field_count; i++) {
				struct field_ref ref = { .def = &field_defs[i], .has_arg = true, .has_index = type % 2, .key = "", .param = -1,
					.memory = &memory };
				strbuf_reset(&f->out);
				int n = field_defs[i].get ? field_defs[i].get(&ref, &f->c, v) : -1;
				if (n > 0)
					field_print(&ref, v, n, false, &f->out);
			}
		}
	}
}

static bool loads(struct fixture *f, const char *name, size_t len)
{
	struct field_ref ref;
	size_t used;
	char err[128];

	return field_parse(NULL, name, len, true, &f->c.arena, &ref, &used, err, sizeof err) == 1;
}

/* What looks like a field in the text of the rules but is none. */
static bool is_other(const char *p, size_t n)
{
	static const char *const others[] = { "container.info", "fd.types[]", "k8s.gcr.io", "k8s.io", "user.log", "evt.arg", "evt.type.",
		"fs.path." };

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strlen(others[i]) == n && memcmp(others[i], p, n) == 0)
			return true;
	return false;
}

static size_t field_length(const char *p)
{
	size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

	if (p[n] == '[' && strchr(p + n, ']'))
		return (size_t)(strchr(p + n, ']') + 1 - p);
	while (n && p[n - 1] == '.')
		n--;
	return n;
}

static unsigned check_rules(struct fixture *f, char *text)
{
	static const char *const classes[] = { "evt.", "proc.", "thread.", "user.", "group.", "fd.", "fs.", "container.", "k8s.", "ka.",
		"jevt.", "syscall." };
	unsigned found = 0;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strchr(line, '#'))
			*strchr(line, '#') = '\0';
		for (char *p = line; *p; p++)
			for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
				bool word = p == line || !(isalnum((unsigned char)p[-1]) || strchr("_./-", p[-1]));
				if (!word || strncmp(p, classes[i], strlen(classes[i])) != 0)
					continue;
				size_t n = field_length(p);
				if (is_other(p, n) || n <= strlen(classes[i]))
					continue;
				if (!loads(f, p, n))
					fail_msg("%.*s in: %s", (int)n, p, line);
				found++;
			}
	}
	return found;
}

static void test_official_rules(void **state)
{
	static const char *const files[] = { "falco_rules.yaml", "falco-incubating_rules.yaml", "falco_rules-2021.yaml",
		"k8s_audit_rules-2021.yaml" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[256], *text = calloc(1, 1 << 20);
		snprintf(path, sizeof path, "../shared/data/rules/%s", files[i]);
		FILE *in = fopen(path, "r");
		if (!in) {
			free(text);
			print_message("SKIPPED: %s is not there\n", path);
			skip();
		}
		size_t n = fread(text, 1, (1 << 20) - 1, in);
		fclose(in);
		assert_true(n > 0 && check_rules(f, text) > 20);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_process), TEST(test_ancestors), TEST(test_loop), TEST(test_leaders), TEST(test_thread), TEST(test_users),
		TEST(test_container),  TEST(test_incomplete),
		TEST(test_parse), TEST(test_table), TEST(test_official_rules),
	};

	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
