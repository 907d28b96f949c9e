"""For live tests: TAP, the probe as a child, and what a stream says of each task at the time of an event."""
import os
import select
import signal
import subprocess
import sys
import time

import wire
from wire import ALERT, CGROUP, EVENT, EXIT, PROC, STAT, THREAD

BIN = os.path.join(os.environ.get("SAKER_BUILD") or os.path.join(wire.HERE, "..", "..", "build"), "bin")


class Tap:
    def __init__(self):
        self.count, self.failed = 0, 0

    def ok(self, good, what, *notes):
        self.count += 1
        self.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", self.count, what))
        for note in notes if not good else ():
            print("# %s" % (note,))
        sys.stdout.flush()

    def is_(self, found, expected, what):
        self.ok(found == expected, what, "found    %r" % (found,), "expected %r" % (expected,))

    def end(self):
        print("1..%d" % self.count)
        raise SystemExit(self.failed > 0)


def skip_all(why):
    print("1..0 # SKIP %s" % why)
    raise SystemExit(0)


def stage(name, *args, **given):
    return subprocess.Popen([os.path.join(BIN, name), *args], **given)


def probe_start(*args, stdout, stderr=None, timeout=60):
    """The probe, watching. A shell that starts us in its background has SIGINT ignored, which the probe does not mind.
    Without -a, -e and -p it captures all but the most frequent types, and not only what the shipped rules need."""
    if not any(a in ("-a", "-e", "-p") for a in args):
        args = ("-e", "default") + args
    ready, tell = os.pipe()
    probe = stage("probe", "--notify", str(tell), *args, stdout=stdout, stderr=stderr, pass_fds=[tell])
    os.close(tell)
    readable, _, _ = select.select([ready], [], [], timeout)
    line = os.read(ready, 100) if readable else b""
    os.close(ready)
    if not line.startswith(b"ready"):
        probe.kill()
        probe.wait(10)
        raise SystemExit("Bail out! the probe is not ready: %r" % line)
    return probe


def reader_of(probe):
    """The pid of the probe's second process, which reads the ring; 0 while there is none."""
    with open("/proc/%d/task/%d/children" % (probe.pid, probe.pid)) as f:
        return int((f.read().split() or [0])[0])


def stop(process, timeout=30):
    """Ends the head of a line by SIGINT; its exit status."""
    process.send_signal(signal.SIGINT)
    return process.wait(timeout)


def until(condition, timeout, pause=0.02):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def text(value):
    """A value as a test compares it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "surrogateescape")
    return None if value is None else str(value)


def alerts(data):
    """{event id: [(rule, {field: text}, complete)]}"""
    found = {}
    for kind, body in wire.frames(data):
        if kind == ALERT:
            a = wire.unpack(body)
            found.setdefault(a[1][1], []).append((a[2], {k: text(v) for k, v in a[7]}, a[11]))
    return found


class Story:
    """Replays a stream: facts() of each task, as they are told at that moment."""

    def __init__(self, data):
        self.frames = wire.frames(data)
        self.processes, self.threads, self.cgroups = {}, {}, {}

    def __iter__(self):
        for kind, body in self.frames:
            v = wire.unpack(body)
            if kind == PROC:
                self.processes[v[0]] = dict(zip(wire.FACTS, v[3:]))
            elif kind == THREAD:
                self.threads[v[0]] = {wire.FACTS[n]: value for n, value in v[4].items()}
            elif kind == EXIT:
                self.threads.pop(v[0], None)
            elif kind == CGROUP:
                self.cgroups[v[0]] = v[1]
            yield kind, v

    def facts(self, event):
        facts = dict(self.processes.get(event[3], {}))
        if event[4] != event[3]:
            facts.update(self.threads.get(event[4], {}))
        return facts


def last_stat(data, stage_name):
    """The counters of the last STAT of a stage."""
    found = None
    for kind, body in wire.frames(data):
        if kind == STAT:
            v = wire.unpack(body)
            if v[1] == stage_name:
                found = v[5]
    return found


def event_count(data):
    return sum(kind == EVENT for kind, _ in wire.frames(data))
