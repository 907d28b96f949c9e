#!/bin/sh
# What a capture's events do to descriptors, sockets, processes and containers: reference/events.md, sections 7 and 8, and
# reference/fields.md, section 5, on captures made for it.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
export SAKER_BUILD="${SAKER_BUILD:-$here/build}"
python3 - <<'EOF'
import json, os, struct, subprocess
from capture import Capture, FIRST, block, clone, inet, inet_tuple, text, unix, unix_tuple
from live import BIN, Tap
import golden

DIR = os.environ["DIR"]
tap = Tap()


def shown(c, *names, condition="evt.num >= 0", options=()):
    rules = golden.write_rules(DIR, [("all", condition, " ".join("%" + n for n in names))])
    stream = os.path.join(DIR, "made.saker")
    with open(os.path.join(DIR, "made.scap"), "wb") as f:
        f.write(c.data())
    with open(stream, "wb") as out:
        subprocess.run([os.path.join(BIN, "probe"), *options, "-r", f.name], stdout=out, check=True, timeout=60)
    with open(stream, "rb") as data:
        alerts = subprocess.run([os.path.join(BIN, "match"), *options, "-r", rules], stdin=data, capture_output=True, check=True, timeout=60)
    out = subprocess.run([os.path.join(BIN, "emit"), "-O", "json_output=true"], input=alerts.stdout, capture_output=True, check=True,
                         timeout=60)
    return [tuple(json.loads(line)["output_fields"][n] for n in names) for line in out.stdout.splitlines()]


def table(what, c, names, expected):
    found = shown(c, *names.split())
    for i, (want, *event) in enumerate(expected):
        tap.is_(found[i] if i < len(found) else None, tuple(event), "%s: %s" % (what, want))
    tap.is_(len(found), len(expected), "%s: all of them" % what)


def run(c, tid, pid=None, ptid=100, comm="prog", **more):
    values = dict(res=0, exe=comm, args=["-x", "a b"], tid=tid, pid=pid or tid, ptid=ptid, cwd="/w", fdlimit=1024, pgft_maj=0, pgft_min=0,
                  vm_size=1, vm_rss=1, vm_swap=0, comm=comm, cgroups=["cpu=/"], env=["A=1"], tty=0, vpgid=100, loginuid=1000, flags=1,
                  cap_inheritable=0, cap_permitted=3, cap_effective=1, exe_ino=9, exe_ino_ctime=FIRST - 1000, exe_ino_mtime=FIRST, uid=0,
                  trusted_exepath="/usr/bin/" + comm, pgid=100, gid=0, filename=comm)
    c.event("execve", tid, **{**values, **more})


# Descriptors
c = Capture()
c.process(1, comm="init", ptid=0)
c.process(100, comm="sh", cwd="/w")
c.process(101, comm="peer")
c.fds(101, {3: (5, 1, text("/peer/file"))})
c.event("openat", 100, fd=3, dirfd=-100, name="d/../x//y", flags=1, mode=0)
c.event("dup", 100, res=4, oldfd=3)
c.event("close", 100, res=0, fd=3)
c.event("fcntl", 100, res=11, fd=4, cmd=1, arg=11)
c.event("dup3", 100, res=10, oldfd=4, newfd=10, flags=4096)
c.event("read", 100, res=1, data=b"x", fd=11, size=1)
c.event("read", 100, res=1, data=b"x", fd=3, size=1)
c.event("openat", 100, fd=12, dirfd=-100, name="/dir", flags=1025, mode=0)
c.event("openat", 100, fd=13, dirfd=12, name="f", flags=2, mode=0)
c.event("openat", 100, fd=14, dirfd=55, name="f", flags=2, mode=0)
c.event("openat", 100, fd=-2, dirfd=12, name="none", flags=2, mode=0)
c.event("memfd_create", 100, fd=15, name="memo", flags=1)
c.event("pidfd_open", 100, fd=16, pid=101, flags=0)
c.event("pidfd_getfd", 100, fd=17, pid_fd=16, target_fd=3, flags=0)
c.event("epoll_create1", 100, res=18, flags=1)
c.event("io_uring_setup", 100, res=19, entries=1)
c.event("userfaultfd", 100, res=20, flags=0)
c.event("timerfd_create", 100, res=21, clockid=1, flags=0)
c.event("pipe2", 100, res=0, fd1=26, fd2=27, ino=88, flags=0)
c.event("close_range", 100, res=0, first=15, last=27, flags=0)
c.event("read", 100, res=1, data=b"x", fd=27, size=1)
c.event("close", 100, res=-9, fd=4)
run(c, 100)
c.event("write", 100, res=1, data=b"x", fd=10, size=1)
c.event("write", 100, res=1, data=b"x", fd=4, size=1)
table("descriptors", c, "evt.type fd.num fd.type fd.name fd.directory fd.name_changed proc.fdopencount", [
    ("open folds its path", "openat", 3, "file", "/w/x/y", "/w/x", True, 1),
    ("dup works on the copy, whose name is no news", "dup", 4, "file", "/w/x/y", "/w/x", False, 2),
    ("close is told with its file", "close", 3, "file", "/w/x/y", "/w/x", False, 2),
    ("so does fcntl that copies", "fcntl", 11, "file", "/w/x/y", "/w/x", False, 2),
    ("dup3", "dup3", 10, "file", "/w/x/y", "/w/x", False, 3),
    ("what fcntl made is there", "read", 11, "file", "/w/x/y", "/w/x", False, 3),
    ("what was closed is not", "read", 3, None, "", "/", None, 3),
    ("a folder", "openat", 12, "directory", "/dir", "/dir", True, 4),
    ("a path from it", "openat", 13, "file", "/dir/f", "/dir", True, 5),
    ("a path from nowhere", "openat", 14, "file", "<UNKNOWN>f", "/", True, 6),
    ("an open that failed", "openat", -1, None, "/dir/none", "/dir", None, 6),
    ("memfd", "memfd_create", 15, "memfd", "memo", None, True, 7),
    ("pidfd: the process it stands for", "pidfd_open", 16, "pidfd", "/proc/101", None, True, 8),
    ("pidfd_getfd: a file of that process", "pidfd_getfd", 17, "file", "/peer/file", "/peer", False, 9),
    ("epoll", "epoll_create1", 18, "eventpoll", "", None, False, 10),
    ("io_uring", "io_uring_setup", 19, "io_uring", "", None, False, 11),
    ("userfaultfd", "userfaultfd", 20, "userfaultfd", "", None, False, 12),
    ("timerfd", "timerfd_create", 21, "timerfd", "", None, False, 13),
    ("of a pipe the second end", "pipe2", 27, "pipe", "", None, False, 15),
    ("close_range", "close_range", None, None, None, None, None, 15),
    ("closes all of them", "read", 27, None, "", "/", None, 6),
    ("a close that failed", "close", 4, "file", "/w/x/y", "/w/x", False, 6),
    ("exec", "execve", None, None, None, None, None, 5),
    ("closes what is marked so", "write", 10, None, "", "/", None, 5),
    ("and nothing else", "write", 4, "file", "/w/x/y", "/w/x", False, 5),
])

# Sockets
c = Capture()
c.interface("10.0.0.5")
c.process(100, comm="sh")
pair = lambda *ends: dict(tuple=inet_tuple(*ends))
c.event("socket", 100, fd=3, domain=2, type=1, proto=0, flags=0)
c.event("connect", 100, res=-115, fd=3, addr=inet("1.2.3.4", 80), **pair("10.0.0.5", 4000, "1.2.3.4", 80))
c.event("write", 100, res=3, data=b"GET", fd=3, size=3)
c.event("socket", 100, fd=4, domain=2, type=1, proto=0, flags=0)
c.event("connect", 100, res=-111, fd=4, addr=inet("1.2.3.4", 81), **pair("10.0.0.5", 4001, "1.2.3.4", 81))
c.event("socket", 100, fd=5, domain=2, type=2 | 2048, proto=17, flags=0)
c.event("sendto", 100, res=3, data=b"q", fd=5, size=3, **pair("10.0.0.5", 5000, "8.8.8.8", 53))
c.event("recvfrom", 100, res=3, data=b"a", fd=5, size=3, **pair("8.8.8.8", 53, "10.0.0.5", 5000))
c.event("socket", 100, fd=6, domain=2, type=2, proto=17, flags=0)
c.event("bind", 100, res=0, addr=inet("0.0.0.0", 53), fd=6)
c.event("recvfrom", 100, res=3, data=b"a", fd=6, size=3, **pair("7.7.7.7", 999, "10.0.0.5", 53))
c.event("sendto", 100, res=3, data=b"a", fd=6, size=3, **pair("10.0.0.5", 53, "7.7.7.7", 999))
c.event("socket", 100, fd=7, domain=10, type=1, proto=6, flags=0)
c.event("bind", 100, res=0, addr=inet("2001:db8::5", 443), fd=7)
c.event("accept4", 100, fd=8, queuepct=0, queuelen=0, queuemax=5, flags=0, **pair("2001:db8:1::9", 1111, "2001:db8::5", 443))
c.event("accept4", 100, fd=9, queuepct=0, queuelen=0, queuemax=5, flags=0, **pair("::ffff:5.6.7.8", 1112, "::ffff:10.0.0.5", 443))
c.event("socket", 100, fd=15, domain=2, type=3, proto=1, flags=0)
c.event("socket", 100, fd=19, domain=2, type=1, proto=0, flags=0)
c.event("bind", 100, res=0, addr=inet("10.0.0.5", 0), fd=19)
c.event("sendmsg", 100, res=3, data=b"abc", fd=98, size=3, **pair("10.0.0.5", 6002, "4.4.4.4", 53))
table("sockets", c, "evt.type fd.num fd.typechar fd.name fd.cip fd.cport fd.sip fd.sport fd.lip fd.rip fd.l4proto fd.is_server fd.connected", [
    ("a new one", "socket", 3, "4", "", None, None, None, None, None, None, "<NA>", False, False),
    ("connect, under way", "connect", 3, "4", "10.0.0.5:4000->1.2.3.4:80", "10.0.0.5", 4000, "1.2.3.4", 80, "10.0.0.5", "1.2.3.4", "tcp", False, True),
    ("write", "write", 3, "4", "10.0.0.5:4000->1.2.3.4:80", "10.0.0.5", 4000, "1.2.3.4", 80, "10.0.0.5", "1.2.3.4", "tcp", False, True),
    ("another", "socket", 4, "4", "", None, None, None, None, None, None, "<NA>", False, False),
    ("a connect that failed", "connect", 4, "4", "", None, None, None, None, None, None, "<NA>", False, False),
    ("UDP", "socket", 5, "4", "", None, None, None, None, None, None, "<NA>", False, False),
    ("the first datagram names it", "sendto", 5, "4", "10.0.0.5:5000->8.8.8.8:53", "10.0.0.5", 5000, "8.8.8.8", 53, "10.0.0.5", "8.8.8.8", "udp", False, False),
    ("its answer does not turn it round", "recvfrom", 5, "4", "10.0.0.5:5000->8.8.8.8:53", "10.0.0.5", 5000, "8.8.8.8", 53, "10.0.0.5", "8.8.8.8", "udp", False, False),
    ("a server's", "socket", 6, "4", "", None, None, None, None, None, None, "<NA>", False, False),
    ("bound", "bind", 6, "4", "0.0.0.0:53", None, None, "0.0.0.0", 53, None, None, "udp", True, False),
    ("asked", "recvfrom", 6, "4", "7.7.7.7:999->10.0.0.5:53", "7.7.7.7", 999, "10.0.0.5", 53, "10.0.0.5", "7.7.7.7", "udp", True, False),
    ("answering", "sendto", 6, "4", "7.7.7.7:999->10.0.0.5:53", "7.7.7.7", 999, "10.0.0.5", 53, "10.0.0.5", "7.7.7.7", "udp", True, False),
    ("IPv6", "socket", 7, "6", "", None, None, None, None, None, None, "<NA>", False, False),
    ("bound", "bind", 7, "6", "2001:db8::5:443", None, None, "2001:db8::5", 443, None, None, "tcp", True, False),
    ("accepts", "accept4", 8, "6", "2001:db8:1::9:1111->2001:db8::5:443", "2001:db8:1::9", 1111, "2001:db8::5", 443, "2001:db8::5", "2001:db8:1::9", "tcp", False, True),
    ("IPv4 in IPv6 is IPv4", "accept4", 9, "4", "5.6.7.8:1112->10.0.0.5:443", "5.6.7.8", 1112, "10.0.0.5", 443, "10.0.0.5", "5.6.7.8", "tcp", True, True),
    ("a raw one", "socket", 15, "4", "", None, None, None, None, None, None, "raw", False, False),
    ("one more", "socket", 19, "4", "", None, None, None, None, None, None, "<NA>", False, False),
    ("bound to no port", "bind", 19, "4", "10.0.0.5:0", None, None, None, None, None, None, "<NA>", False, False),
    ("one that was there before", "sendmsg", 98, "4", "10.0.0.5:6002->4.4.4.4:53", "10.0.0.5", 6002, "4.4.4.4", 53, "10.0.0.5", "4.4.4.4", "udp", False, False),
])
c = Capture()
c.process(100, comm="sh")
c.event("socket", 100, fd=10, domain=1, type=1, proto=0, flags=0)
c.event("connect", 100, res=0, tuple=unix_tuple(0x11, 0x22, "/run/x"), fd=10, addr=unix("/run/x"))
c.event("accept", 100, fd=12, tuple=unix_tuple(0x33, 0x44, "/run/y"))
c.event("socketpair", 100, res=0, fd1=13, fd2=14, source=1, peer=2, domain=1, type=1, proto=0)
table("unix sockets", c, "evt.type fd.num fd.name fd.sockfamily evt.arg.fd", [
    ("new", "socket", 10, "", "unix", "<u>"),
    ("connected", "connect", 10, "11->22 /run/x", "unix", "<u>11->22 /run/x"),
    ("accepted", "accept", 12, "33->44 /run/y", "unix", "<u>33->44 /run/y"),
    ("of a pair the second", "socketpair", 14, "", "unix", None),
])

# Processes
c = Capture()
c.process(1, comm="init", ptid=0)
c.process(100, comm="sh", cwd="/w", env=["A=b"], sid=100, tty=34816)
c.fds(100, {0: (5, 1, text("/dev/pts/0"))})
clone("clone", c, 100, 200, comm="sh")
c.event("chdir", 200, res=0, path="sub")
c.event("close", 200, res=0, fd=0)
c.event("read", 100, res=1, data=b"x", fd=0, size=1)
run(c, 200)
clone("clone", c, 200, 201, comm="prog", flags=8192 | 1, pid=200, ptid=100)
c.event("openat", 201, fd=7, dirfd=-100, name="rel", flags=1, mode=0)
c.event("read", 200, res=1, data=b"x", fd=7, size=1)
run(c, 200, res=-2, comm="none")
c.event("procexit", 200, status=0, ret=0, sig=0, core=0, reaper_tid=0)
c.event("read", 201, res=1, data=b"x", fd=7, size=1)
run(c, 200, comm="newer")
clone("fork", c, 200, 300, comm="newer")
c.event("procexit", 200, status=0, ret=0, sig=0, core=0, reaper_tid=0)
c.event("setuid", 300, res=0, uid=1000)
c.event("prlimit", 300, res=0, newcur=64, newmax=64, oldcur=1024, oldmax=1024, pid=0, resource=7)
c.event("kill", 900, res=0, pid=100, sig=15)
table("processes", c, "evt.type thread.tid proc.pid proc.ppid proc.cmdline proc.exepath proc.cwd proc.env[A] proc.nthreads thread.ismain fd.name user.uid proc.fdlimit", [
    ("the parent's end of clone", "clone", 100, 100, 1, "sh", "/bin/sh", "/w/", "b", 1, True, None, 1000, 1024),
    ("the child's", "clone", 200, 200, 100, "sh", "/bin/sh", "/w/", "b", 1, True, None, 1000, 1024),
    ("a folder of its own", "chdir", 200, 200, 100, "sh", "/bin/sh", "/w/sub/", "b", 1, True, None, 1000, 1024),
    ("a table of its own", "close", 200, 200, 100, "sh", "/bin/sh", "/w/sub/", "b", 1, True, "/dev/pts/0", 1000, 1024),
    ("the parent's is as it was", "read", 100, 100, 1, "sh", "/bin/sh", "/w/", "b", 1, True, "/dev/pts/0", 1000, 1024),
    ("exec", "execve", 200, 200, 100, "prog -x a b", "/usr/bin/prog", "/w/sub/", "1", 1, True, None, 0, 1024),
    ("a thread", "clone", 200, 200, 100, "prog -x a b", "/usr/bin/prog", "/w/sub/", "1", 2, True, None, 0, 1024),
    ("in its process", "clone", 201, 200, 100, "prog", "/usr/bin/prog", "/w/sub/", "1", 2, False, None, 1000, 1024),
    ("opens a file", "openat", 201, 200, 100, "prog", "/usr/bin/prog", "/w/sub/", "1", 2, False, "/w/sub/rel", 1000, 1024),
    ("for all threads", "read", 200, 200, 100, "prog -x a b", "/usr/bin/prog", "/w/sub/", "1", 2, True, "/w/sub/rel", 0, 1024),
    ("an exec that failed", "execve", 200, 200, 100, "prog -x a b", "/usr/bin/prog", "/w/sub/", "1", 2, True, None, 0, 1024),
    ("the first thread ends", "procexit", 200, 200, 100, "prog -x a b", "/usr/bin/prog", "/w/sub/", "1", 1, True, None, 0, 1024),
    ("the process goes on", "read", 201, 200, 100, "prog", "/usr/bin/prog", "/w/sub/", "1", 1, False, "/w/sub/rel", 1000, 1024),
    ("exec makes one thread of it", "execve", 200, 200, 100, "newer -x a b", "/usr/bin/newer", "/w/sub/", "1", 1, True, None, 0, 1024),
    ("fork", "fork", 200, 200, 100, "newer -x a b", "/usr/bin/newer", "/w/sub/", "1", 1, True, None, 0, 1024),
    ("its child", "fork", 300, 300, 200, "newer", "/usr/bin/newer", "/w/sub/", "1", 1, True, None, 1000, 1024),
    ("the parent ends", "procexit", 200, 200, 100, "newer -x a b", "/usr/bin/newer", "/w/sub/", "1", 0, True, None, 0, 1024),
    ("the child is the first process's", "setuid", 300, 300, 1, "newer", "/usr/bin/newer", "/w/sub/", "1", 1, True, None, 1000, 1024),
    ("a limit", "prlimit", 300, 300, 1, "newer", "/usr/bin/newer", "/w/sub/", "1", 1, True, None, 1000, 64),
    ("a thread that nobody told of", "kill", 900, -1, None, "<NA>", "", "./", "", 0, False, None, 4294967295, 0),
])

# Containers
ID = "3ad7b26ded6d" + "8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"
c = Capture()
c.process(100, comm="sh", cgroups=["cpu=/docker/" + ID])
c.process(101, comm="sh")
box = {"id": ID[:12], "full_id": ID, "type": 0, "name": "web", "image": "r/n:1", "imagerepo": "r/n", "imagetag": "1", "privileged": True, "ip": "10.0.0.2",
       "Mounts": [{"Source": "/proc", "Destination": "/p", "Mode": "ro", "RW": False, "Propagation": "rprivate"}],
       "labels": {"z": "1", "b.c": "d", "io.kubernetes.pod.name": "pod", "io.kubernetes.pod.namespace": "ns", "annotation.x": "y"},
       "pod_sandbox_labels": {"app": "web"}}
c.event("read", 100, res=1, data=b"x", fd=7, size=1)
c.event("container", -1, json=json.dumps({"container": box}))
c.event("read", 100, res=1, data=b"x", fd=7, size=1)
c.event("read", 101, res=1, data=b"x", fd=7, size=1)
told = ("web", "r/n", True, "/proc:/p:ro:false:rprivate", "/p", None, "d", "1", "b.c:d, z:1", "pod", "ns", "web", "app:web", "10.0.0.2")
table("containers", c, "container.id container.name container.image.repository container.privileged container.mounts "
      "container.mount.dest[/pro*] container.mount.dest[/x] container.label[b.c] container.label.z container.labels k8s.pod.name k8s.ns.name "
      "k8s.pod.label[app] k8s.pod.labels k8s.pod.ip", [
          ("before it is told of", ID[:12], *[None] * 14),
          ("its event", ID[:12], *told),
          ("after it", ID[:12], *told),
          ("the host", "host", "host", *[None] * 13),
      ])

# Texts of parameters
c = Capture()
c.user(7, "bob")
c.process(100, comm="sh", cwd="/w")
c.fds(100, {5: (5, 16, b"\1\0\0\0" + text("/five")), 6: (9, 7, text("pipe:[9]"))})
c.event("nanosleep", 100, res=0, interval=1_500_000_000)
c.event("ppoll", 100, res=1, fds=[(5, 1), (6, 0x41), (88, 4)], timeout=2**64 - 1, sigmask=0b11)
c.event("chroot", 100, res=0, path="jail")
c.event("open", 100, fd=9, name="rel", flags=1, mode=0o644)
c.event("fchmod", 100, res=0, fd=9, mode=0)
c.event("chmod", 100, res=0, filename="/x", mode=0o600)
c.event("setuid", 100, res=0, uid=7)
c.event("setreuid", 100, res=-1, ruid=2**32 - 1, euid=99)
c.event("kill", 100, res=-3, pid=100, sig=9)
c.event("openat", 100, fd=-2, dirfd=77, name="x", flags=0, mode=0)
c.event("socket", 100, fd=3, domain=1, type=1, proto=0, flags=0)
c.event("setsockopt", 100, res=0, fd=3, level=1, optname=20, val=b"\4" + struct.pack("<Q", 1_500_000_000), optlen=16)
c.event("getsockopt", 100, res=0, fd=3, level=1, optname=4, val=b"\1" + struct.pack("<q", -111), optlen=4)
c.event("ptrace", 100, res=0, addr=None, data=b"\1\x09", request=7, pid=100)
table("texts", c, "evt.args proc.cwd", [
    ("a time", "res=0 interval=1500000000(1.5s)", "/w/"),
    ("descriptors, no time, signals", "res=1 fds=5:f1 6:p41 88:?4 timeout=none sigmask=SIGHUP SIGINT", "/w/"),
    ("a path; the current folder is as it was", "res=0 path=jail(/w/jail)", "/w/"),
    ("octal", "fd=9(<f>/w/rel) name=rel(/w/rel) flags=1(O_RDONLY) mode=644 dev=<NA> ino=<NA>", "/w/"),
    ("no mode", "res=0 fd=9(<f>/w/rel) mode=0", "/w/"),
    ("a mode", "res=0 filename=/x mode=0600(S_IWUSR|S_IRUSR)", "/w/"),
    ("a user", "res=0 uid=7(bob)", "/w/"),
    ("none, and an unknown one", "res=-1(EPERM) ruid=-1(<NONE>) euid=99(<NA>)", "/w/"),
    ("a task and a signal", "res=-3(ESRCH) pid=100(sh) sig=9(SIGKILL)", "/w/"),
    ("a folder that is not known", "fd=-2(ENOENT) dirfd=77 name=x flags=0(O_NONE) mode=0 dev=<NA> ino=<NA>", "/w/"),
    ("a number with two names", "fd=3(<u>) domain=1(AF_LOCAL|AF_UNIX) type=1 proto=0 flags=0(O_NONE)", "/w/"),
    ("an option that is a time", "res=0 fd=3(<u>) level=1(SOL_SOCKET) optname=20(SO_RCVTIMEO) val=1500000000(1.5s) optlen=16", "/w/"),
    ("one that is an error", "res=0 fd=3(<u>) level=1(SOL_SOCKET) optname=4(SO_ERROR) val=-111(ECONNREFUSED) optlen=4", "/w/"),
    ("nothing, and a signal", "res=0 addr=NULL data=9(SIGKILL) request=7(PTRACE_POKEUSR) pid=100(sh)", "/w/"),
])

# Every version of the process list, and the numbers that the first ones went by
VERSIONS = {1: (0x202, 0x8000ABCD), 2: (0x207, 0x8013ABCD), 3: (0x209, 0x8014ABCD), 4: (0x210,), 5: (0x211,), 6: (0x212,), 7: (0x213,), 8: (0x214,)}


def old_capture(version, kind, others):
    """Process 100, child of 1, and a read, as that version has them; `others`: the other blocks by their first numbers too."""
    body = b""
    for tid, ptid, comm in ((1, 0, "init"), (100, 1, "sh")):
        body += struct.pack("<QQQ", tid, tid, ptid) + (struct.pack("<q", 100) if version >= 6 else b"") + (struct.pack("<q", 100) if version >= 8 else b"")
        body += text(comm) + text(comm) + (text("/bin/" + comm) if version >= 7 else b"") + text(b"-i\0x\0") + text("/w") + struct.pack("<QIII", 64, 0, 7, 8)
        body += struct.pack("<IIIQQ", 1, 2, 3, 4, 5) if version >= 2 else b""
        body += text(b"A=b\0") if version >= 3 else b""
        body += struct.pack("<qq", tid, tid) + text(b"cpu=/x\0") if version >= 4 else b""
        body += text("/") if version >= 5 else b""
    made = Capture()
    head = block(0x8002ABCD if others else 0x201, struct.pack("<IQQ128sQQQQ", 1, 0, 0, b"old", 0, 0, 0, 0)) + block(kind, body)
    head += block(0x8001ABCD if others else 0x203, struct.pack("<QQQB", 100, 3, 9, 1) + text("/f"))
    head += block(0x8012ABCD if others else 0x206, struct.pack("<BII", 0, 7, 7) + text("bob") + text("/h") + text("/s"))
    head += block(0x8011ABCD if others else 0x205, struct.pack("<HH", 3, 2) + bytes([10, 0, 0, 1]) + bytes(8) + b"lo")
    for enter, lengths, params in ((6, [8, 4], struct.pack("<qI", 3, 9)), (7, [8, 2], struct.pack("<q", 2) + b"hi")):
        made.time += 1
        data = b"".join(struct.pack("<H", n) for n in lengths) + params
        head += block(0x8010ABCD if others else 0x204, struct.pack("<HQqIH", 0, made.time, 100, 22 + len(data), enter) + data)
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + head


class Plain:
    def __init__(self, data):
        self.bytes = data

    def data(self):
        return self.bytes


for version, numbers in VERSIONS.items():
    for kind in numbers:
        since = lambda first, value, otherwise: value if version >= first else otherwise
        table("process list %d (%X)" % (version, kind), Plain(old_capture(version, kind, kind > 0xffff)),
              "evt.args proc.cmdline proc.pname proc.cwd user.name group.gid fd.name proc.fdlimit proc.vmsize proc.env[A] thread.vtid proc.sid proc.exepath proc.vpgid", [
                  ("a read", "res=2 data=hi fd=3(<f>/f) size=9", "sh -i x", "init", "/w/", "bob", 8, "/f", 64, since(2, 1, 0), since(3, "b", ""),
                   since(4, 100, None), since(6, 100, -1), since(7, "/bin/sh", ""), since(8, 100, -1))])

names = ("evt.type", "evt.dir", "evt.latency", "evt.count.exit", "evt.num")
plain = Plain(old_capture(4, 0x210, False))
tap.is_(shown(plain, *names), [("read", "<", 0, 1, 1)], "a call is one event today, and takes no time")
tap.is_(shown(plain, *names, options=("-O", "compat=0.28")), [("read", ">", 0, None, 1), ("read", "<", 1, 1, 2)], "it was two in 0.28, and evt.latency what is between")

# Fields that count
c = Capture()
c.process(100, comm="sh")
for i in range(4):
    c.event("read", 100, res=1, data=b"x", fd=i, size=1)
    c.event("close", 100, res=0, fd=i)
tap.is_(shown(c, "evt.num", "util.cnt", condition="evt.type = close"), [(2, 1), (4, 2), (6, 3), (8, 4)], "util.cnt counts where it is asked for")
rules = golden.write_rules(DIR, [("all", "evt.type = close", "d=%evt.deltatime n=%evt.num")])
with open(os.path.join(DIR, "made.saker"), "rb") as data:
    alerts = subprocess.run([os.path.join(BIN, "match"), "-r", rules], stdin=data, capture_output=True, check=True, timeout=60)
out = subprocess.run([os.path.join(BIN, "emit")], input=alerts.stdout, capture_output=True, check=True, timeout=60).stdout.decode()
tap.is_([line.split("d=")[1] for line in out.splitlines()], ["0 n=2", "2000000 n=4", "2000000 n=6", "2000000 n=8"],
        "evt.deltatime is the time since it was asked for")
at = FIRST + 4_000_000
tap.is_([n for (n,) in shown(c, "evt.num", condition="evt.around[%d] = 2" % at)], [2, 3, 4, 5, 6], "evt.around: within so many ms")
tap.is_([n for (n,) in shown(c, "evt.num", condition="evt.around[%d] = 0" % at)], [4], "at that very time")
tap.end()
EOF
