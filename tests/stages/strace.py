#!/usr/bin/env python3
"""Prints the events of a stream as strace would, by HELLO's schema; the names of flags are read from saker-wire(7)."""
import errno, io, os, re, signal, socket, struct, sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../man/saker-wire.7")
SETS = {name: [(text, int(number)) for text, number in re.findall(r"(\w+)=(\d+)", entries)]
        for name, entries in re.findall(r"^\.It Cm (\w+)\n((?:\w+=\d+\s)+)", open(PAGE).read(), re.M)}
# The parameters that a call was passed. Of calls that are not here all are printed, with their names.
PASSED = {"open": "name flags mode", "openat": "dirfd name flags mode", "creat": "name mode", "connect": "fd addr",
          "socket": "domain type proto", "dup": "oldfd", "dup2": "oldfd newfd", "dup3": "oldfd newfd flags", "setuid": "uid"}

def value(b):
    head, number = b.read(1)[0], lambda size, signed=False: int.from_bytes(b.read(size), "big", signed=signed)
    if head < 0x80 or head >= 0xE0: return head if head < 0x80 else head - 256
    if head < 0xA0 or head >= 0xDC: return [value(b) for _ in range(head & 15 if head < 0xA0 else number(2 << head - 0xDC))]
    if head < 0xC0 or head >= 0xD9: return b.read(head & 31 if head < 0xC0 else number(1 << head - 0xD9)).decode()
    if head < 0xC4: return (None, None, False, True)[head & 3]
    return b.read(number(1 << head - 0xC4)) if head < 0xC7 else number(1 << (head & 3), signed=head >= 0xD0)

def names(v, flags, entries):
    found = [] if flags else [name for name, number in entries if number == v][-1:] or [str(v)]
    for name, bits in entries if flags else []:
        if bits and v & bits == bits and not name.startswith(("FD_", "O_F_")):       # those the kernel adds
            found, v = found + [name], v & ~bits
    return "|".join(found) or "0"

def text(v, kind, form, entries):
    if isinstance(v, bytes):
        return '"' + v.decode("latin-1").encode("unicode_escape").decode().replace('"', '\\"') + '"'
    if kind == "SOCKADDR" and v and v[0] == socket.AF_INET:
        return f'{{sa_family=AF_INET, sin_port=htons({v[2]}), sin_addr=inet_addr("{socket.inet_ntoa(v[1])}")}}'
    if isinstance(v, list):                 # a descriptor and its file, a path and where it led, a cut value
        return text(v[0], kind, form, entries) if re.match("FD$|FD32|FS|CHARBUF$|BYTEBUF", kind) else str(v)
    if v is None or v == -100:
        return "NULL" if v is None else "AT_FDCWD"
    return names(v, "ENUM" not in kind, SETS[entries]) if entries else {"d": "%d", "x": "%#x", "o": "0%o"}[form] % v

def call(body, schema):
    _time, _id, number, _process, _task, tid, _cpu, result = (value(body) for _ in range(8))
    name, params = schema[number][1], {p[0]: (value(body), *p[1:4]) for p in schema[number][3]}
    creates = name == "creat" or (params.get("flags", [0])[0] or 0) & 0x2004          # O_CREAT, O_TMPFILE
    shown = [p for p in PASSED.get(name, " ".join(params)).split() if p != "mode" or creates]
    passed = ", ".join(("" if name in PASSED else p + "=") + text(*params[p]) for p in shown)
    if result is None or result >= 0:
        return f"{tid} {name}({passed}) = {'?' if result is None else result}"
    return f"{tid} {name}({passed}) = -1 {errno.errorcode[-result]} ({os.strerror(-result)})"

signal.signal(signal.SIGINT, lambda *_: signal.signal(signal.SIGINT, signal.SIG_DFL))       # END is on its way
try:
    while header := sys.stdin.buffer.read(6):
        length, kind = struct.unpack(">xIb", header)
        body = io.BytesIO(sys.stdin.buffer.read(length))
        if kind == 1:       # HELLO
            schema = {entry[0]: entry for entry in [value(body) for _ in range(9)][8]}
        elif kind == 5:     # EVENT
            print(call(body, schema), flush=True)
except BrokenPipeError:
    os._exit(0)
