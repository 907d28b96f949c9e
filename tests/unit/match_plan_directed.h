/* A small stream made by hand, and for each thing that a derivation can do wrong a rule that notices it there. */
#ifndef TESTS_UNIT_MATCH_PLAN_DIRECTED_H
#define TESTS_UNIT_MATCH_PLAN_DIRECTED_H

#include "match_frames.h"
#include "match_plan_world.h"

enum { MANY = 80 };
static const uint64_t plan_key = 30 << 22 | 101;

static inline void put_path(struct pack *p, const char *passed, const char *object)
{
	pack_array(p, 3);
	pack_text(p, passed);
	pack_nil(p);
	pack_text(p, object);
}

static inline void put_openat(struct pack *p, int fd, const char *kind, const char *passed, const char *object, uint64_t flags)
{
	size_t begin = event_begin(p, 307, plan_key, plan_key, 101, fd);

	if (fd < 0) {
		pack_int(p, fd);
	} else {
		pack_array(p, 8);
		pack_int(p, fd);
		pack_str(p, kind);
		pack_text(p, object);
		for (int i = 0; i < 4; i++)
			pack_uint(p, 0);
		pack_nil(p);
	}
	pack_int(p, -100);
	put_path(p, passed, object);
	pack_uint(p, flags);
	for (int i = 0; i < 3; i++)
		pack_uint(p, 0);
	assert_int_equal(frame_end(p, begin), 0);
}

static inline void put_unlink(struct pack *p, int result, const char *path)
{
	size_t begin = event_begin(p, 301, plan_key, plan_key, 101, result);

	pack_int(p, result);
	put_path(p, path, NULL);
	assert_int_equal(frame_end(p, begin), 0);
}

static inline void directed_stream(struct plan_stream *s, const char *name, bool live)
{
	static const struct proc parent = { .key = 20 << 22 | 100, .pid = 100, .comm = "bash", .argv = { "-bash" }, .exepath = "/usr/bin/bash" };
	static const struct proc self = { .key = 30 << 22 | 101, .parent = 20 << 22 | 100, .pid = 101, .comm = "cat",
		.argv = { "cat", "/etc/x" }, .exepath = "/usr/bin/cat", .cwd = "/tmp", .uid = 1000 };
	char path[32];

	s->name = name;
	s->live = live;
	assert_int_equal(frame_end(&s->bytes, proc_frame(&s->bytes, &parent)), 0);
	assert_int_equal(frame_end(&s->bytes, proc_frame(&s->bytes, &self)), 0);
	put_openat(&s->bytes, 3, "file", "/bin/cat", "/usr/bin/cat", 1);
	put_openat(&s->bytes, 3, "directory", "/etc", "/etc", 1);
	put_openat(&s->bytes, 4, "file", "x", "/tmp/x", 2 | 4096);
	put_openat(&s->bytes, 4, "file", "/proc/self/maps", "/proc/101/maps", 1);
	put_openat(&s->bytes, 4, "file", "../etc/../etc/x", "/etc/x", 1);
	put_openat(&s->bytes, -2, NULL, "gone", NULL, 1);
	put_unlink(&s->bytes, -2, "/a/b");
	put_unlink(&s->bytes, 0, "../a");
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof path, "/p%d", i);
		put_openat(&s->bytes, i, "file", path, path, 1);
	}
	stream_index(s);
}

static const struct { enum plan_mutation mutation; const char *condition; } directed[] = {
	{ MUTATION_NOT_DROPPED, "evt.type = openat and not fd.name = /x" },
	{ MUTATION_NOT_DROPPED, "evt.type = openat and not evt.failed = true" },
	{ MUTATION_NOT_NOT_PUSHED, "evt.type = openat and not (fd.name = /usr/bin/cat and proc.name = x)" },
	{ MUTATION_UNTESTABLE_FALSE, "evt.type = openat and proc.cmdline contains cat" },
	{ MUTATION_UNTESTABLE_FALSE, "evt.type = openat and not proc.cmdline contains dog" },
	{ MUTATION_MISSING, "evt.type = openat and not fd.filename = etc" },
	{ MUTATION_MISSING, "evt.type = unlink and not fs.path.name = /a/b" },
	{ MUTATION_MISSING, "evt.type = openat and not fd.directory pmatch (/nothing) and fd.name = /etc and not fd.filename in (etc)" },
	{ MUTATION_SPELLINGS, "evt.type = openat and fd.name = /bin/cat" },
	{ MUTATION_SPELLINGS, "evt.type = openat and fd.directory in (/bin, /sbin)" },
	{ MUTATION_SPELLINGS, "evt.type = openat and fd.name glob /bin/c*" },
	{ MUTATION_SPELLINGS, "evt.type = openat and proc.exepath startswith /bin/" },
	{ MUTATION_NEGATED_SPELLINGS, "evt.type = openat and not fd.name = /bin/cat" },
	{ MUTATION_PREFIX, "evt.type = openat and fd.name startswith /usr/b" },
	{ MUTATION_PREFIX, "evt.type = openat and fd.name pmatch (/usr/bin)" },
	{ MUTATION_PREFIX, "evt.type = openat and fd.name contains sr" },
	{ MUTATION_NOT_DROPPED, "evt.type = openat and not fd.name contains dog" },
	{ MUTATION_NOT_DROPPED, "evt.type = openat and not proc.aname = sshd" },
	{ MUTATION_NOT_DROPPED, "evt.type = openat and not proc.exe in (dog) and not proc.args startswith /x and not proc.cwd = /x/" },
	{ MUTATION_NOT_DROPPED, "evt.type = openat and not proc.pexe endswith java" },
	{ MUTATION_PREFIX, "evt.type = openat and proc.aname startswith ba" },
	{ MUTATION_PREFIX, "evt.type = openat and proc.exe startswith ca" },
	{ MUTATION_PREFIX, "evt.type = openat and proc.args startswith /etc" },
	{ MUTATION_PREFIX, "evt.type = openat and proc.cwd startswith /tm" },
	{ MUTATION_CHOICE, "evt.type = openat and proc.aname in (sshd, bash) and proc.cwd in (/x/, /tmp/)" },
	{ MUTATION_UNTESTABLE_FALSE, "evt.type = openat and proc.aname[1] = bash and not proc.args[1] = x" },
	{ MUTATION_ONE_FLAG, "evt.type = openat and evt.arg.flags contains O_C" },
	{ MUTATION_CHOICE, "evt.type = openat and fd.name in (/a, /usr/bin/cat)" },
	{ MUTATION_CHOICE, "evt.type = openat and fd.num in (70, 4)" },
	{ MUTATION_ASSERTED, "evt.type = openat and (fd.name = /nothing or (not fd.name = /nothing and evt.failed = false))" },
	{ MUTATION_ASSERTED, "evt.type = openat and (proc.name = nobody or (proc.name != nobody and evt.failed = false))" },
	/* The last is filled in: many alternatives that are not alike. */
	{ MUTATION_OVERFLOW, NULL },
};

static inline char *directed_condition(size_t i)
{
	struct strbuf b = {0};

	if (directed[i].condition) {
		strbuf_puts(&b, directed[i].condition);
		return b.p;
	}
	strbuf_puts(&b, "evt.type = openat and (");
	for (int k = 0; k < MANY; k++)
		strbuf_printf(&b, "%s(fd.name = /p%d and fd.num = %d)", k ? " or " : "", k, k);
	strbuf_puts(&b, ")");
	return b.p;
}

/* How many events a plan of the rule, derived so, loses of the streams. */
static inline uint64_t directed_lost(size_t i, enum plan_mutation mutation, const struct plan_stream *s, unsigned n, bool report)
{
	char *condition = directed_condition(i);
	struct plan_count c = {0};
	struct strbuf text = {0};

	strbuf_printf(&text, "- rule: r\n  desc: d\n  output: o\n  priority: ERROR\n  condition: >\n    %s\n", condition);
	struct program *a = rules_text(text.p, false), *b = rules_text(text.p, false);
	assert_non_null(a);
	struct plan *plan = plan_of(a, mutation);
	for (unsigned k = 0; k < n; k++)
		stream_check(&s[k], b, plan, &c, report);
	if (!c.matched)
		fail_msg("nothing matches %s", condition);
	plan_free(plan);
	program_free(a);
	program_free(b);
	strbuf_free(&text);
	free(condition);
	return c.lost;
}

#endif
