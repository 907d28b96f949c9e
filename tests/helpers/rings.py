"""tests/live/io_uring.t: asks io_uring for calls, and compares what rules see of each with what was asked for."""
import ctypes
import mmap
import os
import socket
import struct
import subprocess
import threading

from calls_deeds import inet, unix
from live import BIN, Tap, alerts, last_stat, probe_start, skip_all, stop
from syscalls import AT_FDCWD, Caller, Memory

DIR = os.environ["DIR"]
CONNECT, OPENAT, OPENAT2, RENAMEAT, UNLINKAT, MKDIRAT, SYMLINKAT, LINKAT, SOCKET = 16, 18, 28, 35, 36, 37, 38, 39, 45
ASYNC, SKIP = 1 << 4, 1 << 6           # by a worker; no completion when it succeeds
SQPOLL = 2
ENOENT, EEXIST, ECONNREFUSED = 2, 17, 111
TYPES = "openat,openat2,renameat2,unlinkat,mkdirat,symlinkat,linkat,connect,socket"
RULES = """
- rule: all
  desc: what rules see
  condition: evt.type in (%s) and proc.pid = %d
  output: "%%evt.type %%thread.tid %%evt.rawres %%fd.num %%fd.name %%fd.typechar %%proc.name %%fd.sip %%fd.sport %%proc.nthreads %%proc.stdin.name %%evt.args"
  priority: INFO
- rule: read of a secret
  desc: what Falco's open_read says
  condition: evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.typechar = 'f' and fd.num >= 0 and
    fd.name endswith /secret and proc.pid = %d
  output: "secret"
  priority: INFO
"""


PLAN = """plan 1
event openat openat2
  pass ok path-under %s/secret
event mkdirat
  pass uid 4294967293
event connect
  pass failed
"""


class Ring:
    """One ring of 8 entries; requests are handed in and waited for one by one."""

    def __init__(self, caller, flags=0):
        self.caller = caller
        params = caller.put(struct.pack("10I", 0, 0, flags, 0, 2000, 0, 0, 0, 0, 0) + bytes(80))
        self.fd, self.flags = caller.call("io_uring_setup", 8, params), flags
        if self.fd < 0:
            return
        p = struct.unpack("30I", ctypes.string_at(params, 120))
        self.sq, self.cq = p[10:], p[20:]
        rings, shared = max(self.sq[6] + 4 * p[0], self.cq[5] + 16 * p[1]), mmap.PROT_READ | mmap.PROT_WRITE
        self.map = mmap.mmap(self.fd, rings, flags=mmap.MAP_SHARED, prot=shared, offset=0)
        self.entries = mmap.mmap(self.fd, 64 * p[0], flags=mmap.MAP_SHARED, prot=shared, offset=0x10000000)
        self.mask = p[0] - 1
        # A table of its own for files, all of it empty: registered files, 12 of them.
        self.table = caller.call("io_uring_register", self.fd, 2, caller.put(struct.pack("12i", *[-1] * 12)), 12) == 0

    def word(self, at):
        return struct.unpack_from("I", self.map, at)[0]

    def ask(self, op, fd, addr=0, off=0, length=0, op_flags=0, flags=0, slot=0):
        """Hands a request in and waits for it, if it tells; its result."""
        tail, head = self.word(self.sq[1]), self.word(self.cq[0])
        entry = struct.pack("BBHiQQIIQHHIQQ", op, flags, 0, fd, off, addr, length & 0xffffffff, op_flags, 1, 0, 0, slot, 0, 0)
        self.entries[(tail & self.mask) * 64:(tail & self.mask) * 64 + 64] = entry
        struct.pack_into("I", self.map, self.sq[6] + 4 * (tail & self.mask), tail & self.mask)
        struct.pack_into("I", self.map, self.sq[1], tail + 1)
        wait = 0 if flags & SKIP else 1
        self.caller.call("io_uring_enter", self.fd, 1, wait, 1 | (2 if self.flags & SQPOLL else 0), 0, 0)
        if not wait:
            return None
        # What wakes who waits for a ring's own thread may be something else.
        while self.word(self.cq[1]) == head:
            self.caller.call("io_uring_enter", self.fd, 0, 1, 1, 0, 0)
        result = struct.unpack_from("i", self.map, self.cq[5] + 16 * (head & self.word(self.cq[2])) + 8)[0]
        struct.pack_into("I", self.map, self.cq[0], head + 1)
        return result


class Asker:
    """Asks, and writes down what rules have to see."""

    def __init__(self, caller, ring, log, how):
        self.text, self.put, self.ring, self.log, self.how = caller.text, caller.put, ring, log, how

    def __call__(self, event, op, *args, says=(), result=None, **given):
        fields = {n.replace("_", "."): v for n, v in given.items() if "_" in n}
        found = self.ring.ask(op, *args, **{n: v for n, v in given.items() if "_" not in n or n == "op_flags"})
        fields.pop("op.flags", None)
        if result is not None and found != result:
            raise SystemExit("Bail out! %s: result %r, expected %r" % (event, found, result))
        fields |= {"evt.rawres": str(found or 0), "proc.name": "asker"}
        fields["thread.tid"] = str(threading.get_native_id())
        self.log.append(("%s: %s #%d" % (self.how, event, len(self.log)), event, fields, says))
        return found

    def files(self, flags):
        name = self.how.replace(" ", "-")
        fd = os.open(DIR, os.O_RDONLY)
        path = lambda n: "%s-%s" % (name, n)
        whole = lambda n: "%s/%s" % (DIR, path(n))
        new = self("openat", OPENAT, fd, self.text(path("a")), 0, 0o640, os.O_CREAT | os.O_RDWR, flags=flags, fd_name=whole("a"),
                   fd_typechar="f", says=["(O_CREAT|O_RDWR|O_F_CREATED)", "name=%s(%s)" % (path("a"), whole("a")), "mode=640"])
        if new is None or new < 0:
            raise SystemExit("Bail out! openat: %r" % new)
        self.log[-1][2]["fd.num"] = str(new)
        how = self.put(struct.pack("QQQ", os.O_WRONLY, 0, 8))
        self("openat2", OPENAT2, fd, self.text(path("a")), how, 24, flags=flags, fd_name=whole("a"),
             says=["(O_WRONLY)", "(RESOLVE_BENEATH)"])
        self("openat", OPENAT, AT_FDCWD, self.text("/nowhere/x"), flags=flags, result=-ENOENT,
             says=["name=/nowhere/x", "(O_RDONLY)"])
        self("linkat", LINKAT, fd, self.text(path("a")), self.text(whole("b")), AT_FDCWD, flags=flags, result=0,
             says=["oldpath=%s(%s)" % (path("a"), whole("a")), "newpath=" + whole("b")])
        self("symlinkat", SYMLINKAT, fd, self.text("../x"), self.text(path("s")), flags=flags, result=0,
             says=["target=../x", "linkpath=%s(%s)" % (path("s"), whole("s"))])
        self("symlinkat", SYMLINKAT, fd, self.text("../x"), self.text(path("s")), flags=flags, result=-EEXIST,
             says=["res=-17(EEXIST)"])
        self("mkdirat", MKDIRAT, fd, self.text(path("m")), 0, 0o710, flags=flags, result=0,
             says=["path=%s(%s)" % (path("m"), whole("m")), "mode=1C8"])
        self("renameat2", RENAMEAT, fd, self.text(path("a")), self.text(path("c")), fd, 1, flags=flags, result=0,
             says=["oldpath=%s(%s)" % (path("a"), whole("a")), "newpath=%s(%s)" % (path("c"), whole("c")), "(RENAME_NOREPLACE)"])
        self("unlinkat", UNLINKAT, fd, self.text(path("c")), flags=flags, result=0,
             says=["name=%s(%s)" % (path("c"), whole("c"))])
        self("unlinkat", UNLINKAT, fd, self.text(path("m")), op_flags=0x200, flags=flags, result=0, says=["(AT_REMOVEDIR)"])
        self("unlinkat", UNLINKAT, fd, self.text(path("m")), op_flags=0x200, flags=flags, result=-ENOENT, says=["res=-2(ENOENT)"])
        self("openat", OPENAT, fd, self.text("secret"), flags=flags, fd_name=DIR + "/secret", says=["(O_RDONLY)"])
        if self.ring.table:
            for slot in (3, 0xffffffff):
                self("openat", OPENAT, fd, self.text("secret"), flags=flags, slot=slot, fd_name=DIR + "/secret", fd_typechar="f",
                     says=["(O_RDONLY)"])
        if flags == 0:
            self("mkdirat", MKDIRAT, fd, self.text(path("quiet")), 0, 0o700, flags=SKIP, says=["res=0", path("quiet")])
        os.close(fd)

    def sockets(self, flags):
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        for address, result in (("127.0.0.1", 0), ("127.0.0.2", -ECONNREFUSED)):
            s = socket.socket()
            there = inet(port, address)
            self("connect", CONNECT, s.fileno(), self.put(there), len(there), flags=flags, result=result, fd_num=str(s.fileno()),
                 fd_sip=address, fd_sport=str(port), fd_typechar="4", says=["addr=%s:%d" % (address, port)])
            s.close()
        s = self("socket", SOCKET, socket.AF_INET, 0, socket.SOCK_DGRAM, flags=flags, says=["domain=2(AF_INET)", "type=2"])
        if s == -22:
            self.log.pop()             # older than 5.19
        path = DIR + "/" + self.how.replace(" ", "-") + ".sock"
        server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()
        name = unix(path.encode() + b"\0")
        self("connect", CONNECT, client.fileno(), self.put(name), len(name), flags=flags, result=0, fd_name=path, fd_typechar="u")


def ask_all(caller, log):
    plain = Ring(caller)
    for how, ring, flags in (("at once", plain, 0), ("worker", plain, ASYNC), ("poller", Ring(caller, SQPOLL), 0)):
        if ring.fd >= 0:
            for part in (Asker.files, Asker.sockets):
                part(Asker(caller, ring, log, how), flags)

    def thread():
        Asker(caller, Ring(caller), log, "thread").files(0)
        Asker(caller, plain, log, "thread-worker").files(ASYNC)
    t = threading.Thread(target=thread)
    t.start()
    t.join()


def fits(fields, event, expected, says):
    return (fields["evt.type"] == event and all(fields.get(k) == v for k, v in expected.items()) and
            all(text in fields["evt.args"] for text in says))


def seen(*args, caller, log):
    """What rules see of what is asked for while a probe with these arguments watches; its counters, and how it ended."""
    with open(DIR + "/raw", "wb") as out:
        probe = probe_start(*args, stdout=out)
        try:
            ask_all(caller, log)
        finally:
            status = stop(probe)
    with open(DIR + "/raw", "rb") as f:
        data = f.read()
    matched = subprocess.run([BIN + "/match", "-r", DIR + "/rules.yaml", "-O", "rule_matching=all"], input=data,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    found = [(dict(said[0][1]), [rule for rule, _, _ in said], said[0][2]) for _, said in sorted(alerts(matched).items())]
    return found, last_stat(data, "probe"), status


def accounted(c, types):
    """By type what was wanted, and what came of it."""
    parts = ("wanted", "rejected", "self", "delivered", "dropped.full", "dropped.scratch")
    sums = {t: [c.get("kernel.%s.%s" % (p, t), 0) for p in parts] for t in types}
    return all(n[0] == sum(n[1:]) and n[0] > 0 for n in sums.values()), sums


def check_plan(tap, caller):
    """Another probe, with a plan, sees of the same what the plan lets through."""
    log = []
    with open(DIR + "/plan", "w") as f:
        f.write(PLAN % DIR)
    for name in [n for n in os.listdir(DIR) if n[-2:] in ("-b", "-s") or n.endswith(("-quiet", ".sock"))]:
        (os.rmdir if name.endswith("-quiet") else os.unlink)(DIR + "/" + name)
    found, c, status = seen("-p", DIR + "/plan", caller=caller, log=log)
    tap.is_(status, 0, "with a plan the probe ends well")
    opened = [f["fd.name"] for f, _, _ in found if f["evt.type"] in ("openat", "openat2")]
    asked = [e["fd.name"] for _, event, e, _ in log if event.startswith("openat") and e.get("fd.name", "") == DIR + "/secret"]
    tap.is_(opened, asked, "files are let through by their paths")
    refused = [e for _, event, e, _ in log if event == "connect" and int(e["evt.rawres"]) < 0]
    tap.is_(len([f for f, _, _ in found if f["evt.type"] == "connect"]), len(refused), "calls by what came of them")
    tap.is_([f["evt.type"] for f, _, _ in found if f["evt.type"] not in ("openat", "openat2", "connect")], [], "and by who asks")
    exact, sums = accounted(c, ("openat", "openat2", "mkdirat", "connect"))
    tap.ok(exact and all(n[1] > 0 for n in sums.values()), "what is rejected is accounted for, too", sums)


def main():
    tap, log = Tap(), []
    caller = Caller(Memory(), 8)
    if Ring(caller).fd < 0:
        skip_all("this kernel has no io_uring, or forbids it")
    with open(DIR + "/secret", "w") as f:
        f.write("x")
    with open("/proc/self/comm", "w") as f:
        f.write("asker")
    os.chdir("/")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    with open(DIR + "/rules.yaml", "w") as f:
        f.write(RULES % (TYPES, os.getpid(), os.getpid()))
    found, c, status = seen("-e", TYPES, "-w", "threads,fds-0-2", caller=caller, log=log)
    tap.is_(status, 0, "the probe has ended well")
    secrets = at = 0
    for what, event, expected, says in log:
        # Between them are what Python itself opens, and the sockets that it makes.
        n = next((i for i in range(at, len(found)) if fits(found[i][0], event, expected, says)), None)
        if n is None:
            near = [f for f, _, _ in found[at:] if f["evt.type"] == event][:2]
            tap.ok(False, what, "expected %r, %r" % (expected, says), *near)
            continue
        at = n + 1
        secrets += "read of a secret" in found[n][1]
        tap.ok(found[n][2], what, "not complete")
    lacking = [f for f, _, _ in found if not f["proc.nthreads"] or f["proc.stdin.name"] != "/dev/null"]
    tap.ok(not lacking, "each brings what is wanted besides", *lacking[:2])
    tap.is_(secrets, sum("/secret" in e.get("fd.name", "") for _, _, e, _ in log), "a rule for secrets is raised each time")
    exact, sums = accounted(c, TYPES.split(","))
    tap.ok(exact, "each is accounted for", sums)
    check_plan(tap, caller)
    tap.end()


if __name__ == "__main__":
    main()
