"""Captures of one's own making, in the version that is written today: processes, descriptors, then events by name.

    c = Capture(); c.process(tid, ...); c.fds(tid, {number: entry}); c.event("openat", tid, fd=3, name="/x", ...)
    c.data() -> bytes           a parameter that is not given is empty; the table is wire/events.def
    unix(...), inet(...): socket addresses and tuples
"""
import os
import re
import socket
import struct

import wire

BOOT, FIRST = 1_700_000_000_000_000_000, 1_700_000_100_000_000_000
MS = 1_000_000
SIZES = {"INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "FD": "q",
         "FD32": "i", "PID": "q", "PID32": "i", "ERRNO": "q", "UID": "I", "GID": "I", "FLAGS8": "B", "FLAGS16": "H", "FLAGS32": "I",
         "ENUMFLAGS8": "B", "ENUMFLAGS16": "H", "ENUMFLAGS32": "I", "MODE": "I", "SIGTYPE": "B", "SIGSET": "I", "SYSCALLID": "H",
         "RELTIME": "Q", "ABSTIME": "Q", "PORT": "H"}
TEXTS = ("CHARBUF", "FSPATH", "FSRELPATH")


def table():
    with open(os.path.join(wire.WIRE, "events.def"), encoding="utf-8") as f:
        text = f.read()
    events = {}
    for m in re.finditer(r'^EVENT\((\d+), "([^"]+)", "[^"]+", (\w+),(.*?)\)\n(?=EVENT|\Z|/\*|\n)', text, re.M | re.S):
        params = re.findall(r'P\("(\w+)", (\w+),', m[4])
        if m[3] != "ENTER" or m[2] not in events:
            events[m[2]] = (int(m[1]), params)
    return events


EVENTS = table()


def inet(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return bytes([family]) + socket.inet_pton(family, address) + struct.pack("<H", port)


def inet_tuple(source, sport, target, dport):
    return inet(source, sport) + inet(target, dport)[1:]


def unix(path):
    return b"\x01" + path.encode() + b"\0"


def unix_tuple(source, target, path):
    return b"\x01" + struct.pack("<QQ", source, target) + path.encode() + b"\0"


def text(s):
    b = s if isinstance(s, bytes) else s.encode()
    return struct.pack("<H", len(b)) + b


def nuls(items):
    return b"".join(i.encode() + b"\0" for i in items)


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def encode(kind, v):
    if v is None:
        return b""
    if kind in SIZES:
        return struct.pack("<" + SIZES[kind], v)
    if kind == "FDLIST":
        return struct.pack("<H", len(v)) + b"".join(struct.pack("<qh", *p) for p in v)
    if isinstance(v, bytes):
        return v
    if isinstance(v, (list, tuple)):
        return nuls(v)
    return v.encode() + (b"\0" if kind in TEXTS else b"")


class Capture:
    def __init__(self):
        self.before, self.after, self.time, self.users = [], [], FIRST, []

    def process(self, tid, pid=None, ptid=1, comm="a", exe=None, args=(), cwd="/", env=(), uid=1000, gid=1000, sid=1, vpgid=1, pgid=1,
                vtid=None, vpid=None, cgroups=(), tty=0, exepath=None, loginuid=2**32 - 1, caps=(0, 0, 0), fdlimit=1024):
        pid = tid if pid is None else pid
        vtid, vpid = tid if vtid is None else vtid, pid if vpid is None else vpid
        body = struct.pack("<QQQqq", tid, pid, ptid, sid, vpgid) + text(comm) + text(exe or comm) + text(exepath or "/bin/" + comm)
        body += text(nuls(args)) + text(cwd) + struct.pack("<qIII", fdlimit, 0, uid, gid) + struct.pack("<IIIQQ", 9, 8, 7, 0, 0)
        body += text(nuls(env)) + struct.pack("<qq", vtid, vpid) + text(nuls(cgroups)) + text("/")
        body += struct.pack("<QIIB", 0, tty, loginuid, 0) + struct.pack("<QQQ", *caps) + struct.pack("<BQQQ", 0, 5, 6, 7)
        body += struct.pack("<BBq", 0, 0, pgid)
        self.before.append(block(0x215, struct.pack("<I", len(body) + 4) + body))

    def fds(self, tid, entries):
        body = struct.pack("<Q", tid)
        for number, (ino, kind, rest) in entries.items():
            one = struct.pack("<QQB", number, ino, kind) + rest
            body += struct.pack("<I", len(one) + 4) + one
        self.before.append(block(0x218, body))

    def user(self, uid, name, home="/home", shell="/bin/sh", group=False):
        one = struct.pack("<BI", group, uid) + (b"" if group else struct.pack("<I", uid)) + text(name)
        one += b"" if group else text(home) + text(shell)
        self.before.append(block(0x220, struct.pack("<I", len(one) + 4) + one))

    def interface(self, address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        raw = socket.inet_pton(family, address)
        one = struct.pack("<HH", 2 if ":" in address else 1, 4) + raw + bytes(2 * len(raw) + 8) + b"eth0"
        self.before.append(block(0x219, struct.pack("<I", len(one)) + one))

    def event(self, event, thread, /, *, after=MS, cpu=0, fewer=0, code=None, **values):
        number, params = EVENTS[event]
        unknown = values.keys() - {n for n, _ in params}
        if unknown:
            raise ValueError("%s has no %r" % (event, unknown))
        parts = [encode(kind, values.get(name)) for name, kind in params][:len(params) - fewer]
        large = event in ("container", "asyncevent", "pluginevent")
        lengths = b"".join(struct.pack("<I" if large else "<H", len(p)) for p in parts)
        body = lengths + b"".join(parts)
        self.time += after
        head = struct.pack("<QqIHI", self.time, thread, 26 + len(body), code or number, len(parts))
        self.after.append(block(0x221 if large else 0x216, struct.pack("<H", cpu) + head + body))

    def data(self):
        machine = struct.pack("<IQQ128sQQQQ", 2, 1 << 30, 32768, b"made", BOOT, 0, 0, 0)
        section = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 2, -1))
        return section + block(0x201, machine) + b"".join(self.before + self.after)


def clone(kind, capture, parent, child, comm="a", flags=0, pid=None, ptid=None, **more):
    """Both ends of a clone, the parent's first."""
    same = dict(exe=comm, args=[], cwd="", fdlimit=1024, pgft_maj=0, pgft_min=0, vm_size=1, vm_rss=1, vm_swap=0, comm=comm, flags=flags,
                uid=1000, gid=1000)
    same.update(more)
    capture.event(kind, parent, res=child, tid=parent, pid=pid or parent, ptid=1, vtid=parent, vpid=pid or parent, **same)
    capture.event(kind, child, res=0, tid=child, pid=pid or child, ptid=ptid or parent, vtid=child, vpid=pid or child, **same)
