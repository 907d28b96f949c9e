"""Stand-ins for a stage behind the probe, for tests: they count the numbered opens of tests/helpers/numbered.c as they come, from a
pipe or from a socket, where they acknowledge and may withhold some."""
import os
import re
import select
import socket
import struct
import threading
import time

import wire
from wire import END, EVENT, STAT


class Consumer(threading.Thread):
    """`path`: of a socket, or `pipe`: a descriptor. `slow`: the prefix whose frames are held for `hold` seconds at a time."""

    def __init__(self, prefixes, pipe=None, path=None, acknowledge=True, slow=None, hold=1.0):
        super().__init__(daemon=True)
        self.pattern = re.compile(b"(" + b"|".join(re.escape(p.encode()) for p in prefixes) + rb")\.(\d+)")
        self.seen = {p: bytearray(1 << 16) for p in prefixes}
        self.pipe, self.path, self.acknowledge = pipe, path, acknowledge
        self.slow, self.hold = slow and slow.encode(), hold
        self.events, self.ids, self.last_arrival, self.worst = 0, set(), time.monotonic(), dict.fromkeys(prefixes, 0.0)
        self.newest, self.stat, self.reason, self.error, self.connections = 0, {}, False, None, 0
        self.stats, self.others = 0, {}
        self.most_held = 0
        self.paused = False     # takes nothing

    def run(self):
        try:
            if self.pipe is not None:
                while not self.reason and self.stream(lambda: os.read(self.pipe, 1 << 18), None):
                    pass
            else:
                self.sockets()
        except Exception as e:      # what the test then reports
            self.error = repr(e)

    def sockets(self):
        while self.reason is False:
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(self.path)
            except OSError:
                time.sleep(0.02)
                continue
            self.connections += 1
            try:
                self.stream(lambda: s.recv(1 << 18), s)
            except ConnectionError:
                pass
            s.close()

    def ack(self, s, n, held):
        """Everything up to n but what is held; beyond 4,096 of those nothing can be said."""
        if not self.acknowledge:
            return
        if len(held) > 4096:
            n = held[4096]
        s.sendall(wire.frame(wire.ACK, n, held[:4096]))

    def stream(self, read, s):
        """One connection, or all of a pipe. Returns False at its end."""
        data, position, held, since, told = b"", 0, [], 0.0, -1
        if s:
            self.ack(s, 0, [])
        while True:
            while self.paused:
                time.sleep(0.005)
            if s and not select.select([s], [], [], 0.05)[0]:
                chunk = None
            else:
                chunk = read()
            if chunk == b"":
                return False
            now = time.monotonic()
            data += chunk or b""
            at = 0
            while len(data) - at >= 6:
                length, kind = struct.unpack_from(">Ib", data, at + 1)
                if data[at] != 0xc9:
                    raise ValueError("no frame at %d" % at)
                if len(data) - at < 6 + length:
                    break
                slow = self.take(kind, data[at + 6:at + 6 + length])
                if slow and self.slow:
                    since = since if held else now
                    held.append(position)
                position += 1
                at += 6 + length
            data = data[at:]
            self.most_held = max(self.most_held, len(held))
            if held and (now - since > self.hold or self.reason is not False):
                held, told = [], -1
            if s and (position != told):
                self.ack(s, position, held)
                told = position
            if self.reason is not False:
                return False

    def take(self, kind, body):
        """Returns whether it is one of those that are withheld."""
        if kind == END:
            self.reason = wire.unpack(body)[0]
        elif kind == STAT:
            values = wire.unpack(body)
            self.stats += 1
            if values[1] == "probe":
                self.stat = values[5]
            else:
                self.others[values[1]] = values[5]
        elif kind == EVENT:
            self.events += 1
            self.ids.add(body[10:18])
            found = self.pattern.search(body)
            if found:
                prefix, n = found.group(1), int(found.group(2))
                seen = self.seen[prefix.decode()]
                if n >= len(seen):
                    seen.extend(bytes(max(n + 1 - len(seen), len(seen))))
                seen[n] = min(seen[n] + 1, 255)
                self.last_arrival = time.monotonic()
                when = struct.unpack_from(">Q", body, 1)[0]
                self.newest = max(self.newest, when)
                late = time.time() - when / 1e9
                self.worst[prefix.decode()] = max(self.worst[prefix.decode()], late)
                return prefix == self.slow
        return False

    def missing(self, prefix, total):
        seen = self.seen[prefix]
        return [n for n in range(total) if n >= len(seen) or not seen[n]]

    def twice(self, prefix):
        return sum(n > 1 for n in self.seen[prefix])
