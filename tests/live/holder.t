#!/bin/sh
# The probe's two processes: kill -9 of the reader at any moment loses nothing, in a pipe and on a socket whose consumer acknowledges; one
# container whose frames are withheld holds nobody up; what the reader can do; what becomes of a reader without a holder.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
python3 - <<'EOF'
import os, random, signal, subprocess, time
from consumer import Consumer
from live import Tap, probe_start, reader_of, stage, until

DIR, SOAK = os.environ["DIR"], os.environ.get("SAKER_SOAK")
NUMBERED = os.path.join(os.environ["SAKER_BUILD"], "tests/helpers/numbered")
KILLS, RATE = (100 if SOAK else 20), 20000
TYPES = "open,openat,execve"
random.seed(6)
tap = Tap()
ok, is_ = tap.ok, tap.is_


class Numbers:
    """Opens numbered files until it is ended."""

    def __init__(self, prefix, rate=RATE):
        self.prefix = os.path.join(DIR, prefix)
        self.p = subprocess.Popen([NUMBERED, str(rate), self.prefix], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self):
        self.p.stdin.close()
        self.total = int(self.p.stdout.read())
        self.p.wait(10)
        return self.total


def start(path, *options, errors="errors", **consumer):
    """A probe with a consumer on a socket, or in a pipe without `path`."""
    with open(os.path.join(DIR, errors), "ab") as err:
        if path:
            c = Consumer(path=path, **consumer)
            c.start()
            return probe_start("-e", TYPES, "-o", "listen:" + path, *options, stdout=subprocess.DEVNULL, stderr=err), c
        r, w = os.pipe()
        c = Consumer(pipe=r, **consumer)
        probe = probe_start("-e", TYPES, *options, stdout=w, stderr=err)
        os.close(w)
        c.start()
        return probe, c


def kill_reader(probe, c):
    """Returns how long it took until an event came that was made after that."""
    pid = reader_of(probe)
    at, wall = time.monotonic(), time.time_ns()
    os.kill(pid, signal.SIGKILL)
    until(lambda: c.newest > wall + 50_000_000, 10, 0.005)
    return time.monotonic() - at - 0.05


def of_type(stat, what):
    return sum(n for name, n in stat.items() if name.startswith("kernel.%s." % what))


def ended(probe, c, status=0):
    probe.send_signal(signal.SIGTERM)
    is_(probe.wait(30), status, "the probe ends well")
    c.join(30)
    is_((c.error, c.is_alive()), (None, False), "the consumer has understood everything")


def complete(c, numbers, what):
    lacking = c.missing(numbers.prefix, numbers.total)
    ok(not lacking, what, "%d of %d are missing: %r" % (len(lacking), numbers.total, lacking[:5]))


def exact(c, what):
    """Of a consumer that got nothing twice, or counts ids."""
    is_((of_type(c.stat, "delivered"), c.stat["probe.events.out"]), (len(c.ids), len(c.ids)), what)
    is_(of_type(c.stat, "dropped.full"), 0, "the kernel dropped nothing")


def kills(path):
    where = "socket" if path else "pipe"
    prefix = os.path.join(DIR, where)
    probe, c = start(path, prefixes=[prefix])
    numbers = Numbers(where)
    took = []
    for _ in range(KILLS):
        time.sleep(random.uniform(1.05, 1.5))
        took.append(kill_reader(probe, c))
    time.sleep(0.5)
    numbers.end()
    ended(probe, c)
    complete(c, numbers, "%s: kill -9 of the reader %d times: all %d events have arrived" % (where, KILLS, numbers.total))
    ok(max(took) < 1, "each recovery took less than a second", took)
    exact(c, "and are counted exactly: in the kernel, by the probe, as they came")
    if path:
        print("# %d connections, %d events twice" % (c.connections, c.twice(prefix)))
    else:
        is_(c.events, len(c.ids), "none came twice")
    ok(c.stats >= KILLS, "the heart went on beating", c.stats)
    print("# recoveries: median %.0f ms, longest %.0f ms" % (sorted(took)[len(took) // 2] * 1e3, max(took) * 1e3))
    return c


kills(None)
kills(os.path.join(DIR, "sock"))
tap.end()
EOF
