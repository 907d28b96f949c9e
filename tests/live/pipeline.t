#!/bin/sh
# The shell puts the stages together: recording while watching, Ctrl-C, readers that go, signals, sockets, other logs.
here=$(cd "$(dirname "$0")/../.." && pwd)
SAKER_BUILD=${SAKER_BUILD:-$here/build}
export SAKER_BUILD PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
DIR=$(mktemp -d) || exit 1
export DIR
trap 'umount "$DIR/pts" 2>/dev/null; rm -rf "$DIR"' EXIT
timeout 20 "$SAKER_BUILD/bin/probe" -n 2>"$DIR/log" || { echo "1..0 # SKIP no BPF: $(tail -n 1 "$DIR/log")"; exit 0; }

timeout 240 python3 - <<'PYTHON'
import json, os, signal, subprocess, threading, time
from pipeline import *

DIR = os.environ["DIR"]
MARKS = os.path.join(DIR, "marks")
os.mkdir(MARKS)
with open(os.path.join(DIR, "rules.yaml"), "w") as f:
    f.write("""- rule: marker
  desc: a file of the test is opened
  condition: evt.type in (open, openat) and fd.directory = %s
  output: "file=%%fd.name process=%%proc.name pid=%%proc.pid exe=%%proc.exepath command=%%proc.cmdline parent=%%proc.pname user=%%user.name
    cwd=%%proc.cwd container=%%container.id"
  priority: NOTICE
""" % MARKS)
RUN = "$PROBE -e default | enrich | tee -i day.saker | match -r rules.yaml | emit --json >out"


def mark(name):
    os.close(os.open(os.path.join(MARKS, name), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC))


def alerts(name="out"):
    found = []
    for line in text(os.path.join(DIR, name)).splitlines(keepends=True):
        if line.endswith("\n"):
            found.append(json.loads(line))
    return found


def marks(name="out"):
    return [os.path.basename(a["output_fields"]["fd.name"]) for a in alerts(name)]


def replay():
    p = subprocess.run(["bash", "-o", "pipefail", "-c", "match -r rules.yaml <day.saker | emit --json"], cwd=DIR, timeout=60,
                       env={**os.environ, "PATH": BIN + ":" + os.environ["PATH"]}, capture_output=True, text=True)
    return p.returncode, [json.loads(line) for line in p.stdout.splitlines()]


class Marker(threading.Thread):
    """Leaves numbered marks until it is stopped; `count` are done."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count, self.going = 0, True
        self.start()

    def run(self):
        while self.going:
            mark("%06d" % self.count)
            self.count += 1
            time.sleep(0.0005)


# Recording while watching
p = Pipeline(RUN, DIR)
ok(p.ready(), "the pipeline starts", p.errors())
for n in range(50):
    mark("%06d" % n)
subprocess.run(["sh", "-c", ": >%s/shell" % MARKS])
is_(p.stop(), ["0"] * 5, "SIGTERM to the probe ends all of it with 0") or print("#", p.errors())
is_(marks(), ["%06d" % n for n in range(50)] + ["shell"], "an alert for each mark, in order")
status, again = replay()
is_(status, 0, "the recording is read")
is_(again, alerts(), "the same alerts from the recording")


# Ctrl-C

def foreground(line):
    """Runs a line at a terminal until alerts come out of it, and presses Ctrl-C; returns the terminal, the threads that go on
    leaving marks, and how many there were before."""
    for name in ("ready", "out"):
        if os.path.exists(os.path.join(DIR, name)):
            os.unlink(os.path.join(DIR, name))
    terminal = Terminal(DIR)
    terminal.type(line + "\n")
    ok(until(lambda: text(os.path.join(DIR, "ready")).startswith("ready")), "a foreground job starts: " + line, terminal.seen)
    marker = Marker()
    until(lambda: marker.count > 1000 and marks())
    before = marker.count
    terminal.type("\x03")
    return terminal, marker, before


PROBE = "probe -e default --notify 9 9>ready | enrich | "
terminal, marker, before = foreground(PROBE + "tee -i day.saker | match -r rules.yaml | emit --json >out")
terminal.type("echo ${PIPESTATUS[*]} >interrupted\n")
until(lambda: text(os.path.join(DIR, "interrupted")))
marker.going = False
marker.join()
is_(text(os.path.join(DIR, "interrupted")).split(), ["0"] * 5, "Ctrl-C: every stage ends with 0") or print("#", terminal.seen)
missing = sorted({"%06d" % n for n in range(before)} - set(marks()))
ok(before > 1000 and not missing, "Ctrl-C: no alert is lost (%d before it, %d in all)" % (before, len(marks())), missing)
is_(replay()[1], alerts(), "the recording that tee -i has written is whole")
is_(terminal.end(), "", "nothing is left behind")

# cat, unlike tee -i, dies of the Ctrl-C.
terminal, marker, _ = foreground(PROBE + "match -r rules.yaml | emit --json | cat -u >out")
ok(until(lambda: not terminal.running("probe|enrich|match|emit")), "Ctrl-C ends all also when it has ended the reader", terminal.seen)
marker.going = False
is_(terminal.end(), "", "nothing is left behind")

# Readers that go
marker = Marker()
p = Pipeline("$PROBE -e default | enrich | match -r rules.yaml | emit | head -n 1 >out", DIR)
is_(p.wait(20), ["0"] * 5, "| head -n 1 ends all of it with 0") or print("#", p.errors())
is_(text(os.path.join(DIR, "out")).count("\n"), 1, "after one alert")
is_(p.errors().lower().count("pipe"), 0, "without a word about pipes") or print("#", p.errors())
for stages in ("$PROBE -e default", "$PROBE -e default | enrich", "$PROBE -e default | enrich | match -r rules.yaml"):
    p = Pipeline(stages + " | head -c 100 >/dev/null", DIR)
    is_(p.wait(20), ["0"] * (stages.count("|") + 2), stages + " | head -c 100")
marker.going = False

# Signals
for stage in ("enrich", "match", "emit"):
    p = Pipeline("$PROBE -e default | enrich | match -r rules.yaml | emit --json >out", DIR)
    p.ready()
    mark("before")
    until(lambda: marks())
    pid = subprocess.run(["pgrep", "-s", str(p.process.pid), "-x", stage], capture_output=True, text=True).stdout.strip()
    os.kill(int(pid), signal.SIGINT)
    time.sleep(0.3)
    ok(os.path.exists("/proc/%s/stat" % pid), "%s takes no notice of a first SIGINT" % stage)
    os.kill(int(pid), signal.SIGTERM)
    statuses = p.wait(20)
    position = ["probe", "enrich", "match", "emit"].index(stage)
    ok(statuses and set(statuses[:position + 1]) == {"0"} and set(statuses[position + 1:]) <= {"0", "75"},
       "SIGTERM to %s ends all of it: 0 before it, 75 behind it" % stage, "%r\n%s" % (statuses, p.errors()))

# Sockets between the stages, started from the end; an observer that comes late
shell = os.path.join(DIR, "late%d" % os.getpid())
copies(os.path.realpath("/bin/sh"), DIR, shell)
p = Pipeline("emit -i listen:m.sock --json >out & a=$!; match -i unix:e.sock -o unix:m.sock -r rules.yaml & b=$!; "
             "enrich -i unix:p.sock -o listen:e.sock & c=$!; $PROBE -e default -o listen:p.sock; s=$?; "
             "for job in $c $b $a; do wait $job; s=\"$s $?\"; done; echo $s >sockets", DIR)
ok(p.ready(), "the stages find each other over sockets", p.errors())
late = subprocess.Popen([shell, "-c", "read go; : >%s/late" % MARKS], stdin=subprocess.PIPE)
mark("early")
ok(until(lambda: "early" in marks()), "alerts come over sockets", p.errors())
observer = subprocess.Popen(["bash", "-c", "match -i unix:e.sock -r rules.yaml -o - | emit --json >late; echo ${PIPESTATUS[*]} >observed"],
                            cwd=DIR, env={**os.environ, "PATH": BIN + ":" + os.environ["PATH"]}, stderr=subprocess.DEVNULL)
for n in range(400):
    mark("again")
    time.sleep(0.02)
    if marks("late"):
        break
late.communicate(b"go\n")
ok(until(lambda: "late" in marks("late") and "late" in marks()), "the observer gets alerts", p.errors())
os.kill(p.probe_pid(), signal.SIGTERM)
p.wait()
is_(text(os.path.join(DIR, "sockets")).split(), ["0"] * 4, "END ends all stages with 0") or print("#", p.errors())
until(lambda: observer.poll() is not None)
is_(text(os.path.join(DIR, "observed")).split(), ["0"] * 2, "and the observer")
found = [[a for a in alerts(name) if a["output_fields"]["fd.name"].endswith("/late")] for name in ("late", "out")]
is_(found[0], found[1], "of a process that was there before the observer knows all that the others know")
fields = found[0][0]["output_fields"] if found[0] else {}
is_([k for k in fields if fields[k] in (None, "<NA>", "")], [], "and no field is missing")
is_(fields.get("proc.exepath"), shell, "and they are right")

# Another log than the kernel's
with open(os.path.join(DIR, "okta.jsonl"), "w") as f:
    for n in range(3):
        f.write('{"actor": "ann", "published": "2024-05-01T10:00:0%dZ"}\n' % n)
with open(os.path.join(DIR, "okta.yaml"), "w") as f:
    f.write("- {rule: okta, desc: d, source: okta, condition: evt.source = okta, output: it is %evt.source, priority: NOTICE}\n")
out = subprocess.run(["bash", "-c", "frames --json-source okta --time /published <okta.jsonl | match -r okta.yaml | tee f | emit --json;"
                                    "echo ${PIPESTATUS[*]}; frames -k stat <f | jq -c .counters"], cwd=DIR, timeout=30,
                     env={**os.environ, "PATH": BIN + ":" + os.environ["PATH"]}, capture_output=True, text=True).stdout.splitlines()
is_([json.loads(line)["time"][:19] for line in out[:3]], ["2024-05-01T10:00:0%d" % n for n in range(3)], "a JSON log raises alerts")
is_(out[3:4], ["0 0 0 0"], "a JSON log: every stage ends with 0")
last = json.loads(out[-1])
is_([last.get(k) for k in ("in", "evaluated", "alerts.raised", "alerts.out")], [3] * 4, "a JSON log: every line is counted")
done()
PYTHON
