#!/usr/bin/env python3
"""Stands in for emit, written from saker-wire(7) alone: prints the time, the rule and the output of each alert."""
import os, signal, stat, struct, sys, time

HELLO, JSON, ALERT, END = 1, 9, 10, 16

class Body:
    """Reads the values of a body, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        if self.at > len(self.data):
            raise ValueError("the body ends inside of a value")
        return self.data[self.at - size:self.at]

    def number(self, size, signed=False):
        return int.from_bytes(self.take(size), "big", signed=signed)

    def value(self):
        head = self.number(1)
        form, low = head & 0xF0, head & 0x0F
        if head < 0x80 or head >= 0xE0:
            return head if head < 0x80 else head - 256
        if form == 0x80 or head >= 0xDE:
            return {self.value(): self.value() for _ in range(low if form == 0x80 else self.number(2 << head - 0xDE))}
        if form == 0x90 or head >= 0xDC:
            return [self.value() for _ in range(low if form == 0x90 else self.number(2 << head - 0xDC))]
        if head < 0xC0 or head >= 0xD9:
            return self.take(head & 31 if head < 0xC0 else self.number(1 << head - 0xD9)).decode()
        if head in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[head]
        if head in (0xC4, 0xC5, 0xC6):
            return self.take(self.number(1 << head - 0xC4))
        if head in (0xCA, 0xCB):
            return struct.unpack(">f" if head == 0xCA else ">d", self.take(4 if head == 0xCA else 8))[0]
        if 0xCC <= head <= 0xD3:
            return self.number(1 << (head & 3), signed=head >= 0xD0)
        raise ValueError("a value of a type that is not listed")

def line(body):
    when, _, rule, _, _, _, output = (body.value() for _ in range(7))
    clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when // 10**9))
    text = output.decode(errors="backslashreplace").translate({c: f"\\x{c:02x}" for c in [*range(32), 127]})
    return f"{clock}.{when % 10**9:09}Z {rule}: {text}"

def main():
    offset, live, ended = 0, False, False
    while header := sys.stdin.buffer.read(6):
        try:
            mark, length, kind = struct.unpack(">BIb", header)
            if mark != 0xC9 or length > (16 if kind == JSON else 1) << 20:
                raise ValueError("not a frame")
            body = Body(sys.stdin.buffer.read(length))
