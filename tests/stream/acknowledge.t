#!/bin/sh
# Acknowledgement over sockets, with stand-ins for the ends: stages that are killed, observers, outputs that hang.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
timeout 300 python3 - <<'PYTHON'
import json, os, signal, subprocess, threading, time
import wire
from pipeline import BIN, done, is_, ok, text, until
from stand_in import Consumer, Producer

DIR = os.environ["DIR"]
SOAK = "SAKER_SOAK" in os.environ
SOURCE = ("host", open("/proc/sys/kernel/random/boot_id").read().strip(), "stand-in", wire.TIME)
DEFINITIONS = [wire.hello(source=SOURCE, mode="live"), wire.proc(100, comm=b"worker"), wire.proc(200, comm=b"other")]
RULES = """
- {rule: numbered, desc: d, priority: INFO, condition: 'evt.type = openat and fd.name startswith /alert/',
   output: 'n=%evt.arg.name comm=%proc.name'}
- {rule: twice, desc: d, priority: NOTICE, condition: 'evt.type = openat and fd.name startswith /alert/', output: 'twice=%evt.arg.name'}
"""


def path(name):
    return os.path.join(DIR, name)


with open(path("rules.yaml"), "w") as f:
    f.write(RULES)


def event(number, alert, pid=100, size=0):
    name = b"/%s/%d%s" % (b"alert" if alert else b"quiet", number, b"x" * size)
    return wire.event("openat", id_=number, time=wire.TIME + number, pid=pid, result=3, fd=[3, "file", name, 1, 2, 1], dirfd=-100,
                      name=[name, None, name])


class Stage:
    """A program that is started again when it has been killed."""

    def __init__(self, name, *arguments, **redirections):
        self.name, self.command, self.redirections = name, [os.path.join(BIN, name), *arguments], redirections
        self.errors = open(path(name + ".err"), "ab")
        self.begin()

    def begin(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=self.errors,
                                        **{"stdout": subprocess.DEVNULL, **self.redirections})

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.begin()

    def wait(self, seconds=20):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


def pipeline(tag, *emit):
    sockets = {name: path("%s.%s" % (tag, name)) for name in ("probe", "enrich", "match")}
    producer = Producer(sockets["probe"], DEFINITIONS)
    stages = [
        Stage("enrich", "-i", "unix:" + sockets["probe"], "-o", "listen:" + sockets["enrich"]),
        Stage("match", "-i", "unix:" + sockets["enrich"], "-o", "listen:" + sockets["match"], "-r", path("rules.yaml"),
              "-O", "rule_matching=all"),
        Stage("emit", "-i", "unix:" + sockets["match"], "-O", "stdout_output.enabled=false", "-O", "file_output.enabled=true",
              "-O", "file_output.filename=" + path(tag + ".alerts"), "-O", "emit.state_dir=" + path(tag + ".state"), *emit)]
    return producer, stages


def alerts(tag):
    return text(path(tag + ".alerts")).splitlines()


def kill_in_turn():
    """Each stage in turn is killed under load; what came out is what would have come out."""
    rounds, rate = (100, 8000) if SOAK else (9, 4000)
    producer, stages = pipeline("kill")
    number, slowest, stop = 0, 0.0, threading.Event()

    def load():
        nonlocal number
        begin = time.monotonic()
        while not stop.is_set():
            due = int((time.monotonic() - begin) * rate)
            batch = [event(n, n % 20 == 0) for n in range(number + 1, due + 1)]
            number = max(due, number)
            if batch:
                producer.put(*batch)
            time.sleep(0.01)

    loader = threading.Thread(target=load)
    loader.start()
    ok(until(lambda: alerts("kill")), "alerts come out")
    for i in range(rounds):
        stage = stages[i % 3]
        time.sleep(0.3)
        stage.kill()
        killed, mark = time.monotonic(), number
        until(lambda: any("/alert/%d " % n in line for line in alerts("kill")[-2000:] for n in range(mark + 1, mark + 200)), 5)
        slowest = max(slowest, time.monotonic() - killed)
    stop.set()
    loader.join()
    producer.end()
    statuses = [s.wait() for s in stages]
    is_(statuses, [0, 0, 0], "all end by END")
    expected = sorted(["%s=/alert/%d" % (w, n) for n in range(1, number + 1) if n % 20 == 0 for w in ("n", "twice")])
    found = sorted(line.split("Informational ")[-1].split("Notice ")[-1].split(" ")[0] for line in alerts("kill"))
    lost, more = sorted(set(expected) - set(found)), len(found) - len(set(found))
    ok(not lost, "kill -9 of enrich, match and emit in turn, %d times: no alert of %d is lost" % (rounds, len(expected)), lost[:10])
    is_(more, 0, "and none comes twice")
    is_(len(set(found) - set(expected)), 0, "nor any that nobody raised")
    ok(all(line.endswith("comm=worker") for line in alerts("kill") if "n=/" in line), "they say what they would have said")
    ok(slowest < (2.0 if "/san" in BIN else 1.0), "each recovery takes less than a second", "%.3f s" % slowest)
    is_((producer.problems, producer.unsafe()), ([], 0), "every ACK is right, and in the end all is acknowledged")
    print("# slowest recovery %.3f s, %d ACKs, %d events" % (slowest, producer.acks, number))


kill_in_turn()
done()
PYTHON
