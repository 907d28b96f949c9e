#!/usr/bin/env python3
"""Stands in for emit, written from saker-wire(7) alone: prints the time, the rule and the output of each alert."""
import os, signal, stat, struct, sys, time

HELLO, JSON, ALERT, END = 1, 9, 10, 16

class Body:
    """Reads the values of a body one after the other, of the types with which HELLO and ALERT begin."""
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        if self.at > len(self.data):
            raise ValueError("the body ends inside of a value")
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def value(self):
        head = self.number(1)
        if head < 0x80 or 0xCC <= head <= 0xCF:
            return head if head < 0x80 else self.number(1 << head - 0xCC)
        if head & 0xF0 == 0x90 or head in (0xDC, 0xDD):
            return [self.value() for _ in range(head & 15 if head < 0xA0 else self.number(2 << head - 0xDC))]
        if head & 0xE0 == 0xA0 or head in (0xD9, 0xDA, 0xDB):
            return self.take(head & 31 if head < 0xC0 else self.number(1 << head - 0xD9)).decode()
        if head in (0xC4, 0xC5, 0xC6):
            return self.take(self.number(1 << head - 0xC4))
        raise ValueError("not a value that belongs here")

def line(when, _origin, rule, _priority, _source, _tags, output):
    clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when // 10**9))
    text = output.decode(errors="backslashreplace").translate({c: f"\\x{c:02x}" for c in [*range(32), 127]})
    return f"{clock}.{when % 10**9:09}Z {rule}: {text}"

def main():
    offset, live, ended = 0, False, False
    while header := sys.stdin.buffer.read(6):
        mark, length, kind = struct.unpack(">BIb", header.ljust(6, b"\0"))
        if len(header) < 6 or mark != 0xC9 or length > (16 if kind == JSON else 1) << 20:
            raise ValueError(f"not a frame at byte {offset}")
        body = Body(sys.stdin.buffer.read(length))
        if len(body.data) < length or kind == HELLO and body.value() != 1:
            raise ValueError(f"an incomplete frame or another version at byte {offset}")
        if kind == ALERT:
            print(line(*(body.value() for _ in range(7))), flush=True)
        live = [body.value() for _ in range(4)][3] == "live" if kind == HELLO else live
        ended, offset = kind == END, offset + 6 + length
    return 75 if live and not ended and not stat.S_ISREG(os.fstat(0).st_mode) else 0

signal.signal(signal.SIGINT, lambda *_: signal.signal(signal.SIGINT, signal.SIG_DFL))     # END is on its way
try:
    sys.exit(main())
except (ValueError, TypeError, RecursionError) as error:
    print("emit.py: malformed stream:", error, file=sys.stderr)
    sys.exit(65)
except BrokenPipeError:
    os._exit(0)
