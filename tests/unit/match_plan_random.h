/* Random rules over fields that a plan can test and some that it can not. */
#ifndef TESTS_UNIT_MATCH_PLAN_RANDOM_H
#define TESTS_UNIT_MATCH_PLAN_RANDOM_H

#include "wire/arena.h"

struct random_rules {
	uint64_t seed;
	struct strbuf text;
};

static inline uint32_t draw(struct random_rules *r, uint32_t n)
{
	r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(r->seed >> 33) % n;
}
#define DRAW(r, list) list[draw(r, sizeof list / sizeof *list)]

static const char *const plan_types[] = { "open", "openat", "(open, openat, creat, openat2)", "execve", "connect", "(connect, accept, accept4)",
	"(read, write, readv, writev)", "(sendto, recvfrom, sendmsg, recvmsg)", "close", "socket", "(dup, dup2, dup3)", "clone", "fcntl",
	"(stat, lstat, fstat, newfstatat)", "access", "ioctl", "(rename, renameat, renameat2, unlink, unlinkat, mkdir, mkdirat, rmdir)",
	"(link, linkat, symlink, symlinkat)", "mmap", "mprotect", "prctl", "(chmod, fchmod, fchmodat)", "procexit", "(setuid, setgid)", "bind",
	"futex", "(chdir, fchdir)", "sync", "unshare", "ptrace" };
static const char *const plan_paths[] = { "/etc/ld.so.cache", "/etc/passwd", "/etc", "/proc/self/status", "/proc/self", "/dev/null",
	"/lib/x86_64-linux-gnu/libc.so.6", "/lib", "/usr/lib", "/bin/cat", "/usr/bin/cat", "/tmp", "/tmp/a", "/etc/ld.so.preload", "/proc", "/",
	"/usr", "/bin", "/lib64", "/etc/nsswitch.conf", "/var/run", "/run", "/dev/tty", "/home", "/root", "/sys", "/usr/share", "/usr/lib/locale" };
static const char *const plan_names[] = { "cat", "bash", "sh", "ls", "sshd", "curl", "ping", "falco", "systemd", "docker", "c", "dash", "find",
	"sysdig", "passwd", "libc.so.6", "ld.so.cache", "null", "so", "6", "deed", "random_calls" };
static const char *const plan_addresses[] = { "127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "192.168.0.1", "2001:db8::1" };
static const char *const plan_nets[] = { "127.0.0.0/8", "::/0", "0.0.0.0/0", "10.0.0.0/8", "2001::/16", "192.168.0.0/16" };
static const char *const plan_numbers[] = { "0", "1", "3", "53", "80", "443", "1000", "4", "2", "100", "65534" };

static const char *const plan_called[] = { "cat", "ls", "./", "/bin/", "-bash", "/usr/bin/cat", "/bin/cat", "ping", "curl", "sh", "", "/dev/shm/" };
static const char *const plan_args[] = { "-c", "-c /dev/shm", "/etc", "/etc/passwd", "-c 1", "google.com", "./", "1", "-", "", " ", "x y" };
static const char *const plan_folders[] = { "/", "/root/", "/root", "/home/", "/tmp/", "/var/run/", "/var/run", "/run/", "/h", "/bin/", "/usr/bin/", "/lib/" };
enum draw_pool { POOL_PATHS, POOL_NAMES, POOL_CALLED, POOL_ARGS, POOL_FOLDERS, POOL_ADDRESSES, POOL_NETS, POOL_NUMBERS, POOL_WORDS };
struct draw_field {
	const char *name;
	enum draw_pool pool;
	const char *words;              /* of POOL_WORDS: separated by blanks */
};
static const struct draw_field plan_fields[] = {
	{ "fd.name", POOL_PATHS, NULL }, { "fd.name", POOL_PATHS, NULL }, { "fd.directory", POOL_PATHS, NULL }, { "fd.filename", POOL_NAMES, NULL },
	{ "fd.nameraw", POOL_PATHS, NULL }, { "fs.path.name", POOL_PATHS, NULL }, { "fs.path.source", POOL_PATHS, NULL },
	{ "fs.path.target", POOL_PATHS, NULL }, { "fs.path.nameraw", POOL_PATHS, NULL }, { "evt.arg.name", POOL_PATHS, NULL },
	{ "evt.arg.path", POOL_PATHS, NULL }, { "evt.arg.oldpath", POOL_PATHS, NULL }, { "evt.arg.newpath", POOL_PATHS, NULL },
	{ "evt.arg.target", POOL_PATHS, NULL }, { "evt.abspath", POOL_PATHS, NULL }, { "proc.exepath", POOL_PATHS, NULL },
	{ "proc.name", POOL_NAMES, NULL }, { "proc.name", POOL_NAMES, NULL }, { "proc.pname", POOL_NAMES, NULL }, { "proc.cmdline", POOL_NAMES, NULL }, { "proc.cmdline", POOL_ARGS, NULL }, { "proc.env", POOL_CALLED, NULL },
	{ "proc.aname", POOL_NAMES, NULL }, { "proc.aname[2]", POOL_NAMES, NULL }, { "proc.exe", POOL_CALLED, NULL }, { "proc.pexe", POOL_NAMES, NULL }, { "proc.exe", POOL_NAMES, NULL },
	{ "proc.args", POOL_ARGS, NULL }, { "proc.args", POOL_ARGS, NULL }, { "proc.args[0]", POOL_ARGS, NULL },
	{ "proc.cwd", POOL_PATHS, NULL }, { "proc.cwd", POOL_FOLDERS, NULL }, { "user.name", POOL_NAMES, NULL },
	{ "fd.ip", POOL_ADDRESSES, NULL }, { "fd.sip", POOL_ADDRESSES, NULL }, { "fd.cip", POOL_ADDRESSES, NULL }, { "fd.rip", POOL_ADDRESSES, NULL },
	{ "fd.net", POOL_NETS, NULL }, { "fd.snet", POOL_NETS, NULL }, { "fd.lnet", POOL_NETS, NULL },
	{ "fd.port", POOL_NUMBERS, NULL }, { "fd.sport", POOL_NUMBERS, NULL }, { "fd.cport", POOL_NUMBERS, NULL }, { "fd.rport", POOL_NUMBERS, NULL },
	{ "fd.num", POOL_NUMBERS, NULL }, { "evt.rawres", POOL_NUMBERS, NULL }, { "user.uid", POOL_NUMBERS, NULL }, { "group.gid", POOL_NUMBERS, NULL },
	{ "user.loginuid", POOL_NUMBERS, NULL }, { "proc.tty", POOL_NUMBERS, NULL }, { "proc.vpid", POOL_NUMBERS, NULL }, { "proc.pid", POOL_NUMBERS, NULL },
	{ "evt.rawarg.flags", POOL_NUMBERS, NULL }, { "evt.arg.size", POOL_NUMBERS, NULL }, { "evt.rawarg.mode", POOL_NUMBERS, NULL },
	{ "evt.failed", POOL_WORDS, "true false" }, { "evt.is_open_read", POOL_WORDS, "true false" }, { "evt.is_open_write", POOL_WORDS, "true false" },
	{ "evt.is_open_create", POOL_WORDS, "true false" }, { "evt.is_open_exec", POOL_WORDS, "true false" },
	{ "evt.is_io_read", POOL_WORDS, "true false" }, { "evt.dir", POOL_WORDS, "< >" }, { "evt.res", POOL_WORDS, "SUCCESS ENOENT EAGAIN EINPROGRESS" },
	{ "evt.category", POOL_WORDS, "file net process other" }, { "container.id", POOL_WORDS, "host 65f2a1cd33f4 3ad7b26ded6d" },
	{ "fd.type", POOL_WORDS, "file directory ipv4 ipv6 unix pipe event" }, { "fd.typechar", POOL_WORDS, "f d 4 6 u p" },
	{ "fd.sockfamily", POOL_WORDS, "ip unix" }, { "fd.l4proto", POOL_WORDS, "tcp udp icmp" },
	{ "proc.is_exe_upper_layer", POOL_WORDS, "true false" }, { "proc.is_exe_writable", POOL_WORDS, "true false" },
};

static inline const char *draw_word(struct random_rules *r, const char *words, char out[32])
{
	uint32_t n = 1;

	for (const char *s = words; *s; s++)
		n += *s == ' ';
	for (uint32_t skip = draw(r, n); skip; skip--)
		words = strchr(words, ' ') + 1;
	snprintf(out, 32, "%.*s", (int)strcspn(words, " "), words);
	return out;
}

static inline const char *draw_value(struct random_rules *r, const struct draw_field *f, char out[32])
{
	switch (f->pool) {
	case POOL_PATHS: return DRAW(r, plan_paths);
	case POOL_NAMES: return DRAW(r, plan_names);
	case POOL_CALLED: return DRAW(r, plan_called);
	case POOL_ARGS: return DRAW(r, plan_args);
	case POOL_FOLDERS: return DRAW(r, plan_folders);
	case POOL_ADDRESSES: return DRAW(r, plan_addresses);
	case POOL_NETS: return DRAW(r, plan_nets);
	case POOL_NUMBERS: return DRAW(r, plan_numbers);
	default: return draw_word(r, f->words, out);
	}
}

static inline void draw_list(struct random_rules *r, const struct draw_field *f)
{
	char word[32];

	const char *quote = f->pool <= POOL_FOLDERS ? "\"" : "";

	strbuf_printf(&r->text, "(%s%s%s", quote, draw_value(r, f, word), quote);
	for (uint32_t n = draw(r, 5); n; n--)
		strbuf_printf(&r->text, ", %s%s%s", quote, draw_value(r, f, word), quote);
	strbuf_puts(&r->text, ")");
}

/* A check whose text is known from the flags: names of flags and of options. */
static inline void draw_argument(struct random_rules *r)
{
	static const char *const checks[] = { "evt.arg.flags contains O_CREAT", "evt.arg.flags contains O_R", "evt.arg.flags contains CLOEXEC",
		"evt.arg.flags contains O_", "evt.arg.prot contains PROT_EXEC", "evt.arg.prot contains PROT", "evt.arg.mode contains S_IX",
		"evt.arg.flags contains CLONE_", "evt.arg.domain = AF_INET", "evt.arg.domain != AF_UNIX", "evt.arg.domain in (AF_INET, AF_INET6)",
		"evt.arg.option contains NAME", "evt.arg.option = PR_SET_NAME", "evt.arg.flags contains MAP_PRIVATE", "evt.arg.mode contains R_OK",
		"evt.arg[0] contains a", "thread.cap_effective contains CAP_SYS", "thread.cap_permitted contains CAP_NET_RAW" };

	strbuf_puts(&r->text, DRAW(r, checks));
}

static inline void draw_check(struct random_rules *r)
{
	static const char *const text_ops[] = { "=", "!=", "startswith", "endswith", "contains", "glob", "in", "pmatch", "in", "startswith", "pmatch" };
	static const char *const number_ops[] = { "=", "!=", "<", "<=", ">", ">=", "in" };
	const struct draw_field *f = &plan_fields[draw(r, sizeof plan_fields / sizeof *plan_fields)];
	char word[32];

	if (draw(r, 8) == 0) {
		draw_argument(r);
		return;
	}
	bool text = f->pool <= POOL_FOLDERS, net = f->pool == POOL_ADDRESSES || f->pool == POOL_NETS;
	bool truth = f->pool == POOL_WORDS && strncmp(f->words, "true", 4) == 0;
	const char *op = text ? DRAW(r, text_ops) : truth ? draw(r, 4) ? "=" : "!=" : net || f->pool == POOL_WORDS ?
		(draw(r, 2) ? "in" : draw(r, 2) ? "=" : "!=") : DRAW(r, number_ops);
	strbuf_printf(&r->text, "%s %s ", f->name, op);
	if (text && strcmp(op, "in") != 0 && strcmp(op, "pmatch") != 0 && strcmp(op, "glob") != 0 && draw(r, 6) == 0) {
		static const char *const modifiers[] = { "anyof", "anyof", "oneof", "allof" };
		strbuf_printf(&r->text, "%s ", DRAW(r, modifiers));
		draw_list(r, f);
		return;
	}
	if (strcmp(op, "in") == 0 || strcmp(op, "pmatch") == 0)
		draw_list(r, f);
	else if (strcmp(op, "glob") == 0)
		strbuf_printf(&r->text, "\"%s*\"", draw_value(r, f, word));
	else if (text)
		strbuf_printf(&r->text, "\"%s\"", draw_value(r, f, word));
	else
		strbuf_puts(&r->text, draw_value(r, f, word));
}

static inline void draw_condition(struct random_rules *r, int depth)
{
	uint32_t kind = depth ? draw(r, 6) : 0;

	if (kind < 2) {
		draw_check(r);
		return;
	}
	if (kind == 2) {
		strbuf_puts(&r->text, "not (");
		draw_condition(r, depth - 1);
		strbuf_puts(&r->text, ")");
		return;
	}
	strbuf_puts(&r->text, "(");
	for (uint32_t n = 2 + draw(r, 2) + (draw(r, 40) == 0 ? 8 : 0); n; n--) {
		draw_condition(r, depth - 1);
		strbuf_puts(&r->text, n > 1 ? kind < 5 ? " and " : " or " : ")");
	}
}

static inline void draw_rule(struct random_rules *r, int number)
{
	strbuf_printf(&r->text, "- rule: r%d\n  desc: d\n  output: o\n  priority: %s\n  condition: >\n    ", number, draw(r, 2) ? "DEBUG" : "ERROR");
	if (draw(r, 10)) {
		const char *types = DRAW(r, plan_types);
		strbuf_printf(&r->text, "evt.type %s %s and ", types[0] == '(' ? "in" : "=", types);
	}
	draw_condition(r, 3);
	strbuf_puts(&r->text, "\n");
	if (draw(r, 4) == 0) {
		strbuf_puts(&r->text, "  exceptions:\n    - name: e\n      fields: [proc.name, fd.name]\n      comps: [=, startswith]\n      values:\n");
		strbuf_printf(&r->text, "        - [\"%s\", \"%s\"]\n", DRAW(r, plan_names), DRAW(r, plan_paths));
		strbuf_printf(&r->text, "        - [\"%s\", \"%s\"]\n", DRAW(r, plan_names), DRAW(r, plan_paths));
	}
}

static inline const char *random_rules(struct random_rules *r)
{
	draw(r, 2);
	for (int i = 0, n = 1 + (int)draw(r, 3); i < n; i++)
		draw_rule(r, i);
	return r->text.p;
}

#endif
