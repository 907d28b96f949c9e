"""The calls that tests/live/calls.t does, each with all that its event has to say: as values of the wire, and (says=) as the text
that rules see in evt.args, with the names of reference/flag-sets.txt. A program of 32 bits does the same ones."""
import ctypes
import os
import socket
import struct

from syscalls import AT_FDCWD, Caller

ENOENT, EBADF = 2, 9


def above(n):
    """Any number beyond this one."""
    return {"above": n}


def path(passed, base=None, obj=None):
    return {"passed": passed, "base": base, "object": obj}


def inet(port, address="127.0.0.1"):
    return struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton(address) + bytes(8)


def inet6(port, address="::1"):
    return struct.pack("=H", socket.AF_INET6) + struct.pack(">HI", port, 0) + socket.inet_pton(socket.AF_INET6, address) + bytes(4)


def unix(name):
    return struct.pack("=H", socket.AF_UNIX) + name


def port_of(fd):
    return socket.socket(fileno=os.dup(fd)).getsockname()[1]


class Deeds(Caller):
    """Does calls, and writes down what their events have to say: paths as [passed, base, object], descriptors by number."""

    def __init__(self, memory, word, folder):
        super().__init__(memory, word)
        self.log, self.dir, self.bits = [], folder, word * 8

    def __call__(self, call, /, *args, says=(), event=None, **expected):
        """One call; `event` is its event's name where that is another. Returns the result."""
        result = self.call(call, *args)
        self.log.append({"name": "%d bits: %s #%d" % (self.bits, call, len(self.log)), "type": event or call, "result": result,
                         "params": expected, "says": [says] if isinstance(says, str) else list(says)})
        return result

    def once_more(self, says=(), **expected):
        """The next event of the same call."""
        self.log.append(dict(self.log[-1], params=expected, says=list(says)))

    def socketcall(self, which, name, *args, **expected):
        """The one call through which 32-bit programs made all socket calls; in 64 bits the call itself."""
        if self.word == 8:
            return self(name, *args, **expected)
        return self("socketcall", which, self.put(self.words(*[a & 0xffffffff for a in args])), event=name, **expected)


def opening(do, fd):
    a = do.text("a")
    where = {"fd": above(2), "dev": above(0), "ino": above(0)}
    new = do("open", a, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640, name=path("a", None, do.dir + "/a"),
             flags=4 + 3 + 4096 + 16384, mode=0o640, **where, says=["(O_CREAT|O_RDWR|O_CLOEXEC|O_F_CREATED)", " mode=640 "])
    do("openat", fd, a, os.O_RDONLY, 0, dirfd=fd, name=path("a", do.dir, do.dir + "/a"), flags=1, mode=0, **where,
       says="(O_RDONLY)")
    do("openat", fd, do.text("none"), os.O_WRONLY, 0, fd=-ENOENT, dirfd=fd, name=path("none", do.dir), flags=2, dev=None,
       ino=None,
       says=["fd=-2(ENOENT)", "(O_WRONLY)"])
    do("openat", AT_FDCWD, a, os.O_WRONLY | os.O_APPEND | os.O_TRUNC | os.O_NONBLOCK | os.O_SYNC | 0o100000, 0, dirfd=AT_FDCWD,
       name=path("a", None, do.dir + "/a"), flags=2 + 8 + 256 + 64 + 128 + 16 + 2048,
       says="(O_LARGEFILE|O_TRUNC|O_SYNC|O_NONBLOCK|O_DSYNC|O_APPEND|O_WRONLY)")
    do("openat", fd, do.text("."), os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600, flags=3 + 8192 + 1024 + 32, mode=0o600,
       says="O_DIRECTORY|O_EXCL|O_RDWR|O_TMPFILE")
    do("openat", fd, do.text("."), os.O_DIRECTORY | os.O_PATH, 0, name=path(".", do.dir, do.dir), flags=1024 + 1, mode=0,
       says="(O_DIRECTORY|O_RDONLY)")
    do("openat2", fd, a, do.put(struct.pack("QQQ", os.O_RDWR, 0, 8 | 4 | 2)), 24, dirfd=fd, name=path("a", do.dir, do.dir + "/a"),
       flags=3, mode=0, resolve=1 + 4 + 8, **where,
       says=["(O_RDWR)", "(RESOLVE_BENEATH|RESOLVE_NO_MAGICLINKS|RESOLVE_NO_SYMLINKS)"])
    do("creat", do.text("b"), 0o600, name=path("b", None, do.dir + "/b"), mode=0o600, creat_flags=0, **where, says=" mode=600 ")
    do("open_by_handle_at", AT_FDCWD, do.put(bytes(16)), os.O_RDONLY, fd=above(-200), mountfd=AT_FDCWD, flags=1, path=None,
       dev=None, ino=None, says="(O_RDONLY)")
    by_handle(do, fd)
    return new


def by_handle(do, fd):
    """A file that is opened by its handle, where its file system has one."""
    handle, mount = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 136), ctypes.c_int()
    if ctypes.CDLL(None).name_to_handle_at(fd, b"a", handle, ctypes.byref(mount), 0) == 0:
        do("open_by_handle_at", fd, do.put(handle.raw), os.O_RDWR, mountfd=fd, flags=3, path=path(None, None, do.dir + "/a"),
           dev=above(0), ino=above(0), says="(O_RDWR)")


def reading(do, fd, new):
    far = (1 << 32) + 7
    do("write", new, do.put(b"x" * 100), 100, res=100, data=["x" * 80, 100], fd=new, size=100)
    do("pwrite", new, do.put(b"abc"), 3, *do.position(7), res=3, data="abc", fd=new, size=3, pos=7)
    do("pread", new, do.put(bytes(20)), 20, *do.position(7), res=20, data="abc" + 17 * "x", fd=new, size=20, pos=7)
    do("pread", new, do.put(bytes(20)), 20, *do.position(far), res=0, data="", fd=new, size=20, pos=far)
    do("writev", new, do.vector(b"one", b"", b"three"), 3, res=8, data="onethree", fd=new, size=8)
    do("writev", -1, do.vector(b"one", b"three"), 2, res=-EBADF, data="onethree", fd=-1, size=8, says="res=-9(EBADF)")
    do("pwritev", new, do.vector(b"de", b"f"), 2, 10, 0, res=3, data="def", fd=new, size=3, pos=10)
    do("preadv", new, do.vector(bytes(2), bytes(4)), 2, 9, 0, res=6, size=6, data="cdefxx", fd=new, pos=9)
    os.lseek(new, 0, os.SEEK_SET)
    do("read", new, do.put(bytes(4)), 4, res=4, data="xxxx", fd=new, size=4, says="fd=%d(<f>%s/a)" % (new, do.dir))
    do("readv", new, do.vector(bytes(3), bytes(3)), 2, res=6, size=6, data="xxxabc", fd=new)
    stat = do.put(bytes(200))
    do("stat", do.text("a"), stat, res=0, path=path("a"))
    do("lstat", do.text("a"), stat, res=0, path=path("a"))
    do("fstat", new, stat, res=0, fd=new)
    if do.word == 4:
        do("stat64", do.text("a"), stat, res=0, path=path("a"))
        do("lstat64", do.text("a"), stat, res=0, path=path("a"))
        do("fstat64", new, stat, res=0)
    do("newfstatat", fd, do.text("a"), stat, 0x100 | 0x800, res=0, dirfd=fd, path=path("a", do.dir), flags=256 + 2048,
       says="(AT_NO_AUTOMOUNT|AT_SYMLINK_NOFOLLOW)")
    do("access", do.text("/etc/none"), 4 | 1, res=-ENOENT, name=path("/etc/none"), mode=5, says="(R_OK|X_OK)")
    do("sendfile", new, new, do.put(struct.pack("q", 5)), 3, res=3, offset=8, out_fd=new, in_fd=new, size=3)
    if do.word == 4:
        do("sendfile32", new, new, do.put(struct.pack("iI", 5, 0xffffffff)), 3, event="sendfile", res=3, offset=8, out_fd=new,
           in_fd=new, size=3)
    do("sendfile", new, new, 0, 3, offset=0)


def owners(do, fd, new):
    a = do.text("a")
    do("fchmod", new, 0o4711, res=0, fd=new, mode=0o4711, says="(S_IXOTH|S_IXGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID)")
    do("chmod", a, 0o755, res=0, filename=path("a"), mode=0o755,
       says="0755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR)")
    do("fchmodat", fd, a, 0o3662, res=0, dirfd=fd, filename=path("a", do.dir), mode=0o3662,
       says="(S_IWOTH|S_IWGRP|S_IRGRP|S_IWUSR|S_IRUSR|S_ISVTX|S_ISGID)")
    do("chown", a, 1, 2, res=0, path=path("a"), uid=1, gid=2)
    do("lchown", a, 3, 4, res=0, path=path("a"), uid=3, gid=4)
    do("fchown", new, 5, 0xffffffff, res=0, fd=new, uid=5, gid=0xffffffff)
    do("fchownat", fd, a, 6, 7, 0x100, res=0, dirfd=fd, pathname=path("a", do.dir), uid=6, gid=7, flags=1024,
       says="(AT_SYMLINK_NOFOLLOW)")
    do("fchownat", new, do.text(""), 6, 7, 0x1000, res=0, dirfd=new, uid=6, gid=7, flags=4096, says="(AT_EMPTY_PATH)")


def names(do, fd):
    a, above_it = do.text("a"), "../%s/d" % os.path.basename(do.dir)
    do("rename", a, do.text("c"), res=0, oldpath=path("a"), newpath=path("c"))
    do("renameat", fd, do.text("c"), AT_FDCWD, do.text(above_it), res=0, olddirfd=fd, oldpath=path("c", do.dir),
       newdirfd=AT_FDCWD, newpath=path(above_it), says="(%s/d)" % do.dir)
    do("renameat2", AT_FDCWD, do.text("d"), fd, do.text("b"), 2, res=0, olddirfd=AT_FDCWD, oldpath=path("d"), newdirfd=fd,
       newpath=path("b", do.dir), flags=2, says="(RENAME_EXCHANGE)")
    do("renameat2", AT_FDCWD, do.text("none"), fd, do.text("b"), 1, res=-ENOENT, flags=1, says="(RENAME_NOREPLACE)")
    do("link", do.text("b"), do.text("l"), res=0, oldpath=path("b"), newpath=path("l"))
    do("linkat", fd, do.text("b"), fd, do.text("l2"), 0x400, res=0, olddir=fd, oldpath=path("b", do.dir), newdir=fd,
       newpath=path("l2", do.dir), flags=1024, says="(AT_SYMLINK_FOLLOW)")
    do("symlink", do.text("../x"), do.text("s"), res=0, target="../x", linkpath=path("s"), says="target=../x")
    do("symlinkat", do.text("y"), fd, do.text("s2"), res=0, target="y", linkdirfd=fd, linkpath=path("s2", do.dir))
    do("unlink", do.text("l"), res=0, path=path("l"), says="path=l(%s/l)" % do.dir)
    do("unlinkat", fd, do.text("l2"), 0, res=0, dirfd=fd, name=path("l2", do.dir), flags=0)
    do("mkdir", do.text("m"), 0o700, res=0, path=path("m"), mode=0o700)
    do("mkdirat", fd, do.text("n"), 0o711, res=0, dirfd=fd, path=path("n", do.dir), mode=0o711)
    do("rmdir", do.text("m"), res=0, path=path("m"))
    do("unlinkat", fd, do.text("n"), 0x200, res=0, dirfd=fd, name=path("n", do.dir), flags=512, says="(AT_REMOVEDIR)")
    do("mknod", do.text("p"), 0o010600, 0, res=0, path=path("p"), mode=0o010600, dev=0, says="(S_IWUSR|S_IRUSR|S_IFIFO)")
    do("mknodat", fd, do.text("q"), 0o140644, 0, res=0, dirfd=fd, path=path("q", do.dir), mode=0o140644, dev=0,
       says="(S_IROTH|S_IRGRP|S_IWUSR|S_IRUSR|S_IFREG)")
    do("chdir", do.text("/"), res=0, path="/", says="path=/")
    do("fchdir", fd, res=0, fd=fd, says="fd=%d(<d>%s)" % (fd, do.dir))


def files(do):
    fd = os.open(do.dir, os.O_RDONLY)
    new = opening(do, fd)
    reading(do, fd, new)
    owners(do, fd, new)
    names(do, fd)
    do("close", new, res=0, fd={"fd": new, "kind": "file", "path": do.dir + "/b"})
    do("close", 999, res=-EBADF, fd=999, says="res=-9(EBADF)")


def descriptors(do):
    pair = do.put(bytes(8))
    do("pipe", pair, res=0, fd1=above(2), fd2=above(3), ino=above(0))
    r, w = struct.unpack("ii", ctypes.string_at(pair, 8))
    do("pipe2", do.put(bytes(8)), os.O_CLOEXEC | os.O_NONBLOCK | os.O_DIRECT, res=0, fd1=above(2), fd2=above(3), ino=above(0),
       flags=4096 + 64 + 512, says="(O_DIRECT|O_NONBLOCK|O_CLOEXEC)")
    os.write(w, b"spliced")
    do("splice", r, 0, w, 0, 100, 2 | 4, fd_in=r, fd_out=w, size=100, flags=6, res=above(-200),
       says="(SPLICE_F_NONBLOCK|SPLICE_F_MORE)")
    do("dup", r, res=above(2), oldfd=r)
    do("dup2", r, 50, res=50, oldfd=r, newfd=50)
    do("dup3", r, 51, os.O_CLOEXEC, res=51, oldfd=r, newfd=51, flags=4096, says="(O_CLOEXEC)")
    do("eventfd", 3, res=above(2), initval=3, flags=None)
    do("eventfd2", 4, os.O_NONBLOCK, res=above(2), initval=4, flags=64, says="(O_NONBLOCK)")
    do("memfd_create", do.text("name"), 3, fd=above(2), name="name", flags=3, says="(MFD_CLOEXEC|MFD_ALLOW_SEALING)")
    do("userfaultfd", os.O_CLOEXEC | os.O_NONBLOCK, res=above(-200), flags=4096 + 64, says="(O_NONBLOCK|O_CLOEXEC)")
    ring = do.put(struct.pack("10I", 0, 16, 8 | 16, 0, 0, 0, 0, 0, 0, 0) + bytes(80))
    do("io_uring_setup", 4, ring, res=above(-200), entries=4, sq_entries=above(-1), cq_entries=16, flags=16 + 32, sq_thread_cpu=0,
       sq_thread_idle=0, features=above(-1), says="(IORING_SETUP_CQSIZE|IORING_SETUP_CLAMP)")
    do("bpf", 10, 0, 0, fd=-22, cmd=10, says="(BPF_PROG_TEST_RUN|BPF_PROG_RUN)")
    do("bpf", 5, 0, 0, fd=above(-200), cmd=5, says="(BPF_PROG_LOAD)")


def memory_calls(do):
    args = dict(addr=0, length=4096, prot=3, flags=2 + 8, fd=-1, vm_size=above(1000), vm_rss=above(500), vm_swap=above(-1),
                says=["(PROT_READ|PROT_WRITE)", "(MAP_PRIVATE|MAP_ANONYMOUS)"])
    if do.word == 8:
        page = do("mmap", 0, 4096, 3, 0x22, -1, 0, res=above(4096), offset=0, **args)
    else:
        page = do("mmap2", 0, 4096, 3, 0x22, -1, 7, res=above(4096), pgoffset=7, **args)
    do("mprotect", page, 4096, 5, res=0, addr=page, length=4096, prot=5, says="(PROT_READ|PROT_EXEC)")
    do("mprotect", page, 4096, 0, res=0, addr=page, length=4096, prot=0, says="(PROT_NONE)")


def datagrams(do):
    udp = do("socket", 2, 2 | 0o2000000, 17, domain=2, type=2, proto=17, flags=4096, fd=above(2),
       says=["(AF_INET)", "(O_CLOEXEC)"])
    do("bind", udp, do.put(inet(0)), 16, res=0, fd=udp, addr={"family": 2, "address": "127.0.0.1", "port": 0},
       says="addr=127.0.0.1:0")
    port = port_of(udp)
    out = do("socket", 10, 2, 0, domain=10, type=2, says="(AF_INET6)")
    mapped = do.put(inet6(port, "::ffff:127.0.0.1"))
    do("sendto", out, do.put(b"hello"), 5, 0, mapped, 28, res=5, data="hello", fd=out, size=5,
       tuple=["0.0.0.0", None, "127.0.0.1", port, 17, 1])
    do("sendmsg", out, do.put(do.message([b"two", b"parts"], inet6(port, "::ffff:127.0.0.1"))), 0, res=8, data="twoparts",
       fd=out, size=8, tuple=["0.0.0.0", None, "127.0.0.1", port, 17, 1])
    do("sendto", out, do.put(b"::later::"), 9, 0, mapped, 28, res=9, size=9)
    many = b"".join(do.message([b], inet6(p, "::1")) + bytes(do.word) for b, p in ((b"first", 7001), (b"second", 7002)))
    do("sendmmsg", out, do.put(many), 2, 0, res=2, data="first", fd=out, size=5, tuple=["::", None, "::1", 7001, 17, 1])
    do.once_more(res=2, data="second", fd=out, size=6, tuple=["::", None, "::1", 7002, 17, 1])
    length, name = do.put(struct.pack("i", 16)), do.put(bytes(16))
    from_it = ["127.0.0.1", port, "127.0.0.1", None, 17, 2]
    do("recvfrom", udp, do.put(bytes(50)), 50, 0, name, length, res=5, data="hello", fd=udp, size=50, tuple=from_it)
    do("recvmsg", udp, do.put(do.message([bytes(30)], bytes(16), 64)), 0, res=8, data="twoparts", size=30, fd=udp, tuple=from_it,
       msgcontrol="")
    several = lambda: do.put(b"".join(do.message([bytes(9)], bytes(16)) + bytes(do.word) for _ in range(2)))
    do("recvmmsg", udp, several(), 2, 0x40, 0, res=1, fd=udp, size=9, tuple=from_it, data="::later::", msgcontrol="")
    if do.word == 4:
        do("sendto", out, do.put(b"late"), 4, 0, mapped, 28, res=4)
        do("recvmmsg_time64", udp, several(), 2, 0x40, 0, event="recvmmsg", res=1, fd=udp, size=9, data="late", tuple=from_it)
        do("connect", out, mapped, 28, res=0)
        do.socketcall(9, "send", out, do.put(b"short"), 5, 0, res=5, data="short", fd=out, size=5,
                      tuple=["127.0.0.1", None, "127.0.0.1", port, 17, 1])
        do.socketcall(10, "recv", udp, do.put(bytes(40)), 40, 0, res=5, data="short", fd=udp, size=40,
                      tuple=["127.0.0.1", port, None, None, 17, 2])


def streams(do):
    tcp = do.socketcall(1, "socket", 2, 1, 0, domain=2)
    do("bind", tcp, do.put(inet(0)), 16, res=0, fd=tcp)
    do("listen", tcp, 7, res=0, fd=tcp, backlog=7)
    port = port_of(tcp)
    there = do.put(inet(port))
    client = do("socket", 2, 1, 6, domain=2)
    to_it = ["127.0.0.1", None, "127.0.0.1", port, 6, 1]
    do.socketcall(3, "connect", client, there, 16, res=0, fd=client, tuple=to_it,
       addr={"family": 2, "address": "127.0.0.1", "port": port})
    do("accept4", tcp, 0, 0, os.O_NONBLOCK, fd=above(2), tuple=["127.0.0.1", port, "127.0.0.1", None, 6, 2], flags=64, queuepct=0,
       queuelen=0, queuemax=7)
    do("connect", do("socket", 2, 1, 6), there, 16, res=0, tuple=to_it)
    do("connect", do("socket", 2, 1, 6), there, 16, res=0, tuple=to_it)
    do.socketcall(5, "accept", tcp, 0, 0, fd=above(2), tuple=["127.0.0.1", port, "127.0.0.1", None, 6, 2], queuepct=14,
                  queuelen=1, queuemax=7)
    do("sendto", client, do.put(b"tcp"), 3, 0, 0, 0, res=3, data="tcp", tuple=to_it)
    do("connect", do("socket", 2, 1, 6), do.put(inet(1)), 16, res=-111, tuple=["0.0.0.0", 0, "127.0.0.1", 1, 6, 1],
       says="res=-111(ECONNREFUSED)")


def other_sockets(do):
    do("socketpair", 1, 1, 0, do.put(bytes(8)), res=0, domain=1, type=1, proto=0, fd1=above(2), fd2=above(3), source=None,
       peer=None,
       says="(AF_LOCAL|AF_UNIX)")
    name = unix(b"\0saker-calls-%d" % os.getpid())
    end = do("socket", 1, 2, 0, domain=1)
    shown = name[3:].decode()
    do("bind", end, do.put(name), len(name), res=0, addr={"family": 1, "address": shown, "port": 0}, says="addr=" + shown)
    do("sendto", do("socket", 1, 2, 0), do.put(b"u"), 1, 0, do.put(name), len(name), res=1, data="u",
       tuple=["", 0, shown, 0, 0, 0])
    do("socket", 16, 3, 9, domain=16, type=3, proto=9, says="(AF_ROUTE|AF_NETLINK)")
    do("socket", 17, 3, 0x300, domain=17, type=3, proto=0x300, says="(AF_PACKET)")
    raw = do("socket", 2, 3, 1, domain=2, type=3, proto=1)
    do("sendto", raw, do.put(b"\x08" + bytes(7)), 8, 0, do.put(inet(4321)), 16, res=8, tuple=["0.0.0.0", 0, "127.0.0.1", 0, 1, 1])


def signals(do):
    me = os.getpid()
    do("kill", me, 0, res=0, pid=me, sig=0)
    do("kill", -999999, 15, res=-3, pid=-999999, sig=15, says="sig=15(SIGTERM)")
    do("tkill", me, 0, res=0, tid=me, sig=0)
    do("tgkill", me, me, 0, res=0, pid=me, tid=me, sig=0)
    do("ptrace", 16, 999999, 5, 6, res=-3, addr=5, data=6, request=11, pid=999999, says="(PTRACE_ATTACH)")
    do("ptrace", 0x4206, 999999, 0, 0, res=-3, request=20, pid=999999, says="(PTRACE_SEIZE)")
    do("setpgid", 0, 0, res=0, pid=0, pgid=0)
    do("setsid", res=above(-200))
    for option, arg, text, number, name in (
            (15, do.text("renamed"), "renamed", 0, "PR_SET_NAME"), (4, 1, "", 1, "PR_SET_DUMPABLE"),
            (36, 1, "", 1, "PR_SET_CHILD_SUBREAPER"),
            (37, do.put(bytes(4)), "", 1, "PR_GET_CHILD_SUBREAPER"), (24, 40, "", 40, "PR_CAPBSET_DROP"),
            (8, 0, "", 0, "PR_SET_KEEPCAPS"),
            (23, 3, "", 3, "PR_CAPBSET_READ"), (21, 0, "", 0, "PR_GET_SECCOMP")):
        do("prctl", option, arg, 0, 0, 0, res=above(-1), option=option, arg2_str=text, arg2_int=number, says="(%s)" % name)
    do("process_vm_writev", me, do.vector(b"ab", b"c"), 2, do.vector(bytes(3)), 1, 0, res=3, pid=me, data="abc")
    do("process_vm_readv", me, do.vector(bytes(3)), 1, do.vector(b"xyz"), 1, 0, res=3, pid=me, data="xyz")


def the_kernel(do):
    do("init_module", do.put(b"not a module"), 12, do.text("a=1"), res=above(-200), img="not a module", length=12, uargs="a=1")
    do("finit_module", 0, do.text("b=2"), 3, res=above(-200), fd=0, uargs="b=2", flags=3,
       says="(MODULE_INIT_IGNORE_MODVERSIONS|MODULE_INIT_IGNORE_VERMAGIC)")
    do("delete_module", do.text("nosuch"), os.O_NONBLOCK | os.O_TRUNC, res=above(-200), name="nosuch", flags=3,
       says="(O_NONBLOCK|O_TRUNC)")
    os.mkdir("mnt")
    mnt = do.text("mnt")
    do("mount", do.text("src"), mnt, do.text("tmpfs"), 0xc0ed0000 | 2 | 4, 0, res=0, dev="src", dir=path("mnt"), type="tmpfs",
       flags=2 + 4, says="(NOSUID|NODEV)")
    do("mount", 0, mnt, 0, 0x4000 | 0x40000, 0, res=0, dev=None, dir=path("mnt"), type=None, flags=0x44000, says="(REC|PRIVATE)")
    do("mount", mnt, mnt, 0, 0x1000, 0, res=0, dev="mnt", flags=4096, says="(BIND)")
    do("umount2", mnt, 2, res=0, name=path("mnt"), flags=2, says="(DETACH)")
    if do.word == 4:
        do("umount", mnt, res=0, name=path("mnt"))
    else:
        do("umount2", mnt, 8, res=0, flags=8, says="(NOFOLLOW)")
    ns = os.open("/proc/self/ns/net", os.O_RDONLY)
    do("setns", ns, 0x40000000, res=0, fd=ns, nstype=16, says="(CLONE_NEWNET)")
    do("unshare", 0x200 | 0x400, res=0, flags=2 + 1, says="(CLONE_FILES|CLONE_FS)")
    do("unshare", 0x04000000 | 0x00020000, res=0, flags=64 * 2 + 32, says="(CLONE_NEWNS|CLONE_NEWUTS)")


def credentials(do):
    with open("/proc/self/status") as f:
        caps = next(int(line.split()[1], 16) for line in f if line.startswith("CapPrm:"))
    low, high = caps & 0xffffffff, caps >> 32
    do("capset", do.put(struct.pack("Ii", 0x20080522, 0)), do.put(struct.pack("6I", low & ~1, low, 0, high, high, 0)), res=0,
       cap_inheritable=0, cap_permitted=caps, cap_effective=caps & ~1)
    program, args = do.text("/nonexistent"), do.pointers("zeroth", "first", "second one")
    tried = dict(res=-ENOENT, exe="zeroth", args="first\0second one\0", tid=os.getpid(), pid=os.getpid(), ptid=os.getppid(),
                 comm="renamed", uid=0, says="res=-2(ENOENT)")
    do("execve", program, args, do.pointers(), filename=path("/nonexistent"), **tried)
    do("execveat", AT_FDCWD, program, args, do.pointers(), 0, **tried)
    do("setregid", 0xffffffff, 5, res=0, rgid=-1, egid=5)
    do("setgid", 0, res=0, gid=0)
    do("setresgid", 1, 2, 3, res=0, rgid=1, egid=2, sgid=3)
    do("chroot", do.text(do.dir), res=0, path=path(do.dir))
    do("setreuid", 0xffffffff, 0, res=0, ruid=-1, euid=0)
    do("setuid", 0, res=0, uid=0)
    do("setresuid", 1, 2, 3, res=0, ruid=1, euid=2, suid=3)


ALL = (files, descriptors, memory_calls, datagrams, streams, other_sockets, signals, the_kernel, credentials)
