#!/bin/sh
# Nothing is lost silently: a ring of 256 KiB, two writers at full speed, and a reader that is stopped for a while.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
python3 - <<'EOF'
import json, os, signal, subprocess, time
import wire
from live import BIN, Tap, last_stat, probe_start, reader_of, stop, until
from wire import ALERT, EVENT, PROC

DIR, SOAK = os.environ["DIR"], os.environ.get("SAKER_SOAK")
SECONDS, HELD = ("30" if SOAK else "3"), 40
STORM = os.path.join(os.environ["SAKER_BUILD"], "tests/helpers/storm")
RULES = """
- {rule: marker, desc: d, priority: INFO, condition: 'evt.type in (open, openat) and fd.name startswith %s/marker',
   output: 'name=%%proc.name pname=%%proc.pname gname=%%proc.aname[2] cmdline=%%proc.cmdline pcmdline=%%proc.pcmdline exepath=%%proc.exepath pexepath=%%proc.pexepath exe=%%proc.exe cwd=%%proc.cwd uid=%%user.uid user=%%user.name file=%%fd.name'}
- {rule: end, desc: d, priority: INFO, condition: 'evt.type = procexit', output: 'end of %%proc.pid'}
""" % DIR
tap = Tap()


def path(name):
    return os.path.join(DIR, name)


def content(name):
    with open(path(name), "rb") as f:
        return f.read()


def pipeline():
    """The stages behind the probe, each with a copy of what goes into it; the process, and where the probe writes."""
    line = ("tee -i probed | %(bin)s/enrich | tee -i enriched | %(bin)s/match -r rules.yaml -O rule_matching=all | tee -i matched |"
            " %(bin)s/emit --json >alerts" % {"bin": BIN})
    behind = subprocess.Popen(["sh", "-c", line], stdin=subprocess.PIPE, cwd=DIR, stderr=open(path("errors"), "wb"))
    probe = probe_start("-O", "probe.ring_size=262144", stdout=behind.stdin)
    behind.stdin.close()
    return probe, behind


def by_type(counters):
    """{event type: {what: count}} of the kernel's counters."""
    found = {}
    for name, n in counters.items():
        for what in ("wanted", "rejected", "self", "delivered", "dropped.full", "dropped.scratch"):
            if name.startswith("kernel.%s." % what):
                found.setdefault(name[len(what) + 8:], {})[what] = n
    return found


def unknown_ancestors(parents, key):
    for _ in range(20):
        if key not in parents:
            return True
        key = parents[key]
        if not key:
            return False
    return False


def incomplete_ends():
    """The ids of procexit events that rest on something that was lost, by what stands before them in the stream."""
    parents, lost, all_ids = {}, set(), set()
    for kind, body in wire.frames(content("enriched")):
        if kind not in (PROC, EVENT):
            continue
        v = wire.unpack(body)
        if kind == PROC:
            parents[v[0]] = v[1]
        elif v[2] == 186:
            all_ids.add(v[1])
            extra = v[13] if len(v) > 13 else {}
            if extra.get("incomplete") or unknown_ancestors(parents, v[3]):
                lost.add(v[1])
    return lost, all_ids


def alert_completeness():
    found = {}
    for kind, body in wire.frames(content("matched")):
        if kind == ALERT:
            a = wire.unpack(body)
            if a[2] == "end":
                found[a[1][1]] = a[11]
    return found


with open(path("rules.yaml"), "w") as f:
    f.write(RULES)
probe, behind = pipeline()
writers = subprocess.Popen([STORM, "write", SECONDS])
subprocess.run([STORM, "fork", "300"], timeout=120)
os.kill(reader_of(probe), signal.SIGSTOP)
subprocess.run([STORM, "fork", "400"], timeout=120)
holder = subprocess.Popen([STORM, "hold", str(HELD), DIR], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
tap.ok(holder.stdout.readline() == b"held\n", "processes are made while the ring is full")
os.kill(reader_of(probe), signal.SIGCONT)
writers.wait(120)
time.sleep(0.5)
holder.stdin.close()
holder.wait(30)
seen = until(lambda: content("alerts").count(b'"marker"') >= HELD, 20)
tap.is_(stop(probe), 0, "the probe ends well")
tap.is_(behind.wait(60), 0, "the others end with it")

probed = content("probed")
kernel = last_stat(probed, "probe")
events = [wire.unpack(body) for kind, body in wire.frames(probed) if kind == EVENT]
types = by_type(kernel)
wrong = ["%s: %r" % t for t in types.items()
         if t[1].get("wanted", 0) != sum(n for what, n in t[1].items() if what != "wanted")]
tap.ok(not wrong, "kernel, each type: wanted = rejected + self + delivered + dropped", *wrong)
delivered = sum(t.get("delivered", 0) for t in types.values())
tap.is_((delivered, kernel["probe.events.out"]), (len(events), len(events)), "delivered = written by the probe")
tap.is_(len({v[1] for v in events}), len(events), "ids are unique")
dropped = sum(t.get("dropped.full", 0) for t in types.values())
tap.ok(dropped > 0 and kernel.get("kernel.definitions.lost", 0) > 0, "the storm was one: events and definitions were lost",
       "dropped %d of %d, definitions lost %d" % (dropped, dropped + delivered, kernel.get("kernel.definitions.lost", 0)))
print("# delivered %d, dropped %d, definitions lost %d, rescans %d" % (
    delivered, dropped, kernel.get("kernel.definitions.lost", 0), kernel.get("probe.rescans", 0)))

enrich, match = last_stat(content("enriched"), "enrich"), last_stat(content("matched"), "match")
tap.is_(enrich["in"], len(events), "out of the probe = into enrich")
tap.is_(enrich["in"], enrich.get("out", 0) + enrich.get("dropped", 0) + enrich.get("held", 0), "enrich: in = out + dropped + held")
tap.is_(match["in"], enrich["out"], "out of enrich = into match")
tap.is_(match["in"], match.get("evaluated", 0) + match.get("dropped", 0) + match.get("inside", 0),
        "match: in = evaluated + dropped + inside")
alerts = [json.loads(line) for line in content("alerts").splitlines()]
own = [a for a in alerts if a["rule"] in ("marker", "end")]
frames = sum(kind == ALERT for kind, _ in wire.frames(content("matched")))
tap.is_((match["alerts.raised"], match["alerts.out"], len(own)), (frames, frames, frames),
        "alerts raised = sent = written by emit")

markers = [a for a in alerts if a["rule"] == "marker"]
tap.is_(len(markers), HELD, "every child that was made in the storm is seen afterwards")
lacking = [a["output"] for a in markers if "<NA>" in a["output"] or not a["complete"]]
tap.ok(not lacking, "its event has all its fields, those of its waiting parent too", *lacking[:3])
fields = {(f["proc.name"], f["proc.pname"], f["proc.aname[2]"], f["proc.pexepath"]) for f in
          (a["output_fields"] for a in markers)}
tap.is_(fields, {("storm", "storm", "storm", os.path.realpath(STORM))}, "and they are right")

expected, ends = incomplete_ends()
told = alert_completeness()
tap.is_(set(told), ends, "each end of a process raised its alert")
tap.is_({i for i, complete in told.items() if not complete}, expected, "the alerts that say complete: false are those of what was lost")
print("# of %d ends %d rest on something lost" % (len(ends), len(expected)))
tap.end()
EOF
