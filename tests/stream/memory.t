#!/bin/sh
# What enrich and match keep of processes that have ended: a hundred thousand short ones leave no more behind than ten thousand do,
# and whoever may still be asked for is there.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
timeout 120 python3 - <<'PYTHON'
import os, re, socket, subprocess, threading
import wire
from pipeline import BIN, done, is_, ok, text, until
from stand_in import Consumer, parse

DIR = os.environ["DIR"]
SANITIZED = "/san" in BIN
FIRST, STORM, RATE = 10000, 100000, 1000         # processes; RATE of them a second, by the time that EXIT says
FIRST_PID, MIB = 1 << 20, 1 << 20
START = 5000
SOURCE = ("host", open("/proc/sys/kernel/random/boot_id").read().strip(), "stand-in", wire.TIME)
SHELL, CHILD = 500, 501
ENV = [b"VARIABLE_%d=%s" % (i, b"x" * 80) for i in range(20)]
RULES = """
- {rule: asked, desc: d, priority: INFO, condition: 'evt.type = openat and fd.name startswith /ask',
   output: '%proc.pid|%proc.cmdline|%proc.pcmdline|%proc.env[VARIABLE_7]|%proc.exepath'}
"""


def key(pid):
    return wire.key(pid, START)


def path(name):
    return os.path.join(DIR, name)


class Template:
    """A frame in which only a pid, its key, a time and a text of eight digits differ."""
    PID, TIME, DIGITS = 0x7fedcba9, 0x7edcba9876543210, b"@@@@@@@@"

    def __init__(self, frame):
        self.frame = frame
        self.keys, self.pids, self.times, self.digits = (
            [m.start() for m in re.finditer(re.escape(what), frame)]
            for what in (key(self.PID).to_bytes(8, "big"), self.PID.to_bytes(4, "big"), self.TIME.to_bytes(8, "big"), self.DIGITS))
        self.pids = [at for at in self.pids if frame[at - 1] == 0xce]

    def make(self, number):
        pid, made = FIRST_PID + number, bytearray(self.frame)
        for at in self.keys:
            made[at:at + 8] = key(pid).to_bytes(8, "big")
        for at in self.pids:
            made[at:at + 4] = pid.to_bytes(4, "big")
        for at in self.times:
            made[at:at + 8] = (wire.TIME + number * (10 ** 9 // RATE)).to_bytes(8, "big")
        for at in self.digits:
            made[at:at + 8] = b"%08d" % number
        return made


def short_processes():
    """Each forks off the shell, has its argv until it calls execve, and ends. Every fourth never calls it."""
    shell, pid = wire.key(SHELL), Template.PID
    common = dict(parent=shell, fork_parent=shell)
    forked = Template(wire.proc(pid, key_=key(pid), comm=b"sh", **{**common, "exe": None, "argv": shell, "env": shell}))
    called = Template(wire.proc(pid, key_=key(pid), comm=b"tool", **{**common, "exe": b"tool", "exepath": b"/usr/bin/tool", "env": ENV,
                                        "argv": [b"tool", b"--number", b"@@@@@@@@"]}))
    ended = Template(wire.exit_(key(pid), time=Template.TIME))
    for number in range(STORM):
        yield forked.make(number)
        if number % 4:
            yield called.make(number)
        yield ended.make(number)


def asks(id_, pid, process=None):
    name = b"/ask/%d" % id_
    return wire.event("openat", id_=id_, time=wire.TIME, pid=pid, process=process, result=3, fd=[3, "file", name, 1, 2, 1], dirfd=-100,
                      name=[name, None, name])


def memory(process):
    """Bytes that are its own, without what it maps of files."""
    status = text("/proc/%d/status" % process.pid)
    return sum(int(re.search(r"^%s:\s+(\d+)" % field, status, re.M)[1]) << 10 for field in ("RssAnon", "RssShmem"))


class Sender:
    """Sends what it is given, as fast as it is taken; knows how much was acknowledged."""

    def __init__(self, name):
        self.listener, self.sent, self.acknowledged = socket.socket(socket.AF_UNIX), 0, 0
        self.listener.bind(name)
        self.listener.listen(1)

    def begin(self):
        self.socket = self.listener.accept()[0]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        read = bytearray()
        while data := self.socket.recv(1 << 16):
            read += data
            for _, body, _ in parse(read):
                self.acknowledged = wire.unpack(body)[0]

    def send(self, frames):
        gathered = bytearray()
        for f in frames:
            gathered += f
            self.sent += 1
            if len(gathered) > 1 << 16:
                self.socket.sendall(gathered)
                gathered = bytearray()
        self.socket.sendall(gathered)

    def taken(self):
        return until(lambda: self.acknowledged == self.sent, 60)


alerts = []


def take_alerts(consumer):
    while found := consumer.frames(60):
        alerts.extend(wire.unpack(body)[6].decode() for kind, body, _ in found if kind == wire.ALERT)
        consumer.ack()


def alert(pid):
    def found():
        return [a for a in alerts if a.startswith("%d|" % pid)]
    until(found, 10)
    return (found() or [""])[0]


with open(path("rules.yaml"), "w") as f:
    f.write(RULES)
sender = Sender(path("probe"))
quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
enrich = subprocess.Popen([os.path.join(BIN, "enrich"), "-i", "unix:" + path("probe"), "-o", "listen:" + path("enrich")], **quiet)
match = subprocess.Popen([os.path.join(BIN, "match"), "-i", "unix:" + path("enrich"), "-o", "listen:" + path("match"), "-r",
                          path("rules.yaml")], **quiet)
consumer = Consumer(path("match"), True)
threading.Thread(target=take_alerts, args=(consumer,), daemon=True).start()
sender.begin()
sender.send([wire.hello(source=SOURCE, mode="live"),
             wire.proc(SHELL, **{"comm": b"sh", "exe": b"sh", "argv": [b"sh", b"/root/job"], "env": ENV}),
             wire.proc(CHILD, parent=wire.key(SHELL), comm=b"child", env=ENV), wire.exit_(wire.key(SHELL))])
ok(sender.taken(), "definitions are acknowledged")
before = [memory(p) for p in (enrich, match)]
frames = short_processes()
sender.send(next(frames) for _ in range(FIRST * 11 // 4))
ok(sender.taken(), "%d processes come and go" % FIRST)
first = [memory(p) for p in (enrich, match)]
sender.send(frames)
ok(sender.taken(), "%d processes come and go" % STORM)
last = [memory(p) for p in (enrich, match)]
for name, at_first, at_last, at_begin, bound in zip(("enrich", "match"), first, last, before, (6 * MIB, 10 * MIB)):
    told = "%.1f MiB before, %.1f after %d, %.1f after %d" % (at_begin / MIB, at_first / MIB, FIRST, at_last / MIB, STORM)
    if SANITIZED:                       # keeps what was freed for a while
        ok(True, "%s: memory # SKIP sanitizers have their own allocator" % name)
        continue
    ok(at_last - at_begin < bound, "%s has grown by less than %d MiB" % (name, bound // MIB), told)
    ok(at_last - at_first < 4 * MIB, "and no longer grows", told)
    print("# %s: %s" % (name, told))

# A parent that ended first of all, and records that come after the end of those that ended last: one of its own argv, one of the shell's.
own, borrowed = STORM - 1, STORM - 4
sender.send([asks(1, CHILD), *(asks(n, FIRST_PID + n, key(FIRST_PID + n)) for n in (own, borrowed))])
ok(sender.taken(), "and so are events")
variable = (b"|" + b"x" * 80 + b"|").decode()
ok("%d|child|sh /root/job%s/usr/bin/child" % (CHILD, variable) in alert(CHILD), "a child knows its parent, which ended long ago", alerts)
ok("%d|tool --number %08d|sh /root/job%s/usr/bin/tool" % (FIRST_PID + own, own, variable) in alert(FIRST_PID + own),
   "a process is known just after its end", alerts)
ok("%d|sh /root/job|sh /root/job%s" % (FIRST_PID + borrowed, variable) in alert(FIRST_PID + borrowed),
   "and has the argv and environment that it had of the shell", alerts)
sender.send([wire.end()])
is_([p.wait(30) for p in (enrich, match)], [0, 0], "both end by END")
done()
PYTHON
