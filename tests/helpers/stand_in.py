"""Stand-ins for the ends of a pipeline on sockets, for tests.

    Producer(path, definitions)   listens as a probe would and honours ACKs: .put(frame), .unsafe(), .end(), .acks, .connections
    Consumer(path, acknowledges)  connects; .frames(), .ack(count, except), .close()
"""
import collections
import os
import select
import socket
import threading
import time

import wire


def parse(data):
    """The whole frames at the front of a bytearray, taken off it: [(kind, body, bytes), ...]"""
    found, at = [], 0
    while len(data) - at >= 6:
        length = int.from_bytes(data[at + 1:at + 5], "big")
        if len(data) - at < 6 + length:
            break
        kind = int.from_bytes(data[at + 5:at + 6], "big", signed=True)
        found.append((kind, bytes(data[at + 6:at + 6 + length]), bytes(data[at:at + 6 + length])))
        at += 6 + length
    del data[:at]
    return found


class Connection:
    def __init__(self, sock):
        self.sock, self.read, self.unsent = sock, bytearray(), bytearray()
        self.sent = []                  # the number of each frame, None for definitions
        self.next = 0                   # the number of the frame that goes next
        self.acknowledges, self.count, self.excepted = False, 0, set()


class Producer(threading.Thread):
    """Keeps every frame until its consumer has acknowledged it, and sends those again that were not."""

    def __init__(self, path, definitions):
        super().__init__(daemon=True)
        self.definitions, self.log, self.lock = definitions, collections.OrderedDict(), threading.Lock()
        self.number, self.acks, self.connections, self.problems, self.ended, self.most_excepted = 0, 0, 0, [], False, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.wake, self.waker = socket.socketpair()
        self.connection = None
        self.start()

    def put(self, *frames):
        with self.lock:
            for f in frames:
                self.log[self.number] = f
                self.number += 1
        self.waker.send(b"x")

    def unsafe(self):
        with self.lock:
            return len(self.log)

    def end(self):
        self.put(wire.end())

    def begin(self, sock):
        sock.setblocking(False)
        c = self.connection = Connection(sock)
        self.connections += 1
        for f in self.definitions:
            c.unsent += f
            c.sent.append(None)

    def take_ack(self, c, body):
        values = wire.unpack(body)
        count, excepted = values[0], values[1] if len(values) > 1 else []
        if not c.acknowledges and count != 0:
            self.problems.append("the first ACK is %d" % count)
        c.acknowledges = True
        if count < c.count or count > len(c.sent) or excepted != sorted(set(excepted)) or any(p >= count for p in excepted):
            self.problems.append("ACK %r after %d of %d" % (values, c.count, len(c.sent)))
            return
        self.acks += 1
        self.most_excepted = max(self.most_excepted, len(excepted))
        now = set(excepted)
        for p in [*range(c.count, count), *(c.excepted - now)]:
            if p not in now and c.sent[p] is not None:
                self.log.pop(c.sent[p], None)
        c.count, c.excepted = count, now

    def feed(self, c):
        with self.lock:
            last = self.number
            while c.next < last and len(c.unsent) < 1 << 18:
                f = self.log.get(c.next)
                if f is not None:
                    c.unsent += f
                    c.sent.append(c.next)
                c.next += 1
        try:
            while c.unsent:
                del c.unsent[:c.sock.send(c.unsent)]
        except BlockingIOError:
            pass

    def lose(self):
        self.connection.sock.close()
        self.connection = None

    def run(self):
        while True:
            c = self.connection
            reading = [self.wake, *([c.sock] if c else [self.listener])]
            writing = [c.sock] if c and (c.unsent or c.next < self.number) else []
            ready, _, _ = select.select(reading, writing, [])
            if self.wake in ready:
                self.wake.recv(4096)
            if self.listener in ready:
                self.begin(self.listener.accept()[0])
                continue
            if not c:
                continue
            try:
                if c.sock in ready:
                    data = c.sock.recv(1 << 16)
                    if not data:
                        self.lose()
                        continue
                    c.read += data
                    with self.lock:
                        for kind, body, _ in parse(c.read):
                            if kind == wire.ACK:
                                self.take_ack(c, body)
                            else:
                                self.problems.append("a frame of kind %d came back" % kind)
                self.feed(c)
            except (ConnectionResetError, BrokenPipeError):
                self.lose()


class Consumer:
    def __init__(self, path, acknowledges, seconds=10):
        end = time.monotonic() + seconds
        while True:
            self.sock = socket.socket(socket.AF_UNIX)
            try:
                self.sock.connect(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)
        self.data, self.taken = bytearray(), 0
        if acknowledges:
            self.ack(0)

    def frames(self, seconds=10):
        """The frames that come next: at least one, or none at the end or in time. [(kind, body, bytes), ...]"""
        end = time.monotonic() + seconds
        while not (found := parse(self.data)):
            if not select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]:
                return []
            try:
                data = self.sock.recv(1 << 18)
            except ConnectionResetError:
                return []
            if not data:
                return []
            self.data += data
        self.taken += len(found)
        return found

    def until(self, condition, seconds=10):
        """Frames until one meets the condition."""
        found, end = [], time.monotonic() + seconds
        while time.monotonic() < end and not any(condition(f) for f in found):
            more = self.frames(end - time.monotonic())
            if not more:
                break
            found += more
        return found

    def ack(self, count=None, excepted=()):
        self.sock.sendall(wire.frame(wire.ACK, self.taken if count is None else count, list(excepted)))

    def close(self):
        self.sock.close()
