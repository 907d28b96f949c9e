#!/bin/sh
# What an idle pipeline is woken by: a heartbeat a second that each stage adds its own to, and that is acknowledged in the same wake-up.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
timeout 120 python3 - <<'PYTHON'
import os, re, subprocess, threading, time
import wire
from pipeline import BIN, done, is_, ok, text, until
from stand_in import Consumer, Producer

DIR = os.environ["DIR"]
BEATS = 4
SOURCE = ("host", open("/proc/sys/kernel/random/boot_id").read().strip(), "stand-in", wire.TIME)
RULES = "- {rule: r, desc: d, priority: INFO, condition: 'evt.type = openat and fd.name startswith /alert', output: '%fd.name'}\n"


def path(name):
    return os.path.join(DIR, name)


def wakeups(process):
    """Of all threads: how often each went to sleep."""
    tasks = "/proc/%d/task" % process.pid
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text("%s/%s/status" % (tasks, t)), re.M)[1]) for t in os.listdir(tasks))


def event(number):
    name = b"/alert/%d" % number
    return wire.event("openat", id_=number, time=wire.TIME, pid=100, result=3, fd=[3, "file", name, 1, 2, 1], dirfd=-100,
                      name=[name, None, name])


with open(path("rules.yaml"), "w") as f:
    f.write(RULES)
producer = Producer(path("probe"), [wire.hello(source=SOURCE, mode="live"), wire.proc(100, comm=b"worker")])
quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
enrich = subprocess.Popen([os.path.join(BIN, "enrich"), "-i", "unix:" + path("probe"), "-o", "listen:" + path("enrich")], **quiet)
match = subprocess.Popen([os.path.join(BIN, "match"), "-i", "unix:" + path("enrich"), "-o", "listen:" + path("match"), "-r",
                          path("rules.yaml")], **quiet)
came = []


class Taker(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.consumer, self.over = Consumer(path("match"), True), False
        self.start()

    def run(self):
        while not self.over:
            found = self.consumer.frames(0.1)
            if found:
                came.append([wire.unpack(body)[1] if kind == wire.STAT else kind for kind, body, _ in found])
                self.consumer.ack()

    def leave(self):
        self.over = True
        self.join()
        self.consumer.close()


taker = Taker()


def beat():
    producer.put(wire.stat("probe", source=SOURCE))
    time.sleep(1)


beat()
beat()
del came[:]
before = [wakeups(p) for p in (enrich, match)]
for _ in range(BEATS):
    beat()
after = [wakeups(p) for p in (enrich, match)]
for name, was, is_now in zip(("enrich", "match"), before, after):
    # One a beat, were it not for how the kernel happens to run them.
    ok(is_now - was <= 3 * BEATS, "%s is woken by heartbeats and little else" % name, "%d times for %d beats" % (is_now - was, BEATS))
    print("# %s: woken %d times for %d heartbeats" % (name, is_now - was, BEATS))
together = [stages for stages in came if stages == ["probe", "enrich", "match"]]
ok(len(together) >= BEATS - 1, "those of the stages go on in one piece behind the probe's", came)
ok(until(lambda: producer.unsafe() <= 1, 5), "and are acknowledged", producer.unsafe())
del came[:]
ok(until(lambda: {"enrich", "match"} <= set(sum(came, [])), 5), "without any from before them they beat by the clock", came)
is_([s for s in sum(came, []) if s == "probe"], [], "which is what this was")

# What is acknowledged late is not lost: alerts that the consumer has acknowledged do not come again when it comes back.
producer.put(event(1))
ok(until(lambda: wire.ALERT in sum(came, []), 5), "an alert comes", came)
time.sleep(0.05)
del came[:]
taker.leave()
taker = Taker()
producer.put(event(2))
ok(until(lambda: wire.ALERT in sum(came, []), 5), "and the next one when the consumer has come back", came)
is_(sum(came, []).count(wire.ALERT), 1, "but not the first one again")
producer.end()
ok(until(lambda: [p.poll() for p in (enrich, match)] == [0, 0]), "all end by END", [p.poll() for p in (enrich, match)])
for process in enrich, match:
    process.kill()
ok(until(lambda: producer.unsafe() == 0, 5), "and everything is acknowledged", producer.unsafe())
is_(producer.problems, [], "by the rules")
done()
PYTHON
