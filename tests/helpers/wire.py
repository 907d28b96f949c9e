"""The wire in Python's standard library, for tests: msgpack, frames, and records with defaults.

    pack(value) -> bytes            values: None, bool, int, float, str, bytes, list, dict, Raw
    unpack(body) -> [value, ...]
    frame(kind, *values) -> bytes   frames(data) -> [(kind, body), ...]
    hello(), proc(), thread(), exit_(), event(), container(), name(), json_(), stat(), end(): whole frames
"""
import os
import re
import struct

HELLO, PROC, THREAD, EXIT, EVENT, CONTAINER, NAME, HOST, JSON, ALERT, EVIDENCE, ACK, STAT, PLAN, CGROUP, END = range(1, 17)
HERE = os.path.dirname(os.path.abspath(__file__))
WIRE = os.path.join(HERE, "..", "..", "wire")
TIME = 1_700_000_000_000_000_000
NOW = ("host", "boot-1", "test", TIME)


class Raw(bytes):
    """Bytes that pack() takes over as they are: for forms that a proper writer never uses."""


def _head(n, fix, fixmax, forms):
    if n <= fixmax:
        return bytes([fix | n])
    for code, fmt, limit in forms:
        if n <= limit:
            return bytes([code]) + struct.pack(fmt, n)
    raise ValueError("too long")


def _int(i):
    if i >= 0:
        return _head(i, 0, 0x7f, [(0xcc, ">B", 0xff), (0xcd, ">H", 0xffff), (0xce, ">I", 2**32 - 1), (0xcf, ">Q", 2**64 - 1)])
    if i >= -32:
        return struct.pack(">b", i)
    for code, fmt, low in ((0xd0, ">b", -2**7), (0xd1, ">h", -2**15), (0xd2, ">i", -2**31), (0xd3, ">q", -2**63)):
        if i >= low:
            return bytes([code]) + struct.pack(fmt, i)
    raise ValueError("too small")


def pack(v):
    if isinstance(v, Raw):
        return bytes(v)
    if v is None:
        return b"\xc0"
    if isinstance(v, bool):
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        return _int(v)
    if isinstance(v, float):
        return b"\xcb" + struct.pack(">d", v)
    if isinstance(v, str):
        b = v.encode("utf-8", "surrogateescape")
        return _head(len(b), 0xa0, 31, [(0xd9, ">B", 0xff), (0xda, ">H", 0xffff), (0xdb, ">I", 2**32 - 1)]) + b
    if isinstance(v, (bytes, bytearray)):
        return _head(len(v), 0, -1, [(0xc4, ">B", 0xff), (0xc5, ">H", 0xffff), (0xc6, ">I", 2**32 - 1)]) + bytes(v)
    if isinstance(v, (list, tuple)):
        return _head(len(v), 0x90, 15, [(0xdc, ">H", 0xffff), (0xdd, ">I", 2**32 - 1)]) + b"".join(map(pack, v))
    if isinstance(v, dict):
        head = _head(len(v), 0x80, 15, [(0xde, ">H", 0xffff), (0xdf, ">I", 2**32 - 1)])
        return head + b"".join(pack(k) + pack(x) for k, x in v.items())
    raise TypeError(type(v))


_NUMBERS = {0xca: ">f", 0xcb: ">d", 0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q",
            0xd0: ">b", 0xd1: ">h", 0xd2: ">i", 0xd3: ">q"}
_LENGTHS = {0xd9: (">B", "s"), 0xda: (">H", "s"), 0xdb: (">I", "s"), 0xc4: (">B", "b"), 0xc5: (">H", "b"),
            0xc6: (">I", "b"), 0xdc: (">H", "a"), 0xdd: (">I", "a"), 0xde: (">H", "m"), 0xdf: (">I", "m")}


def _unpack1(b, at):
    t = b[at]
    at += 1
    if t <= 0x7f:
        return t, at
    if t >= 0xe0:
        return t - 256, at
    if t in (0xc0, 0xc2, 0xc3):
        return {0xc0: None, 0xc2: False, 0xc3: True}[t], at
    if t in _NUMBERS:
        n = struct.calcsize(_NUMBERS[t])
        return struct.unpack_from(_NUMBERS[t], b, at)[0], at + n
    if t in _LENGTHS:
        fmt, what = _LENGTHS[t]
        n = struct.unpack_from(fmt, b, at)[0]
        at += struct.calcsize(fmt)
    elif t <= 0x8f:
        n, what = t & 15, "m"
    elif t <= 0x9f:
        n, what = t & 15, "a"
    elif t <= 0xbf:
        n, what = t & 31, "s"
    else:
        raise ValueError("0x%02x at %d" % (t, at - 1))
    if what in "sb":
        if at + n > len(b):
            raise ValueError("cut at %d" % at)
        s = bytes(b[at:at + n])
        return (s.decode("utf-8", "surrogateescape") if what == "s" else s), at + n
    items = []
    for _ in range(n * (2 if what == "m" else 1)):
        item, at = _unpack1(b, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if what == "m" else items), at


def unpack(body):
    values, at = [], 0
    while at < len(body):
        v, at = _unpack1(body, at)
        values.append(v)
    return values


def header(kind, length):
    return b"\xc9" + struct.pack(">Ib", length, kind)


def frame(kind, *values):
    body = b"".join(map(pack, values))
    return header(kind, len(body)) + body


def frames(data):
    found, at = [], 0
    while at < len(data):
        if data[at] != 0xc9:
            raise ValueError("byte %d is no frame" % at)
        length, kind = struct.unpack_from(">Ib", data, at + 1)
        if at + 6 + length > len(data):
            raise ValueError("the frame at %d is cut" % at)
        found.append((kind, bytes(data[at + 6:at + 6 + length])))
        at += 6 + length
    return found


def _table(name):
    with open(os.path.join(WIRE, name), encoding="utf-8") as f:
        return re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)


def events():
    """wire/events.def: {number: (name, category, [[param, type, format, set, dir], ...])}"""
    table = {}
    for number, name_, category, rest in re.findall(
            r'EVENT\((\d+), "([^"]+)", "([^"]+)",(.*?)(?=\nEVENT\(|\Z)', _table("events.def"), re.S):
        params = re.findall(r'P\("([^"]+)", (\w+), (\w+), (\w+), (-?\d+)\)', rest)
        table[int(number)] = (name_, category, [
            [p, t, {"DEC": "d", "HEX": "x", "OCT": "o"}[f], None if s == "NONE" else s, None if d == "-1" else int(d)]
            for p, t, f, s, d in params])
    return table


def facts():
    return re.findall(r'FACT\(\d+, \w+, "(\w+)"\)', _table("facts.def"))


EVENTS = events()
FACTS = facts()


def type_number(name_):
    """The type of a name; of two the exit event, which has the higher number."""
    return max(n for n, e in EVENTS.items() if e[0] == name_)


def hello(source=NOW, mode="recorded", program="test", version="0", kernel="6.1.0", arch="x86_64", clock_offset=0,
          types=None, plan=None, links=()):
    schema = [[n, e[0], e[1], e[2]] for n, e in sorted(EVENTS.items())]
    return frame(HELLO, 1, program, version, list(source), mode, kernel, arch, clock_offset, schema,
                 sorted(EVENTS) if types is None else list(types), plan, [list(x) for x in links])


def key(pid, start=1000):
    """A task key: start in units of 10 ms since boot, and the thread id."""
    return start << 22 | pid


DEFAULTS = {
    "sid": 1, "vsid": 1, "pgid": 1, "vpgid": 1, "tty": None, "comm": b"test", "exe": b"/usr/bin/test",
    "argv": [b"/usr/bin/test"], "env": [], "exepath": b"/usr/bin/test", "exe_dev": 0x800001, "exe_ino": 4711,
    "exe_ctime": TIME, "exe_mtime": TIME, "exe_flags": 0, "cwd": b"/", "root": b"/", "uid": 0, "euid": 0, "suid": 0,
    "fsuid": 0, "gid": 0, "egid": 0, "sgid": 0, "fsgid": 0, "groups": [], "loginuid": -1, "sessionid": -1,
    "cap_permitted": 0, "cap_effective": 0, "cap_inheritable": 0, "cap_bounding": 0,
    "namespaces": [4026531841, 4026531836, 4026531840, 4026531837, 4026531838, 4026531839, 4026531835, 4026531834],
    "pidns_start": 0, "cgroup": 1, "container": None, "start": TIME, "exec": TIME, "fdlimit": 1024,
    "no_new_privs": False, "seccomp": 0, "ptracer": None,
}


def proc(pid, parent=None, key_=None, fork_parent=None, **given):
    """PROC with defaults; facts by name. A `comm` alone also names exe, argv and exepath."""
    values = dict(DEFAULTS, pid=pid, vpid=pid)
    if "comm" in given:
        path = b"/usr/bin/" + given["comm"]
        values.update(exe=path, exepath=path, argv=[path])
    values.update(given)
    unknown = set(given) - set(FACTS)
    if unknown:
        raise ValueError("unknown facts %s" % unknown)
    return frame(PROC, key(pid) if key_ is None else key_, parent, fork_parent, *[values[f] for f in FACTS])


def thread(key_, process, tid, vtid=None, **given):
    return frame(THREAD, key_, process, tid, tid if vtid is None else vtid, {FACTS.index(k): v for k, v in given.items()})


def exit_(key_, time=TIME, status=0):
    return frame(EXIT, key_, time, status)


def _fix64(u):
    return Raw(b"\xcf" + struct.pack(">Q", u))


def event(type_, id_=1, time=TIME, pid=1, process=None, task=None, tid=None, cpu=0, result=0, facts_=None, extra=(), **params):
    """EVENT by the type's name or number; parameters by name, those that are not given are nil."""
    number = type_ if isinstance(type_, int) else type_number(type_)
    names = [p[0] for p in EVENTS[number][2]]
    unknown = set(params) - set(names)
    if unknown:
        raise ValueError("unknown parameters %s" % unknown)
    process = key(pid) if process is None else process
    task = process if task is None else task
    more = [facts_, *extra] if facts_ is not None or extra else []
    return frame(EVENT, _fix64(time), _fix64(id_), Raw(b"\xcd" + struct.pack(">H", number)), _fix64(process), _fix64(task),
                 pid if tid is None else tid, cpu, result, *[params.get(n) for n in names], *more)


def container(id_, found="docker:disk", **fields):
    return frame(CONTAINER, id_, {k.replace("__", "."): v for k, v in fields.items()}, found)


def name(number, name_, type_="user", scope=None, home=None, shell=None):
    return frame(NAME, scope, type_, number, name_, home, shell)


def json_(document, id_=1, source="test", time=TIME):
    return frame(JSON, time, id_, source, document if isinstance(document, bytes) else document.encode())


def stat(stage="test", source=NOW, time=TIME, **counters):
    return frame(STAT, list(source), stage, source[3], time, 0, {k.replace("__", "."): v for k, v in counters.items()})


def end(reason=""):
    return frame(END, reason)
