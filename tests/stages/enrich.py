#!/usr/bin/env python3
"""Stands in for enrich, written from saker-wire(7) alone: passes every frame on as it is, and adds the STAT that each
program owes. It knows no names, so alerts differ in these only."""
import itertools, os, signal, socket, stat, struct, sys, time

HELLO, EVENT, JSON, STAT, END = 1, 5, 9, 13, 16
START = time.time_ns()
SOURCE = [socket.gethostname(), open("/proc/sys/kernel/random/boot_id").read().strip(), "enrich", START]

def pack(v):
    if isinstance(v, dict):
        return bytes([0x80 | len(v)]) + b"".join(pack(x) for item in v.items() for x in item)
    if isinstance(v, list):
        return bytes([0x90 | len(v)]) + b"".join(map(pack, v))
    if isinstance(v, str):
        raw = v.encode()
        return bytes([0xA0 | len(raw)] if len(raw) < 32 else [0xD9, len(raw)]) + raw
    size = next(s for s in range(4) if v < 1 << (8 << s))
    return bytes([v]) if v < 0x80 else bytes([0xCC + size]) + v.to_bytes(1 << size, "big")

def counters(count):
    now, boot = time.time_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    body = b"".join(map(pack, (SOURCE, "enrich", START, now, now - boot, {"in": count, "out": count})))
    return struct.pack(">BIb", 0xC9, len(body), STAT) + body

def tokens(body):
    """The values with which HELLO begins, in a row: of an array its head, then what is in it."""
    at = 0
    while at < len(body):
        head, at = body[at], at + 1
        size = head & 31 if head & 0xE0 == 0xA0 else 1 << (head & 3) if 0xCC <= head <= 0xCF else 0
        if head == 0xD9:
            size, at = body[at], at + 1
        yield body[at:at + size] if size else head
        at += size

def main():
    count, offset, live, ended, told = 0, 0, False, True, float("inf")
    while header := sys.stdin.buffer.read(6):
        mark, length, kind = struct.unpack(">BIb", header.ljust(6, b"\0"))
        limit = (16 if kind == JSON else 1) << 20
        body = sys.stdin.buffer.read(length) if mark == 0xC9 and length <= limit else b""
        hello = list(itertools.islice(tokens(body), 9)) if kind == HELLO else [1]
        if len(header) < 6 or mark != 0xC9 or len(body) < length or hello[:1] != [1]:
            print("enrich.py: malformed stream: byte", offset, file=sys.stderr)
            return 65
        if kind == HELLO:
            live, told = hello[8:] == [b"live"], min(told, time.monotonic())
        ended, count, offset = kind == END, count + (kind in (EVENT, JSON)), offset + 6 + length
        if due := ended or time.monotonic() - told >= 1:
            told = time.monotonic()
        sys.stdout.buffer.write((counters(count) if due else b"") + header + body)
        sys.stdout.buffer.flush()
    return 75 if live and not ended and not stat.S_ISREG(os.fstat(0).st_mode) else 0

signal.signal(signal.SIGINT, lambda *_: signal.signal(signal.SIGINT, signal.SIG_DFL))     # END is on its way
try:
    sys.exit(main())
except BrokenPipeError:
    os._exit(0)
