#!/bin/sh
# SIGHUP exchanges the plan without a gap: an event that the old and the new plan let through is never lost, and what only one of them
# wants comes while that one is in force. A plan with an error changes nothing.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
# The reader reads plans again as nobody.
chmod 755 "$dir"
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
timeout 120 python3 - <<'EOT'
import json
import os
import select
import subprocess
import threading
import time
from live import BIN, Tap, last_stat, reader_of, stop, until

DIR = os.environ["DIR"]
ROUNDS = 200 if os.environ.get("SAKER_SOAK") else 20
BOTH = "plan 1\nevent open openat openat2\n  pass ok path-under %s/both\n  pass ok path-under %s/%s\nevent %s\n  pass ok\n"
FIRST, SECOND = BOTH % (DIR, DIR, "first", "mkdir"), BOTH % (DIR, DIR, "second", "rmdir")
tap = Tap()
for name in ("both", "first", "second"):
    os.mkdir(os.path.join(DIR, name))


def write(name, text):
    path = os.path.join(DIR, name)
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def touch(name):
    os.close(os.open(os.path.join(DIR, name), os.O_CREAT | os.O_WRONLY))


class Opener(threading.Thread):
    """Opens numbered files, one after the other."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count, self.going = 0, True

    def run(self):
        while self.going:
            touch("both/%06d" % self.count)
            self.count += 1
            time.sleep(0.0001)


class Probe:
    def __init__(self):
        self.lines, tell = os.pipe()
        self.out = open(os.path.join(DIR, "out"), "wb")
        self.errors = open(os.path.join(DIR, "errors"), "wb")
        self.process = subprocess.Popen([os.path.join(BIN, "probe"), "-O", "probe.ring_size=67108864", "-p", os.path.join(DIR, "plan"),
                                         "--notify", str(tell)], stdout=self.out, stderr=self.errors, pass_fds=[tell])
        os.close(tell)

    def line(self):
        readable, _, _ = select.select([self.lines], [], [], 20)
        return os.read(self.lines, 2000).decode() if readable else ""

    def reload(self, plan):
        write("plan", plan)
        self.process.send_signal(1)
        return self.line()


write("plan", FIRST)
probe = Probe()
tap.ok(probe.line().startswith("ready 4 "), "the types of the plan are captured")
touch("first/1")
touch("second/1")
os.mkdir(os.path.join(DIR, "made"))
opener = Opener()
opener.start()
answers = [probe.reload(SECOND if i % 2 == 0 else FIRST) for i in range(ROUNDS - 1)]
tap.is_(answers, ["reloaded %d\n" % (i + 1) for i in range(ROUNDS - 1)], "each new plan is taken")
# Another reader goes on with the plan that the one before has put in force.
before = reader_of(probe.process)
os.kill(before, 9)
until(lambda: reader_of(probe.process) not in (0, before), 10)
touch("first/2")
touch("second/2")
os.rmdir(os.path.join(DIR, "made"))
refused = probe.reload(SECOND + "  pass failing\n")
tap.is_(refused, "refused %d: %s/plan:7:8: found 'failing', expected the name of a test, see saker-plan(5)\n" % (ROUNDS, DIR), "one with an error is refused, and it is said where")
touch("second/3")
opener.going = False
opener.join()
tap.is_(stop(probe.process), 0, "the probe ends well")
with open(os.path.join(DIR, "out"), "rb") as f:
    data = f.read()
frames = subprocess.run([os.path.join(BIN, "frames")], input=data, stdout=subprocess.PIPE, check=True).stdout.splitlines()
seen = [json.loads(line) for line in frames]
events = [e for e in seen if e["kind"] == "event"]
paths = [e["params"]["fd"]["path"] for e in events if e["type"] in ("open", "openat") and "fd" in e["params"]]
lost = sorted({"%s/both/%06d" % (DIR, n) for n in range(opener.count)} - set(paths))
tap.ok(not lost and opener.count > ROUNDS, "what both let through has come: %d files" % opener.count, lost[:5])
others = sorted(os.path.relpath(p, DIR) for p in paths if (p or "").startswith(DIR) and "/both/" not in p)
tap.is_(others, ["first/1", "second/2", "second/3"], "what one of them wants has come while it was in force")
calls = [(e["type"], e["params"]["path"]) for e in events if e["type"] in ("mkdir", "rmdir") and DIR in str(e["params"])]
tap.is_([c[0] for c in calls], ["mkdir", "rmdir"], "types come and go")
plans = [p for p in seen if p["kind"] == "plan"]
tap.is_(len(plans), ROUNDS, "each new plan is told in the stream, and by the next reader again")
tap.ok(plans and len({p["hash"] for p in plans}) == 2 and "second" in plans[0]["text"] and plans[0]["types"], "with its text, hash and types")
tap.ok([p for p in seen if p["kind"] == "hello"][0]["plan"].startswith("plan 1"), "HELLO has the first one")
counters = last_stat(data, "probe")
sums = {}
for name, n in counters.items():
    for what in ("wanted", "rejected", "self", "delivered", "dropped.full", "dropped.scratch"):
        if name.startswith("kernel.%s." % what):
            row = sums.setdefault(name[len("kernel.") + len(what) + 1:], [0, 0])
            row[what != "wanted"] += n
tap.ok(sums and all(a == b for a, b in sums.values()), "wanted = rejected + self + delivered + dropped", sums)
tap.ok(counters.get("kernel.rejected.openat", 0) > 0, "rejected events are counted")
tap.end()
EOT
