"""tests/live/calls.t: does each captured call and compares its event with what was done."""
import ctypes
import json
import os
import socket
import struct
import subprocess
import traceback

from live import BIN, Tap, probe_start, stop

DIR = os.environ["DIR"]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
NR = {"read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "mmap": 9, "mprotect": 10, "pread": 17,
      "pwrite": 18, "readv": 19, "writev": 20, "access": 21, "pipe": 22, "dup": 32, "dup2": 33, "sendfile": 40, "socket": 41,
      "connect": 42, "accept": 43, "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "bind": 49, "listen": 50,
      "socketpair": 53, "kill": 62, "chdir": 80, "fchdir": 81, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
      "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "ptrace": 101, "setuid": 105,
      "setgid": 106, "setpgid": 109, "setsid": 112, "setreuid": 113, "setregid": 114, "setresuid": 117, "setresgid": 119,
      "capset": 126, "mknod": 133, "prctl": 157, "chroot": 161, "mount": 165, "umount2": 166, "init_module": 175,
      "delete_module": 176, "tkill": 200, "tgkill": 234, "openat": 257, "mkdirat": 258, "mknodat": 259, "fchownat": 260,
      "newfstatat": 262, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "fchmodat": 268, "unshare": 272,
      "splice": 275, "eventfd": 284, "accept4": 288, "eventfd2": 290, "dup3": 292, "pipe2": 293, "recvmmsg": 299,
      "open_by_handle_at": 304, "sendmmsg": 307, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
      "finit_module": 313, "renameat2": 316, "memfd_create": 319, "bpf": 321, "execveat": 322, "userfaultfd": 323,
      "io_uring_setup": 425, "openat2": 437}
AT_FDCWD, ENOENT, EBADF = -100, 2, 9
keep = []                               # what calls point at stays alive


def memory(data):
    """The address of a buffer with these bytes."""
    b = ctypes.create_string_buffer(bytes(data), len(data))
    keep.append(b)
    return ctypes.addressof(b)


def text(s):
    return memory(s.encode() + b"\0")


def vector(*parts):
    return memory(b"".join(struct.pack("QQ", memory(p), len(p)) for p in parts))


def message(parts, name=b"", control=0):
    return struct.pack("QIxxxxQQQQQ", memory(name) if name else 0, len(name), vector(*parts), len(parts),
                       memory(bytes(control)) if control else 0, control, 0)


def above(n):
    """Any number beyond this one."""
    return {"above": n}


def inet(port, address="127.0.0.1"):
    return struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton(address) + bytes(8)


def inet6(port, address="::1"):
    return struct.pack("=H", socket.AF_INET6) + struct.pack(">HI", port, 0) + socket.inet_pton(socket.AF_INET6, address) + bytes(4)


def unix(path):
    return struct.pack("=H", socket.AF_UNIX) + path


class Deeds:
    """Does calls, and writes down what their events have to say: paths as [passed, base, object], descriptors by number."""

    def __init__(self):
        self.log = []

    def __call__(self, name, /, *args, **expected):
        """One call; `type` among the expectations is the event's where it is called otherwise. Returns the result."""
        number = [ctypes.c_long(a) for a in args]
        ctypes.set_errno(0)
        result = libc.syscall(NR[name], *number)
        if result == -1 and ctypes.get_errno():
            result = -ctypes.get_errno()
        self.log.append({"name": "%s #%d" % (name, len(self.log)), "type": name, "result": result, "params": expected})
        return result


def path(passed, base=None, obj=None):
    return {"passed": passed, "base": base, "object": obj}


def files(do):
    a, fd = text("a"), os.open(DIR, os.O_RDONLY)
    new = do("open", a, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640, name=path("a", None, DIR + "/a"), flags=4 + 3 + 4096 + 16384,
             mode=0o640, ino=above(0))
    do("openat", fd, a, os.O_RDONLY, 0, dirfd=fd, name=path("a", DIR, DIR + "/a"), flags=1, mode=0)
    do("openat", fd, text("none"), os.O_WRONLY, 0, fd=-ENOENT, name=path("none", DIR), flags=2)
    do("openat2", fd, a, memory(struct.pack("QQQ", os.O_RDWR, 0, 8)), 24, name=path("a", DIR, DIR + "/a"), flags=3, mode=0, resolve=1)
    do("creat", text("b"), 0o600, name=path("b", None, DIR + "/b"), mode=0o600)
    do("write", new, memory(b"x" * 100), 100, res=100, data=["x" * 80, 100], fd=new, size=100)
    do("pwrite", new, memory(b"abc"), 3, 7, res=3, data="abc", fd=new, size=3, pos=7)
    do("pread", new, memory(bytes(20)), 20, 7, res=20, data="abc" + 17 * "x", fd=new, size=20, pos=7)
    do("writev", new, vector(b"one", b"", b"three"), 3, res=8, data="onethree", fd=new, size=8)
    do("writev", -1, vector(b"one", b"three"), 2, res=-EBADF, data="onethree", size=8)
    os.lseek(new, 0, os.SEEK_SET)
    do("read", new, memory(bytes(4)), 4, res=4, data="xxxx", fd=new, size=4)
    do("readv", new, vector(bytes(3), bytes(3)), 2, res=6, data="xxxabc", fd=new, size=6)
    do("stat", a, memory(bytes(200)), res=0, path=path("a"))
    do("lstat", a, memory(bytes(200)), res=0, path=path("a"))
    do("fstat", new, memory(bytes(200)), res=0, fd=new)
    do("newfstatat", fd, a, memory(bytes(200)), 0x100, dirfd=fd, path=path("a", DIR), flags=256)
    do("access", text("/etc/none"), 4, res=-ENOENT, name=path("/etc/none"), mode=4)
    do("fchmod", new, 0o4711, res=0, fd=new, mode=0o4711)
    do("chmod", a, 0o755, filename=path("a"), mode=0o755)
    do("fchmodat", fd, a, 0o2755, dirfd=fd, filename=path("a", DIR), mode=0o2755)
    do("chown", a, 1, 2, path=path("a"), uid=1, gid=2)
    do("lchown", a, 3, 4, path=path("a"), uid=3, gid=4)
    do("fchown", new, 5, 0xffffffff, fd=new, uid=5, gid=0xffffffff)
    do("fchownat", fd, a, 6, 7, 0x100, dirfd=fd, pathname=path("a", DIR), uid=6, gid=7, flags=1024)
    do("rename", a, text("c"), oldpath=path("a"), newpath=path("c"))
    do("renameat", fd, text("c"), AT_FDCWD, text("../%s/d" % os.path.basename(DIR)), olddirfd=fd, oldpath=path("c", DIR),
       newdirfd=AT_FDCWD, newpath=path("../%s/d" % os.path.basename(DIR)))
    do("renameat2", AT_FDCWD, text("d"), fd, text("b"), 2, oldpath=path("d"), newpath=path("b", DIR), flags=2)
    do("link", text("b"), text("l"), oldpath=path("b"), newpath=path("l"))
    do("linkat", fd, text("b"), fd, text("l2"), 0x400, olddir=fd, oldpath=path("b", DIR), newdir=fd, newpath=path("l2", DIR), flags=1024)
    do("symlink", text("../x"), text("s"), target="../x", linkpath=path("s"))
    do("symlinkat", text("y"), fd, text("s2"), target="y", linkdirfd=fd, linkpath=path("s2", DIR))
    do("unlink", text("l"), res=0, path=path("l"))
    do("unlinkat", fd, text("l2"), 0, dirfd=fd, name=path("l2", DIR), flags=0)
    do("mkdir", text("m"), 0o700, path=path("m"), mode=0o700)
    do("mkdirat", fd, text("n"), 0o711, dirfd=fd, path=path("n", DIR), mode=0o711)
    do("rmdir", text("m"), path=path("m"))
    do("unlinkat", fd, text("n"), 0x200, name=path("n", DIR), flags=512)
    do("mknod", text("p"), 0o010600, 0, path=path("p"), mode=0o010600, dev=0)
    do("mknodat", fd, text("q"), 0o140644, 0, dirfd=fd, path=path("q", DIR), mode=0o140644)
    do("chdir", text("/"), res=0, path="/")
    do("fchdir", fd, res=0, fd=fd)
    do("sendfile", new, new, memory(struct.pack("q", 5)), 3, offset=8, out_fd=new, in_fd=new, size=3)
    do("close", new, res=0, fd={"fd": new, "kind": "file", "path": DIR + "/b"})
    do("close", 999, res=-EBADF, fd=999)


def descriptors(do):
    pair = memory(bytes(8))
    do("pipe", pair, res=0, fd1=above(2), fd2=above(3), ino=above(0))
    r, w = struct.unpack("ii", ctypes.string_at(pair, 8))
    do("pipe2", memory(bytes(8)), os.O_CLOEXEC | os.O_NONBLOCK, res=0, flags=4096 + 64)
    os.write(w, b"spliced")
    do("splice", r, 0, w, 0, 100, 2, fd_in=r, fd_out=w, size=100, flags=2)
    do("dup", r, oldfd=r)
    do("dup2", r, 50, res=50, oldfd=r, newfd=50)
    do("dup3", r, 51, os.O_CLOEXEC, res=51, oldfd=r, newfd=51, flags=4096)
    do("eventfd", 3, initval=3)
    do("eventfd2", 4, os.O_NONBLOCK, initval=4, flags=64)
    do("memfd_create", text("name"), 3, name="name", flags=3)
    do("userfaultfd", os.O_CLOEXEC | os.O_NONBLOCK, flags=4096 + 64)
    do("io_uring_setup", 4, memory(bytes(120)), entries=4)
    do("bpf", 10, 0, 0, cmd=10)
    do("open_by_handle_at", AT_FDCWD, memory(bytes(16)), os.O_RDONLY, mountfd=AT_FDCWD, flags=1)


def memory_calls(do):
    page = do("mmap", 0, 4096, 3, 0x22, -1, 0, addr=0, length=4096, prot=3, flags=2 + 8, fd=-1, offset=0, vm_size=above(1000),
              vm_rss=above(500))
    do("mprotect", page, 4096, 5, res=0, addr=page, length=4096, prot=5)


def sockets(do):
    one = struct.pack("ii", 0, 0)
    do("socketpair", 1, 1, 0, memory(one), res=0, domain=1, fd1=above(2), fd2=above(3), **{"proto": 0})
    udp = do("socket", 2, 2 | 0o2000000, 17, domain=2, proto=17, flags=4096, **{"fd": above(2)})
    do("bind", udp, memory(inet(0)), 16, res=0, fd=udp, addr={"family": 2, "address": "127.0.0.1", "port": 0})
    port = socket.socket(fileno=os.dup(udp)).getsockname()[1]
    out = do("socket", 10, 2, 0, domain=10, type=2)
    do("sendto", out, memory(b"hello"), 5, 0, memory(inet6(port, "::ffff:127.0.0.1")), 28, res=5, data="hello", size=5,
       tuple=["0.0.0.0", None, "127.0.0.1", port, 17, 1])
    do("sendmsg", out, memory(message([b"two", b"parts"], inet6(port, "::ffff:127.0.0.1"))), 0, res=8, data="twoparts", size=8,
       tuple=["0.0.0.0", None, "127.0.0.1", port, 17, 1])
    many = b"".join(message([b], inet6(p, "::1")) + bytes(8) for b, p in ((b"first", 7001), (b"second", 7002)))
    do("sendmmsg", out, memory(many), 2, 0, res=2, data="first", size=5, tuple=["::", None, "::1", 7001, 17, 1])
    do.log.append(dict(do.log[-1], params=dict(res=2, data="second", size=6, tuple=["::", None, "::1", 7002, 17, 1])))
    length = memory(struct.pack("i", 16))
    do("recvfrom", udp, memory(bytes(50)), 50, 0, memory(bytes(16)), length, res=5, data="hello", fd=udp, size=50,
       tuple=["127.0.0.1", port, "127.0.0.1", None, 17, 2])
    do("recvmsg", udp, memory(message([bytes(30)], bytes(16), 64)), 0, res=8, data="twoparts", size=30, fd=udp,
       tuple=["127.0.0.1", port, "127.0.0.1", None, 17, 2])
    tcp = do("socket", 2, 1, 0, domain=2)
    do("bind", tcp, memory(inet(0)), 16, fd=tcp)
    do("listen", tcp, 7, res=0, fd=tcp, backlog=7)
    port = socket.socket(fileno=os.dup(tcp)).getsockname()[1]
    client = do("socket", 2, 1, 6, domain=2)
    do("connect", client, memory(inet(port)), 16, res=0, fd=client, tuple=["127.0.0.1", None, "127.0.0.1", port, 6, 1],
       addr={"family": 2, "address": "127.0.0.1", "port": port})
    do("accept4", tcp, 0, 0, os.O_NONBLOCK, tuple=["127.0.0.1", port, "127.0.0.1", None, 6, 2], flags=64, queuemax=7)
    do("sendto", client, memory(b"tcp"), 3, 0, 0, 0, res=3, data="tcp", tuple=["127.0.0.1", None, "127.0.0.1", port, 6, 1])
    do("connect", do("socket", 2, 1, 6), memory(inet(1)), 16, res=-111, tuple=["0.0.0.0", 0, "127.0.0.1", 1, 6, 1])
    name = unix(b"\0saker-calls-%d" % os.getpid())
    end = do("socket", 1, 2, 0, domain=1)
    do("bind", end, memory(name), len(name), res=0)
    do("sendto", do("socket", 1, 2, 0), memory(b"u"), 1, 0, memory(name), len(name), res=1, data="u",
       tuple=["", 0, name[2:].decode(), 0, 0, 0])
    do("socket", 16, 3, 9, domain=16, type=3, proto=9)
    raw = do("socket", 2, 3, 1, domain=2, type=3, proto=1)
    do("sendto", raw, memory(b"\x08" + bytes(7)), 8, 0, memory(inet(4321)), 16, res=8, tuple=["0.0.0.0", 0, "127.0.0.1", 0, 1, 1])


def processes(do):
    me = os.getpid()
    do("kill", me, 0, res=0, pid=me, sig=0)
    do("tkill", me, 0, tid=me, sig=0)
    do("tgkill", me, me, 0, pid=me, tid=me, sig=0)
    do("ptrace", 16, 999999, 0, 0, res=-3, request=11, pid=999999)
    do("setpgid", 0, 0, pid=0, pgid=0)
    do("setsid", **{})
    do("prctl", 15, text("renamed"), 0, 0, 0, option=15, arg2_str="renamed", arg2_int=0)
    do("prctl", 4, 1, 0, 0, 0, option=4, arg2_str="", arg2_int=1)
    do("process_vm_writev", me, vector(b"ab", b"c"), 2, vector(bytes(3)), 1, 0, res=3, pid=me, data="abc")
    do("process_vm_readv", me, vector(bytes(3)), 1, vector(b"xyz"), 1, 0, res=3, pid=me, data="xyz")
    do("init_module", memory(b"not a module"), 12, text("a=1"), img="not a module", length=12, uargs="a=1")
    do("finit_module", 0, text("b=2"), 3, fd=0, uargs="b=2", flags=3)
    do("delete_module", text("nosuch"), os.O_NONBLOCK, name="nosuch", flags=2)
    os.mkdir("mnt")
    do("mount", text("src"), text("mnt"), text("tmpfs"), 0xc0ed0000 | 2 | 4, 0, res=0, dev="src", dir=path("mnt"), type="tmpfs",
       flags=2 + 4)
    do("umount2", text("mnt"), 2, res=0, name=path("mnt"), flags=2)
    ns = do("open", text("/proc/self/ns/net"), os.O_RDONLY, name=path("/proc/self/ns/net"))
    do("setns", ns, 0x40000000, res=0, fd=ns, nstype=16)
    do("unshare", 0x200, res=0, flags=2)
    with open("/proc/self/status") as f:
        caps = next(int(line.split()[1], 16) for line in f if line.startswith("CapPrm:"))
    low, high = caps & 0xffffffff, caps >> 32
    do("capset", memory(struct.pack("Ii", 0x20080522, 0)), memory(struct.pack("6I", low & ~1, low, 0, high, high, 0)), res=0,
       cap_inheritable=0, cap_permitted=caps, cap_effective=caps & ~1)
    do("execveat", AT_FDCWD, text("/nonexistent"), vector(), vector(), 0, res=-ENOENT)
    do("setregid", 0xffffffff, 5, rgid=-1, egid=5)
    do("setgid", 0, gid=0)
    do("setresgid", 1, 2, 3, rgid=1, egid=2, sgid=3)
    do("chroot", text(DIR), res=0, path=path(DIR))
    do("setreuid", 0xffffffff, 0, ruid=-1, euid=0)
    do("setuid", 0, uid=0)
    do("setresuid", 1, 2, 3, res=0, ruid=1, euid=2, suid=3)


def run_deeds(log):
    os.chdir(DIR)
    do = Deeds()
    for part in (files, descriptors, memory_calls, sockets, processes):
        part(do)
    os.write(log, json.dumps(do.log).encode())


def address(raw):
    """The text of an address: JSON has it as bytes, or as base64 of them."""
    if raw is None:
        return None
    if isinstance(raw, dict):
        import base64
        data = base64.b64decode(raw["base64"])
    else:
        data = raw.encode()
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data) if len(data) in (4, 16) else raw


def same(found, expected, name):
    if name == "tuple":
        if not found:
            return False
        inet_family = found["family"] != 1
        values = [address(found["local"]) if inet_family else found["local"], found["lport"],
                  address(found["remote"]) if inet_family else found["remote"], found["rport"], found["protocol"], found["role"]]
        return all(e is None or v == e for v, e in zip(values, expected))
    if isinstance(found, dict) and "fd" in found:
        found = {k: found[k] for k in expected} if isinstance(expected, dict) and "fd" in expected else found["fd"]
    if isinstance(found, dict) and "family" in found:
        found = dict(found, address=address(found["address"]))
    if isinstance(expected, dict) and "above" in expected:
        return int(found) > expected["above"]
    return found == expected


def main():
    tap = Tap()
    raw = DIR + "/raw"
    with open(raw, "wb") as out:
        probe = probe_start("-a", stdout=out)
        r, w = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                run_deeds(w)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(w)
        deeds = json.loads(os.read(r, 1 << 20) or b"[]")
        tap.is_(os.waitpid(child, 0)[1], 0, "the calls were made")
        tap.is_(stop(probe), 0, "the probe has ended well")
    with open(raw, "rb") as f:
        lines = subprocess.run([BIN + "/frames"], stdin=f, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    hello = None
    events = []
    for line in lines:
        e = json.loads(line)
        if e["kind"] == "hello":
            hello = e
        elif e["kind"] == "event" and e["tid"] == child:
            events.append(e)
    at = 0
    for deed in deeds:
        n = next((i for i in range(at, len(events)) if events[i]["type"] == deed["type"] and events[i]["result"] == deed["result"]), None)
        if n is None:
            tap.ok(False, deed["name"], "no event of result %r" % deed["result"])
            continue
        at = n + 1
        params = events[n]["params"]
        wrong = ["%s: found %r, expected %r" % (k, params.get(k), v) for k, v in deed["params"].items() if not same(params.get(k), v, k)]
        tap.ok(not wrong, deed["name"], *wrong)
    done = {d["type"] for d in deeds}
    names = {t["type"]: t["name"] for t in hello["schema"]}
    captured = {names[t] for t in hello["types"]}
    elsewhere = {"execve", "clone", "clone3", "fork", "vfork", "procexit", "accept", "umount", "recvmmsg", "stat64", "lstat64", "fstat64",
                 "mmap2"}
    tap.is_(sorted(captured - done - elsewhere), [], "each captured type is among the calls")
    tap.end()


if __name__ == "__main__":
    main()
