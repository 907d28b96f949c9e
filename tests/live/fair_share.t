#!/bin/sh
# The ring under pressure: a cgroup that floods loses its own events and a quiet one beside it none; and no record of the
# highest class is lost while one of the lowest is delivered. What a plan raises has the class that it says.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
# The reader reads plans again as nobody.
chmod 755 "$dir"
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
python3 - <<'EOF'
import os, signal, subprocess, sys, threading, time
import wire
from live import Tap, last_stat, probe_start, reader_of, skip_all, stop, until
from wire import EVENT

DIR, SOAK = os.environ["DIR"], os.environ.get("SAKER_SOAK")
QUIET, SECONDS = 300, 20 if SOAK else 2
TYPES = "open,openat,access,setuid,setsid,execve"
tap = Tap()


def pids_hierarchy():
    """Where containers are told apart: the version 1 hierarchy of pids, or version 2."""
    found = None
    with open("/proc/self/mounts") as f:
        for line in f:
            _, point, kind, options = line.split()[:4]
            if kind == "cgroup" and "pids" in options.split(","):
                return point
            if kind == "cgroup2":
                found = point
    return found


class Cgroup:
    def __init__(self, name):
        self.path = os.path.join(HIERARCHY, "saker-test-%s-%d" % (name, os.getpid()))
        os.mkdir(self.path)

    def run(self, script):
        """A Python script as a process of this cgroup; it has told that it is there when this returns."""
        join = "import os\nwith open(%r, 'w') as f: f.write(str(os.getpid()))\nprint('in', flush=True)\n" % (self.path + "/cgroup.procs")
        p = subprocess.Popen([sys.executable, "-S", "-E", "-c", join + script], stdout=subprocess.PIPE)
        p.stdout.readline()
        return p

    def remove(self):
        until(lambda: not open(self.path + "/cgroup.procs").read().strip(), 5)
        os.rmdir(self.path)


FLOOD = """
import time
end = time.monotonic() + %s
while time.monotonic() < end:
    for i in range(200):
        try: os.close(os.open('%s/flood', os.O_RDONLY))
        except OSError: pass
    os.setuid(0)
"""
CALM = """
for i in range(%d):
    try: os.open('%s/quiet-%%d' %% i, os.O_RDONLY)
    except OSError: pass
    if i %% 10 == 0: os.setuid(0)
"""
NOISE = """
import time
end = time.monotonic() + %s
while time.monotonic() < end:
    for i in range(2000): os.access('/nowhere', 0)
    os.setuid(0)
"""


def names(data):
    """The last component of what each open was given."""
    for kind, body in wire.frames(data):
        if kind == EVENT:
            v = wire.unpack(body)
            if v[2] in (3, 307):
                yield v[8 + (1 if v[2] == 3 else 2)][0].rsplit(b"/", 1)[-1]


def flooded(order):
    """The probe is stopped while one cgroup floods and another is quiet: first, or after the ring has filled."""
    raw = os.path.join(DIR, order)
    loud, calm = Cgroup("loud"), Cgroup("calm")
    with open(raw, "wb") as out:
        probe = probe_start("-O", "probe.ring_size=16777216", "-e", TYPES, stdout=out)
        os.kill(reader_of(probe), signal.SIGSTOP)
        if order == "before":
            calm.run(CALM % (20, DIR)).wait(30)
        flood = loud.run(FLOOD % (1.5, DIR))
        time.sleep(0.7)
        calm.run(CALM % (QUIET, DIR)).wait(30)
        flood.wait(30)
        os.kill(reader_of(probe), signal.SIGCONT)
        tap.is_(stop(probe), 0, "%s: the probe has ended well" % order)
    loud.remove()
    calm.remove()
    with open(raw, "rb") as f:
        data = f.read()
    found = list(names(data))
    missing = {b"quiet-%d" % i for i in range(QUIET)} - set(found)
    tap.ok(not missing, "%s: the quiet cgroup lost nothing" % order, "%d of %d are missing" % (len(missing), QUIET))
    lost = last_stat(data, "probe").get("kernel.dropped.full.openat", 0)
    tap.ok(lost > 1000 and found.count(b"flood") > 100, "%s: the loud one lost events of its own, and not all" % order,
           "%d lost, %d delivered" % (lost, found.count(b"flood")))


def slow_reader():
    """A reader that takes a little at a time keeps the ring full: what is let through then?"""
    ours, theirs = os.pipe()
    data, slow = bytearray(), threading.Event()

    def read():
        while chunk := os.read(ours, 65536):
            data.extend(chunk)
            if slow.is_set():
                time.sleep(0.01)

    reader = threading.Thread(target=read)
    reader.start()
    probe = probe_start("-O", "probe.ring_size=262144", "-e", TYPES, stdout=theirs)
    os.close(theirs)
    slow.set()
    cgroup = Cgroup("noise")
    cgroup.run(NOISE % SECONDS).wait(60)
    slow.clear()
    probe.send_signal(signal.SIGINT)
    tap.is_(probe.wait(30), 0, "slow reader: the probe has ended well")
    reader.join(30)
    cgroup.remove()
    counters = last_stat(data, "probe")
    low = [counters.get("kernel.%s.access" % what, 0) for what in ("delivered", "dropped.full")]
    high = [counters.get("kernel.%s.setuid" % what, 0) for what in ("delivered", "dropped.full")]
    tap.ok(min(low) > 100, "slow reader: of class 0 some were delivered and many dropped", low)
    tap.ok(high[0] > 100 and high[1] == 0, "slow reader: of class 3 all were delivered", high)
    tap.is_(counters.get("kernel.definitions.lost", 0), 0, "slow reader: no definition was lost")


def classes():
    """What a plan raises gets room where there is none for others; and after a reload what the new one raises. Nobody floods: all come from
    the cgroup of this test, whose share costs a class. The reader stands still while the ring fills."""
    plan, raw = os.path.join(DIR, "plan"), os.path.join(DIR, "classes")
    line = "event %s\n  pass uid 0 failed\n"
    lost = []

    def write(raised):
        with open(plan + ".new", "w") as f:
            f.write("plan 1\n" + "".join(line % (t + (" class 3" if t == raised else "")) for t in ("rmdir", "unlink")))
        os.rename(plan + ".new", plan)

    def fill(n):
        """Fills the ring by calls of both types in turn."""
        for i in range(n):
            for call in (os.rmdir, os.unlink):
                try:
                    call("/nowhere/%0200d" % i)
                except OSError:
                    pass

    for first, second in ((None, None), ("rmdir", None), ("unlink", None), (None, "rmdir"), ("rmdir", "unlink")):
        write(first)
        with open(raw, "wb") as out:
            probe = probe_start("-O", "probe.ring_size=262144", "-p", plan, stdout=out, stderr=subprocess.DEVNULL)
            if second:
                write(second)
                probe.send_signal(signal.SIGHUP)
                until(lambda: any(kind == wire.PLAN for kind, _ in wire.frames(open(raw, "rb").read())), 10)
            os.kill(reader_of(probe), signal.SIGSTOP)
            # Both together take less than there is when each class may go up to its mark.
            fill(270)
            os.kill(reader_of(probe), signal.SIGCONT)
            stop(probe)
        with open(raw, "rb") as f:
            data = f.read()
        stat = last_stat(data, "probe")
        lost.append([stat.get("kernel.dropped.full." + t, 0) for t in ("rmdir", "unlink")])
        by_class = sum(stat.get("kernel.class_dropped.%d" % i, 0) for i in range(4))
        tap.is_(by_class, sum(lost[-1]), "%s, then %s: what is lost is counted by class, too" % (first, second))
    print("# lost: %s" % lost)
    tap.ok(min(lost[0]) > 20, "two types of one class lose alike", lost[0])
    for i, (what, kept, other) in enumerate((("rmdir", 0, 1), ("unlink", 1, 0), ("rmdir after a reload", 0, 1), ("unlink after a reload", 1, 0))):
        tap.ok(lost[i + 1][kept] * 4 < lost[i + 1][other], "class 3 for %s: it loses little" % what, lost[i + 1])


HIERARCHY = pids_hierarchy()
if not HIERARCHY:
    skip_all("no cgroup hierarchy is mounted")
flooded("after")
flooded("before")
slow_reader()
classes()
tap.end()
EOF
