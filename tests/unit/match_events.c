/* Fields of events: descriptors, paths, connections, parameters as text. Missing is what no value prints. */
#include "match_fixture.h"

#include <sys/socket.h>

/* [number, kind, path, device, inode, flags, layer] */
static void pack_fd(struct pack *p, int64_t number, const char *kind, const char *path)
{
	pack_array(p, 7);
	pack_int(p, number);
	pack_str(p, kind);
	pack_text(p, path);
	pack_uint(p, 8u << 20 | 1);
	pack_uint(p, 99);
	pack_uint(p, 1);
	pack_uint(p, 1);
}

/* openat(AT_FDCWD, name, flags, mode) */
static void openat_event(struct fixture *f, int64_t result, const char *kind, const char *passed, const char *object, unsigned flags)
{
	struct pack *p = begin_event(f, 307, k_cat, result);

	if (kind)
		pack_fd(p, result, kind, object);
	else
		pack_int(p, result);
	pack_int(p, -100);
	pack_path(p, passed, NULL, object);
	pack_uint(p, flags);
	pack_uint(p, 0);
	ready(f);
}

static void test_open(void **state)
{
	struct fixture *f = *state;

	/* A symbolic link: the object differs from what was passed. */
	openat_event(f, 3, "file", "..//link", "/etc/shadow", 1 | 4096);
	EXPECT(f, { "fd.num", "3" }, { "fd.type", "file" }, { "fd.typechar", "f" }, { "fd.name", "/etc/shadow" },
		{ "fd.nameraw", "../link" }, { "fd.directory", "/etc" }, { "fd.filename", "shadow" }, { "evt.arg.name", "/home/link" },
		{ "evt.rawarg.name", "..//link" }, { "evt.arg.flags", "O_RDONLY|O_CLOEXEC" }, { "evt.rawarg.flags", "1001" },
		{ "evt.arg.fd", "<f>/etc/shadow" }, { "evt.arg.dirfd", "AT_FDCWD" }, { "evt.arg.mode", "0" }, { "evt.arg.dev", "<NA>" },
		{ "evt.arg.res", "missing" }, { "evt.arg[1]", "AT_FDCWD" }, { "evt.arg[99]", "missing" }, { "evt.arg[-1]", "missing" },
		{ "evt.args", "fd=3(<f>/etc/shadow) dirfd=-100(AT_FDCWD) name=..//link(/home/link) flags=4097(O_RDONLY|O_CLOEXEC) "
			"mode=0 dev=<NA> ino=<NA>" },
		{ "fd.dev", "800001" }, { "fd.dev.major", "8" }, { "fd.dev.minor", "1" }, { "fd.ino", "99" }, { "fd.is_upper_layer", "true" },
		{ "fd.is_lower_layer", "false" }, { "evt.is_open_read", "true" }, { "evt.is_open_write", "false" }, { "evt.res", "SUCCESS" },
		{ "evt.rawres", "3" }, { "evt.failed", "false" }, { "evt.type", "openat" }, { "evt.category", "file" }, { "evt.dir", "<" },
		{ "fd.l4proto", "<NA>" }, { "fd.sockfamily", "missing" }, { "fd.sip", "missing" }, { "fd.uid", "1013" },
		{ "fd.containername", "c0ffee:/etc/shadow" }, { "fd.connected", "false" }, { "fd.name_changed", "true" },
		{ "fs.path.name", "/etc/shadow" }, { "fs.path.nameraw", "..//link" }, { "evt.abspath", "/home/link" },
		{ "evt.count.error", "0" }, { "evt.count.error.file", "0" }, { "evt.count.error.net", "missing" });
	openat_event(f, 4, "directory", "/etc/", "/etc", 1 | 1024);
	EXPECT(f, { "fd.typechar", "d" }, { "fd.directory", "/etc" }, { "fd.filename", "missing" });
	openat_event(f, 3, NULL, "/x/../etc/y", NULL, 3);
	EXPECT(f, { "fd.name", "/etc/y" }, { "fd.type", "file" }, { "evt.arg.flags", "O_RDWR" }, { "evt.is_open_write", "true" },
		{ "evt.is_open_read", "true" }, { "fd.directory", "/etc" });
	openat_event(f, 3, NULL, "link", "/etc/z", 3 | 4 | 256);
	EXPECT(f, { "fd.name", "/etc/z" }, { "evt.arg.flags", "O_TRUNC|O_CREAT|O_RDWR" }, { "evt.arg.name", "/home/u/link" },
		{ "evt.is_open_exec", "false" }, { "evt.is_open_create", "false" });
	openat_event(f, 3, NULL, "", NULL, 0);
	EXPECT(f, { "evt.arg.flags", "O_NONE" }, { "fd.name", "/home/u" }, { "evt.arg.name", "/home/u" });
}

/* What the macro open_file_failed of the rules asks for. */
static void test_failed_open(void **state)
{
	struct fixture *f = *state;

	openat_event(f, -2, NULL, "nope", NULL, 2);
	EXPECT(f, { "fd.num", "-1" }, { "fd.typechar", "f" }, { "fd.name", "/home/u/nope" }, { "fd.directory", "/home/u" },
		{ "fd.nameraw", "nope" }, { "evt.res", "ENOENT" }, { "evt.rawres", "-2" }, { "evt.arg.fd", "ENOENT" },
		{ "evt.is_open_write", "true" }, { "fd.type", "missing" }, { "fd.filename", "missing" }, { "fs.path.name", "/home/u/nope" },
		{ "evt.count.error", "1" }, { "evt.count.error.file", "1" }, { "evt.failed", "true" });
}

static void pack_tuple(struct pack *p, int family, const char *local, int lport, const char *remote, int rport, int proto, int role)
{
	static const uint8_t addr[4][4] = { { 10, 0, 0, 1 }, { 93, 184, 216, 34 }, { 0 } };
	const uint8_t *l = addr[local[0] - 'a'], *r = remote ? addr[remote[0] - 'a'] : NULL;

	pack_array(p, 7);
	pack_uint(p, (uint64_t)family);
	pack_bin(p, l, 4);
	pack_int(p, lport);
	pack_bin(p, r, 4);
	pack_int(p, rport);
	pack_int(p, proto);
	pack_int(p, role);
}

/* connect with the descriptor as [number, kind, nil, 0, 0, 0, nil, tuple] or as a number alone */
static void connect_event(struct fixture *f, bool in_fd, const char *remote, int lport, int rport, int proto, int role)
{
	struct pack *p = begin_event(f, 23, k_cat, 0);

	pack_int(p, 0);
	pack_tuple(p, AF_INET, "a", lport, remote, rport, proto, role);
	if (in_fd) {
		pack_array(p, 8);
		pack_int(p, 5);
		pack_str(p, "ipv4");
		pack_nil(p);
		for (int i = 0; i < 3; i++)
			pack_uint(p, 0);
		pack_nil(p);
		pack_tuple(p, AF_INET, "a", lport, remote, rport, proto, role);
	} else {
		pack_int(p, 5);
	}
	pack_array(p, 3);
	pack_uint(p, AF_INET);
	pack_bin(p, (const uint8_t[]){ 93, 184, 216, 34 }, 4);
	pack_uint(p, 443);
	ready(f);
}

static void test_sockets(void **state)
{
	struct fixture *f = *state;

	for (int in_fd = 0; in_fd < 2; in_fd++) {
		connect_event(f, in_fd, "b", 4000, 443, 6, 1);
		EXPECT(f, { "fd.name", "10.0.0.1:4000->93.184.216.34:443" }, { "fd.type", "ipv4" }, { "fd.typechar", "4" },
			{ "fd.cip", "10.0.0.1" }, { "fd.sip", "93.184.216.34" }, { "fd.lip", "10.0.0.1" }, { "fd.rip", "93.184.216.34" },
			{ "fd.cport", "4000" }, { "fd.sport", "443" }, { "fd.lport", "4000" }, { "fd.rport", "443" }, { "fd.sproto", "443" },
			{ "fd.l4proto", "tcp" }, { "fd.sockfamily", "ip" }, { "fd.connected", "true" }, { "fd.is_server", "false" },
			{ "fd.ip", "10.0.0.1 93.184.216.34" }, { "fd.port", "4000 443" }, { "fd.snet", "<IPNET>" },
			{ "fd.nameraw", "" }, { "fd.directory", "missing" }, { "fd.filename", "missing" }, { "fd.sip.name", "missing" },
			{ "evt.arg.fd", "<4t>10.0.0.1:4000->93.184.216.34:443" }, { "evt.arg.addr", "93.184.216.34:443" },
			{ "evt.arg.tuple", "10.0.0.1:4000->93.184.216.34:443" }, { "evt.category", "net" });
	}
	/* The same on the server's side. */
	connect_event(f, true, "b", 80, 5555, 6, 2);
	EXPECT(f, { "fd.name", "93.184.216.34:5555->10.0.0.1:80" }, { "fd.cip", "93.184.216.34" }, { "fd.sip", "10.0.0.1" },
		{ "fd.lip", "10.0.0.1" }, { "fd.lport", "80" }, { "fd.rport", "5555" }, { "fd.is_server", "true" } );
	/* Bound, not connected; not even bound. */
	connect_event(f, true, "c", 80, 0, 6, 2);
	EXPECT(f, { "fd.name", "10.0.0.1:80" }, { "fd.sip", "10.0.0.1" }, { "fd.sport", "80" }, { "fd.cip", "missing" },
		{ "fd.lip", "missing" }, { "fd.connected", "false" });
	/* A connection that was refused leaves an address behind. */
	connect_event(f, true, "c", 0, 0, 6, 1);
	EXPECT(f, { "fd.name", "" }, { "fd.sip", "missing" }, { "fd.rip", "missing" });
	connect_event(f, true, "c", 0, 0, 17, 0);
	EXPECT(f, { "fd.name", "" }, { "fd.sip", "missing" }, { "fd.ip", "missing" }, { "fd.type", "ipv4" }, { "fd.l4proto", "udp" });
	/* Roles unknown: ends are known, client and server are not. */
	connect_event(f, true, "b", 1000, 53, 17, 0);
	EXPECT(f, { "fd.cip", "missing" }, { "fd.sip", "missing" }, { "fd.rip", "93.184.216.34" },
		{ "evt.arg.fd", "<4u>10.0.0.1:1000->93.184.216.34:53" });
}

static void give_host(struct fixture *f, const char *name, uint64_t until)
{
	struct pack p = {0};
	size_t begin = frame_begin(&p, FRAME_HOST);

	pack_str(&p, name);
	pack_array(&p, 1);
	pack_bin(&p, (const uint8_t[]){ 93, 184, 216, 34 }, 4);
	pack_uint(&p, until);
	give(f->s, &p, begin);
	pack_free(&p);
}

static void test_hosts(void **state)
{
	struct fixture *f = *state;

	connect_event(f, true, "b", 1000, 53, 17, 1);
	EXPECT(f, { "fd.sip.name", "missing" });
	assert_true(f->c.hosts_missing);
	give_host(f, "example.org", NOW);
	connect_event(f, true, "b", 1000, 53, 17, 1);
	EXPECT(f, { "fd.sip.name", "example.org" }, { "fd.cip.name", "" });
	assert_false(f->c.hosts_missing);
	give_host(f, "example.org", NOW - 1);
	connect_event(f, true, "b", 1000, 53, 17, 1);
	EXPECT(f, { "fd.sip.name", "" });
}

static void test_unix_and_dup(void **state)
{
	struct fixture *f = *state;
	struct pack *p = begin_event(f, 363, k_cat, 0);

	pack_array(p, 3);
	pack_int(p, 0);
	pack_str(p, "unix");
	pack_text(p, "/run/docker.sock");
	pack_fd(p, 5, "file", "/tmp/x");
	pack_int(p, 0);
	pack_map(p, 3);
	pack_str(p, "fd_kinds");
	pack_map(p, 3);
	pack_uint(p, 0);
	pack_str(p, "unix");
	pack_uint(p, 1);
	pack_str(p, "unix");
	pack_uint(p, 2);
	pack_str(p, "file");
	pack_str(p, "name_changed");
	pack_bool(p, true);
	pack_str(p, "connected");
	pack_bool(p, true);
	ready(f);
	EXPECT(f, { "fd.num", "0" }, { "fd.type", "unix" }, { "fd.typechar", "u" }, { "fd.name", "/run/docker.sock" },
		{ "fd.sockfamily", "unix" }, { "fd.types", "(unix,file)" }, { "fd.types[2]", "(file)" }, { "fd.types[3]", "missing" },
		{ "fd.name_changed", "true" }, { "fd.connected", "true" }, { "evt.arg.oldfd", "<f>/tmp/x" }, { "proc.stdin.type", "unix" },
		{ "proc.stderr.type", "file" }, { "evt.category", "ipc" }, { "fd.directory", "missing" }, { "fd.sip", "missing" });
}

/* An event that has nothing to do with a descriptor, and one whose descriptor is not known. */
static void test_no_fd(void **state)
{
	struct fixture *f = *state;

	plain(f, k_cat);
	EXPECT(f, { "fd.num", "missing" }, { "fd.name", "missing" }, { "fd.typechar", "missing" }, { "fd.sip", "missing" },
		{ "fd.connected", "missing" }, { "evt.is_open_read", "false" }, { "evt.arg.uid", "ada" }, { "evt.rawarg.uid", "1000" },
		{ "evt.io_dir", "missing" }, { "evt.buflen", "missing" }, { "fd.types", "missing" });
	struct pack *p = begin_event(f, 5, k_cat, 0);
	pack_int(p, 0);
	pack_int(p, 9);
	ready(f);
	EXPECT(f, { "fd.num", "9" }, { "fd.name", "" }, { "fd.typechar", "o" }, { "fd.type", "missing" }, { "fd.directory", "/" },
		{ "evt.arg.fd", "9" }, { "evt.category", "unknown" }, { "fd.l4proto", "missing" });
}

static void test_rename_and_mode(void **state)
{
	struct fixture *f = *state;
	struct pack *p = begin_event(f, 177, k_cat, 0);

	pack_int(p, 0);
	pack_fd(p, 5, "directory", "/srv/d");
	pack_path(p, "a", "/srv/d", NULL);
	pack_int(p, -100);
	pack_path(p, "/b", NULL, NULL);
	ready(f);
	EXPECT(f, { "evt.arg.oldpath", "/srv/d/a" }, { "evt.arg.newpath", "/b" }, { "fs.path.source", "/srv/d/a" },
		{ "fs.path.sourceraw", "a" }, { "fs.path.target", "/b" }, { "fs.path.name", "missing" }, { "evt.abspath", "/srv/d/a" },
		{ "evt.abspath.dst", "/b" }, { "evt.args", "res=0 olddirfd=5(<d>/srv/d) oldpath=a(/srv/d/a) newdirfd=-100(AT_FDCWD) newpath=/b" });
	p = begin_event(f, 313, k_cat, 0);
	pack_int(p, 0);
	pack_int(p, -100);
	pack_path(p, "f", NULL, NULL);
	pack_uint(p, 0x180);
	ready(f);
	EXPECT(f, { "evt.arg.mode", "S_IWUSR|S_IRUSR" }, { "evt.arg.filename", "/home/u/f" }, { "evt.rawarg.mode", "384" });
}

static void test_rendering(void **state)
{
	struct fixture *f = *state;
	struct pack *p = begin_event(f, 19, k_cat, 6);

	pack_fd(p, 6, "unix", "");
	pack_uint(p, 1);
	pack_uint(p, 1);
	pack_uint(p, 0);
	pack_uint(p, 0);
	ready(f);
	EXPECT(f, { "evt.arg.domain", "AF_LOCAL|AF_UNIX" }, { "evt.rawarg.domain", "1" }, { "evt.arg.fd", "<u>" },
		{ "evt.args", "fd=6(<u>) domain=1(AF_LOCAL|AF_UNIX) type=1 proto=0 flags=0(O_NONE)" });
	p = begin_event(f, 129, k_cat, -1);
	pack_int(p, -1);
	pack_uint(p, 100);
	pack_uint(p, 15);
	ready(f);
	EXPECT(f, { "evt.args", "res=-1(EPERM) pid=100(bash) sig=15(SIGTERM)" }, { "evt.arg.pid", "bash" }, { "evt.arg.sig", "SIGTERM" });
	p = begin_event(f, 193, k_cat, 0);
	pack_int(p, 0);
	pack_int(p, -1);
	pack_uint(p, 0);
	pack_uint(p, 33);
	ready(f);
	EXPECT(f, { "evt.args", "res=0 ruid=-1(<NONE>) euid=0(root) suid=33(<NA>)" });
	p = begin_event(f, 9, k_cat, 4);
	pack_int(p, 4);
	pack_bin(p, "a\0b\n", 4);
	pack_fd(p, 1, "pipe", "pipe:[7]");
	pack_uint(p, 4);
	ready(f);
	EXPECT(f, { "evt.args", "res=4 data=a.b. fd=1(<p>pipe:[7]) size=4" }, { "evt.buffer", "a.b." }, { "evt.buflen", "4" },
		{ "evt.buflen.out", "4" }, { "evt.buflen.in", "missing" }, { "evt.is_io_write", "true" }, { "evt.io_dir", "write" },
		{ "fd.name", "pipe:[7]" }, { "fd.type", "pipe" }, { "evt.category", "ipc" });
	p = begin_event(f, 1, k_cat, 0);
	pack_uint(p, 72);
	pack_uint(p, 74);
	ready(f);
	EXPECT(f, { "evt.type", "fsync" }, { "syscall.type", "fsync" }, { "evt.args", "" }, { "evt.arg[0]", "fsync" },
		{ "evt.type.is.fsync", "1" }, { "evt.type.is.open", "0" });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_open), TEST(test_failed_open), TEST(test_sockets), TEST(test_hosts), TEST(test_unix_and_dup), TEST(test_no_fd),
		TEST(test_rename_and_mode), TEST(test_rendering),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
